# A network load balancer, for the Kubernetes API first of all: TCP listeners, a target group for each, and a security group
# that lets in who is named.
#
#     module "api" {
#       source        = "kprov//aws/nlb"
#       name          = "production-api"
#       vpc_id        = module.vpc.vpc_id
#       subnet_ids    = module.vpc.subnet_ids.private
#       allowed_cidrs = { vpc = module.vpc.cidr }
#     }
#
# The defaults are what rotates a control plane without a failed request: a target gets traffic once `/readyz` says so twice,
# loses it after two misses ten seconds apart, and when it leaves has four minutes to finish. Give the API server
# `--shutdown-delay-duration=60s`, so that it is unready for as long before it stops.
#
# Targets must let `security_group_id` in. A target group whose port or kind changes is made anew beside the old one, and the
# listener moves over.

resource "aws_lb" "this" {
  name               = var.name
  load_balancer_type = "network"
  internal           = var.internal
  ip_address_type    = var.dual_stack ? "dualstack" : "ipv4"

  # A load balancer that is made without a group can never have one.
  security_groups = [aws_security_group.this.id]

  subnets = length(var.eip_allocation_ids) == 0 ? values(var.subnet_ids) : null

  dynamic "subnet_mapping" {
    for_each = length(var.eip_allocation_ids) == 0 ? {} : var.subnet_ids

    content {
      subnet_id     = subnet_mapping.value
      allocation_id = var.eip_allocation_ids[subnet_mapping.key]
    }
  }

  enable_cross_zone_load_balancing = var.cross_zone
  enable_deletion_protection       = var.deletion_protection

  tags = merge(var.tags, { Name = var.name })
}

locals {
  target_ports = { for name, it in var.listeners : name => coalesce(it.target_port, it.port) }

  # What cannot be changed in a target group is part of its name, so that the next one can stand beside it.
  target_group_names = {
    for name, it in var.listeners : name => join("-", [
      trimsuffix(substr("${var.name}-${name}", 0, 25), "-"),
      substr(sha1("${var.name}/${name}/TCP/${local.target_ports[name]}/${it.target_type}"), 0, 6),
    ])
  }
}

resource "aws_lb_target_group" "this" {
  for_each = var.listeners

  name        = local.target_group_names[each.key]
  vpc_id      = var.vpc_id
  protocol    = "TCP"
  port        = local.target_ports[each.key]
  target_type = each.value.target_type

  deregistration_delay   = each.value.deregistration_delay
  connection_termination = each.value.connection_termination
  preserve_client_ip     = each.value.preserve_client_ip
  proxy_protocol_v2      = each.value.proxy_protocol

  health_check {
    protocol            = each.value.health_check.protocol
    path                = each.value.health_check.protocol == "TCP" ? null : each.value.health_check.path
    matcher             = each.value.health_check.protocol == "TCP" ? null : "200"
    port                = each.value.health_check.port
    interval            = each.value.health_check.interval
    timeout             = each.value.health_check.timeout
    healthy_threshold   = each.value.health_check.healthy_threshold
    unhealthy_threshold = each.value.health_check.unhealthy_threshold
  }

  tags = merge(var.tags, { Name = "${var.name}-${each.key}" })

  # A target that says that it is unready goes on with whom it serves, and ends their connections itself. Without this the load
  # balancer would cut them off, requests in flight included.
  target_health_state {
    enable_unhealthy_connection_termination = false
    unhealthy_draining_interval             = 300
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "this" {
  for_each = var.listeners

  load_balancer_arn = aws_lb.this.arn
  protocol          = "TCP"
  port              = each.value.port

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[each.key].arn
  }

  tags = merge(var.tags, { Name = "${var.name}-${each.key}" })
}
