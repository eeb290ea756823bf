# All certificates of the cluster, and the tree that nodes read.

resource "pki_kubernetes" "this" {
  cluster_name = var.name
  endpoint     = local.join.endpoint

  admin_validity_hours     = var.administrator.validity_hours
  admin_renew_before_hours = var.administrator.renew_before_hours

  authorities {
    generation   = var.pki.generation
    primary      = var.pki.primary
    trusted_from = var.pki.trusted_from
  }
}

resource "aws_ssm_parameter" "tree" {
  for_each = toset(concat(pki_kubernetes.this.master_paths, pki_kubernetes.this.worker_paths, pki_kubernetes.this.public_paths))

  name   = "${local.parameters}/pki/${each.value}"
  type   = "SecureString"
  key_id = aws_kms_key.this.arn
  value  = pki_kubernetes.this.tree[each.value]

  tags = var.tags
}

resource "aws_kms_key" "this" {
  description             = "Secrets and backups of ${var.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 7

  tags = var.tags
}

resource "aws_kms_alias" "this" {
  name          = "alias/kprov/${replace(var.name, ".", "-")}"
  target_key_id = aws_kms_key.this.key_id
}
