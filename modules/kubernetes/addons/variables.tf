variable "cluster_name" {
  description = "Name of the cluster."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9.-]{0,98}[a-z0-9])?$", var.cluster_name))
    error_message = "Small letters, digits, '-' and '.', at most 100, for example production.example."
  }
}

variable "api_server" {
  description = "URL of the API server: what gives services their addresses cannot be reached by such an address."
  type        = string

  validation {
    condition     = can(regex("^https://[^/]+$", var.api_server))
    error_message = "A URL without a path, for example https://api.production.example:6443."
  }
}

variable "kubernetes_version" {
  description = "Version of the cluster; kube-proxy goes with it."
  type        = string
  default     = "1.36.3"

  validation {
    condition     = can(regex("^1\\.[0-9]+\\.[0-9]+$", var.kubernetes_version))
    error_message = "A version is written as 1.36.3."
  }
}

variable "service_cidr" {
  description = "Addresses of services; the tenth is the one of DNS."
  type        = string
  default     = "10.96.0.0/12"

  validation {
    condition     = can(cidrhost(var.service_cidr, 10))
    error_message = "A network is written as 10.96.0.0/12, and has at least 16 addresses."
  }
}

variable "pod_cidr" {
  description = "Addresses of pods."
  type        = string
  default     = "10.244.0.0/16"

  validation {
    condition     = can(cidrhost(var.pod_cidr, 0))
    error_message = "A network is written as 10.244.0.0/16."
  }
}

variable "cluster_domain" {
  description = "Domain of the cluster's own names."
  type        = string
  default     = "cluster.local"
}

variable "region" {
  description = "AWS region; the cluster autoscaler needs it."
  type        = string
  default     = null
}

variable "registry" {
  description = "Where images come from instead of registry.k8s.io and ghcr.io: a mirror with the same paths, without https://."
  type        = string
  default     = null

  validation {
    condition     = var.registry == null || can(regex("^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._/-]+)?$", var.registry))
    error_message = "A registry is written as mirror.example:5000/path, without https://."
  }
}

variable "addons" {
  description = "Add-ons: is it on, its version, `overrides` by KIND/NAME that are merged deep into its objects (null takes a field off; items of lists go by their names), and `replace`, objects by KIND/NAME instead of all of its own."
  type = object({
    coredns = optional(object({
      enabled   = optional(bool, true)
      version   = optional(string, "v1.13.1")
      overrides = optional(any)
      replace   = optional(any)
    }), {})
    kube_proxy = optional(object({
      enabled   = optional(bool, true)
      version   = optional(string)
      overrides = optional(any)
      replace   = optional(any)
    }), {})
    network = optional(object({
      enabled        = optional(bool, true)
      version        = optional(string, "v0.27.4")
      plugin_version = optional(string, "v1.8.0-flannel1")
      backend        = optional(string, "vxlan")
      overrides      = optional(any)
      replace        = optional(any)
    }), {})
    cluster_autoscaler = optional(object({
      enabled   = optional(bool, false)
      version   = optional(string, "v1.34.1")
      overrides = optional(any)
      replace   = optional(any)
    }), {})
  })
  default = {}

  validation {
    condition     = contains(["vxlan", "host-gw"], var.addons.network.backend)
    error_message = "The network's backend is vxlan, or host-gw where all nodes are in one subnet."
  }
}

variable "bootstrap" {
  description = "Do nodes join with bootstrap_token?"
  type        = bool
  default     = true
}

variable "bootstrap_token" {
  description = "Token that nodes join with: six characters, a dot, sixteen characters."
  type        = string
  sensitive   = true
  default     = null

  validation {
    condition     = var.bootstrap_token == null || can(regex("^[a-z0-9]{6}\\.[a-z0-9]{16}$", var.bootstrap_token))
    error_message = "A bootstrap token is six characters, a dot and sixteen characters, of a-z and 0-9."
  }
}

variable "kubelet_client_users" {
  description = "Users that the API server is to kubelets: common names of its client certificates."
  type        = list(string)
  default     = ["kube-apiserver-kubelet-client"]
}

variable "admin_groups" {
  description = "Groups whose members may do everything."
  type        = list(string)
  default     = []
}

variable "read_only_groups" {
  description = "Groups whose members may look at everything but secrets."
  type        = list(string)
  default     = []
}

variable "pod_security" {
  description = "Namespace, to what its pods may ask for: privileged, baseline or restricted."
  type        = map(string)
  default     = { default = "baseline", kube-system = "privileged" }

  validation {
    condition     = alltrue([for level in values(var.pod_security) : contains(["privileged", "baseline", "restricted"], level)])
    error_message = "A level is privileged, baseline or restricted."
  }
}
