//! VPCs, subnets, internet gateways.
use crate::testing::{Client, filter, text};
use serde_json::json;

#[test]
fn a_vpc_comes_with_what_aws_makes_along_and_takes_it_away() {
    let c = Client::new();
    let out = c.ec2("CreateVpc", json!({"CidrBlock": "10.0.5.9/16"}))["Vpc"].clone();
    assert_eq!((&out["State"], &out["CidrBlock"]), (&json!("pending"), &json!("10.0.0.0/16")));
    let id = text(&out["VpcId"]);
    let vpc = c.ec2("DescribeVpcs", json!({"VpcIds": [id]}))["Vpcs"][0].clone();
    assert_eq!(vpc["State"], "available");
    let of_vpc = json!({"Filters": filter("vpc-id", &id)});
    let tables = c.ec2("DescribeRouteTables", of_vpc.clone())["RouteTables"].clone();
    assert_eq!(tables[0]["Associations"][0]["Main"], true);
    assert_eq!(tables[0]["Routes"][0]["GatewayId"], "local");
    let groups = c.ec2("DescribeSecurityGroups", of_vpc.clone())["SecurityGroups"].clone();
    assert_eq!(groups[0]["GroupName"], "default");
    let acls = c.airplane.dump();
    let kinds = |dump: &serde_json::Value| {
        dump.as_array().unwrap().iter().map(|o| text(&o["type"])).collect::<Vec<_>>()
    };
    assert!(kinds(&acls).contains(&"ec2.network_acls".to_owned()));
    c.ec2("DeleteVpc", json!({"VpcId": id}));
    assert_eq!(kinds(&c.airplane.dump()), ["ec2.dhcp_options"]);
    assert_eq!(c.refused("DeleteVpc", json!({"VpcId": id})), "InvalidVpcID.NotFound");
}

#[test]
fn a_vpc_has_a_size_a_quota_and_attributes_one_at_a_time() {
    let c = Client::new();
    for bad in ["10.0.0.0/15", "10.0.0.0/29"] {
        assert_eq!(c.refused("CreateVpc", json!({"CidrBlock": bad})), "InvalidVpc.Range");
    }
    assert_eq!(
        c.refused("CreateVpc", json!({"CidrBlock": "10.0.0.300/16"})),
        "InvalidParameterValue"
    );
    assert_eq!(c.refused("CreateVpc", json!({})), "MissingParameter");
    let id = c.vpc("10.0.0.0/16");
    (1..5).for_each(|i| drop(c.vpc(&format!("10.{i}.0.0/16"))));
    assert_eq!(c.refused("CreateVpc", json!({"CidrBlock": "10.9.0.0/16"})), "VpcLimitExceeded");
    let value = |name: &str| {
        let out = c.ec2("DescribeVpcAttribute", json!({"VpcId": id, "Attribute": name}));
        out.as_object().unwrap().values().find_map(|v| v["Value"].as_bool()).unwrap()
    };
    assert!(value("enableDnsSupport") && !value("enableDnsHostnames"));
    c.ec2("ModifyVpcAttribute", json!({"VpcId": id, "EnableDnsHostnames": {"Value": true}}));
    assert!(value("enableDnsHostnames"));
    let both = json!({"VpcId": id, "EnableDnsHostnames": {"Value": true}, "EnableDnsSupport": {"Value": true}});
    assert_eq!(c.refused("ModifyVpcAttribute", both), "InvalidParameterCombination");
}

#[test]
fn further_blocks_associate_after_a_while_and_are_restricted() {
    let c = Client::new();
    let id = c.vpc("10.0.0.0/16");
    let add = |cidr: &str| json!({"VpcId": id, "CidrBlock": cidr});
    assert_eq!(c.refused("AssociateVpcCidrBlock", add("10.0.128.0/20")), "InvalidVpc.Conflict");
    assert_eq!(c.refused("AssociateVpcCidrBlock", add("192.168.0.0/16")), "InvalidVpc.Range");
    let out = c.ec2("AssociateVpcCidrBlock", add("100.64.0.0/16"))["CidrBlockAssociation"].clone();
    assert_eq!(out["CidrBlockState"]["State"], "associating");
    c.step(3000);
    let shown = c.ec2("DescribeVpcs", json!({}))["Vpcs"][0]["CidrBlockAssociationSet"].clone();
    assert_eq!(shown[1]["CidrBlockState"]["State"], "associated");
    let subnet = c.subnet(&id, "100.64.1.0/24");
    let gone = json!({"AssociationId": out["AssociationId"]});
    assert_eq!(c.refused("DisassociateVpcCidrBlock", gone.clone()), "InvalidCidrBlock.InUse");
    c.ec2("DeleteSubnet", json!({"SubnetId": subnet}));
    c.ec2("DisassociateVpcCidrBlock", gone);
    c.step(3000);
    let shown = c.ec2("DescribeVpcs", json!({}))["Vpcs"][0]["CidrBlockAssociationSet"].clone();
    assert_eq!(shown.as_array().unwrap().len(), 1);
    let primary = json!({"AssociationId": shown[0]["AssociationId"]});
    assert_eq!(c.refused("DisassociateVpcCidrBlock", primary), "OperationNotPermitted");
}

#[test]
fn subnets_lie_in_their_vpc_and_overlap_no_other() {
    let c = Client::new();
    let vpc = c.vpc("10.0.0.0/16");
    let id = c.subnet(&vpc, "10.0.0.0/20");
    let make = |cidr: &str| json!({"VpcId": vpc, "CidrBlock": cidr});
    let fault = c.fault("CreateSubnet", make("10.0.8.0/24"));
    assert_eq!(fault.code, "InvalidSubnet.Conflict");
    assert_eq!(fault.message, "The CIDR '10.0.8.0/24' conflicts with another subnet");
    assert_eq!(c.refused("CreateSubnet", make("10.1.0.0/24")), "InvalidSubnet.Range");
    assert_eq!(c.refused("CreateSubnet", make("10.0.16.0/29")), "InvalidSubnet.Range");
    let zone = json!({"VpcId": vpc, "CidrBlock": "10.0.16.0/20", "AvailabilityZone": "us-east-1z"});
    assert_eq!(c.refused("CreateSubnet", zone), "InvalidParameterValue");
    let shown = c.ec2("DescribeSubnets", json!({"SubnetIds": [id]}))["Subnets"][0].clone();
    assert_eq!(shown["AvailableIpAddressCount"], 4091);
    assert_eq!(shown["AvailabilityZoneId"], "use1-az1");
    c.ec2("ModifySubnetAttribute", json!({"SubnetId": id, "MapPublicIpOnLaunch": {"Value": true}}));
    let two = json!({"SubnetId": id, "MapPublicIpOnLaunch": {"Value": true}, "EnableDns64": {"Value": true}});
    assert_eq!(c.refused("ModifySubnetAttribute", two), "InvalidParameterCombination");
    let shown =
        c.ec2("DescribeSubnets", json!({"Filters": filter("map-public-ip-on-launch", "true")}));
    assert_eq!(shown["Subnets"][0]["SubnetId"], json!(id));
    assert_eq!(c.fault("DeleteVpc", json!({"VpcId": vpc})).code, "DependencyViolation");
}

#[test]
fn ipv6_blocks_are_amazons_for_vpcs_and_slices_of_them_for_subnets() {
    let c = Client::new();
    let out = c
        .ec2("CreateVpc", json!({"CidrBlock": "10.0.0.0/16", "AmazonProvidedIpv6CidrBlock": true}))
        ["Vpc"]
        .clone();
    let (vpc, block) =
        (text(&out["VpcId"]), text(&out["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]));
    assert!(block.ends_with("/56"));
    let slice = block.replace("00::/56", "01::/64");
    let make = |cidr: &str, v6: &str| json!({"VpcId": vpc, "CidrBlock": cidr, "Ipv6CidrBlock": v6});
    let id = text(&c.ec2("CreateSubnet", make("10.0.0.0/24", &slice))["Subnet"]["SubnetId"]);
    assert_eq!(c.refused("CreateSubnet", make("10.0.1.0/24", &slice)), "InvalidSubnet.Conflict");
    assert_eq!(
        c.refused("CreateSubnet", make("10.0.1.0/24", "2001:db8::/64")),
        "InvalidSubnet.Range"
    );
    c.ec2(
        "ModifySubnetAttribute",
        json!({"SubnetId": id, "AssignIpv6AddressOnCreation": {"Value": true}}),
    );
    let plain = c.subnet(&vpc, "10.0.2.0/24");
    let on = json!({"SubnetId": plain, "AssignIpv6AddressOnCreation": {"Value": true}});
    assert_eq!(c.refused("ModifySubnetAttribute", on), "InvalidParameterValue");
    let next = block.replace("00::/56", "02::/64");
    let out = c.ec2("AssociateSubnetCidrBlock", json!({"SubnetId": plain, "Ipv6CidrBlock": next}));
    c.step(3000);
    let state = || {
        let s = c.ec2("DescribeSubnets", json!({"SubnetIds": [plain]}))["Subnets"][0].clone();
        s["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlockState"]["State"].clone()
    };
    assert_eq!(state(), "associated");
    c.ec2(
        "DisassociateSubnetCidrBlock",
        json!({"AssociationId": out["Ipv6CidrBlockAssociation"]["AssociationId"]}),
    );
    assert_eq!(state(), "disassociating");
    c.step(3000);
    assert!(state().is_null());
}

#[test]
fn an_internet_gateway_has_one_vpc_and_a_vpc_one_gateway() {
    let c = Client::new();
    let (a, b) = (c.vpc("10.0.0.0/16"), c.vpc("10.1.0.0/16"));
    let make =
        || text(&c.ec2("CreateInternetGateway", json!({}))["InternetGateway"]["InternetGatewayId"]);
    let (one, two) = (make(), make());
    let pair = |g: &str, v: &str| json!({"InternetGatewayId": g, "VpcId": v});
    c.ec2("AttachInternetGateway", pair(&one, &a));
    assert_eq!(c.refused("AttachInternetGateway", pair(&one, &b)), "Resource.AlreadyAssociated");
    assert_eq!(c.refused("AttachInternetGateway", pair(&two, &a)), "InvalidParameterValue");
    assert_eq!(c.refused("DetachInternetGateway", pair(&one, &b)), "Gateway.NotAttached");
    assert_eq!(
        c.refused("DeleteInternetGateway", json!({"InternetGatewayId": one})),
        "DependencyViolation"
    );
    assert_eq!(c.refused("DeleteVpc", json!({"VpcId": a})), "DependencyViolation");
    let seen =
        c.ec2("DescribeInternetGateways", json!({"Filters": filter("attachment.vpc-id", &a)}));
    assert_eq!(seen["InternetGateways"][0]["InternetGatewayId"], json!(one));
    c.ec2("DetachInternetGateway", pair(&one, &a));
    c.ec2("DeleteInternetGateway", json!({"InternetGatewayId": one}));
    c.ec2("DeleteVpc", json!({"VpcId": a}));
}
