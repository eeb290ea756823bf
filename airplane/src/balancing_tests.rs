//! Network load balancers with true connections: echo servers stand for machines, the clock is stepped.
use crate::server::{self, Server};
use crate::testing::{Client, text};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A machine: says its name to who comes, then echoes.
struct Machine {
    address: SocketAddr,
    running: JoinHandle<()>,
}

async fn machine(name: u8) -> Machine {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let running = tokio::spawn(async move {
        let mut connections = tokio::task::JoinSet::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            connections.spawn(async move {
                let _ = stream.write_all(&[name]).await;
                let (mut from, mut to) = stream.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    });
    Machine { address, running }
}

/// Lets the proxy work until the condition holds; the clock stands.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < Duration::from_secs(20), "never came true: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A load balancer with one listener in front of `10.0.0.10`, `.11`, ..., one for each machine.
struct Front {
    c: Client,
    group: String,
    listener: String,
    _server: Server,
}

impl Front {
    async fn new(machines: &[&Machine], attributes: Value) -> Front {
        let c = Client::new();
        let server =
            server::start(c.airplane.clone(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let vpc = c.vpc("10.0.0.0/16");
        let subnet = c.subnet(&vpc, "10.0.0.0/24");
        let elb = |action: &str, input: Value| c.call("elbv2", action, input).unwrap();
        let input = json!({"Name": "api", "Protocol": "TCP", "Port": 6443, "VpcId": vpc, "TargetType": "ip",
            "HealthCheckIntervalSeconds": 10, "HealthyThresholdCount": 2, "UnhealthyThresholdCount": 2});
        let made = elb("CreateTargetGroup", input);
        let group = text(&made["TargetGroups"][0]["TargetGroupArn"]);
        elb(
            "ModifyTargetGroupAttributes",
            json!({"TargetGroupArn": group, "Attributes": attributes}),
        );
        let input =
            json!({"Name": "api", "Type": "network", "Scheme": "internal", "Subnets": [subnet]});
        let balancer =
            text(&elb("CreateLoadBalancer", input)["LoadBalancers"][0]["LoadBalancerArn"]);
        let input = json!({"LoadBalancerArn": balancer, "Protocol": "TCP", "Port": 6443,
            "DefaultActions": [{"Type": "forward", "TargetGroupArn": group}]});
        let listener = text(&elb("CreateListener", input)["Listeners"][0]["ListenerArn"]);
        let mut sockets = json!({});
        for (at, machine) in machines.iter().enumerate() {
            sockets[format!("10.0.0.{}", 10 + at)] = json!(machine.address);
            let targets = json!([{"Id": format!("10.0.0.{}", 10 + at)}]);
            elb("RegisterTargets", json!({"TargetGroupArn": group, "Targets": targets}));
        }
        let front = Front { c, group, listener, _server: server };
        front.control("PUT", "sockets", &sockets).unwrap();
        front.c.step(600_000);
        front
    }

    fn control(&self, method: &str, path: &str, body: &Value) -> Result<Value, Value> {
        let request = http::Request::builder().method(method).uri(format!("/_airplane/{path}"));
        let request = request.body(bytes::Bytes::from(body.to_string())).unwrap();
        let response = self.c.airplane.handle(request);
        let body = serde_json::from_slice(response.body()).unwrap();
        if response.status() == 200 { Ok(body) } else { Err(body) }
    }

    fn states(&self) -> Vec<String> {
        let input = json!({"TargetGroupArn": self.group});
        let out = self.c.call("elbv2", "DescribeTargetHealth", input).unwrap();
        let all = out["TargetHealthDescriptions"].as_array().unwrap();
        all.iter().map(|t| text(&t["TargetHealth"]["State"])).collect()
    }

    /// Steps the clock so that checks fall due, until the targets are in these states.
    async fn settles(&self, states: &[&str]) {
        until(&format!("targets are {states:?}"), async || {
            self.c.step(1000);
            self.states() == states
        })
        .await;
    }

    async fn address(&self) -> SocketAddr {
        let mut found = None;
        until("the listener has an address", async || {
            let all = self.control("GET", "listeners", &Value::Null).unwrap();
            found = all[0]["address"].as_str().map(|text| text.parse().unwrap());
            found.is_some()
        })
        .await;
        found.unwrap()
    }

    /// A new connection, and the machine that answered.
    async fn connect(&self) -> Option<(TcpStream, u8)> {
        let mut stream = TcpStream::connect(self.address().await).await.unwrap();
        let mut name = [0];
        let read = stream.read_exact(&mut name).await;
        read.ok().map(|_| (stream, name[0]))
    }

    async fn answers(&self, count: usize) -> Vec<u8> {
        let mut names = Vec::new();
        for _ in 0..count {
            names.push(self.connect().await.map(|(_, name)| name).unwrap_or(b'-'));
        }
        names.sort_unstable();
        names
    }

    fn deregister(&self, ip: &str) {
        let input = json!({"TargetGroupArn": self.group, "Targets": [{"Id": ip}]});
        self.c.call("elbv2", "DeregisterTargets", input).unwrap();
    }
}

async fn echoes(stream: &mut TcpStream) -> bool {
    let mut back = [0; 4];
    stream.write_all(b"ping").await.is_ok()
        && stream.read_exact(&mut back).await.is_ok()
        && &back == b"ping"
}

async fn ends(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    let reading = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest));
    let _ = reading.await.expect("the connection ends");
}

#[tokio::test]
async fn connections_go_round_the_healthy_targets() {
    let (a, b, c) = (machine(b'a').await, machine(b'b').await, machine(b'c').await);
    c.running.abort();
    until("the third machine is down", async || TcpStream::connect(c.address).await.is_err()).await;
    let front = Front::new(&[&a, &b, &c], json!([])).await;
    front.settles(&["healthy", "healthy", "unhealthy"]).await;
    assert_eq!(front.answers(6).await, b"aaabbb");
}

#[tokio::test]
async fn a_target_that_leaves_keeps_its_connections_and_gets_no_new_ones() {
    let (a, b) = (machine(b'a').await, machine(b'b').await);
    let front = Front::new(&[&a, &b], json!([])).await;
    front.settles(&["healthy", "healthy"]).await;
    let (mut one, mut other) = (front.connect().await.unwrap(), front.connect().await.unwrap());
    if one.1 != b'a' {
        std::mem::swap(&mut one, &mut other);
    }
    front.deregister("10.0.0.10");
    assert_eq!(front.states(), ["draining", "healthy"]);
    assert_eq!(front.answers(4).await, b"bbbb");
    assert!(echoes(&mut one.0).await);
    // Unless it is told to, a load balancer does not end connections when the delay is over.
    front.c.step(301_000);
    assert_eq!(front.states(), ["healthy"]);
    assert!(echoes(&mut one.0).await && echoes(&mut other.0).await);
}

#[tokio::test]
async fn connections_end_with_the_delay_where_the_group_says_so() {
    let (a, b) = (machine(b'a').await, machine(b'b').await);
    let attributes = json!([
        {"Key": "deregistration_delay.connection_termination.enabled", "Value": "true"},
        {"Key": "deregistration_delay.timeout_seconds", "Value": "60"},
    ]);
    let front = Front::new(&[&a, &b], attributes).await;
    front.settles(&["healthy", "healthy"]).await;
    let (mut one, mut other) = (front.connect().await.unwrap(), front.connect().await.unwrap());
    if one.1 != b'a' {
        std::mem::swap(&mut one, &mut other);
    }
    front.deregister("10.0.0.10");
    front.c.step(59_000);
    assert!(echoes(&mut one.0).await);
    front.c.step(2_000);
    ends(&mut one.0).await;
    assert!(echoes(&mut other.0).await);
}

#[tokio::test]
async fn a_target_that_dies_turns_unhealthy_and_comes_back() {
    let (a, b) = (machine(b'a').await, machine(b'b').await);
    let front = Front::new(&[&a, &b], json!([])).await;
    front.settles(&["healthy", "healthy"]).await;
    a.running.abort();
    front.settles(&["unhealthy", "healthy"]).await;
    assert_eq!(front.answers(3).await, b"bbb");
    let again = machine(b'A').await;
    front.control("POST", "sockets", &json!({"10.0.0.10": again.address})).unwrap();
    front.settles(&["healthy", "healthy"]).await;
    assert_eq!(front.answers(2).await, b"Ab");
}

#[tokio::test]
async fn with_no_healthy_target_all_get_connections() {
    let (a, b) = (machine(b'a').await, machine(b'b').await);
    let front = Front::new(&[&a, &b], json!([])).await;
    // A fault, so that the machines themselves go on answering.
    front
        .control("PUT", "conditions", &json!(["target-down:10.0.0.10", "target-down:10.0.0.11"]))
        .unwrap();
    front.settles(&["unhealthy", "unhealthy"]).await;
    assert_eq!(front.answers(4).await, b"aabb");
}

#[tokio::test]
async fn a_listener_tells_its_address_and_gives_it_up() {
    let a = machine(b'a').await;
    let front = Front::new(&[&a], json!([])).await;
    front.settles(&["healthy"]).await;
    let address = front.address().await;
    assert!(address.ip().is_loopback());
    let dump = front.c.airplane.dump();
    let mut objects = dump.as_array().unwrap().iter();
    let shown = objects.find(|object| object["id"] == *front.listener).unwrap();
    assert_eq!(shown["listens"], json!(address));
    let (mut stream, _) = front.connect().await.unwrap();
    front.c.call("elbv2", "DeleteListener", json!({"ListenerArn": front.listener})).unwrap();
    ends(&mut stream).await;
    until("nobody listens any more", async || TcpStream::connect(address).await.is_err()).await;
    assert_eq!(front.control("GET", "listeners", &Value::Null).unwrap(), json!([]));
}

#[tokio::test]
async fn sockets_are_on_loopback_and_can_be_for_one_port() {
    let (a, b) = (machine(b'a').await, machine(b'b').await);
    let front = Front::new(&[&a], json!([])).await;
    front.settles(&["healthy"]).await;
    front.control("POST", "sockets", &json!({"10.0.0.10:6443": b.address})).unwrap();
    assert_eq!(front.answers(2).await, b"bb");
    front.control("POST", "sockets", &json!({"10.0.0.10:6443": null})).unwrap();
    assert_eq!(front.answers(2).await, b"aa");
    for bad in [json!({"10.0.0.10": "10.0.0.10:80"}), json!({"10.0.0.10": "nowhere"}), json!([])] {
        assert!(front.control("PUT", "sockets", &bad).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn an_instance_is_found_by_its_id_and_by_its_address() {
    let (a, b) = (machine(b'a').await, machine(b'b').await);
    let front = Front::new(&[], json!([])).await;
    let c = &front.c;
    let groups = c.call("elbv2", "DescribeTargetGroups", json!({})).unwrap();
    let vpc = text(&groups["TargetGroups"][0]["VpcId"]);
    let subnets =
        c.ec2("DescribeSubnets", json!({"Filters": crate::testing::filter("vpc-id", &vpc)}));
    let input = json!({"ImageId": "ami-0123456789abcdef0", "InstanceType": "t3.micro", "MinCount": 2, "MaxCount": 2,
        "SubnetId": subnets["Subnets"][0]["SubnetId"]});
    let made = c.ec2("RunInstances", input);
    let (first, second) = (&made["Instances"][0], &made["Instances"][1]);
    let input = json!({"Name": "nodes", "Protocol": "TCP", "Port": 80, "VpcId": vpc, "HealthCheckIntervalSeconds": 10,
        "HealthyThresholdCount": 2, "UnhealthyThresholdCount": 2});
    let nodes = c.call("elbv2", "CreateTargetGroup", input).unwrap();
    let nodes = text(&nodes["TargetGroups"][0]["TargetGroupArn"]);
    c.step(60_000);
    let targets = json!([{"Id": first["InstanceId"]}, {"Id": second["InstanceId"]}]);
    c.call("elbv2", "RegisterTargets", json!({"TargetGroupArn": nodes, "Targets": targets}))
        .unwrap();
    let action = json!([{"Type": "forward", "TargetGroupArn": nodes}]);
    let input = json!({"ListenerArn": front.listener, "DefaultActions": action});
    c.call("elbv2", "ModifyListener", input).unwrap();
    let sockets = json!({text(&first["InstanceId"]): a.address, text(&second["PrivateIpAddress"]): b.address});
    front.control("PUT", "sockets", &sockets).unwrap();
    let front = Front { group: nodes, ..front };
    front.settles(&["healthy", "healthy"]).await;
    assert_eq!(front.answers(4).await, b"aabb");
}
