//! The REST protocols' requests: the action by method and URI template, members from path, query, headers and body.
use crate::wire::fault::Fault;
use crate::wire::model::{Model, Operation, Shape, ShapeRef};
use crate::wire::request::Raw;
use crate::wire::scalar;
use crate::wire::xml::{self, Element};
use serde_json::{Map, Value};

// Query keys that make another action of S3: without code for it, the request must not fall to the plain action.
const SUBRESOURCES: [&str; 26] = [
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "delete",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "tagging",
    "versioning",
    "website",
];

type Labels = Vec<(String, String)>;

/// The most specific action for method, path and query.
pub(crate) fn route<'m>(m: &'m Model, raw: &Raw<'_>) -> Result<(&'m Operation, Labels), Fault> {
    let mut best: Option<(usize, &Operation, Labels)> = None;
    for op in m.operations.values() {
        if let Some((score, labels)) = fit(m, op, raw)
            && best.as_ref().is_none_or(|(s, ..)| score > *s)
        {
            best = Some((score, op, labels));
        }
    }
    best.map(|(_, op, labels)| (op, labels)).ok_or_else(|| {
        let message =
            format!("{} {} is no action that airplane serves", raw.request.method(), raw.path);
        Fault::new("NotImplementedByAirplane", message).status(501)
    })
}

fn fit(m: &Model, op: &Operation, raw: &Raw<'_>) -> Option<(usize, Labels)> {
    if op.http.method != raw.request.method().as_str() {
        return None;
    }
    let (template, constants) =
        op.http.request_uri.split_once('?').unwrap_or((&op.http.request_uri, ""));
    let (mut score, labels) = match_path(template, &raw.path)?;
    let mut named = Vec::new();
    for constant in constants.split('&').filter(|c| !c.is_empty()) {
        let (key, value) = constant.split_once('=').unwrap_or((constant, ""));
        let found = raw.query.iter().find(|(k, _)| k == key)?;
        if key != "x-id" && !value.is_empty() && found.1 != value {
            return None;
        }
        named.push(key);
        score += 10;
    }
    if raw
        .query
        .iter()
        .any(|(k, _)| SUBRESOURCES.contains(&k.as_str()) && !named.contains(&k.as_str()))
    {
        return None;
    }
    let input = m.input(op);
    for name in input.map(|i| i.required.as_slice()).unwrap_or_default() {
        let member = input.and_then(|i| i.members.get(name))?;
        let wire = member.location_name.as_deref().unwrap_or(name);
        match member.location.as_deref() {
            Some("querystring") => {
                raw.query.iter().find(|(k, _)| k == wire)?;
                score += 3;
            }
            Some("header") if wire == "x-amz-copy-source" => {
                raw.request.headers().get(wire)?;
                score += 3;
            }
            _ => {}
        }
    }
    Some((score, labels))
}

fn match_path(template: &str, path: &str) -> Option<(usize, Labels)> {
    let decode = |s: &str| percent_encoding::percent_decode_str(s).decode_utf8_lossy().into_owned();
    let mut labels = Vec::new();
    let mut score = 0;
    let mut rest = path.trim_start_matches('/');
    for segment in template.trim_matches('/').split('/').filter(|s| !s.is_empty()) {
        if let Some(label) = segment.strip_prefix('{').and_then(|s| s.strip_suffix("+}")) {
            if rest.is_empty() {
                return None;
            }
            labels.push((label.to_owned(), decode(rest)));
            return Some((score, labels));
        }
        let (head, tail) = rest.split_once('/').unwrap_or((rest, ""));
        if head.is_empty() {
            return None;
        }
        match segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
            Some(label) => labels.push((label.to_owned(), decode(head))),
            None if segment == head => score += 5,
            None => return None,
        }
        rest = tail;
    }
    rest.trim_matches('/').is_empty().then_some((score, labels))
}

/// Reads an action's members.
pub(crate) fn parse(
    m: &Model,
    op: &Operation,
    raw: &Raw<'_>,
    labels: Labels,
) -> Result<Map<String, Value>, Fault> {
    let mut out = Map::new();
    let Some(input) = m.input(op) else { return Ok(out) };
    let mut in_body = false;
    for (name, member) in &input.members {
        let wire = member.location_name.as_deref().unwrap_or(name);
        let shape = m.shape(&member.shape);
        let text = match member.location.as_deref() {
            Some("uri") => labels.iter().find(|(k, _)| k == wire).map(|(_, v)| v.clone()),
            Some("querystring") if shape.kind == "list" => {
                let all: Vec<Value> = raw
                    .query
                    .iter()
                    .filter(|(k, _)| k == wire)
                    .map(|(_, v)| Value::from(v.clone()))
                    .collect();
                if !all.is_empty() {
                    out.insert(name.clone(), Value::Array(all));
                }
                None
            }
            Some("querystring") => {
                raw.query.iter().find(|(k, _)| k == wire).map(|(_, v)| v.clone())
            }
            Some("header") => raw
                .request
                .headers()
                .get(wire)
                .map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned())
                .or_else(|| trailer(raw, wire)),
            Some("headers") => {
                out.insert(name.clone(), prefixed_headers(raw, wire));
                None
            }
            _ => {
                in_body = true;
                None
            }
        };
        if let Some(text) = text {
            let value = scalar::from_text(shape, &text).map_err(|w| {
                Fault::new("InvalidArgument", format!("Provided {wire} '{text}' is not {w}"))
            })?;
            out.insert(name.clone(), value);
        }
    }
    if in_body {
        body(m, input, raw, &mut out)?;
    }
    Ok(out)
}

// A header that came after an `aws-chunked` body, as the checksums of streams do. `x-amz-trailer` announces it.
fn trailer(raw: &Raw<'_>, name: &str) -> Option<String> {
    let announced = raw.header("x-amz-trailer").split(',');
    if !announced.into_iter().any(|t| t.trim().eq_ignore_ascii_case(name)) {
        return None;
    }
    let body = raw.request.body();
    // Trailers are short: the last kilobyte holds them all.
    let tail = String::from_utf8_lossy(&body[body.len().saturating_sub(1024)..]).into_owned();
    let fields = tail.rsplit("\r\n").filter_map(|line| line.split_once(':'));
    let mut named = fields.filter(|(field, _)| field.trim().eq_ignore_ascii_case(name));
    named.next().map(|(_, value)| value.trim().to_owned())
}

fn prefixed_headers(raw: &Raw<'_>, prefix: &str) -> Value {
    let found = raw.request.headers().iter().filter_map(|(k, v)| {
        let key = k.as_str().strip_prefix(&prefix.to_ascii_lowercase())?;
        Some((key.to_owned(), Value::from(String::from_utf8_lossy(v.as_bytes()).into_owned())))
    });
    Value::Object(found.collect())
}

fn body(
    m: &Model,
    input: &Shape,
    raw: &Raw<'_>,
    out: &mut Map<String, Value>,
) -> Result<(), Fault> {
    let payload = input.payload.as_ref().and_then(|p| Some((p, input.members.get(p)?)));
    if let Some((name, member)) = payload {
        let shape = m.shape(&member.shape);
        match shape.kind.as_str() {
            "structure" => {
                let bytes = raw.body();
                if !bytes.is_empty() {
                    out.insert(name.clone(), structure(m, shape, &read(&bytes)?)?);
                }
            }
            "string" => {
                out.insert(
                    name.clone(),
                    Value::from(String::from_utf8_lossy(&raw.body()).into_owned()),
                );
            }
            _ => {
                out.insert(name.clone(), Value::from(raw.body_base64()));
            }
        }
        return Ok(());
    }
    let bytes = raw.body();
    if bytes.is_empty() {
        return Ok(());
    }
    if let Value::Object(map) = structure(m, input, &read(&bytes)?)? {
        for (k, v) in map {
            out.entry(k).or_insert(v);
        }
    }
    Ok(())
}

fn read(body: &[u8]) -> Result<Element, Fault> {
    xml::read(body).map_err(|why| {
        let message = format!("The XML you provided was not well-formed or did not validate against our published schema ({why})");
        Fault::new("MalformedXML", message)
    })
}

fn structure(m: &Model, shape: &Shape, element: &Element) -> Result<Value, Fault> {
    let mut out = Map::new();
    for (name, member) in shape.members.iter().filter(|(_, r)| r.location.is_none()) {
        let wire = member.location_name.as_deref().unwrap_or(name);
        let inner = m.shape(&member.shape);
        if member.xml_attribute {
            let local = wire.rsplit(':').next().unwrap_or(wire);
            if let Some((_, v)) = element.attributes.iter().find(|(k, _)| k == local) {
                out.insert(name.clone(), Value::from(v.clone()));
            }
            continue;
        }
        if inner.kind == "list" && (member.flattened || inner.flattened) {
            let items: Vec<&Element> = element.all(wire).collect();
            if !items.is_empty() {
                out.insert(name.clone(), list(m, inner, items)?);
            }
        } else if let Some(child) = element.all(wire).next() {
            out.insert(name.clone(), value(m, inner, child)?);
        }
    }
    Ok(Value::Object(out))
}

fn list(m: &Model, shape: &Shape, items: Vec<&Element>) -> Result<Value, Fault> {
    let none = ShapeRef::default();
    let inner = m.shape(&shape.member.as_ref().unwrap_or(&none).shape);
    items.into_iter().map(|e| value(m, inner, e)).collect::<Result<_, _>>().map(Value::Array)
}

fn value(m: &Model, shape: &Shape, element: &Element) -> Result<Value, Fault> {
    match shape.kind.as_str() {
        "structure" => structure(m, shape, element),
        "list" => {
            let name =
                shape.member.as_ref().and_then(|r| r.location_name.as_deref()).unwrap_or("member");
            list(m, shape, element.all(name).collect())
        }
        _ => scalar::from_text(shape, &element.text).map_err(|wanted| {
            Fault::new(
                "MalformedXML",
                format!("The value '{}' of {} is not {wanted}", element.text, element.name),
            )
        }),
    }
}
