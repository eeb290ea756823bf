# Flannel: one network of all pods, over VXLAN or by routes. The plugins bridge, host-local, loopback and portmap are of
# the node's image, below /opt/cni/bin; its own plugin it brings along.

resource "kubernetes_cluster_role" "flannel" {
  count = contains(keys(local.accounts), "network") ? 1 : 0

  metadata {
    name = "kprov:flannel"
  }

  rule {
    api_groups = [""]
    resources  = ["pods"]
    verbs      = ["get"]
  }

  rule {
    api_groups = [""]
    resources  = ["nodes"]
    verbs      = ["get", "list", "watch"]
  }

  rule {
    api_groups = [""]
    resources  = ["nodes/status"]
    verbs      = ["patch"]
  }
}

locals {
  flannel_plugins = {
    name       = "kprov"
    cniVersion = "1.0.0"
    plugins = [
      { type = "flannel", delegate = { hairpinMode = true, isDefaultGateway = true } },
      { type = "portmap", capabilities = { portMappings = true } },
    ]
  }

  flannel_network = {
    Network     = var.pod_cidr
    EnableIPv4  = true
    EnableIPv6  = false
    Backend     = { Type = var.addons.network.backend }
    EnableNFTables = true
  }

  # https://HOST:PORT, in two.
  api_authority = trimprefix(var.api_server, "https://")
  api_host      = replace(local.api_authority, "/:[0-9]+$/", "")
  api_port      = try(regex(":([0-9]+)$", local.api_authority)[0], "443")

  flannel_labels = { "k8s-app" = "flannel" }

  network = {
    "ConfigMap/flannel" = {
      apiVersion = "v1"
      kind       = "ConfigMap"
      metadata   = { name = "flannel", namespace = "kube-system" }
      data = {
        "cni-conf.json" = jsonencode(local.flannel_plugins)
        "net-conf.json" = jsonencode(local.flannel_network)
      }
    }

    "DaemonSet/flannel" = {
      apiVersion = "apps/v1"
      kind       = "DaemonSet"
      metadata   = { name = "flannel", namespace = "kube-system", labels = local.flannel_labels }
      spec = {
        selector       = { matchLabels = local.flannel_labels }
        updateStrategy = { type = "RollingUpdate", rollingUpdate = { maxUnavailable = "10%" } }
        template = {
          metadata = {
            labels      = local.flannel_labels
            annotations = { "kprov.dev/config" = sha256(jsonencode([local.flannel_plugins, local.flannel_network])) }
          }
          spec = {
            serviceAccountName = "flannel"
            priorityClassName  = "system-node-critical"
            hostNetwork        = true
            nodeSelector       = { "kubernetes.io/os" = "linux" }
            tolerations        = [{ operator = "Exists" }]
            initContainers = [
              {
                name         = "plugin"
                image        = local.images["network/plugin"]
                command      = ["cp", "-f", "/flannel", "/opt/cni/bin/flannel"]
                volumeMounts = [{ name = "plugins", mountPath = "/opt/cni/bin" }]
              },
              {
                name    = "config"
                image   = local.images["network/main"]
                command = ["cp", "-f", "/etc/kube-flannel/cni-conf.json", "/etc/cni/net.d/10-flannel.conflist"]
                volumeMounts = [
                  { name = "networks", mountPath = "/etc/cni/net.d" },
                  { name = "config", mountPath = "/etc/kube-flannel", readOnly = true },
                ]
              },
            ]
            containers = [{
              name    = "flannel"
              image   = local.images["network/main"]
              command = ["/opt/bin/flanneld", "--ip-masq", "--kube-subnet-mgr"]
              env = [
                { name = "POD_NAME", valueFrom = { fieldRef = { apiVersion = "v1", fieldPath = "metadata.name" } } },
                { name = "POD_NAMESPACE", valueFrom = { fieldRef = { apiVersion = "v1", fieldPath = "metadata.namespace" } } },
                # Service addresses may not work yet.
                { name = "KUBERNETES_SERVICE_HOST", value = local.api_host },
                { name = "KUBERNETES_SERVICE_PORT", value = local.api_port },
              ]
              resources = { requests = { cpu = "50m", memory = "50Mi" } }
              securityContext = {
                privileged   = false
                capabilities = { add = ["NET_ADMIN", "NET_RAW"] }
              }
              volumeMounts = [
                { name = "run", mountPath = "/run/flannel" },
                { name = "config", mountPath = "/etc/kube-flannel", readOnly = true },
                { name = "lock", mountPath = "/run/xtables.lock" },
              ]
            }]
            volumes = [
              { name = "run", hostPath = { path = "/run/flannel", type = "DirectoryOrCreate" } },
              { name = "plugins", hostPath = { path = "/opt/cni/bin", type = "DirectoryOrCreate" } },
              { name = "networks", hostPath = { path = "/etc/cni/net.d", type = "DirectoryOrCreate" } },
              { name = "config", configMap = { name = "flannel" } },
              { name = "lock", hostPath = { path = "/run/xtables.lock", type = "FileOrCreate" } },
            ]
          }
        }
      }
    }
  }
}
