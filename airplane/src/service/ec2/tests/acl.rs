//! Network ACLs, DHCP options, egress-only gateways.
use crate::testing::{Client, filter, text};
use serde_json::{Value, json};

fn acls(c: &Client, name: &str, value: &str) -> Value {
    c.ec2("DescribeNetworkAcls", json!({"Filters": filter(name, value)}))["NetworkAcls"].clone()
}

#[test]
fn a_subnet_is_under_the_default_acl_until_it_is_moved() {
    let c = Client::new();
    let vpc = c.vpc("10.0.0.0/16");
    let subnet = c.subnet(&vpc, "10.0.0.0/24");
    let default = acls(&c, "default", "true")[0].clone();
    assert_eq!(default["Associations"][0]["SubnetId"], json!(subnet));
    let numbers: Vec<&Value> =
        default["Entries"].as_array().unwrap().iter().map(|e| &e["RuleNumber"]).collect();
    assert_eq!(numbers, [100, 32767, 100, 32767]);
    let id = text(&c.ec2("CreateNetworkAcl", json!({"VpcId": vpc}))["NetworkAcl"]["NetworkAclId"]);
    let association = &default["Associations"][0]["NetworkAclAssociationId"];
    let replace = json!({"AssociationId": association, "NetworkAclId": id});
    c.ec2("ReplaceNetworkAclAssociation", replace.clone());
    assert_eq!(c.refused("ReplaceNetworkAclAssociation", replace), "InvalidAssociationID.NotFound");
    assert_eq!(acls(&c, "association.subnet-id", &subnet)[0]["NetworkAclId"], json!(id));
    assert_eq!(c.refused("DeleteNetworkAcl", json!({"NetworkAclId": id})), "DependencyViolation");
    assert_eq!(
        c.refused("DeleteNetworkAcl", json!({"NetworkAclId": default["NetworkAclId"]})),
        "InvalidParameterValue"
    );
    c.ec2("DeleteSubnet", json!({"SubnetId": subnet}));
    c.ec2("DeleteNetworkAcl", json!({"NetworkAclId": id}));
}

#[test]
fn entries_have_one_number_each_way() {
    let c = Client::new();
    let vpc = c.vpc("10.0.0.0/16");
    let id = text(&c.ec2("CreateNetworkAcl", json!({"VpcId": vpc}))["NetworkAcl"]["NetworkAclId"]);
    let entry = |number: i64, port: i64| {
        json!({"NetworkAclId": id, "RuleNumber": number, "Protocol": "tcp", "RuleAction": "allow", "Egress": false,
            "CidrBlock": "10.0.0.0/8", "PortRange": {"From": port, "To": port}})
    };
    c.ec2("CreateNetworkAclEntry", entry(200, 443));
    assert_eq!(c.refused("CreateNetworkAclEntry", entry(200, 80)), "NetworkAclEntryAlreadyExists");
    assert_eq!(c.refused("CreateNetworkAclEntry", entry(32767, 80)), "InvalidParameterValue");
    c.ec2("CreateNetworkAclEntry", entry(100, 80));
    c.ec2("ReplaceNetworkAclEntry", entry(200, 8443));
    assert_eq!(
        c.refused("ReplaceNetworkAclEntry", entry(300, 1)),
        "InvalidNetworkAclEntry.NotFound"
    );
    let shown = acls(&c, "network-acl-id", &id)[0]["Entries"].clone();
    let ingress: Vec<(i64, i64)> = shown
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| e["Egress"] == false && e["RuleNumber"] != 32767)
        .map(|e| (e["RuleNumber"].as_i64().unwrap(), e["PortRange"]["From"].as_i64().unwrap()))
        .collect();
    assert_eq!(ingress, [(100, 80), (200, 8443)]);
    assert_eq!(shown[1]["Protocol"], "6");
    let gone = json!({"NetworkAclId": id, "RuleNumber": 100, "Egress": false});
    c.ec2("DeleteNetworkAclEntry", gone.clone());
    assert_eq!(c.refused("DeleteNetworkAclEntry", gone), "InvalidNetworkAclEntry.NotFound");
}

#[test]
fn dhcp_options_stay_while_a_vpc_has_them() {
    let c = Client::new();
    let vpc = c.vpc("10.0.0.0/16");
    let make =
        |key: &str, value: &str| json!({"DhcpConfigurations": [{"Key": key, "Values": [value]}]});
    assert_eq!(c.refused("CreateDhcpOptions", make("colour", "blue")), "InvalidParameterValue");
    assert_eq!(
        c.refused("CreateDhcpOptions", make("ntp-servers", "blue")),
        "InvalidParameterValue"
    );
    let id = text(
        &c.ec2("CreateDhcpOptions", make("domain-name", "example.com"))["DhcpOptions"]["DhcpOptionsId"],
    );
    c.ec2("AssociateDhcpOptions", json!({"DhcpOptionsId": id, "VpcId": vpc}));
    assert_eq!(c.ec2("DescribeVpcs", json!({}))["Vpcs"][0]["DhcpOptionsId"], json!(id));
    assert_eq!(c.refused("DeleteDhcpOptions", json!({"DhcpOptionsId": id})), "DependencyViolation");
    c.ec2("AssociateDhcpOptions", json!({"DhcpOptionsId": "default", "VpcId": vpc}));
    assert_eq!(c.ec2("DescribeVpcs", json!({}))["Vpcs"][0]["DhcpOptionsId"], "default");
    c.ec2("DeleteDhcpOptions", json!({"DhcpOptionsId": id}));
    assert_eq!(
        c.refused("DescribeDhcpOptions", json!({"DhcpOptionsIds": [id]})),
        "InvalidDhcpOptionID.NotFound"
    );
    let left =
        c.ec2("DescribeDhcpOptions", json!({"Filters": filter("value", "AmazonProvidedDNS")}));
    assert_eq!(left["DhcpOptions"].as_array().unwrap().len(), 1);
}

#[test]
fn an_egress_only_gateway_is_for_ipv6_and_holds_its_vpc() {
    let c = Client::new();
    let vpc = c.vpc("10.0.0.0/16");
    let out = c.ec2("CreateEgressOnlyInternetGateway", json!({"VpcId": vpc}))["EgressOnlyInternetGateway"].clone();
    let id = text(&out["EgressOnlyInternetGatewayId"]);
    assert_eq!(out["Attachments"], json!([{"VpcId": vpc, "State": "attached"}]));
    let table =
        c.ec2("CreateRouteTable", json!({"VpcId": vpc}))["RouteTable"]["RouteTableId"].clone();
    let v4 = json!({"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "EgressOnlyInternetGatewayId": id});
    assert_eq!(c.refused("CreateRoute", v4), "InvalidParameterValue");
    c.ec2("CreateRoute", json!({"RouteTableId": table, "DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": id}));
    assert_eq!(c.refused("DeleteVpc", json!({"VpcId": vpc})), "DependencyViolation");
    assert_eq!(
        c.ec2("DeleteEgressOnlyInternetGateway", json!({"EgressOnlyInternetGatewayId": id}))["ReturnCode"],
        true
    );
    let shown =
        c.ec2("DescribeRouteTables", json!({"RouteTableIds": [table]}))["RouteTables"][0]["Routes"]
            .clone();
    assert_eq!(
        (&shown[1]["DestinationIpv6CidrBlock"], &shown[1]["State"]),
        (&json!("::/0"), &json!("blackhole"))
    );
}
