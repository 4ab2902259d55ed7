# Once per AWS account: the identity provider, and for each team a role in this
# account and a service connection that can assume that role and no other.
terraform {
  required_version = ">= 1.5"
  required_providers {
    azuredevops = {
      source  = "microsoft/azuredevops"
      version = ">= 1.12.0" # the first with azuredevops_serviceendpoint_generic_v2
    }
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.81" # the identity provider needs no thumbprint_list
    }
  }
}

provider "azuredevops" {
  org_service_url = "https://dev.azure.com/${var.organisation}"
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]
}

# AWS keeps one provider per URL and account. If the account has it already, import it:
# terraform import aws_iam_openid_connect_provider.azure_devops arn:aws:iam::<account>:oidc-provider/vstoken.dev.azure.com/<organisation id>
resource "aws_iam_openid_connect_provider" "azure_devops" {
  url            = "https://vstoken.dev.azure.com/${var.organisation_id}"
  client_id_list = ["api://AzureADTokenExchange"]
}

module "team" {
  source   = "../modules/team-environment"
  for_each = var.teams

  organisation         = var.organisation
  organisation_id      = var.organisation_id
  provider_arn         = aws_iam_openid_connect_provider.azure_devops.arn
  team                 = each.key
  environment          = var.environment
  region               = var.region
  permissions_boundary = var.permissions_boundary
  project              = each.value.project
  policy_arns          = each.value.policy_arns
  max_session_seconds  = each.value.max_session_seconds
  pipeline_ids         = each.value.pipeline_ids
  approver_ids         = each.value.approver_ids
  allowed_branches     = each.value.allowed_branches
}

output "connections" {
  description = "What each team writes into its YAML."
  value       = { for team, made in module.team : team => made.connection }
}

output "role_arns" {
  description = "The role behind each team's connection."
  value       = { for team, made in module.team : team => made.role_arn }
}
