//! Three machines of a group behind a network load balancer whose health checks go by HTTPS.
use crate::place::{DOCUMENT, Place, between, text};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

struct Front {
    place: Place,
    target_group: String,
    address: SocketAddr,
}

impl Front {
    async fn new(place: Place) -> Front {
        let (vpc, subnets) = place.network();
        place.role(&json!({"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "*"}));
        place.template(DOCUMENT, true);
        let input = [
            ("Name", "api"),
            ("Protocol", "TCP"),
            ("Port", "7000"),
            ("VpcId", vpc.as_str()),
            ("HealthCheckProtocol", "HTTPS"),
            ("HealthCheckPort", "6443"),
            ("HealthCheckPath", "/readyz"),
            ("HealthCheckIntervalSeconds", "10"),
            ("HealthyThresholdCount", "2"),
            ("UnhealthyThresholdCount", "2"),
        ];
        let made = place.query("elasticloadbalancing", "CreateTargetGroup", &input);
        let target_group = between(&made, "<TargetGroupArn>", "</TargetGroupArn>");
        let mut input = vec![("Name", "api"), ("Type", "network"), ("Scheme", "internal")];
        let names: Vec<String> =
            (1..=subnets.len()).map(|at| format!("Subnets.member.{at}")).collect();
        input.extend(names.iter().map(String::as_str).zip(subnets.iter().map(String::as_str)));
        let made = place.query("elasticloadbalancing", "CreateLoadBalancer", &input);
        let balancer = between(&made, "<LoadBalancerArn>", "</LoadBalancerArn>");
        let input = [
            ("LoadBalancerArn", balancer.as_str()),
            ("Protocol", "TCP"),
            ("Port", "7000"),
            ("DefaultActions.member.1.Type", "forward"),
            ("DefaultActions.member.1.TargetGroupArn", target_group.as_str()),
        ];
        place.query("elasticloadbalancing", "CreateListener", &input);
        // Its name is where it is.
        let dns = between(&made, "<DNSName>", "</DNSName>");
        let address = SocketAddr::new(dns.parse().unwrap(), 7000);
        place.group(&subnets, Some(&target_group));
        Front { place, target_group, address }
    }

    fn healthy(&self) -> BTreeSet<String> {
        let input = [("TargetGroupArn", self.target_group.as_str())];
        let health = self.place.query("elasticloadbalancing", "DescribeTargetHealth", &input);
        let targets = health.split("<member>").skip(1);
        let healthy = targets.filter(|target| target.contains("<State>healthy</State>"));
        healthy.map(|target| between(target, "<Id>", "</Id>")).collect()
    }

    async fn settles(&self) -> BTreeSet<String> {
        let three = || Some(self.healthy()).filter(|healthy| healthy.len() == 3);
        self.place.until("three targets are healthy", three).await
    }

    /// The machine that a new connection comes to.
    async fn connect(&self) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let mut name = [0; 19];
        stream.read_exact(&mut name).await.unwrap();
        String::from_utf8(name.to_vec()).unwrap()
    }
}

#[tokio::test]
async fn a_group_of_machines_stands_behind_its_load_balancer_at_the_address_that_is_its_name() {
    let home = tempfile::tempdir().unwrap();
    let front = Front::new(Place::new(home.path()).await).await;
    let three = front.settles().await;
    assert_eq!(front.address.ip().to_string().split('.').nth(1), Some("78"));
    let listeners = front.place.control("GET", "listeners", &Value::Null);
    assert_eq!(listeners[0]["address"], json!(front.address));
    assert_eq!(listeners[0]["remark"], Value::Null);
    let mut reached = BTreeSet::new();
    for _ in 0..6 {
        reached.insert(front.connect().await);
    }
    assert_eq!(reached, three);
    let machines = front.place.machines();
    for machine in &machines {
        let instance = text(&machine["instance"]);
        let found = front.place.found(&instance).unwrap();
        assert_eq!(found["instance"], json!(instance));
        assert_eq!(found["private"], machine["private_address"]);
        assert_eq!(found["address"], machine["address"]);
        assert_eq!(found["without_token"], 401, "tokens are required");
        assert_eq!(
            (&found["region"], &found["region_variable"]),
            (&json!("us-east-1"), &json!("us-east-1"))
        );
        assert_eq!(found["user_data"], DOCUMENT);
        assert_eq!((&found["role"], &found["tag"]), (&json!("node"), &json!("master")));
        assert_eq!(found["lifecycle"], "InService");
        assert!(text(&found["spot"]).contains("404"), "{}", found["spot"]);
        assert_eq!(found["identity"]["instanceId"], json!(instance));
        assert_eq!(found["identity"]["accountId"], "123456789012");
        assert!(text(&found["listing"]).lines().any(|line| line == "placement/"));
        assert_eq!(found["stray"], Value::Null);
        assert_eq!(found["credentials"]["Code"], "Success");
        assert!(text(&found["credentials"]["AccessKeyId"]).starts_with("ASIA"));
    }
    let zones: BTreeSet<String> = machines
        .iter()
        .map(|m| text(&front.place.found(&text(&m["instance"])).unwrap()["zone"]))
        .collect();
    assert_eq!(zones.len(), 3);
    front.place.server.unwrap().stop().await;
}

#[tokio::test]
async fn one_that_is_terminated_is_told_gets_no_more_connections_and_is_replaced() {
    let home = tempfile::tempdir().unwrap();
    let front = Front::new(Place::new(home.path()).await).await;
    let three = front.settles().await;
    let old = three.first().unwrap().clone();
    let input = [("InstanceId", old.as_str()), ("ShouldDecrementDesiredCapacity", "false")];
    front.place.query("autoscaling", "TerminateInstanceInAutoScalingGroup", &input);
    // The group takes it out of the load balancer first, where it drains.
    let mut ended = false;
    for _ in 0..400 {
        front.place.airplane.advance(1000);
        assert_ne!(front.connect().await, old);
        ended |= front.place.instances().get(&old).is_some_and(|state| state == "terminated");
        if ended && front.healthy().len() == 3 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(ended, "{:?}", front.place.instances());
    assert!(front.place.log(&old).contains("I was told to end"), "{}", front.place.log(&old));
    let now = front.settles().await;
    assert!(!now.contains(&old) && now.is_superset(&(&three - &BTreeSet::from([old.clone()]))));
    let gone = || (!home.path().join("machines").join(&old).exists()).then_some(());
    front.place.until("its directory is gone", gone).await;
    assert!(front.place.machines().iter().all(|machine| machine["instance"] != json!(old)));
    front.place.server.unwrap().stop().await;
}

#[tokio::test]
async fn one_whose_health_check_answers_badly_gets_no_connections_until_it_is_well_again() {
    let home = tempfile::tempdir().unwrap();
    let front = Front::new(Place::new(home.path()).await).await;
    let three = front.settles().await;
    let sick = three.first().unwrap().clone();
    let mark = home.path().join("machines").join(&sick).join("node/sick");
    std::fs::write(&mark, "").unwrap();
    let is_out = || (!front.healthy().contains(&sick)).then_some(());
    front.place.until("its answer 503 makes it unhealthy", is_out).await;
    for _ in 0..4 {
        assert_ne!(front.connect().await, sick);
    }
    std::fs::remove_file(mark).unwrap();
    front.settles().await;
    front.place.server.unwrap().stop().await;
}

#[tokio::test]
async fn a_port_that_cannot_be_had_is_another_one_and_that_is_said() {
    let home = tempfile::tempdir().unwrap();
    let place = Place::new(home.path()).await;
    let address = std::net::Ipv4Addr::new(127, 78, place.block, 1);
    let taken = std::net::TcpListener::bind((address, 7000)).unwrap();
    let front = Front::new(place).await;
    let listener = || {
        let listeners = front.place.control("GET", "listeners", &Value::Null);
        Some(listeners[0].clone()).filter(|listener| listener["address"].is_string())
    };
    let listener = front.place.until("the listener has an address", listener).await;
    let instead: SocketAddr = text(&listener["address"]).parse().unwrap();
    assert_eq!(instead.ip(), std::net::IpAddr::from(address));
    assert_ne!(instead.port(), 7000);
    let remark = text(&listener["remark"]);
    assert!(
        remark.contains(&format!("{address}:7000")) && remark.contains(&instead.to_string()),
        "{remark}"
    );
    let front = Front { address: instead, ..front };
    front.settles().await;
    front.connect().await;
    drop(taken);
    front.place.server.unwrap().stop().await;
}
