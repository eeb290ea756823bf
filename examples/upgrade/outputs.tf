output "kubeconfig" {
  description = "For kubectl: `kprov output -raw kubeconfig > kubeconfig`."
  sensitive   = true
  value       = module.cluster.kubeconfig
}

output "groups" {
  description = "Auto Scaling groups."
  value       = module.cluster.groups
}
