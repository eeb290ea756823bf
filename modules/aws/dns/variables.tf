variable "zone_name" {
  description = "Domain of the zone, for example production.example."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$", var.zone_name)) && length(var.zone_name) <= 253
    error_message = "A domain is written in small letters, without a dot at its end, for example production.example."
  }
}

variable "existing" {
  description = "The zone is there already: it is looked up by its name and `private`, only records and associations are made in it, and destroy leaves it."
  type        = bool
  default     = false
}

variable "existing_zone_id" {
  description = "Id of the existing zone, where its name does not say which."
  type        = string
  default     = null

  validation {
    condition     = var.existing_zone_id == null || var.existing
    error_message = "existing_zone_id needs existing = true."
  }
}

variable "private" {
  description = "Only VPCs that are associated with it see the zone."
  type        = bool
  default     = true
}

variable "vpc_id" {
  description = "The first VPC that sees a new private zone."
  type        = string
  default     = null

  validation {
    condition     = var.existing || !var.private || var.vpc_id != null
    error_message = "A new private zone needs vpc_id."
  }

  validation {
    condition     = var.private || var.vpc_id == null
    error_message = "Everybody sees a public zone: leave vpc_id out, or say private = true."
  }
}

variable "associated_vpc_ids" {
  description = "More VPCs of the account that see a private zone, by any steady name."
  type        = map(string)
  default     = {}

  validation {
    condition     = var.private || length(var.associated_vpc_ids) == 0
    error_message = "Everybody sees a public zone: leave associated_vpc_ids out, or say private = true."
  }
}

variable "records" {
  description = "Records by any steady name: `name` relative to the zone, empty for the zone itself; `type`, A if not said; and either `values` with `ttl`, or an `alias` for a load balancer."
  type = map(object({
    name   = string
    type   = optional(string, "A")
    ttl    = optional(number, 60)
    values = optional(list(string))
    alias = optional(object({
      dns_name               = string
      zone_id                = string
      evaluate_target_health = optional(bool, true)
    }))
  }))
  default = {}

  validation {
    condition     = alltrue([for it in values(var.records) : (it.values == null) != (it.alias == null)])
    error_message = "A record has either values or an alias."
  }

  validation {
    condition     = alltrue([for it in values(var.records) : contains(["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SRV", "TXT"], it.type)])
    error_message = "A record's type is A, AAAA, CAA, CNAME, MX, NS, PTR, SRV or TXT."
  }

  validation {
    condition     = alltrue([for it in values(var.records) : it.name != "" || it.type != "CNAME"])
    error_message = "A zone's own name cannot be a CNAME: use an alias."
  }

  validation {
    condition     = alltrue([for it in values(var.records) : it.ttl >= 0 && it.ttl <= 2147483647])
    error_message = "A ttl is 0 seconds or more."
  }

  validation {
    condition     = length(distinct([for it in values(var.records) : "${it.name} ${it.type}"])) == length(var.records)
    error_message = "Two records have the same name and type: give one record both values."
  }
}

variable "force_destroy" {
  description = "Destroys a new zone with all records in it, those of others included. Kubernetes writes records, too."
  type        = bool
  default     = false
}

variable "tags" {
  description = "Tags of a new zone."
  type        = map(string)
  default     = {}
}
