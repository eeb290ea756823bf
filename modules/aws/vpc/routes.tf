locals {
  makes_outward = contains(local.made_tiers, "public") || contains(local.made_tiers, "utility")
  makes_private = contains(local.made_tiers, "private")

  internet_gateway_id = local.creates_vpc ? one(aws_internet_gateway.this[*].id) : var.existing_internet_gateway_id

  nat_zones    = !local.makes_private || var.nat == "none" ? [] : var.nat == "single" ? [local.zones[0]] : local.zones
  private_zone = local.makes_private ? { for zone in local.zones : zone => var.nat == "single" ? local.zones[0] : zone } : {}
}

resource "aws_internet_gateway" "this" {
  count = local.creates_vpc && local.makes_outward ? 1 : 0

  vpc_id = local.vpc_id
  tags   = merge(local.owned_tags, { Name = var.name })
}

resource "aws_egress_only_internet_gateway" "this" {
  count = var.ipv6 && local.makes_private ? 1 : 0

  vpc_id = local.vpc_id
  tags   = merge(local.owned_tags, { Name = var.name })
}

resource "aws_eip" "nat" {
  for_each = toset([for zone in local.nat_zones : zone if !contains(keys(var.nat_eip_allocation_ids), zone)])

  domain = "vpc"
  tags   = merge(local.owned_tags, { Name = "${var.name}-nat-${each.key}" })

  # A gateway is not detached while addresses are mapped through it.
  depends_on = [aws_internet_gateway.this]
}

resource "aws_nat_gateway" "this" {
  for_each = toset(local.nat_zones)

  allocation_id = try(var.nat_eip_allocation_ids[each.key], aws_eip.nat[each.key].id)
  subnet_id     = lookup(local.subnet_ids, local.outward_tier, {})[each.key]
  tags          = merge(local.owned_tags, { Name = "${var.name}-${each.key}" })

  depends_on = [aws_internet_gateway.this]
}

# Public and utility subnets share a table, every zone of private ones has its own.

resource "aws_route_table" "outward" {
  count = local.makes_outward ? 1 : 0

  vpc_id = local.vpc_id
  tags   = merge(local.owned_tags, { Name = "${var.name}-public" })

  lifecycle {
    precondition {
      condition     = local.creates_vpc || var.existing_internet_gateway_id != null
      error_message = "Public and utility subnets in an existing VPC need `existing_internet_gateway_id`."
    }
  }
}

resource "aws_route" "outward_ipv4" {
  count = local.makes_outward ? 1 : 0

  route_table_id         = aws_route_table.outward[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = local.internet_gateway_id
}

resource "aws_route" "outward_ipv6" {
  count = local.makes_outward && var.ipv6 ? 1 : 0

  route_table_id              = aws_route_table.outward[0].id
  destination_ipv6_cidr_block = "::/0"
  gateway_id                  = local.internet_gateway_id
}

resource "aws_route_table" "private" {
  for_each = local.private_zone

  vpc_id = local.vpc_id
  tags   = merge(local.owned_tags, { Name = "${var.name}-private-${each.key}" })
}

resource "aws_route" "private_ipv4" {
  for_each = var.nat == "none" ? {} : local.private_zone

  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[each.value].id
}

resource "aws_route" "private_ipv6" {
  for_each = var.ipv6 ? local.private_zone : {}

  route_table_id              = aws_route_table.private[each.key].id
  destination_ipv6_cidr_block = "::/0"
  egress_only_gateway_id      = aws_egress_only_internet_gateway.this[0].id
}

resource "aws_route" "private_nat64" {
  for_each = var.nat64 ? local.private_zone : {}

  route_table_id              = aws_route_table.private[each.key].id
  destination_ipv6_cidr_block = "64:ff9b::/96"
  nat_gateway_id              = aws_nat_gateway.this[each.value].id
}

resource "aws_route_table_association" "this" {
  for_each = local.subnets

  subnet_id      = aws_subnet.this[each.key].id
  route_table_id = each.value.tier == "private" ? aws_route_table.private[each.value.zone].id : aws_route_table.outward[0].id
}

locals {
  # By steady names, because ids are not known when keys are needed.
  route_table_ids = merge(
    local.makes_outward ? { public = aws_route_table.outward[0].id } : {},
    { for zone, table in aws_route_table.private : "private/${zone}" => table.id },
  )
}
