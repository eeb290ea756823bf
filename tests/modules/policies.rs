//! What no module lets through unless it is asked to: doors open to the world, old versions, an API that asks nobody who they
//! are, no audit log, disks and buckets in the clear, metadata without a session.

use serde_json::Value as Json;

use crate::cluster::cluster;
use crate::project::{Configuration, after};
use crate::safety::json;

const REQUIRED: [&str; 4] = [
    r#"name = "n""#,
    r#"zones = ["eu-west-1a"]"#,
    r#"image_id = "ami-1""#,
    r#"binaries = { directory = "/b" }"#,
];

fn with(more: &str) -> Configuration {
    cluster(&[REQUIRED.as_slice(), &[more]].concat())
}

fn refused(more: &str, why: &str) {
    match with(more).plan() {
        Err(problems) => assert!(problems.contains(why), "{more}:\n{problems}"),
        Ok(_) => panic!("a cluster takes {more}"),
    }
}

fn taken(more: &str) {
    with(more).plan().unwrap_or_else(|problems| panic!("{more}:\n{problems}"));
}

#[test]
fn the_api_is_open_to_the_world_only_if_asked() {
    let open = |cidr: &str| {
        format!("api = {{ internal = false, allowed_cidrs = {{ all = \"{cidr}\" }} }}")
    };
    // Two halves of the world are the world.
    for cidr in ["0.0.0.0/0", "::/0", "128.0.0.0/1", "2000::/3"] {
        refused(&open(cidr), "the whole world");
    }
    taken(&open("198.51.100.0/24"));
    taken(&open("10.0.0.0/8"));
    taken(
        r#"api = { internal = false, allow_world = true, allowed_cidrs = { all = "0.0.0.0/0" } }"#,
    );
}

#[test]
fn nobody_logs_in_from_the_world_unless_asked() {
    let group = |rule: &str, more: &str| {
        Configuration::new(&format!(
            "module \"m\" {{\n source = \"kprov//aws/asg\"\n name = \"n\"\n vpc_id = \"v\"\n subnet_ids = [\"s\"]\n \
             image_id = \"i\"\n instance_type = \"m7i.large\"\n min_size = 1\n max_size = 1\n {more}\n \
             ingress = {{ r = {{ description = \"d\", {rule} }} }}\n}}\n"
        ))
    };
    for rule in [
        r#"from_port = 22, cidr_ipv4 = "0.0.0.0/0""#,
        r#"from_port = 22, cidr_ipv4 = "0.0.0.0/1""#,
        r#"from_port = 6443, cidr_ipv6 = "2000::/3""#,
        r#"from_port = 1, to_port = 65535, cidr_ipv4 = "0.0.0.0/0""#,
        r#"protocol = "-1", cidr_ipv6 = "::/0""#,
    ] {
        let problems = group(rule, "").plan().expect_err(rule);
        assert!(problems.contains("opens SSH (22) or the Kubernetes API (6443)"), "{problems}");
        let asked = group(rule, "allow_world_open_admin_ports = true").plan();
        assert!(asked.is_ok(), "{rule}: {asked:?}");
    }
    for rule in [
        r#"from_port = 443, cidr_ipv4 = "0.0.0.0/0""#,
        r#"from_port = 22, cidr_ipv4 = "10.0.0.0/8""#,
        r#"from_port = 22, cidr_ipv6 = "fc00::/7""#,
    ] {
        let planned = group(rule, "").plan();
        assert!(planned.is_ok(), "{rule}: {planned:?}");
    }
}

#[test]
fn versions_that_nobody_mends_are_refused() {
    for version in ["1.29.9", "1.9.0", "2.30.0", "1.36", "latest"] {
        refused(&format!("kubernetes_version = \"{version}\""), "1.30 or newer");
    }
    for version in ["3.4.30", "2.3.8", "3.6"] {
        refused(&format!("etcd_version = \"{version}\""), "3.5 or newer");
    }
    taken("kubernetes_version = \"1.30.0\"\n  etcd_version = \"3.5.21\"");
}

#[test]
fn the_api_asks_who_comes_and_what_they_may() {
    let flag = |name: &str, value: &str| {
        format!("flags = {{ api_server = {{ \"{name}\" = \"{value}\" }} }}")
    };
    refused(&flag("anonymous-auth", "true"), "Nobody is anonymous");
    refused(&flag("authentication-config", "/x"), "Nobody is anonymous");
    for mode in ["AlwaysAllow", "Node,RBAC,AlwaysAllow", "RBAC", "Node"] {
        refused(&flag("authorization-mode", mode), "authorizes by Node and RBAC");
    }
    refused(&flag("authorization-config", "/x"), "authorizes by Node and RBAC");
    taken(&flag("authorization-mode", "Node,Webhook,RBAC"));
    taken(&flag("v", "4"));
    refused("flags = { etcd = { client-cert-auth = \"false\" } }", "show a certificate");
    refused("flags = { etcd = { auto-tls = \"true\" } }", "show a certificate");
    let kubelet = |name: &str, value: &str| {
        Configuration::new(&format!(
            "module \"m\" {{\n source = \"kprov//aws/workers\"\n name = \"n\"\n vpc_id = \"v\"\n subnet_ids = [\"s\"]\n \
             image_id = \"i\"\n instance_profile_name = \"p\"\n min_size = 1\n max_size = 1\n \
             flags = {{ \"{name}\" = \"{value}\" }}\n cluster = {{ name = \"n\", endpoint = \"https://x:6443\", service_cidr = \"10.96.0.0/12\", \
             pod_cidr = \"10.244.0.0/16\", domain = \"cluster.local\", parameter_path = \"/k\", \
             versions = {{ kubernetes = \"1.36.3\", etcd = \"3.6.16\" }}, binaries = {{ directory = \"/b\" }} }}\n}}\n"
        ))
        .plan()
    };
    for (name, value) in [
        ("anonymous-auth", "true"),
        ("authorization-mode", "AlwaysAllow"),
        ("read-only-port", "10255"),
    ] {
        let problems = kubelet(name, value).expect_err(name);
        assert!(problems.contains("runs programs in any pod"), "{problems}");
    }
    kubelet("v", "4").unwrap_or_else(|problems| panic!("{problems}"));
}

#[test]
fn a_master_gets_all_its_programs() {
    let masters = |names: &[&str]| {
        let one = |name| {
            format!(
                "{{ name = \"{name}\", sha256 = \"{}\", urls = [\"https://x\"] }}",
                "0".repeat(64)
            )
        };
        let artifacts: Vec<String> = names.iter().map(one).collect();
        let binaries = format!("binaries = {{ artifacts = [{}] }}", artifacts.join(", "));
        cluster(&[&REQUIRED[..3], &[binaries.as_str()]].concat()).plan()
    };
    let all = ["etcd", "etcdutl", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];
    masters(&all).expect("all are there");
    let without = masters(&["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"]);
    let problems = without.expect_err("no snapshot could be restored");
    assert!(problems.contains("etcdutl (which restores snapshots)"), "{problems}");
}

#[test]
fn the_audit_log_is_on_and_secrets_are_encrypted() {
    let flag = |name: &str, value: &str| {
        format!("flags = {{ api_server = {{ \"{name}\" = \"{value}\" }} }}")
    };
    refused(&flag("audit-policy-file", "/x"), "audit log stays on");
    refused(&flag("audit-log-path", ""), "audit log stays on");
    taken(&flag("audit-log-path", "/var/log/audit"));
    refused(&flag("encryption-provider-config", ""), "Secrets are encrypted");
    let audit = |policy: &str| {
        Configuration::new(&format!(
            "module \"m\" {{\n source = \"kprov//aws/masters\"\n name = \"n\"\n endpoint = {{ host = \"h\" }}\n vpc_id = \"v\"\n \
             subnet_ids = [\"s\"]\n image_id = \"i\"\n instance_profile_name = \"p\"\n bucket = \"b\"\n \
             versions = {{ kubernetes = \"1.36.3\", etcd = \"3.6.16\" }}\n binaries = {{ directory = \"/b\" }}\n \
             audit_policy = <<-EOT\n{policy}\nEOT\n}}\n"
        ))
        .plan()
    };
    for policy in [
        "kind: Policy\nrules: [{level: None}]",
        "kind: Policy\nrules: []",
        "kind: Role\nrules: [{level: Metadata}]",
        "a: [",
        "",
    ] {
        let problems = audit(policy).expect_err(policy);
        assert!(problems.contains("cannot tell who did what"), "{problems}");
    }
    let policy = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: None, verbs: [get]}, {level: Metadata}]";
    audit(policy).unwrap_or_else(|problems| panic!("{problems}"));
}

/// Whatever is said, of every machine and bucket of a cluster.
#[test]
fn disks_and_buckets_are_encrypted_and_metadata_want_a_session() {
    let more = r#"
      masters = { etcd_volume = { size = 40 } }
      workers = { a = { min_size = 1, max_size = 1 }, b = { min_size = 1, max_size = 1, mixed_instances = { instance_types = ["m6i.xlarge"] } } }
    "#;
    let changes = with(more).plan().unwrap_or_else(|problems| panic!("{problems}"));
    let of_type = |ty: &str| -> Vec<(String, Json)> {
        let named = changes.iter().map(|it| (it.addr.to_string(), &it.after));
        named.filter(|(addr, _)| addr.contains(ty)).map(|(addr, it)| (addr, json(it))).collect()
    };
    let templates = of_type(".aws_launch_template.");
    assert_eq!(templates.len(), 3);
    let mut disks = 0;
    for (addr, template) in templates {
        let metadata = &template["metadata_options"][0];
        assert_eq!(metadata["http_tokens"], "required", "{addr}");
        assert_eq!(metadata["http_put_response_hop_limit"], 1, "{addr}");
        for disk in template["block_device_mappings"].as_array().expect("disks") {
            assert_eq!(disk["ebs"][0]["encrypted"], "true", "{addr}");
            disks += 1;
        }
    }
    assert_eq!(disks, 4);
    let buckets = of_type(".aws_s3_bucket.");
    assert_eq!(buckets.len(), 1);
    let rule = &of_type(".aws_s3_bucket_server_side_encryption_configuration.")[0].1["rule"][0];
    let by = &rule["apply_server_side_encryption_by_default"][0];
    assert_eq!(by["sse_algorithm"], "aws:kms");
    let (_, block) = &of_type(".aws_s3_bucket_public_access_block.")[0];
    for name in [
        "block_public_acls",
        "block_public_policy",
        "ignore_public_acls",
        "restrict_public_buckets",
    ] {
        assert_eq!(block[name], true, "{name}");
    }
    let parameters = of_type(".aws_ssm_parameter.");
    assert!(parameters.len() > 5);
    assert!(parameters.iter().all(|(_, it)| it["type"] == "SecureString"));
    // Nothing of the cluster listens to the world.
    for (addr, rule) in of_type(".aws_vpc_security_group_ingress_rule.") {
        let open = ["cidr_ipv4", "cidr_ipv6"]
            .iter()
            .any(|it| rule[it].as_str().is_some_and(|it| it.ends_with("/0")));
        assert!(!open, "{addr}: {rule:#}");
    }
    let key = json(after(&changes, "module.cluster.aws_kms_key.this"));
    assert_eq!(key["enable_key_rotation"], true);
}
