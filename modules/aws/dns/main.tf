# A Route 53 zone, new or existing, private or public, and its records.
#
#     module "dns" {
#       source    = "kprov//aws/dns"
#       zone_name = "production.example"
#       vpc_id    = module.vpc.vpc_id
#
#       records = {
#         api  = { name = "api", alias = { dns_name = module.api.dns_name, zone_id = module.api.zone_id } }
#         etcd = { name = "_etcd-server-ssl._tcp", type = "SRV", values = ["0 0 2380 etcd-0.production.example"] }
#       }
#     }
#
# Point names at load balancers, not at nodes: when one name leads to machines, clients lose them for as long as they
# remember it.

resource "aws_route53_zone" "this" {
  count = var.existing ? 0 : 1

  name          = var.zone_name
  comment       = "Made by kprov"
  force_destroy = var.force_destroy

  dynamic "vpc" {
    for_each = var.private ? [var.vpc_id] : []

    content {
      vpc_id = vpc.value
    }
  }

  tags = var.tags

  lifecycle {
    # Other VPCs are associated by themselves, and show here.
    ignore_changes = [vpc]
  }
}

data "aws_route53_zone" "existing" {
  count = var.existing ? 1 : 0

  zone_id      = var.existing_zone_id
  name         = var.existing_zone_id == null ? var.zone_name : null
  private_zone = var.existing_zone_id == null ? var.private : null

  lifecycle {
    postcondition {
      condition     = trimsuffix(self.name, ".") == var.zone_name
      error_message = "The zone with this id has another name than zone_name."
    }
  }
}

locals {
  zone_id = var.existing ? data.aws_route53_zone.existing[0].zone_id : aws_route53_zone.this[0].zone_id

  # An existing zone gets its first VPC as others do.
  associated = merge(var.associated_vpc_ids, var.existing && var.vpc_id != null ? { first = var.vpc_id } : {})
}

resource "aws_route53_zone_association" "this" {
  for_each = local.associated

  zone_id = local.zone_id
  vpc_id  = each.value
}

resource "aws_route53_record" "this" {
  for_each = var.records

  zone_id = local.zone_id
  name    = each.value.name == "" ? var.zone_name : "${each.value.name}.${var.zone_name}"
  type    = each.value.type
  ttl     = each.value.alias == null ? each.value.ttl : null
  records = each.value.values

  dynamic "alias" {
    for_each = each.value.alias[*]

    content {
      name                   = alias.value.dns_name
      zone_id                = alias.value.zone_id
      evaluate_target_health = alias.value.evaluate_target_health
    }
  }
}
