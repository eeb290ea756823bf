# cluster-autoscaler: Auto Scaling groups grow and shrink with the pods. Rights at AWS come from the instance profile of the
# worker that it runs on (`kprov//aws/iam`, grant autoscaler); masters run no pods.

resource "kubernetes_cluster_role" "autoscaler" {
  count = contains(keys(local.accounts), "cluster_autoscaler") ? 1 : 0

  metadata {
    name = "kprov:cluster-autoscaler"
  }

  rule {
    api_groups = [""]
    resources  = ["namespaces", "nodes", "persistentvolumeclaims", "persistentvolumes", "pods", "replicationcontrollers", "services"]
    verbs      = ["get", "list", "watch"]
  }

  rule {
    api_groups = [""]
    resources  = ["nodes"]
    verbs      = ["update", "patch"]
  }

  rule {
    api_groups = [""]
    resources  = ["pods/eviction"]
    verbs      = ["create"]
  }

  rule {
    api_groups = [""]
    resources  = ["pods/status"]
    verbs      = ["update"]
  }

  rule {
    api_groups = ["", "events.k8s.io"]
    resources  = ["events"]
    verbs      = ["create", "patch"]
  }

  rule {
    api_groups = [""]
    resources  = ["configmaps"]
    verbs      = ["create", "get", "list", "watch", "update", "delete"]
  }

  rule {
    api_groups = ["apps", "batch", "policy", "storage.k8s.io", "resource.k8s.io"]
    resources  = ["*"]
    verbs      = ["get", "list", "watch"]
  }

  rule {
    api_groups = ["coordination.k8s.io"]
    resources  = ["leases"]
    verbs      = ["create", "get", "update"]
  }
}

locals {
  autoscaler_labels = { "k8s-app" = "cluster-autoscaler" }

  cluster_autoscaler = {
    "Deployment/cluster-autoscaler" = {
      apiVersion = "apps/v1"
      kind       = "Deployment"
      metadata   = { name = "cluster-autoscaler", namespace = "kube-system", labels = local.autoscaler_labels }
      spec = {
        replicas = 1
        selector = { matchLabels = local.autoscaler_labels }
        template = {
          metadata = { labels = local.autoscaler_labels }
          spec = {
            serviceAccountName = "cluster-autoscaler"
            priorityClassName  = "system-cluster-critical"
            tolerations        = [{ key = "node-role.kubernetes.io/control-plane", operator = "Exists", effect = "NoSchedule" }]
            # Metadata of the instance are out of reach of pods that have a network of their own.
            hostNetwork = true
            dnsPolicy   = "Default"
            containers = [{
              name  = "cluster-autoscaler"
              image = local.images["cluster_autoscaler/main"]
              command = [
                "./cluster-autoscaler",
                "--cloud-provider=aws",
                "--node-group-auto-discovery=asg:tag=k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler/${var.cluster_name}",
                "--balance-similar-node-groups",
                "--expander=least-waste",
                "--skip-nodes-with-local-storage=false",
                "--skip-nodes-with-system-pods=false",
              ]
              env       = [for region in var.region[*] : { name = "AWS_REGION", value = region }]
              resources = { requests = { cpu = "100m", memory = "300Mi" } }
              securityContext = {
                allowPrivilegeEscalation = false
                readOnlyRootFilesystem   = true
                capabilities             = { drop = ["ALL"] }
              }
            }]
          }
        }
      }
    }
  }
}
