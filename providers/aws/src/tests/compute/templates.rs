//! Key pairs and launch templates.

use super::*;

pub(super) const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJEQYpAvl7MdkQxq0Fvq1Yk6Q0m1Yx0yq3o3VrN1bA5q me@home";

#[test]
fn key_pairs_conform() {
    run(async {
        let flight = Flight::new();
        let ty = "aws_key_pair";
        let with = |name: &str, key: &str| of(ty, json!({"key_name": name, "public_key": key}));
        let tagged = json!({"key_name": "k", "public_key": KEY, "tags": {"a": "b"}});
        let cases = flight
            .cases(with("k", KEY))
            .update(of(ty, tagged))
            .replace(with("other", KEY), "key_name")
            .bad(with("k", "-----BEGIN PRIVATE KEY-----"), "public_key")
            .bad(with("k", "my key"), "public_key")
            .import(id)
            .import_misses(&["public_key"])
            .bad_id("nobody");
        flight.check(ty, cases).await;
    });
}

#[test]
fn launch_templates_conform() {
    run(async {
        let flight = Flight::new();
        let ty = "aws_launch_template";
        let with = |more: Json| {
            let mut config = json!({
                "name": "tpl", "instance_type": "t3.micro", "update_default_version": true,
            });
            config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            of(ty, config)
        };
        let full = json!({
            "user_data": "IyEvYmluL3NoCg==",
            "block_device_mappings": [{
                "device_name": "/dev/xvda",
                "ebs": [{"volume_size": 20, "volume_type": "gp3", "encrypted": "true"}],
            }],
            "metadata_options": [{"http_tokens": "required", "http_put_response_hop_limit": 2}],
            "monitoring": [{"enabled": true}],
            "network_interfaces": [{
                "device_index": 0, "associate_public_ip_address": "false",
                "delete_on_termination": "true",
            }],
            "placement": [{"tenancy": "default"}],
            "credit_specification": [{"cpu_credits": "standard"}],
            "instance_market_options": [{
                "market_type": "spot", "spot_options": [{"max_price": "0.1"}],
            }],
            "tag_specifications": [{"resource_type": "instance", "tags": {"Name": "n"}}],
            "tags": {"Name": "t"},
        });
        let long = "eHh4".repeat(5_500);
        let cases = flight
            .cases(with(full))
            .update(with(json!({"description": "two", "monitoring": [{"enabled": false}]})))
            .update(with(json!({"tags": {"a": "b"}})))
            .replace(of(ty, json!({"name": "other"})), "name")
            .bad(with(json!({"user_data": long})), "user_data")
            .bad(with(json!({"user_data": "#!/bin/sh"})), "user_data")
            .bad(with(json!({"metadata_options": [{"http_tokens": "maybe"}]})), "metadata_options")
            .bad(of(ty, json!({"name": "a b"})), "name")
            .import(id)
            .import_misses(&["update_default_version"])
            .bad_id("lt-0123456789abcdef0");
        flight.check(ty, cases).await;
    });
}
