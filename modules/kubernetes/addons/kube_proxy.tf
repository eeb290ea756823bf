# kube-proxy: addresses of services, on every node. It reaches the API by its own URL, since nobody else makes
# service addresses work.

locals {
  kube_proxy_config = {
    apiVersion       = "kubeproxy.config.k8s.io/v1alpha1"
    kind             = "KubeProxyConfiguration"
    mode             = "nftables"
    clusterCIDR      = var.pod_cidr
    clientConnection = { kubeconfig = "/etc/kube-proxy/kubeconfig" }
  }

  kube_proxy_kubeconfig = {
    apiVersion      = "v1"
    kind            = "Config"
    current-context = "default"
    clusters = [{
      name = "default"
      cluster = {
        server                = var.api_server
        certificate-authority = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"
      }
    }]
    users    = [{ name = "default", user = { tokenFile = "/var/run/secrets/kubernetes.io/serviceaccount/token" } }]
    contexts = [{ name = "default", context = { cluster = "default", user = "default" } }]
  }

  kube_proxy_labels = { "k8s-app" = "kube-proxy" }

  kube_proxy = {
    "ConfigMap/kube-proxy" = {
      apiVersion = "v1"
      kind       = "ConfigMap"
      metadata   = { name = "kube-proxy", namespace = "kube-system" }
      data = {
        "config.yaml" = yamlencode(local.kube_proxy_config)
        "kubeconfig"  = yamlencode(local.kube_proxy_kubeconfig)
      }
    }

    "DaemonSet/kube-proxy" = {
      apiVersion = "apps/v1"
      kind       = "DaemonSet"
      metadata   = { name = "kube-proxy", namespace = "kube-system", labels = local.kube_proxy_labels }
      spec = {
        selector       = { matchLabels = local.kube_proxy_labels }
        updateStrategy = { type = "RollingUpdate", rollingUpdate = { maxUnavailable = "10%" } }
        template = {
          metadata = {
            labels = local.kube_proxy_labels
            # Another configuration is another pod.
            annotations = { "kprov.dev/config" = sha256(yamlencode([local.kube_proxy_config, local.kube_proxy_kubeconfig])) }
          }
          spec = {
            serviceAccountName = "kube-proxy"
            priorityClassName  = "system-node-critical"
            hostNetwork        = true
            nodeSelector       = { "kubernetes.io/os" = "linux" }
            tolerations        = [{ operator = "Exists" }]
            containers = [{
              name            = "kube-proxy"
              image           = local.images["kube_proxy/main"]
              command         = ["/usr/local/bin/kube-proxy", "--config=/etc/kube-proxy/config.yaml", "--hostname-override=$(NODE_NAME)"]
              env             = [{ name = "NODE_NAME", valueFrom = { fieldRef = { apiVersion = "v1", fieldPath = "spec.nodeName" } } }]
              resources       = { requests = { cpu = "50m", memory = "64Mi" } }
              securityContext = { privileged = true }
              volumeMounts = [
                { name = "config", mountPath = "/etc/kube-proxy", readOnly = true },
                { name = "lock", mountPath = "/run/xtables.lock" },
                { name = "modules", mountPath = "/lib/modules", readOnly = true },
              ]
            }]
            volumes = [
              { name = "config", configMap = { name = "kube-proxy" } },
              { name = "lock", hostPath = { path = "/run/xtables.lock", type = "FileOrCreate" } },
              { name = "modules", hostPath = { path = "/lib/modules" } },
            ]
          }
        }
      }
    }
  }
}
