//! Route tables, associations, routes.
use crate::testing::{Client, filter, text};
use serde_json::{Value, json};

fn table(c: &Client, vpc: &str) -> String {
    text(&c.ec2("CreateRouteTable", json!({"VpcId": vpc}))["RouteTable"]["RouteTableId"])
}

fn shown(c: &Client, id: &str) -> Value {
    c.ec2("DescribeRouteTables", json!({"RouteTableIds": [id]}))["RouteTables"][0].clone()
}

fn gateway(c: &Client, vpc: &str) -> String {
    let id =
        text(&c.ec2("CreateInternetGateway", json!({}))["InternetGateway"]["InternetGatewayId"]);
    c.ec2("AttachInternetGateway", json!({"InternetGatewayId": id, "VpcId": vpc}));
    id
}

#[test]
fn a_destination_has_one_route_which_goes_black_with_its_target() {
    let c = Client::new();
    let vpc = c.vpc("10.0.0.0/16");
    let (id, igw) = (table(&c, &vpc), gateway(&c, &vpc));
    let to =
        |cidr: &str| json!({"RouteTableId": id, "DestinationCidrBlock": cidr, "GatewayId": igw});
    assert_eq!(c.ec2("CreateRoute", to("0.0.0.0/0"))["Return"], true);
    let fault = c.fault("CreateRoute", to("0.0.0.0/0"));
    assert_eq!(
        (fault.code.as_str(), fault.message.as_str()),
        ("RouteAlreadyExists", "The route identified by 0.0.0.0/0 already exists.")
    );
    c.ec2("CreateRoute", to("172.16.3.4/12"));
    assert_eq!(c.refused("CreateRoute", to("172.16.0.0/12")), "RouteAlreadyExists");
    assert_eq!(c.refused("CreateRoute", to("10.0.0.0/16")), "RouteAlreadyExists");
    assert_eq!(c.refused("CreateRoute", to("10.0.3.0/24")), "InvalidParameterValue");
    assert_eq!(
        c.refused(
            "DeleteRoute",
            json!({"RouteTableId": id, "DestinationCidrBlock": "10.0.0.0/16"})
        ),
        "InvalidParameterValue"
    );
    c.ec2("DetachInternetGateway", json!({"InternetGatewayId": igw, "VpcId": vpc}));
    let states: Vec<Value> =
        shown(&c, &id)["Routes"].as_array().unwrap().iter().map(|r| r["State"].clone()).collect();
    assert_eq!(states, ["active", "blackhole", "blackhole"]);
    let gone = json!({"RouteTableId": id, "DestinationCidrBlock": "0.0.0.0/0"});
    c.ec2("DeleteRoute", gone.clone());
    assert_eq!(c.refused("DeleteRoute", gone), "InvalidRoute.NotFound");
}

#[test]
fn a_route_needs_one_target_of_its_own_network() {
    let c = Client::new();
    let (a, b) = (c.vpc("10.0.0.0/16"), c.vpc("10.1.0.0/16"));
    let (id, foreign) = (table(&c, &a), gateway(&c, &b));
    let to = |member: &str, target: &str| json!({"RouteTableId": id, "DestinationCidrBlock": "0.0.0.0/0", member: target});
    let fault = c.fault("CreateRoute", to("GatewayId", &foreign));
    assert_eq!(
        fault.message,
        format!("route table {id} and network gateway {foreign} belong to different networks")
    );
    assert_eq!(
        c.refused("CreateRoute", to("NatGatewayId", "nat-0123456789abcdef0")),
        "InvalidNatGatewayID.NotFound"
    );
    assert_eq!(
        c.refused("CreateRoute", to("VpcPeeringConnectionId", "pcx-0123456789abcdef0")),
        "InvalidVpcPeeringConnectionID.NotFound"
    );
    assert_eq!(
        c.refused("CreateRoute", json!({"RouteTableId": id, "DestinationCidrBlock": "0.0.0.0/0"})),
        "MissingParameter"
    );
    let own = gateway(&c, &a);
    let replace = to("GatewayId", &own);
    assert_eq!(c.refused("ReplaceRoute", replace.clone()), "InvalidParameterValue");
    c.ec2("CreateRoute", replace.clone());
    c.ec2("ReplaceRoute", replace);
    assert_eq!(shown(&c, &id)["Routes"][1]["GatewayId"], json!(own));
}

#[test]
fn a_subnet_has_one_table_and_a_table_in_use_stays() {
    let c = Client::new();
    let vpc = c.vpc("10.0.0.0/16");
    let subnet = c.subnet(&vpc, "10.0.0.0/24");
    let (one, two) = (table(&c, &vpc), table(&c, &vpc));
    let pair = |t: &str| json!({"RouteTableId": t, "SubnetId": subnet});
    let first = text(&c.ec2("AssociateRouteTable", pair(&one))["AssociationId"]);
    assert_eq!(c.refused("AssociateRouteTable", pair(&two)), "Resource.AlreadyAssociated");
    assert_eq!(c.refused("DeleteRouteTable", json!({"RouteTableId": one})), "DependencyViolation");
    let out =
        c.ec2("ReplaceRouteTableAssociation", json!({"AssociationId": first, "RouteTableId": two}));
    let second = text(&out["NewAssociationId"]);
    c.ec2("DeleteRouteTable", json!({"RouteTableId": one}));
    assert_eq!(
        c.refused("DisassociateRouteTable", json!({"AssociationId": first})),
        "InvalidAssociationID.NotFound"
    );
    let found =
        c.ec2("DescribeRouteTables", json!({"Filters": filter("association.subnet-id", &subnet)}));
    assert_eq!(
        found["RouteTables"][0]["Associations"][0]["RouteTableAssociationId"],
        json!(second)
    );
    c.ec2("DeleteSubnet", json!({"SubnetId": subnet}));
    assert_eq!(shown(&c, &two)["Associations"], json!([]));
}

#[test]
fn the_main_table_can_change_but_not_go() {
    let c = Client::new();
    let vpc = c.vpc("10.0.0.0/16");
    let other = table(&c, &vpc);
    let main = c.ec2("DescribeRouteTables", json!({"Filters": filter("association.main", "true")}))
        ["RouteTables"][0]
        .clone();
    let association = &main["Associations"][0]["RouteTableAssociationId"];
    assert_eq!(
        c.refused("DisassociateRouteTable", json!({"AssociationId": association})),
        "InvalidParameterValue"
    );
    assert_eq!(
        c.refused("DeleteRouteTable", json!({"RouteTableId": main["RouteTableId"]})),
        "DependencyViolation"
    );
    c.ec2(
        "ReplaceRouteTableAssociation",
        json!({"AssociationId": association, "RouteTableId": other}),
    );
    assert_eq!(shown(&c, &other)["Associations"][0]["Main"], true);
    c.ec2("DeleteRouteTable", json!({"RouteTableId": main["RouteTableId"]}));
    c.ec2("DeleteVpc", json!({"VpcId": vpc}));
}
