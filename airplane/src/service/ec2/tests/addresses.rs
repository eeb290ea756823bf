//! Elastic IPs, NAT gateways, network interfaces: who holds what until when.
use crate::testing::{Client, filter, text};
use serde_json::{Value, json};

fn allocate(c: &Client) -> String {
    text(&c.ec2("AllocateAddress", json!({"Domain": "vpc"}))["AllocationId"])
}

fn gateway(c: &Client, vpc: &str) -> Value {
    let id =
        c.ec2("CreateInternetGateway", json!({}))["InternetGateway"]["InternetGatewayId"].clone();
    let pair = json!({"InternetGatewayId": id, "VpcId": vpc});
    c.ec2("AttachInternetGateway", pair.clone());
    pair
}

fn state(c: &Client, nat: &str) -> String {
    text(&c.ec2("DescribeNatGateways", json!({"NatGatewayIds": [nat]}))["NatGateways"][0]["State"])
}

#[test]
fn a_nat_gateway_holds_its_address_and_its_subnet_until_it_is_deleted() {
    let c = Client::new();
    let vpc = c.vpc("10.0.0.0/16");
    let (subnet, eip, igw) = (c.subnet(&vpc, "10.0.0.0/24"), allocate(&c), gateway(&c, &vpc));
    let out =
        c.ec2("CreateNatGateway", json!({"SubnetId": subnet, "AllocationId": eip}))["NatGateway"]
            .clone();
    let nat = text(&out["NatGatewayId"]);
    assert_eq!(out["State"], "pending");
    c.step(99_000);
    assert_eq!(state(&c, &nat), "pending");
    c.step(1000);
    let shown = c.ec2("DescribeNatGateways", json!({"Filter": filter("state", "available")}))["NatGateways"][0].clone();
    assert_eq!(shown["NatGatewayAddresses"][0]["AllocationId"], json!(eip));
    let interface = text(&shown["NatGatewayAddresses"][0]["NetworkInterfaceId"]);
    let eni = c.ec2("DescribeNetworkInterfaces", json!({"NetworkInterfaceIds": [interface]}))["NetworkInterfaces"][0].clone();
    assert_eq!((&eni["InterfaceType"], &eni["Status"]), (&json!("nat_gateway"), &json!("in-use")));
    assert_eq!(eni["Description"], json!(format!("Interface for NAT Gateway {nat}")));
    let address =
        c.ec2("DescribeAddresses", json!({"AllocationIds": [eip]}))["Addresses"][0].clone();
    assert_eq!(c.refused("ReleaseAddress", json!({"AllocationId": eip})), "InvalidIPAddress.InUse");
    assert_eq!(
        c.refused("DisassociateAddress", json!({"AssociationId": address["AssociationId"]})),
        "AuthFailure"
    );
    assert_eq!(c.refused("DetachInternetGateway", igw.clone()), "DependencyViolation");
    assert_eq!(c.refused("DeleteSubnet", json!({"SubnetId": subnet})), "DependencyViolation");
    assert_eq!(
        c.refused("CreateNatGateway", json!({"SubnetId": subnet, "AllocationId": eip})),
        "Resource.AlreadyAssociated"
    );
    c.ec2("DeleteNatGateway", json!({"NatGatewayId": nat}));
    assert_eq!(state(&c, &nat), "deleting");
    assert_eq!(c.refused("ReleaseAddress", json!({"AllocationId": eip})), "InvalidIPAddress.InUse");
    c.step(45_000);
    assert_eq!(state(&c, &nat), "deleted");
    c.ec2("ReleaseAddress", json!({"AllocationId": eip}));
    c.ec2("DeleteSubnet", json!({"SubnetId": subnet}));
    c.ec2("DetachInternetGateway", igw);
    let counted = c.airplane.dump();
    let nats: Vec<&Value> =
        counted.as_array().unwrap().iter().filter(|o| o["id"] == json!(nat)).collect();
    assert!(nats.iter().all(|o| o["implicit"] == true));
    c.step(3_600_000);
    assert_eq!(
        c.refused("DescribeNatGateways", json!({"NatGatewayIds": [nat]})),
        "NatGatewayNotFound"
    );
}

#[test]
fn a_nat_gateway_without_internet_gateway_fails_and_lets_its_address_go() {
    let c = Client::new();
    let vpc = c.vpc("10.0.0.0/16");
    let (subnet, eip) = (c.subnet(&vpc, "10.0.0.0/24"), allocate(&c));
    let out = c.ec2("CreateNatGateway", json!({"SubnetId": subnet, "AllocationId": eip}));
    let nat = text(&out["NatGateway"]["NatGatewayId"]);
    c.step(100_000);
    let shown =
        c.ec2("DescribeNatGateways", json!({"NatGatewayIds": [nat]}))["NatGateways"][0].clone();
    assert_eq!(
        (&shown["State"], &shown["FailureCode"]),
        (&json!("failed"), &json!("Gateway.NotAttached"))
    );
    c.ec2("ReleaseAddress", json!({"AllocationId": eip}));
    let missing = json!({"SubnetId": subnet, "AllocationId": "eipalloc-0123456789abcdef0"});
    assert_eq!(c.refused("CreateNatGateway", missing), "InvalidAllocationID.NotFound");
    assert_eq!(c.refused("CreateNatGateway", json!({"SubnetId": subnet})), "MissingParameter");
    let private =
        c.ec2("CreateNatGateway", json!({"SubnetId": subnet, "ConnectivityType": "private"}));
    c.step(100_000);
    assert_eq!(state(&c, &text(&private["NatGateway"]["NatGatewayId"])), "available");
}

#[test]
fn one_token_makes_one_nat_gateway() {
    let c = Client::new();
    let vpc = c.vpc("10.0.0.0/16");
    let subnet = c.subnet(&vpc, "10.0.0.0/24");
    let make = |name: &str| json!({"SubnetId": subnet, "ConnectivityType": "private", "ClientToken": name});
    let first = c.ec2("CreateNatGateway", make("a"));
    assert_eq!(c.ec2("CreateNatGateway", make("a")), first);
    assert_ne!(c.ec2("CreateNatGateway", make("b")), first);
    let other = json!({"SubnetId": subnet, "ConnectivityType": "private", "ClientToken": "a", "PrivateIpAddress": "10.0.0.9"});
    assert_eq!(c.refused("CreateNatGateway", other), "IdempotentParameterMismatch");
}

#[test]
fn an_address_maps_to_an_interface_and_moves_only_when_told() {
    let c = Client::new();
    let vpc = c.vpc("10.0.0.0/16");
    let subnet = c.subnet(&vpc, "10.0.0.0/24");
    let make = || {
        text(
            &c.ec2("CreateNetworkInterface", json!({"SubnetId": subnet}))["NetworkInterface"]["NetworkInterfaceId"],
        )
    };
    let (a, b, eip) = (make(), make(), allocate(&c));
    let pair = |e: &str| json!({"AllocationId": eip, "NetworkInterfaceId": e});
    assert_eq!(c.refused("AssociateAddress", pair(&a)), "Gateway.NotAttached");
    let igw = gateway(&c, &vpc);
    let first = c.ec2("AssociateAddress", pair(&a))["AssociationId"].clone();
    assert_eq!(c.ec2("AssociateAddress", pair(&a))["AssociationId"], first);
    assert_eq!(c.refused("AssociateAddress", pair(&b)), "Resource.AlreadyAssociated");
    assert_eq!(c.refused("DetachInternetGateway", igw), "DependencyViolation");
    let moved = json!({"AllocationId": eip, "NetworkInterfaceId": b, "AllowReassociation": true});
    let second = c.ec2("AssociateAddress", moved)["AssociationId"].clone();
    assert_eq!(
        c.refused("DisassociateAddress", json!({"AssociationId": first})),
        "InvalidAssociationID.NotFound"
    );
    let shown = c.ec2(
        "DescribeNetworkInterfaces",
        json!({"Filters": filter("association.allocation-id", &eip)}),
    );
    assert_eq!(shown["NetworkInterfaces"][0]["NetworkInterfaceId"], json!(b));
    c.ec2("DisassociateAddress", json!({"AssociationId": second}));
    c.ec2("ReleaseAddress", json!({"AllocationId": eip}));
    assert_eq!(
        c.refused("DescribeAddresses", json!({"AllocationIds": [eip]})),
        "InvalidAllocationID.NotFound"
    );
    (0..5).for_each(|_| drop(allocate(&c)));
    assert_eq!(c.refused("AllocateAddress", json!({})), "AddressLimitExceeded");
}

#[test]
fn an_interface_takes_addresses_and_groups_of_its_subnet() {
    let c = Client::new();
    let vpc = c.vpc("10.0.0.0/16");
    let subnet = c.subnet(&vpc, "10.0.0.0/28");
    let make = |ip: &str| json!({"SubnetId": subnet, "PrivateIpAddress": ip});
    for (bad, code) in [
        ("10.0.1.4", "InvalidParameterValue"),
        ("10.0.0.3", "InvalidParameterValue"),
        ("10.0.0.15", "InvalidParameterValue"),
    ] {
        assert_eq!(c.refused("CreateNetworkInterface", make(bad)), code, "{bad}");
    }
    let out = c.ec2("CreateNetworkInterface", make("10.0.0.9"))["NetworkInterface"].clone();
    assert_eq!(
        (&out["PrivateIpAddress"], &out["Groups"][0]["GroupName"]),
        (&json!("10.0.0.9"), &json!("default"))
    );
    assert_eq!(c.refused("CreateNetworkInterface", make("10.0.0.9")), "InvalidIPAddress.InUse");
    let many = json!({"SubnetId": subnet, "SecondaryPrivateIpAddressCount": 10});
    assert_eq!(c.refused("CreateNetworkInterface", many), "InsufficientFreeAddressesInSubnet");
    for count in [i64::MAX, 1 << 40] {
        let many = json!({"SubnetId": subnet, "SecondaryPrivateIpAddressCount": count});
        assert_eq!(c.refused("CreateNetworkInterface", many), "InsufficientFreeAddressesInSubnet");
        let many = json!({"SubnetId": subnet, "Ipv6AddressCount": count});
        assert_eq!(c.refused("CreateNetworkInterface", many), "InvalidParameterValue");
    }
    let far = c.vpc("10.1.0.0/16");
    let group = c
        .ec2("CreateSecurityGroup", json!({"GroupName": "far", "Description": "d", "VpcId": far}))
        ["GroupId"]
        .clone();
    assert_eq!(
        c.refused("CreateNetworkInterface", json!({"SubnetId": subnet, "Groups": [group]})),
        "InvalidParameter"
    );
    let near = c
        .ec2("CreateSecurityGroup", json!({"GroupName": "near", "Description": "d", "VpcId": vpc}))
        ["GroupId"]
        .clone();
    let id = &out["NetworkInterfaceId"];
    c.ec2("ModifyNetworkInterfaceAttribute", json!({"NetworkInterfaceId": id, "Groups": [near]}));
    assert_eq!(c.refused("DeleteSecurityGroup", json!({"GroupId": near})), "DependencyViolation");
    let free = c.ec2("DescribeSubnets", json!({"SubnetIds": [subnet]}))["Subnets"][0]["AvailableIpAddressCount"].clone();
    assert_eq!(free, 10);
    c.ec2("DeleteNetworkInterface", json!({"NetworkInterfaceId": id}));
    c.ec2("DeleteSecurityGroup", json!({"GroupId": near}));
    assert_eq!(
        c.refused("DeleteNetworkInterface", json!({"NetworkInterfaceId": id})),
        "InvalidNetworkInterfaceID.NotFound"
    );
}
