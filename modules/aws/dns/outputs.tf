output "zone_id" {
  description = "Id of the zone."
  value       = local.zone_id
}

output "zone_name" {
  description = "Domain of the zone."
  value       = var.zone_name
}

output "name_servers" {
  description = "Name servers of the zone: delegate a public one to them."
  value       = var.existing ? data.aws_route53_zone.existing[0].name_servers : aws_route53_zone.this[0].name_servers
}

output "names" {
  description = "Record, to its full name."
  value       = { for key, it in aws_route53_record.this : key => it.fqdn }
}
