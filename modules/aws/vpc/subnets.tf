locals {
  # The order gives the addresses: a new tier goes to the end.
  all_tiers    = ["public", "private", "utility"]
  made_tiers   = [for tier in local.all_tiers : tier if contains(var.tiers, tier) && !contains(keys(var.existing_subnets), tier)]
  outward_tier = contains(var.tiers, "utility") ? "utility" : "public"

  # Load balancers want one subnet per zone, so only one tier is for public ones.
  role_tag_keys = {
    public  = local.outward_tier == "public" ? "kubernetes.io/role/elb" : null
    private = "kubernetes.io/role/internal-elb"
    utility = "kubernetes.io/role/elb"
  }
}

module "addresses" {
  source = "kprov//subnets"
  count  = length(local.made_tiers) > 0 ? 1 : 0

  cidr      = local.creates_vpc ? coalesce(var.cidr, "10.0.0.0/16") : coalesce(var.cidr, data.aws_vpc.existing[0].cidr_block)
  zones     = local.zones
  tiers     = local.all_tiers
  zones_max = var.zones_max
  tiers_max = 4
}

locals {
  subnets = {
    for key, it in merge(module.addresses[*].subnets...) : key => {
      tier   = it.tier
      zone   = it.zone
      cidr   = lookup(var.subnet_cidrs, key, it.cidr)
      number = index(local.all_tiers, it.tier) * var.zones_max + index(local.zones, it.zone)
    } if contains(local.made_tiers, it.tier)
  }
}

resource "aws_subnet" "this" {
  for_each = local.subnets

  vpc_id                          = local.vpc_id
  availability_zone               = each.value.zone
  cidr_block                      = each.value.cidr
  ipv6_cidr_block                 = var.ipv6 ? cidrsubnet(local.ipv6_cidr, 8, var.ipv6_subnet_offset + each.value.number) : null
  assign_ipv6_address_on_creation = var.ipv6
  enable_dns64                    = var.nat64 && each.value.tier == "private"
  map_public_ip_on_launch         = each.value.tier == "public"

  tags = merge(
    local.owned_tags,
    { for key in local.role_tag_keys[each.value.tier][*] : key => "1" if var.cluster_name != null },
    { Name = "${var.name}-${each.value.tier}-${each.value.zone}" },
  )
}

locals {
  # Tier, to zone, to subnet, made or existing.
  subnet_ids = {
    for tier in local.all_tiers : tier => merge(
      { for key, it in local.subnets : it.zone => aws_subnet.this[key].id if it.tier == tier },
      lookup(local.existing_by_zone, tier, {}),
    ) if contains(var.tiers, tier)
  }
}
