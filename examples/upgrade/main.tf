# A cluster that is upgraded while it serves: change one variable and apply. README.md walks through it.

module "cluster" {
  source = "kprov//aws/cluster"

  name     = "upgrade.example"
  zones    = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
  image_id = var.image_id
  binaries = { directory = var.binaries }

  kubernetes_version = var.kubernetes_version
  network            = { cidr = "10.20.0.0/16" }
  follow_every       = "4s"
  force_destroy      = true

  masters = {
    shutdown_delay = var.shutdown_delay
    rotation       = { timeouts = { launch = "15m" } }
  }

  workers = {
    general = {
      min_size         = 3
      max_size         = 6
      desired_capacity = 3
      runtime          = var.runtime
      labels           = var.labels

      rotation = {
        max_surge   = "1"
        on_failure  = "rollback"
        checkpoints = [{ percent = 50, confirm = var.confirm }]
      }
    }
  }
}

provider "kubernetes" {
  host                   = module.cluster.kubernetes.host
  cluster_ca_certificate = module.cluster.kubernetes.cluster_ca_certificate
  client_certificate     = module.cluster.kubernetes.client_certificate
  client_key             = module.cluster.kubernetes.client_key
}

# Ready before the apply ends, so that there is something to upgrade.
resource "kubernetes_ready" "masters" {
  masters     = 3
  master_tree = module.cluster.trees.master
}

resource "kubernetes_ready" "nodes" {
  nodes     = 3
  node_tree = module.cluster.trees.worker

  depends_on = [kubernetes_ready.masters]
}
