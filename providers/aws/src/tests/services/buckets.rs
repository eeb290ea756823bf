//! S3.

use serde_json::json;

use super::*;
use crate::tests::run;

async fn bucket(flight: &Flight, name: &str) -> String {
    flight.id("aws_s3_bucket", config("aws_s3_bucket", json!({"bucket": name}))).await
}

#[test]
fn buckets_conform() {
    run(async {
        let flight = Flight::new();
        let of = "aws_s3_bucket";
        let base = json!({"bucket": "assets-1", "tags": {"Name": "b"}});
        let cases = flight
            .cases(with(of, &base, json!({})))
            .update(with(of, &base, json!({"tags": {"a": "b"}, "force_destroy": true})))
            .replace(with(of, &base, json!({"bucket": "assets-2"})), "bucket")
            .bad(with(of, &base, json!({"bucket": "Assets"})), "bucket")
            .bad(with(of, &base, json!({"bucket": "-assets"})), "bucket")
            .bad(with(of, &base, json!({"versioning": [{}]})), "versioning")
            .import(id)
            .import_misses(&["force_destroy"])
            .bad_id("none");
        flight.check(of, cases).await;
        flight.check(of, flight.cases(config(of, json!({"bucket_prefix": "a-"})))).await;
    });
}

#[test]
fn a_bucket_is_emptied_only_where_it_says_so() {
    run(async {
        let flight = Flight::new();
        let of = "aws_s3_bucket";
        for force in [false, true] {
            let wanted = json!({"bucket": format!("full-{force}"), "force_destroy": force});
            let made = flight.make(of, config(of, wanted)).await;
            let name = id(&made.value);
            let versions = json!({"bucket": name,
                "versioning_configuration": [{"status": "Enabled"}]});
            let kind = "aws_s3_bucket_versioning";
            flight.make(kind, config(kind, versions)).await;
            for content in ["one", "two"] {
                let object = json!({"bucket": name, "key": "k", "content": content});
                flight.make("aws_s3_object", config("aws_s3_object", object)).await;
            }
            let deleted = flight.delete(of, made.clone()).await;
            assert_eq!(deleted.is_ok(), force, "{deleted:?}");
            assert_eq!(flight.read(of, &made).await.is_none(), force);
        }
    });
}

#[test]
fn versioning_and_encryption_conform() {
    run(async {
        let flight = Flight::new();
        let name = bucket(&flight, "assets-3").await;
        let of = "aws_s3_bucket_versioning";
        let status = |status: &str| {
            let block = json!([{"status": status, "mfa_delete": ""}]);
            config(of, json!({"bucket": name, "versioning_configuration": block}))
        };
        let cases = flight
            .cases(status("Enabled"))
            .bad(status("On"), "versioning_configuration")
            .import(id)
            .import_misses(&["versioning_configuration"])
            .bad_id("none");
        flight.check(of, cases).await;

        let of = "aws_s3_bucket_server_side_encryption_configuration";
        let rule = |algorithm: &str, key: &str, saves: bool| {
            let default = json!([{"sse_algorithm": algorithm, "kms_master_key_id": key}]);
            let rule = json!([{
                "apply_server_side_encryption_by_default": default, "bucket_key_enabled": saves,
                "blocked_encryption_types": [],
            }]);
            config(of, json!({"bucket": name, "rule": rule}))
        };
        let cases = flight
            .cases(rule("aws:kms", "", false))
            .update(rule("aws:kms", "", true))
            .bad(rule("ROT13", "", false), "rule")
            .bad(rule("AES256", "arn:aws:kms:eu-central-1:123456789012:key/k", false), "rule")
            .import(id)
            .bad_id("none");
        flight.check(of, cases).await;
        flight.make(of, rule("AES256", "", false)).await;
    });
}

#[test]
fn who_may_use_a_bucket_conforms() {
    run(async {
        let flight = Flight::new();
        let name = bucket(&flight, "assets-4").await;
        let of = "aws_s3_bucket_policy";
        let policy = |action: &str| {
            let statement = json!({"Effect": "Deny", "Principal": "*", "Action": action,
                "Resource": format!("arn:aws:s3:::{name}/*")});
            json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
        };
        let base = json!({"bucket": name, "policy": policy("s3:GetObject")});
        let cases = flight
            .cases(with(of, &base, json!({})))
            .update(with(of, &base, json!({"policy": policy("s3:PutObject")})))
            .replace(with(of, &base, json!({"bucket": "other"})), "bucket")
            .bad(with(of, &base, json!({"policy": "x"})), "policy")
            .import(id)
            .bad_id("none");
        flight.check(of, cases).await;

        let of = "aws_s3_bucket_public_access_block";
        let base = json!({"bucket": name, "block_public_acls": true, "block_public_policy": true});
        let cases = flight
            .cases(with(of, &base, json!({})))
            .update(with(of, &base, json!({"restrict_public_buckets": true})))
            .replace(with(of, &base, json!({"bucket": "other"})), "bucket")
            .import(id)
            .bad_id("none");
        flight.check(of, cases).await;

        let of = "aws_s3_bucket_ownership_controls";
        let rule =
            |who: &str| config(of, json!({"bucket": name, "rule": [{"object_ownership": who}]}));
        let cases = flight
            .cases(rule("BucketOwnerPreferred"))
            .update(rule("BucketOwnerEnforced"))
            .bad(rule("Nobody"), "rule")
            .import(id)
            .import_misses(&["rule"])
            .bad_id("none");
        flight.check(of, cases).await;
    });
}

#[test]
fn objects_conform() {
    run(async {
        let flight = Flight::new();
        let name = bucket(&flight, "assets-5").await;
        let of = "aws_s3_object";
        let base = json!({"bucket": name, "key": "a/b", "content": "one", "tags": {"a": "b"}});
        let cases = flight
            .cases(with(of, &base, json!({})))
            .update(with(of, &base, json!({"content": "two", "content_type": "text/plain"})))
            .update(with(of, &base, json!({"content": "two", "tags": {"c": "d"}})))
            .update(with(of, &base, json!({"content": "two", "metadata": {"a": "b"}})))
            .replace(with(of, &base, json!({"key": "c"})), "key")
            .bad(with(of, &base, json!({"content_base64": "YQ=="})), "content_base64")
            .bad(with(of, &base, json!({"content": null, "content_base64": "?"})), "content_base64")
            .import(id)
            .import_misses(&["content", "force_destroy"])
            .bad_id("none");
        flight.check(of, cases).await;
        let missing = json!({"bucket": name, "key": "k", "source": "/does/not/exist"});
        let error = flight.try_make(of, &config(of, missing)).await.unwrap_err();
        assert_eq!(error.attribute, Some(kprov_core::Path::attribute("source")), "{error}");
    });
}
