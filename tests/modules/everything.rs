//! What the examples leave out: every switch of every module once.

use crate::facts::VPC;
use crate::project::Configuration;

/// Applies, plans again, and gives the objects.
fn steady(main: &str) -> Vec<String> {
    let configuration = Configuration::new(main);
    configuration.apply();
    assert_eq!(configuration.steps(), Vec::<String>::new(), "a plan after apply of {main}");
    let objects = configuration.objects();
    configuration.destroy();
    assert_eq!(configuration.objects(), Vec::<String>::new(), "left over from {main}");
    objects
}

fn count(objects: &[String], part: &str) -> usize {
    objects.iter().filter(|it| it.contains(part)).count()
}

#[test]
fn a_network_with_everything() {
    let objects = steady(
        r#"
        module "vpc" {
          source              = "kprov//aws/vpc"
          name                = "n"
          cluster_name        = "c.example"
          tiers               = ["public", "private", "utility"]
          nat                 = "single"
          ipv6                = true
          nat64               = true
          gateway_endpoints   = ["s3", "dynamodb"]
          interface_endpoints = ["ecr.api", "ecr.dkr", "sts"]
          subnet_cidrs        = { "utility/eu-west-1a" = "10.0.255.0/24" }

          peerings = {
            databases = { vpc_id = "vpc-2", cidrs = ["10.80.0.0/16", "10.81.0.0/16"], route_table_ids = { main = "rtb-2" } }
          }
        }"#,
    );
    assert_eq!(count(&objects, "aws_subnet."), 9);
    assert_eq!(count(&objects, "aws_nat_gateway."), 1);
    assert_eq!(count(&objects, "aws_egress_only_internet_gateway."), 1);
    assert_eq!(count(&objects, "aws_route.private_nat64"), 3);
    assert_eq!(count(&objects, "aws_vpc_endpoint."), 5);
    // Four tables to two ranges there, and one table back.
    assert_eq!(count(&objects, "module.peering[\"databases\"].aws_route.this"), 8);
    assert_eq!(count(&objects, "module.peering[\"databases\"].aws_route.peer"), 1);
    assert_eq!(count(&objects, "aws_vpc_peering_connection_options."), 2);
}

#[test]
fn a_network_with_nothing() {
    let objects = steady(
        r#"
        module "vpc" {
          source                          = "kprov//aws/vpc"
          name                            = "n"
          zones                           = ["eu-west-1a"]
          tiers                           = ["private"]
          nat                             = "none"
          gateway_endpoints               = []
          restrict_default_security_group = false
        }"#,
    );
    assert_eq!(objects.len(), 4, "{objects:#?}");
}

#[test]
fn groups_of_many_kinds() {
    let objects = steady(
        r#"
        module "edge" {
          source                = "kprov//aws/asg"
          name                  = "edge"
          cluster_name          = "c.example"
          vpc_id                = "vpc-1"
          subnet_ids            = ["subnet-a", "subnet-b"]
          image_id              = "ami-1"
          instance_type         = "m7i.large"
          instance_profile_name = "edge"
          min_size              = 0
          max_size              = 9
          associate_public_ip   = true
          capacity_rebalance    = true
          autoscaler            = { labels = { pool = "edge" }, taints = { edge = "true:NoSchedule" } }
          mixed_instances       = { instance_types = ["m6i.large", "m6a.large"], on_demand_base = 1 }
          volumes               = { "/dev/xvdb" = { size = 200, iops = 4000 } }
          max_instance_lifetime = 604800
        }"#,
    );
    assert_eq!(count(&objects, "aws_autoscaling_group."), 1);
}

#[test]
fn load_balancers_and_zones_of_many_kinds() {
    let objects = steady(&format!(
        r#"
        module "ingress" {{
          source             = "kprov//aws/nlb"
          name               = "a-load-balancer-with-a-long-name"
          vpc_id             = "{VPC}"
          subnet_ids         = {{ a = "subnet-a", b = "subnet-b" }}
          internal           = false
          eip_allocation_ids = {{ a = "eipalloc-a", b = "eipalloc-b" }}
          dual_stack         = true
          allow_world        = true
          allowed_cidrs      = {{ v4 = "0.0.0.0/0", v6 = "::/0" }}

          allowed_security_groups = {{ nodes = "sg-1" }}

          listeners = {{
            http  = {{ port = 80, target_port = 30080, health_check = {{ protocol = "TCP" }} }}
            https = {{ port = 443, target_port = 30443, health_check = {{ protocol = "HTTP", path = "/healthz", port = "30080" }} }}
          }}
        }}

        module "public" {{
          source    = "kprov//aws/dns"
          zone_name = "example.com"
          private   = false
          records = {{
            apex = {{ name = "", alias = {{ dns_name = module.ingress.dns_name, zone_id = module.ingress.zone_id }} }}
            mail = {{ name = "", type = "MX", ttl = 300, values = ["10 mail.example.com"] }}
          }}
        }}

        module "existing" {{
          source             = "kprov//aws/dns"
          zone_name          = "internal.example"
          existing           = true
          vpc_id             = "{VPC}"
          associated_vpc_ids = {{ peer = "vpc-2" }}
          records            = {{ a = {{ name = "a", values = ["10.0.0.1"] }} }}
        }}"#
    ));
    assert_eq!(count(&objects, "aws_lb_target_group."), 2);
    assert_eq!(count(&objects, "aws_vpc_security_group_ingress_rule."), 6);
    // Of the existing zone only what was put into it.
    assert_eq!(count(&objects, "module.existing.aws_route53_zone."), 0);
    assert_eq!(count(&objects, "module.existing.aws_route53_zone_association."), 2);
}
