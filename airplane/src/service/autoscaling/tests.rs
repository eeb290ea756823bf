//! What groups are documented to do, on a stepped clock. Times are in seconds.
use serde_json::{Value, json};

use crate::testing::Client;

pub(super) struct Flight(pub(super) Client);

impl Flight {
    pub(super) fn new() -> Flight {
        Flight(Client::new())
    }

    fn try_call(&self, service: &str, action: &str, input: Value) -> Result<Value, String> {
        self.0.call(service, action, input).map_err(|fault| fault.code)
    }

    #[track_caller]
    pub(super) fn call(&self, service: &str, action: &str, input: Value) -> Value {
        self.0.call(service, action, input).unwrap_or_else(|fault| panic!("{action}: {fault:?}"))
    }

    fn asg(&self, action: &str, input: Value) -> Value {
        self.call("autoscaling", action, input)
    }

    pub(super) fn condition(&self, name: &str) {
        self.conditions(&[name.to_owned()]);
    }

    pub(super) fn conditions(&self, names: &[String]) {
        let body = json!(names).to_string();
        let request = http::Request::put("/_airplane/conditions").body(body.into()).unwrap();
        assert_eq!(self.0.airplane.handle(request).status(), 200);
    }

    pub(super) fn wait(&self, seconds: i64) {
        self.0.airplane.advance(seconds * 1000);
    }

    /// A VPC, two subnets in two zones, a launch template; gives the subnets.
    fn ground(&self) -> (Vec<String>, String) {
        let vpc = self.call("ec2", "CreateVpc", json!({"CidrBlock": "10.0.0.0/16"}));
        let vpc = vpc["Vpc"]["VpcId"].as_str().unwrap().to_owned();
        let subnets =
            [("10.0.0.0/24", "us-east-1a"), ("10.0.1.0/24", "us-east-1b")].map(|(cidr, zone)| {
                let input = json!({"VpcId": vpc, "CidrBlock": cidr, "AvailabilityZone": zone});
                self.call("ec2", "CreateSubnet", input)["Subnet"]["SubnetId"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            });
        let template = self.template("nodes", "t3.micro");
        (subnets.to_vec(), template)
    }

    fn template(&self, name: &str, kind: &str) -> String {
        let data = json!({"ImageId": "ami-0123456789abcdef0", "InstanceType": kind});
        let made = self.call(
            "ec2",
            "CreateLaunchTemplate",
            json!({"LaunchTemplateName": name, "LaunchTemplateData": data}),
        );
        made["LaunchTemplate"]["LaunchTemplateId"].as_str().unwrap().to_owned()
    }

    pub(super) fn group(&self, more: Value) -> (String, Vec<String>) {
        let (subnets, template) = self.ground();
        let mut input = json!({
            "AutoScalingGroupName": "g", "MinSize": 0, "MaxSize": 10, "DesiredCapacity": 2,
            "VPCZoneIdentifier": subnets.join(","),
            "LaunchTemplate": {"LaunchTemplateId": template, "Version": "1"},
        });
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        self.asg("CreateAutoScalingGroup", input);
        (template, subnets)
    }

    pub(super) fn shown(&self) -> Value {
        self.asg("DescribeAutoScalingGroups", json!({"AutoScalingGroupNames": ["g"]}))["AutoScalingGroups"][0].clone()
    }

    pub(super) fn states(&self) -> Vec<String> {
        let group = self.shown();
        let instances = group["Instances"].as_array().cloned().unwrap_or_default();
        let mut states: Vec<String> =
            instances.iter().map(|i| i["LifecycleState"].as_str().unwrap().to_owned()).collect();
        states.sort();
        states
    }

    pub(super) fn ids(&self) -> Vec<String> {
        let group = self.shown();
        let instances = group["Instances"].as_array().cloned().unwrap_or_default();
        instances.iter().map(|i| i["InstanceId"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn a_group_reaches_its_desired_capacity_evenly_over_zones() {
    let flight = Flight::new();
    flight.group(json!({"DesiredCapacity": 4}));
    assert_eq!(flight.states(), Vec::<String>::new());
    flight.wait(60);
    assert_eq!(flight.states(), ["InService"; 4]);
    let group = flight.shown();
    let zones: Vec<&str> = group["Instances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["AvailabilityZone"].as_str().unwrap())
        .collect();
    assert_eq!(zones.iter().filter(|zone| **zone == "us-east-1a").count(), 2);
    flight.asg("SetDesiredCapacity", json!({"AutoScalingGroupName": "g", "DesiredCapacity": 1}));
    flight.wait(120);
    assert_eq!(flight.states(), ["InService"]);
}

#[test]
fn hooks_of_the_create_hold_the_first_instances_until_they_are_completed() {
    let flight = Flight::new();
    let hook = json!([{
        "LifecycleHookName": "ready", "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
        "HeartbeatTimeout": 60, "DefaultResult": "ABANDON",
    }]);
    flight.group(json!({"DesiredCapacity": 1, "LifecycleHookSpecificationList": hook}));
    flight.wait(40);
    assert_eq!(flight.states(), ["Pending:Wait"]);
    let id = flight.ids()[0].clone();
    let action =
        json!({"AutoScalingGroupName": "g", "LifecycleHookName": "ready", "InstanceId": id});
    flight.wait(30);
    flight.asg("RecordLifecycleActionHeartbeat", action.clone());
    flight.wait(50);
    assert_eq!(flight.states(), ["Pending:Wait"], "the heartbeat bought another minute");
    let mut done = action;
    done["LifecycleActionResult"] = json!("CONTINUE");
    flight.asg("CompleteLifecycleAction", done);
    flight.wait(10);
    assert_eq!(flight.states(), ["InService"]);
    assert_eq!(flight.ids(), [id]);
}

#[test]
fn a_launch_that_nobody_completes_is_abandoned_and_replaced() {
    let flight = Flight::new();
    let hook = json!([{
        "LifecycleHookName": "ready", "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
        "HeartbeatTimeout": 60, "DefaultResult": "ABANDON",
    }]);
    flight.group(json!({"DesiredCapacity": 1, "LifecycleHookSpecificationList": hook}));
    flight.wait(40);
    let first = flight.ids()[0].clone();
    flight.wait(140);
    let now = flight.ids();
    assert!(!now.contains(&first) || now.len() > 1, "{now:?}");
}

#[test]
fn a_dead_instance_is_replaced_unless_that_is_suspended() {
    let flight = Flight::new();
    flight.group(json!({"DesiredCapacity": 1}));
    flight.wait(60);
    let first = flight.ids()[0].clone();
    let suspended = json!({"AutoScalingGroupName": "g", "ScalingProcesses": ["ReplaceUnhealthy"]});
    flight.asg("SuspendProcesses", suspended.clone());
    flight.call("ec2", "TerminateInstances", json!({"InstanceIds": [first]}));
    flight.wait(300);
    assert_eq!(flight.ids(), std::slice::from_ref(&first));
    assert_eq!(flight.shown()["Instances"][0]["HealthStatus"], "Unhealthy");
    flight.asg("ResumeProcesses", suspended);
    flight.wait(120);
    assert_eq!(flight.states(), ["InService"]);
    assert_ne!(flight.ids(), [first]);
}

#[test]
fn protected_instances_survive_a_scale_in() {
    let flight = Flight::new();
    flight.group(json!({"DesiredCapacity": 2}));
    flight.wait(60);
    let ids = flight.ids();
    flight.asg(
        "SetInstanceProtection",
        json!({"AutoScalingGroupName": "g", "InstanceIds": [ids[0]], "ProtectedFromScaleIn": true}),
    );
    flight.asg("SetDesiredCapacity", json!({"AutoScalingGroupName": "g", "DesiredCapacity": 0}));
    flight.wait(300);
    assert_eq!(flight.ids(), [ids[0].clone()]);
}

#[test]
fn a_refresh_replaces_all_and_keeps_the_lowest_healthy_percentage() {
    let flight = Flight::new();
    let (template, _) = flight.group(json!({"DesiredCapacity": 4}));
    flight.wait(60);
    let before = flight.ids();
    let data = json!({"ImageId": "ami-0123456789abcdef0", "InstanceType": "t3.small"});
    flight.call(
        "ec2",
        "CreateLaunchTemplateVersion",
        json!({"LaunchTemplateId": template, "LaunchTemplateData": data}),
    );
    let wanted = json!({"LaunchTemplate": {"LaunchTemplateId": template, "Version": "2"}});
    let preferences =
        json!({"MinHealthyPercentage": 100, "MaxHealthyPercentage": 125, "InstanceWarmup": 0});
    let input = json!({"AutoScalingGroupName": "g", "DesiredConfiguration": wanted, "Preferences": preferences});
    let id = flight.asg("StartInstanceRefresh", input.clone())["InstanceRefreshId"].clone();
    assert_eq!(
        flight.try_call("autoscaling", "StartInstanceRefresh", input).unwrap_err(),
        "InstanceRefreshInProgress"
    );
    let status = || {
        let all = flight.asg(
            "DescribeInstanceRefreshes",
            json!({"AutoScalingGroupName": "g", "InstanceRefreshIds": [id]}),
        );
        all["InstanceRefreshes"][0]["Status"].as_str().unwrap().to_owned()
    };
    for _ in 0..200 {
        flight.wait(5);
        let states = flight.states();
        let serving = states.iter().filter(|state| *state == "InService").count();
        assert!(serving >= 4, "{states:?}");
        assert!(
            states.iter().filter(|state| !state.starts_with("Terminating")).count() <= 5,
            "{states:?}"
        );
        if status() == "Successful" {
            break;
        }
    }
    assert_eq!(status(), "Successful");
    flight.wait(120);
    assert!(flight.ids().iter().all(|id| !before.contains(id)));
    assert_eq!(flight.shown()["LaunchTemplate"]["Version"], "2");
    assert!(
        flight.shown()["Instances"]
            .as_array()
            .unwrap()
            .iter()
            .all(|i| i["InstanceType"] == "t3.small")
    );
}

#[test]
fn auto_rollback_needs_a_desired_configuration_with_a_pinned_version() {
    let flight = Flight::new();
    let (template, _) = flight.group(json!({}));
    let refused = |wanted: Value| {
        let mut input = json!({"AutoScalingGroupName": "g", "Preferences": {"AutoRollback": true}});
        if wanted.is_string() {
            input["DesiredConfiguration"] =
                json!({"LaunchTemplate": {"LaunchTemplateId": template, "Version": wanted}});
        }
        flight.try_call("autoscaling", "StartInstanceRefresh", input).unwrap_err()
    };
    assert_eq!(refused(Value::Null), "ValidationError");
    assert_eq!(refused(json!("$Latest")), "ValidationError");
}

#[test]
fn a_group_with_instances_is_deleted_only_by_force_and_takes_them_along() {
    let flight = Flight::new();
    flight.group(json!({}));
    flight.wait(60);
    let delete = |force: bool| {
        flight.try_call(
            "autoscaling",
            "DeleteAutoScalingGroup",
            json!({"AutoScalingGroupName": "g", "ForceDelete": force}),
        )
    };
    assert_eq!(delete(false).unwrap_err(), "ResourceInUse");
    delete(true).unwrap();
    assert_eq!(flight.shown()["Status"], "Delete in progress");
    flight.wait(180);
    assert!(flight.shown().is_null());
    let running = flight.call(
        "ec2",
        "DescribeInstances",
        json!({"Filters": [{"Name": "instance-state-name", "Values": ["running", "pending"]}]}),
    );
    assert_eq!(running["Reservations"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_zone_without_capacity_is_made_up_for_elsewhere() {
    let flight = Flight::new();
    flight.condition("no-capacity:us-east-1a");
    flight.group(json!({"DesiredCapacity": 2}));
    flight.wait(60);
    let group = flight.shown();
    let zones: Vec<&str> = group["Instances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["AvailabilityZone"].as_str().unwrap())
        .collect();
    assert_eq!(zones, ["us-east-1b", "us-east-1b"]);
}

#[test]
fn only_members_in_service_can_be_protected() {
    let flight = Flight::new();
    flight.group(json!({"DesiredCapacity": 1}));
    flight.wait(6);
    assert_eq!(flight.states(), ["Pending"]);
    let protect = json!({"AutoScalingGroupName": "g", "InstanceIds": flight.ids(), "ProtectedFromScaleIn": true});
    let refused = flight.try_call("autoscaling", "SetInstanceProtection", protect.clone());
    assert_eq!(refused, Err("ValidationError".to_owned()));
    flight.wait(60);
    flight.asg("SetInstanceProtection", protect);
    assert_eq!(flight.shown()["Instances"][0]["ProtectedFromScaleIn"], true);
}
