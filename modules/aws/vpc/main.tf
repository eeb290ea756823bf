# A VPC for a Kubernetes cluster, new or somebody's: subnets in tiers over availability zones, ways out through NAT and
# egress-only gateways, endpoints, peerings, and the tags by which Kubernetes finds its network.
#
#     module "vpc" {
#       source       = "kprov//aws/vpc"
#       name         = "production"
#       cidr         = "10.20.0.0/16"
#       cluster_name = "production.example"
#     }
#
# Addresses come from `kprov//subnets`: a zone or tier that is added later moves no subnet. `public_subnet_ids`,
# `private_subnet_ids` and `utility_subnet_ids` are there once the subnets have their routes: instances in them reach the
# internet from their first second, and are gone before a gateway is.
#
# In an existing VPC only tags are set on what is there, and destroy takes only these away:
#
#     module "vpc" {
#       source       = "kprov//aws/vpc"
#       name         = "guest"
#       cluster_name = "guest.example"
#       existing_vpc = { tags = { Name = "platform" } }
#
#       existing_subnets = {
#         public  = { tags = { tier = "public" } }
#         private = { ids = ["subnet-0a1b2c3d4e5f60718", "subnet-0a1b2c3d4e5f60719"] }
#       }
#     }

data "aws_partition" "current" {}

data "aws_region" "current" {}

data "aws_availability_zones" "available" {
  count = length(var.zones) == 0 ? 1 : 0
  state = "available"

  # No local or wavelength zones, which lack most services.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }

  lifecycle {
    postcondition {
      condition     = length(self.names) >= var.zones_count
      error_message = "The region has fewer zones than zones_count."
    }
  }
}

locals {
  creates_vpc = var.existing_vpc == null
  # AWS does not promise an order.
  zones = length(var.zones) > 0 ? var.zones : slice(sort(data.aws_availability_zones.available[0].names), 0, var.zones_count)

  vpc_id    = local.creates_vpc ? aws_vpc.this[0].id : data.aws_vpc.existing[0].id
  vpc_cidr  = local.creates_vpc ? aws_vpc.this[0].cidr_block : data.aws_vpc.existing[0].cidr_block
  ipv6_cidr = local.creates_vpc ? aws_vpc.this[0].ipv6_cidr_block : data.aws_vpc.existing[0].ipv6_cidr_block

  cluster_tag_key = var.cluster_name == null ? null : "kubernetes.io/cluster/${var.cluster_name}"
  owned_tags      = merge(var.tags, { for key in local.cluster_tag_key[*] : key => "owned" })
}

resource "aws_vpc" "this" {
  count = local.creates_vpc ? 1 : 0

  cidr_block                       = coalesce(var.cidr, "10.0.0.0/16")
  assign_generated_ipv6_cidr_block = var.ipv6
  enable_dns_support               = true
  enable_dns_hostnames             = true

  tags = merge(local.owned_tags, { Name = var.name })
}

resource "aws_default_security_group" "this" {
  count = local.creates_vpc && var.restrict_default_security_group ? 1 : 0

  vpc_id = aws_vpc.this[0].id
  tags   = merge(var.tags, { Name = "${var.name}-default" })
}
