//! What is wrong with credentials is told when the provider is configured, at the attribute, in
//! words that say what to do.

use std::path::Path as FilePath;

use kprov_core::{Path, Value};
use kprov_provider::{ErrorClass, ProviderError};
use serde_json::json;

use super::compute::of;
use super::flight::{Flight, config, text};
use super::run;

/// Configures a provider with these arguments and makes a VPC.
async fn made(flight: &Flight, more: &[(&str, Value)]) -> Result<(), ProviderError> {
    let vpc = of("aws_vpc", json!({"cidr_block": "10.0.0.0/16"}));
    flight.try_make_as("aws_vpc", &vpc, more).await.map(|_| ())
}

fn refused(error: ProviderError, attribute: &str, words: &[&str]) {
    assert_eq!(error.summary, crate::credentials::SUMMARY);
    assert_eq!(error.class, ErrorClass::Rejected, "{error}");
    assert_eq!(error.attribute, Some(Path::attribute(attribute)), "{error}");
    for word in words {
        assert!(error.message.contains(word), "{word:?} is not said: {error}");
    }
}

/// Keys of the profile `dev`, in shared files in this directory.
fn shared(directory: &FilePath, profile: &str) -> Vec<(&'static str, Value)> {
    let write = |name: &str, content: &str| {
        let path = directory.join(name);
        std::fs::write(&path, content).unwrap();
        config(json!([path.to_str().unwrap()]))
    };
    let keys = "aws_access_key_id = AIRPLANE123456789012\naws_secret_access_key = secret";
    vec![
        ("access_key", Value::NULL),
        ("secret_key", Value::NULL),
        ("profile", Value::string(profile)),
        ("shared_config_files", write("config", "[profile other]\nregion = eu-central-1\n")),
        ("shared_credentials_files", write("credentials", &format!("[dev]\n{keys}\n"))),
    ]
}

#[test]
fn a_profile_that_is_not_there_is_told_and_no_other_source_is_tried() {
    let directory = tempfile::tempdir().unwrap();
    run(async {
        let flight = Flight::new();
        made(&flight, &shared(directory.path(), "dev")).await.unwrap();
        let error = made(&flight, &shared(directory.path(), "nodev")).await.unwrap_err();
        assert!(!error.message.contains("secret"), "{error}");
        refused(error, "profile", &["\"nodev\" is in none of the shared files", "dev, other"]);
    });
}

#[test]
fn a_role_that_does_not_trust_who_asks_is_told_with_what_aws_says() {
    run(async {
        let flight = Flight::new();
        let trust = |principal: &str| {
            let statement = json!([{
                "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": principal},
            }]);
            json!({"Version": "2012-10-17", "Statement": statement}).to_string()
        };
        let assume = |arn: &str| {
            [("assume_role", config(json!([{"role_arn": arn, "session_name": "kprov"}])))]
        };
        let role = async |name: &str, principal: &str| {
            let role = json!({"name": name, "assume_role_policy": trust(principal)});
            text(&flight.make("aws_iam_role", of("aws_iam_role", role)).await.value, "arn")
        };
        let open = role("open", "123456789012").await;
        let policy = json!({
            "role": "open", "policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess",
        });
        flight
            .make("aws_iam_role_policy_attachment", of("aws_iam_role_policy_attachment", policy))
            .await;
        // Who may assume a new role is known a little later.
        flight.control("POST", "clock/advance", json!({"millis": 30_000}));
        made(&flight, &assume(&open)).await.unwrap();
        let closed = role("closed", "210987654321").await;
        flight.control("POST", "clock/advance", json!({"millis": 30_000}));
        let error = made(&flight, &assume(&closed)).await.unwrap_err();
        let words = ["AccessDenied", "sts:AssumeRole", &closed, "request id", "trust policy"];
        refused(error, "assume_role", &words);
    });
}

#[test]
fn an_account_that_is_not_to_be_touched_is_told_without_other_advice() {
    run(async {
        let flight = Flight::new();
        let more = [("forbidden_account_ids", config(json!(["123456789012"])))];
        let error = made(&flight, &more).await.unwrap_err();
        assert!(!error.message.contains("No credentials"), "{error}");
        refused(error, "forbidden_account_ids", &["123456789012", "Nothing was changed"]);
    });
}
