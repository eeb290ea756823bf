terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source = "hashicorp/aws"
    }

    kubernetes = {
      source = "hashicorp/kubernetes"
    }
  }
}

provider "aws" {
  region = var.region

  # Other credentials than the environment's stop everything before anything is written.
  expected_account_id = var.account_id

  default_tags {
    tags = {
      environment = var.environment
      managed-by  = "kprov"
    }
  }
}
