locals {
  # In some partitions names of endpoint services begin otherwise.
  service_prefix = "${data.aws_partition.current.reverse_dns_prefix}.${data.aws_region.current.region}"
}

resource "aws_vpc_endpoint" "gateway" {
  for_each = length(local.made_tiers) > 0 ? var.gateway_endpoints : []

  vpc_id            = local.vpc_id
  vpc_endpoint_type = "Gateway"
  service_name      = "${local.service_prefix}.${each.key}"
  route_table_ids   = values(local.route_table_ids)

  tags = merge(local.owned_tags, { Name = "${var.name}-${each.key}" })
}

resource "aws_security_group" "endpoints" {
  count = length(var.interface_endpoints) > 0 ? 1 : 0

  name_prefix = "${var.name}-endpoints-"
  description = "HTTPS from the VPC to its interface endpoints"
  vpc_id      = local.vpc_id
  # Not owned by the cluster: Kubernetes wants one group with its tag per instance.
  tags = merge(var.tags, { Name = "${var.name}-endpoints" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "endpoints_ipv4" {
  count = length(var.interface_endpoints) > 0 ? 1 : 0

  security_group_id = aws_security_group.endpoints[0].id
  description       = "HTTPS from the VPC"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = local.vpc_cidr
}

resource "aws_vpc_security_group_ingress_rule" "endpoints_ipv6" {
  count = length(var.interface_endpoints) > 0 && var.ipv6 ? 1 : 0

  security_group_id = aws_security_group.endpoints[0].id
  description       = "HTTPS from the VPC"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv6         = local.ipv6_cidr
}

resource "aws_vpc_endpoint" "interface" {
  for_each = var.interface_endpoints

  vpc_id              = local.vpc_id
  vpc_endpoint_type   = "Interface"
  service_name        = "${local.service_prefix}.${each.key}"
  subnet_ids          = values(lookup(local.subnet_ids, "private", {}))
  security_group_ids  = aws_security_group.endpoints[*].id
  private_dns_enabled = true

  tags = merge(local.owned_tags, { Name = "${var.name}-${each.key}" })
}
