//! Security groups and their rules.
use crate::testing::{Client, filter, text};
use serde_json::{Value, json};

fn group(c: &Client, vpc: &str, name: &str) -> String {
    text(
        &c.ec2("CreateSecurityGroup", json!({"GroupName": name, "Description": "d", "VpcId": vpc}))
            ["GroupId"],
    )
}

fn tcp(port: i64, cidr: &str) -> Value {
    json!([{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": cidr}]}])
}

fn shown(c: &Client, id: &str) -> Value {
    c.ec2("DescribeSecurityGroups", json!({"GroupIds": [id]}))["SecurityGroups"][0].clone()
}

#[test]
fn a_rule_is_its_content() {
    let c = Client::new();
    let vpc = c.vpc("10.0.0.0/16");
    let id = group(&c, &vpc, "web");
    assert_eq!(shown(&c, &id)["IpPermissionsEgress"][0]["IpRanges"][0]["CidrIp"], "0.0.0.0/0");
    let add = |p: Value| json!({"GroupId": id, "IpPermissions": p});
    let out = c.ec2("AuthorizeSecurityGroupIngress", add(tcp(443, "10.0.0.0/8")));
    let rule = &out["SecurityGroupRules"][0];
    assert!(text(&rule["SecurityGroupRuleId"]).starts_with("sgr-"));
    assert_eq!((&rule["IsEgress"], &rule["CidrIpv4"]), (&json!(false), &json!("10.0.0.0/8")));
    let fault = c.fault("AuthorizeSecurityGroupIngress", add(tcp(443, "10.1.2.3/8")));
    assert_eq!(fault.code, "InvalidPermission.Duplicate");
    assert_eq!(
        fault.message,
        "the specified rule \"peer: 10.0.0.0/8, TCP, from port: 443, to port: 443, ALLOW\" already exists"
    );
    assert_eq!(
        c.refused("AuthorizeSecurityGroupIngress", add(tcp(70000, "10.0.0.0/8"))),
        "InvalidParameterValue"
    );
    assert_eq!(
        c.refused("AuthorizeSecurityGroupIngress", add(tcp(80, "10.0.0.0/40"))),
        "InvalidParameterValue"
    );
    c.ec2("RevokeSecurityGroupIngress", add(tcp(443, "10.0.0.0/8")));
    assert_eq!(
        c.refused("RevokeSecurityGroupIngress", add(tcp(443, "10.0.0.0/8"))),
        "InvalidPermission.NotFound"
    );
    assert_eq!(shown(&c, &id)["IpPermissions"], json!([]));
}

#[test]
fn rules_have_ids_tags_and_descriptions_that_change() {
    let c = Client::new();
    let vpc = c.vpc("10.0.0.0/16");
    let id = group(&c, &vpc, "web");
    let spec =
        json!([{"ResourceType": "security-group-rule", "Tags": [{"Key": "Name", "Value": "r"}]}]);
    let out = c.ec2(
        "AuthorizeSecurityGroupIngress",
        json!({"GroupId": id, "IpPermissions": tcp(22, "10.0.0.0/8"), "TagSpecifications": spec}),
    );
    let rule = text(&out["SecurityGroupRules"][0]["SecurityGroupRuleId"]);
    let seen = |rule: &str| {
        c.ec2("DescribeSecurityGroupRules", json!({"SecurityGroupRuleIds": [rule]}))["SecurityGroupRules"][0].clone()
    };
    assert_eq!(seen(&rule)["Tags"], json!([{"Key": "Name", "Value": "r"}]));
    c.ec2(
        "UpdateSecurityGroupRuleDescriptionsIngress",
        json!({"GroupId": id, "SecurityGroupRuleDescriptions": [{"SecurityGroupRuleId": rule, "Description": "ssh"}]}),
    );
    assert_eq!(seen(&rule)["Description"], "ssh");
    let new =
        json!({"IpProtocol": "tcp", "FromPort": 2222, "ToPort": 2222, "CidrIpv4": "10.1.0.0/16"});
    let change = |new: &Value| json!({"GroupId": id, "SecurityGroupRules": [{"SecurityGroupRuleId": rule, "SecurityGroupRule": new}]});
    c.ec2("ModifySecurityGroupRules", change(&new));
    assert_eq!(
        (&seen(&rule)["FromPort"], &seen(&rule)["Description"]),
        (&json!(2222), &Value::Null)
    );
    let v6 = json!({"IpProtocol": "tcp", "FromPort": 2222, "ToPort": 2222, "CidrIpv6": "::/0"});
    assert_eq!(c.refused("ModifySecurityGroupRules", change(&v6)), "InvalidParameterValue");
    let all = c.ec2("DescribeSecurityGroupRules", json!({"Filters": filter("group-id", &id)}));
    assert_eq!(all["SecurityGroupRules"].as_array().unwrap().len(), 2);
    c.ec2("RevokeSecurityGroupIngress", json!({"GroupId": id, "SecurityGroupRuleIds": [rule]}));
    assert_eq!(
        c.refused("DescribeSecurityGroupRules", json!({"SecurityGroupRuleIds": [rule]})),
        "InvalidSecurityGroupRuleId.NotFound"
    );
}

#[test]
fn groups_that_refer_to_each_other_hold_each_other() {
    let c = Client::new();
    let vpc = c.vpc("10.0.0.0/16");
    let (a, b) = (group(&c, &vpc, "a"), group(&c, &vpc, "b"));
    let from = |id: &str| json!([{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": id}]}]);
    c.ec2("AuthorizeSecurityGroupIngress", json!({"GroupId": a, "IpPermissions": from(&b)}));
    c.ec2("AuthorizeSecurityGroupIngress", json!({"GroupId": b, "IpPermissions": from(&a)}));
    let fault = c.fault("DeleteSecurityGroup", json!({"GroupId": b}));
    assert_eq!(
        (fault.code, fault.message),
        ("DependencyViolation".into(), format!("resource {b} has a dependent object"))
    );
    assert_eq!(shown(&c, &a)["IpPermissions"][0]["UserIdGroupPairs"][0]["GroupId"], json!(b));
    c.ec2("RevokeSecurityGroupIngress", json!({"GroupId": a, "IpPermissions": from(&b)}));
    c.ec2("DeleteSecurityGroup", json!({"GroupId": b}));
    // A reference to itself does not hold a group.
    c.ec2("AuthorizeSecurityGroupIngress", json!({"GroupId": a, "IpPermissions": from(&a)}));
    c.ec2("DeleteSecurityGroup", json!({"GroupId": a}));
    let far = group(&c, &c.vpc("10.1.0.0/16"), "far");
    let near = group(&c, &vpc, "near");
    assert_eq!(
        c.refused(
            "AuthorizeSecurityGroupIngress",
            json!({"GroupId": near, "IpPermissions": from(&far)})
        ),
        "InvalidGroup.NotFound"
    );
}

#[test]
fn groups_have_names_and_limits() {
    let c = Client::new();
    let vpc = c.vpc("10.0.0.0/16");
    let id = group(&c, &vpc, "web");
    let make = |name: &str, vpc: &str| json!({"GroupName": name, "Description": "d", "VpcId": vpc});
    assert_eq!(c.refused("CreateSecurityGroup", make("web", &vpc)), "InvalidGroup.Duplicate");
    assert_eq!(c.refused("CreateSecurityGroup", make("default", &vpc)), "InvalidParameterValue");
    assert_eq!(c.refused("CreateSecurityGroup", make("sg-x", &vpc)), "InvalidParameterValue");
    assert_eq!(
        c.refused("CreateSecurityGroup", json!({"GroupName": "x", "Description": "d"})),
        "VPCIdNotSpecified"
    );
    let default = c.ec2("DescribeSecurityGroups", json!({"Filters": filter("group-name", "default")}))["SecurityGroups"][0]["GroupId"].clone();
    assert_eq!(c.refused("DeleteSecurityGroup", json!({"GroupId": default})), "CannotDelete");
    let ranges: Vec<Value> = (0..61).map(|i| json!({"CidrIp": format!("10.0.{i}.0/24")})).collect();
    let many = |n: usize| json!({"GroupId": id, "IpPermissions": [{"IpProtocol": "udp", "FromPort": 1, "ToPort": 2, "IpRanges": &ranges[..n]}]});
    assert_eq!(
        c.refused("AuthorizeSecurityGroupIngress", many(61)),
        "RulesPerSecurityGroupLimitExceeded"
    );
    c.ec2("AuthorizeSecurityGroupIngress", many(60));
}
