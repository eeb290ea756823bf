//! Peering connections in one account, over accounts and over regions.
use crate::testing::{Client, text};
use serde_json::{Value, json};

fn status(c: &Client, id: &str) -> Value {
    let out = c.ec2("DescribeVpcPeeringConnections", json!({"VpcPeeringConnectionIds": [id]}));
    out["VpcPeeringConnections"][0]["Status"]["Code"].clone()
}

fn peer(c: &Client, input: Value) -> String {
    text(
        &c.ec2("CreateVpcPeeringConnection", input)["VpcPeeringConnection"]["VpcPeeringConnectionId"],
    )
}

#[test]
fn a_connection_goes_from_request_to_active_and_has_options_only_then() {
    let c = Client::new();
    let (a, b) = (c.vpc("10.0.0.0/16"), c.vpc("10.1.0.0/16"));
    let id = peer(&c, json!({"VpcId": a, "PeerVpcId": b}));
    assert_eq!(status(&c, &id), "initiating-request");
    c.step(1000);
    assert_eq!(status(&c, &id), "pending-acceptance");
    let dns = json!({"VpcPeeringConnectionId": id, "RequesterPeeringConnectionOptions": {"AllowDnsResolutionFromRemoteVpc": true}});
    let fault = c.fault("ModifyVpcPeeringConnectionOptions", dns.clone());
    assert_eq!(fault.code, "OperationNotPermitted");
    assert_eq!(
        c.refused("CreateVpcPeeringConnection", json!({"VpcId": b, "PeerVpcId": a})),
        "VpcPeeringConnectionAlreadyExists"
    );
    let table =
        c.ec2("CreateRouteTable", json!({"VpcId": a}))["RouteTable"]["RouteTableId"].clone();
    c.ec2("CreateRoute", json!({"RouteTableId": table, "DestinationCidrBlock": "10.1.0.0/16", "VpcPeeringConnectionId": id}));
    let route = || {
        c.ec2("DescribeRouteTables", json!({"RouteTableIds": [table]}))["RouteTables"][0]["Routes"]
            [1]["State"]
            .clone()
    };
    assert_eq!(route(), "blackhole");
    let out = c.ec2("AcceptVpcPeeringConnection", json!({"VpcPeeringConnectionId": id}));
    assert_eq!(out["VpcPeeringConnection"]["Status"]["Code"], "provisioning");
    c.step(5000);
    assert_eq!((status(&c, &id), route()), (json!("active"), json!("active")));
    assert_eq!(
        c.refused("AcceptVpcPeeringConnection", json!({"VpcPeeringConnectionId": id})),
        "InvalidStateTransition"
    );
    let out = c.ec2("ModifyVpcPeeringConnectionOptions", dns);
    assert_eq!(out["RequesterPeeringConnectionOptions"]["AllowDnsResolutionFromRemoteVpc"], true);
    assert_eq!(c.refused("DeleteVpc", json!({"VpcId": b})), "DependencyViolation");
    // Groups of the peer can be named in rules now.
    let group = |vpc: &str| {
        c.ec2("CreateSecurityGroup", json!({"GroupName": "g", "Description": "d", "VpcId": vpc}))["GroupId"].clone()
    };
    let (ga, gb) = (group(&a), group(&b));
    c.ec2("AuthorizeSecurityGroupIngress", json!({"GroupId": ga, "IpPermissions": [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": gb}]}]}));
    c.ec2("DeleteVpcPeeringConnection", json!({"VpcPeeringConnectionId": id}));
    assert_eq!((status(&c, &id), route()), (json!("deleting"), json!("blackhole")));
    c.step(5000);
    assert_eq!(status(&c, &id), "deleted");
    assert_eq!(
        c.refused("DeleteVpcPeeringConnection", json!({"VpcPeeringConnectionId": id})),
        "InvalidStateTransition"
    );
}

#[test]
fn the_other_account_sees_it_and_it_alone_accepts() {
    let c = Client::new();
    let other = c.other("222222222222", "eu-west-1");
    let (a, b) = (c.vpc("10.0.0.0/16"), other.vpc("10.1.0.0/16"));
    let id = peer(
        &c,
        json!({"VpcId": a, "PeerVpcId": b, "PeerOwnerId": "222222222222", "PeerRegion": "eu-west-1"}),
    );
    c.step(1000);
    assert_eq!(status(&other, &id), "pending-acceptance");
    assert_eq!(
        c.refused("AcceptVpcPeeringConnection", json!({"VpcPeeringConnectionId": id})),
        "OperationNotPermitted"
    );
    other.ec2("AcceptVpcPeeringConnection", json!({"VpcPeeringConnectionId": id}));
    c.step(5000);
    assert_eq!((status(&c, &id), status(&other, &id)), (json!("active"), json!("active")));
    let theirs = json!({"VpcPeeringConnectionId": id, "AccepterPeeringConnectionOptions": {"AllowDnsResolutionFromRemoteVpc": true}});
    assert_eq!(
        c.refused("ModifyVpcPeeringConnectionOptions", theirs.clone()),
        "OperationNotPermitted"
    );
    other.ec2("ModifyVpcPeeringConnectionOptions", theirs);
    let seen = c.ec2("DescribeVpcPeeringConnections", json!({}))["VpcPeeringConnections"][0]["AccepterVpcInfo"].clone();
    assert_eq!(
        (&seen["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"], &seen["CidrBlock"]),
        (&json!(true), &json!("10.1.0.0/16"))
    );
    other.ec2("DeleteVpcPeeringConnection", json!({"VpcPeeringConnectionId": id}));
    c.step(5000);
    assert_eq!(status(&c, &id), "deleted");
}

#[test]
fn what_overlaps_fails_and_what_is_refused_is_rejected() {
    let c = Client::new();
    let (a, b, d) = (c.vpc("10.0.0.0/16"), c.vpc("10.0.128.0/17"), c.vpc("10.1.0.0/16"));
    let id = peer(&c, json!({"VpcId": a, "PeerVpcId": b}));
    c.step(1000);
    assert_eq!(status(&c, &id), "failed");
    let absent = json!({"VpcId": a, "PeerVpcId": "vpc-0123456789abcdef0"});
    assert_eq!(c.refused("CreateVpcPeeringConnection", absent), "InvalidVpcID.NotFound");
    let id = peer(&c, json!({"VpcId": a, "PeerVpcId": d}));
    c.step(1000);
    c.ec2("RejectVpcPeeringConnection", json!({"VpcPeeringConnectionId": id}));
    assert_eq!(status(&c, &id), "rejected");
    assert_eq!(
        c.refused("AcceptVpcPeeringConnection", json!({"VpcPeeringConnectionId": id})),
        "InvalidStateTransition"
    );
    c.step(3_600_000);
    assert_eq!(
        c.refused("DescribeVpcPeeringConnections", json!({"VpcPeeringConnectionIds": [id]})),
        "InvalidVpcPeeringConnectionID.NotFound"
    );
}
