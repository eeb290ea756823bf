//! VPC endpoints, their services, prefix lists, the default VPC.
use crate::testing::{Client, filter, text};
use serde_json::{Value, json};

const S3: &str = "com.amazonaws.us-east-1.s3";
const STS: &str = "com.amazonaws.us-east-1.sts";

fn routes(c: &Client, table: &Value) -> Vec<Value> {
    let out = c.ec2("DescribeRouteTables", json!({"RouteTableIds": [table]}));
    out["RouteTables"][0]["Routes"].as_array().unwrap().clone()
}

#[test]
fn a_gateway_endpoint_is_a_route_in_its_tables() {
    let c = Client::new();
    let vpc = c.vpc("10.0.0.0/16");
    let table =
        || c.ec2("CreateRouteTable", json!({"VpcId": vpc}))["RouteTable"]["RouteTableId"].clone();
    let (a, b) = (table(), table());
    let make = json!({"VpcId": vpc, "ServiceName": S3, "RouteTableIds": [a]});
    let out = c.ec2("CreateVpcEndpoint", make.clone())["VpcEndpoint"].clone();
    let id = text(&out["VpcEndpointId"]);
    assert_eq!((&out["VpcEndpointType"], &out["State"]), (&json!("Gateway"), &json!("available")));
    let list = c.ec2("DescribePrefixLists", json!({"Filters": filter("prefix-list-name", S3)}))["PrefixLists"][0].clone();
    let route = routes(&c, &a)[1].clone();
    assert_eq!(
        (&route["DestinationPrefixListId"], &route["GatewayId"]),
        (&list["PrefixListId"], &json!(id))
    );
    assert_eq!(c.refused("CreateVpcEndpoint", make), "RouteAlreadyExists");
    c.ec2(
        "ModifyVpcEndpoint",
        json!({"VpcEndpointId": id, "AddRouteTableIds": [b], "RemoveRouteTableIds": [a]}),
    );
    assert_eq!((routes(&c, &a).len(), routes(&c, &b).len()), (1, 2));
    let managed =
        c.ec2("DescribeManagedPrefixLists", json!({"PrefixListIds": [list["PrefixListId"]]}));
    assert_eq!(managed["PrefixLists"][0]["OwnerId"], "AWS");
    assert_eq!(c.refused("DeleteVpc", json!({"VpcId": vpc})), "DependencyViolation");
    let gone =
        c.ec2("DeleteVpcEndpoints", json!({"VpcEndpointIds": [id, "vpce-0123456789abcdef0"]}));
    assert_eq!(gone["Unsuccessful"][0]["Error"]["Code"], "InvalidVpcEndpointId.NotFound");
    assert_eq!(routes(&c, &b).len(), 1);
    c.step(5000);
    assert_eq!(
        c.refused("DescribeVpcEndpoints", json!({"VpcEndpointIds": [id]})),
        "InvalidVpcEndpointId.NotFound"
    );
}

#[test]
fn an_interface_endpoint_holds_interfaces_until_it_is_gone() {
    let c = Client::new();
    let vpc = c.vpc("10.0.0.0/16");
    let (a, b) = (c.subnet(&vpc, "10.0.0.0/24"), c.subnet(&vpc, "10.0.1.0/24"));
    let make = |subnets: Value, private: bool| json!({"VpcId": vpc, "ServiceName": STS, "VpcEndpointType": "Interface", "SubnetIds": subnets, "PrivateDnsEnabled": private});
    assert_eq!(
        c.refused("CreateVpcEndpoint", make(json!([a, b]), false)),
        "DuplicateSubnetsInSameZone"
    );
    assert_eq!(c.refused("CreateVpcEndpoint", make(json!([a]), true)), "InvalidParameter");
    c.ec2("ModifyVpcAttribute", json!({"VpcId": vpc, "EnableDnsHostnames": {"Value": true}}));
    let id =
        text(&c.ec2("CreateVpcEndpoint", make(json!([a]), true))["VpcEndpoint"]["VpcEndpointId"]);
    assert_eq!(c.refused("CreateVpcEndpoint", make(json!([b]), true)), "InvalidParameter");
    let shown = || {
        c.ec2("DescribeVpcEndpoints", json!({"VpcEndpointIds": [id]}))["VpcEndpoints"][0].clone()
    };
    assert_eq!(shown()["State"], "pending");
    c.step(60_000);
    assert_eq!(shown()["State"], "available");
    assert_eq!(shown()["Groups"][0]["GroupName"], "default");
    assert_eq!(shown()["DnsEntries"][2]["DnsName"], "sts.us-east-1.amazonaws.com");
    let group = c.ec2("CreateSecurityGroup", json!({"GroupName": "e", "Description": "d", "VpcId": vpc}))["GroupId"].clone();
    let default = shown()["Groups"][0]["GroupId"].clone();
    c.ec2("ModifyVpcEndpoint", json!({"VpcEndpointId": id, "AddSecurityGroupIds": [group], "RemoveSecurityGroupIds": [default]}));
    assert_eq!(c.refused("DeleteSecurityGroup", json!({"GroupId": group})), "DependencyViolation");
    c.ec2("DeleteVpcEndpoints", json!({"VpcEndpointIds": [id]}));
    assert_eq!(shown()["State"], "deleting");
    assert_eq!(c.refused("DeleteSubnet", json!({"SubnetId": a})), "DependencyViolation");
    c.step(45_000);
    c.ec2("DeleteSubnet", json!({"SubnetId": a}));
    c.ec2("DeleteSecurityGroup", json!({"GroupId": group}));
}

#[test]
fn endpoints_lead_to_services_that_are_there() {
    let c = Client::new();
    let vpc = c.vpc("10.0.0.0/16");
    let make = |service: &str, kind: &str| json!({"VpcId": vpc, "ServiceName": service, "VpcEndpointType": kind});
    assert_eq!(
        c.refused("CreateVpcEndpoint", make("com.amazonaws.us-east-1.nothing", "Gateway")),
        "InvalidServiceName"
    );
    assert_eq!(
        c.refused("CreateVpcEndpoint", make("com.amazonaws.eu-west-1.s3", "Gateway")),
        "InvalidServiceName"
    );
    assert_eq!(c.refused("CreateVpcEndpoint", make(STS, "Gateway")), "InvalidParameter");
    let mut bad = make(S3, "Gateway");
    bad["PolicyDocument"] = json!("{");
    assert_eq!(c.refused("CreateVpcEndpoint", bad), "InvalidPolicyDocument");
    let found = c.ec2(
        "DescribeVpcEndpointServices",
        json!({"ServiceNames": [S3], "Filters": filter("service-type", "Gateway")}),
    );
    assert_eq!(found["ServiceNames"], json!([S3]));
    assert_eq!(
        c.refused("DescribeVpcEndpointServices", json!({"ServiceNames": ["x"]})),
        "InvalidServiceName"
    );
}

#[test]
fn a_default_vpc_is_ready_for_use_and_single() {
    let c = Client::new();
    let out = c.ec2("CreateDefaultVpc", json!({}))["Vpc"].clone();
    assert_eq!((&out["CidrBlock"], &out["IsDefault"]), (&json!("172.31.0.0/16"), &json!(true)));
    let subnets =
        c.ec2("DescribeSubnets", json!({"Filters": filter("default-for-az", "true")}))["Subnets"]
            .clone();
    assert_eq!(subnets.as_array().unwrap().len(), 4);
    assert_eq!(c.refused("CreateDefaultVpc", json!({})), "DefaultVpcAlreadyExists");
    // In a default VPC a rule that is not there is told, not refused.
    let id =
        c.ec2("CreateSecurityGroup", json!({"GroupName": "web", "Description": "d"}))["GroupId"]
            .clone();
    let rule = json!([{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]);
    let out = c.ec2("RevokeSecurityGroupIngress", json!({"GroupId": id, "IpPermissions": rule}));
    assert_eq!(out["UnknownIpPermissions"][0]["FromPort"], 80);
}
