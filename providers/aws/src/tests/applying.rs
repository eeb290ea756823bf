//! What applying costs: one call to make an object, and polls that all who wait share.

use kprov_core::Value;
use kprov_provider::Provider;
use serde_json::{Value as Json, json};

use super::compute::{image, of};
use super::flight::{Flight, text};
use super::run;

/// What is waited for until it is in a state, and how often at most: all who wait share the polls. A
/// look for each object would be more.
const POLLED: [(&str, u64); 6] = [
    ("autoscaling:DescribeAutoScalingGroups", 30),
    ("ec2:DescribeNatGateways", 40),
    ("ec2:DescribeSubnets", 5),
    ("ec2:DescribeVpcs", 5),
    ("elbv2:DescribeLoadBalancers", 40),
    ("sqs:GetQueueAttributes", 300),
];

/// Makes objects, all at once; their ids.
async fn add(flight: &Flight, ty: &str, configs: Vec<Json>) -> Vec<String> {
    let all = made(flight, ty, configs).await;
    all.iter().map(|object| text(object, "id")).collect()
}

async fn made(flight: &Flight, ty: &str, configs: Vec<Json>) -> Vec<Value> {
    let configs = configs.into_iter().map(|json| of(ty, json)).collect();
    let made = flight.make_all(ty, configs).await.into_iter();
    made.map(|it| it.unwrap_or_else(|error| panic!("{ty}: {error}")).value).collect()
}

/// Three zones with a public and a private subnet each.
async fn network(flight: &Flight) -> (String, Vec<String>) {
    let vpc = add(
        flight,
        "aws_vpc",
        vec![json!({"cidr_block": "10.0.0.0/16", "enable_dns_hostnames": true})],
    );
    let vpc = vpc.await.remove(0);
    let zones = ["a", "b", "c", "a", "b", "c"].iter().enumerate();
    let subnets = zones.map(|(n, zone)| {
        json!({
            "vpc_id": vpc, "cidr_block": format!("10.0.{n}.0/24"),
            "availability_zone": format!("eu-central-1{zone}"), "map_public_ip_on_launch": n > 2,
        })
    });
    let subnets = add(flight, "aws_subnet", subnets.collect()).await;
    let gateway = add(flight, "aws_internet_gateway", vec![json!({"vpc_id": vpc})]).await.remove(0);
    let addresses = add(flight, "aws_eip", vec![json!({"domain": "vpc"}); 3]).await;
    let nats = (0..3).map(|n| json!({"allocation_id": addresses[n], "subnet_id": subnets[n + 3]}));
    let nats = add(flight, "aws_nat_gateway", nats.collect()).await;
    let tables = add(flight, "aws_route_table", vec![json!({"vpc_id": vpc}); 4]).await;
    let way = |n: usize| match n {
        3 => ("gateway_id", &gateway),
        n => ("nat_gateway_id", &nats[n]),
    };
    let routes = (0..4).map(|n| {
        let (name, target) = way(n);
        json!({"route_table_id": tables[n], "destination_cidr_block": "0.0.0.0/0", name: target})
    });
    add(flight, "aws_route", routes.collect()).await;
    let joined =
        (0..6).map(|n| json!({"subnet_id": subnets[n], "route_table_id": tables[n.min(3)]}));
    add(flight, "aws_route_table_association", joined.collect()).await;
    (vpc, subnets)
}

async fn groups(flight: &Flight, vpc: &str) -> Vec<String> {
    let groups = ["masters", "workers"].map(|name| json!({"name": name, "vpc_id": vpc}));
    let groups = add(flight, "aws_security_group", groups.to_vec()).await;
    let rules = (0..8).map(|n| {
        json!({
            "security_group_id": groups[n % 2], "referenced_security_group_id": groups[1 - n % 2],
            "ip_protocol": "tcp", "from_port": 1000 + n, "to_port": 1000 + n,
        })
    });
    add(flight, "aws_vpc_security_group_ingress_rule", rules.collect()).await;
    let out = groups.iter().map(
        |group| json!({"security_group_id": group, "ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0"}),
    );
    add(flight, "aws_vpc_security_group_egress_rule", out.collect()).await;
    groups
}

/// Roles, load balancer, machines.
async fn cluster(flight: &Flight, vpc: &str, subnets: &[String], groups: &[String]) {
    let statement = json!({
        "Action": "sts:AssumeRole", "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"},
    });
    let trust = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    let names = ["masters", "workers"];
    let roles = names.map(|name| json!({"name": name, "assume_role_policy": trust}));
    add(flight, "aws_iam_role", roles.to_vec()).await;
    let statement = json!({"Action": ["ec2:Describe*"], "Effect": "Allow", "Resource": "*"});
    let allow = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    let policies = names.map(|name| json!({"name": "own", "role": name, "policy": allow}));
    add(flight, "aws_iam_role_policy", policies.to_vec()).await;
    let profiles = names.map(|name| json!({"name": name, "role": name}));
    add(flight, "aws_iam_instance_profile", profiles.to_vec()).await;
    let balancer = json!({
        "name": "api", "load_balancer_type": "network", "internal": true, "subnets": subnets[..3],
    });
    let balancer = add(flight, "aws_lb", vec![balancer]).await.remove(0);
    let targets = json!({"name": "api", "port": 6443, "protocol": "TCP", "vpc_id": vpc});
    let targets = add(flight, "aws_lb_target_group", vec![targets]).await.remove(0);
    let listener = json!({
        "load_balancer_arn": balancer, "port": 6443, "protocol": "TCP",
        "default_action": [{"type": "forward", "target_group_arn": targets}],
    });
    add(flight, "aws_lb_listener", vec![listener]).await;
    let image = image(flight).await;
    let templates = (0..2).map(|n| {
        json!({
            "name": names[n], "image_id": image, "instance_type": "t3.micro",
            "vpc_security_group_ids": [groups[n]], "iam_instance_profile": [{"name": names[n]}],
        })
    });
    let templates = add(flight, "aws_launch_template", templates.collect()).await;
    let sets = (0..2).map(|n| {
        json!({
            "name": names[n], "min_size": 3, "max_size": 6, "vpc_zone_identifier": subnets[..3],
            "launch_template": [{"id": templates[n], "version": "1"}],
        })
    });
    add(flight, "aws_autoscaling_group", sets.collect()).await;
}

/// Writes, looks and polls so far, with a table of them.
struct Bill {
    writes: u64,
    looks: u64,
    table: String,
}

fn bill(flight: &Flight) -> Bill {
    let kind = |name: &str| match name.split(':').next_back().unwrap_or_default() {
        _ if POLLED.iter().any(|(polled, _)| *polled == name) => "poll",
        // The test's own.
        "DescribeImages" => "",
        operation
            if ["Describe", "Get", "List", "Head"].iter().any(|it| operation.starts_with(it)) =>
        {
            "look"
        }
        _ => "write",
    };
    let calls: Vec<(String, u64)> =
        flight.aws().calls().into_iter().filter(|(name, _)| !kind(name).is_empty()).collect();
    let sum = |of: &str| -> u64 {
        calls.iter().filter(|(name, _)| kind(name) == of).map(|(_, count)| count).sum()
    };
    let (writes, looks, polls) = (sum("write"), sum("look"), sum("poll"));
    let lines = calls.iter().map(|(name, count)| format!("{count:5} {:5} {name}\n", kind(name)));
    let seconds = flight.passed().as_secs();
    let table = format!("{writes} writes, {looks} looks, {polls} polls, {seconds} s\n");
    let bill = Bill { writes, looks, table: lines.fold(table, |all, line| all + &line) };
    println!("{}", bill.table);
    for (name, most) in POLLED {
        let count = calls.iter().find(|(it, _)| it == name).map_or(0, |(_, count)| *count);
        assert!(count <= most, "{name}: {count} polls, not at most {most}\n{}", bill.table);
    }
    bill
}

impl Bill {
    /// Calls are at most 1.2 times the writes that the creates need, and polls that types share.
    fn check(&self) {
        assert!(5 * self.looks <= self.writes, "{}", self.table);
    }
}

#[test]
fn making_a_cluster_costs_its_creates_and_a_few_shared_looks() {
    run(async {
        let flight = Flight::far();
        let (vpc, subnets) = network(&flight).await;
        let groups = groups(&flight, &vpc).await;
        cluster(&flight, &vpc, &subnets, &groups).await;
        let bill = bill(&flight);
        // One call makes each of 47 objects; 15 more finish them (attributes, a role into a profile,
        // the egress rule that AWS gives a new group).
        assert!(bill.writes <= 62, "{}", bill.table);
        bill.check();
    });
}

/// Objects of other services than a network's.
async fn around(flight: &Flight, count: usize) {
    let all = |config: &dyn Fn(usize) -> Json| (0..count).map(config).collect::<Vec<_>>();
    let buckets = add(flight, "aws_s3_bucket", all(&|n| json!({"bucket": format!("b-{n}")}))).await;
    let of = |more: Json| {
        all(&|n| {
            let mut config = more.clone();
            config["bucket"] = json!(buckets[n]);
            config
        })
    };
    let versioned = json!({"versioning_configuration": [{"status": "Enabled"}]});
    add(flight, "aws_s3_bucket_versioning", of(versioned)).await;
    let blocked = json!({"block_public_acls": true, "block_public_policy": true});
    add(flight, "aws_s3_bucket_public_access_block", of(blocked)).await;
    let keys = all(&|n| json!({"description": format!("k{n}"), "enable_key_rotation": true}));
    let keys = add(flight, "aws_kms_key", keys).await;
    let names = all(&|n| json!({"name": format!("alias/k{n}"), "target_key_id": keys[n]}));
    add(flight, "aws_kms_alias", names).await;
    let rules =
        all(&|n| json!({"name": format!("r{n}"), "schedule_expression": "rate(5 minutes)"}));
    let rules = made(flight, "aws_cloudwatch_event_rule", rules).await;
    let queues = made(flight, "aws_sqs_queue", all(&|n| json!({"name": format!("q{n}")}))).await;
    let targets =
        all(&|n| json!({"rule": text(&rules[n], "name"), "arn": text(&queues[n], "arn")}));
    add(flight, "aws_cloudwatch_event_target", targets).await;
}

#[test]
fn making_many_of_each_type_costs_their_creates_and_a_few_shared_looks() {
    run(async {
        let flight = Flight::far();
        flight.control("PUT", "quotas", json!({"elastic-ips-per-region": 20}));
        let vpc =
            add(&flight, "aws_vpc", vec![json!({"cidr_block": "10.0.0.0/16"})]).await.remove(0);
        let all = |config: &dyn Fn(usize) -> Json| (0..12).map(config).collect::<Vec<_>>();
        let subnets = all(&|n| json!({"vpc_id": vpc, "cidr_block": format!("10.0.{n}.0/24")}));
        let subnets = add(&flight, "aws_subnet", subnets).await;
        add(&flight, "aws_eip", all(&|_| json!({"domain": "vpc"}))).await;
        let tables = add(&flight, "aws_route_table", all(&|_| json!({"vpc_id": vpc}))).await;
        let joined = all(&|n| json!({"subnet_id": subnets[n], "route_table_id": tables[n]}));
        add(&flight, "aws_route_table_association", joined).await;
        let own = all(&|n| json!({"name": format!("g{n}"), "vpc_id": vpc}));
        let own = add(&flight, "aws_security_group", own).await;
        let rules = all(
            &|n| json!({"security_group_id": own[n], "ip_protocol": "-1", "cidr_ipv4": "10.0.0.0/8"}),
        );
        add(&flight, "aws_vpc_security_group_ingress_rule", rules).await;
        let targets = all(
            &|n| json!({"name": format!("t{n}"), "port": 80, "protocol": "TCP", "vpc_id": vpc}),
        );
        add(&flight, "aws_lb_target_group", targets).await;
        let image = image(&flight).await;
        let templates = all(&|n| json!({"name": format!("tmpl{n}"), "image_id": image}));
        add(&flight, "aws_launch_template", templates).await;
        around(&flight, 12).await;
        bill(&flight).check();
    });
}

#[test]
fn a_run_that_follows_at_once_does_not_take_what_is_not_seen_yet_for_gone() {
    run(async {
        let flight = Flight::new();
        flight.control("PUT", "visibility", json!({"millis": 2000}));
        let vpc = add(&flight, "aws_vpc", vec![json!({"cidr_block": "10.0.0.0/16"})]);
        let vpc = vpc.await.remove(0);
        for _ in 0..8 {
            let table =
                flight.make("aws_route_table", of("aws_route_table", json!({"vpc_id": vpc})));
            let table = table.await;
            let now = flight.beside().read("aws_route_table", &table).await;
            assert_eq!(now.map(|now| now.value), Some(table.value));
        }
    });
}
