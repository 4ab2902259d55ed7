output "connection" {
  description = "Name of the service connection: the input serviceConnection."
  value       = azuredevops_serviceendpoint_generic_v2.aws.name
}

output "role_arn" {
  description = "ARN of the role. The connection names it, so that the YAML need not."
  value       = aws_iam_role.deploy.arn
}
