# What AWS says before it takes an instance, in one queue: Spot interruptions, rebalance recommendations, instances that end,
# lifecycle hooks of the named groups, and maintenance that AWS schedules.
#
#     module "interruptions" {
#       source      = "kprov//aws/interruptions"
#       name        = "production"
#       group_names = [module.workers.name]
#     }
#
# A worker of `kprov//aws/workers` needs no queue: it reads notices about itself in its own metadata, gets no more pods, and
# lets go those that it has. The queue is for what sees all machines at once, such as aws-node-termination-handler, which also
# completes lifecycle hooks; what reads it gets the grant `node_drain` of `kprov//aws/iam` with `queue_arn`.
#
# EventBridge tells all of an account's instances but for hooks: a reader goes by what it knows of the cluster's.

locals {
  ec2 = { source = ["aws.ec2"] }

  rules = merge(
    {
      spot      = merge(local.ec2, { detail-type = ["EC2 Spot Instance Interruption Warning"] })
      rebalance = merge(local.ec2, { detail-type = ["EC2 Instance Rebalance Recommendation"] })

      # What starts is no notice.
      state = merge(local.ec2, {
        detail-type = ["EC2 Instance State-change Notification"]
        detail      = { state = ["shutting-down", "stopping", "stopped", "terminated"] }
      })

      maintenance = {
        source      = ["aws.health"]
        detail-type = ["AWS Health Event"]
        detail      = { service = ["EC2"], eventTypeCategory = ["scheduledChange"] }
      }
    },
    # Other groups of the account have drainers of their own: who takes their hooks' events would keep these waiting.
    length(var.group_names) == 0 ? {} : {
      lifecycle = {
        source      = ["aws.autoscaling"]
        detail-type = ["EC2 Instance-terminate Lifecycle Action"]
        detail      = { AutoScalingGroupName = sort(var.group_names) }
      }
    },
  )
}

resource "aws_sqs_queue" "this" {
  name                    = "${var.name}-interruptions"
  sqs_managed_sse_enabled = true

  # An older notice is about an instance that is gone.
  message_retention_seconds = 300

  tags = var.tags
}

data "aws_iam_policy_document" "this" {
  statement {
    sid       = "Events"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.this.arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    # Rules of others are EventBridge as well.
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [for rule in aws_cloudwatch_event_rule.this : rule.arn]
    }
  }

  statement {
    sid       = "Encrypted"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [aws_sqs_queue.this.arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sqs_queue_policy" "this" {
  queue_url = aws_sqs_queue.this.url
  policy    = data.aws_iam_policy_document.this.minified_json
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.rules

  name          = "${var.name}-${each.key}"
  description   = "To the queue of ${var.name}"
  event_pattern = jsonencode(each.value)

  tags = var.tags
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.rules

  rule      = aws_cloudwatch_event_rule.this[each.key].name
  target_id = "queue"
  arn       = aws_sqs_queue.this.arn
}
