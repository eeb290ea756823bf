variable "name" {
  description = "Name of the group; its objects and instances are named after it."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$", var.name))
    error_message = "A name has up to 100 letters, digits, dots, underscores and hyphens."
  }
}

variable "vpc_id" {
  description = "The VPC of the subnets, for the security group."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets that instances are spread over. Take outputs like `private_subnet_ids` of `kprov//aws/vpc`, which wait for routes."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) > 0
    error_message = "At least one subnet is needed."
  }
}

variable "image_id" {
  description = "Image that instances start from."
  type        = string
}

variable "instance_type" {
  description = "Type of the instances, for example m7i.large."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+\\.[a-z0-9-]+$", var.instance_type))
    error_message = "An instance type is written as family.size, for example m7i.large."
  }
}

variable "user_data" {
  description = "What instances get at start, as plain text: cloud-init or Ignition. AWS takes 16 KB at most. Whoever may describe the template can read it, so put no secret here."
  type        = string
  default     = null

  validation {
    # Four letters of base64 are three bytes, less one for each `=` at the end.
    condition     = var.user_data == null || try(length(base64encode(var.user_data)) * 3 / 4 - length(regexall("=", base64encode(var.user_data))) <= 16384, false)
    error_message = "User data is at most 16 KB; put the rest into an object that it fetches, and its hash here."
  }
}

variable "instance_profile_name" {
  description = "Instance profile, for example one of `kprov//aws/iam`; null for no rights at all."
  type        = string
  default     = null
}

variable "key_name" {
  description = "Key pair for SSH; null for none, which is better."
  type        = string
  default     = null
}

variable "associate_public_ip" {
  description = "Gives instances a public address, or not, whatever the subnet says; null leaves it to the subnet."
  type        = bool
  default     = null
}

variable "root_volume" {
  description = "The root volume, always encrypted: size in GiB, type, and for gp3 the operations and MiB per second beyond what is free. Give `kms_key_arn` for a key of your own, and the Auto Scaling service role a grant for it."
  type = object({
    device_name = optional(string, "/dev/xvda")
    size        = optional(number, 50)
    type        = optional(string, "gp3")
    iops        = optional(number)
    throughput  = optional(number)
    kms_key_arn = optional(string)
  })
  default = {}

  validation {
    condition     = contains(["gp3", "gp2", "io1", "io2"], var.root_volume.type) && var.root_volume.size >= 8 && var.root_volume.size <= 16384
    error_message = "A root volume is gp3, gp2, io1 or io2, of 8 to 16384 GiB."
  }
}

variable "volumes" {
  description = "More volumes by device name, encrypted and gone with the instance."
  type = map(object({
    size        = number
    type        = optional(string, "gp3")
    iops        = optional(number)
    throughput  = optional(number)
    kms_key_arn = optional(string)
  }))
  default = {}
}

variable "metadata_hop_limit" {
  description = "How many hops answers of the metadata service live: 1 keeps pods with their own network away from the instance's rights."
  type        = number
  default     = 1

  validation {
    condition     = var.metadata_hop_limit >= 1 && var.metadata_hop_limit <= 64
    error_message = "The hop limit is 1 to 64."
  }
}

variable "min_size" {
  description = "Fewest instances."
  type        = number

  validation {
    condition     = var.min_size >= 0 && floor(var.min_size) == var.min_size
    error_message = "min_size is a whole number, 0 or more."
  }
}

variable "max_size" {
  description = "Most instances."
  type        = number

  validation {
    condition     = var.max_size >= var.min_size && floor(var.max_size) == var.max_size
    error_message = "max_size is a whole number, at least min_size."
  }
}

variable "desired_capacity" {
  description = "So many instances are wanted. Null: an autoscaler says, beginning with `min_size`; the group's number is then left alone."
  type        = number
  default     = null

  validation {
    condition     = try(var.desired_capacity >= var.min_size && var.desired_capacity <= var.max_size, var.desired_capacity == null)
    error_message = "desired_capacity lies between min_size and max_size."
  }
}

variable "autoscaler" {
  description = "Tags the group for cluster-autoscaler, with the labels and taints (key to value:effect) that its nodes will have, so that it can grow from nothing. Needs `cluster_name`, and `desired_capacity` left out."
  type = object({
    labels = optional(map(string), {})
    taints = optional(map(string), {})
  })
  default = null

  validation {
    condition     = var.autoscaler == null || (var.cluster_name != null && var.desired_capacity == null)
    error_message = "With an autoscaler, say cluster_name and leave desired_capacity out: two would fight over it."
  }
}

variable "lifecycle_hooks" {
  description = "Hooks by name, there before the first instance is. `transition` is launching or terminating. `default_result` (CONTINUE or ABANDON) is what happens when nobody answers within `heartbeat_timeout` seconds: both must be said, because AWS's own defaults differ by call."
  type = map(object({
    transition              = string
    default_result          = string
    heartbeat_timeout       = number
    notification_target_arn = optional(string)
    notification_metadata   = optional(string)
    role_arn                = optional(string)
  }))
  default = {}

  validation {
    condition     = alltrue([for hook in values(var.lifecycle_hooks) : contains(["launching", "terminating"], hook.transition)])
    error_message = "A hook's transition is launching or terminating."
  }

  validation {
    condition     = alltrue([for hook in values(var.lifecycle_hooks) : contains(["CONTINUE", "ABANDON"], hook.default_result)])
    error_message = "A hook's default_result is CONTINUE or ABANDON."
  }

  validation {
    condition     = alltrue([for hook in values(var.lifecycle_hooks) : hook.heartbeat_timeout >= 30 && hook.heartbeat_timeout <= 7200])
    error_message = "A hook's heartbeat_timeout is 30 to 7200 seconds."
  }

  validation {
    condition     = alltrue([for hook in values(var.lifecycle_hooks) : (hook.notification_target_arn == null) == (hook.role_arn == null)])
    error_message = "A hook that notifies needs a target and a role that may send to it; without both, EventBridge tells."
  }
}

variable "suspended_processes" {
  description = "Processes that the group does not run, for example AZRebalance for a control plane whose volumes stay in their zones."
  type        = set(string)
  default     = []

  validation {
    condition = length(setsubtract(var.suspended_processes, [
      "Launch", "Terminate", "HealthCheck", "ReplaceUnhealthy", "AZRebalance", "AlarmNotification", "ScheduledActions", "AddToLoadBalancer", "InstanceRefresh",
    ])) == 0
    error_message = "There are Launch, Terminate, HealthCheck, ReplaceUnhealthy, AZRebalance, AlarmNotification, ScheduledActions, AddToLoadBalancer and InstanceRefresh."
  }
}

variable "mixed_instances" {
  description = "More instance types and spot capacity: `instance_types` in order of preference beside `instance_type`, so many instances on demand first, and the share of on demand among the rest in per cent."
  type = object({
    instance_types           = list(string)
    on_demand_base           = optional(number, 0)
    on_demand_percentage     = optional(number, 0)
    spot_allocation_strategy = optional(string, "price-capacity-optimized")
    spot_max_price           = optional(string)
  })
  default = null

  validation {
    condition     = var.mixed_instances == null || try(length(var.mixed_instances.instance_types) > 0 && var.mixed_instances.on_demand_percentage >= 0 && var.mixed_instances.on_demand_percentage <= 100, false)
    error_message = "Mixed instances need at least one more type, and a percentage from 0 to 100."
  }
}

variable "rotation" {
  description = "Replaces instances of another template than the group's, as the block `rotation` of docs/adr/0005-rotation.md says; null for not at all. `role` is bastion, master or worker; groups of one `cluster` are replaced in order; amounts are numbers or shares (`10%`), lengths of time are texts (`15m`)."
  type = object({
    enabled            = optional(bool, true)
    role               = optional(string)
    cluster            = optional(string)
    kubernetes_version = optional(string)
    api_server = optional(object({
      goaway_chance  = optional(number)
      shutdown_delay = optional(string)
      names          = optional(list(string))
    }))
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
  })
  default = null
}

variable "rotation_kubeconfig" {
  description = "How the cluster is reached while instances are replaced; null: nothing is known of nodes, and instances count by AWS's word. Besides `rotation`, because it is a secret."
  type        = string
  sensitive   = true
  default     = null
}

variable "capacity_rebalance" {
  description = "Replaces spot instances when AWS says that they are at risk, before it takes them."
  type        = bool
  default     = false
}

variable "target_group_arns" {
  description = "Target groups that instances are registered with, for example of `kprov//aws/nlb`."
  type        = list(string)
  default     = []
}

variable "health_check_type" {
  description = "EC2 replaces instances that are broken; ELB also those that fail a load balancer's check. A control plane wants EC2: with ELB, an API that is down everywhere ends in all of it being replaced at once."
  type        = string
  default     = "EC2"

  validation {
    condition     = contains(["EC2", "ELB"], var.health_check_type)
    error_message = "health_check_type is EC2 or ELB."
  }
}

variable "health_check_grace_period" {
  description = "Seconds after start during which health is not looked at."
  type        = number
  default     = 300
}

variable "termination_policies" {
  description = "Which instance goes first when there are too many."
  type        = list(string)
  default     = ["OldestLaunchTemplate", "Default"]
}

variable "protect_from_scale_in" {
  description = "New instances are not taken when there are too many."
  type        = bool
  default     = false
}

variable "max_instance_lifetime" {
  description = "Seconds after which an instance is replaced, at least a day; null for never."
  type        = number
  default     = null

  validation {
    condition     = try(var.max_instance_lifetime >= 86400, var.max_instance_lifetime == null)
    error_message = "The lifetime is 86400 seconds or more."
  }
}

variable "wait_for_capacity_timeout" {
  description = "How long apply waits for the instances to be in service; 0 for not at all."
  type        = string
  default     = "10m"
}

variable "force_delete" {
  description = "Destroys the group without waiting for its instances and hooks."
  type        = bool
  default     = false
}

variable "ingress" {
  description = "Who may reach the instances, by rule name: protocol (-1 for all), ports (`to_port` only for a range), and one source: a range, another security group, a prefix list, or the group itself."
  type = map(object({
    description       = string
    protocol          = optional(string, "tcp")
    from_port         = optional(number)
    to_port           = optional(number)
    cidr_ipv4         = optional(string)
    cidr_ipv6         = optional(string)
    security_group_id = optional(string)
    prefix_list_id    = optional(string)
    self              = optional(bool, false)
  }))
  default = {}

  validation {
    condition     = alltrue([for rule in values(var.ingress) : (rule.protocol == "-1") == (rule.from_port == null)])
    error_message = "A rule has ports, unless its protocol is -1, which has none."
  }

  validation {
    condition     = alltrue([for rule in values(var.ingress) : try(rule.to_port >= rule.from_port, true) && try(rule.from_port >= -1 && coalesce(rule.to_port, rule.from_port) <= 65535, true)])
    error_message = "Ports are 0 to 65535, the first not above the last."
  }

  validation {
    condition = var.allow_world_open_admin_ports || alltrue([
      for rule in values(var.ingress) : alltrue([for range in compact([rule.cidr_ipv4, rule.cidr_ipv6]) : try(tonumber(split("/", range)[1]) >= (strcontains(range, ":") ? 7 : 8), true)]) || (
        rule.protocol != "-1" && alltrue([for port in [22, 6443] : try(port < rule.from_port || port > coalesce(rule.to_port, rule.from_port), false)])
      )
    ])
    error_message = "A rule opens SSH (22) or the Kubernetes API (6443) to the whole world. Name the ranges that need it, or say allow_world_open_admin_ports = true."
  }
}

variable "allow_world_open_admin_ports" {
  description = "Lets rules open ports 22 and 6443 to the whole world."
  type        = bool
  default     = false
}

variable "egress_cidrs_ipv4" {
  description = "Where instances may connect to over IPv4."
  type        = list(string)
  default     = ["0.0.0.0/0"]
}

variable "egress_cidrs_ipv6" {
  description = "Where instances may connect to over IPv6."
  type        = list(string)
  default     = ["::/0"]
}

variable "security_group_ids" {
  description = "More security groups of the instances."
  type        = list(string)
  default     = []
}

variable "cluster_name" {
  description = "Kubernetes cluster that the instances belong to: they, their volumes and their security group get its tag."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything that is made here, instances and volumes included."
  type        = map(string)
  default     = {}
}
