variable "name" {
  description = "Name of the load balancer, unique in the account and region."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$", var.name)) && !startswith(var.name, "internal-")
    error_message = "A load balancer's name has up to 32 letters, digits and hyphens, begins and ends with none of these hyphens, and does not begin with internal-."
  }
}

variable "vpc_id" {
  description = "The VPC of the subnets."
  type        = string
}

variable "subnet_ids" {
  description = "Zone, to the subnet that the load balancer stands in there; `subnet_ids` of `kprov//aws/vpc` has them by tier."
  type        = map(string)

  validation {
    condition     = length(var.subnet_ids) > 0
    error_message = "At least one subnet is needed."
  }
}

variable "internal" {
  description = "Reachable from inside the VPC only. Say false for addresses in the internet."
  type        = bool
  default     = true
}

variable "eip_allocation_ids" {
  description = "Elastic addresses of your own by zone, one for every subnet, for a load balancer in the internet."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(var.eip_allocation_ids) == 0 || (!var.internal && keys(var.eip_allocation_ids) == keys(var.subnet_ids))
    error_message = "Elastic addresses need internal = false, and one for each zone in subnet_ids."
  }
}

variable "dual_stack" {
  description = "IPv6 beside IPv4; the subnets must have it."
  type        = bool
  default     = false
}

variable "listeners" {
  description = "What it listens on, by name. Targets get it on `target_port`, the same port if not said. Health checks ask for HTTPS /readyz every 10 seconds; TCP only looks whether somebody listens. `deregistration_delay` is how long connections of a target that leaves may go on; then they are closed, so that clients do not keep dead ones: an API server needs its shutdown delay, and as long again, to end them itself. Client addresses are not preserved, because a node that reaches itself through the load balancer would be lost."
  type = map(object({
    port                   = number
    target_port            = optional(number)
    target_type            = optional(string, "instance")
    deregistration_delay   = optional(number, 240)
    connection_termination = optional(bool, true)
    preserve_client_ip     = optional(bool, false)
    proxy_protocol         = optional(bool, false)
    health_check = optional(object({
      protocol            = optional(string, "HTTPS")
      path                = optional(string, "/readyz")
      port                = optional(string, "traffic-port")
      interval            = optional(number, 10)
      timeout             = optional(number, 6)
      healthy_threshold   = optional(number, 2)
      unhealthy_threshold = optional(number, 2)
    }), {})
  }))
  default = {
    api = { port = 6443 }
  }

  validation {
    condition     = length(var.listeners) > 0 && alltrue([for it in values(var.listeners) : it.port >= 1 && it.port <= 65535 && try(it.target_port >= 1 && it.target_port <= 65535, it.target_port == null)])
    error_message = "At least one listener is needed; ports are 1 to 65535."
  }

  validation {
    condition     = length(distinct([for it in values(var.listeners) : it.port])) == length(var.listeners)
    error_message = "Two listeners have the same port."
  }

  validation {
    condition     = alltrue([for it in values(var.listeners) : contains(["HTTP", "HTTPS", "TCP"], it.health_check.protocol)])
    error_message = "A health check's protocol is HTTP, HTTPS or TCP."
  }

  validation {
    condition     = alltrue([for it in values(var.listeners) : it.health_check.interval >= 5 && it.health_check.interval <= 300 && it.health_check.timeout >= 2 && it.health_check.timeout <= 120 && it.health_check.timeout <= it.health_check.interval])
    error_message = "A health check runs every 5 to 300 seconds, and gives up after 2 to 120 seconds, before the next begins."
  }

  validation {
    condition     = alltrue([for it in values(var.listeners) : it.deregistration_delay >= 0 && it.deregistration_delay <= 3600])
    error_message = "deregistration_delay is 0 to 3600 seconds."
  }
}

variable "allowed_cidrs" {
  description = "IPv4 and IPv6 ranges that may connect, by any steady name. Nobody, if not said."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for cidr in values(var.allowed_cidrs) : can(cidrhost(cidr, 0))])
    error_message = "Each range must be written as address/prefix."
  }

  validation {
    condition     = var.allow_world || alltrue([for cidr in values(var.allowed_cidrs) : try(tonumber(split("/", cidr)[1]) >= (strcontains(cidr, ":") ? 7 : 8), true)])
    error_message = "A range opens the load balancer to the whole world. Name the ranges that need it, or say allow_world = true."
  }
}

variable "allow_world" {
  description = "Lets `allowed_cidrs` be the whole world."
  type        = bool
  default     = false
}

variable "allowed_security_groups" {
  description = "Security groups whose members may connect, by any steady name."
  type        = map(string)
  default     = {}
}

variable "cross_zone" {
  description = "Each zone's address reaches targets in all zones: without, a zone whose targets are all gone fails until DNS forgets it."
  type        = bool
  default     = true
}

variable "deletion_protection" {
  description = "Destroy is refused until this is switched off."
  type        = bool
  default     = false
}

variable "tags" {
  description = "Tags of everything that is made here."
  type        = map(string)
  default     = {}
}
