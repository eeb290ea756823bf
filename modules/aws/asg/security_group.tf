resource "aws_security_group" "this" {
  name_prefix = "${var.name}-"
  description = "Instances of ${var.name}"
  vpc_id      = var.vpc_id

  tags = merge(local.tags, { Name = var.name })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each = var.ingress

  security_group_id = aws_security_group.this.id
  description       = each.value.description
  ip_protocol       = each.value.protocol
  from_port         = each.value.from_port
  to_port           = each.value.to_port == null ? each.value.from_port : each.value.to_port
  cidr_ipv4         = each.value.cidr_ipv4
  cidr_ipv6         = each.value.cidr_ipv6
  prefix_list_id    = each.value.prefix_list_id

  referenced_security_group_id = each.value.self ? aws_security_group.this.id : each.value.security_group_id

  tags = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

resource "aws_vpc_security_group_egress_rule" "ipv4" {
  for_each = toset(var.egress_cidrs_ipv4)

  security_group_id = aws_security_group.this.id
  description       = "Out over IPv4"
  ip_protocol       = "-1"
  cidr_ipv4         = each.value

  tags = merge(var.tags, { Name = "${var.name}-out" })
}

resource "aws_vpc_security_group_egress_rule" "ipv6" {
  for_each = toset(var.egress_cidrs_ipv6)

  security_group_id = aws_security_group.this.id
  description       = "Out over IPv6"
  ip_protocol       = "-1"
  cidr_ipv6         = each.value

  tags = merge(var.tags, { Name = "${var.name}-out" })
}
