# AWS says in events that it will take an instance: whoever drains nodes reads them from one queue.

locals {
  interruptions = {
    lifecycle = {
      source       = ["aws.autoscaling"]
      detail-type  = ["EC2 Instance-terminate Lifecycle Action"]
      group_scoped = true
    }
    spot        = { source = ["aws.ec2"], detail-type = ["EC2 Spot Instance Interruption Warning"], group_scoped = false }
    rebalance   = { source = ["aws.ec2"], detail-type = ["EC2 Instance Rebalance Recommendation"], group_scoped = false }
    state       = { source = ["aws.ec2"], detail-type = ["EC2 Instance State-change Notification"], group_scoped = false }
    maintenance = { source = ["aws.health"], detail-type = ["AWS Health Event"], group_scoped = false }
  }
}

resource "aws_sqs_queue" "interruptions" {
  name                    = "${local.name}-interruptions"
  sqs_managed_sse_enabled = true
  # An older notice is about an instance that is gone.
  message_retention_seconds = 300
}

data "aws_iam_policy_document" "interruptions" {
  statement {
    sid       = "Events"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.interruptions.arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [for rule in aws_cloudwatch_event_rule.interruptions : rule.arn]
    }
  }
}

resource "aws_sqs_queue_policy" "interruptions" {
  queue_url = aws_sqs_queue.interruptions.url
  policy    = data.aws_iam_policy_document.interruptions.json
}

resource "aws_cloudwatch_event_rule" "interruptions" {
  for_each = local.interruptions

  name        = "${local.name}-${each.key}"
  description = "To the queue of ${local.name}"

  # Other groups of the account have drainers of their own.
  event_pattern = jsonencode(merge(
    { source = each.value.source, detail-type = each.value.detail-type },
    each.value.group_scoped ? { detail = { AutoScalingGroupName = ["${local.name}-masters", "${local.name}-workers"] } } : {},
  ))
}

resource "aws_cloudwatch_event_target" "interruptions" {
  for_each = local.interruptions

  rule      = aws_cloudwatch_event_rule.interruptions[each.key].name
  target_id = "queue"
  arn       = aws_sqs_queue.interruptions.arn
}
