# Images, by ADD-ON/WHAT.

locals {
  images = {
    "cluster_autoscaler/main" = "${local.registries.kubernetes}/autoscaling/cluster-autoscaler:${var.addons.cluster_autoscaler.version}"
    "coredns/main"            = "${local.registries.kubernetes}/coredns/coredns:${var.addons.coredns.version}"
    "kube_proxy/main"         = "${local.registries.kubernetes}/kube-proxy:${coalesce(var.addons.kube_proxy.version, "v${var.kubernetes_version}")}"
    "network/main"            = "${local.registries.flannel}/flannel-io/flannel:${var.addons.network.version}"
    "network/plugin"          = "${local.registries.flannel}/flannel-io/flannel-cni-plugin:${var.addons.network.plugin_version}"
  }
}
