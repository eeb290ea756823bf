variable "environment" {
  description = "Which one this is: the variables file says, nothing else differs."
  type        = string
}

variable "account_id" {
  description = "The environment's account."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account id has twelve digits."
  }
}

variable "region" {
  description = "The environment's region."
  type        = string
  default     = "eu-west-1"
}

variable "zones" {
  description = "Three availability zones of the region."
  type        = list(string)
  default     = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
}

variable "cidr" {
  description = "IPv4 range of the network."
  type        = string
}

variable "nat" {
  description = "NAT gateways: per_zone, single or none."
  type        = string
  default     = "per_zone"
}

variable "domain" {
  description = "Name of the cluster."
  type        = string
}

variable "image_id" {
  description = "Image of the nodes."
  type        = string
}

variable "binaries" {
  description = "Where nodes find etcd and Kubernetes."
  type = object({
    directory = optional(string)
    artifacts = optional(list(object({ name = string, sha256 = string, urls = list(string) })))
  })
  default = { directory = "/opt/kubernetes/bin" }
}

variable "api" {
  description = "Who reaches the API, as in `kprov//aws/cluster`."
  type = object({
    internal      = optional(bool, true)
    allowed_cidrs = optional(map(string), {})
    allow_world   = optional(bool, false)
    host          = optional(string)
    names         = optional(list(string), [])
  })
  default = {}
}

variable "masters" {
  description = "The masters, as in `kprov//aws/cluster`."
  type = object({
    replicas       = optional(number, 3)
    instance_type  = optional(string, "m7i.large")
    shutdown_delay = optional(string, "60s")
  })
  default = {}
}

variable "workers" {
  description = "Pools of workers, as in `kprov//aws/cluster`."
  type = map(object({
    min_size         = number
    max_size         = number
    desired_capacity = optional(number)
    instance_type    = optional(string, "m7i.xlarge")
    runtime          = optional(string, "containerd")
  }))
  default = {}
}

variable "pki" {
  description = "Generations of the authorities, as in `kprov//aws/cluster`."
  type = object({
    generation   = optional(number, 1)
    primary      = optional(number, 1)
    trusted_from = optional(number, 1)
  })
  default = {}
}

variable "administrator" {
  description = "The administrator's certificate, as in `kprov//aws/cluster`."
  type = object({
    validity_hours     = optional(number)
    renew_before_hours = optional(number)
  })
  default = {}
}

variable "follow_every" {
  description = "How often nodes look whether their certificates changed."
  type        = string
  default     = "60s"
}

variable "force_destroy" {
  description = "Destroys backups with the environment."
  type        = bool
  default     = false
}
