//! Load balancers, groups, listeners and the health of targets, by their actions.
use super::listeners::Listener;
use super::load_balancers::LoadBalancer;
use super::places::Place;
use super::target_groups::{HealthCheck, TargetGroup};
use super::targets;
use crate::service::ec2::instance::Instance;
use crate::testing::{Client, filter, text};
use crate::wire::fault::Fault;
use crate::world::scope::Scope;
use crate::world::{World, timing};
use serde_json::{Value, json};

const MINUTE: i64 = 60_000;

struct Net {
    c: Client,
    vpc: String,
    subnets: Vec<String>,
}

fn net() -> Net {
    let c = Client::new();
    let vpc = c.vpc("10.0.0.0/16");
    let subnets = ["a", "b"].iter().enumerate().map(|(i, zone)| {
        let input = json!({"VpcId": vpc, "CidrBlock": format!("10.0.{i}.0/24"),
            "AvailabilityZone": format!("us-east-1{zone}")});
        text(&c.ec2("CreateSubnet", input)["Subnet"]["SubnetId"])
    });
    let subnets = subnets.collect();
    Net { c, vpc, subnets }
}

impl Net {
    fn elb(&self, action: &str, input: Value) -> Value {
        self.c.call("elbv2", action, input).unwrap_or_else(|f| panic!("{action}: {f:?}"))
    }

    fn fault(&self, action: &str, input: Value) -> Fault {
        match self.c.call("elbv2", action, input) {
            Err(fault) => fault,
            Ok(output) => panic!("{action} succeeded: {output}"),
        }
    }

    fn refused(&self, action: &str, input: Value) -> String {
        self.fault(action, input).code
    }

    fn nlb(&self, name: &str) -> String {
        let input =
            json!({"Name": name, "Type": "network", "Scheme": "internal", "Subnets": self.subnets});
        text(&self.elb("CreateLoadBalancer", input)["LoadBalancers"][0]["LoadBalancerArn"])
    }

    fn group(&self, name: &str) -> String {
        let input = json!({"Name": name, "Protocol": "TCP", "Port": 443, "VpcId": self.vpc});
        text(&self.elb("CreateTargetGroup", input)["TargetGroups"][0]["TargetGroupArn"])
    }

    fn listener(&self, lb: &str, group: &str) -> String {
        let out = self.elb("CreateListener", listener(lb, "TCP", 443, group));
        text(&out["Listeners"][0]["ListenerArn"])
    }

    fn instance(&self) -> String {
        let images = self.c.ec2("DescribeImages", json!({"Owners": ["amazon"]}));
        let image = text(&images["Images"][0]["ImageId"]);
        let input = json!({"ImageId": image, "InstanceType": "m5.large", "MinCount": 1, "MaxCount": 1,
            "SubnetId": self.subnets[0]});
        let id = text(&self.c.ec2("RunInstances", input)["Instances"][0]["InstanceId"]);
        self.c.step(timing::INSTANCE_START);
        id
    }

    fn health(&self, group: &str) -> Vec<(String, String)> {
        let out = self.elb("DescribeTargetHealth", json!({"TargetGroupArn": group}));
        let list = out["TargetHealthDescriptions"].as_array().unwrap().clone();
        let part = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        list.iter()
            .map(|t| (part(&t["TargetHealth"]["State"]), part(&t["TargetHealth"]["Reason"])))
            .collect()
    }

    fn interfaces(&self) -> Vec<Value> {
        let out = self
            .c
            .ec2("DescribeNetworkInterfaces", json!({"Filters": filter("vpc-id", &self.vpc)}));
        out["NetworkInterfaces"].as_array().unwrap().clone()
    }
}

fn listener(lb: &str, protocol: &str, port: u16, group: &str) -> Value {
    json!({"LoadBalancerArn": lb, "Protocol": protocol, "Port": port,
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": group}]})
}

fn pair(state: &str, reason: &str) -> Vec<(String, String)> {
    vec![(state.to_owned(), reason.to_owned())]
}

#[test]
fn a_network_load_balancer_comes_to_life_and_goes_with_its_interfaces() {
    let n = net();
    let mappings: Vec<Value> = n
        .subnets
        .iter()
        .enumerate()
        .map(|(i, s)| json!({"SubnetId": s, "PrivateIPv4Address": format!("10.0.{i}.20")}))
        .collect();
    let input =
        json!({"Name": "api", "Type": "network", "Scheme": "internal", "SubnetMappings": mappings});
    let lb = n.elb("CreateLoadBalancer", input.clone())["LoadBalancers"][0].clone();
    let arn = text(&lb["LoadBalancerArn"]);
    assert!(arn.contains(":loadbalancer/net/api/"), "{arn}");
    assert_eq!(lb["State"]["Code"], "provisioning");
    assert_eq!(lb["CanonicalHostedZoneId"], "Z26RNL4JYFTOTI");
    assert_eq!(
        lb["AvailabilityZones"][1]["LoadBalancerAddresses"],
        json!([{"PrivateIPv4Address": "10.0.1.20"}])
    );
    // The same call again gives the same load balancer, another one does not.
    assert_eq!(
        n.elb("CreateLoadBalancer", input.clone())["LoadBalancers"][0]["LoadBalancerArn"],
        arn
    );
    let other =
        json!({"Name": "api", "Type": "network", "Scheme": "internal", "Subnets": n.subnets});
    assert_eq!(n.refused("CreateLoadBalancer", other), "DuplicateLoadBalancerName");
    n.c.step(timing::NLB_CREATE);
    let seen = n.elb("DescribeLoadBalancers", json!({"Names": ["api"]}));
    assert_eq!(seen["LoadBalancers"][0]["State"]["Code"], "active");
    let interfaces = n.interfaces();
    assert_eq!(interfaces.len(), 2);
    assert_eq!(interfaces[0]["PrivateIpAddress"], "10.0.0.20");
    assert!(text(&interfaces[0]["Description"]).starts_with("ELB net/api/"));
    n.elb("DeleteLoadBalancer", json!({"LoadBalancerArn": arn}));
    assert_eq!(
        n.refused("DescribeLoadBalancers", json!({"LoadBalancerArns": [arn]})),
        "LoadBalancerNotFound"
    );
    assert_eq!(
        n.c.refused("DeleteSubnet", json!({"SubnetId": n.subnets[0]})),
        "DependencyViolation"
    );
    n.c.step(timing::NLB_DELETE);
    assert_eq!(n.interfaces(), Vec::<Value>::new());
    n.elb("DeleteLoadBalancer", json!({"LoadBalancerArn": arn}));
}

#[test]
fn an_internet_facing_one_needs_a_gateway_and_takes_elastic_ips() {
    let n = net();
    let allocation = text(&n.c.ec2("AllocateAddress", json!({}))["AllocationId"]);
    let mapping = json!([{"SubnetId": n.subnets[0], "AllocationId": allocation}]);
    let input = json!({"Name": "web", "Type": "network", "SubnetMappings": mapping});
    let fault = n.fault("CreateLoadBalancer", input.clone());
    assert_eq!(
        (fault.code.as_str(), fault.message),
        ("InvalidSubnet", format!("VPC {} has no internet gateway", n.vpc))
    );
    let gateway =
        n.c.ec2("CreateInternetGateway", json!({}))["InternetGateway"]["InternetGatewayId"].clone();
    n.c.ec2("AttachInternetGateway", json!({"InternetGatewayId": gateway, "VpcId": n.vpc}));
    let lb = n.elb("CreateLoadBalancer", input)["LoadBalancers"][0].clone();
    let shown = lb["AvailabilityZones"][0]["LoadBalancerAddresses"][0].clone();
    assert_eq!(shown["AllocationId"], allocation);
    let address = n.c.ec2("DescribeAddresses", json!({}))["Addresses"][0].clone();
    assert_eq!(shown["IpAddress"], address["PublicIp"]);
    assert_eq!(address["NetworkInterfaceId"], n.interfaces()[0]["NetworkInterfaceId"]);
    let again = json!([{"SubnetId": n.subnets[1], "AllocationId": allocation}]);
    let input = json!({"Name": "two", "Type": "network", "SubnetMappings": again});
    assert_eq!(n.refused("CreateLoadBalancer", input), "ResourceInUse");
    let private = json!([{"SubnetId": n.subnets[1], "PrivateIPv4Address": "10.0.1.9"}]);
    let input = json!({"Name": "three", "Type": "network", "SubnetMappings": private});
    assert_eq!(n.refused("CreateLoadBalancer", input), "InvalidConfigurationRequest");
}

#[test]
fn bad_load_balancers_are_refused() {
    let n = net();
    let make = |name: &str, subnets: Value| json!({"Name": name, "Type": "network", "Scheme": "internal", "Subnets": subnets});
    assert_eq!(n.refused("CreateLoadBalancer", make("a_b", json!(n.subnets))), "ValidationError");
    assert_eq!(n.refused("CreateLoadBalancer", make("-a", json!(n.subnets))), "ValidationError");
    assert_eq!(
        n.refused("CreateLoadBalancer", make(&"a".repeat(33), json!(n.subnets))),
        "ValidationError"
    );
    assert_eq!(n.refused("CreateLoadBalancer", make("a", json!([]))), "ValidationError");
    assert_eq!(
        n.refused("CreateLoadBalancer", make("a", json!(["subnet-0123456789abcdef0"]))),
        "SubnetNotFound"
    );
    let twin = n.c.subnet(&n.vpc, "10.0.9.0/24");
    assert_eq!(
        n.refused("CreateLoadBalancer", make("a", json!([n.subnets[0], twin]))),
        "InvalidConfigurationRequest"
    );
    let far = n.c.vpc("10.7.0.0/16");
    let input = json!({"VpcId": far, "CidrBlock": "10.7.0.0/24", "AvailabilityZone": "us-east-1c"});
    let far = n.c.ec2("CreateSubnet", input)["Subnet"]["SubnetId"].clone();
    assert_eq!(
        n.refused("CreateLoadBalancer", make("a", json!([n.subnets[0], far]))),
        "InvalidSubnet"
    );
    // Nothing of the refused ones is left.
    assert_eq!(n.interfaces().len(), 0);
    let one = json!({"Name": "a", "Type": "application", "Scheme": "internal", "Subnets": [n.subnets[0]]});
    assert_eq!(n.refused("CreateLoadBalancer", one), "ValidationError");
}

#[test]
fn subnets_groups_and_attributes_of_a_load_balancer_change() {
    let n = net();
    let arn = n.nlb("api");
    let set = |groups: Value| json!({"LoadBalancerArn": arn, "SecurityGroups": groups});
    let input = json!({"GroupName": "lb", "Description": "d", "VpcId": n.vpc});
    let sg = text(&n.c.ec2("CreateSecurityGroup", input)["GroupId"]);
    assert_eq!(n.refused("SetSecurityGroups", set(json!([sg]))), "InvalidConfigurationRequest");
    n.elb("SetSubnets", json!({"LoadBalancerArn": arn, "Subnets": [n.subnets[1]]}));
    assert_eq!(n.interfaces().len(), 2);
    n.c.step(timing::NLB_DELETE);
    let left = n.interfaces();
    assert_eq!((left.len(), text(&left[0]["SubnetId"])), (1, n.subnets[1].clone()));
    let change = |key: &str, value: &str| json!({"LoadBalancerArn": arn, "Attributes": [{"Key": key, "Value": value}]});
    n.elb("ModifyLoadBalancerAttributes", change("load_balancing.cross_zone.enabled", "true"));
    n.elb("ModifyLoadBalancerAttributes", change("deletion_protection.enabled", "true"));
    let all = n.elb("DescribeLoadBalancerAttributes", json!({"LoadBalancerArn": arn}));
    assert!(
        all["Attributes"]
            .as_array()
            .unwrap()
            .contains(&json!({"Key": "load_balancing.cross_zone.enabled", "Value": "true"}))
    );
    assert_eq!(
        n.refused("ModifyLoadBalancerAttributes", change("idle_timeout.timeout_seconds", "60")),
        "ValidationError"
    );
    assert_eq!(
        n.refused("ModifyLoadBalancerAttributes", change("deletion_protection.enabled", "yes")),
        "ValidationError"
    );
    assert_eq!(
        n.refused("DeleteLoadBalancer", json!({"LoadBalancerArn": arn})),
        "OperationNotPermitted"
    );
    n.elb("ModifyLoadBalancerAttributes", change("deletion_protection.enabled", "false"));
    n.elb("DeleteLoadBalancer", json!({"LoadBalancerArn": arn}));
    // One that was made with groups can have others.
    let input = json!({"Name": "sg", "Type": "network", "Scheme": "internal", "Subnets": n.subnets, "SecurityGroups": [sg]});
    let arn = n.elb("CreateLoadBalancer", input)["LoadBalancers"][0]["LoadBalancerArn"].clone();
    let input = json!({"GroupName": "lb2", "Description": "d", "VpcId": n.vpc});
    let other = text(&n.c.ec2("CreateSecurityGroup", input)["GroupId"]);
    n.elb("SetSecurityGroups", json!({"LoadBalancerArn": arn, "SecurityGroups": [other]}));
    n.c.ec2("DeleteSecurityGroup", json!({"GroupId": sg}));
    assert_eq!(
        n.c.refused("DeleteSecurityGroup", json!({"GroupId": other})),
        "DependencyViolation"
    );
    assert_eq!(
        n.refused(
            "SetIpAddressType",
            json!({"LoadBalancerArn": arn, "IpAddressType": "dualstack"})
        ),
        "InvalidSubnet"
    );
}

#[test]
fn groups_have_defaults_and_checks() {
    let n = net();
    let arn = n.group("tg");
    let seen = n.elb("DescribeTargetGroups", json!({"Names": ["tg"]}))["TargetGroups"][0].clone();
    assert_eq!(seen["HealthCheckProtocol"], "TCP");
    assert_eq!(
        (&seen["HealthCheckIntervalSeconds"], &seen["HealthCheckTimeoutSeconds"]),
        (&json!(30), &json!(10))
    );
    assert_eq!((&seen["HealthCheckPath"], &seen["Matcher"]), (&Value::Null, &Value::Null));
    let attributes = n.elb("DescribeTargetGroupAttributes", json!({"TargetGroupArn": arn}));
    let list = attributes["Attributes"].as_array().unwrap();
    for (key, value) in [
        ("deregistration_delay.timeout_seconds", "300"),
        ("preserve_client_ip.enabled", "true"),
        ("stickiness.type", "source_ip"),
    ] {
        assert!(list.contains(&json!({"Key": key, "Value": value})), "{key}");
    }
    let modify = |more: Value| {
        let mut input = json!({"TargetGroupArn": arn});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    assert_eq!(
        n.refused("ModifyTargetGroup", modify(json!({"HealthCheckPath": "/x"}))),
        "InvalidConfigurationRequest"
    );
    assert_eq!(
        n.refused("ModifyTargetGroup", modify(json!({"HealthCheckTimeoutSeconds": 31}))),
        "ValidationError"
    );
    assert_eq!(
        n.refused("ModifyTargetGroup", modify(json!({"HealthCheckPort": "http"}))),
        "ValidationError"
    );
    let changed = n.elb("ModifyTargetGroup", modify(json!({"HealthCheckProtocol": "HTTP", "HealthCheckPath": "/healthz", "HealthyThresholdCount": 2})));
    let changed = &changed["TargetGroups"][0];
    assert_eq!(
        (&changed["Matcher"]["HttpCode"], &changed["HealthCheckPath"]),
        (&json!("200-399"), &json!("/healthz"))
    );
    let make = |more: Value| {
        let mut input = json!({"Name": "other", "Protocol": "TCP", "Port": 1, "VpcId": n.vpc});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    assert_eq!(
        n.refused("CreateTargetGroup", make(json!({"Name": "tg"}))),
        "DuplicateTargetGroupName"
    );
    assert_eq!(
        n.refused("CreateTargetGroup", make(json!({"VpcId": "vpc-0123456789abcdef0"}))),
        "ValidationError"
    );
    assert_eq!(n.refused("CreateTargetGroup", make(json!({"Protocol": "HTP"}))), "ValidationError");
    assert_eq!(n.refused("CreateTargetGroup", make(json!({"Port": 70000}))), "ValidationError");
    assert_eq!(
        n.refused("DescribeTargetGroups", json!({"Names": ["none"]})),
        "TargetGroupNotFound"
    );
    assert_eq!(
        n.refused("DescribeTargetGroups", json!({"TargetGroupArns": ["nonsense"]})),
        "ValidationError"
    );
}

#[test]
fn listeners_tie_groups_to_load_balancers() {
    let n = net();
    let (lb, group) = (n.nlb("api"), n.group("tg"));
    let arn = n.listener(&lb, &group);
    let seen = n.elb("DescribeListeners", json!({"LoadBalancerArn": lb}))["Listeners"][0].clone();
    assert_eq!(seen["DefaultActions"][0]["TargetGroupArn"], group);
    assert_eq!(
        seen["DefaultActions"][0]["ForwardConfig"]["TargetGroups"][0]["TargetGroupArn"],
        group
    );
    assert_eq!(n.refused("CreateListener", listener(&lb, "TCP", 443, &group)), "DuplicateListener");
    assert_eq!(
        n.refused("CreateListener", listener(&lb, "UDP", 53, &group)),
        "IncompatibleProtocols"
    );
    assert_eq!(
        n.refused("CreateListener", listener(&lb, "HTTP", 80, &group)),
        "UnsupportedProtocol"
    );
    assert_eq!(n.refused("CreateListener", listener(&lb, "TLS", 80, &group)), "ValidationError");
    let other = n.nlb("other");
    assert_eq!(
        n.refused("CreateListener", listener(&other, "TCP", 443, &group)),
        "TargetGroupAssociationLimit"
    );
    let used =
        n.elb("DescribeTargetGroups", json!({"LoadBalancerArn": lb}))["TargetGroups"][0].clone();
    assert_eq!(used["LoadBalancerArns"], json!([lb]));
    assert_eq!(n.refused("DeleteTargetGroup", json!({"TargetGroupArn": group})), "ResourceInUse");
    n.elb("ModifyListener", json!({"ListenerArn": arn, "Port": 6443}));
    n.elb("CreateListener", listener(&lb, "TCP", 443, &group));
    assert_eq!(
        n.refused("ModifyListener", json!({"ListenerArn": arn, "Port": 443})),
        "DuplicateListener"
    );
    let idle = json!({"ListenerArn": arn, "Attributes": [{"Key": "tcp.idle_timeout.seconds", "Value": "600"}]});
    assert_eq!(n.elb("ModifyListenerAttributes", idle)["Attributes"][0]["Value"], "600");
    n.elb("DeleteListener", json!({"ListenerArn": arn}));
    assert_eq!(n.refused("DeleteListener", json!({"ListenerArn": arn})), "ListenerNotFound");
    // A load balancer takes its listeners along, and the group is free again.
    n.elb("DeleteLoadBalancer", json!({"LoadBalancerArn": lb}));
    n.elb("DeleteTargetGroup", json!({"TargetGroupArn": group}));
}

#[test]
fn a_target_becomes_healthy_drains_and_is_gone() {
    let n = net();
    let (lb, group, instance) = (n.nlb("api"), n.group("tg"), n.instance());
    let input = json!({"TargetGroupArn": group, "Targets": [{"Id": instance}]});
    n.elb("RegisterTargets", input.clone());
    assert_eq!(n.health(&group), pair("unused", "Target.NotInUse"));
    n.listener(&lb, &group);
    assert_eq!(n.health(&group)[0].0, "initial");
    n.c.step(timing::NLB_CREATE + 5 * 30_000);
    assert_eq!(n.health(&group), pair("healthy", ""));
    n.elb("DeregisterTargets", input.clone());
    assert_eq!(n.health(&group), pair("draining", "Target.DeregistrationInProgress"));
    n.c.step(4 * MINUTE);
    n.elb("RegisterTargets", input.clone());
    n.c.step(2 * MINUTE);
    // It came back, so the end of the old draining does not touch it.
    assert_eq!(n.health(&group)[0].0, "initial");
    n.elb("DeregisterTargets", input.clone());
    n.c.step(5 * MINUTE);
    assert_eq!(n.health(&group), vec![]);
    let asked = n.elb("DescribeTargetHealth", input.clone())["TargetHealthDescriptions"][0].clone();
    assert_eq!(asked["TargetHealth"]["Reason"], "Target.NotRegistered");
    n.elb("RegisterTargets", input.clone());
    n.c.ec2("StopInstances", json!({"InstanceIds": [instance]}));
    assert_eq!(n.health(&group), pair("unused", "Target.InvalidState"));
}

#[test]
fn targets_that_cannot_be_are_refused() {
    let n = net();
    let group = n.group("tg");
    let add = |group: &str, id: &str| json!({"TargetGroupArn": group, "Targets": [{"Id": id}]});
    assert_eq!(n.refused("RegisterTargets", add(&group, "i-0123456789abcdef0")), "InvalidTarget");
    assert_eq!(n.refused("RegisterTargets", add(&group, "10.0.0.9")), "ValidationError");
    let far = n.c.vpc("10.7.0.0/16");
    let input = json!({"Name": "far", "Protocol": "TCP", "Port": 443, "VpcId": far});
    let far = text(&n.elb("CreateTargetGroup", input)["TargetGroups"][0]["TargetGroupArn"]);
    assert_eq!(n.refused("RegisterTargets", add(&far, &n.instance())), "InvalidTarget");
    let input =
        json!({"Name": "ip", "Protocol": "TCP", "Port": 443, "VpcId": n.vpc, "TargetType": "ip"});
    let ip = text(&n.elb("CreateTargetGroup", input)["TargetGroups"][0]["TargetGroupArn"]);
    assert_eq!(n.refused("RegisterTargets", add(&ip, "10.0.0.300")), "ValidationError");
    assert_eq!(n.refused("RegisterTargets", add(&ip, "192.168.0.1")), "InvalidTarget");
    let outside = json!({"TargetGroupArn": ip, "Targets": [{"Id": "192.168.0.1", "AvailabilityZone": "all"}]});
    n.elb("RegisterTargets", outside);
    n.elb("RegisterTargets", add(&ip, "10.0.0.9"));
    n.elb("DeregisterTargets", add(&ip, "10.0.0.10"));
    assert_eq!(n.health(&ip).len(), 2);
}

#[test]
fn auto_scaling_sees_what_its_instances_do() {
    let mut world = World::new(0, 0);
    let (account, region) = ("111111111111".to_owned(), "us-east-1".to_owned());
    let scope = &mut Scope { world: &mut world, account, region };
    let instance =
        Instance { state: "running".into(), zone: "us-east-1a".into(), ..Instance::default() };
    scope.realm().ec2.instances.insert("i-1", instance, 0, 0);
    let check = HealthCheck { interval: 10, healthy: 3, ..HealthCheck::default() };
    let group =
        TargetGroup { target_type: "instance".into(), port: 443, check, ..TargetGroup::default() };
    let place = Place { zone: "us-east-1a".into(), ..Place::default() };
    let lb = LoadBalancer { places: vec![place], ..LoadBalancer::default() };
    let action =
        json!({"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "tg"}]}});
    let listener =
        Listener { load_balancer: "lb".into(), actions: vec![action], ..Listener::default() };
    let state = &mut scope.realm().elbv2;
    state.target_groups.insert("tg", group, 0, 0);
    state.load_balancers.insert("lb", lb, 0, 0);
    state.listeners.insert("l", listener, 0, 0);
    let see = |scope: &mut Scope<'_>| {
        (targets::is_healthy(scope, "tg", "i-1"), targets::is_drained(scope, "tg", "i-1"))
    };
    assert!(targets::exists(scope, "tg") && !targets::exists(scope, "none"));
    targets::register(scope, "none", "i-1");
    assert_eq!(see(scope), (false, true));
    targets::register(scope, "tg", "i-1");
    assert_eq!(see(scope), (false, false));
    scope.world.advance(30_000);
    assert_eq!(see(scope), (true, false));
    scope.world.conditions.insert("zone-down:us-east-1a".to_owned());
    assert_eq!(see(scope), (false, false));
    scope.world.conditions.clear();
    targets::deregister(scope, "tg", "i-1");
    assert_eq!(see(scope), (false, false));
    scope.world.advance(30_000 + 5 * MINUTE - 1);
    assert_eq!(see(scope), (false, false));
    scope.world.advance(30_000 + 5 * MINUTE);
    assert_eq!(see(scope), (false, true));
}

#[test]
fn tags_stand_on_all_three() {
    let n = net();
    let (lb, group) = (n.nlb("api"), n.group("tg"));
    let arns = json!([lb, group, n.listener(&lb, &group)]);
    n.elb("AddTags", json!({"ResourceArns": arns, "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}));
    n.elb("RemoveTags", json!({"ResourceArns": arns, "TagKeys": ["a"]}));
    let seen = n.elb("DescribeTags", json!({"ResourceArns": arns}));
    for i in 0..3 {
        assert_eq!(seen["TagDescriptions"][i]["Tags"], json!([{"Key": "b", "Value": "2"}]));
    }
    let twice = json!([{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]);
    assert_eq!(
        n.refused("AddTags", json!({"ResourceArns": arns, "Tags": twice})),
        "DuplicateTagKeys"
    );
    let gone = group.replace("targetgroup/tg/", "targetgroup/tg/0");
    assert_eq!(n.refused("DescribeTags", json!({"ResourceArns": [gone]})), "TargetGroupNotFound");
}
