//! From an HTTP request to (service, action, input): finds the service, the action and parses by protocol.
use crate::service::ServiceId;
use crate::wire::fault::Fault;
use crate::wire::model::{Model, Operation, model};
use crate::wire::{form, rest, scalar, signature};
use base64::Engine;
use bytes::Bytes;
use http::Request;
use serde_json::{Map, Value};

/// A request as the wire understood it.
pub(crate) struct Parsed {
    pub(crate) scope: signature::Scope,
    pub(crate) service: ServiceId,
    pub(crate) action: String,
    pub(crate) input: Result<Map<String, Value>, Fault>,
}

/// What a request is about when it cannot be told.
pub(crate) struct Unknown {
    pub(crate) service: Option<ServiceId>,
    pub(crate) action: String,
    pub(crate) fault: Fault,
}

/// The pieces of a request that the parsers look at.
pub(crate) struct Raw<'a> {
    pub(crate) request: &'a Request<Bytes>,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
}

/// Understands a request.
pub(crate) fn parse(request: &Request<Bytes>) -> Result<Parsed, Unknown> {
    let query = form::decode(request.uri().query().unwrap_or_default());
    let scope = signature::scope(request, &query);
    let mut raw = Raw { request, path: request.uri().path().to_owned(), query };
    let is_form = raw.header("content-type").starts_with("application/x-www-form-urlencoded");
    let mut params = raw.query.clone();
    if is_form {
        params.extend(form::decode(&String::from_utf8_lossy(request.body())));
    }
    let Some(service) = scope.service.or_else(|| guess(&raw, &params)) else {
        let fault =
            Fault::new("MissingAuthenticationToken", "Request is missing Authentication Token")
                .status(403);
        return Err(Unknown { service: None, action: String::new(), fault });
    };
    let m = model(service);
    let unknown =
        |action: &str, fault| Unknown { service: Some(service), action: action.to_owned(), fault };
    match m.metadata.protocol.as_str() {
        "ec2" | "query" => {
            let get = |name: &str| params.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone());
            let Some(action) = get("Action") else {
                return Err(unknown(
                    "",
                    Fault::new("MissingAction", "The request must contain the parameter Action"),
                ));
            };
            let version = get("Version").unwrap_or_else(|| m.metadata.api_version.clone());
            let op = m
                .operations
                .get(&action)
                .ok_or_else(|| unknown(&action, invalid_action(service, &action, &version)))?;
            let input = form::parse(m, m.input(op), &params);
            Ok(Parsed { scope, service, action, input })
        }
        "json" => {
            let action = target(m, &raw).map_err(|f| unknown("", f))?;
            let op = m
                .operations
                .get(&action)
                .ok_or_else(|| unknown(&action, unknown_operation(&action)))?;
            let input = json_body(m, op, request.body());
            Ok(Parsed { scope, service, action, input })
        }
        _ => {
            raw.path_style();
            let (op, labels) = rest::route(m, &raw).map_err(|f| unknown("", f))?;
            let input = rest::parse(m, op, &raw, labels);
            Ok(Parsed { scope, service, action: op.name.clone(), input })
        }
    }
}

fn invalid_action(service: ServiceId, action: &str, version: &str) -> Fault {
    match service {
        ServiceId::Ec2 => Fault::new(
            "InvalidAction",
            format!("The action {action} is not valid for this web service."),
        ),
        _ => Fault::new(
            "InvalidAction",
            format!("Could not find operation {action} for version {version}"),
        ),
    }
}

fn unknown_operation(action: &str) -> Fault {
    Fault::new(
        "UnknownOperationException",
        format!("The operation {action} is not known to this service."),
    )
}

// Requests without signature: web identity, anonymous reads of objects.
fn guess(raw: &Raw<'_>, params: &[(String, String)]) -> Option<ServiceId> {
    if let Some((_, action)) = params.iter().find(|(k, _)| k == "Action") {
        let version = params.iter().find(|(k, _)| k == "Version").map(|(_, v)| v.as_str());
        return ServiceId::ALL.into_iter().find(|s| {
            let m = model(*s);
            matches!(m.metadata.protocol.as_str(), "ec2" | "query")
                && m.operations.contains_key(action)
                && version.is_none_or(|v| v == m.metadata.api_version)
        });
    }
    let target = raw.header("x-amz-target");
    if !target.is_empty() {
        return ServiceId::ALL.into_iter().find(|s| {
            let prefix = model(*s).metadata.target_prefix.as_deref();
            prefix.is_some_and(|p| target.split('.').next() == Some(p))
        });
    }
    if raw.path.starts_with("/2013-04-01/") {
        return Some(ServiceId::Route53);
    }
    matches!(raw.request.method().as_str(), "GET" | "HEAD").then_some(ServiceId::S3)
}

fn target(m: &Model, raw: &Raw<'_>) -> Result<String, Fault> {
    let text = raw.header("x-amz-target");
    match text.split_once('.') {
        Some((prefix, action)) if m.metadata.target_prefix.as_deref() == Some(prefix) => {
            Ok(action.to_owned())
        }
        _ => Err(unknown_operation(text)),
    }
}

fn json_body(m: &Model, op: &Operation, body: &[u8]) -> Result<Map<String, Value>, Fault> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    let value: Value = serde_json::from_slice(body)
        .map_err(|e| Fault::new("SerializationException", format!("The body is not JSON: {e}")))?;
    let Some(input) = op.input.as_ref() else { return Ok(Map::new()) };
    match from_json(m, &input.shape, value, "")? {
        Value::Object(map) => Ok(map),
        _ => Err(Fault::new(
            "SerializationException",
            "Start of structure or map found where not expected.",
        )),
    }
}

fn from_json(m: &Model, shape_name: &str, value: Value, path: &str) -> Result<Value, Fault> {
    let shape = m.shape(shape_name);
    let wrong = |wanted: &str| {
        let at = if path.is_empty() { "the body" } else { path };
        Fault::new("SerializationException", format!("The value at {at} is not {wanted}"))
    };
    match (shape.kind.as_str(), value) {
        (_, Value::Null) => Ok(Value::Null),
        ("structure", Value::Object(mut map)) => {
            let mut out = Map::new();
            for (name, member) in &shape.members {
                let wire = member.location_name.as_deref().unwrap_or(name);
                if let Some(v) = map.swap_remove(wire).filter(|v| !v.is_null()) {
                    out.insert(
                        name.clone(),
                        from_json(m, &member.shape, v, &format!("{path}/{wire}"))?,
                    );
                }
            }
            Ok(Value::Object(out))
        }
        ("list", Value::Array(items)) => {
            let member = shape.member.as_ref().map(|r| r.shape.as_str()).unwrap_or_default();
            items
                .into_iter()
                .map(|v| from_json(m, member, v, path))
                .collect::<Result<_, _>>()
                .map(Value::Array)
        }
        ("map", Value::Object(map)) => {
            let member = shape.value.as_ref().map(|r| r.shape.as_str()).unwrap_or_default();
            let each = map.into_iter().map(|(k, v)| Ok((k, from_json(m, member, v, path)?)));
            each.collect::<Result<_, Fault>>().map(Value::Object)
        }
        ("timestamp", Value::Number(n)) => {
            Ok(Value::from((n.as_f64().unwrap_or_default() * 1000.0) as i64))
        }
        ("timestamp", Value::String(s)) => {
            scalar::parse_time(&s).map(Value::from).ok_or_else(|| wrong("a timestamp"))
        }
        ("integer" | "long", Value::Number(n)) => n
            .as_i64()
            .or(n.as_f64().map(|f| f as i64))
            .map(Value::from)
            .ok_or_else(|| wrong("an integer")),
        ("float" | "double", v @ Value::Number(_)) | ("boolean", v @ Value::Bool(_)) => Ok(v),
        ("string" | "character" | "blob", v @ Value::String(_)) => Ok(v),
        (kind, _) => Err(wrong(kind)),
    }
}

impl Raw<'_> {
    /// A header's text, empty if absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.request.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    // `bucket.localhost` and `bucket.s3.REGION.anything` become `/bucket/...`.
    fn path_style(&mut self) {
        let host = match self.header("host") {
            "" => self.request.uri().host().unwrap_or_default().to_owned(),
            host => host.to_owned(),
        };
        let host = host.rsplit_once(':').map(|(h, _)| h).unwrap_or(&host);
        let bucket = host
            .split_once(".s3.")
            .or(host.split_once(".s3-"))
            .map(|(b, _)| b)
            .or(host.strip_suffix(".localhost"));
        if let Some(bucket) = bucket
            .filter(|b| !b.is_empty() && *b != "s3" && !b.starts_with("s3.") && *b != "route53")
        {
            self.path = format!("/{bucket}{}", self.path);
        }
    }

    /// The body as it was meant, out of `aws-chunked` framing.
    pub(crate) fn body(&self) -> Vec<u8> {
        let body = self.request.body();
        let chunked = self.header("x-amz-content-sha256").starts_with("STREAMING-")
            || self.header("content-encoding").contains("aws-chunked");
        if !chunked {
            return body.to_vec();
        }
        let (mut rest, mut out) = (&body[..], Vec::new());
        while let Some(end) = rest.windows(2).position(|w| w == b"\r\n") {
            let head = String::from_utf8_lossy(&rest[..end]).into_owned();
            let size = usize::from_str_radix(head.split(';').next().unwrap_or_default().trim(), 16)
                .unwrap_or(0);
            rest = &rest[end + 2..];
            if size == 0 || size > rest.len() {
                break;
            }
            out.extend_from_slice(&rest[..size]);
            rest = rest.get(size + 2..).unwrap_or_default();
        }
        out
    }

    /// The body in base64, as blobs stand in inputs.
    pub(crate) fn body_base64(&self) -> String {
        base64::engine::general_purpose::STANDARD.encode(self.body())
    }
}
