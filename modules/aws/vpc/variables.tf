variable "name" {
  description = "Name of the network; the `Name` tags of its objects begin with it."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", var.name))
    error_message = "A name has up to 64 letters, digits, dots, underscores and hyphens."
  }
}

variable "existing_vpc" {
  description = "A VPC that is there already, by id or by tags, instead of a new one. It is never changed beyond its tags."
  type = object({
    id   = optional(string)
    tags = optional(map(string))
  })
  default = null

  validation {
    condition     = var.existing_vpc == null || try(var.existing_vpc.id != null, false) != try(length(var.existing_vpc.tags) > 0, false)
    error_message = "An existing VPC is named either by its id or by its tags."
  }
}

variable "cidr" {
  description = "IPv4 range that the subnets are cut from, /16 to /24: the range of a new VPC (10.0.0.0/16 if not said), or a part of an existing one that nothing uses yet."
  type        = string
  default     = null

  validation {
    condition     = var.cidr == null || can(cidrnetmask(var.cidr))
    error_message = "The range must be IPv4, written as address/prefix, for example 10.0.0.0/16."
  }

  validation {
    condition     = var.cidr == null || try(cidrhost(var.cidr, 0) == split("/", var.cidr)[0], true)
    error_message = "The range must begin at its network address: 10.0.0.0/16, not 10.0.0.1/16."
  }

  validation {
    condition     = var.cidr == null || try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 24, true)
    error_message = "AWS gives VPCs a /16 at most, and subnets cut from less than a /24 are too small for it."
  }
}

variable "zones" {
  description = "Availability zones, in a steady order: appending one moves nothing. Empty: the first `zones_count` of the region."
  type        = list(string)
  default     = []

  validation {
    condition     = length(distinct(var.zones)) == length(var.zones)
    error_message = "Each zone may stand there only once."
  }
}

variable "zones_count" {
  description = "So many zones of the region are used when `zones` is empty. Three keep a majority of etcd members when one is lost."
  type        = number
  default     = 3

  validation {
    condition     = var.zones_count >= 1 && var.zones_count <= 6 && floor(var.zones_count) == var.zones_count
    error_message = "The number of zones is a whole number from 1 to 6."
  }
}

variable "zones_max" {
  description = "Room is kept in the range for so many zones, so that a zone that comes later moves no subnet. Changing it moves all of them."
  type        = number
  default     = 4

  validation {
    condition     = var.zones_max <= 8 && var.zones_max >= max(length(var.zones), length(var.zones) == 0 ? var.zones_count : 1)
    error_message = "zones_max must be at least the number of zones, and at most 8."
  }
}

variable "tiers" {
  description = "Kinds of subnets: `public` for instances with public addresses, `private` for instances behind NAT, `utility` for load balancers and NAT gateways only."
  type        = set(string)
  default     = ["public", "private"]

  validation {
    condition     = length(var.tiers) > 0 && length(setsubtract(var.tiers, ["public", "private", "utility"])) == 0
    error_message = "Tiers are public, private and utility, at least one of them."
  }
}

variable "subnet_cidrs" {
  description = "Ranges of single subnets by \"tier/zone\", where the arithmetic does not fit."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for cidr in values(var.subnet_cidrs) : can(cidrnetmask(cidr))])
    error_message = "Each range must be IPv4, written as address/prefix."
  }
}

variable "existing_subnets" {
  description = "Tiers whose subnets are there already: tier, to their ids or to tags that find them in the VPC. They are never changed beyond their tags."
  type = map(object({
    ids  = optional(set(string), [])
    tags = optional(map(string), {})
  }))
  default = {}

  validation {
    condition     = length(setsubtract(keys(var.existing_subnets), var.tiers)) == 0
    error_message = "Existing subnets belong to a tier that `tiers` names."
  }

  validation {
    condition     = alltrue([for it in values(var.existing_subnets) : (length(it.ids) > 0) != (length(it.tags) > 0)])
    error_message = "Existing subnets are named either by their ids or by their tags."
  }

  validation {
    condition     = length(var.existing_subnets) == 0 || var.existing_vpc != null
    error_message = "Existing subnets need the existing VPC that they are in."
  }
}

variable "existing_route_table_ids" {
  description = "Route tables of existing subnets, which Kubernetes looks for by tag: only the tag of the cluster is set on them."
  type        = set(string)
  default     = []
}

variable "existing_internet_gateway_id" {
  description = "The internet gateway of an existing VPC; needed there when public or utility subnets are made."
  type        = string
  default     = null
}

variable "nat" {
  description = "NAT gateways for private subnets: `per_zone` survives the loss of a zone, `single` is cheaper, `none` leaves private subnets without IPv4 internet."
  type        = string
  default     = "per_zone"

  validation {
    condition     = contains(["per_zone", "single", "none"], var.nat)
    error_message = "nat is per_zone, single or none."
  }

  validation {
    condition     = var.nat == "none" || !contains(var.tiers, "private") || contains(var.tiers, "public") || contains(var.tiers, "utility")
    error_message = "NAT gateways stand in utility or public subnets: add one of these tiers, or say nat = \"none\"."
  }
}

variable "nat_eip_allocation_ids" {
  description = "Elastic addresses that you keep for the NAT gateways, by zone, for others' allow lists; without, new ones are allocated."
  type        = map(string)
  default     = {}
}

variable "ipv6" {
  description = "Gives the VPC and its subnets IPv6 beside IPv4; private subnets get out through an egress-only gateway. An existing VPC must have an IPv6 range."
  type        = bool
  default     = false
}

variable "ipv6_subnet_offset" {
  description = "Number of the first /64 of the IPv6 range that may be used, for existing VPCs with other subnets."
  type        = number
  default     = 0

  validation {
    condition     = var.ipv6_subnet_offset >= 0 && var.ipv6_subnet_offset + 3 * var.zones_max <= 256
    error_message = "A /56 has 256 subnets: the offset and 3 times zones_max must fit into that."
  }
}

variable "nat64" {
  description = "Lets IPv6-only clients in private subnets reach IPv4 hosts: DNS64, and a route for 64:ff9b::/96 through NAT."
  type        = bool
  default     = false

  validation {
    condition     = !var.nat64 || (var.ipv6 && var.nat != "none")
    error_message = "NAT64 needs ipv6 and NAT gateways."
  }
}

variable "gateway_endpoints" {
  description = "Services reached through gateway endpoints, which cost nothing: s3, dynamodb. They serve the route tables that are made here."
  type        = set(string)
  default     = ["s3"]

  validation {
    condition     = length(setsubtract(var.gateway_endpoints, ["s3", "dynamodb"])) == 0
    error_message = "Gateway endpoints exist for s3 and dynamodb."
  }
}

variable "interface_endpoints" {
  description = "Services reached through interface endpoints in the private subnets, by the last part of their name: ec2, ecr.api, ecr.dkr, elasticloadbalancing, autoscaling, sts, ssm, kms, sqs ... Without NAT, nodes need these."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for service in var.interface_endpoints : can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)*$", service))])
    error_message = "Services are named by the last part of their endpoint service name, for example ecr.api."
  }

  validation {
    condition     = length(var.interface_endpoints) == 0 || contains(var.tiers, "private")
    error_message = "Interface endpoints stand in private subnets: add the tier private."
  }
}

variable "peerings" {
  description = "Peerings with VPCs of the same account and region, by name; `kprov//aws/peering` makes others. `cidrs` are the peer's ranges, `route_table_ids` its route tables by any steady name, which get the way back."
  type = map(object({
    vpc_id          = string
    cidrs           = list(string)
    route_table_ids = optional(map(string), {})
    dns_resolution  = optional(bool, true)
  }))
  default = {}
}

variable "cluster_name" {
  description = "Kubernetes cluster that uses the network: objects made here are tagged as owned by it, existing ones as shared with it."
  type        = string
  default     = null

  validation {
    condition     = var.cluster_name == null || can(regex("^[A-Za-z0-9][A-Za-z0-9.-]{0,99}$", var.cluster_name))
    error_message = "A cluster name has up to 100 letters, digits, dots and hyphens."
  }
}

variable "tag_existing_subnet_roles" {
  description = "Tags existing subnets for load balancers of Kubernetes, too. Say false where another cluster uses them: destroy would take its tag away."
  type        = bool
  default     = true
}

variable "restrict_default_security_group" {
  description = "Takes all rules from the default security group of a new VPC, so that nothing is reachable that was given no group."
  type        = bool
  default     = true
}

variable "tags" {
  description = "Tags of everything that is made here."
  type        = map(string)
  default     = {}
}
