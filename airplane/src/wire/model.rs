//! The service models: what botocore knows about each API, parsed when a service is first asked for. Read only.
use crate::service::ServiceId;
use indexmap::IndexMap;
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::OnceLock;

/// A service's operations and shapes.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Model {
    pub(crate) metadata: Metadata,
    pub(crate) operations: IndexMap<String, Operation>,
    pub(crate) shapes: HashMap<String, Shape>,
    #[serde(default)]
    pub(crate) paginators: HashMap<String, Value>,
}

/// Protocol and names of a service.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Metadata {
    pub(crate) protocol: String,
    pub(crate) api_version: String,
    pub(crate) json_version: Option<String>,
    pub(crate) target_prefix: Option<String>,
    pub(crate) xml_namespace: Option<String>,
}

/// One API action.
#[derive(Debug, Deserialize)]
pub(crate) struct Operation {
    pub(crate) name: String,
    pub(crate) http: Http,
    pub(crate) input: Option<ShapeRef>,
    pub(crate) output: Option<ShapeRef>,
    #[serde(default)]
    pub(crate) errors: Vec<ShapeRef>,
}

/// Where a REST action stands.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Http {
    pub(crate) method: String,
    pub(crate) request_uri: String,
    pub(crate) response_code: Option<u16>,
}

/// A namespace in XML answers.
#[derive(Debug, Deserialize)]
pub(crate) struct XmlNamespace {
    pub(crate) uri: String,
    pub(crate) prefix: Option<String>,
}

/// A reference to a shape, with how it is written at this place.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ShapeRef {
    pub(crate) shape: String,
    pub(crate) location: Option<String>,
    pub(crate) location_name: Option<String>,
    pub(crate) query_name: Option<String>,
    pub(crate) flattened: bool,
    pub(crate) idempotency_token: bool,
    pub(crate) xml_attribute: bool,
    #[serde(deserialize_with = "namespace")]
    pub(crate) xml_namespace: Option<XmlNamespace>,
    pub(crate) timestamp_format: Option<String>,
}

/// A type of the model.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Shape {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) members: IndexMap<String, ShapeRef>,
    pub(crate) required: Vec<String>,
    pub(crate) member: Option<ShapeRef>,
    pub(crate) key: Option<ShapeRef>,
    pub(crate) value: Option<ShapeRef>,
    pub(crate) flattened: bool,
    pub(crate) payload: Option<String>,
    pub(crate) location_name: Option<String>,
    pub(crate) timestamp_format: Option<String>,
    #[serde(rename = "enum")]
    pub(crate) values: Vec<String>,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    pub(crate) pattern: Option<String>,
    /// The pattern, ready to use: nothing where it does not parse here (it uses what only Java's expressions have).
    #[serde(skip)]
    compiled: OnceLock<Option<Regex>>,
    pub(crate) error: Option<ErrorTrait>,
    #[serde(deserialize_with = "namespace")]
    pub(crate) xml_namespace: Option<XmlNamespace>,
}

/// Code and status of a modelled error.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ErrorTrait {
    pub(crate) code: Option<String>,
    pub(crate) http_status_code: Option<u16>,
}

// A namespace stands as a bare string in some models and as {uri, prefix} in others.
fn namespace<'de, D: serde::Deserializer<'de>>(de: D) -> Result<Option<XmlNamespace>, D::Error> {
    Ok(match Value::deserialize(de)? {
        Value::String(uri) => Some(XmlNamespace { uri, prefix: None }),
        Value::Object(map) => map.get("uri").and_then(Value::as_str).map(|uri| XmlNamespace {
            uri: uri.to_owned(),
            prefix: map.get("prefix").and_then(Value::as_str).map(str::to_owned),
        }),
        _ => None,
    })
}

impl Shape {
    /// Does a text have the form that the model demands? The whole of it must fit, and `\w` is ASCII.
    pub(crate) fn fits(&self, text: &str) -> bool {
        let Some(pattern) = &self.pattern else { return true };
        let compile = || {
            let pattern = pattern.replace("\\w", "[0-9A-Za-z_]");
            Regex::new(&format!("^(?:{pattern})$")).ok()
        };
        self.compiled.get_or_init(compile).as_ref().is_none_or(|regex| regex.is_match(text))
    }
}

impl Model {
    /// The shape that a reference names; a dangling reference is an empty string shape.
    pub(crate) fn shape(&self, name: &str) -> &Shape {
        static NONE: OnceLock<Shape> = OnceLock::new();
        self.shapes.get(name).unwrap_or_else(|| {
            NONE.get_or_init(|| Shape { kind: "string".into(), ..Shape::default() })
        })
    }

    /// The input structure of an action.
    pub(crate) fn input(&self, op: &Operation) -> Option<&Shape> {
        op.input.as_ref().map(|r| self.shape(&r.shape))
    }

    /// How an action pages, as botocore describes it.
    pub(crate) fn paginator(&self, action: &str) -> Option<&Value> {
        self.paginators
            .get("pagination")
            .and_then(|p| p.get(action))
            .or_else(|| self.paginators.get(action))
    }

    /// The status that the model gives to an error code of this action.
    pub(crate) fn error_status(&self, op: &Operation, code: &str) -> Option<u16> {
        op.errors.iter().find_map(|r| {
            let shape = self.shape(&r.shape);
            let trait_ = shape.error.as_ref()?;
            (r.shape == code || trait_.code.as_deref() == Some(code))
                .then_some(trait_.http_status_code)?
        })
    }
}

macro_rules! models {
    ($($id:ident => $file:literal),* $(,)?) => {
        /// The model of a service.
        pub(crate) fn model(service: ServiceId) -> &'static Model {
            match service {
                $(ServiceId::$id => {
                    static MODEL: OnceLock<Model> = OnceLock::new();
                    MODEL.get_or_init(|| parse(include_str!(concat!("../../models/", $file, ".json"))))
                })*
            }
        }
    };
}

fn parse(text: &str) -> Model {
    serde_json::from_str(text)
        .expect("invariant: an embedded service model parses, which a test checks for each")
}

models! {
    Ec2 => "ec2", Autoscaling => "autoscaling", Elbv2 => "elbv2", Iam => "iam", Sts => "sts", Route53 => "route53",
    S3 => "s3", Kms => "kms", Ssm => "ssm", Sqs => "sqs", Events => "events", Ecr => "ecr",
}
