# One team in one environment: a role, the connection that may assume it, and who
# may use the connection.
terraform {
  required_providers {
    azuredevops = {
      source  = "microsoft/azuredevops"
      version = ">= 1.12.0"
    }
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.81"
    }
  }
}

locals {
  issuer     = "vstoken.dev.azure.com/${var.organisation_id}"
  connection = "aws-${var.environment}"
}

data "azuredevops_project" "team" {
  name = var.project
}

resource "aws_iam_role" "deploy" {
  name                 = "azure-pipelines-${var.team}-${var.environment}"
  max_session_duration = var.max_session_seconds
  permissions_boundary = var.permissions_boundary
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = var.provider_arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "${local.issuer}:aud" = "api://AzureADTokenExchange"
          "${local.issuer}:sub" = "sc://${var.organisation}/${data.azuredevops_project.team.name}/${local.connection}"
        }
      }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "deploy" {
  for_each   = var.policy_arns
  role       = aws_iam_role.deploy.name
  policy_arn = each.value
}

resource "azuredevops_serviceendpoint_generic_v2" "aws" {
  project_id           = data.azuredevops_project.team.id
  name                 = local.connection
  description          = "Assumes ${aws_iam_role.deploy.name}. The name is part of the role's trust policy."
  type                 = "assumeAwsRole"
  server_url           = "https://sts.amazonaws.com/" # the task does not use it
  authorization_scheme = "None"
  parameters = {
    roleArn = aws_iam_role.deploy.arn
    region  = var.region
  }
}

# Without pipeline_id, this resource would permit every pipeline.
resource "azuredevops_pipeline_authorization" "aws" {
  for_each    = var.pipeline_ids
  project_id  = data.azuredevops_project.team.id
  resource_id = azuredevops_serviceendpoint_generic_v2.aws.id
  type        = "endpoint"
  pipeline_id = each.value
}

resource "azuredevops_check_approval" "aws" {
  count                = length(var.approver_ids) > 0 ? 1 : 0
  project_id           = data.azuredevops_project.team.id
  target_resource_id   = azuredevops_serviceendpoint_generic_v2.aws.id
  target_resource_type = "endpoint"
  approvers            = var.approver_ids
}

# The only boundary for branches: AWS does not see the branch, and requiredClaims is
# a line in a file that the branch itself can change.
resource "azuredevops_check_branch_control" "aws" {
  project_id           = data.azuredevops_project.team.id
  display_name         = "Allowed branches"
  target_resource_id   = azuredevops_serviceendpoint_generic_v2.aws.id
  target_resource_type = "endpoint"
  allowed_branches     = var.allowed_branches
}
