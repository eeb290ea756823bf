# Workers of a Kubernetes cluster: an Auto Scaling group whose machines join by `kprov node`: a bootstrap token, read by the
# rights of their role, and a certificate that the cluster signs.
#
#     module "workers" {
#       source   = "kprov//aws/workers"
#       name     = "general"
#       cluster  = module.cluster.join
#       min_size = 3
#       max_size = 12
#
#       vpc_id                = module.vpc.vpc_id
#       subnet_ids            = module.vpc.private_subnet_ids
#       image_id              = data.aws_ami.node.id
#       instance_profile_name = module.iam.instance_profile_names["worker"]
#
#       labels = { "workload" = "general" }
#     }
#
# Without `desired_capacity` the number is cluster-autoscaler's, which finds the group, its labels and its taints by tags.
#
# With `mixed_instances` the group takes Spot capacity, of several types. A worker reads in its metadata that it is to go: when EC2
# recommends to replace it, it gets no more pods; when EC2 takes it (two minutes before) or its group ends it (`drain_timeout`), it
# lets its pods go too, as disruption budgets allow. `kprov//aws/interruptions` tells the same to what looks from outside.

locals {
  tags = merge(var.tags, { "kprov.dev/cluster" = var.cluster.name, "kprov.dev/role" = "worker" })

  labels = merge({ "node.kubernetes.io/pool" = var.name }, var.labels)

  document = {
    apiVersion = "kprov.dev/v1alpha1"
    kind       = "Node"
    role       = "worker"

    cluster = {
      name        = var.cluster.name
      endpoint    = var.cluster.endpoint
      serviceCidr = var.cluster.service_cidr
      podCidr     = var.cluster.pod_cidr
      domain      = var.cluster.domain
    }

    identity = { from = "ec2" }
    secrets  = { from = "ssm", prefix = "${var.cluster.parameter_path}/pki", every = var.cluster.follow_every }

    versions  = var.cluster.versions
    binaries  = { for key, value in var.cluster.binaries : key => value if value != null }
    directory = var.cluster.directory

    kubelet = {
      runtime = var.runtime
      labels  = local.labels
      taints  = [for key, taint in var.taints : "${key}=${taint.value}:${taint.effect}"]
      flags   = var.flags
    }
  }
}

module "node" {
  source = "kprov//node"

  document = local.document
  program  = var.cluster.program
  format   = var.user_data_format
}

module "group" {
  source = "kprov//aws/asg"

  name         = "${replace(var.cluster.name, ".", "-")}-${var.name}"
  cluster_name = var.cluster.name
  vpc_id       = var.vpc_id
  subnet_ids   = var.subnet_ids

  image_id              = var.image_id
  instance_type         = var.instance_type
  instance_profile_name = var.instance_profile_name
  user_data             = module.node.user_data
  root_volume           = var.root_volume

  min_size         = var.min_size
  max_size         = var.max_size
  desired_capacity = var.desired_capacity

  rotation = var.rotation == null ? null : merge(var.rotation, {
    role               = "worker"
    cluster            = var.cluster.name
    kubernetes_version = var.cluster.versions.kubernetes
  })
  rotation_kubeconfig = var.kubeconfig

  mixed_instances    = var.mixed_instances
  capacity_rebalance = var.mixed_instances != null

  autoscaler = var.desired_capacity != null ? null : {
    labels = local.labels
    taints = { for key, taint in var.taints : key => "${taint.value}:${taint.effect}" }
  }

  lifecycle_hooks = var.drain_timeout == null ? {} : {
    drain = { transition = "terminating", default_result = "CONTINUE", heartbeat_timeout = var.drain_timeout }
  }

  ingress = merge(
    {
      overlay_self = { description = "Pod network, among workers", protocol = "udp", from_port = 4789, self = true }
    },
    { for name, id in var.master_security_group_ids : "kubelet_${name}" => { description = "Kubelet, from masters", from_port = 10250, security_group_id = id } },
    { for name, cidr in var.node_port_cidrs : "node_ports_${name}" => { description = "Services, from ${name}", from_port = 30000, to_port = 32767, cidr_ipv4 = cidr } },
  )

  tags = local.tags
}
