variable "organisation" {
  description = "Name of the Azure DevOps organisation, as in https://dev.azure.com/<name>."
  type        = string
}

variable "organisation_id" {
  description = "Id of the organisation: the end of the issuer that each run prints."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.organisation_id))
    error_message = "The id is a GUID in lower case. AWS compares it exactly."
  }
}

variable "account_id" {
  description = "The AWS account that this configuration manages."
  type        = string
}

variable "environment" {
  description = "What the account is for, such as test or production."
  type        = string
}

variable "region" {
  description = "The region that the connections name."
  type        = string
}

variable "permissions_boundary" {
  description = "ARN of the policy that no role of a pipeline may exceed; null sets none."
  type        = string
  default     = null
}

variable "teams" {
  description = "One entry per team that deploys into this account."
  type = map(object({
    project             = string
    policy_arns         = set(string)
    max_session_seconds = optional(number, 3600)
    pipeline_ids        = optional(map(string), {}) # any name = id of a pipeline that may use the connection
    approver_ids        = optional(list(string), [])
    allowed_branches    = optional(string, "refs/heads/main")
  }))
}
