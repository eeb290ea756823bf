variable "name" {
  description = "Name of the peering, for its `Name` tags."
  type        = string
}

variable "vpc_id" {
  description = "The VPC on our side, which asks."
  type        = string
}

variable "cidrs" {
  description = "Our ranges, which the peer's route tables get a way to."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.cidrs : can(cidrhost(cidr, 0))])
    error_message = "Each range must be written as address/prefix."
  }
}

variable "route_table_ids" {
  description = "Our route tables, by any steady name."
  type        = map(string)
  default     = {}
}

variable "peer_vpc_id" {
  description = "The VPC on the other side, which accepts."
  type        = string
}

variable "peer_account_id" {
  description = "Account of the peer, if it is another; `aws.peer` must be configured for it."
  type        = string
  default     = null

  validation {
    condition     = var.peer_account_id == null || can(regex("^[0-9]{12}$", var.peer_account_id))
    error_message = "An account id has twelve digits."
  }
}

variable "peer_region" {
  description = "Region of the peer, if it is another; `aws.peer` must be configured for it."
  type        = string
  default     = null
}

variable "peer_cidrs" {
  description = "The peer's ranges, which our route tables get a way to."
  type        = list(string)

  validation {
    condition     = length(var.peer_cidrs) > 0 && alltrue([for cidr in var.peer_cidrs : can(cidrhost(cidr, 0))])
    error_message = "At least one range is needed, each written as address/prefix."
  }
}

variable "peer_route_table_ids" {
  description = "The peer's route tables, by any steady name. Empty: the way back is left to the peer's owner."
  type        = map(string)
  default     = {}
}

variable "dns_resolution" {
  description = "Each side resolves the other's public host names to private addresses; both VPCs need DNS support and DNS hostnames."
  type        = bool
  default     = true
}

variable "tags" {
  description = "Tags of the peering on both sides."
  type        = map(string)
  default     = {}
}
