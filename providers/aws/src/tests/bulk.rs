//! What reads in bulk cost: calls by type and page, not by object.

use kprov_provider::{Object, Provider, ReadRequest};
use serde_json::{Value as Json, json};

use super::compute::{image, of};
use super::flight::{Flight, text};
use super::run;

/// What a plan over this many objects may cost.
const CALLS: u64 = 60;

/// Objects by type, made as they are asked for.
struct Estate {
    flight: Flight,
    objects: Vec<(&'static str, Vec<Object>)>,
}

impl Estate {
    /// Makes objects; their ids.
    async fn add(&mut self, ty: &'static str, configs: Vec<Json>) -> Vec<String> {
        let configs = configs.into_iter().map(|json| of(ty, json)).collect();
        let made = self.flight.make_all(ty, configs).await;
        let made: Vec<Object> =
            made.into_iter().map(|it| it.unwrap_or_else(|error| panic!("{ty}: {error}"))).collect();
        let ids = made.iter().map(|object| text(&object.value, "id")).collect();
        self.objects.push((ty, made));
        ids
    }

    fn count(&self) -> usize {
        self.objects.iter().map(|(_, objects)| objects.len()).sum()
    }
}

/// `count` objects.
fn many(count: usize, config: impl Fn(usize) -> Json) -> Vec<Json> {
    (0..count).map(config).collect()
}

fn zone(n: usize) -> String {
    format!("eu-central-1{}", ["a", "b", "c"][n % 3])
}

/// Networks: VPCs, subnets, routes, gateways, addresses.
async fn networks(estate: &mut Estate) -> (Vec<String>, Vec<String>) {
    let vpcs =
        many(4, |n| json!({"cidr_block": format!("10.{n}.0.0/16"), "enable_dns_hostnames": true}));
    let vpcs = estate.add("aws_vpc", vpcs).await;
    let subnets = many(80, |n| {
        json!({
            "vpc_id": vpcs[n % 4], "cidr_block": format!("10.{}.{}.0/24", n % 4, n / 4),
            "availability_zone": zone(n / 4), "tags": {"Name": format!("s{n}")},
        })
    });
    let subnets = estate.add("aws_subnet", subnets).await;
    let gateways = many(4, |n| json!({"vpc_id": vpcs[n]}));
    let gateways = estate.add("aws_internet_gateway", gateways).await;
    let addresses = estate.add("aws_eip", many(20, |_| json!({"domain": "vpc"}))).await;
    let nats = many(12, |n| json!({"allocation_id": addresses[n], "subnet_id": subnets[n]}));
    let nats = estate.add("aws_nat_gateway", nats).await;
    let tables = estate.add("aws_route_table", many(40, |n| json!({"vpc_id": vpcs[n % 4]}))).await;
    let joined = many(80, |n| json!({"subnet_id": subnets[n], "route_table_id": tables[n % 40]}));
    estate.add("aws_route_table_association", joined).await;
    let routes = many(40, |n| {
        let (table, block) = (&tables[n], "0.0.0.0/0");
        match n % 2 {
            0 => json!({"route_table_id": table, "destination_cidr_block": block,
                        "gateway_id": gateways[n % 4]}),
            _ => json!({"route_table_id": table, "destination_cidr_block": block,
                        "nat_gateway_id": nats[n % 12]}),
        }
    });
    estate.add("aws_route", routes).await;
    let options = many(4, |n| json!({"domain_name": format!("d{n}.internal")}));
    let options = estate.add("aws_vpc_dhcp_options", options).await;
    let joined = many(4, |n| json!({"vpc_id": vpcs[n], "dhcp_options_id": options[n]}));
    estate.add("aws_vpc_dhcp_options_association", joined).await;
    let more =
        many(4, |n| json!({"vpc_id": vpcs[n], "cidr_block": format!("10.{}.0.0/20", n + 100)}));
    estate.add("aws_vpc_ipv4_cidr_block_association", more).await;
    let endpoints =
        many(4, |n| json!({"vpc_id": vpcs[n], "service_name": "com.amazonaws.eu-central-1.s3"}));
    estate.add("aws_vpc_endpoint", endpoints).await;
    (vpcs, subnets)
}

/// Security groups with rules of both kinds.
async fn groups(estate: &mut Estate, vpcs: &[String]) -> Vec<String> {
    let groups = many(60, |n| json!({"name": format!("g{n}"), "vpc_id": vpcs[n % 4]}));
    let groups = estate.add("aws_security_group", groups).await;
    let rule = |n: usize, port: &str, to: &str, group: &str| {
        json!({
            group: groups[n % 60], port: 1000 + n, to: 1000 + n,
        })
    };
    let open = |mut rule: Json, more: Json| {
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rule
    };
    let ingress = many(240, |n| {
        let more = json!({"ip_protocol": "tcp", "cidr_ipv4": "10.0.0.0/8"});
        open(rule(n, "from_port", "to_port", "security_group_id"), more)
    });
    estate.add("aws_vpc_security_group_ingress_rule", ingress).await;
    let egress = many(60, |n| {
        json!({"security_group_id": groups[n], "ip_protocol": "udp", "from_port": n,
               "to_port": n, "cidr_ipv4": "10.0.0.0/8"})
    });
    estate.add("aws_vpc_security_group_egress_rule", egress).await;
    let old = many(60, |n| {
        let more = json!({"type": "ingress", "protocol": "udp", "cidr_blocks": ["10.0.0.0/8"]});
        open(rule(n, "from_port", "to_port", "security_group_id"), more)
    });
    estate.add("aws_security_group_rule", old).await;
    groups
}

/// Machines, their volumes, and what they are made from.
async fn machines(estate: &mut Estate, subnets: &[String], groups: &[String]) {
    let image = image(&estate.flight).await;
    let instances = many(80, |n| {
        // Subnets and groups go round the VPCs in the same order.
        json!({"ami": image, "instance_type": "t3.micro", "subnet_id": subnets[n],
               "vpc_security_group_ids": [groups[n % 60]]})
    });
    let instances = estate.add("aws_instance", instances).await;
    let volumes = many(60, |n| json!({"availability_zone": zone(n / 4), "size": 10}));
    let volumes = estate.add("aws_ebs_volume", volumes).await;
    let attached = many(
        60,
        |n| json!({"device_name": "/dev/sdf", "volume_id": volumes[n], "instance_id": instances[n]}),
    );
    estate.add("aws_volume_attachment", attached).await;
    let templates = many(
        40,
        |n| json!({"name": format!("template-{n}"), "image_id": image, "instance_type": "t3.micro"}),
    );
    estate.add("aws_launch_template", templates).await;
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJQ5TtQdQ9RkYCnzzqOCFy1iw4bnPPLkWLQ2XxWl0l0x k";
    let keys = many(12, |n| json!({"key_name": format!("k{n}"), "public_key": key}));
    estate.add("aws_key_pair", keys).await;
    let tags = many(40, |n| json!({"resource_id": subnets[n], "key": "role", "value": "elb"}));
    estate.add("aws_ec2_tag", tags).await;
}

/// Everything at once, as a refresh reads it.
async fn refresh(estate: &Estate) -> Vec<(&'static str, Option<Object>)> {
    let context = estate.flight.context().await;
    let all = estate.objects.iter().map(|(ty, objects)| {
        let requests = objects.iter().map(|it| ReadRequest { prior: it.clone() }).collect();
        let resource = estate.flight.aws().resource(ty).unwrap();
        let read = resource.read_many(&context, requests);
        async move {
            let answers = read.await.into_iter();
            let answers = answers.map(|it| it.unwrap_or_else(|error| panic!("{ty}: {error}")));
            answers.map(|answer| (*ty, answer)).collect::<Vec<_>>()
        }
    });
    futures::future::join_all(all).await.into_iter().flatten().collect()
}

/// What a refresh calls; everything must be found.
async fn counted(estate: &Estate) -> Vec<(String, u64)> {
    // The first look may not see yet what was made a moment ago, and looks again.
    refresh(estate).await;
    let before: std::collections::BTreeMap<String, u64> =
        estate.flight.aws().calls().into_iter().collect();
    let found = refresh(estate).await;
    let made = estate.objects.iter().flat_map(|(_, objects)| objects);
    for ((ty, now), made) in found.iter().zip(made) {
        let now = now.as_ref().unwrap_or_else(|| panic!("{ty} {:?} is gone", made.value));
        assert_eq!(text(&now.value, "id"), text(&made.value, "id"), "{ty}");
    }
    let calls = estate.flight.aws().calls().into_iter();
    let new = calls.map(|(name, count)| {
        let more = count - before.get(&name).copied().unwrap_or(0);
        (name, more)
    });
    new.filter(|(_, count)| *count > 0).collect()
}

#[test]
fn a_refresh_of_a_thousand_objects_costs_at_most_sixty_calls() {
    run(async {
        let mut estate = Estate { flight: Flight::new(), objects: Vec::new() };
        estate.flight.control("PUT", "quotas", json!({"elastic-ips-per-region": 20}));
        let (vpcs, subnets) = networks(&mut estate).await;
        let groups = groups(&mut estate, &vpcs).await;
        machines(&mut estate, &subnets, &groups).await;
        assert!(estate.count() >= 1000, "{}", estate.count());
        let calls = counted(&estate).await;
        let sum: u64 = calls.iter().map(|(_, count)| count).sum();
        let table: String =
            calls.iter().map(|(name, count)| format!("{count:5} {name}\n")).collect();
        println!("{} objects, {sum} calls:\n{table}", estate.count());
        assert!(sum <= CALLS, "{sum} calls for {} objects:\n{table}", estate.count());
    });
}

#[test]
fn many_policies_and_rules_come_from_lists_and_only_tags_one_by_one() {
    run(async {
        let mut estate = Estate { flight: Flight::new(), objects: Vec::new() };
        let statement = json!({"Action": "s3:*", "Effect": "Allow", "Resource": "*"});
        let document = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let policies = many(12, |n| json!({"name": format!("p{n}"), "policy": document}));
        estate.add("aws_iam_policy", policies).await;
        let rules = many(
            12,
            |n| json!({"name": format!("r{n}"), "schedule_expression": "rate(5 minutes)"}),
        );
        estate.add("aws_cloudwatch_event_rule", rules).await;
        let calls = counted(&estate).await;
        let expected = [
            ("events:ListRules", 1),
            ("events:ListTagsForResource", 12),
            ("iam:GetAccountAuthorizationDetails", 1),
            ("iam:GetPolicy", 12),
        ];
        assert_eq!(calls, expected.map(|(name, count)| (name.to_owned(), count)));
    });
}
