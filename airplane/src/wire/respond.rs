//! Answers in the protocol's bytes: outputs by model member name, faults in the protocol's error form.
use crate::service::ServiceId;
use crate::wire::fault::Fault;
use crate::wire::model::{Model, Operation, Shape, ShapeRef, XmlNamespace, model};
use crate::wire::scalar;
use crate::wire::xml::leaf;
use base64::Engine;
use bytes::Bytes;
use http::Response;
use http::response::Builder;
use serde_json::{Map, Value};

const XML: &str = "text/xml;charset=UTF-8";

/// Writes an output.
pub(crate) fn success(
    service: ServiceId,
    op: &Operation,
    output: &Value,
    request_id: &str,
) -> Response<Bytes> {
    let m = model(service);
    let empty = Map::new();
    let map = output.as_object().unwrap_or(&empty);
    let shape = op.output.as_ref().map(|r| m.shape(&r.shape));
    let writer = Writer { m, iso: "iso8601" };
    let builder = Response::builder().status(op.http.response_code.unwrap_or(200));
    let mut body = String::new();
    match m.metadata.protocol.as_str() {
        "ec2" => {
            let ns = m.metadata.xml_namespace.clone().unwrap_or_default();
            body.push_str(&format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{}Response xmlns=\"{ns}/\">",
                op.name
            ));
            leaf(&mut body, "requestId", request_id);
            match shape {
                Some(shape) => writer.members(&mut body, shape, map),
                None => leaf(&mut body, "return", "true"),
            }
            body.push_str(&format!("</{}Response>", op.name));
            finish(builder.header("content-type", XML).header("x-amzn-requestid", request_id), body)
        }
        "query" => {
            let ns = m.metadata.xml_namespace.clone().unwrap_or_default();
            body.push_str(&format!("<{}Response xmlns=\"{ns}\">", op.name));
            if let Some(shape) = shape {
                body.push_str(&format!("<{}Result>", op.name));
                writer.members(&mut body, shape, map);
                body.push_str(&format!("</{}Result>", op.name));
            }
            body.push_str("<ResponseMetadata>");
            leaf(&mut body, "RequestId", request_id);
            body.push_str(&format!("</ResponseMetadata></{}Response>", op.name));
            finish(builder.header("content-type", XML).header("x-amzn-requestid", request_id), body)
        }
        "json" => {
            let json = shape.map(|s| to_json(m, s, output));
            let body = json.map(|j| j.to_string()).unwrap_or_default();
            finish(json_builder(m, builder, request_id), body)
        }
        _ => rest(service, &writer, op, shape, map, builder, request_id),
    }
}

fn json_builder(m: &Model, builder: Builder, request_id: &str) -> Builder {
    let version = m.metadata.json_version.as_deref().unwrap_or("1.1");
    builder
        .header("content-type", format!("application/x-amz-json-{version}"))
        .header("x-amzn-requestid", request_id)
}

fn finish(builder: Builder, body: impl Into<Bytes>) -> Response<Bytes> {
    builder.body(body.into()).unwrap_or_else(|e| {
        // A header that HTTP cannot hold came from an object's data.
        let mut response =
            Response::new(Bytes::from(format!("airplane could not write the answer: {e}")));
        *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

struct Writer<'a> {
    m: &'a Model,
    iso: &'a str,
}

impl Writer<'_> {
    fn members(&self, out: &mut String, shape: &Shape, map: &Map<String, Value>) {
        for (name, member) in
            shape.members.iter().filter(|(_, r)| r.location.is_none() && !r.xml_attribute)
        {
            if let Some(value) = map.get(name).filter(|v| !v.is_null()) {
                self.value(out, member, member.location_name.as_deref().unwrap_or(name), value);
            }
        }
    }

    fn value(&self, out: &mut String, at: &ShapeRef, name: &str, value: &Value) {
        let shape = self.m.shape(&at.shape);
        let flat = at.flattened || shape.flattened;
        match (shape.kind.as_str(), value) {
            ("structure", Value::Object(map)) => {
                out.push_str(&format!(
                    "<{name}{}{}>",
                    // A member's own namespace goes before that of its type.
                    namespace(at.xml_namespace.as_ref().or(shape.xml_namespace.as_ref())),
                    self.attributes(shape, map)
                ));
                self.members(out, shape, map);
                out.push_str(&format!("</{name}>"));
            }
            ("list", Value::Array(items)) => {
                let none = ShapeRef::default();
                let member = shape.member.as_ref().unwrap_or(&none);
                let item =
                    if flat { name } else { member.location_name.as_deref().unwrap_or("member") };
                if !flat {
                    out.push_str(&format!("<{name}>"));
                }
                for v in items {
                    self.value(out, member, item, v);
                }
                if !flat {
                    out.push_str(&format!("</{name}>"));
                }
            }
            ("map", Value::Object(map)) => self.map(out, shape, name, flat, map),
            (_, value) => leaf(out, name, &scalar::to_text(shape, value, self.iso)),
        }
    }

    fn map(
        &self,
        out: &mut String,
        shape: &Shape,
        name: &str,
        flat: bool,
        map: &Map<String, Value>,
    ) {
        let none = ShapeRef::default();
        let (key, value) =
            (shape.key.as_ref().unwrap_or(&none), shape.value.as_ref().unwrap_or(&none));
        let entry = if flat { name } else { "entry" };
        if !flat {
            out.push_str(&format!("<{name}>"));
        }
        for (k, v) in map {
            out.push_str(&format!("<{entry}>"));
            leaf(out, key.location_name.as_deref().unwrap_or("key"), k);
            self.value(out, value, value.location_name.as_deref().unwrap_or("value"), v);
            out.push_str(&format!("</{entry}>"));
        }
        if !flat {
            out.push_str(&format!("</{name}>"));
        }
    }

    fn attributes(&self, shape: &Shape, map: &Map<String, Value>) -> String {
        let mut out = String::new();
        for (name, member) in shape.members.iter().filter(|(_, r)| r.xml_attribute) {
            if let Some(Value::String(text)) = map.get(name) {
                let mut value = String::new();
                crate::wire::xml::escape(&mut value, text);
                out.push_str(&format!(
                    " {}=\"{value}\"",
                    member.location_name.as_deref().unwrap_or(name)
                ));
            }
        }
        out
    }
}

fn namespace(ns: Option<&XmlNamespace>) -> String {
    match ns {
        Some(XmlNamespace { uri, prefix: Some(p) }) => format!(" xmlns:{p}=\"{uri}\""),
        Some(XmlNamespace { uri, prefix: None }) => format!(" xmlns=\"{uri}\""),
        None => String::new(),
    }
}

fn rest(
    service: ServiceId,
    writer: &Writer<'_>,
    op: &Operation,
    shape: Option<&Shape>,
    map: &Map<String, Value>,
    mut builder: Builder,
    request_id: &str,
) -> Response<Bytes> {
    let id_header = if service == ServiceId::S3 { "x-amz-request-id" } else { "x-amzn-requestid" };
    builder = builder.header(id_header, request_id);
    let Some(shape) = shape else { return finish(builder, Bytes::new()) };
    // An answer whose type stands in a header needs none of its own.
    let typed;
    (builder, typed) = headers(writer, shape, map, builder);
    if let Some((name, member)) =
        shape.payload.as_ref().and_then(|p| shape.members.get_key_value(p))
    {
        let inner = writer.m.shape(&member.shape);
        if inner.kind != "structure" {
            let text = map.get(name).and_then(Value::as_str).unwrap_or_default();
            let bytes = match inner.kind.as_str() {
                "blob" => {
                    base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default()
                }
                _ => text.as_bytes().to_vec(),
            };
            let builder =
                if typed { builder } else { builder.header("content-type", "binary/octet-stream") };
            return finish(builder, bytes);
        }
        let Some(value) = map.get(name) else { return finish(builder, Bytes::new()) };
        let mut body = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let root = member
            .location_name
            .as_deref()
            .or(inner.location_name.as_deref())
            .unwrap_or(&member.shape);
        writer.value(&mut body, member, root, value);
        return finish(builder.header("content-type", "application/xml"), body);
    }
    if !shape.members.values().any(|r| r.location.is_none()) {
        return finish(builder, Bytes::new());
    }
    finish(
        builder.header("content-type", "application/xml"),
        rest_body(service, writer, op, shape, map),
    )
}

// Status and headers that members of the output are; says whether the content type was among them.
fn headers(
    writer: &Writer<'_>,
    shape: &Shape,
    map: &Map<String, Value>,
    mut builder: Builder,
) -> (Builder, bool) {
    let mut typed = false;
    if map.get("ContentRange").is_some_and(Value::is_string) {
        // Part of an object: the only status that no model speaks of.
        builder = builder.status(206);
    }
    for (name, member) in &shape.members {
        let Some(value) = map.get(name).filter(|v| !v.is_null()) else { continue };
        let wire = member.location_name.as_deref().unwrap_or(name);
        match (member.location.as_deref(), value) {
            (Some("header"), v) => {
                typed |= wire.eq_ignore_ascii_case("content-type");
                let inner = writer.m.shape(&member.shape);
                builder = builder.header(wire, scalar::to_text(inner, v, "rfc822"));
            }
            (Some("headers"), Value::Object(entries)) => {
                for (k, v) in entries {
                    builder = builder.header(format!("{wire}{k}"), v.as_str().unwrap_or_default());
                }
            }
            (Some("statusCode"), v) => {
                builder =
                    builder.status(v.as_u64().and_then(|s| u16::try_from(s).ok()).unwrap_or(200));
            }
            _ => {}
        }
    }
    (builder, typed)
}

fn rest_body(
    service: ServiceId,
    writer: &Writer<'_>,
    op: &Operation,
    shape: &Shape,
    map: &Map<String, Value>,
) -> String {
    let mut body = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let ns = match service {
        ServiceId::S3 => "http://s3.amazonaws.com/doc/2006-03-01/",
        _ => "https://route53.amazonaws.com/doc/2013-04-01/",
    };
    if op.name == "GetBucketLocation" {
        // The one answer of S3 whose only member is the root itself.
        let text = map.get("LocationConstraint").and_then(Value::as_str).unwrap_or_default();
        body.push_str(&format!("<LocationConstraint xmlns=\"{ns}\">{text}</LocationConstraint>"));
        return body;
    }
    let output = op.output.as_ref();
    let root = (service == ServiceId::S3)
        .then(|| crate::wire::roots::of(&op.name))
        .flatten()
        .or(shape.location_name.as_deref())
        .or(output.map(|r| r.shape.as_str()))
        .unwrap_or("Response");
    body.push_str(&format!("<{root} xmlns=\"{ns}\">"));
    writer.members(&mut body, shape, map);
    body.push_str(&format!("</{root}>"));
    body
}

fn to_json(m: &Model, shape: &Shape, value: &Value) -> Value {
    match (shape.kind.as_str(), value) {
        ("structure", Value::Object(map)) => {
            let mut out = Map::new();
            for (name, member) in &shape.members {
                if let Some(v) = map.get(name).filter(|v| !v.is_null()) {
                    let wire = member.location_name.as_deref().unwrap_or(name);
                    out.insert(wire.to_owned(), to_json(m, m.shape(&member.shape), v));
                }
            }
            Value::Object(out)
        }
        ("list", Value::Array(items)) => {
            let inner =
                m.shape(shape.member.as_ref().map(|r| r.shape.as_str()).unwrap_or_default());
            Value::Array(items.iter().map(|v| to_json(m, inner, v)).collect())
        }
        ("map", Value::Object(map)) => {
            let inner = m.shape(shape.value.as_ref().map(|r| r.shape.as_str()).unwrap_or_default());
            Value::Object(map.iter().map(|(k, v)| (k.clone(), to_json(m, inner, v))).collect())
        }
        ("timestamp", Value::Number(n)) => {
            serde_json::json!(n.as_i64().unwrap_or_default() as f64 / 1000.0)
        }
        (_, other) => other.clone(),
    }
}

/// Writes a fault.
pub(crate) fn failure(
    service: Option<ServiceId>,
    op: Option<&Operation>,
    fault: &Fault,
    request_id: &str,
    head: bool,
) -> Response<Bytes> {
    let m = service.map(model);
    let status = fault.status.or_else(|| m?.error_status(op?, &fault.code)).unwrap_or(400);
    let builder = Response::builder().status(status);
    let protocol = m.map(|m| m.metadata.protocol.as_str()).unwrap_or("query");
    let mut body = String::new();
    match (protocol, service, m) {
        ("json", _, Some(m)) => {
            let mut map = fault.fields.clone();
            map.insert("__type".to_owned(), Value::from(fault.code.clone()));
            map.insert("message".to_owned(), Value::from(fault.message.clone()));
            let mut builder = json_builder(m, builder, request_id);
            if let Some(code) = &fault.query_code {
                builder = builder.header("x-amzn-query-error", format!("{code};Sender"));
            }
            finish(builder, Value::Object(map).to_string())
        }
        ("ec2", ..) => {
            body.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>");
            leaf(&mut body, "Code", &fault.code);
            leaf(&mut body, "Message", &fault.message);
            body.push_str("</Error></Errors>");
            leaf(&mut body, "RequestID", request_id);
            body.push_str("</Response>");
            finish(builder.header("content-type", XML).header("x-amzn-requestid", request_id), body)
        }
        (_, Some(ServiceId::S3), _) => {
            body.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
            leaf(&mut body, "Code", &fault.code);
            leaf(&mut body, "Message", &fault.message);
            for (k, v) in &fault.fields {
                leaf(&mut body, k, v.as_str().unwrap_or_default());
            }
            leaf(&mut body, "RequestId", request_id);
            leaf(&mut body, "HostId", "airplane");
            body.push_str("</Error>");
            let builder = builder
                .header("content-type", "application/xml")
                .header("x-amz-request-id", request_id);
            // A HEAD has no body: its status is all the error that there is.
            finish(builder, if head { String::new() } else { body })
        }
        _ => {
            let ns = m
                .and_then(|m| m.metadata.xml_namespace.as_deref())
                .unwrap_or("https://route53.amazonaws.com/doc/2013-04-01/");
            body.push_str(&format!("<ErrorResponse xmlns=\"{ns}\"><Error>"));
            leaf(&mut body, "Type", if status < 500 { "Sender" } else { "Receiver" });
            leaf(&mut body, "Code", &fault.code);
            leaf(&mut body, "Message", &fault.message);
            body.push_str("</Error>");
            leaf(&mut body, "RequestId", request_id);
            body.push_str("</ErrorResponse>");
            finish(builder.header("content-type", XML).header("x-amzn-requestid", request_id), body)
        }
    }
}

/// The path of an output member that the model does not have, which is an error of airplane's own code.
pub(crate) fn stray_member(m: &Model, shape: &Shape, value: &Value, path: &str) -> Option<String> {
    match (shape.kind.as_str(), value) {
        (_, Value::Null) => None,
        ("structure", Value::Object(map)) => {
            map.iter().find_map(|(name, v)| match shape.members.get(name) {
                Some(member) => {
                    stray_member(m, m.shape(&member.shape), v, &format!("{path}.{name}"))
                }
                None => Some(format!("{path}.{name}")),
            })
        }
        ("list", Value::Array(items)) => {
            let inner = m.shape(shape.member.as_ref()?.shape.as_str());
            items.iter().find_map(|v| stray_member(m, inner, v, path))
        }
        ("map", Value::Object(map)) => {
            let inner = m.shape(shape.value.as_ref()?.shape.as_str());
            map.values().find_map(|v| stray_member(m, inner, v, path))
        }
        ("structure" | "list" | "map", _) => Some(format!("{path} (it must be a {})", shape.kind)),
        (_, Value::Object(_) | Value::Array(_)) => {
            Some(format!("{path} (it must be a {})", shape.kind))
        }
        _ => None,
    }
}
