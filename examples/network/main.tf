# A production network for a Kubernetes cluster: three availability zones, masters and workers in Auto Scaling groups, the API
# behind a network load balancer, rights, names, backups, and notices before instances go away.

locals {
  name = "kprov-${var.environment}"
}

module "vpc" {
  source = "kprov//aws/vpc"

  name         = local.name
  cluster_name = var.domain
  cidr         = var.cidr
  zones        = var.zones
  tiers        = ["private", "utility"]
  nat          = "per_zone"
}

module "iam" {
  source = "kprov//aws/iam"

  name             = var.domain
  etcd_backup      = { bucket_arn = aws_s3_bucket.backups.arn, prefix = "etcd" }
  kms_key_arns     = [aws_kms_key.this.arn]
  drain_queue_arns = [module.interruptions.queue_arn]

  roles = {
    master = { grants = ["cloud_controller", "autoscaler", "ebs_csi", "ecr_pull", "ssm_parameters", "etcd_backup"] }
    worker = { grants = ["ecr_pull", "node_drain"] }
  }
}

module "api" {
  source = "kprov//aws/nlb"

  name          = "${local.name}-api"
  vpc_id        = module.vpc.vpc_id
  subnet_ids    = module.vpc.subnet_ids.private
  allowed_cidrs = { vpc = module.vpc.cidr }
}

module "dns" {
  source = "kprov//aws/dns"

  zone_name     = var.domain
  vpc_id        = module.vpc.vpc_id
  force_destroy = var.force_destroy

  records = {
    api      = { name = "api", alias = { dns_name = module.api.dns_name, zone_id = module.api.zone_id } }
    internal = { name = "api.internal", type = "CNAME", values = ["api.${var.domain}"] }
  }
}

# AWS says in events that it will take an instance: whoever drains nodes reads them from one queue.
module "interruptions" {
  source = "kprov//aws/interruptions"

  name        = local.name
  group_names = ["${local.name}-masters", "${local.name}-workers"]
}
