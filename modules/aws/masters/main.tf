# The masters of a Kubernetes cluster: etcd, API server, controller manager and scheduler on each machine of an Auto Scaling
# group over all zones, behind a load balancer. A machine becomes a master by `kprov node`, which reads the cluster's PKI tree by
# the rights of its role; no secret stands in user data.
#
#     module "masters" {
#       source   = "kprov//aws/masters"
#       name     = "production.example"
#       endpoint = { host = module.api.dns_name }
#       bucket   = aws_s3_bucket.backups.bucket
#
#       vpc_id                = module.vpc.vpc_id
#       subnet_ids            = module.vpc.private_subnet_ids
#       image_id              = data.aws_ami.node.id
#       instance_profile_name = module.iam.instance_profile_names["master"]
#
#       target_group_arns          = values(module.api.target_group_arns)
#       balancer_security_group_ids = { api = module.api.security_group_id }
#
#       versions = { kubernetes = "1.36.3", etcd = "3.6.16" }
#       binaries = { directory = "/opt/kubernetes/bin" }
#     }
#
# Masters run no kubelet and no pods: they are no Nodes of the cluster, and not in the pod network. What the API server calls
# itself, webhooks and aggregated APIs, it reaches at addresses of workers: pods of such have `hostNetwork`.
#
# The API server is unready for `shutdown_delay` before it stops, longer than the load balancer takes to see it, and now and
# then asks HTTP/2 clients to connect anew, so that they spread over all masters after one was replaced.

locals {
  parameters = coalesce(var.parameter_path, "/kprov/${var.name}")

  tags = merge(var.tags, { "kprov.dev/cluster" = var.name, "kprov.dev/role" = "master" })

  goaway_chance = var.replicas > 1 ? var.goaway_chance : 0

  # What rotation asks of the template before a master is launched from it.
  rotation = var.rotation == null ? null : merge(var.rotation, {
    role               = "master"
    cluster            = var.name
    kubernetes_version = var.versions.kubernetes
    api_server = {
      goaway_chance  = local.goaway_chance
      shutdown_delay = var.shutdown_delay
      names          = concat([var.endpoint.host], var.endpoint_names)
    }
  })

  document = {
    apiVersion = "kprov.dev/v1alpha1"
    kind       = "Node"
    role       = "master"

    cluster = {
      name          = var.name
      endpoint      = "https://${var.endpoint.host}:${var.endpoint.port}"
      endpointNames = var.endpoint_names
      serviceCidr   = var.service_cidr
      podCidr       = var.pod_cidr
      domain        = var.cluster_domain
    }

    identity = { from = "ec2" }
    peers    = { from = "autoscaling" }
    secrets  = { from = "ssm", prefix = "${local.parameters}/pki", every = var.follow_every }
    claims   = { from = "s3", bucket = var.bucket, prefix = "claims" }

    versions  = var.versions
    binaries  = { for key, value in var.binaries : key => value if value != null }
    directory = var.directory

    etcd = merge(
      { flags = var.etcd.flags },
      { for key, value in { quotaBytes = var.etcd.quota_bytes } : key => value if value != null },
      {
        snapshots = {
          every = var.etcd.backup_every
          keep  = var.etcd.backup_keep
          to    = { from = "s3", bucket = var.bucket, prefix = "etcd" }
        }
      },
    )

    apiServer = merge(
      {
        port          = var.target_port
        shutdownDelay = var.shutdown_delay
        goawayChance  = local.goaway_chance
        flags         = var.flags.api_server
      },
      { for key, value in { auditPolicy = var.audit_policy } : key => value if value != null },
    )

    # Where pods are only pretended, masters let nodes look at more.
    kubelet = { runtime = var.worker_runtime }

    controllerManager = { flags = var.flags.controller_manager }
    scheduler         = { flags = var.flags.scheduler }
    files             = var.files
  }

}

module "node" {
  source = "kprov//node"

  document = local.document
  program  = var.program
  format   = var.user_data_format
  disk     = var.etcd_volume == null ? null : { device = var.etcd_volume.device_name, path = "${var.directory}/etcd" }
}

module "group" {
  source = "kprov//aws/asg"

  name         = coalesce(var.group_name, "${replace(var.name, ".", "-")}-masters")
  cluster_name = var.name
  vpc_id       = var.vpc_id
  subnet_ids   = var.subnet_ids

  image_id              = var.image_id
  instance_type         = var.instance_type
  instance_profile_name = var.instance_profile_name
  user_data             = module.node.user_data
  root_volume           = var.root_volume
  volumes = {
    for volume in var.etcd_volume[*] : volume.device_name => {
      size        = volume.size
      type        = volume.type
      iops        = volume.iops
      throughput  = volume.throughput
      kms_key_arn = volume.kms_key_arn
    }
  }

  # One more than there are while a master is replaced.
  min_size         = var.replicas
  max_size         = var.replicas + 1
  desired_capacity = var.replicas

  target_group_arns = var.target_group_arns

  rotation            = local.rotation
  rotation_kubeconfig = var.kubeconfig

  # A master is taken and replaced on purpose, not to even out zones, and not because an API is down everywhere.
  suspended_processes   = ["AZRebalance"]
  protect_from_scale_in = true
  health_check_type     = "EC2"

  ingress = merge(
    {
      api_masters = { description = "API, among masters", from_port = var.target_port, self = true }
      etcd        = { description = "etcd, clients and peers", from_port = 2379, to_port = 2380, self = true }
      node        = { description = "State of nodes, among masters", from_port = 10300, self = true }
    },
    { for name, id in var.balancer_security_group_ids : "balancer_${name}" => { description = "API, through the load balancer", from_port = var.target_port, security_group_id = id } },
    { for name, id in var.worker_security_group_ids : "api_${name}" => { description = "API, from ${name}", from_port = var.target_port, security_group_id = id } },
  )

  tags = local.tags
}
