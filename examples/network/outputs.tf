output "vpc_id" {
  description = "The network."
  value       = module.vpc.vpc_id
}

output "api" {
  description = "Where the API will answer, from inside the network."
  value       = "https://${module.dns.names["api"]}:6443"
}

output "nat_public_ips" {
  description = "Addresses that the environment is seen with, by zone: for others' allow lists."
  value       = module.vpc.nat_public_ips
}

output "groups" {
  description = "Auto Scaling groups."
  value       = [module.masters.name, module.workers.name]
}

output "interruption_queue" {
  description = "Queue of notices, for whoever drains nodes."
  value       = module.interruptions.queue_url
}
