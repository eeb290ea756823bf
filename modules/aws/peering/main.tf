# A peering of two VPCs, of one account and region or of two: asked for, accepted, with routes on both sides, and with names
# that resolve to private addresses across it.
#
#     module "databases" {
#       source = "kprov//aws/peering"
#       name   = "cluster-databases"
#
#       vpc_id          = module.vpc.vpc_id
#       cidrs           = [module.vpc.cidr]
#       route_table_ids = module.vpc.route_table_ids
#
#       peer_account_id      = "210987654321"
#       peer_vpc_id          = "vpc-0a1b2c3d4e5f60718"
#       peer_cidrs           = ["10.80.0.0/16"]
#       peer_route_table_ids = { main = "rtb-0a1b2c3d4e5f60718" }
#
#       providers = {
#         aws      = aws
#         aws.peer = aws.databases
#       }
#     }
#
# `aws` asks and `aws.peer` accepts; for one account and region both are the same.

resource "aws_vpc_peering_connection" "this" {
  vpc_id        = var.vpc_id
  peer_vpc_id   = var.peer_vpc_id
  peer_owner_id = var.peer_account_id
  peer_region   = var.peer_region

  tags = merge(var.tags, { Name = var.name })
}

resource "aws_vpc_peering_connection_accepter" "this" {
  provider = aws.peer

  vpc_peering_connection_id = aws_vpc_peering_connection.this.id
  auto_accept               = true

  tags = merge(var.tags, { Name = var.name })
}

# AWS takes options and routes of active peerings only, hence the accepter's id from here on.

resource "aws_vpc_peering_connection_options" "requester" {
  count = var.dns_resolution ? 1 : 0

  vpc_peering_connection_id = aws_vpc_peering_connection_accepter.this.id

  requester {
    allow_remote_vpc_dns_resolution = true
  }
}

resource "aws_vpc_peering_connection_options" "accepter" {
  count    = var.dns_resolution ? 1 : 0
  provider = aws.peer

  vpc_peering_connection_id = aws_vpc_peering_connection_accepter.this.id

  accepter {
    allow_remote_vpc_dns_resolution = true
  }
}

locals {
  routes = merge([
    for name in keys(var.route_table_ids) : { for cidr in var.peer_cidrs : "${name}/${cidr}" => { table = name, cidr = cidr } }
  ]...)

  # By number: a range of a VPC that is yet to be made may not be known.
  peer_routes = merge([
    for name in keys(var.peer_route_table_ids) : { for at in range(length(var.cidrs)) : "${name}/${at}" => { table = name, at = at } }
  ]...)
}

resource "aws_route" "this" {
  for_each = local.routes

  route_table_id              = var.route_table_ids[each.value.table]
  destination_cidr_block      = strcontains(each.value.cidr, ":") ? null : each.value.cidr
  destination_ipv6_cidr_block = strcontains(each.value.cidr, ":") ? each.value.cidr : null
  vpc_peering_connection_id   = aws_vpc_peering_connection_accepter.this.id
}

resource "aws_route" "peer" {
  for_each = local.peer_routes
  provider = aws.peer

  route_table_id              = var.peer_route_table_ids[each.value.table]
  destination_cidr_block      = strcontains(var.cidrs[each.value.at], ":") ? null : var.cidrs[each.value.at]
  destination_ipv6_cidr_block = strcontains(var.cidrs[each.value.at], ":") ? var.cidrs[each.value.at] : null
  vpc_peering_connection_id   = aws_vpc_peering_connection_accepter.this.id
}
