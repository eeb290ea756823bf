output "name" {
  description = "Name of the Auto Scaling group."
  value       = module.group.name
}

output "security_group_id" {
  description = "Security group of the workers, for the rules of others."
  value       = module.group.security_group_id
}

output "launch_template_version" {
  description = "Version of the launch template that new workers start from."
  value       = module.group.launch_template_version
}

output "document" {
  description = "The node document that workers start with."
  value       = local.document
}
