# CoreDNS: names of services and pods.

resource "kubernetes_cluster_role" "coredns" {
  count = contains(keys(local.accounts), "coredns") ? 1 : 0

  metadata {
    name = "kprov:coredns"
  }

  rule {
    api_groups = [""]
    resources  = ["endpoints", "services", "pods", "namespaces"]
    verbs      = ["list", "watch"]
  }

  rule {
    api_groups = ["discovery.k8s.io"]
    resources  = ["endpointslices"]
    verbs      = ["list", "watch"]
  }
}

locals {
  corefile = <<-EOT
    .:53 {
        errors
        health {
            lameduck 5s
        }
        ready
        kubernetes ${var.cluster_domain} in-addr.arpa ip6.arpa {
            pods insecure
            fallthrough in-addr.arpa ip6.arpa
            ttl 30
        }
        prometheus :9153
        forward . /etc/resolv.conf {
            max_concurrent 1000
        }
        cache 30
        loop
        reload
        loadbalance
    }
  EOT

  coredns_labels = { "k8s-app" = "kube-dns" }

  coredns = {
    "ConfigMap/coredns" = {
      apiVersion = "v1"
      kind       = "ConfigMap"
      metadata   = { name = "coredns", namespace = "kube-system" }
      data       = { Corefile = local.corefile }
    }

    "Service/kube-dns" = {
      apiVersion = "v1"
      kind       = "Service"
      metadata = {
        name        = "kube-dns"
        namespace   = "kube-system"
        labels      = merge(local.coredns_labels, { "kubernetes.io/name" = "CoreDNS" })
        annotations = { "prometheus.io/port" = "9153", "prometheus.io/scrape" = "true" }
      }
      spec = {
        clusterIP = local.dns_address
        selector  = local.coredns_labels
        ports = [
          { name = "dns", port = 53, protocol = "UDP", targetPort = 53 },
          { name = "dns-tcp", port = 53, protocol = "TCP", targetPort = 53 },
          { name = "metrics", port = 9153, protocol = "TCP", targetPort = 9153 },
        ]
      }
    }

    "PodDisruptionBudget/coredns" = {
      apiVersion = "policy/v1"
      kind       = "PodDisruptionBudget"
      metadata   = { name = "coredns", namespace = "kube-system" }
      spec       = { maxUnavailable = 1, selector = { matchLabels = local.coredns_labels } }
    }

    "Deployment/coredns" = {
      apiVersion = "apps/v1"
      kind       = "Deployment"
      metadata   = { name = "coredns", namespace = "kube-system", labels = local.coredns_labels }
      spec = {
        replicas = 2
        selector = { matchLabels = local.coredns_labels }
        strategy = { type = "RollingUpdate", rollingUpdate = { maxUnavailable = 1 } }
        template = {
          metadata = {
            labels = local.coredns_labels
          }
          spec = {
            serviceAccountName = "coredns"
            priorityClassName  = "system-cluster-critical"
            dnsPolicy          = "Default"
            nodeSelector       = { "kubernetes.io/os" = "linux" }
            tolerations = [
              { key = "CriticalAddonsOnly", operator = "Exists" },
              { key = "node-role.kubernetes.io/control-plane", operator = "Exists", effect = "NoSchedule" },
            ]
            topologySpreadConstraints = [for key in ["kubernetes.io/hostname", "topology.kubernetes.io/zone"] : {
              maxSkew           = 1
              topologyKey       = key
              whenUnsatisfiable = "ScheduleAnyway"
              labelSelector     = { matchLabels = local.coredns_labels }
            }]
            containers = [{
              name  = "coredns"
              image = local.images["coredns/main"]
              args  = ["-conf", "/etc/coredns/Corefile"]
              ports = [
                { name = "dns", containerPort = 53, protocol = "UDP" },
                { name = "dns-tcp", containerPort = 53, protocol = "TCP" },
                { name = "metrics", containerPort = 9153, protocol = "TCP" },
              ]
              livenessProbe = {
                httpGet             = { path = "/health", port = 8080, scheme = "HTTP" }
                initialDelaySeconds = 60
                timeoutSeconds      = 5
                failureThreshold    = 5
              }
              readinessProbe = {
                httpGet = { path = "/ready", port = 8181, scheme = "HTTP" }
              }
              resources = {
                limits   = { memory = "170Mi" }
                requests = { cpu = "100m", memory = "70Mi" }
              }
              securityContext = {
                allowPrivilegeEscalation = false
                readOnlyRootFilesystem   = true
                capabilities             = { add = ["NET_BIND_SERVICE"], drop = ["ALL"] }
              }
              volumeMounts = [{ name = "config", mountPath = "/etc/coredns", readOnly = true }]
            }]
            volumes = [{
              name      = "config"
              configMap = { name = "coredns", items = [{ key = "Corefile", path = "Corefile" }] }
            }]
          }
        }
      }
    }
  }
}
