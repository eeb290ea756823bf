//! What the modules refuse, and that they say why.

use crate::project::Configuration;

/// A module with these arguments is refused, and the problem says this.
fn refused(module: &str, arguments: &str, why: &str) {
    let required = match module {
        "vpc" => "name = \"n\"",
        "asg" => {
            "name = \"n\"\n vpc_id = \"v\"\n subnet_ids = [\"s\"]\n image_id = \"i\"\n \
                  instance_type = \"m7i.large\"\n min_size = 1\n max_size = 3"
        }
        "nlb" => "name = \"n\"\n vpc_id = \"v\"\n subnet_ids = { a = \"s\" }",
        "iam" => "name = \"n\"",
        "dns" => "zone_name = \"n.example\"",
        _ => "",
    };
    // What is said again replaces what is required.
    let said = |line: &&str| {
        let name = line.split('=').next().unwrap_or_default().trim();
        !arguments.trim_start().starts_with(&format!("{name} ="))
    };
    let required: Vec<_> = required.lines().filter(said).collect();
    let main = format!(
        "module \"m\" {{\n source = \"kprov//aws/{module}\"\n {}\n {arguments}\n}}\n",
        required.join("\n")
    );
    let problems = match Configuration::new(&main).plan() {
        Err(problems) => problems,
        Ok(_) => panic!("{module} takes {arguments}"),
    };
    assert!(problems.contains(why), "{module}, {arguments}:\n{problems}");
}

#[test]
fn networks() {
    refused("vpc", "cidr = \"10.0.0.1/16\"", "begin at its network address");
    refused("vpc", "cidr = \"10.0.0.0/8\"", "a /16 at most");
    refused("vpc", "cidr = \"ten\"", "written as address/prefix");
    refused("vpc", "nat = \"some\"", "per_zone, single or none");
    refused("vpc", "tiers = [\"private\"]", "add one of these tiers");
    refused("vpc", "zones = [\"a\", \"a\"]", "only once");
    refused("vpc", "zones_max = 2", "at least the number of zones");
    refused("vpc", "nat64 = true", "needs ipv6");
    refused("vpc", "gateway_endpoints = [\"ec2\"]", "exist for s3 and dynamodb");
    refused("vpc", "existing_vpc = {}", "either by its id or by its tags");
    refused("vpc", "existing_subnets = { public = { ids = [\"s\"] } }", "need the existing VPC");
    refused("vpc", "existing_vpc = { id = \"v\" }", "need `cidr`");
    let gateway = "existing_vpc = { id = \"v\" }\n cidr = \"10.0.0.0/20\"";
    refused("vpc", gateway, "existing_internet_gateway_id");
}

#[test]
fn groups() {
    let rule = |rule: &str| format!("ingress = {{ r = {{ description = \"d\", {rule} }} }}");
    let world = "opens SSH (22) or the Kubernetes API (6443)";
    refused("asg", &rule("from_port = 22, cidr_ipv4 = \"0.0.0.0/0\""), world);
    refused("asg", &rule("from_port = 6000, to_port = 7000, cidr_ipv6 = \"::/0\""), world);
    refused("asg", &rule("protocol = \"-1\", cidr_ipv4 = \"0.0.0.0/0\""), world);
    refused("asg", &rule("cidr_ipv4 = \"10.0.0.0/8\""), "A rule has ports");
    refused("asg", "desired_capacity = 4", "between min_size and max_size");
    refused("asg", "max_size = 0", "at least min_size");
    refused("asg", "autoscaler = {}", "say cluster_name");
    refused("asg", "suspended_processes = [\"Rebalance\"]", "AZRebalance");
    refused(
        "asg",
        "user_data = join(\"\", concat([\"x\"], [for i in range(1024) : \"0123456789abcdef\"]))",
        "at most 16 KB",
    );
    let hook = |hook: &str| format!("lifecycle_hooks = {{ h = {{ {hook} }} }}");
    let silent = "transition = \"launching\", heartbeat_timeout = 300";
    refused("asg", &hook(silent), "default_result");
    let short = "transition = \"launching\", default_result = \"ABANDON\", heartbeat_timeout = 5";
    refused("asg", &hook(short), "30 to 7200");
}

#[test]
fn what_is_just_allowed_is_taken() {
    let main = r#"
        module "m" {
          source        = "kprov//aws/asg"
          name          = "n"
          vpc_id        = "v"
          subnet_ids    = ["s"]
          image_id      = "i"
          instance_type = "m7i.large"
          min_size      = 1
          max_size      = 3
          user_data     = join("", [for i in range(1024) : "0123456789abcdef"])

          mixed_instances = { instance_types = ["m6i.large"], on_demand_base = 1 }

          ingress = {
            web = { description = "Web", from_port = 443, cidr_ipv4 = "0.0.0.0/0" }
            ssh = { description = "SSH", from_port = 22, cidr_ipv4 = "10.0.0.0/8" }
          }
        }"#;
    Configuration::new(main).plan().unwrap_or_else(|problems| panic!("{problems}"));
}

#[test]
fn load_balancers_roles_and_zones() {
    refused("nlb", "allowed_cidrs = { all = \"0.0.0.0/0\" }", "the whole world");
    refused("nlb", "name = \"internal-api\"", "does not begin with internal-");
    refused("nlb", "eip_allocation_ids = { a = \"e\" }", "internal = false");
    let port = "listeners = { a = { port = 6443 }, b = { port = 6443 } }";
    refused("nlb", port, "the same port");
    refused("iam", "roles = { m = { grants = [\"root\"] } }", "Grants are");
    refused("iam", "roles = { m = { grants = [\"etcd_backup\"] } }", "names the bucket");
    refused("iam", "ssm_parameter_path = \"/\"", "the root is too much");
    refused("dns", "private = true", "needs vpc_id");
    refused("dns", "zone_name = \"N.example.\"\n vpc_id = \"v\"", "small letters");
    let both = "vpc_id = \"v\"\n records = { a = { name = \"a\" } }";
    refused("dns", both, "either values or an alias");
}
