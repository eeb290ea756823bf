# What a fresh control plane needs before pods run: DNS, service addresses, a pod network, rights of nodes and people, and
# how nodes join.
#
#     module "addons" {
#       source          = "kprov//kubernetes/addons"
#       cluster_name    = "production.example"
#       api_server      = module.cluster.endpoint
#       bootstrap_token = module.cluster.bootstrap_token
#
#       addons = {
#         coredns            = { overrides = { "Deployment/coredns" = { spec = { replicas = 3 } } } }
#         cluster_autoscaler = { enabled = true }
#       }
#     }
#
# Each add-on can be switched off, is pinned to a version, and can be changed: `overrides` are merged deep into its
# objects, `replace` takes the place of all of them. What is switched off is deleted.

locals {
  dns_address = cidrhost(var.service_cidr, 10)

  # With a registry of one's own, images have the same paths there.
  registries = {
    kubernetes = coalesce(var.registry, "registry.k8s.io")
    flannel    = coalesce(var.registry, "ghcr.io")
  }

  switched_on = {
    for name, addon in var.addons : name => addon
    if addon.enabled
  }

  defaults = {
    cluster_autoscaler = local.cluster_autoscaler
    coredns            = local.coredns
    kube_proxy         = local.kube_proxy
    network            = local.network
  }

  # Add-on, to its objects by KIND/NAME.
  objects = {
    for name, addon in local.switched_on : name => {
      for key, object in [local.defaults[name], addon.replace][addon.replace == null ? 0 : 1] :
      key => provider::kubernetes::deep_merge(object, try(addon.overrides[key], {}))
    }
  }

  # Overrides of what is not there.
  strangers = flatten([
    for name, addon in local.switched_on : [
      for key in try(keys(addon.overrides), []) : "${name}: ${key}"
      if !contains(keys(local.objects[name]), key)
    ]
  ])

  # One map of all objects; their keys are known whatever is in them.
  manifests = merge([
    for name, objects in local.objects : {
      for key, object in objects : "${name}/${key}" => object
    }
  ]...)
}

resource "kubernetes_manifest" "this" {
  for_each = local.manifests

  manifest = each.value

  # Nothing starts before it may.
  depends_on = [
    kubernetes_cluster_role.autoscaler,
    kubernetes_cluster_role.coredns,
    kubernetes_cluster_role.flannel,
    kubernetes_cluster_role_binding.addons,
    kubernetes_labels.pod_security,
    kubernetes_service_account.this,
  ]
}

# Pod Security: what pods of a namespace may ask for.
resource "kubernetes_labels" "pod_security" {
  for_each = var.pod_security

  api_version = "v1"
  kind        = "Namespace"

  metadata {
    name = each.key
  }

  labels = {
    "pod-security.kubernetes.io/enforce" = each.value
    "pod-security.kubernetes.io/warn"    = each.value
  }
}
