output "vpc_id" {
  description = "Id of the VPC."
  value       = local.vpc_id
}

output "cidr" {
  description = "IPv4 range of the VPC."
  value       = local.vpc_cidr
}

output "ipv6_cidr" {
  description = "IPv6 range of the VPC; null without IPv6."
  value       = var.ipv6 ? local.ipv6_cidr : null
}

output "zones" {
  description = "Availability zones of the subnets that are made here."
  value       = local.zones
}

output "subnet_ids" {
  description = "Tier, to zone, to subnet. There as soon as the subnets are: their routes may come later."
  value       = local.subnet_ids
}

output "public_subnet_ids" {
  description = "Public subnets, routed, one per zone."
  value       = values(lookup(local.subnet_ids, "public", {}))
  depends_on  = [aws_route.outward_ipv4, aws_route.outward_ipv6, aws_route_table_association.this]
}

output "private_subnet_ids" {
  description = "Private subnets, routed, one per zone."
  value       = values(lookup(local.subnet_ids, "private", {}))
  depends_on  = [aws_route.private_ipv4, aws_route.private_ipv6, aws_route.private_nat64, aws_route_table_association.this, aws_vpc_endpoint.gateway, aws_vpc_endpoint.interface]
}

output "utility_subnet_ids" {
  description = "Utility subnets, routed, one per zone."
  value       = values(lookup(local.subnet_ids, "utility", {}))
  depends_on  = [aws_route.outward_ipv4, aws_route.outward_ipv6, aws_route_table_association.this]
}

output "route_table_ids" {
  description = "Route tables that are made here: `public`, and `private/ZONE`."
  value       = local.route_table_ids
}

output "internet_gateway_id" {
  description = "The internet gateway; null where there is none."
  value       = local.internet_gateway_id
}

output "nat_public_ips" {
  description = "Zone, to the address that its private subnets are seen from outside with."
  value       = { for zone, nat in local.private_zone : zone => aws_nat_gateway.this[nat].public_ip if var.nat != "none" }
}

output "endpoint_ids" {
  description = "Service, to its endpoint."
  value       = merge({ for service, it in aws_vpc_endpoint.gateway : service => it.id }, { for service, it in aws_vpc_endpoint.interface : service => it.id })
}

output "endpoint_security_group_id" {
  description = "Security group of the interface endpoints; null without any."
  value       = one(aws_security_group.endpoints[*].id)
}

output "peering_ids" {
  description = "Name, to peering connection, once it is active."
  value       = { for name, it in module.peering : name => it.peering_id }
}

output "cluster_tags" {
  description = "The tag that marks objects of the cluster, for what you make beside; empty without a cluster."
  value       = { for key in local.cluster_tag_key[*] : key => "owned" }
}
