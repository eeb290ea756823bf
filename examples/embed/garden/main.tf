variable "plants" {
  type    = set(string)
  default = ["basil", "mint"]
}

resource "garden_bed" "herbs" {
  for_each = var.plants
  plant    = each.key
}

output "labels" {
  value = [for bed in garden_bed.herbs : bed.label]
}
