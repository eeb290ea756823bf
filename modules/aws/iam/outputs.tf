output "role_arns" {
  description = "Node role, to the ARN of its IAM role."
  value       = { for role, it in aws_iam_role.this : role => it.arn }
}

output "role_names" {
  description = "Node role, to the name of its IAM role."
  value       = { for role, it in aws_iam_role.this : role => it.name }
}

output "instance_profile_names" {
  description = "Node role, to the name of its instance profile, once its policies are attached; for `instance_profile_name` of `kprov//aws/asg`."
  value       = { for role, it in aws_iam_instance_profile.this : role => it.name }
  depends_on  = [aws_iam_role_policy.this, aws_iam_role_policy_attachment.more]
}

output "instance_profile_arns" {
  description = "Node role, to the ARN of its instance profile."
  value       = { for role, it in aws_iam_instance_profile.this : role => it.arn }
}

output "policies" {
  description = "Node role, to its policy as JSON, for a review."
  value       = { for role, it in data.aws_iam_policy_document.role : role => it.minified_json }
}
