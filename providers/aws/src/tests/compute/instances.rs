//! Instances, volumes and attachments.

use super::*;

/// An image that airplane has.
pub(in crate::tests) async fn image(flight: &Flight) -> String {
    let owners = kprov_core::Type::list(kprov_core::Type::String);
    let owners = from_json(&json!(["amazon"]), &owners).unwrap();
    let config = Value::object([("most_recent", Value::Bool(true)), ("owners", owners)]);
    let image = flight.data("aws_ami", config).await.unwrap();
    text(&image, "id")
}

async fn plain(flight: &Flight) -> (String, Json) {
    let vpc = vpc(flight).await;
    let subnet = subnet(flight, &vpc, "10.0.0.0/24", "a").await;
    let image = image(flight).await;
    (vpc, json!({"ami": image, "instance_type": "t3.micro", "subnet_id": subnet}))
}

#[test]
fn instances_conform() {
    run(async {
        let flight = Flight::new();
        let ty = "aws_instance";
        let (_, base) = plain(&flight).await;
        let with = |more: Json| {
            let mut config = base.clone();
            config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            of(ty, config)
        };
        let full = json!({
            "user_data": "#!/bin/sh\n", "source_dest_check": false, "tags": {"Name": "i"},
            "root_block_device": [{"volume_size": 20, "volume_type": "gp3"}],
            "metadata_options": [{"http_tokens": "required"}],
        });
        let mut other = full.clone();
        other["user_data"] = json!("#!/bin/bash\n");
        other["instance_type"] = json!("t3.small");
        other["root_block_device"] = json!([{"volume_size": 30, "volume_type": "gp3"}]);
        let cases = flight
            .cases(with(full))
            .update(with(other))
            .replace(with(json!({"private_ip": "10.0.0.99"})), "private_ip")
            .bad(with(json!({"user_data": "x".repeat(16_385)})), "user_data")
            .bad(with(json!({"tenancy": "shared"})), "tenancy")
            .bad(of(ty, json!({"instance_type": "t3.micro"})), "ami")
            .import(id)
            .import_misses(&[
                "force_destroy",
                "get_password_data",
                "user_data_replace_on_change",
                "root_block_device",
                "metadata_options",
            ])
            .bad_id("i-0123456789abcdef0");
        flight.check(ty, cases).await;
    });
}

#[test]
fn volumes_and_attachments_conform() {
    run(async {
        let flight = Flight::new();
        let ty = "aws_ebs_volume";
        let with = |size: i64, kind: &str| {
            let zone = "eu-central-1a";
            of(ty, json!({"availability_zone": zone, "size": size, "type": kind}))
        };
        let cases = flight
            .cases(with(10, "gp3"))
            .update(with(20, "gp3"))
            .bad(with(0, "gp3"), "size")
            .bad(with(10, "io2"), "iops")
            .import(id)
            .import_misses(&["final_snapshot"])
            .bad_id("vol-0123456789abcdef0");
        flight.check(ty, cases).await;
        let volume = flight.id(ty, with(10, "gp3")).await;
        let (_, base) = plain(&flight).await;
        let instance = flight.id("aws_instance", of("aws_instance", base)).await;
        let ty = "aws_volume_attachment";
        let config =
            json!({"device_name": "/dev/sdh", "volume_id": volume, "instance_id": instance});
        let cases = flight
            .cases(of(ty, config))
            .import(move |_| format!("/dev/sdh:{volume}:{instance}"))
            .bad_id("/dev/sdh");
        flight.check(ty, cases).await;
    });
}
