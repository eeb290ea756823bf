variable "environment" {
  description = "Which one this is: the variables file says, nothing else differs."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,11}$", var.environment))
    error_message = "An environment has up to 12 small letters, digits and hyphens, and begins with a letter."
  }
}

variable "account_id" {
  description = "The environment's account."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account id has twelve digits."
  }
}

variable "region" {
  description = "The environment's region."
  type        = string
  default     = "eu-west-1"
}

variable "zones" {
  description = "Three availability zones of the region."
  type        = list(string)
  default     = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
}

variable "cidr" {
  description = "IPv4 range of the network; environments that are ever to be peered need ranges of their own."
  type        = string
}

variable "domain" {
  description = "Domain of the cluster, and its name."
  type        = string
}

variable "image_id" {
  description = "Image of the nodes."
  type        = string
}

variable "master_type" {
  description = "Instance type of masters."
  type        = string
  default     = "m7i.large"
}

variable "worker_type" {
  description = "Instance type of workers."
  type        = string
  default     = "m7i.xlarge"
}

variable "workers" {
  description = "Fewest and most workers."
  type        = object({ min = number, max = number })
  default     = { min = 3, max = 12 }
}

variable "force_destroy" {
  description = "Destroys backups and records with the environment."
  type        = bool
  default     = false
}

variable "nodes_report" {
  description = "Masters say when they have joined: their image does that. Where nothing runs on them, as on airplane, nobody would."
  type        = bool
  default     = true
}
