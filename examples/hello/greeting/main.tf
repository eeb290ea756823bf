variable "name" {
  description = "Whom to greet."
  type        = string

  validation {
    condition     = length(var.name) > 0
    error_message = "Nobody to greet."
  }
}

resource "terraform_data" "greeting" {
  input = "Hello, ${var.name}!"
}

output "text" {
  value = terraform_data.greeting.output
}
