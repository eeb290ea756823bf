# User data that make a machine a node: the node document, a unit of systemd that runs `kprov node up`, and a script that
# fetches kprov where the image does not have it. For images with cloud-init or with Ignition. No resources.
#
#     module "node" {
#       source = "kprov//node"
#
#       document = {
#         apiVersion = "kprov.dev/v1alpha1"
#         kind       = "Node"
#         role       = "worker"
#         cluster    = { name = "production", endpoint = "https://api.production.example:6443" }
#         identity   = { from = "ec2" }
#         secrets    = { from = "ssm", prefix = "/kprov/production/pki" }
#         versions   = { kubernetes = "1.36.3" }
#         binaries   = { directory = "/opt/kubernetes/bin" }
#       }
#     }
#
# `module.node.user_data` is the text that `kprov node render` makes too. A document that is wrong is refused in the plan, and so
# is one that EC2 has no room for, 16 KB; files are compressed only where they would not fit otherwise. Whoever may describe the
# machine can read its user data, so the document holds no secret: it says where the machine finds them by its own rights.

terraform {
  required_providers {
    node = {
      source = "hashicorp/node"
    }
  }
}

variable "document" {
  description = "The node document, as `kprov node validate` takes it."
  type        = any
}

variable "program" {
  description = "Where kprov itself comes from; null where the image has it at /opt/kprov/bin/kprov."
  type = object({
    url    = string
    sha256 = string
  })
  default = null
}

variable "format" {
  description = "What the image reads: cloud-config or ignition."
  type        = string
  default     = "cloud-config"
}

variable "disk" {
  description = "A volume that is formatted, if it is empty, and mounted before the node starts: its device and its place."
  type = object({
    device = string
    path   = string
  })
  default = null
}

output "user_data" {
  description = "User data, as plain text."
  value       = provider::node::user_data(var.document, { format = var.format, program = var.program, disk = var.disk })
}
