# Cuts a network into one subnet per tier and availability zone, keeping room for zones and tiers that come later: adding one
# at the end moves no existing subnet. Pure arithmetic: no resources, no provider.
#
#     module "subnets" {
#       source = "kprov//subnets"
#       cidr   = "10.0.0.0/16"
#       zones  = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
#     }
#
# `module.subnets.subnets["private/eu-west-1b"].cidr` is then `10.0.80.0/20`; `module.subnets.tiers` is the same, by tier and
# zone.

variable "cidr" {
  description = "The network, IPv4 or IPv6, for example 10.0.0.0/16."
  type        = string

  validation {
    condition     = can(cidrhost(var.cidr, 0))
    error_message = "The network must be written as address/prefix, for example 10.0.0.0/16."
  }
}

variable "zones" {
  description = "Availability zones, in a steady order: appending one moves nothing, removing one from the middle does."
  type        = list(string)

  validation {
    condition     = length(var.zones) > 0 && length(distinct(var.zones)) == length(var.zones)
    error_message = "At least one zone is needed, and each only once."
  }
}

variable "tiers" {
  description = "Kinds of subnets, for example public and private; a new one goes to the end."
  type        = list(string)
  default     = ["public", "private"]

  validation {
    condition     = length(var.tiers) > 0 && length(distinct(var.tiers)) == length(var.tiers)
    error_message = "At least one tier is needed, and each only once."
  }
}

variable "zones_max" {
  description = "Room is kept for so many zones, so that adding one later moves no subnet."
  type        = number
  default     = 4

  validation {
    condition     = var.zones_max >= length(var.zones)
    error_message = "There are more zones than zones_max."
  }
}

variable "tiers_max" {
  description = "Room is kept for so many tiers."
  type        = number
  default     = 4

  validation {
    condition     = var.tiers_max >= length(var.tiers)
    error_message = "There are more tiers than tiers_max."
  }
}

locals {
  # Powers of two, because a prefix grows by whole bits.
  tier_bits = ceil(log(var.tiers_max, 2))
  zone_bits = ceil(log(var.zones_max, 2))

  tiers = {
    for t, tier in var.tiers : tier => {
      for z, zone in var.zones : zone => cidrsubnet(
        cidrsubnet(var.cidr, local.tier_bits, t), local.zone_bits, z
      )
    }
  }
}

output "tiers" {
  description = "Tier, to zone, to the subnet's CIDR."
  value       = local.tiers
}

output "subnets" {
  description = "All subnets by \"tier/zone\", ready for for_each: tier, zone and cidr."
  value = merge([
    for tier, zones in local.tiers : {
      for zone, cidr in zones : "${tier}/${zone}" => { tier = tier, zone = zone, cidr = cidr }
    }
  ]...)
}
