//! KMS, SSM, ECR.

use serde_json::json;

use super::*;
use crate::tests::run;

#[test]
fn keys_and_aliases_conform() {
    run(async {
        let flight = Flight::new();
        let of = "aws_kms_key";
        let base = json!({"description": "etcd", "deletion_window_in_days": 7, "tags": {"a": "b"}});
        let cases = flight
            .cases(with(of, &base, json!({})))
            .update(with(of, &base, json!({"enable_key_rotation": true, "tags": {}})))
            .update(with(of, &base, json!({"description": "other", "is_enabled": false})))
            .replace(with(of, &base, json!({"key_usage": "SIGN_VERIFY"})), "key_usage")
            .bad(with(of, &base, json!({"deletion_window_in_days": 1})), "deletion_window_in_days")
            .bad(with(of, &base, json!({"policy": "x"})), "policy")
            .bad(with(of, &base, json!({"key_usage": "x"})), "key_usage")
            .bad(with(of, &base, json!({"rotation_period_in_days": 90})), "rotation_period_in_days")
            .import(id)
            .import_misses(&["deletion_window_in_days", "bypass_policy_lockout_safety_check"])
            .bad_id("00000000-0000-0000-0000-000000000000");
        flight.check(of, cases).await;
        flight.check(of, flight.cases(config(of, json!({"enable_key_rotation": true})))).await;

        let mut keys = Vec::new();
        for _ in 0..2 {
            keys.push(flight.id(of, config(of, base.clone())).await);
        }
        let of = "aws_kms_alias";
        let base = json!({"name": "alias/etcd", "target_key_id": keys[0]});
        let cases = flight
            .cases(with(of, &base, json!({})))
            .update(with(of, &base, json!({"target_key_id": keys[1]})))
            .replace(with(of, &base, json!({"name": "alias/other"})), "name")
            .bad(with(of, &base, json!({"name": "etcd"})), "name")
            .bad(with(of, &base, json!({"name": "alias/aws/x"})), "name")
            .import(id)
            .bad_id("etcd");
        flight.check(of, cases).await;
    });
}

#[test]
fn parameters_conform() {
    run(async {
        let flight = Flight::new();
        let of = "aws_ssm_parameter";
        let base = json!({"name": "/c/a", "type": "String", "value": "1", "tags": {"a": "b"}});
        let cases = flight
            .cases(with(of, &base, json!({})))
            .update(with(of, &base, json!({"value": "2", "description": "d", "tags": {}})))
            .update(with(of, &base, json!({"value": "3", "tier": "Advanced"})))
            .replace(with(of, &base, json!({"name": "/c/b"})), "name")
            .bad(with(of, &base, json!({"type": "Number"})), "type")
            .bad(with(of, &base, json!({"name": "a b"})), "name")
            .bad(with(of, &base, json!({"value": "v".repeat(5000)})), "value")
            .bad(with(of, &base, json!({"value": null})), "value")
            .bad(with(of, &base, json!({"allowed_pattern": "^[a-z]$"})), "value")
            .import(id)
            .bad_id("/none");
        flight.check(of, cases).await;
        let chosen =
            json!({"name": "/c/t", "type": "String", "value": "1", "tier": "Intelligent-Tiering"});
        let large = json!({"value": "v".repeat(5000)});
        let cases = flight
            .cases(with(of, &chosen, json!({})))
            .update(with(of, &chosen, large))
            .update(with(of, &chosen, json!({"value": "2"})))
            .bad(with(of, &chosen, json!({"value": "v".repeat(9000)})), "value");
        flight.check(of, cases).await;
        let secret = json!({"name": "/c/s", "type": "SecureString", "value": "s"});
        flight.check(of, flight.cases(config(of, secret))).await;
        let plain = json!({"name": "/c/p", "type": "String", "insecure_value": "s"});
        flight.check(of, flight.cases(config(of, plain))).await;
    });
}

#[test]
fn repositories_conform() {
    run(async {
        let flight = Flight::new();
        let of = "aws_ecr_repository";
        let base = json!({
            "name": "team/app", "image_tag_mutability": "IMMUTABLE", "tags": {"a": "b"},
            "image_scanning_configuration": [{"scan_on_push": true}],
            "encryption_configuration": [{"encryption_type": "AES256", "kms_key": ""}],
        });
        let scan = json!([{"scan_on_push": false}]);
        let cases = flight
            .cases(with(of, &base, json!({})))
            .update(with(of, &base, json!({"image_tag_mutability": "MUTABLE", "tags": {}})))
            .update(with(of, &base, json!({"image_scanning_configuration": scan})))
            .replace(with(of, &base, json!({"name": "team/b"})), "name")
            .bad(with(of, &base, json!({"name": "Team"})), "name")
            .bad(with(of, &base, json!({"image_tag_mutability": "x"})), "image_tag_mutability")
            .import(id)
            .import_misses(&["force_delete", "encryption_configuration"])
            .bad_id("none");
        flight.check(of, cases).await;
        flight.check(of, flight.cases(config(of, json!({"name": "plain"})))).await;
    });
}
