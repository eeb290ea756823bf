module "peering" {
  source   = "../peering"
  for_each = var.peerings

  name                 = "${var.name}-${each.key}"
  vpc_id               = local.vpc_id
  cidrs                = [local.vpc_cidr]
  route_table_ids      = local.route_table_ids
  peer_vpc_id          = each.value.vpc_id
  peer_cidrs           = each.value.cidrs
  peer_route_table_ids = each.value.route_table_ids
  dns_resolution       = each.value.dns_resolution
  tags                 = local.owned_tags

  providers = {
    aws      = aws
    aws.peer = aws
  }
}
