# A module that comes with kprov: plans addresses, makes nothing.

module "subnets" {
  source = "kprov//subnets"
  cidr   = "10.0.0.0/16"
  zones  = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
}

output "tiers" {
  value = module.subnets.tiers
}
