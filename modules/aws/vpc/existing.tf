# What is there already: looked up, and tagged.

data "aws_vpc" "existing" {
  count = local.creates_vpc ? 0 : 1

  id   = var.existing_vpc.id
  tags = var.existing_vpc.tags

  lifecycle {
    precondition {
      condition     = length(local.made_tiers) == 0 || var.cidr != null
      error_message = "Subnets in an existing VPC need `cidr`, a part of its range that nothing uses; or name existing ones in `existing_subnets`."
    }

    # Nodes find the API and each other by name. The VPC is not ours, so it is not changed.
    postcondition {
      condition     = self.enable_dns_support && self.enable_dns_hostnames
      error_message = "The VPC must have DNS support and DNS hostnames enabled. It is shared, so they are not switched on here: ask its owner to."
    }

    postcondition {
      condition     = !var.ipv6 || try(length(self.ipv6_cidr_block) > 0, false)
      error_message = "The VPC has no IPv6 range: ask its owner for one, or say ipv6 = false."
    }
  }
}

data "aws_subnets" "existing" {
  for_each = { for tier, it in var.existing_subnets : tier => it.tags if length(it.tags) > 0 }

  tags = each.value

  filter {
    name   = "vpc-id"
    values = [local.vpc_id]
  }

  lifecycle {
    postcondition {
      condition     = length(self.ids) > 0
      error_message = "No subnet in the VPC has these tags."
    }
  }
}

locals {
  existing_ids = merge(
    { for tier, it in var.existing_subnets : tier => sort(it.ids) if length(it.ids) > 0 },
    { for tier, it in data.aws_subnets.existing : tier => sort(it.ids) },
  )
}

data "aws_subnet" "existing" {
  for_each = toset(flatten(values(local.existing_ids)))

  id = each.value

  lifecycle {
    postcondition {
      condition     = self.vpc_id == local.vpc_id
      error_message = "The subnet is in another VPC."
    }
  }
}

locals {
  # Tier, to zone, to one subnet: the first by id where a zone has more.
  existing_by_zone = {
    for tier, ids in local.existing_ids : tier => {
      for zone, all in { for id in ids : data.aws_subnet.existing[id].availability_zone => id... } : zone => sort(all)[0]
    }
  }

  shared_ids = var.cluster_name == null ? {} : merge(
    local.creates_vpc ? {} : { vpc = local.vpc_id },
    { for id in flatten(values(local.existing_ids)) : id => id },
    { for id in var.existing_route_table_ids : id => id },
  )

  shared_roles = var.cluster_name == null || !var.tag_existing_subnet_roles ? {} : merge([
    for tier, ids in local.existing_ids : { for id in ids : id => local.role_tag_keys[tier] } if local.role_tag_keys[tier] != null
  ]...)
}

# One tag each, and nothing else of the object: other tags stay their owners'.
resource "aws_ec2_tag" "shared" {
  for_each = local.shared_ids

  resource_id = each.value
  key         = local.cluster_tag_key
  value       = "shared"
}

resource "aws_ec2_tag" "role" {
  for_each = local.shared_roles

  resource_id = each.key
  key         = each.value
  value       = "1"
}
