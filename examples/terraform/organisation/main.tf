# Once per Azure DevOps organisation, before anything else: the connections of
# ../account can only be made where the extension is installed.
terraform {
  required_version = ">= 1.5"
  required_providers {
    azuredevops = {
      source  = "microsoft/azuredevops"
      version = ">= 1.12.0"
    }
  }
}

variable "organisation" {
  description = "Name of the Azure DevOps organisation, as in https://dev.azure.com/<name>."
  type        = string
}

provider "azuredevops" {
  org_service_url = "https://dev.azure.com/${var.organisation}"
}

resource "azuredevops_extension" "assume_aws_role" {
  publisher_id = "assume-aws-role"
  extension_id = "assume-aws-role"
}
