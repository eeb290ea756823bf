output "dns_address" {
  description = "Address of the cluster's DNS, for kubelets."
  value       = local.dns_address
}

output "objects" {
  description = "Add-on, to KIND/NAME of its objects."
  value       = { for name, objects in local.objects : name => keys(objects) }

  precondition {
    condition     = length(local.strangers) == 0
    error_message = "There are overrides of objects that their add-ons do not have: ${join(", ", local.strangers)}."
  }
}

output "images" {
  description = "Images of the add-ons that are on, to mirror them."
  value       = sort(distinct([for name, image in local.images : image if contains(keys(local.switched_on), split("/", name)[0])]))
}
