# A Kubernetes cluster in three environments that differ in their variables and credentials and in nothing else:
# airplane (this laptop, no account, no network), staging, production.

module "cluster" {
  source = "kprov//aws/cluster"

  name     = var.domain
  zones    = var.zones
  image_id = var.image_id
  binaries = var.binaries

  network = { cidr = var.cidr, nat = var.nat }
  api     = var.api
  masters = var.masters
  workers = var.workers
  pki     = var.pki

  administrator = var.administrator
  follow_every  = var.follow_every

  force_destroy = var.force_destroy
}

# Known once the cluster is: what stands below waits for it, in the same apply.
provider "kubernetes" {
  host                   = module.cluster.kubernetes.host
  cluster_ca_certificate = module.cluster.kubernetes.cluster_ca_certificate
  client_certificate     = module.cluster.kubernetes.client_certificate
  client_key             = module.cluster.kubernetes.client_key
}

# The API answers through the load balancer, and every master is a healthy voter of etcd and runs with the certificates of this
# apply.
resource "kubernetes_ready" "masters" {
  masters     = var.masters.replicas
  master_tree = module.cluster.trees.master
}

module "addons" {
  source = "kprov//kubernetes/addons"

  cluster_name = var.domain
  api_server   = module.cluster.endpoint
  region       = var.region
  # It says how many workers there are, where nobody else does.
  addons = { cluster_autoscaler = { enabled = anytrue([for pool in values(var.workers) : pool.desired_capacity == null]) } }

  # Masters let workers join by themselves.
  bootstrap = false

  depends_on = [kubernetes_ready.masters]
}

# Nodes have joined, and what the system runs on them runs.
resource "kubernetes_ready" "nodes" {
  nodes       = sum(concat([0], [for pool in values(var.workers) : coalesce(pool.desired_capacity, pool.min_size)]))
  node_tree   = module.cluster.trees.worker
  system_pods = length(var.workers) > 0

  depends_on = [module.addons]
}
