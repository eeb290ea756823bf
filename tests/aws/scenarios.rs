//! What is applied: a configuration before, and the one whose apply is disturbed.

use kprov_tests::bench::Wanted;

use crate::sky::PROVIDER;

/// One of them.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// Parts of a configuration.
    pub(crate) before: &'static [&'static str],
    pub(crate) after: &'static [&'static str],
    pub(crate) destroy: bool,
}

fn configuration(parts: &[&str]) -> Wanted {
    Wanted::new(&(PROVIDER.to_owned() + &parts.join("\n")))
}

impl Scenario {
    /// What is there before, if anything.
    pub(crate) fn prior(&self) -> Option<Wanted> {
        (!self.before.is_empty()).then(|| configuration(self.before))
    }

    pub(crate) fn wanted(&self) -> Wanted {
        let wanted = configuration(self.after);
        if self.destroy { wanted.destroy() } else { wanted }
    }
}

const VPC: &str = r#"
resource "aws_vpc" "a" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "a" }
}
resource "aws_subnet" "s" {
  for_each                = { a = 0, b = 1 }
  vpc_id                  = aws_vpc.a.id
  availability_zone       = "eu-west-1${each.key}"
  cidr_block              = cidrsubnet(aws_vpc.a.cidr_block, 8, each.value)
  map_public_ip_on_launch = true
  tags                    = { Name = "s-${each.key}" }
}
resource "aws_security_group" "g" {
  name   = "g"
  vpc_id = aws_vpc.a.id
}
"#;

const WAYS: &str = r#"
resource "aws_internet_gateway" "a" { vpc_id = aws_vpc.a.id }
resource "aws_route_table" "out" {
  vpc_id = aws_vpc.a.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.a.id
  }
}
resource "aws_route_table_association" "out" {
  subnet_id      = aws_subnet.s["a"].id
  route_table_id = aws_route_table.out.id
}
resource "aws_eip" "nat" { domain = "vpc" }
resource "aws_nat_gateway" "a" {
  subnet_id     = aws_subnet.s["a"].id
  allocation_id = aws_eip.nat.id
  depends_on    = [aws_internet_gateway.a]
}
resource "aws_route_table" "in" { vpc_id = aws_vpc.a.id }
resource "aws_route" "in" {
  route_table_id         = aws_route_table.in.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.a.id
}
resource "aws_vpc_endpoint" "s3" {
  vpc_id          = aws_vpc.a.id
  service_name    = "com.amazonaws.eu-west-1.s3"
  route_table_ids = [aws_route_table.in.id]
}
resource "aws_vpc_security_group_ingress_rule" "ssh" {
  security_group_id = aws_security_group.g.id
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_ipv4         = "10.0.0.0/8"
}
resource "aws_default_security_group" "a" { vpc_id = aws_vpc.a.id }
"#;

const RIGHTS: &str = r#"
resource "aws_iam_role" "node" {
  name               = "node"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Action = "sts:AssumeRole", Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}
resource "aws_iam_role_policy" "node" {
  name   = "own"
  role   = aws_iam_role.node.name
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Action = "ec2:Describe*", Effect = "Allow", Resource = "*" }] })
}
resource "aws_iam_instance_profile" "node" {
  name = "node"
  role = aws_iam_role.node.name
}
"#;

const MACHINES: &str = r#"
resource "aws_launch_template" "node" {
  name_prefix            = "node-"
  image_id               = "ami-0a1b2c3d4e5f60718"
  instance_type          = "t3.micro"
  vpc_security_group_ids = [aws_security_group.g.id]
  iam_instance_profile { name = aws_iam_instance_profile.node.name }
}
resource "aws_autoscaling_group" "nodes" {
  name                = "nodes"
  min_size            = 2
  max_size            = 3
  vpc_zone_identifier = [for subnet in aws_subnet.s : subnet.id]
  suspended_processes = ["AZRebalance"]
  target_group_arns   = [aws_lb_target_group.api.arn]
  launch_template {
    id      = aws_launch_template.node.id
    version = aws_launch_template.node.latest_version
  }
}
resource "aws_instance" "one" {
  ami           = "ami-0a1b2c3d4e5f60718"
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.s["a"].id
  tags          = { Name = "one" }
}
resource "aws_lb" "api" {
  name               = "api"
  load_balancer_type = "network"
  internal           = true
  subnets            = [for subnet in aws_subnet.s : subnet.id]
  enable_cross_zone_load_balancing = true
}
resource "aws_lb_target_group" "api" {
  name                 = "api"
  port                 = 6443
  protocol             = "TCP"
  vpc_id               = aws_vpc.a.id
  deregistration_delay = 30
}
resource "aws_lb_listener" "api" {
  load_balancer_arn = aws_lb.api.arn
  port              = 6443
  protocol          = "TCP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.api.arn
  }
}
"#;

const SERVICES: &str = r#"
resource "aws_kms_key" "k" {
  description         = "k"
  enable_key_rotation = true
}
resource "aws_kms_alias" "k" {
  name          = "alias/k"
  target_key_id = aws_kms_key.k.key_id
}
resource "aws_s3_bucket" "b" {
  bucket        = "kprov-suite-b"
  force_destroy = true
  tags          = { Name = "b" }
}
resource "aws_s3_bucket_versioning" "b" {
  bucket = aws_s3_bucket.b.id
  versioning_configuration { status = "Enabled" }
}
resource "aws_sqs_queue" "q" { name = "q" }
resource "aws_cloudwatch_event_rule" "r" {
  name          = "r"
  event_pattern = jsonencode({ source = ["aws.ec2"] })
}
resource "aws_cloudwatch_event_target" "r" {
  rule      = aws_cloudwatch_event_rule.r.name
  target_id = "q"
  arn       = aws_sqs_queue.q.arn
}
resource "aws_route53_zone" "z" { name = "suite.example" }
resource "aws_route53_record" "www" {
  zone_id = aws_route53_zone.z.zone_id
  name    = "www"
  type    = "A"
  ttl     = 60
  records = ["192.0.2.1"]
}
resource "aws_ssm_parameter" "p" {
  name  = "/suite/p"
  type  = "String"
  value = "v"
}
"#;

const BEFORE_CHANGES: &str = r#"
resource "aws_vpc" "a" {
  cidr_block = "10.0.0.0/16"
  tags       = { Name = "a" }
}
resource "aws_subnet" "s" {
  vpc_id     = aws_vpc.a.id
  cidr_block = "10.0.0.0/24"
}
resource "aws_security_group" "g" {
  name   = "g"
  vpc_id = aws_vpc.a.id
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
}
resource "aws_instance" "one" {
  ami           = "ami-0a1b2c3d4e5f60718"
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.s.id
  tags          = { Name = "one" }
  lifecycle { create_before_destroy = true }
}
resource "aws_sqs_queue" "q" { name = "q" }
resource "aws_eip" "gone" { domain = "vpc" }
"#;

const CHANGES: &str = r#"
resource "aws_vpc" "a" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "b", more = "x" }
}
resource "aws_subnet" "s" {
  vpc_id                  = aws_vpc.a.id
  cidr_block              = "10.0.0.0/24"
  map_public_ip_on_launch = true
  tags                    = { Name = "s" }
}
resource "aws_security_group" "g" {
  name   = "g"
  vpc_id = aws_vpc.a.id
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
}
resource "aws_instance" "one" {
  ami           = "ami-0a1b2c3d4e5f60718"
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.s.id
  tags          = { Name = "one" }
  user_data     = "new"
  user_data_replace_on_change = true
  lifecycle { create_before_destroy = true }
}
resource "aws_sqs_queue" "q" {
  name                       = "q"
  visibility_timeout_seconds = 45
}
"#;

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario { name: "network", before: &[], after: &[VPC, WAYS], destroy: false },
    Scenario { name: "machines", before: &[VPC], after: &[VPC, RIGHTS, MACHINES], destroy: false },
    Scenario { name: "services", before: &[], after: &[SERVICES], destroy: false },
    Scenario { name: "changes", before: &[BEFORE_CHANGES], after: &[CHANGES], destroy: false },
    Scenario {
        name: "network destroyed",
        before: &[VPC, WAYS],
        after: &[VPC, WAYS],
        destroy: true,
    },
    Scenario {
        name: "machines destroyed",
        before: &[VPC, RIGHTS, MACHINES],
        after: &[VPC, RIGHTS, MACHINES],
        destroy: true,
    },
    Scenario { name: "services destroyed", before: &[SERVICES], after: &[SERVICES], destroy: true },
];
