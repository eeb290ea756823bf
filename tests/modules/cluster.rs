//! A cluster of four variables, and what its pools of workers are: node documents in their user data, Spot capacity with its
//! notices, tags that an autoscaler reads.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kprov_node::document::{Document, Role};
use kprov_node::render::document_of;
use kprov_plan::Change;
use serde_json::Value as Json;

use crate::project::{Configuration, after};
use crate::safety::json;

/// All that must be said.
const REQUIRED: [&str; 4] = [
    r#"name = "production.example""#,
    r#"zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]"#,
    r#"image_id = "ami-1""#,
    r#"binaries = { directory = "/opt/kubernetes/bin" }"#,
];

/// `kprov//aws/cluster` with these arguments.
pub(crate) fn cluster(arguments: &[&str]) -> Configuration {
    let arguments = arguments.join("\n  ");
    Configuration::new(&format!(
        "module \"cluster\" {{\n  source = \"kprov//aws/cluster\"\n  {arguments}\n}}\n"
    ))
}

fn with(more: &str) -> Configuration {
    cluster(&[REQUIRED.as_slice(), &[more]].concat())
}

fn changes(configuration: &Configuration) -> Vec<Change> {
    configuration.plan().unwrap_or_else(|problems| panic!("{problems}"))
}

const GROUP: &str = "module.group.aws_autoscaling_group.this";
const TEMPLATE: &str = "module.group.aws_launch_template.this";

fn of_pool(changes: &[Change], pool: &str, what: &str) -> Json {
    json(after(changes, &format!("module.cluster.module.workers[\"{pool}\"].{what}")))
}

/// The document in the user data of a launch template.
fn document(template: &Json) -> Document {
    let encoded = template["user_data"].as_str().expect("user data");
    let user_data = STANDARD.decode(encoded).expect("base64");
    let text = document_of(&user_data).unwrap_or_else(|problem| panic!("{problem}"));
    Document::parse(&text).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn four_variables_make_a_cluster_and_none_less() {
    for left_out in REQUIRED {
        let rest: Vec<&str> = REQUIRED.into_iter().filter(|it| *it != left_out).collect();
        let name = left_out.split(' ').next().expect("a name");
        let problems = cluster(&rest).plan().expect_err(name);
        let said = format!("The argument \"{name}\" is required");
        assert!(problems.contains(&said), "{problems}");
        assert_eq!(problems.lines().count(), 1, "{problems}");
    }
    let configuration = cluster(&REQUIRED);
    configuration.apply();
    assert_eq!(configuration.steps(), Vec::<String>::new(), "a plan after apply");
    let template = json(after(
        &changes(&configuration),
        "module.cluster.module.masters.module.group.aws_launch_template.this",
    ));
    let document = document(&template);
    assert_eq!(
        (document.role, document.cluster.name.as_str()),
        (Role::Master, "production.example")
    );
    configuration.destroy();
    assert_eq!(configuration.objects(), Vec::<String>::new());
}

const SPOT: &str = r#"
  interruption_queue = true
  workers = {
    fixed = { min_size = 1, max_size = 3, desired_capacity = 2 }
    spot = {
      min_size        = 0
      max_size        = 9
      instance_type   = "m7i.xlarge"
      mixed_instances = { instance_types = ["m6i.xlarge", "m6a.xlarge"], on_demand_base = 1, on_demand_percentage = 20 }
      labels          = { workload = "batch" }
      taints          = { dedicated = { value = "batch", effect = "NoSchedule" } }
      drain_timeout   = 120
    }
  }
"#;

#[test]
fn a_pool_takes_spot_capacity_of_several_types_and_is_the_autoscalers() {
    let configuration = with(SPOT);
    configuration.apply();
    assert_eq!(configuration.steps(), Vec::<String>::new(), "a plan after apply");
    let changes = changes(&configuration);
    let group = of_pool(&changes, "spot", GROUP);
    let mixed = &group["mixed_instances_policy"][0];
    let distribution = &mixed["instances_distribution"][0];
    assert_eq!(distribution["on_demand_base_capacity"], 1);
    assert_eq!(distribution["on_demand_percentage_above_base_capacity"], 20);
    assert_eq!(distribution["spot_allocation_strategy"], "price-capacity-optimized");
    let types: Vec<&str> = mixed["launch_template"][0]["override"]
        .as_array()
        .expect("overrides")
        .iter()
        .filter_map(|it| it["instance_type"].as_str())
        .collect();
    assert_eq!(types, ["m7i.xlarge", "m6i.xlarge", "m6a.xlarge"]);
    assert_eq!(group["capacity_rebalance"], true);
    let hook = &group["initial_lifecycle_hook"][0];
    assert_eq!(hook["lifecycle_transition"], "autoscaling:EC2_INSTANCE_TERMINATING");
    assert_eq!(
        (&hook["heartbeat_timeout"], &hook["default_result"]),
        (&120.into(), &"CONTINUE".into())
    );

    let tag = |group: &Json, key: &str| {
        let tags = group["tag"].as_array().expect("tags").clone();
        let found = tags.into_iter().find(|it| it["key"] == key);
        found.map(|it| {
            (it["value"].as_str().unwrap_or_default().to_owned(), it["propagate_at_launch"] == true)
        })
    };
    let template = |kind: &str| format!("k8s.io/cluster-autoscaler/node-template/{kind}");
    for (key, value) in [
        ("k8s.io/cluster-autoscaler/enabled".to_owned(), "true"),
        ("k8s.io/cluster-autoscaler/production.example".to_owned(), "owned"),
        (template("label/workload"), "batch"),
        (template("label/node.kubernetes.io/pool"), "spot"),
        (template("taint/dedicated"), "batch:NoSchedule"),
    ] {
        assert_eq!(tag(&group, &key), Some((value.to_owned(), false)), "{key}");
    }
    assert_eq!(tag(&group, "kprov.dev/role"), Some(("worker".to_owned(), true)));
    // Who says the number himself has no autoscaler beside him.
    let fixed = of_pool(&changes, "fixed", GROUP);
    assert_eq!(fixed["desired_capacity"], 2);
    assert_eq!(tag(&fixed, "k8s.io/cluster-autoscaler/enabled"), None);
    assert!(fixed["initial_lifecycle_hook"].as_array().is_none_or(Vec::is_empty));

    let document = document(&of_pool(&changes, "spot", TEMPLATE));
    assert_eq!(document.role, Role::Worker);
    assert_eq!(document.kubelet.labels["workload"], "batch");
    assert_eq!(document.kubelet.taints, ["dedicated=batch:NoSchedule"]);
}

#[test]
fn notices_go_to_a_queue_that_workers_read_and_nobody_else_writes() {
    let configuration = with(SPOT);
    configuration.apply();
    let changes = changes(&configuration);
    let one = |what: &str| {
        json(after(&changes, &format!("module.cluster.module.interruptions[0].{what}")))
    };
    let queue = one("aws_sqs_queue.this");
    assert_eq!(queue["sqs_managed_sse_enabled"], true);
    let rule = |name: &str| -> Json {
        let rule = one(&format!("aws_cloudwatch_event_rule.this[\"{name}\"]"));
        let target = one(&format!("aws_cloudwatch_event_target.this[\"{name}\"]"));
        assert_eq!(target["arn"], queue["arn"]);
        serde_json::from_str(rule["event_pattern"].as_str().expect("a pattern")).expect("JSON")
    };
    for (name, source, kind) in [
        ("spot", "aws.ec2", "EC2 Spot Instance Interruption Warning"),
        ("rebalance", "aws.ec2", "EC2 Instance Rebalance Recommendation"),
        ("state", "aws.ec2", "EC2 Instance State-change Notification"),
        ("maintenance", "aws.health", "AWS Health Event"),
        ("lifecycle", "aws.autoscaling", "EC2 Instance-terminate Lifecycle Action"),
    ] {
        let pattern = rule(name);
        assert_eq!(
            (&pattern["source"][0], &pattern["detail-type"][0]),
            (&source.into(), &kind.into())
        );
    }
    // Hooks of this cluster's pools only.
    let groups = &rule("lifecycle")["detail"]["AutoScalingGroupName"];
    assert_eq!(*groups, serde_json::json!(["production-example-fixed", "production-example-spot"]));

    let policy = one("aws_sqs_queue_policy.this");
    let policy: Json =
        serde_json::from_str(policy["policy"].as_str().expect("text")).expect("JSON");
    let writes: Vec<&Json> = policy["Statement"]
        .as_array()
        .expect("statements")
        .iter()
        .filter(|it| it["Effect"] != "Deny")
        .collect();
    assert_eq!(writes.len(), 1, "{policy:#}");
    assert_eq!(writes[0]["Action"], serde_json::json!(["sqs:SendMessage"]));
    let sources = writes[0]["Condition"]["ArnEquals"]["aws:SourceArn"].as_array().expect("rules");
    assert_eq!(sources.len(), 5, "{policy:#}");

    let rights = |role: &str| {
        let address = format!("module.cluster.module.iam.aws_iam_role_policy.this[\"{role}\"]");
        json(after(&changes, &address))["policy"].as_str().expect("text").to_owned()
    };
    let arn = queue["arn"].as_str().expect("an ARN");
    assert!(rights("worker").contains("sqs:ReceiveMessage") && rights("worker").contains(arn));
    assert!(!rights("master").contains("sqs:"), "masters run no pods");
    // Without a queue nobody has such rights.
    let plain = cluster(&REQUIRED);
    plain.apply();
    assert!(!plain.objects().iter().any(|it| it.contains("interruptions")));
}

#[test]
fn a_pool_may_stay_behind_its_masters_for_a_while() {
    let pool = |version: &str| {
        let pool =
            format!("old = {{ min_size = 1, max_size = 1, kubernetes_version = \"{version}\" }}");
        with(&format!("kubernetes_version = \"1.36.3\"\n  workers = {{ {pool} }}"))
    };
    let configuration = pool("1.33.9");
    configuration.apply();
    let template = of_pool(&changes(&configuration), "old", TEMPLATE);
    assert_eq!(document(&template).versions.kubernetes.to_string(), "1.33.9");
    for version in ["1.32.0", "1.37.0", "2.36.3", "latest"] {
        let problems = pool(version).plan().expect_err(version);
        assert!(problems.contains("never newer than its masters"), "{problems}");
    }
}
