output "name" {
  description = "Name of the Auto Scaling group."
  value       = module.group.name
}

output "security_group_id" {
  description = "Security group of the masters, for the rules of others."
  value       = module.group.security_group_id
}

output "launch_template_version" {
  description = "Version of the launch template that new masters start from."
  value       = module.group.launch_template_version
}

output "document" {
  description = "The node document that masters start with, for `kprov node validate` and for eyes."
  value       = local.document
}
