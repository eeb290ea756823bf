//! Documents as hashicorp/aws documents (and is known) to write them.

use kprov_core::Value;
use kprov_core::value::from_json;
use serde_json::json;

use super::*;
use crate::row::block_type;

fn config(json: serde_json::Value) -> Value {
    let block = &crate::SCHEMA.data_sources["aws_iam_policy_document"].block;
    from_json(&json, &block_type(block, kprov_provider::Nesting::Single)).unwrap()
}

fn statement(json: serde_json::Value) -> serde_json::Value {
    let mut all = json!({"actions": null, "condition": [], "effect": "Allow", "not_actions": null,
        "not_principals": [], "not_resources": null, "principals": [], "resources": null,
        "sid": null});
    for (name, value) in json.as_object().unwrap() {
        all[name] = value.clone();
    }
    all
}

fn document(json: serde_json::Value) -> serde_json::Value {
    let mut all = json!({"id": null, "json": null, "minified_json": null, "override_json": null,
        "override_policy_documents": null, "policy_id": null, "source_json": null,
        "source_policy_documents": null, "version": "2012-10-17", "statement": []});
    for (name, value) in json.as_object().unwrap() {
        all[name] = value.clone();
    }
    all
}

fn written(json: serde_json::Value) -> String {
    write::indented(&merged(Fields(&config(document(json)))).unwrap())
}

#[test]
fn a_document_is_written_byte_for_byte() {
    let text = written(json!({"statement": [
        statement(json!({"sid": "1", "actions": ["s3:ListAllMyBuckets", "s3:GetBucketLocation"],
            "resources": ["arn:aws:s3:::*"]})),
        statement(json!({"actions": ["s3:ListBucket"], "resources": ["arn:aws:s3:::b"],
            "condition": [{"test": "StringLike", "variable": "s3:prefix",
                "values": ["", "home/", "home/&{aws:username}/"]}]})),
        statement(json!({"actions": ["sts:AssumeRole"], "effect": "Deny",
            "principals": [{"type": "Service", "identifiers": ["ec2.amazonaws.com"]},
                {"type": "AWS", "identifiers": ["b", "c"]}]})),
    ]}));
    let expected = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "1",
      "Effect": "Allow",
      "Action": [
        "s3:ListAllMyBuckets",
        "s3:GetBucketLocation"
      ],
      "Resource": "arn:aws:s3:::*"
    },
    {
      "Effect": "Allow",
      "Action": "s3:ListBucket",
      "Resource": "arn:aws:s3:::b",
      "Condition": {
        "StringLike": {
          "s3:prefix": [
            "",
            "home/",
            "home/${aws:username}/"
          ]
        }
      }
    },
    {
      "Effect": "Deny",
      "Action": "sts:AssumeRole",
      "Principal": {
        "AWS": [
          "c",
          "b"
        ],
        "Service": "ec2.amazonaws.com"
      }
    }
  ]
}"#;
    assert_eq!(text, expected);
}

#[test]
fn everyone_is_a_star_only_by_type_star() {
    let of = |kind: &str| {
        let who = json!([{"type": kind, "identifiers": ["*"]}]);
        let all = json!({"statement": [statement(json!({"principals": who}))]});
        write::minified(&merged(Fields(&config(document(all)))).unwrap())
    };
    assert!(of("*").contains(r#""Principal":"*""#));
    assert!(of("AWS").contains(r#""Principal":{"AWS":"*"}"#));
}

#[test]
fn sources_come_first_and_overrides_replace_by_sid() {
    let source = r#"{"Version":"2008-10-17","Id":"a","Statement":{"Sid":"A","Effect":"Allow","Action":["x"]}}"#;
    let over = r#"{"Statement":[{"Sid":"A","Effect":"Deny","Action":"<y>","Condition":{"Bool":{"v":true}}}]}"#;
    let text = written(json!({"source_policy_documents": [source],
        "statement": [statement(json!({"actions": ["z"]}))],
        "override_policy_documents": [over]}));
    let expected = r#"{
  "Version": "2012-10-17",
  "Id": "a",
  "Statement": [
    {
      "Sid": "A",
      "Effect": "Deny",
      "Action": "\u003cy\u003e",
      "Condition": {
        "Bool": {
          "v": "true"
        }
      }
    },
    {
      "Effect": "Allow",
      "Action": "z"
    }
  ]
}"#;
    assert_eq!(text, expected);
}

#[test]
fn a_sid_twice_and_old_variables_are_refused() {
    let twice = [statement(json!({"sid": "A"})), statement(json!({"sid": "A"}))];
    let twice = merged(Fields(&config(document(json!({"statement": twice})))));
    assert!(twice.unwrap_err().message.contains("\"A\" is there twice"));
    let old = json!({"version": OLD,
        "statement": [statement(json!({"resources": ["&{aws:username}"]}))]});
    assert!(merged(Fields(&config(document(old)))).is_err());
}

#[test]
fn what_is_wrong_is_told_where_it_is() {
    let mut problems = Problems::default();
    let bad = json!({"version": "2013", "source_policy_documents": ["{", "[]"],
        "statement": [statement(json!({"effect": "Maybe", "sid": "a b"}))]});
    IamPolicyDocument.validate(Fields(&config(document(bad))), &mut problems);
    let paths: Vec<String> = problems.0.iter().map(|problem| problem.path.to_string()).collect();
    let expected = [
        ".version",
        ".source_policy_documents[0]",
        ".source_policy_documents[1]",
        ".statement[0].effect",
        ".statement[0].sid",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn the_id_is_a_crc() {
    assert_eq!(hashcode("123456789"), 0xCBF4_3926);
}
