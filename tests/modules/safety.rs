//! What is safe without saying anything, and steady when something is added.

use kprov_core::{Type, Value, value};
use serde_json::Value as Json;

use crate::project::{Configuration, after};

const GROUP: &str = r#"
    module "workers" {
      source        = "kprov//aws/asg"
      name          = "workers"
      vpc_id        = "vpc-1"
      subnet_ids    = ["subnet-a"]
      image_id      = "ami-1"
      instance_type = "m7i.large"
      min_size      = 1
      max_size      = 3
      MORE
    }
"#;

pub(crate) fn json(value: &Value) -> Json {
    let known = value::transform(value, &mut |_, part| match part.is_known() {
        true => part.unmark().0,
        false if part.ty() == Type::String => Value::string("?"),
        false => Value::NULL,
    });
    value::to_json(&known, &known.ty()).expect("JSON")
}

fn planned(main: &str, addr: &str) -> Json {
    let changes = Configuration::new(main).plan().unwrap_or_else(|problems| panic!("{problems}"));
    json(after(&changes, addr))
}

#[test]
fn instances_are_hardened_and_pinned() {
    let more = r#"lifecycle_hooks = {
        join  = { transition = "launching", default_result = "ABANDON", heartbeat_timeout = 600 }
        drain = { transition = "terminating", default_result = "CONTINUE", heartbeat_timeout = 300 }
      }"#;
    let main = GROUP.replace("MORE", more);
    let template = planned(&main, "module.workers.aws_launch_template.this");
    assert_eq!(template["metadata_options"][0]["http_tokens"], "required");
    assert_eq!(template["metadata_options"][0]["http_put_response_hop_limit"], 1);
    assert_eq!(template["block_device_mappings"][0]["ebs"][0]["encrypted"], "true");
    assert_eq!(template["block_device_mappings"][0]["ebs"][0]["volume_type"], "gp3");
    let group = planned(&main, "module.workers.aws_autoscaling_group.this");
    // Of a number that apply learns, so neither $Latest nor $Default.
    assert_eq!(group["launch_template"][0]["version"], "?");
    let hooks = group["initial_lifecycle_hook"].as_array().expect("hooks");
    assert_eq!(hooks.len(), 2);
    assert!(hooks.iter().all(|it| it["default_result"].is_string()), "{hooks:#?}");
}

#[test]
fn a_changed_template_changes_the_group_and_nothing_is_made_anew() {
    let before = GROUP.replace("MORE", "");
    let configuration = Configuration::new(&before);
    configuration.apply();
    let configuration = configuration.changed(&before.replace("ami-1", "ami-2"));
    let steps = configuration.steps();
    assert_eq!(
        steps,
        [
            "Update module.workers.aws_autoscaling_group.this",
            "Update module.workers.aws_launch_template.this"
        ]
    );
}

#[test]
fn a_load_balancer_checks_readiness_and_lets_nobody_in() {
    let main = r#"
        module "api" {
          source     = "kprov//aws/nlb"
          name       = "api"
          vpc_id     = "vpc-1"
          subnet_ids = { eu-west-1a = "subnet-a" }
        }"#;
    let changes = Configuration::new(main).plan().unwrap_or_else(|problems| panic!("{problems}"));
    let group = json(after(&changes, "module.api.aws_lb_target_group.this[\"api\"]"));
    assert_eq!(group["deregistration_delay"], "240");
    assert_eq!(group["connection_termination"], true);
    assert_eq!(group["preserve_client_ip"], "false");
    let check = &group["health_check"][0];
    assert_eq!((&check["protocol"], &check["path"]), (&"HTTPS".into(), &"/readyz".into()));
    assert_eq!((&check["interval"], &check["healthy_threshold"]), (&10.into(), &2.into()));
    assert_eq!(check["unhealthy_threshold"], 2);
    let balancer = json(after(&changes, "module.api.aws_lb.this"));
    assert_eq!(balancer["internal"], true);
    assert_eq!(balancer["enable_cross_zone_load_balancing"], true);
    assert!(!changes.iter().any(|it| it.addr.to_string().contains("ingress_rule")));
}

#[test]
fn rights_to_change_something_have_an_end() {
    let main = r#"
        module "iam" {
          source           = "kprov//aws/iam"
          name             = "c.example"
          etcd_backup      = { bucket_arn = "arn:aws:s3:::backups", prefix = "etcd" }
          kms_key_arns     = ["arn:aws:kms:eu-west-1:123456789012:key/1"]
          drain_queue_arns = ["arn:aws:sqs:eu-west-1:123456789012:q"]
          roles = {
            a    = { grants = ["cloud_controller", "autoscaler", "ecr_pull", "ssm_parameters"] }
            b    = { grants = ["ebs_csi", "etcd_backup", "node_drain", "session_manager"] }
            none = {}
          }
        }"#;
    let changes = Configuration::new(main).plan().unwrap_or_else(|problems| panic!("{problems}"));
    let mut statements = Vec::new();
    for role in ["a", "b"] {
        let policy =
            json(after(&changes, &format!("module.iam.aws_iam_role_policy.this[\"{role}\"]")));
        let policy = policy["policy"].as_str().expect("text");
        let policy: Json = serde_json::from_str(policy).expect("JSON");
        statements.extend(policy["Statement"].as_array().expect("statements").clone());
    }
    assert!(statements.len() > 20, "{statements:#?}");
    let harmless = ["Describe", "Get", "List"];
    let sessions = "Sessions";
    for statement in &statements {
        let actions = statement["Action"].as_array().expect("actions");
        let names = actions.iter().filter_map(Json::as_str);
        assert!(names.clone().all(|it| !it.ends_with(":*")), "{statement:#}");
        let changes_something = names.clone().any(|it| {
            let verb = it.split(':').nth(1).unwrap_or_default();
            !harmless.iter().any(|prefix| verb.starts_with(prefix))
        });
        let everywhere = statement["Resource"][0] == "*";
        let bounded =
            !everywhere || !statement["Condition"].is_null() || statement["Sid"] == sessions;
        assert!(!changes_something || bounded, "{statement:#}");
    }
    let roles = changes.iter().map(|it| it.addr.to_string());
    assert!(!roles.clone().any(|it| it == "module.iam.aws_iam_role_policy.this[\"none\"]"));
    assert!(roles.clone().any(|it| it == "module.iam.aws_iam_instance_profile.this[\"none\"]"));
}

#[test]
fn zones_and_tiers_that_come_later_move_nothing() {
    let main = |zones: &str, tiers: &str| {
        format!(
            "module \"vpc\" {{\n  source = \"kprov//aws/vpc\"\n  name = \"n\"\n  ipv6 = true\n  \
             zones = {zones}\n  tiers = {tiers}\n}}\n"
        )
    };
    let configuration = Configuration::new(&main(r#"["a", "b"]"#, r#"["public", "private"]"#));
    configuration.apply();
    let later = main(r#"["a", "b", "c"]"#, r#"["public", "private", "utility"]"#);
    let configuration = configuration.changed(&later);
    let moved: Vec<_> = configuration
        .steps()
        .into_iter()
        .filter(|it| it.contains("aws_subnet.") || it.contains("aws_route."))
        .filter(|it| !it.starts_with("Create "))
        .filter(|it| !it.starts_with("Update "))
        .collect();
    assert_eq!(moved, Vec::<String>::new());
}
