# One document for each grant. Statement ids are unique over all of them, because a role's policy is their union.

data "aws_iam_policy_document" "ecr_pull" {
  statement {
    sid       = "EcrLogin"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid       = "EcrPull"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = local.ecr_repository_arns
  }
}

data "aws_iam_policy_document" "etcd_backup" {
  count = var.etcd_backup == null ? 0 : 1

  statement {
    sid       = "BackupLocate"
    actions   = ["s3:GetBucketLocation"]
    resources = [var.etcd_backup.bucket_arn]
  }

  statement {
    sid       = "BackupList"
    actions   = ["s3:ListBucket"]
    resources = [var.etcd_backup.bucket_arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = [var.etcd_backup.prefix, "${var.etcd_backup.prefix}/*"]
    }
  }

  statement {
    sid       = "BackupObjects"
    actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
    resources = ["${var.etcd_backup.bucket_arn}/${var.etcd_backup.prefix}/*"]
  }

  dynamic "statement" {
    for_each = length(var.kms_key_arns) > 0 ? [1] : []

    content {
      sid       = "BackupKeys"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = var.kms_key_arns

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["s3.${local.region}.${local.dns_suffix}"]
      }
    }
  }
}

data "aws_iam_policy_document" "ssm_parameters" {
  statement {
    sid       = "Parameters"
    actions   = ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"]
    resources = [local.ssm_parameters, "${local.ssm_parameters}/*"]
  }

  dynamic "statement" {
    for_each = length(var.kms_key_arns) > 0 ? [1] : []

    content {
      sid       = "ParameterKeys"
      actions   = ["kms:Decrypt"]
      resources = var.kms_key_arns

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["ssm.${local.region}.${local.dns_suffix}"]
      }
    }
  }
}

# A master finds its peers, reads the whole PKI tree, and writes claims and snapshots of etcd.
data "aws_iam_policy_document" "node_master" {
  count = var.node_bucket == null ? 0 : 1

  statement {
    sid       = "NodePeers"
    actions   = ["autoscaling:DescribeAutoScalingGroups", "ec2:DescribeInstances"]
    resources = ["*"]
  }

  statement {
    sid       = "NodeTree"
    actions   = ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"]
    resources = ["${local.node_parameters}/pki", "${local.node_parameters}/pki/*"]
  }

  statement {
    sid       = "NodeBucketList"
    actions   = ["s3:ListBucket"]
    resources = [var.node_bucket.arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["claims", "claims/*", "etcd", "etcd/*"]
    }
  }

  statement {
    sid       = "NodeBucketObjects"
    actions   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = ["${var.node_bucket.arn}/claims/*", "${var.node_bucket.arn}/etcd/*"]
  }

  dynamic "statement" {
    for_each = length(var.kms_key_arns) > 0 ? [1] : []

    content {
      sid       = "NodeKeys"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = var.kms_key_arns

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["s3.${local.region}.${local.dns_suffix}", "ssm.${local.region}.${local.dns_suffix}"]
      }
    }
  }
}

# A worker reads whom to trust and the token that it joins with, by name: a path would hand it the keys beside them.
data "aws_iam_policy_document" "node_worker" {
  statement {
    sid       = "NodeJoin"
    actions   = ["ssm:GetParameter", "ssm:GetParameters"]
    resources = ["${local.node_parameters}/pki/kubernetes-ca/bundle.pem", "${local.node_parameters}/pki/bootstrap/token"]
  }

  dynamic "statement" {
    for_each = length(var.kms_key_arns) > 0 ? [1] : []

    content {
      sid       = "NodeJoinKeys"
      actions   = ["kms:Decrypt"]
      resources = var.kms_key_arns

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["ssm.${local.region}.${local.dns_suffix}"]
      }
    }
  }
}

data "aws_iam_policy_document" "session_manager" {
  statement {
    sid = "Sessions"
    actions = [
      "ssm:UpdateInstanceInformation",
      "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
    ]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "autoscaler" {
  statement {
    sid = "AutoscalerRead"
    actions = [
      "autoscaling:DescribeAutoScalingGroups",
      "autoscaling:DescribeAutoScalingInstances",
      "autoscaling:DescribeLaunchConfigurations",
      "autoscaling:DescribeScalingActivities",
      "ec2:DescribeImages",
      "ec2:DescribeInstanceTypes",
      "ec2:DescribeLaunchTemplateVersions",
      "ec2:GetInstanceTypesFromInstanceRequirements",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "AutoscalerScale"
    actions   = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
    resources = ["*"]

    # Groups of the cluster that were handed over to it.
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/k8s.io/cluster-autoscaler/enabled"
      values   = ["true"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/${local.cluster_tag}"
      values   = ["owned"]
    }
  }
}

data "aws_iam_policy_document" "ebs_csi" {
  statement {
    sid = "VolumesRead"
    actions = [
      "ec2:DescribeAvailabilityZones",
      "ec2:DescribeInstances",
      "ec2:DescribeSnapshots",
      "ec2:DescribeTags",
      "ec2:DescribeVolumes",
      "ec2:DescribeVolumesModifications",
    ]
    resources = ["*"]
  }

  # What is made carries the tag of the cluster from the start ...
  statement {
    sid       = "VolumesCreate"
    actions   = ["ec2:CreateSnapshot", "ec2:CreateVolume"]
    resources = ["arn:${local.partition}:ec2:${local.region}:*:snapshot/*", "arn:${local.partition}:ec2:${local.here}:volume/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/${local.cluster_tag}"
      values   = ["owned"]
    }
  }

  # ... a snapshot may be of its own volumes only, and a volume from its own snapshots only ...
  statement {
    sid       = "VolumesFrom"
    actions   = ["ec2:CreateSnapshot", "ec2:CreateVolume"]
    resources = ["arn:${local.partition}:ec2:${local.region}:*:snapshot/*", "arn:${local.partition}:ec2:${local.here}:volume/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/${local.cluster_tag}"
      values   = ["owned"]
    }
  }

  # ... tags are set while something is made, never later on something else ...
  statement {
    sid       = "VolumesTag"
    actions   = ["ec2:CreateTags"]
    resources = ["arn:${local.partition}:ec2:${local.region}:*:snapshot/*", "arn:${local.partition}:ec2:${local.here}:volume/*"]

    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = ["CreateSnapshot", "CreateVolume"]
    }
  }

  # ... and only what carries the tag is changed. Instances carry it as well.
  statement {
    sid       = "VolumesChange"
    actions   = ["ec2:AttachVolume", "ec2:DeleteSnapshot", "ec2:DeleteVolume", "ec2:DetachVolume", "ec2:ModifyVolume"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/${local.cluster_tag}"
      values   = ["owned"]
    }
  }

  dynamic "statement" {
    for_each = length(var.kms_key_arns) > 0 ? [1] : []

    content {
      sid       = "VolumeKeys"
      actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
      resources = var.kms_key_arns

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["ec2.${local.region}.${local.dns_suffix}"]
      }
    }
  }

  dynamic "statement" {
    for_each = length(var.kms_key_arns) > 0 ? [1] : []

    content {
      sid       = "VolumeKeyGrants"
      actions   = ["kms:CreateGrant"]
      resources = var.kms_key_arns

      condition {
        test     = "Bool"
        variable = "kms:GrantIsForAWSResource"
        values   = ["true"]
      }
    }
  }
}

data "aws_iam_policy_document" "node_drain" {
  count = length(var.drain_queue_arns) > 0 ? 1 : 0

  statement {
    sid       = "DrainNotices"
    actions   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
    resources = var.drain_queue_arns
  }

  statement {
    sid       = "DrainRead"
    actions   = ["autoscaling:DescribeAutoScalingInstances", "autoscaling:DescribeTags"]
    resources = ["*"]
  }

  statement {
    sid       = "DrainHooks"
    actions   = ["autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/${local.cluster_tag}"
      values   = ["owned"]
    }
  }
}
