# Greets everybody in var.names, and writes the greetings to a file beside this one.

terraform {
  required_providers {
    local = { source = "hashicorp/local" }
  }
}

variable "names" {
  description = "Whom to greet."
  type        = list(string)
  default     = ["ground crew", "pilots"]
}

module "greeting" {
  source   = "./greeting"
  for_each = toset(var.names)
  name     = each.key
}

resource "local_file" "greetings" {
  filename = "${path.module}/greetings.txt"
  content  = join("\n", [for greeting in module.greeting : greeting.text])
}

output "greetings" {
  value = { for name, greeting in module.greeting : name => greeting.text }
}
