variable "name" {
  description = "Name of the cluster."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9.-]{0,38}[a-z0-9])?$", var.name))
    error_message = "A cluster's name has up to 40 small letters, digits, dots and hyphens, and begins and ends with a letter or digit."
  }
}

variable "zones" {
  description = "Availability zones; three keep a majority of etcd members when one is lost."
  type        = list(string)
}

variable "image_id" {
  description = "Image of the nodes: any Linux with systemd and cloud-init."
  type        = string
}

variable "binaries" {
  description = "Where the programs of etcd and Kubernetes come from: a directory of the image, or artifacts with their SHA-256, each with one or more URLs."
  type = object({
    directory = optional(string)
    artifacts = optional(list(object({
      name   = string
      sha256 = string
      urls   = list(string)
    })))
  })
}

variable "program" {
  description = "Where kprov itself comes from; null where the image has it."
  type = object({
    url    = string
    sha256 = string
  })
  default = null
}

variable "kubernetes_version" {
  description = "Version of Kubernetes, 1.30 or newer. Masters go one minor version up at a time, and before workers."
  type        = string
  default     = "1.36.3"

  validation {
    condition     = can(regex("^1\\.[0-9]+\\.[0-9]+$", var.kubernetes_version)) && try(tonumber(split(".", var.kubernetes_version)[1]) >= 30, false)
    error_message = "A version is written as major.minor.patch, for example 1.36.3, and is 1.30 or newer: nobody mends older ones, and kprov cannot run them."
  }
}

variable "etcd_version" {
  description = "Version of etcd, 3.5 or newer."
  type        = string
  default     = "3.6.16"

  validation {
    condition     = can(regex("^3\\.[0-9]+\\.[0-9]+$", var.etcd_version)) && try(tonumber(split(".", var.etcd_version)[1]) >= 5, false)
    error_message = "A version is written as major.minor.patch, for example 3.6.16, and is 3.5 or newer: nobody mends older ones."
  }
}

variable "directory" {
  description = "Where a node keeps its data, certificates and logs."
  type        = string
  default     = "/var/lib/kprov"
}

variable "network" {
  description = "A new network with this range and NAT gateways (`per_zone`, `single` or `none`), or an existing one, as in `kprov//aws/vpc`."
  type = object({
    cidr                         = optional(string)
    nat                          = optional(string, "per_zone")
    existing_vpc                 = optional(object({ id = optional(string), tags = optional(map(string)) }))
    existing_subnets             = optional(map(object({ ids = optional(set(string), []), tags = optional(map(string), {}) })), {})
    existing_internet_gateway_id = optional(string)
  })
  default = {}
}

variable "api" {
  description = "The API's load balancer: in the network only or in the internet, who may connect beside the network (the whole world only with `allow_world`), a host name of your own that leads to it, and more names for the certificates."
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
  description = "The masters: how many (1, 3, 5 or 7), their type, a volume of its own for etcd, how often etcd is saved, how long an API server is unready before it stops, and how they are replaced when what they start from changes (`rotation = { enabled = false }`: not at all)."
  type = object({
    replicas       = optional(number, 3)
    instance_type  = optional(string, "m7i.large")
    etcd_volume    = optional(object({ device_name = optional(string), size = optional(number), type = optional(string), iops = optional(number), throughput = optional(number), kms_key_arn = optional(string) }))
    backup_every   = optional(string, "15m")
    shutdown_delay = optional(string, "60s")
    rotation = optional(object({
      enabled          = optional(bool, true)
      max_surge        = optional(string)
      max_unavailable  = optional(string)
      downtime         = optional(bool)
      canary_bake      = optional(string)
      good_looks       = optional(number)
      retries          = optional(number)
      on_failure       = optional(string)
      parallel_groups  = optional(number)
      failures_max     = optional(number)
      snapshot_age_max = optional(string)
      timeouts         = optional(map(string))
      checkpoints = optional(list(object({
        percent = number
        bake    = optional(string)
        confirm = optional(bool)
      })), [])
      windows = optional(list(object({
        days  = optional(set(string))
        from  = string
        until = string
      })), [])
    }), {})
  })
  default = {}
}

variable "workers" {
  description = "Pools of workers by name, as in `kprov//aws/workers`. A pool can stay behind the masters for a while: with a `kubernetes_version` of its own, and `image_id` or `binaries` that have it. When what they start from changes they are replaced as `rotation` says (`enabled = false`: not at all)."
  type = map(object({
    min_size           = number
    max_size           = number
    desired_capacity   = optional(number)
    image_id           = optional(string)
    kubernetes_version = optional(string)
    binaries = optional(object({
      directory = optional(string)
      artifacts = optional(list(object({ name = string, sha256 = string, urls = list(string) })))
    }))
    instance_type = optional(string, "m7i.xlarge")
    labels        = optional(map(string), {})
    taints        = optional(map(object({ value = optional(string, ""), effect = string })), {})
    runtime       = optional(string, "containerd")
    drain_timeout = optional(number)
    mixed_instances = optional(object({
      instance_types           = list(string)
      on_demand_base           = optional(number, 0)
      on_demand_percentage     = optional(number, 0)
      spot_allocation_strategy = optional(string, "price-capacity-optimized")
      spot_max_price           = optional(string)
    }))
    rotation = optional(object({
      enabled          = optional(bool, true)
      max_surge        = optional(string)
      max_unavailable  = optional(string)
      canary_bake      = optional(string)
      good_looks       = optional(number)
      retries          = optional(number)
      on_failure       = optional(string)
      parallel_groups  = optional(number)
      failures_max     = optional(number)
      snapshot_age_max = optional(string)
      timeouts         = optional(map(string))
      checkpoints = optional(list(object({
        percent = number
        bake    = optional(string)
        confirm = optional(bool)
      })), [])
      windows = optional(list(object({
        days  = optional(set(string))
        from  = string
        until = string
      })), [])
    }), {})
  }))
  default = {}

  validation {
    condition = alltrue([for version in compact([for pool in values(var.workers) : pool.kubernetes_version]) : try(
      tonumber(split(".", version)[1]) <= tonumber(split(".", var.kubernetes_version)[1]) && tonumber(split(".", version)[1]) >= tonumber(split(".", var.kubernetes_version)[1]) - 3, false
    ) && can(regex("^1\\.[0-9]+\\.[0-9]+$", version))])
    error_message = "A worker is never newer than its masters, and at most three minor versions older: upgrade masters first."
  }
}

variable "interruption_queue" {
  description = "A queue of all notices that AWS takes a machine, and the right to read it for workers: for what drains nodes from outside, as in `kprov//aws/interruptions`. Workers go by notices about themselves without it."
  type        = bool
  default     = false
}

variable "pki" {
  description = "Generations of the authorities. A new one is staged by `generation = 2`, promoted by `primary = 2`, and the old one is dropped by `trusted_from = 2`, each in an apply of its own."
  type = object({
    generation   = optional(number, 1)
    primary      = optional(number, 1)
    trusted_from = optional(number, 1)
  })
  default = {}
}

variable "administrator" {
  description = "The certificate in the administrator's kubeconfig: for how long it is valid (455 days less 0 to 30, if not said), and how long before its end an apply issues it anew (a third of its life)."
  type = object({
    validity_hours     = optional(number)
    renew_before_hours = optional(number)
  })
  default = {}
}

variable "follow_every" {
  description = "How often nodes look whether certificates and keys of the cluster changed."
  type        = string
  default     = "60s"
}

variable "service_cidr" {
  description = "Addresses of services."
  type        = string
  default     = "10.96.0.0/12"
}

variable "pod_cidr" {
  description = "Addresses of pods."
  type        = string
  default     = "10.244.0.0/16"
}

variable "cluster_domain" {
  description = "DNS domain inside the cluster."
  type        = string
  default     = "cluster.local"
}

variable "flags" {
  description = "Further flags by component, without the two dashes; they win over ours."
  type = object({
    etcd               = optional(map(string), {})
    api_server         = optional(map(string), {})
    controller_manager = optional(map(string), {})
    scheduler          = optional(map(string), {})
  })
  default = {}
}

variable "force_destroy" {
  description = "Destroys the backups with the cluster."
  type        = bool
  default     = false
}

variable "tags" {
  description = "Tags of everything that is made here."
  type        = map(string)
  default     = {}
}
