# A Kubernetes cluster with everything that it stands on: network, rights, PKI, masters behind a load balancer, and a first pool
# of workers.
#
#     module "cluster" {
#       source   = "kprov//aws/cluster"
#       name     = "production.example"
#       zones    = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
#       image_id = data.aws_ami.node.id
#       binaries = { directory = "/opt/kubernetes/bin" }
#     }
#
#     provider "kubernetes" {
#       host                   = module.cluster.kubernetes.host
#       cluster_ca_certificate = module.cluster.kubernetes.cluster_ca_certificate
#       client_certificate     = module.cluster.kubernetes.client_certificate
#       client_key             = module.cluster.kubernetes.client_key
#     }
#
# These four are all that must be said. Keys are made here, kept encrypted in the state, and handed to the masters through SSM
# parameters that nobody else may read.

locals {
  # What stands in names of AWS objects.
  short = trimsuffix(substr(replace(var.name, ".", "-"), 0, 24), "-")

  parameters = "/kprov/${var.name}"

  api_host = coalesce(var.api.host, module.api.dns_name)

  join = {
    name           = var.name
    endpoint       = "https://${local.api_host}:6443"
    service_cidr   = var.service_cidr
    pod_cidr       = var.pod_cidr
    domain         = var.cluster_domain
    parameter_path = local.parameters
    follow_every   = var.follow_every
    versions       = local.versions
    binaries       = var.binaries
    program        = var.program
    directory      = var.directory
  }

  versions = { kubernetes = var.kubernetes_version, etcd = var.etcd_version }
}

module "vpc" {
  source = "kprov//aws/vpc"

  name         = local.short
  cluster_name = var.name
  cidr         = var.network.cidr
  zones        = var.zones
  tiers        = ["private", "utility"]
  nat          = var.network.nat

  existing_vpc                 = var.network.existing_vpc
  existing_subnets             = var.network.existing_subnets
  existing_internet_gateway_id = var.network.existing_internet_gateway_id

  tags = var.tags
}

module "iam" {
  source = "kprov//aws/iam"

  name                = var.name
  kms_key_arns        = [aws_kms_key.this.arn]
  node_parameter_path = local.parameters
  node_bucket         = { arn = aws_s3_bucket.backups.arn }
  drain_queue_arns    = module.interruptions[*].queue_arn

  roles = {
    master = { grants = ["node_master", "cloud_controller", "ebs_csi", "ecr_pull"] }
    # What runs in pods runs on workers: masters run none.
    worker = { grants = concat(["node_worker", "autoscaler", "ecr_pull"], var.interruption_queue ? ["node_drain"] : []) }
  }

  tags = var.tags
}

module "api" {
  source = "kprov//aws/nlb"

  name          = "${local.short}-api"
  vpc_id        = module.vpc.vpc_id
  subnet_ids    = var.api.internal ? module.vpc.subnet_ids.private : module.vpc.subnet_ids.utility
  internal      = var.api.internal
  allowed_cidrs = merge({ vpc = module.vpc.cidr }, var.api.allowed_cidrs)
  allow_world   = var.api.allow_world

  tags = var.tags
}

module "masters" {
  source = "kprov//aws/masters"

  name           = var.name
  replicas       = var.masters.replicas
  endpoint       = { host = local.api_host }
  endpoint_names = concat(var.api.host == null ? [] : [module.api.dns_name], var.api.names)

  vpc_id                = module.vpc.vpc_id
  subnet_ids            = module.vpc.private_subnet_ids
  image_id              = var.image_id
  instance_type         = var.masters.instance_type
  instance_profile_name = module.iam.instance_profile_names["master"]

  target_group_arns           = values(module.api.target_group_arns)
  balancer_security_group_ids = { api = module.api.security_group_id }
  worker_security_group_ids   = { for name, pool in module.workers : name => pool.security_group_id }

  versions       = local.versions
  binaries       = var.binaries
  program        = var.program
  directory      = var.directory
  worker_runtime = contains([for pool in values(var.workers) : pool.runtime], "kwok") ? "kwok" : "containerd"
  service_cidr   = var.service_cidr
  pod_cidr       = var.pod_cidr
  cluster_domain = var.cluster_domain

  bucket         = aws_s3_bucket.backups.bucket
  etcd           = { backup_every = var.masters.backup_every, flags = var.flags.etcd }
  etcd_volume    = var.masters.etcd_volume
  shutdown_delay = var.masters.shutdown_delay
  rotation       = var.masters.rotation
  kubeconfig     = pki_kubernetes.this.admin_kubeconfig
  follow_every   = var.follow_every
  flags          = { api_server = var.flags.api_server, controller_manager = var.flags.controller_manager, scheduler = var.flags.scheduler }

  tags = var.tags

  # A master that finds no tree waits for it; better that it is there.
  depends_on = [aws_ssm_parameter.tree]
}

module "workers" {
  source   = "kprov//aws/workers"
  for_each = var.workers

  name = each.key
  cluster = merge(local.join, {
    versions = { kubernetes = coalesce(each.value.kubernetes_version, var.kubernetes_version), etcd = var.etcd_version }
    binaries = each.value.binaries == null ? var.binaries : each.value.binaries
  })

  vpc_id                = module.vpc.vpc_id
  subnet_ids            = module.vpc.private_subnet_ids
  image_id              = coalesce(each.value.image_id, var.image_id)
  instance_type         = each.value.instance_type
  instance_profile_name = module.iam.instance_profile_names["worker"]

  master_security_group_ids = { masters = module.masters.security_group_id }

  min_size         = each.value.min_size
  max_size         = each.value.max_size
  desired_capacity = each.value.desired_capacity
  mixed_instances  = each.value.mixed_instances
  labels           = each.value.labels
  taints           = each.value.taints
  runtime          = each.value.runtime
  drain_timeout    = each.value.drain_timeout
  rotation         = each.value.rotation
  kubeconfig       = pki_kubernetes.this.admin_kubeconfig

  tags = var.tags
}
