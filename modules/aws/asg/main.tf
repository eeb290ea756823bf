# A group of like machines that replaces what breaks: launch template, Auto Scaling group with its lifecycle hooks, and
# security group.
#
#     module "workers" {
#       source        = "kprov//aws/asg"
#       name          = "production-workers"
#       vpc_id        = module.vpc.vpc_id
#       subnet_ids    = module.vpc.private_subnet_ids
#       image_id      = data.aws_ami.node.id
#       instance_type = "m7i.large"
#       min_size      = 3
#       max_size      = 12
#
#       lifecycle_hooks = {
#         drain = { transition = "terminating", default_result = "CONTINUE", heartbeat_timeout = 300 }
#       }
#     }
#
# Instances speak IMDSv2 only, their volumes are encrypted, and nobody reaches them who has no rule in `ingress`. The group
# names a version of the template, never `$Latest`, so that what runs changes in an apply and at no other time. Without
# `desired_capacity` the number of instances is an autoscaler's. With `rotation` an apply that changes the template also replaces
# the instances, one after the other, as docs/rotation.md says; without, the next instance is the first to be new.

locals {
  cluster_tags = var.cluster_name == null ? {} : { "kubernetes.io/cluster/${var.cluster_name}" = "owned" }
  # Kubernetes wants one security group with its tag per instance: the one that is made here.
  tags = merge(var.tags, local.cluster_tags)

  # What cluster-autoscaler reads of a group; instances need none of it.
  autoscaler_tags = var.autoscaler == null ? {} : merge(
    {
      "k8s.io/cluster-autoscaler/enabled"             = "true"
      "k8s.io/cluster-autoscaler/${var.cluster_name}" = "owned"
    },
    { for key, value in var.autoscaler.labels : "k8s.io/cluster-autoscaler/node-template/label/${key}" => value },
    { for key, value in var.autoscaler.taints : "k8s.io/cluster-autoscaler/node-template/taint/${key}" => value },
  )

  transitions = {
    launching   = "autoscaling:EC2_INSTANCE_LAUNCHING"
    terminating = "autoscaling:EC2_INSTANCE_TERMINATING"
  }

  security_group_ids = concat([aws_security_group.this.id], var.security_group_ids)
}

resource "aws_autoscaling_group" "this" {
  name                = var.name
  vpc_zone_identifier = var.subnet_ids

  min_size         = var.min_size
  max_size         = var.max_size
  desired_capacity = var.desired_capacity

  target_group_arns         = var.target_group_arns
  health_check_type         = var.health_check_type
  health_check_grace_period = var.health_check_grace_period

  capacity_rebalance        = var.capacity_rebalance
  max_instance_lifetime     = var.max_instance_lifetime
  protect_from_scale_in     = var.protect_from_scale_in
  suspended_processes       = var.suspended_processes
  termination_policies      = var.termination_policies
  wait_for_capacity_timeout = var.wait_for_capacity_timeout
  force_delete              = var.force_delete

  dynamic "launch_template" {
    for_each = var.mixed_instances == null ? [1] : []

    content {
      id      = aws_launch_template.this.id
      version = aws_launch_template.this.latest_version
    }
  }

  dynamic "mixed_instances_policy" {
    for_each = var.mixed_instances[*]

    content {
      instances_distribution {
        on_demand_base_capacity                  = mixed_instances_policy.value.on_demand_base
        on_demand_percentage_above_base_capacity = mixed_instances_policy.value.on_demand_percentage
        spot_allocation_strategy                 = mixed_instances_policy.value.spot_allocation_strategy
        spot_max_price                           = mixed_instances_policy.value.spot_max_price
      }

      launch_template {
        launch_template_specification {
          launch_template_id = aws_launch_template.this.id
          version            = aws_launch_template.this.latest_version
        }

        dynamic "override" {
          for_each = distinct(concat([var.instance_type], mixed_instances_policy.value.instance_types))

          content {
            instance_type = override.value
          }
        }
      }
    }
  }

  # Hooks that came after the group would miss its first instances.
  dynamic "initial_lifecycle_hook" {
    for_each = var.lifecycle_hooks

    content {
      name                    = initial_lifecycle_hook.key
      lifecycle_transition    = local.transitions[initial_lifecycle_hook.value.transition]
      default_result          = initial_lifecycle_hook.value.default_result
      heartbeat_timeout       = initial_lifecycle_hook.value.heartbeat_timeout
      notification_target_arn = initial_lifecycle_hook.value.notification_target_arn
      notification_metadata   = initial_lifecycle_hook.value.notification_metadata
      role_arn                = initial_lifecycle_hook.value.role_arn
    }
  }

  dynamic "tag" {
    for_each = merge(local.tags, { Name = var.name })

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  dynamic "tag" {
    for_each = local.autoscaler_tags

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = false
    }
  }

  # How its instances are replaced when what they start from changes. What is null is not said.
  lifecycle {
    rotation {
      enabled            = try(var.rotation.enabled, false)
      role               = try(var.rotation.role, null)
      cluster            = try(var.rotation.cluster, null)
      kubeconfig         = var.rotation_kubeconfig
      kubernetes_version = try(var.rotation.kubernetes_version, null)
      api_server         = try(var.rotation.api_server, null)
      max_surge          = try(var.rotation.max_surge, null)
      max_unavailable    = try(var.rotation.max_unavailable, null)
      downtime           = try(var.rotation.downtime, null)
      canary_bake        = try(var.rotation.canary_bake, null)
      good_looks         = try(var.rotation.good_looks, null)
      retries            = try(var.rotation.retries, null)
      on_failure         = try(var.rotation.on_failure, null)
      parallel_groups    = try(var.rotation.parallel_groups, null)
      failures_max       = try(var.rotation.failures_max, null)
      snapshot_age_max   = try(var.rotation.snapshot_age_max, null)
      timeouts           = try(var.rotation.timeouts, null)

      dynamic "checkpoint" {
        for_each = try(var.rotation.checkpoints, [])

        content {
          percent = checkpoint.value.percent
          bake    = checkpoint.value.bake
          confirm = checkpoint.value.confirm
        }
      }

      dynamic "window" {
        for_each = try(var.rotation.windows, [])

        content {
          days  = window.value.days
          from  = window.value.from
          until = window.value.until
        }
      }
    }
  }

  # The first instance finds its doors open, and the last one goes before they close.
  depends_on = [
    aws_vpc_security_group_ingress_rule.this,
    aws_vpc_security_group_egress_rule.ipv4,
    aws_vpc_security_group_egress_rule.ipv6,
  ]
}
