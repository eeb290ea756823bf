output "endpoint" {
  description = "Where the API answers."
  value       = local.join.endpoint
}

output "kubernetes" {
  description = "What a `provider \"kubernetes\"` block needs. There once the masters are."
  sensitive   = true
  value = {
    host                   = local.join.endpoint
    cluster_ca_certificate = pki_kubernetes.this.ca_bundle_pem
    client_certificate     = pki_kubernetes.this.admin_certificate_pem
    client_key             = pki_kubernetes.this.admin_private_key_pem
  }
  # Who configures a provider by it reaches the API as long as there is something to delete.
  depends_on = [module.masters, module.api, module.vpc, module.iam]
}

output "kubeconfig" {
  description = "For kubectl, as administrator: `kprov output -raw kubeconfig`."
  sensitive   = true
  value       = pki_kubernetes.this.admin_kubeconfig
}

output "join" {
  description = "What further pools of `kprov//aws/workers` need to join."
  value       = local.join
}

output "trees" {
  description = "Hashes of what masters and workers read of the PKI tree, for `master_tree` and `node_tree` of `kubernetes_ready`: it waits until nodes run with the certificates of this apply."
  value = {
    master = pki_kubernetes.this.master_tree_hash
    worker = pki_kubernetes.this.worker_tree_hash
  }
  # Nodes cannot know of it before.
  depends_on = [aws_ssm_parameter.tree]
}

output "vpc_id" {
  description = "The network."
  value       = module.vpc.vpc_id
}

output "private_subnet_ids" {
  description = "Subnets of the nodes, one per zone."
  value       = module.vpc.private_subnet_ids
}

output "groups" {
  description = "Auto Scaling groups of masters and workers."
  value       = concat([module.masters.name], [for pool in module.workers : pool.name])
}

output "master_security_group_id" {
  description = "Security group of the masters."
  value       = module.masters.security_group_id
}

output "bootstrap_token" {
  description = "Token that workers join with, for `kprov//kubernetes/addons`."
  sensitive   = true
  value       = pki_kubernetes.this.bootstrap_token
}

output "interruption_queue_url" {
  description = "Queue of notices that AWS takes a machine; null without `interruption_queue`."
  value       = one(module.interruptions[*].queue_url)
}
