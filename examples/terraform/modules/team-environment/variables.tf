variable "organisation" {
  description = "Name of the Azure DevOps organisation."
  type        = string
}

variable "organisation_id" {
  description = "Id of the organisation, a GUID in lower case."
  type        = string
}

variable "provider_arn" {
  description = "ARN of the account's identity provider for the organisation."
  type        = string
}

variable "team" {
  description = "Name of the team, used in the role's name."
  type        = string
}

variable "environment" {
  description = "Name of the environment, used in the names of role and connection."
  type        = string
}

variable "project" {
  description = "Name of the team's project in Azure DevOps."
  type        = string
}

variable "region" {
  description = "The AWS region that the connection names."
  type        = string
}

variable "policy_arns" {
  description = "Policies that the role gets."
  type        = set(string)
}

variable "permissions_boundary" {
  description = "ARN of the permissions boundary, or null."
  type        = string
  default     = null
}

variable "max_session_seconds" {
  description = "The longest durationSeconds that a step may ask for."
  type        = number
  default     = 3600
}

variable "pipeline_ids" {
  description = "Pipelines that may use the connection, by any name; the others wait for a Permit."
  type        = map(string)
  default     = {}
}

variable "approver_ids" {
  description = "Ids of users or groups, one of which must approve each use; empty asks nobody."
  type        = list(string)
  default     = []
}

variable "allowed_branches" {
  description = "Branches that may use the connection, separated by commas, as refs/heads/name."
  type        = string
}
