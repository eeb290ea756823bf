output "name" {
  description = "Name of the Auto Scaling group."
  value       = aws_autoscaling_group.this.name
}

output "arn" {
  description = "ARN of the Auto Scaling group."
  value       = aws_autoscaling_group.this.arn
}

output "launch_template_id" {
  description = "Id of the launch template."
  value       = aws_launch_template.this.id
}

output "launch_template_version" {
  description = "Version of the launch template that new instances start from."
  value       = aws_launch_template.this.latest_version
}

output "security_group_id" {
  description = "Security group of the instances, for the rules of others. There before its own rules and the instances are."
  value       = aws_security_group.this.id
}
