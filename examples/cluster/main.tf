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

  force_destroy = var.force_destroy
}

# Known once the cluster is: what stands below waits for it, in the same apply.
provider "kubernetes" {
  host                   = module.cluster.kubernetes.host
  cluster_ca_certificate = module.cluster.kubernetes.cluster_ca_certificate
  client_certificate     = module.cluster.kubernetes.client_certificate
  client_key             = module.cluster.kubernetes.client_key
}
