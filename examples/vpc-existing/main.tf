# A cluster's network inside somebody's VPC. What is there keeps everything but gets a tag; destroy takes the tag away, and the
# VPC is as it was.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

variable "region" {
  description = "Region of the VPC."
  type        = string
  default     = "eu-west-1"
}

variable "vpc_id" {
  description = "The VPC: not ours."
  type        = string
}

variable "public_subnet_ids" {
  description = "Its public subnets, for load balancers: not ours either."
  type        = set(string)
}

variable "route_table_ids" {
  description = "Route tables of these subnets, where Kubernetes looks for them."
  type        = set(string)
  default     = []
}

variable "cidr" {
  description = "A part of the VPC's range that nothing uses: the cluster's own private subnets are cut from it."
  type        = string
}

variable "zones" {
  description = "Zones for the private subnets; NAT gateways stand in the public ones there."
  type        = list(string)
  default     = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { managed-by = "kprov" }
  }
}

module "vpc" {
  source = "kprov//aws/vpc"

  name         = "guest"
  cluster_name = "guest.example"
  existing_vpc = { id = var.vpc_id }
  cidr         = var.cidr
  zones        = var.zones

  existing_subnets         = { public = { ids = var.public_subnet_ids } }
  existing_route_table_ids = var.route_table_ids

  nat = "single"
}

module "api" {
  source = "kprov//aws/nlb"

  name          = "guest-api"
  vpc_id        = module.vpc.vpc_id
  subnet_ids    = module.vpc.subnet_ids.private
  allowed_cidrs = { vpc = module.vpc.cidr }
}

output "private_subnet_ids" {
  description = "Where the cluster's nodes go."
  value       = module.vpc.private_subnet_ids
}

output "api" {
  description = "Where the cluster's API will answer."
  value       = module.api.dns_name
}
