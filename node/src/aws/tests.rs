//! What goes to AWS, against airplane: claims and trees in SSM and S3, masters by their groups.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_config::{Region, SdkConfig};
use aws_sdk_ssm::config::Credentials;
use aws_sdk_ssm::types::ParameterType;
use kprov_airplane::{Airplane, ClockKind, Config, server};

use super::{loader, s3};
use crate::claims;
use crate::discovery::{AddressBook, Discovery};
use crate::document::{Document, Source};
use crate::{secrets, testing};

/// An airplane of its own, and how to reach it. The server lives as long as it is held.
pub(crate) async fn airplane() -> (server::Server, SdkConfig) {
    let clock = "scaled:200".parse::<ClockKind>().unwrap();
    let config = Config { seed: 1, clock, visibility_millis: 0, ..Config::default() };
    let airplane = Arc::new(Airplane::new(config).unwrap());
    let server = server::start(airplane, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let aws = loader()
        .endpoint_url(format!("http://{}", server.address()))
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("123456789012", "secret", None, None, "test"))
        .load()
        .await;
    (server, aws)
}

/// Claims at this place of the document: the first who writes one has it.
async fn are_written_once(aws: &SdkConfig, place: &str) {
    let text = testing::MASTER.replace("claims: {from: directory, path: /claims}", place);
    let document = Document::parse(&text).unwrap();
    let claims = claims::of(&document, Some(aws)).await.unwrap();
    assert_eq!(claims::read(&*claims).await.unwrap(), claims::ClaimSet::default());
    assert!(claims.write_once(claims::FOUNDER, "i-1").await.unwrap());
    assert!(!claims.write_once(claims::FOUNDER, "i-2").await.unwrap());
    claims.delete(claims::FOUNDER, "i-2").await.unwrap();
    claims.delete(claims::CLUSTER, "nothing").await.unwrap();
    claims.overwrite("members/i-1", "1f").await.unwrap();
    claims.overwrite("members/i-1", "2f").await.unwrap();
    let found = claims::read(&*claims).await.unwrap();
    assert_eq!((found.founder.as_deref(), found.members["i-1"]), (Some("i-1"), 0x2f));
    claims.delete(claims::FOUNDER, "i-1").await.unwrap();
    assert!(claims.write_once(claims::FOUNDER, "i-2").await.unwrap());
}

/// The bucket `kept`.
pub(crate) async fn make_bucket(client: &aws_sdk_s3::Client) {
    let place = aws_sdk_s3::types::CreateBucketConfiguration::builder()
        .location_constraint("eu-west-1".into())
        .build();
    client.create_bucket().bucket("kept").create_bucket_configuration(place).send().await.unwrap();
}

#[tokio::test]
async fn claims_in_ssm_are_written_once() {
    let (_server, aws) = airplane().await;
    are_written_once(&aws, "claims: {from: ssm, prefix: /demo/etcd}").await;
}

#[tokio::test]
async fn claims_in_s3_are_written_once() {
    let (_server, aws) = airplane().await;
    make_bucket(&s3(&aws)).await;
    are_written_once(&aws, "claims: {from: s3, bucket: kept, prefix: claims}").await;
}

#[tokio::test]
async fn a_tree_comes_out_of_ssm_and_what_is_missing_is_named() {
    let (_server, aws) = airplane().await;
    let client = aws_sdk_ssm::Client::new(&aws);
    let tree = testing::tree(1);
    for (path, text) in &tree.0 {
        let put = client.put_parameter().name(format!("/demo/pki/{path}")).value(text);
        put.r#type(ParameterType::SecureString).send().await.unwrap();
    }
    let source = Source::Ssm { prefix: "/demo/pki".into() };
    let paths = secrets::required(&testing::document());
    assert!(paths.len() > 10, "more than SSM takes at once");
    assert_eq!(secrets::fetch(&source, &paths, Some(&aws)).await.unwrap(), tree);
    client.delete_parameter().name("/demo/pki/etcd-ca/key.pem").send().await.unwrap();
    let said = secrets::fetch(&source, &paths, Some(&aws)).await.unwrap_err().to_string();
    assert!(said.contains("have no etcd-ca/key.pem"), "{said}");
}

#[tokio::test]
async fn a_tree_comes_out_of_s3_and_what_is_missing_is_named() {
    let (_server, aws) = airplane().await;
    let client = s3(&aws);
    make_bucket(&client).await;
    let tree = testing::tree(1);
    for (path, text) in &tree.0 {
        let body = text.clone().into_bytes().into();
        client
            .put_object()
            .bucket("kept")
            .key(format!("pki/{path}"))
            .body(body)
            .send()
            .await
            .unwrap();
    }
    let source = Source::S3 { bucket: "kept".into(), prefix: "pki".into() };
    let paths = secrets::required(&testing::document());
    assert_eq!(secrets::fetch(&source, &paths, Some(&aws)).await.unwrap(), tree);
    let missing =
        secrets::fetch(&source, &["nothing".to_owned()], Some(&aws)).await.unwrap_err().to_string();
    assert!(missing.contains("s3://kept/pki has no nothing"), "{missing}");
}

/// A group of two with the tags of a role.
async fn group(aws: &SdkConfig, subnet: &str, role: &str) {
    use aws_sdk_autoscaling::types::{LaunchTemplateSpecification, Tag};
    let ec2 = aws_sdk_ec2::Client::new(aws);
    let data = aws_sdk_ec2::types::RequestLaunchTemplateData::builder()
        .image_id("ami-0123456789abcdef0")
        .instance_type("t3.micro".into())
        .build();
    ec2.create_launch_template()
        .launch_template_name(role)
        .launch_template_data(data)
        .send()
        .await
        .unwrap();
    let tag = |key: &str, value: &str| {
        Tag::builder().key(key).value(value).propagate_at_launch(true).build()
    };
    aws_sdk_autoscaling::Client::new(aws)
        .create_auto_scaling_group()
        .auto_scaling_group_name(role)
        .launch_template(
            LaunchTemplateSpecification::builder()
                .launch_template_name(role)
                .version("$Latest")
                .build(),
        )
        .min_size(2)
        .max_size(2)
        .vpc_zone_identifier(subnet)
        .tags(tag("kprov.dev/cluster", "demo"))
        .tags(tag("kprov.dev/role", role))
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn masters_are_the_machines_of_their_groups_and_reached_by_the_book() {
    let (_server, aws) = airplane().await;
    let ec2 = aws_sdk_ec2::Client::new(&aws);
    let vpc = ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap();
    let vpc = vpc.vpc().and_then(|vpc| vpc.vpc_id()).unwrap().to_owned();
    let made = ec2.create_subnet().vpc_id(&vpc).cidr_block("10.0.1.0/24").send().await.unwrap();
    let subnet = made.subnet().and_then(|subnet| subnet.subnet_id()).unwrap().to_owned();
    let text = testing::MASTER.replace(
        "peers: {from: static, members: [{name: a, address: 10.0.1.5}]}",
        "peers: {from: autoscaling}",
    );
    let document = Document::parse(&text).unwrap();
    let discover = || Discovery::new(&document, AddressBook::at(None), Some(aws.clone()));
    let said = discover().masters().await.unwrap_err().to_string();
    assert!(said.contains("kprov.dev/cluster = demo"), "{said}");
    group(&aws, &subnet, "master").await;
    group(&aws, &subnet, "worker").await;
    let found = tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            match discover().masters().await {
                Ok(found) if found.len() == 2 => return found,
                _ => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        }
    });
    let found = found.await.expect("two masters");
    assert!(
        found.iter().all(|machine| machine.id.starts_with("i-")
            && machine.peer_url.starts_with("https://10.0.1."))
    );
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("book");
    let address: IpAddr =
        found[0].peer_url.trim_start_matches("https://").trim_end_matches(":2380").parse().unwrap();
    std::fs::write(&path, format!("{{\"{address}\": \"127.77.0.9\"}}")).unwrap();
    let book = AddressBook::at(Some(format!("file://{}", path.display())));
    let masters = Discovery::new(&document, book, Some(aws.clone())).masters().await.unwrap();
    let reached = masters.iter().find(|machine| machine.id == found[0].id).unwrap();
    assert_eq!(reached.client_url, "https://127.77.0.9:2379");
}
