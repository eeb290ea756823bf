variable "name" {
  description = "Name of the cluster: roles are called NAME-ROLE, and rights end at objects that carry its tag, `kubernetes.io/cluster/NAME = owned`."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9.-]{0,49}$", var.name))
    error_message = "A name has up to 50 letters, digits, dots and hyphens."
  }
}

variable "roles" {
  description = "Node roles by name, and what each may do: `cloud_controller` (load balancers, routes and node facts), `autoscaler`, `ebs_csi`, `etcd_backup`, `ecr_pull`, `ssm_parameters`, `node_master` and `node_worker` (what `kprov node` needs), `node_drain` (interruption notices and lifecycle hooks), `session_manager` (shells without SSH). `policy_arns` are policies of your own to attach, by any steady name."
  type = map(object({
    grants      = optional(set(string), [])
    policy_arns = optional(map(string), {})
  }))
  default = {
    master  = { grants = ["cloud_controller", "autoscaler", "ebs_csi", "ecr_pull", "ssm_parameters"] }
    worker  = { grants = ["ecr_pull"] }
    bastion = { grants = ["session_manager"] }
  }

  validation {
    condition     = alltrue([for role in keys(var.roles) : can(regex("^[a-z0-9-]{1,12}$", role))])
    error_message = "A role's name has up to 12 small letters, digits and hyphens."
  }

  validation {
    condition = alltrue([for role in values(var.roles) : length(setsubtract(role.grants, [
      "cloud_controller", "autoscaler", "ebs_csi", "etcd_backup", "ecr_pull", "ssm_parameters", "node_master", "node_worker", "node_drain", "session_manager",
    ])) == 0])
    error_message = "Grants are cloud_controller, autoscaler, ebs_csi, etcd_backup, ecr_pull, ssm_parameters, node_master, node_worker, node_drain and session_manager."
  }

  validation {
    condition     = var.etcd_backup != null || alltrue([for role in values(var.roles) : !contains(role.grants, "etcd_backup")])
    error_message = "The grant etcd_backup needs the variable etcd_backup, which names the bucket."
  }

  validation {
    condition     = var.node_bucket != null || alltrue([for role in values(var.roles) : !contains(role.grants, "node_master")])
    error_message = "The grant node_master needs node_bucket."
  }

  validation {
    condition     = length(var.drain_queue_arns) > 0 || alltrue([for role in values(var.roles) : !contains(role.grants, "node_drain")])
    error_message = "The grant node_drain needs drain_queue_arns."
  }
}

variable "etcd_backup" {
  description = "Bucket for backups of etcd, by ARN, and the prefix in it that is the cluster's: `prefix/*` may be listed, read and written, and nothing may be deleted."
  type = object({
    bucket_arn = string
    prefix     = string
  })
  default = null

  validation {
    condition     = var.etcd_backup == null || try(!startswith(var.etcd_backup.prefix, "/") && !endswith(var.etcd_backup.prefix, "/") && length(var.etcd_backup.prefix) > 0, false)
    error_message = "The prefix is not empty, and neither begins nor ends with a slash."
  }
}

variable "ecr_repository_arns" {
  description = "Repositories that images may be pulled from; all of this account and region, if not said."
  type        = list(string)
  default     = null
}

variable "ssm_parameter_path" {
  description = "Path of the parameters that may be read; /NAME, if not said."
  type        = string
  default     = null

  validation {
    condition     = var.ssm_parameter_path == null || can(regex("^(/[A-Za-z0-9_.-]+)+$", var.ssm_parameter_path))
    error_message = "A path begins with a slash and does not end with one, for example /production/master; the root is too much."
  }
}

variable "node_bucket" {
  description = "Bucket of the cluster, for the grant `node_master`: claims of etcd below `claims`, its snapshots below `etcd`."
  type        = object({ arn = string })
  default     = null
}

variable "node_parameter_path" {
  description = "Path of the parameters that the grants `node_master` and `node_worker` are for: the PKI tree below `/pki`; /kprov/NAME, if not said."
  type        = string
  default     = null

  validation {
    condition     = var.node_parameter_path == null || can(regex("^(/[A-Za-z0-9_.-]+)+$", var.node_parameter_path))
    error_message = "A path begins with a slash and does not end with one, for example /kprov/production; the root is too much."
  }
}

variable "kms_key_arns" {
  description = "Keys of your own that parameters, backups or volumes are encrypted with: grants that meet them may use them, through these services only."
  type        = list(string)
  default     = []
}

variable "drain_queue_arns" {
  description = "Queues with interruption notices and lifecycle events, for the grant `node_drain`."
  type        = list(string)
  default     = []
}

variable "path" {
  description = "IAM path of roles, policies and profiles."
  type        = string
  default     = "/"

  validation {
    condition     = can(regex("^/([A-Za-z0-9_.-]+/)*$", var.path))
    error_message = "An IAM path begins and ends with a slash."
  }
}

variable "permissions_boundary_arn" {
  description = "Policy that bounds all roles; null for none."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything that is made here."
  type        = map(string)
  default     = {}
}
