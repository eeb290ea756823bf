variable "name" {
  description = "Name of this pool of workers."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$", var.name))
    error_message = "A pool's name has up to 20 small letters, digits and hyphens, and begins and ends with a letter or digit."
  }
}

variable "cluster" {
  description = "The cluster that they join: the output `join` of `kprov//aws/cluster`."
  type = object({
    name           = string
    endpoint       = string
    service_cidr   = string
    pod_cidr       = string
    domain         = string
    parameter_path = string
    follow_every   = optional(string, "60s")
    directory      = optional(string, "/var/lib/kprov")
    versions       = object({ kubernetes = string, etcd = string })
    binaries = object({
      directory = optional(string)
      artifacts = optional(list(object({ name = string, sha256 = string, urls = list(string) })))
    })
    program = optional(object({ url = string, sha256 = string }))
  })
}

variable "vpc_id" {
  description = "The VPC of the subnets."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets that workers are spread over."
  type        = list(string)
}

variable "image_id" {
  description = "Image that workers start from."
  type        = string
}

variable "instance_type" {
  description = "Type of the machines."
  type        = string
  default     = "m7i.xlarge"
}

variable "instance_profile_name" {
  description = "Instance profile with the grant `node_worker` of `kprov//aws/iam`."
  type        = string
}

variable "min_size" {
  description = "Fewest workers."
  type        = number
}

variable "max_size" {
  description = "Most workers."
  type        = number
}

variable "desired_capacity" {
  description = "So many workers; null leaves the number to cluster-autoscaler."
  type        = number
  default     = null
}

variable "mixed_instances" {
  description = "More instance types and spot capacity, as in `kprov//aws/asg`."
  type = object({
    instance_types           = list(string)
    on_demand_base           = optional(number, 0)
    on_demand_percentage     = optional(number, 0)
    spot_allocation_strategy = optional(string, "price-capacity-optimized")
    spot_max_price           = optional(string)
  })
  default = null
}

variable "labels" {
  description = "Labels of the nodes; `node.kubernetes.io/pool` is the pool's name."
  type        = map(string)
  default     = {}
}

variable "taints" {
  description = "Taints of the nodes, by key."
  type = map(object({
    value  = optional(string, "")
    effect = string
  }))
  default = {}

  validation {
    condition     = alltrue([for taint in values(var.taints) : contains(["NoSchedule", "PreferNoSchedule", "NoExecute"], taint.effect)])
    error_message = "A taint's effect is NoSchedule, PreferNoSchedule or NoExecute."
  }
}

variable "runtime" {
  description = "What runs pods: containerd, or kwok, which only pretends to, where there are no containers."
  type        = string
  default     = "containerd"

  validation {
    condition     = contains(["containerd", "kwok"], var.runtime)
    error_message = "runtime is containerd or kwok."
  }
}

variable "rotation" {
  description = "Replaces workers when what they start from changes, as the block `rotation` of docs/adr/0005-rotation.md says; null for not at all. Pods leave by eviction, as their budgets allow."
  type = object({
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
  })
  default = null
}

variable "kubeconfig" {
  description = "How `rotation` reaches the cluster, as administrator. It names the load balancer, not a master."
  type        = string
  sensitive   = true
  default     = null
}

variable "user_data_format" {
  description = "What the image reads: cloud-config or ignition."
  type        = string
  default     = "cloud-config"
}

variable "flags" {
  description = "Further flags of the kubelet, without the two dashes; they win over ours, but for those that open a door."
  type        = map(string)
  default     = {}

  validation {
    condition     = lookup(var.flags, "anonymous-auth", "false") == "false" && lookup(var.flags, "authorization-mode", "Webhook") == "Webhook" && lookup(var.flags, "read-only-port", "0") == "0"
    error_message = "A kubelet asks who comes and what they may: without, whoever reaches it runs programs in any pod. Leave anonymous-auth, authorization-mode and read-only-port out."
  }
}

variable "drain_timeout" {
  description = "Seconds that a worker which its group ends stays: meanwhile its pods go elsewhere. null for no hook, and no time for that."
  type        = number
  default     = null
}

variable "master_security_group_ids" {
  description = "Security groups of masters, by any steady name: they reach kubelets."
  type        = map(string)
  default     = {}
}

variable "node_port_cidrs" {
  description = "IPv4 ranges that reach services on node ports, by any steady name."
  type        = map(string)
  default     = {}
}

variable "root_volume" {
  description = "The root volume, as in `kprov//aws/asg`."
  type = object({
    device_name = optional(string, "/dev/xvda")
    size        = optional(number, 50)
    type        = optional(string, "gp3")
    iops        = optional(number)
    throughput  = optional(number)
    kms_key_arn = optional(string)
  })
  default = {}
}

variable "tags" {
  description = "Tags of everything that is made here, machines included."
  type        = map(string)
  default     = {}
}
