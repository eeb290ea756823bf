//! An airplane with machines, and a network, a role, a load balancer and a group in it.
use crate::program;
use bytes::Bytes;
use http::Request;
use kprov_airplane::{Airplane, ClockKind, Config, Machines, Program, server};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// An airplane that flies.
pub(crate) struct Place {
    pub(crate) airplane: Arc<Airplane>,
    pub(crate) server: Option<server::Server>,
    pub(crate) home: PathBuf,
    pub(crate) block: u8,
}

pub(crate) const DOCUMENT: &str = "#cloud-config\nwrite_files:\n- path: /etc/kprov/node.yaml\n  content: |\n    \
                                   apiVersion: kprov.dev/v1alpha1\n    kind: Node\n";

/// A block of addresses that no other test has, of this program or of another one that runs now.
pub(crate) fn block() -> u8 {
    let free =
        |block: &u8| std::net::TcpListener::bind((Ipv4Addr::new(127, 79, *block, 1), 4077)).ok();
    let (block, held) = (0..=255).find_map(|block| Some((block, free(&block)?))).unwrap();
    // Held until this program ends.
    std::mem::forget(held);
    block
}

pub(crate) fn program(home: &Path, block: u8) -> Program {
    Program {
        program: std::env::current_exe().unwrap(),
        arguments: program::arguments(),
        directory: home.join("machines"),
        patience: Duration::from_secs(30),
        block,
    }
}

fn config(home: &Path, machines: Machines) -> Config {
    let database = Some(home.join("airplane.db"));
    let clock = ClockKind::Stepped;
    Config { seed: 7, clock, visibility_millis: 0, database, machines, ..Config::default() }
}

impl Place {
    pub(crate) async fn new(home: &Path) -> Place {
        let block = block();
        Place::start(home, block, Machines::Process(program(home, block))).await
    }

    pub(crate) async fn start(home: &Path, block: u8, machines: Machines) -> Place {
        let airplane = Arc::new(Airplane::new(config(home, machines)).unwrap());
        let server = server::start(airplane.clone(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
        Place { airplane, server: Some(server), home: home.to_owned(), block }
    }

    /// Ends it and starts another one of the same database, which has to remember what machines are.
    pub(crate) async fn again(mut self) -> Place {
        self.server.take().unwrap().stop().await;
        let (home, block) = (self.home.clone(), self.block);
        drop(self);
        let program = program(&home, block);
        Place::start(&home, block, Machines::Remembered(program)).await
    }

    /// Asks as the account's root, or with other keys.
    pub(crate) fn ask(
        &self,
        key: &str,
        service: &str,
        request: http::request::Builder,
        body: String,
    ) -> (u16, String) {
        let credential = format!(
            "AWS4-HMAC-SHA256 Credential={key}/20250101/us-east-1/{service}/aws4_request, Signature=0"
        );
        let request = request.header("authorization", credential).body(Bytes::from(body)).unwrap();
        let response = self.airplane.handle(request);
        (response.status().as_u16(), String::from_utf8(response.body().to_vec()).unwrap())
    }

    /// A call of a service that takes forms. `input` is its body without the action.
    pub(crate) fn query(&self, service: &str, action: &str, input: &[(&str, &str)]) -> String {
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        };
        let mut body = format!("Action={action}");
        for (name, value) in input {
            body.push_str(&format!("&{name}={}", encode(value)));
        }
        let request =
            Request::post("/").header("content-type", "application/x-www-form-urlencoded");
        let (status, text) = self.ask("AKIAEXAMPLE", service, request, body);
        assert_eq!(status, 200, "{action}: {text}");
        text
    }

    /// A call of SSM: its status and answer.
    pub(crate) fn ssm(&self, key: &str, action: &str, input: &Value) -> (u16, Value) {
        self.json(key, "ssm", &format!("AmazonSSM.{action}"), input)
    }

    /// A call of a service that takes JSON: its status and answer.
    pub(crate) fn json(
        &self,
        key: &str,
        service: &str,
        target: &str,
        input: &Value,
    ) -> (u16, Value) {
        let request = Request::post("/").header("x-amz-target", target);
        let request = request.header("content-type", "application/x-amz-json-1.1");
        let (status, text) = self.ask(key, service, request, input.to_string());
        (status, serde_json::from_str(&text).unwrap())
    }

    pub(crate) fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        let request = Request::builder().method(method).uri(format!("/_airplane/{path}"));
        let response = self.airplane.handle(request.body(Bytes::from(body.to_string())).unwrap());
        assert_eq!(response.status(), 200, "{path}: {:?}", response.body());
        serde_json::from_slice(response.body()).unwrap()
    }

    /// Steps the clock until something is so. The processes have real time to do what they do.
    pub(crate) async fn until<T>(&self, what: &str, mut holds: impl FnMut() -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = holds() {
                return found;
            }
            let so_far = begun.elapsed();
            assert!(so_far < Duration::from_secs(90), "never: {what}; machines: {}", self.report());
            self.airplane.advance(1000);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn report(&self) -> String {
        let mut report = format!("{:#}", self.control("GET", "machines", &Value::Null));
        for entry in std::fs::read_dir(self.home.join("machines")).into_iter().flatten().flatten() {
            if entry.path().extension().is_some_and(|extension| extension == "log") {
                let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
                report.push_str(&format!("\n{}:\n{text}", entry.path().display()));
            }
        }
        report
    }

    pub(crate) fn machines(&self) -> Vec<Value> {
        self.control("GET", "machines", &Value::Null).as_array().unwrap().clone()
    }

    /// What a machine found out about itself, when it has.
    pub(crate) fn found(&self, instance: &str) -> Option<Value> {
        let path = self.home.join("machines").join(instance).join("node/found.json");
        serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()
    }

    pub(crate) fn log(&self, instance: &str) -> String {
        std::fs::read_to_string(self.home.join("machines").join(format!("{instance}.log"))).unwrap()
    }

    /// The instances' states by id.
    pub(crate) fn instances(&self) -> BTreeMap<String, String> {
        let dump = self.airplane.dump();
        let all = dump.as_array().unwrap().iter();
        let all = all.filter(|object| object["type"] == "ec2.instances");
        all.map(|i| (text(&i["id"]), text(&i["value"]["state"]))).collect()
    }

    /// A VPC with a subnet in each of three zones: its id, and theirs.
    pub(crate) fn network(&self) -> (String, Vec<String>) {
        let made = self.query("ec2", "CreateVpc", &[("CidrBlock", "10.0.0.0/16")]);
        let vpc = between(&made, "<vpcId>", "</vpcId>");
        let subnet = |(at, zone): (usize, &str)| {
            let (cidr, zone) = (format!("10.0.{at}.0/24"), format!("us-east-1{zone}"));
            let input =
                [("VpcId", vpc.as_str()), ("CidrBlock", &cidr), ("AvailabilityZone", &zone)];
            between(&self.query("ec2", "CreateSubnet", &input), "<subnetId>", "</subnetId>")
        };
        let subnets = ["a", "b", "c"].into_iter().enumerate().map(subnet).collect();
        (vpc, subnets)
    }

    /// A role `node` in a profile of that name, that EC2 may assume and that may do what the statement says.
    pub(crate) fn role(&self, statement: &Value) {
        let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": "ec2.amazonaws.com"}}]})
        .to_string();
        let policy = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
        self.query(
            "iam",
            "CreateRole",
            &[("RoleName", "node"), ("AssumeRolePolicyDocument", &trust)],
        );
        let input = [("RoleName", "node"), ("PolicyName", "own"), ("PolicyDocument", &policy)];
        self.query("iam", "PutRolePolicy", &input);
        self.query("iam", "CreateInstanceProfile", &[("InstanceProfileName", "node")]);
        let input = [("InstanceProfileName", "node"), ("RoleName", "node")];
        self.query("iam", "AddRoleToInstanceProfile", &input);
        self.airplane.advance(60_000);
    }

    /// A launch template `node` with this user data, with a profile if there is one.
    pub(crate) fn template(&self, user_data: &str, with_role: bool) {
        use base64::Engine;
        let encoded = base64::engine::general_purpose::STANDARD.encode(user_data);
        let mut input = vec![
            ("LaunchTemplateName", "node"),
            ("LaunchTemplateData.ImageId", "ami-0123456789abcdef0"),
            ("LaunchTemplateData.InstanceType", "t3.micro"),
            ("LaunchTemplateData.UserData", encoded.as_str()),
            ("LaunchTemplateData.MetadataOptions.HttpTokens", "required"),
            ("LaunchTemplateData.MetadataOptions.InstanceMetadataTags", "enabled"),
            ("LaunchTemplateData.TagSpecification.1.ResourceType", "instance"),
            ("LaunchTemplateData.TagSpecification.1.Tag.1.Key", "Name"),
            ("LaunchTemplateData.TagSpecification.1.Tag.1.Value", "master"),
        ];
        if with_role {
            input.push(("LaunchTemplateData.IamInstanceProfile.Name", "node"));
        }
        self.query("ec2", "CreateLaunchTemplate", &input);
    }

    /// One instance of the template in this subnet, by its id.
    pub(crate) fn launch(&self, subnet: &str) -> String {
        self.launch_with(subnet, &[])
    }

    /// Likewise, with more said.
    pub(crate) fn launch_with(&self, subnet: &str, more: &[(&str, &str)]) -> String {
        let mut input = vec![
            ("LaunchTemplate.LaunchTemplateName", "node"),
            ("SubnetId", subnet),
            ("MinCount", "1"),
            ("MaxCount", "1"),
        ];
        input.extend(more);
        between(&self.query("ec2", "RunInstances", &input), "<instanceId>", "</instanceId>")
    }

    /// A group `masters` of three of the template, in these subnets.
    pub(crate) fn group(&self, subnets: &[String], target_group: Option<&str>) {
        let subnets = subnets.join(",");
        let mut input = vec![
            ("AutoScalingGroupName", "masters"),
            ("MinSize", "3"),
            ("MaxSize", "3"),
            ("VPCZoneIdentifier", subnets.as_str()),
            ("LaunchTemplate.LaunchTemplateName", "node"),
            ("HealthCheckGracePeriod", "30"),
        ];
        if let Some(arn) = target_group {
            input.push(("TargetGroupARNs.member.1", arn));
        }
        self.query("autoscaling", "CreateAutoScalingGroup", &input);
    }
}

/// What stands between two texts.
pub(crate) fn between(text: &str, start: &str, end: &str) -> String {
    text.split(start).nth(1).and_then(|t| t.split(end).next()).unwrap_or_default().to_owned()
}

/// The text of a value that must be one.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
