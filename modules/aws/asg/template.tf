resource "aws_launch_template" "this" {
  name_prefix   = "${var.name}-"
  image_id      = var.image_id
  instance_type = var.instance_type
  key_name      = var.key_name
  user_data     = var.user_data == null ? null : base64encode(var.user_data)
  ebs_optimized = true

  # A network interface of the template takes the security groups to itself.
  vpc_security_group_ids = var.associate_public_ip == null ? local.security_group_ids : null

  # Whoever looks at the template sees what the group uses.
  update_default_version = true

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = var.metadata_hop_limit
  }

  block_device_mappings {
    device_name = var.root_volume.device_name

    ebs {
      encrypted             = true
      delete_on_termination = true
      volume_size           = var.root_volume.size
      volume_type           = var.root_volume.type
      iops                  = var.root_volume.iops
      throughput            = var.root_volume.throughput
      kms_key_id            = var.root_volume.kms_key_arn
    }
  }

  dynamic "block_device_mappings" {
    for_each = var.volumes

    content {
      device_name = block_device_mappings.key

      ebs {
        encrypted             = true
        delete_on_termination = true
        volume_size           = block_device_mappings.value.size
        volume_type           = block_device_mappings.value.type
        iops                  = block_device_mappings.value.iops
        throughput            = block_device_mappings.value.throughput
        kms_key_id            = block_device_mappings.value.kms_key_arn
      }
    }
  }

  dynamic "iam_instance_profile" {
    for_each = var.instance_profile_name[*]

    content {
      name = iam_instance_profile.value
    }
  }

  dynamic "network_interfaces" {
    for_each = var.associate_public_ip[*]

    content {
      associate_public_ip_address = network_interfaces.value
      delete_on_termination       = true
      security_groups             = local.security_group_ids
    }
  }

  # Instances get theirs from the group; volumes and interfaces only from here.
  dynamic "tag_specifications" {
    for_each = ["volume", "network-interface"]

    content {
      resource_type = tag_specifications.value
      tags          = merge(local.tags, { Name = var.name })
    }
  }

  tags = merge(local.tags, { Name = var.name })

  lifecycle {
    create_before_destroy = true
  }
}
