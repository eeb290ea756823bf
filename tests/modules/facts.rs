//! What data sources answer on paper: a region with three zones, an account, somebody's VPC.

use kprov_core::Type;
use serde_json::{Map, Value as Json, json};

/// Somebody's VPC.
pub(crate) const VPC: &str = "vpc-0aaaaaaaaaaaaaaa1";

/// The answer: what was asked, with facts where nothing was said.
pub(crate) fn read(ty: &str, said: Json, object: &Type) -> Json {
    let Json::Object(mut said) = said else { return said };
    let facts = match ty {
        "aws_partition" => json!({"partition": "aws", "dns_suffix": "amazonaws.com",
            "reverse_dns_prefix": "com.amazonaws"}),
        "aws_region" => json!({"region": "eu-west-1", "name": "eu-west-1"}),
        "aws_caller_identity" => json!({"account_id": "123456789012"}),
        "aws_availability_zones" => {
            json!({"names": ["eu-west-1c", "eu-west-1a", "eu-west-1b", "eu-west-1d"]})
        }
        "aws_vpc" => json!({"id": VPC, "cidr_block": "10.0.0.0/16", "enable_dns_support": true,
            "enable_dns_hostnames": said["id"] != "vpc-without-names", "ipv6_cidr_block": ""}),
        "aws_subnets" => json!({"ids": ["subnet-b", "subnet-a", "subnet-c"]}),
        "aws_subnet" => {
            let zone = said["id"].as_str().and_then(|id| id.chars().last()).unwrap_or('a');
            json!({"vpc_id": VPC, "availability_zone": format!("eu-west-1{zone}")})
        }
        "aws_ami" => json!({"id": "ami-0a1b2c3d4e5f60718"}),
        "aws_route53_zone" => json!({"zone_id": "Z0PAPER", "name": said["name"]}),
        "aws_iam_policy_document" => {
            let text = document(&said).to_string();
            json!({"json": text, "minified_json": text})
        }
        _ => json!({}),
    };
    for (name, fact) in facts.as_object().into_iter().flatten() {
        said.insert(name.clone(), fact.clone());
    }
    if let Type::Object(attributes) = object {
        for (name, ty) in attributes.attributes() {
            let missing = said.get(name.as_str()).is_none_or(Json::is_null);
            let configured = matches!(ty, Type::List(_) | Type::Set(_) | Type::Map(_));
            if missing && configured {
                said.insert(name.to_string(), empty(ty));
            }
        }
    }
    Json::Object(said)
}

/// A policy document: near enough to AWS's to be looked at, statement by statement.
fn document(said: &Map<String, Json>) -> Json {
    let mut statements = Vec::new();
    for source in said["source_policy_documents"].as_array().into_iter().flatten() {
        let parsed: Json =
            source.as_str().and_then(|it| serde_json::from_str(it).ok()).unwrap_or_default();
        statements.extend(parsed["Statement"].as_array().into_iter().flatten().cloned());
    }
    for statement in said["statement"].as_array().into_iter().flatten() {
        let mut made = Map::new();
        let names = [
            ("Sid", "sid"),
            ("Effect", "effect"),
            ("Action", "actions"),
            ("Resource", "resources"),
        ];
        for (name, key) in names {
            let part = &statement[key];
            if !part.is_null() && part.as_array().is_none_or(|it| !it.is_empty()) {
                made.insert(name.to_owned(), part.clone());
            }
        }
        let mut conditions = Map::new();
        for it in statement["condition"].as_array().into_iter().flatten() {
            let text = |key: &str| it[key].as_str().unwrap_or_default().to_owned();
            let test = conditions.entry(text("test")).or_insert_with(|| json!({}));
            test[text("variable")] = it["values"].clone();
        }
        if !conditions.is_empty() {
            made.insert("Condition".to_owned(), conditions.into());
        }
        statements.push(Json::Object(made));
    }
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// Nothing, of this type.
pub(crate) fn empty(ty: &Type) -> Json {
    match ty {
        Type::List(_) | Type::Set(_) | Type::Tuple(_) => json!([]),
        Type::Map(_) => json!({}),
        _ => Json::Null,
    }
}
