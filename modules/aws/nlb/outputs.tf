output "arn" {
  description = "ARN of the load balancer."
  value       = aws_lb.this.arn
}

output "dns_name" {
  description = "Its DNS name, for an alias record."
  value       = aws_lb.this.dns_name
}

output "zone_id" {
  description = "The Route 53 zone of its DNS name, for an alias record."
  value       = aws_lb.this.zone_id
}

output "target_group_arns" {
  description = "Listener name, to target group; for `target_group_arns` of `kprov//aws/asg`."
  value       = { for name, it in aws_lb_target_group.this : name => it.arn }
}

output "listener_arns" {
  description = "Listener name, to listener."
  value       = { for name, it in aws_lb_listener.this : name => it.arn }
}

output "security_group_id" {
  description = "Security group that its traffic and health checks come from: targets must let it in."
  value       = aws_security_group.this.id
}
