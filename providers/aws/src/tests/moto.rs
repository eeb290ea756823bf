//! The provider over moto, which is not ours either: `KPROV_MOTO_ENDPOINT=http://127.0.0.1:5000`, set
//! by `cargo xtask peers test`. All tests of the kit (`conform`) run there, but for what stands in
//! the lists below, each with the reason.
//!
//! Each run needs a new moto: accounts are the same in every run.
//!
//! The wire is a plain connection, one request each: the clock of the tests must not go on while an
//! answer is on its way.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Tests that need what moto 5.2.1 does not have; these stay on airplane.
const LACKING: &[(&str, &str)] = &[
    ("network_acls_conform", "DescribeNetworkAcls has no filter network-acl-id"),
    ("gateway_endpoints_conform", "DescribeVpcEndpoints has no filter vpc-endpoint-id"),
    ("interface_endpoints_conform", "DescribeVpcEndpoints has no filter vpc-endpoint-id"),
];

/// Rules that a type breaks on moto: type, words of the failure, and what moto does otherwise.
const CONTRADICTING: &[(&str, &str, &str)] = &[
    ("aws_autoscaling_group", "DisableMetricsCollection", "not there"),
    ("aws_autoscaling_lifecycle_hook", "role_arn", "hooks have no role and no target"),
    ("aws_autoscaling_lifecycle_hook", "notification_target_arn", "for the same reason"),
    ("aws_autoscaling_lifecycle_hook", "settle after a crash", "for the same reason"),
    (
        "aws_ecr_repository",
        "image_scanning_configuration",
        "takes scanOnPush, which is left out where false, for unknown",
    ),
    ("aws_eip", "the same token gave another", "tags of addresses are of a type vpc-elastic-ip"),
    ("aws_eip", "settle after a crash after create", "for the same reason"),
    (
        "aws_iam_instance_profile",
        "RemoveRoleFromInstanceProfile",
        "HTTP 500 for a role that is not in it",
    ),
    ("aws_iam_openid_connect_provider", "AddClientIDToOpenIDConnectProvider", "not there"),
    ("aws_instance", "InvalidUserData.Malformed", "takes user data in a blob for text in Base64"),
    (
        "aws_launch_template",
        "tag_specifications",
        "tells other tag specifications than it was given",
    ),
    ("aws_launch_template", "latest_version", "ClientToken makes no difference"),
    ("aws_launch_template", "tags_all", "tags written later are not told"),
    ("aws_launch_template", "settle after a crash", "for the same reasons"),
    (
        "aws_nat_gateway",
        "the same token gave another",
        "tags of NAT gateways are of a type nat-gateway",
    ),
    ("aws_kms_key", "rotation_period_in_days", "the period of AWS, 365 days, is not told"),
    (
        "aws_lb_target_group",
        "load_balancing_algorithm_type",
        "tells an attribute of application load balancers for TCP",
    ),
    ("aws_lb_target_group", "settle after a crash", "for the same reason"),
    ("aws_nat_gateway", "settle after a crash after create", "for the same reason"),
    ("aws_route53_record", "already exists", "a * is told as it is, and not found as \\052"),
    ("aws_route53_record", "settle after a crash after create", "for the same reason"),
    (
        "aws_s3_bucket_versioning",
        "invalid XML root",
        "GetBucketVersioning answers with another root",
    ),
    ("aws_s3_bucket_versioning", "read is stable", "for the same reason"),
    ("aws_s3_bucket_versioning", "after create, it is not found", "for the same reason"),
    ("aws_security_group", "egress", "IPv6 is left out where the VPC has no IPv6 block"),
    ("aws_security_group", "settle after a crash", "for the same reason"),
    ("aws_sqs_queue_policy", "import: policy", "the policy is spelt otherwise than it was given"),
    ("aws_vpc_dhcp_options", "tags_all", "CreateDhcpOptions leaves out tags"),
    ("aws_vpc_dhcp_options", "the same token gave another", "for the same reason"),
    ("aws_vpc_dhcp_options", "settle after a crash", "for the same reason"),
    (
        "aws_vpc_security_group_egress_rule",
        "InvalidPermission.Duplicate",
        "IPv6 is left out, and nothing is there twice",
    ),
];

/// An account of a moto that nobody else uses.
pub(super) struct Moto {
    authority: String,
    account: String,
}

impl Moto {
    /// Where the environment names one, and the test is not in [`LACKING`].
    pub(super) fn of_this_test() -> Option<Moto> {
        static NEXT: AtomicU64 = AtomicU64::new(310_000_000_001);
        let endpoint = std::env::var("KPROV_MOTO_ENDPOINT").ok()?;
        let thread = std::thread::current();
        let test = thread.name().unwrap_or_default().rsplit("::").next().unwrap_or_default();
        if LACKING.iter().any(|(name, _)| *name == test) {
            return None;
        }
        let authority = endpoint.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let account = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
        Some(Moto { authority, account })
    }

    pub(super) fn answer(&self, request: http::Request<Vec<u8>>) -> http::Response<Vec<u8>> {
        self.ask(&request).unwrap_or_else(|error| panic!("moto at {}: {error}", self.authority))
    }

    fn ask(
        &self,
        request: &http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, Box<dyn std::error::Error>> {
        let mut wire = TcpStream::connect(&self.authority)?;
        wire.set_read_timeout(Some(Duration::from_secs(60)))?;
        let path = request.uri().path_and_query().map_or("/", |it| it.as_str());
        let mut head = format!("{} {path} HTTP/1.1\r\n", request.method());
        let host = request.uri().host().unwrap_or("localhost");
        head += &format!("host: {host}\r\nconnection: close\r\n");
        head += &format!("x-moto-account-id: {}\r\n", self.account);
        head += &format!("content-length: {}\r\n", request.body().len());
        for (name, value) in request.headers() {
            if !["host", "connection", "content-length"].contains(&name.as_str()) {
                head += &format!("{name}: {}\r\n", value.to_str()?);
            }
        }
        wire.write_all(head.as_bytes())?;
        wire.write_all(b"\r\n")?;
        wire.write_all(request.body())?;
        let mut answer = Vec::new();
        wire.read_to_end(&mut answer)?;
        parse(&answer)
    }
}

/// An answer that ends with its connection.
fn parse(answer: &[u8]) -> Result<http::Response<Vec<u8>>, Box<dyn std::error::Error>> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or("no end of the head")?;
    let head = std::str::from_utf8(&answer[..end])?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or("no status")?;
    let mut response = http::Response::builder().status(status.parse::<u16>()?);
    for line in lines {
        let (name, value) = line.split_once(':').ok_or("no header")?;
        response = response.header(name, value.trim());
    }
    Ok(response.body(answer[end + 4..].to_vec())?)
}

/// Failures that do not stand in the list.
pub(super) fn unknown(ty: &str, failures: Vec<String>) -> Vec<String> {
    let listed = || CONTRADICTING.iter().filter(|(of, _, _)| *of == ty);
    let known = |failure: &String| listed().any(|(_, words, _)| failure.contains(words));
    failures.into_iter().filter(|failure| !known(failure)).collect()
}
