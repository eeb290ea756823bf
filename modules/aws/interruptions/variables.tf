variable "name" {
  description = "Name that the queue and its rules begin with."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$", var.name))
    error_message = "A name has up to 50 letters, digits, underscores and hyphens."
  }
}

variable "group_names" {
  description = "Auto Scaling groups whose lifecycle hooks for ending instances are told."
  type        = list(string)
  default     = []
}

variable "tags" {
  description = "Tags of everything that is made here."
  type        = map(string)
  default     = {}
}
