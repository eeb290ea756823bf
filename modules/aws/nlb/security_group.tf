locals {
  # By listener and who may connect.
  cidr_rules = merge([
    for name, it in var.listeners : { for range in keys(var.allowed_cidrs) : "${name}/${range}" => { port = it.port, cidr = var.allowed_cidrs[range] } }
  ]...)
  group_rules = merge([
    for name, it in var.listeners : { for group in keys(var.allowed_security_groups) : "${name}/${group}" => { port = it.port, group = group } }
  ]...)
}

resource "aws_security_group" "this" {
  name_prefix = "${var.name}-nlb-"
  description = "Load balancer ${var.name}"
  vpc_id      = var.vpc_id

  tags = merge(var.tags, { Name = "${var.name}-nlb" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "cidr" {
  for_each = local.cidr_rules

  security_group_id = aws_security_group.this.id
  description       = "Clients"
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
  cidr_ipv4         = strcontains(each.value.cidr, ":") ? null : each.value.cidr
  cidr_ipv6         = strcontains(each.value.cidr, ":") ? each.value.cidr : null

  tags = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

resource "aws_vpc_security_group_ingress_rule" "group" {
  for_each = local.group_rules

  security_group_id            = aws_security_group.this.id
  description                  = "Clients"
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  referenced_security_group_id = var.allowed_security_groups[each.value.group]

  tags = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

# Traffic and health checks leave through the group, too.
resource "aws_vpc_security_group_egress_rule" "ipv4" {
  security_group_id = aws_security_group.this.id
  description       = "To targets"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"

  tags = merge(var.tags, { Name = "${var.name}-out" })
}

resource "aws_vpc_security_group_egress_rule" "ipv6" {
  count = var.dual_stack ? 1 : 0

  security_group_id = aws_security_group.this.id
  description       = "To targets"
  ip_protocol       = "-1"
  cidr_ipv6         = "::/0"

  tags = merge(var.tags, { Name = "${var.name}-out" })
}
