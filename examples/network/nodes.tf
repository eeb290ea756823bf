module "masters" {
  source = "kprov//aws/asg"

  name         = "${local.name}-masters"
  cluster_name = var.domain
  vpc_id       = module.vpc.vpc_id
  subnet_ids   = module.vpc.private_subnet_ids

  image_id              = var.image_id
  instance_type         = var.master_type
  instance_profile_name = module.iam.instance_profile_names["master"]
  user_data             = templatefile("${path.module}/node.yaml.tftpl", { role = "master", domain = var.domain, bucket = aws_s3_bucket.backups.bucket })
  root_volume           = { size = 100, throughput = 250 }

  min_size         = 3
  max_size         = 4
  desired_capacity = 3

  target_group_arns = values(module.api.target_group_arns)

  # A master is taken and replaced on purpose, not to even out zones.
  suspended_processes   = ["AZRebalance"]
  protect_from_scale_in = true

  lifecycle_hooks = merge(
    var.nodes_report ? { join = { transition = "launching", default_result = "ABANDON", heartbeat_timeout = 600 } } : {},
    { leave = { transition = "terminating", default_result = "CONTINUE", heartbeat_timeout = 600 } },
  )

  ingress = {
    api_balancer = { description = "API, through the load balancer", from_port = 6443, security_group_id = module.api.security_group_id }
    api_workers  = { description = "API, from workers", from_port = 6443, security_group_id = module.workers.security_group_id }
    api_masters  = { description = "API, among masters", from_port = 6443, self = true }
    etcd         = { description = "etcd, clients and peers", from_port = 2379, to_port = 2380, self = true }
    kubelet      = { description = "Kubelet, from masters", from_port = 10250, self = true }
    overlay_self = { description = "Pod network, among masters", protocol = "udp", from_port = 4789, self = true }
    overlay      = { description = "Pod network, from workers", protocol = "udp", from_port = 4789, security_group_id = module.workers.security_group_id }
  }
}

module "workers" {
  source = "kprov//aws/asg"

  name         = "${local.name}-workers"
  cluster_name = var.domain
  vpc_id       = module.vpc.vpc_id
  subnet_ids   = module.vpc.private_subnet_ids

  image_id              = var.image_id
  instance_type         = var.worker_type
  instance_profile_name = module.iam.instance_profile_names["worker"]
  user_data             = templatefile("${path.module}/node.yaml.tftpl", { role = "worker", domain = var.domain, bucket = "" })

  # cluster-autoscaler says how many there are in between.
  min_size   = var.workers.min
  max_size   = var.workers.max
  autoscaler = { labels = { "node.kubernetes.io/role" = "worker" } }

  lifecycle_hooks = {
    drain = { transition = "terminating", default_result = "CONTINUE", heartbeat_timeout = 300 }
  }

  ingress = {
    kubelet      = { description = "Kubelet, from masters", from_port = 10250, security_group_id = module.masters.security_group_id }
    overlay_self = { description = "Pod network, among workers", protocol = "udp", from_port = 4789, self = true }
    overlay      = { description = "Pod network, from masters", protocol = "udp", from_port = 4789, security_group_id = module.masters.security_group_id }
    node_ports   = { description = "Services, from inside the network", from_port = 30000, to_port = 32767, cidr_ipv4 = module.vpc.cidr }
  }
}
