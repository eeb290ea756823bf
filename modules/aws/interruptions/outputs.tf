output "queue_arn" {
  description = "ARN of the queue, for `drain_queue_arns` of `kprov//aws/iam`."
  value       = aws_sqs_queue.this.arn
}

output "queue_url" {
  description = "URL of the queue, once everything that is told gets there."
  value       = aws_sqs_queue.this.url
  depends_on  = [aws_sqs_queue_policy.this, aws_cloudwatch_event_target.this]
}
