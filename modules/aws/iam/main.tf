# What the machines of a cluster may do in AWS: for each node role an IAM role, a policy that is put together from named
# grants, and an instance profile.
#
#     module "iam" {
#       source      = "kprov//aws/iam"
#       name        = "production.example"
#       etcd_backup = { bucket_arn = aws_s3_bucket.backups.arn, prefix = "etcd" }
#
#       roles = {
#         master = { grants = ["cloud_controller", "autoscaler", "ebs_csi", "ecr_pull", "etcd_backup"] }
#         worker = { grants = ["ecr_pull"] }
#       }
#     }
#
# Rights to change something end at what carries the tag of the cluster, or at one bucket prefix, parameter path or queue.
# Reading lists (`Describe*`) is what AWS cannot bound. A role without grants gets no policy.

data "aws_partition" "current" {}

data "aws_region" "current" {}

data "aws_caller_identity" "current" {}

locals {
  partition   = data.aws_partition.current.partition
  region      = data.aws_region.current.region
  account     = data.aws_caller_identity.current.account_id
  dns_suffix  = data.aws_partition.current.dns_suffix
  here        = "${local.region}:${local.account}"
  cluster_tag = "kubernetes.io/cluster/${var.name}"

  ecr_repository_arns = var.ecr_repository_arns == null ? ["arn:${local.partition}:ecr:${local.here}:repository/*"] : var.ecr_repository_arns
  ssm_parameters      = "arn:${local.partition}:ssm:${local.here}:parameter${coalesce(var.ssm_parameter_path, "/${var.name}")}"

  # Where masters and workers find what they need to become nodes.
  node_parameters = "arn:${local.partition}:ssm:${local.here}:parameter${coalesce(var.node_parameter_path, "/kprov/${var.name}")}"

  grants = merge(
    {
      cloud_controller = data.aws_iam_policy_document.cloud_controller.minified_json
      autoscaler       = data.aws_iam_policy_document.autoscaler.minified_json
      ebs_csi          = data.aws_iam_policy_document.ebs_csi.minified_json
      ecr_pull         = data.aws_iam_policy_document.ecr_pull.minified_json
      ssm_parameters   = data.aws_iam_policy_document.ssm_parameters.minified_json
      node_worker      = data.aws_iam_policy_document.node_worker.minified_json
      session_manager  = data.aws_iam_policy_document.session_manager.minified_json
    },
    { for document in data.aws_iam_policy_document.etcd_backup : "etcd_backup" => document.minified_json },
    { for document in data.aws_iam_policy_document.node_master : "node_master" => document.minified_json },
    { for document in data.aws_iam_policy_document.node_drain : "node_drain" => document.minified_json },
  )

  attached = merge([
    for role, it in var.roles : { for name, arn in it.policy_arns : "${role}/${name}" => { role = role, arn = arn } }
  ]...)
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.${local.dns_suffix}"]
    }
  }
}

resource "aws_iam_role" "this" {
  for_each = var.roles

  name                 = "${var.name}-${each.key}"
  path                 = var.path
  description          = "Instances of ${var.name} in the role ${each.key}"
  assume_role_policy   = data.aws_iam_policy_document.assume.minified_json
  permissions_boundary = var.permissions_boundary_arn

  tags = var.tags
}

data "aws_iam_policy_document" "role" {
  for_each = { for role, it in var.roles : role => sort(it.grants) if length(it.grants) > 0 }

  source_policy_documents = [for grant in each.value : local.grants[grant]]

  lifecycle {
    postcondition {
      condition     = length(self.minified_json) <= 10240
      error_message = "The policy is longer than the 10240 letters that IAM takes for a role: spread the grants over two roles."
    }
  }
}

# Inline, because it belongs to this role alone, and because IAM takes more letters inline than in a policy of its own.
resource "aws_iam_role_policy" "this" {
  for_each = data.aws_iam_policy_document.role

  name   = "${var.name}-${each.key}"
  role   = aws_iam_role.this[each.key].name
  policy = each.value.minified_json
}

resource "aws_iam_role_policy_attachment" "more" {
  for_each = local.attached

  role       = aws_iam_role.this[each.value.role].name
  policy_arn = each.value.arn
}

resource "aws_iam_instance_profile" "this" {
  for_each = var.roles

  name = "${var.name}-${each.key}"
  path = var.path
  role = aws_iam_role.this[each.key].name

  tags = var.tags
}
