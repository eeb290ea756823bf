# Rights: of nodes that join, of the API server at kubelets, of add-ons, of people.

locals {
  bootstrap_group = "system:bootstrappers"

  # Binding, to role and groups or users that have it.
  bindings = {
    for name, it in {
      "kprov:node-bootstrapper" = { role = "system:node-bootstrapper", kind = "Group", names = [local.bootstrap_group] }

      # Requests of nodes that join, and of nodes that renew, are approved by the controller manager.
      "kprov:node-autoapprove-bootstrap" = {
        role  = "system:certificates.k8s.io:certificatesigningrequests:nodeclient"
        kind  = "Group"
        names = [local.bootstrap_group]
      }
      "kprov:node-autoapprove-renewal" = {
        role  = "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient"
        kind  = "Group"
        names = ["system:nodes"]
      }

      "kprov:apiserver-kubelet-client" = { role = "system:kubelet-api-admin", kind = "User", names = var.kubelet_client_users }

      "kprov:admins"    = { role = "cluster-admin", kind = "Group", names = var.admin_groups }
      "kprov:read-only" = { role = kubernetes_cluster_role.read_only.metadata[0].name, kind = "Group", names = var.read_only_groups }
    } : name => it
    if length(it.names) > 0
  }

  # Service accounts of the add-ons that are on, to their role.
  accounts = {
    for name, it in {
      cluster_autoscaler = { account = "cluster-autoscaler", role = "kprov:cluster-autoscaler" }
      coredns            = { account = "coredns", role = "kprov:coredns" }
      kube_proxy         = { account = "kube-proxy", role = "system:node-proxier" }
      network            = { account = "flannel", role = "kprov:flannel" }
    } : name => it
    if contains(keys(local.switched_on), name)
  }
}

resource "kubernetes_cluster_role_binding" "this" {
  for_each = local.bindings

  metadata {
    name = each.key
  }

  role_ref {
    api_group = "rbac.authorization.k8s.io"
    kind      = "ClusterRole"
    name      = each.value.role
  }

  dynamic "subject" {
    for_each = each.value.names

    content {
      api_group = "rbac.authorization.k8s.io"
      kind      = each.value.kind
      name      = subject.value
    }
  }
}

# Everything but secrets, and nothing but looking.
resource "kubernetes_cluster_role" "read_only" {
  metadata {
    name = "kprov:read-only"
  }

  aggregation_rule {
    cluster_role_selectors {
      match_labels = { "rbac.authorization.k8s.io/aggregate-to-view" = "true" }
    }

    cluster_role_selectors {
      match_labels = { "kprov.dev/aggregate-to-read-only" = "true" }
    }
  }
}

resource "kubernetes_cluster_role" "read_cluster" {
  metadata {
    name   = "kprov:read-cluster"
    labels = { "kprov.dev/aggregate-to-read-only" = "true" }
  }

  rule {
    api_groups = [""]
    resources  = ["nodes", "persistentvolumes", "events"]
    verbs      = ["get", "list", "watch"]
  }

  rule {
    api_groups = ["storage.k8s.io", "rbac.authorization.k8s.io", "scheduling.k8s.io", "certificates.k8s.io", "apiextensions.k8s.io"]
    resources  = ["*"]
    verbs      = ["get", "list", "watch"]
  }

  rule {
    api_groups = ["coordination.k8s.io"]
    resources  = ["leases"]
    verbs      = ["get", "list", "watch"]
  }
}

resource "kubernetes_service_account" "this" {
  for_each = local.accounts

  metadata {
    name      = each.value.account
    namespace = "kube-system"
  }
}

resource "kubernetes_cluster_role_binding" "addons" {
  for_each = local.accounts

  metadata {
    name = "kprov:${each.value.account}"
  }

  role_ref {
    api_group = "rbac.authorization.k8s.io"
    kind      = "ClusterRole"
    name      = each.value.role
  }

  subject {
    kind      = "ServiceAccount"
    name      = each.value.account
    namespace = "kube-system"
  }
}

# Nodes join with this token, and get certificates of their own for it.
resource "kubernetes_secret" "bootstrap_token" {
  count = var.bootstrap ? 1 : 0

  metadata {
    name      = "bootstrap-token-${nonsensitive(split(".", coalesce(var.bootstrap_token, "none.none"))[0])}"
    namespace = "kube-system"
  }

  type = "bootstrap.kubernetes.io/token"

  data = {
    "token-id"                       = split(".", var.bootstrap_token)[0]
    "token-secret"                   = split(".", var.bootstrap_token)[1]
    "usage-bootstrap-authentication" = "true"
    "usage-bootstrap-signing"        = "true"
    "description"                    = "Nodes of ${var.cluster_name} join with it. Made by kprov."
  }

  lifecycle {
    precondition {
      condition     = var.bootstrap_token != null
      error_message = "Nodes join with bootstrap_token: set it, or set bootstrap = false."
    }
  }
}
