//! Filters, ids, tags, zones: what every describe and create has in common.
use crate::airplane::Config;
use crate::testing::{Client, filter, text};
use serde_json::json;

#[test]
fn filters_take_wildcards_and_tags_and_refuse_unknown_names() {
    let c = Client::new();
    let a = c.vpc("10.0.0.0/16");
    let b = c.vpc("10.1.0.0/16");
    c.ec2(
        "CreateTags",
        json!({"Resources": [a], "Tags": [{"Key": "Name", "Value": "blue*green"}]}),
    );
    let found = |f| {
        let list = c.ec2("DescribeVpcs", json!({"Filters": f}))["Vpcs"].clone();
        list.as_array().unwrap().iter().map(|v| text(&v["VpcId"])).collect::<Vec<_>>()
    };
    assert_eq!(found(filter("cidr", "10.?.0.0/16")), [a.clone(), b.clone()]);
    assert_eq!(found(filter("tag:Name", "bl*green")), vec![a.clone()]);
    assert_eq!(found(filter("tag:Name", "blue\\*green")), vec![a.clone()]);
    assert_eq!(found(filter("tag:Name", "blue\\?green")), Vec::<String>::new());
    assert_eq!(found(filter("tag-key", "Name")), vec![a.clone()]);
    assert_eq!(found(filter("is-default", "false")), [a.clone(), b.clone()]);
    let both = json!([{"Name": "cidr", "Values": ["10.1.0.0/16", "10.0.0.0/16"]}, {"Name": "vpc-id", "Values": [b]}]);
    assert_eq!(found(both), [b]);
    let fault = c.fault("DescribeVpcs", json!({"Filters": filter("colour", "blue")}));
    assert_eq!(
        (fault.code.as_str(), fault.message.as_str()),
        ("InvalidParameterValue", "The filter 'colour' is invalid")
    );
}

#[test]
fn ids_that_nothing_has_are_not_found_by_kind() {
    let c = Client::new();
    let fault = c.fault("DescribeVpcs", json!({"VpcIds": ["vpc-0123456789abcdef0"]}));
    assert_eq!(fault.code, "InvalidVpcID.NotFound");
    assert_eq!(fault.message, "The vpc ID 'vpc-0123456789abcdef0' does not exist");
    assert_eq!(
        c.refused("DescribeSecurityGroups", json!({"GroupIds": ["nonsense"]})),
        "InvalidGroupId.Malformed"
    );
    assert_eq!(
        c.refused("DescribeSecurityGroups", json!({"GroupIds": ["sg-0123456789abcdef0"]})),
        "InvalidGroup.NotFound"
    );
}

#[test]
fn a_new_object_may_be_seen_late_but_can_be_used_at_once() {
    let c = Client::with(Config { visibility_millis: 5000, seed: 3, ..Config::default() });
    let vpcs: Vec<String> = (0..5).map(|i| c.vpc(&format!("10.{i}.0.0/16"))).collect();
    let unseen: Vec<&String> = vpcs
        .iter()
        .filter(|v| c.call("ec2", "DescribeVpcs", json!({"VpcIds": [v]})).is_err())
        .collect();
    assert!(!unseen.is_empty());
    c.ec2("ModifyVpcAttribute", json!({"VpcId": unseen[0], "EnableDnsHostnames": {"Value": true}}));
    c.step(5000);
    c.ec2("DescribeVpcs", json!({"VpcIds": vpcs}));
}

#[test]
fn tags_come_with_a_create_and_change_later() {
    let c = Client::new();
    let spec =
        |kind: &str| json!([{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": "one"}]}]);
    let out =
        c.ec2("CreateVpc", json!({"CidrBlock": "10.0.0.0/16", "TagSpecifications": spec("vpc")}));
    assert_eq!(out["Vpc"]["Tags"], json!([{"Key": "Name", "Value": "one"}]));
    let fault = c.fault(
        "CreateVpc",
        json!({"CidrBlock": "10.0.0.0/16", "TagSpecifications": spec("subnet")}),
    );
    assert_eq!(fault.message, "'subnet' is not a valid taggable resource type for this operation.");
    let id = text(&out["Vpc"]["VpcId"]);
    c.ec2(
        "CreateTags",
        json!({"Resources": [id], "Tags": [{"Key": "Name", "Value": "two"}, {"Key": "Team"}]}),
    );
    let tags =
        c.ec2("DescribeTags", json!({"Filters": filter("resource-id", &id)}))["Tags"].clone();
    assert_eq!(
        tags,
        json!([{"Key": "Name", "Value": "two", "ResourceId": id, "ResourceType": "vpc"},
               {"Key": "Team", "Value": "", "ResourceId": id, "ResourceType": "vpc"}])
    );
    let dumped = c.airplane.dump();
    let object = dumped.as_array().unwrap().iter().find(|o| o["id"] == json!(id)).unwrap();
    assert_eq!(object["tags"], json!({"Name": "two", "Team": ""}));
    // With another value the tag stays, with none it goes.
    c.ec2(
        "DeleteTags",
        json!({"Resources": [id], "Tags": [{"Key": "Name", "Value": "one"}, {"Key": "Team"}]}),
    );
    let vpc = c.ec2("DescribeVpcs", json!({}))["Vpcs"][0].clone();
    assert_eq!(vpc["Tags"], json!([{"Key": "Name", "Value": "two"}]));
    assert_eq!(
        c.refused(
            "CreateTags",
            json!({"Resources": ["vpc-0123456789abcdef0"], "Tags": [{"Key": "a"}]})
        ),
        "InvalidVpcID.NotFound"
    );
    assert_eq!(
        c.refused("CreateTags", json!({"Resources": ["nonsense"], "Tags": [{"Key": "a"}]})),
        "InvalidID"
    );
}

#[test]
fn tags_have_limits() {
    let c = Client::new();
    let vpc = c.vpc("10.0.0.0/16");
    let many = |from: usize, to: usize| {
        (from..to).map(|i| json!({"Key": format!("k{i}"), "Value": "v"})).collect::<Vec<_>>()
    };
    let tag = |tags| json!({"Resources": [vpc], "Tags": tags});
    c.ec2("CreateTags", tag(many(0, 50)));
    c.ec2("CreateTags", tag(many(10, 20)));
    assert_eq!(c.refused("CreateTags", tag(many(50, 51))), "TagLimitExceeded");
    assert_eq!(
        c.refused("CreateTags", tag(vec![json!({"Key": "aws:x", "Value": "v"})])),
        "InvalidParameterValue"
    );
    let long = "k".repeat(129);
    assert_eq!(
        c.refused("CreateTags", tag(vec![json!({"Key": long, "Value": "v"})])),
        "InvalidParameterValue"
    );
}

#[test]
fn zones_are_those_of_the_region_and_show_when_they_are_down() {
    let c = Client::new();
    let zones = c.ec2("DescribeAvailabilityZones", json!({}))["AvailabilityZones"].clone();
    assert_eq!(zones.as_array().unwrap().len(), 4);
    assert_eq!(
        (text(&zones[1]["ZoneName"]), text(&zones[1]["ZoneId"])),
        ("us-east-1b".into(), "use1-az2".into())
    );
    let tokyo = c.other("222222222222", "ap-northeast-1");
    let zones = tokyo.ec2("DescribeAvailabilityZones", json!({}))["AvailabilityZones"].clone();
    assert_eq!(text(&zones[0]["ZoneId"]), "apne1-az1");
    assert_eq!(
        c.refused("DescribeAvailabilityZones", json!({"ZoneNames": ["us-west-2a"]})),
        "InvalidParameterValue"
    );
    // A region's name is the client's to choose.
    for odd in ["local", "-", "", "é-ü-1", "eu-west-1-x-y"] {
        let there = c.other("222222222222", odd);
        there.ec2("DescribeAvailabilityZones", json!({}));
        let vpc = there.vpc("10.0.0.0/16");
        there.ec2("CreateSubnet", json!({"VpcId": vpc, "CidrBlock": "10.0.0.0/24"}));
    }
    let regions =
        c.ec2("DescribeRegions", json!({"RegionNames": ["eu-west-1"]}))["Regions"].clone();
    assert_eq!(regions[0]["Endpoint"], "ec2.eu-west-1.amazonaws.com");
}
