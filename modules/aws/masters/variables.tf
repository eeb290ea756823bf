variable "name" {
  description = "Name of the cluster."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9.-]{0,38}[a-z0-9])?$", var.name))
    error_message = "A cluster's name has up to 40 small letters, digits, dots and hyphens, and begins and ends with a letter or digit."
  }
}

variable "endpoint" {
  description = "Where clients reach the API: host and port of the load balancer, which stand in every kubeconfig and in the API servers' certificates."
  type = object({
    host = string
    port = optional(number, 6443)
  })
}

variable "endpoint_names" {
  description = "More names and addresses that clients may use for the API; they are added to the API servers' certificates."
  type        = list(string)
  default     = []
}

variable "replicas" {
  description = "How many masters: 1, 3, 5 or 7, because an even number of etcd members survives no more losses than one less."
  type        = number
  default     = 3

  validation {
    condition     = contains([1, 3, 5, 7], var.replicas)
    error_message = "There are 1, 3, 5 or 7 masters."
  }
}

variable "vpc_id" {
  description = "The VPC of the subnets."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets that masters are spread over, one per zone."
  type        = list(string)
}

variable "image_id" {
  description = "Image that masters start from."
  type        = string
}

variable "instance_type" {
  description = "Type of the machines."
  type        = string
  default     = "m7i.large"
}

variable "instance_profile_name" {
  description = "Instance profile with the grant `node_master` of `kprov//aws/iam`."
  type        = string
}

variable "group_name" {
  description = "Name of the Auto Scaling group; NAME-masters, if not said."
  type        = string
  default     = null
}

variable "target_group_arns" {
  description = "Target groups of the load balancer that masters are registered with."
  type        = list(string)
  default     = []
}

variable "target_port" {
  description = "Port that API servers listen on."
  type        = number
  default     = 6443
}

variable "balancer_security_group_ids" {
  description = "Security groups of load balancers, by any steady name: they are let in to the API."
  type        = map(string)
  default     = {}
}

variable "worker_security_group_ids" {
  description = "Security groups of workers, by any steady name: they are let in to the API."
  type        = map(string)
  default     = {}
}

variable "bucket" {
  description = "Bucket of the cluster: claims of etcd's members below `claims`, snapshots of etcd below `etcd`. It goes with the cluster."
  type        = string
}

variable "parameter_path" {
  description = "SSM path that holds the cluster's PKI tree (`/pki`); /kprov/NAME, if not said."
  type        = string
  default     = null
}

variable "versions" {
  description = "Versions of Kubernetes and etcd."
  type = object({
    kubernetes = string
    etcd       = string
  })

  validation {
    condition     = alltrue([for version in values(var.versions) : can(regex("^[0-9]+\\.[0-9]+\\.[0-9]+$", version))])
    error_message = "A version is written as major.minor.patch, for example 1.36.3."
  }

  validation {
    condition     = try(tonumber(split(".", var.versions.kubernetes)[0]) == 1 && tonumber(split(".", var.versions.kubernetes)[1]) >= 30, false)
    error_message = "Kubernetes is 1.30 or newer: nobody mends older ones, and kprov cannot run them."
  }

  validation {
    condition     = try(tonumber(split(".", var.versions.etcd)[0]) == 3 && tonumber(split(".", var.versions.etcd)[1]) >= 5, false)
    error_message = "etcd is 3.5 or newer: nobody mends older ones."
  }
}

variable "binaries" {
  description = "Where the programs come from: a directory of the image, or artifacts with their SHA-256, each with one or more URLs."
  type = object({
    directory = optional(string)
    artifacts = optional(list(object({
      name   = string
      sha256 = string
      urls   = list(string)
    })))
  })

  validation {
    condition     = (var.binaries.directory == null) != (var.binaries.artifacts == null)
    error_message = "Say either directory or artifacts."
  }

  validation {
    condition = var.binaries.artifacts == null || length(setsubtract(
      ["etcd", "etcdutl", "kube-apiserver", "kube-controller-manager", "kube-scheduler"],
      try(var.binaries.artifacts[*].name, []),
    )) == 0
    error_message = "A master needs etcd, etcdutl (which restores snapshots), kube-apiserver, kube-controller-manager and kube-scheduler among its artifacts."
  }
}

variable "program" {
  description = "Where kprov itself comes from; null where the image has it."
  type = object({
    url    = string
    sha256 = string
  })
  default = null
}

variable "user_data_format" {
  description = "What the image reads: cloud-config or ignition."
  type        = string
  default     = "cloud-config"
}

variable "worker_runtime" {
  description = "What runs pods on workers, as in `kprov//aws/workers`."
  type        = string
  default     = "containerd"
}

variable "directory" {
  description = "Where a node keeps its data, certificates and logs."
  type        = string
  default     = "/var/lib/kprov"
}

variable "service_cidr" {
  description = "Addresses of services."
  type        = string
  default     = "10.96.0.0/12"

  validation {
    condition     = can(cidrhost(var.service_cidr, 10))
    error_message = "The range of services is written as address/prefix."
  }
}

variable "pod_cidr" {
  description = "Addresses of pods."
  type        = string
  default     = "10.244.0.0/16"

  validation {
    condition     = can(cidrhost(var.pod_cidr, 10))
    error_message = "The range of pods is written as address/prefix."
  }
}

variable "cluster_domain" {
  description = "DNS domain inside the cluster."
  type        = string
  default     = "cluster.local"
}

variable "etcd" {
  description = "etcd: how often it is saved and how many snapshots are kept, the limit of its database in bytes, and further flags."
  type = object({
    backup_every = optional(string, "15m")
    backup_keep  = optional(number, 96)
    quota_bytes  = optional(number)
    flags        = optional(map(string), {})
  })
  default = {}

  validation {
    condition     = alltrue([for name in ["client-cert-auth", "peer-client-cert-auth"] : lookup(var.etcd.flags, name, "true") == "true"]) && length(setintersection(keys(var.etcd.flags), ["auto-tls", "peer-auto-tls"])) == 0
    error_message = "etcd talks to those only that show a certificate: all of the cluster is in it."
  }
}

variable "etcd_volume" {
  description = "An encrypted volume of its own for etcd; null for the root volume or instance store."
  type = object({
    device_name = optional(string, "/dev/xvdb")
    size        = optional(number, 20)
    type        = optional(string, "gp3")
    iops        = optional(number)
    throughput  = optional(number)
    kms_key_arn = optional(string)
  })
  default = null
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

variable "shutdown_delay" {
  description = "So long an API server is unready before it stops: longer than the load balancer needs to see it."
  type        = string
  default     = "60s"
}

variable "follow_every" {
  description = "How often masters look whether certificates and keys of the cluster changed."
  type        = string
  default     = "60s"
}

variable "goaway_chance" {
  description = "Chance that a request makes its HTTP/2 client connect anew; 0 to 0.02. Not used with a single master."
  type        = number
  default     = 0.001

  validation {
    condition     = var.goaway_chance >= 0 && var.goaway_chance <= 0.02
    error_message = "goaway_chance is 0 to 0.02."
  }
}

variable "audit_policy" {
  description = "Audit policy of the API server, as YAML; what it is without: metadata of all requests, and nothing of health checks."
  type        = string
  default     = null

  validation {
    condition     = var.audit_policy == null || try(yamldecode(var.audit_policy).kind == "Policy" && anytrue([for rule in yamldecode(var.audit_policy).rules : rule.level != "None"]), false)
    error_message = "The audit policy is YAML of the kind Policy, with a rule whose level is not None: a cluster without an audit log cannot tell who did what."
  }
}

variable "rotation" {
  description = "Replaces masters when what they start from changes, one after the other and etcd's leader last, as the block `rotation` of docs/adr/0005-rotation.md says; null for not at all. A single master with `max_surge = 0` and `downtime = true` is replaced in place."
  type = object({
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
  })
  default = null
}

variable "kubeconfig" {
  description = "How `rotation` reaches the cluster, as administrator. It names the load balancer, not a master."
  type        = string
  sensitive   = true
  default     = null
}

variable "flags" {
  description = "Further flags by component, without the two dashes; they win over ours, but for those that open a door: who may come in without a name, what everybody may do, the audit log, the encryption of secrets."
  type = object({
    api_server         = optional(map(string), {})
    controller_manager = optional(map(string), {})
    scheduler          = optional(map(string), {})
  })
  default = {}

  validation {
    condition     = length(setintersection(keys(var.flags.api_server), ["anonymous-auth", "authentication-config"])) == 0
    error_message = "Nobody is anonymous at the API, but for load balancers that ask whether it is ready: leave anonymous-auth and authentication-config out."
  }

  validation {
    condition     = !contains(keys(var.flags.api_server), "authorization-config") && length(setsubtract(["Node", "RBAC"], split(",", lookup(var.flags.api_server, "authorization-mode", "Node,RBAC")))) == 0 && !contains(split(",", lookup(var.flags.api_server, "authorization-mode", "")), "AlwaysAllow")
    error_message = "The API server authorizes by Node and RBAC, and by Webhook if you like: AlwaysAllow would let everybody do everything."
  }

  validation {
    condition     = !contains(keys(var.flags.api_server), "audit-policy-file") && lookup(var.flags.api_server, "audit-log-path", "-") != ""
    error_message = "The audit log stays on. What it tells is said by audit_policy."
  }

  validation {
    condition     = !contains(keys(var.flags.api_server), "encryption-provider-config")
    error_message = "Secrets are encrypted with the keys of the PKI tree: leave encryption-provider-config out."
  }
}

variable "files" {
  description = "More files of the nodes: path, mode, and content or the path of a secret in the PKI tree."
  type        = list(map(string))
  default     = []
}

variable "tags" {
  description = "Tags of everything that is made here, machines included."
  type        = map(string)
  default     = {}
}
