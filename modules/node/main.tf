# User data that make a machine a node: the node document, a unit of systemd that runs `kprov node up`, and a script that
# fetches kprov where the image does not have it. For images with cloud-init or with Ignition. No resources, no provider.
#
#     module "node" {
#       source   = "kprov//node"
#       document = { apiVersion = "kprov.dev/v1alpha1", kind = "Node", role = "worker" }
#     }
#
# `module.node.user_data` is plain text. Whoever may describe the machine can read it, so the document holds no secret: it says
# where the machine finds them by its own rights.

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

  validation {
    condition     = var.program == null || try(can(regex("^https?://[^\\s'\"`$\\\\]+$", var.program.url)) && can(regex("^[0-9a-f]{64}$", var.program.sha256)), false)
    error_message = "The program has a URL that begins with https:// or http://, and a SHA-256 of 64 hexadecimal digits."
  }
}

variable "format" {
  description = "What the image reads: cloud-config or ignition."
  type        = string
  default     = "cloud-config"

  validation {
    condition     = contains(["cloud-config", "ignition"], var.format)
    error_message = "format is cloud-config or ignition."
  }
}

variable "disk" {
  description = "A volume that is formatted, if it is empty, and mounted before the node starts: its device and its place."
  type = object({
    device = string
    path   = string
  })
  default = null
}

locals {
  binary = "/opt/kprov/bin/kprov"

  fetch = var.program == null ? null : <<-EOT
    #!/bin/sh
    set -eu
    mkdir -p /opt/kprov/bin
    is_right() { echo '${var.program.sha256}  '"$1" | sha256sum -c --status; }
    if [ -x ${local.binary} ] && is_right ${local.binary}; then exit 0; fi
    curl -fsSL --retry 20 --retry-delay 3 --retry-all-errors -o ${local.binary}.new '${var.program.url}'
    if ! is_right ${local.binary}.new; then
      echo 'kprov from ${var.program.url} has not the SHA-256 ${var.program.sha256}' >&2
      rm -f ${local.binary}.new
      exit 1
    fi
    chmod 0755 ${local.binary}.new
    mv ${local.binary}.new ${local.binary}
  EOT

  # It gives the API server its delay when it stops.
  unit = <<-EOT
    [Unit]
    Description=kprov node
    Wants=network-online.target
    After=network-online.target
    ${var.disk == null ? "" : "RequiresMountsFor=${var.disk.path}"}
    StartLimitIntervalSec=0

    [Service]
    ${var.program == null ? "" : "ExecStartPre=/bin/sh /etc/kprov/fetch.sh"}
    ExecStart=${local.binary} node up -document /etc/kprov/node.yaml
    Restart=on-failure
    RestartSec=5
    KillMode=mixed
    TimeoutStartSec=0
    TimeoutStopSec=240
    LimitNOFILE=1048576
    Delegate=yes

    [Install]
    WantedBy=multi-user.target
  EOT

  files = { for path, file in {
    "/etc/kprov/node.yaml" = { mode = "0600", text = jsonencode(var.document) }
    "/etc/kprov/fetch.sh"  = { mode = "0700", text = local.fetch }
  } : path => file if file.text != null }

  # JSON is YAML, and needs no quoting of its own.
  cloud_config = "#cloud-config\n${jsonencode(merge(
    {
      write_files = concat(
        [for path, file in local.files : { path = path, permissions = file.mode, owner = "root:root", content = file.text }],
        [{ path = "/etc/systemd/system/kprov-node.service", permissions = "0644", owner = "root:root", content = local.unit }],
      )
      runcmd = [
        ["systemctl", "daemon-reload"],
        ["systemctl", "enable", "kprov-node.service"],
        ["systemctl", "start", "kprov-node.service"],
      ]
    },
    [for disk in var.disk[*] : {
      fs_setup = [{ device = disk.device, filesystem = "ext4", label = "kprov", overwrite = false }]
      mounts   = [[disk.device, disk.path, "ext4", "defaults,noatime,nofail", "0", "2"]]
    }]...
  ))}\n"

  ignition = jsonencode({
    ignition = { version = "3.4.0" }
    storage = merge(
      { files = [for path, file in local.files : { path = path, mode = parseint(file.mode, 8), overwrite = true, contents = { source = "data:;base64,${base64encode(file.text)}" } }] },
      [for disk in var.disk[*] : { filesystems = [{ device = disk.device, format = "ext4", label = "kprov", path = disk.path, wipeFilesystem = false }] }]...
    )
    systemd = { units = concat(
      [{ name = "kprov-node.service", enabled = true, contents = local.unit }],
      [for disk in var.disk[*] : {
        name     = "${replace(trimprefix(disk.path, "/"), "/", "-")}.mount"
        enabled  = true
        contents = "[Mount]\nWhat=${disk.device}\nWhere=${disk.path}\nType=ext4\nOptions=noatime\n\n[Install]\nRequiredBy=local-fs.target\n"
      }],
    ) }
  })
}

output "user_data" {
  description = "User data, as plain text."
  value       = var.format == "ignition" ? local.ignition : local.cloud_config

  precondition {
    condition     = length(var.format == "ignition" ? local.ignition : local.cloud_config) <= 16384
    error_message = "User data are at most 16 KB: move large files of the document to the PKI tree or to artifacts."
  }
}
