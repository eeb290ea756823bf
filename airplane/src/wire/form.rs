//! The ec2 and query protocols' request bodies: `A.member.1.B=x` becomes JSON by model member name.
use crate::wire::fault::Fault;
use crate::wire::model::{Model, Shape, ShapeRef};
use crate::wire::scalar;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

const ENVELOPE: [&str; 9] = [
    "Action",
    "Version",
    "AWSAccessKeyId",
    "Signature",
    "SignatureMethod",
    "SignatureVersion",
    "Timestamp",
    "SecurityToken",
    "Expires",
];

#[derive(Default)]
struct Node {
    value: Option<String>,
    children: BTreeMap<String, Node>,
}

impl Node {
    fn items(&self) -> Vec<&Node> {
        let mut numbered: Vec<(u64, &Node)> =
            self.children.iter().filter_map(|(k, n)| Some((k.parse().ok()?, n))).collect();
        numbered.sort_by_key(|(k, _)| *k);
        numbered.into_iter().map(|(_, n)| n).collect()
    }
}

/// Decodes a form body or query string.
pub(crate) fn decode(text: &str) -> Vec<(String, String)> {
    let unescape = |s: &str| {
        percent_encoding::percent_decode_str(&s.replace('+', " ")).decode_utf8_lossy().into_owned()
    };
    text.split('&')
        .filter(|p| !p.is_empty())
        .map(|pair| match pair.split_once('=') {
            Some((k, v)) => (unescape(k), unescape(v)),
            None => (unescape(pair), String::new()),
        })
        .collect()
}

struct Parser<'a> {
    model: &'a Model,
    ec2: bool,
}

/// Reads the parameters of an action.
pub(crate) fn parse(
    model: &Model,
    input: Option<&Shape>,
    params: &[(String, String)],
) -> Result<Map<String, Value>, Fault> {
    let mut root = Node::default();
    for (key, value) in params {
        if ENVELOPE.contains(&key.as_str()) || key.starts_with("X-Amz-") {
            continue;
        }
        let mut node = &mut root;
        for part in key.split('.').take(64) {
            node = node.children.entry(part.to_owned()).or_default();
        }
        node.value = Some(value.clone());
    }
    let parser = Parser { model, ec2: model.metadata.protocol == "ec2" };
    let Some(shape) = input else { return Ok(Map::new()) };
    if parser.ec2 {
        parser.refuse_unknown(shape, &root)?;
    }
    match parser.structure(shape, &root, "")? {
        Value::Object(map) => Ok(map),
        _ => Ok(Map::new()),
    }
}

impl Parser<'_> {
    fn wire_name(&self, name: &str, member: &ShapeRef) -> String {
        if !self.ec2 {
            return member.location_name.clone().unwrap_or_else(|| name.to_owned());
        }
        if let Some(query) = &member.query_name {
            return query.clone();
        }
        let name = member.location_name.as_deref().unwrap_or(name);
        let mut chars = name.chars();
        chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
    }

    fn refuse_unknown(&self, shape: &Shape, root: &Node) -> Result<(), Fault> {
        let known: Vec<String> = shape.members.iter().map(|(n, m)| self.wire_name(n, m)).collect();
        match root.children.keys().find(|k| !known.contains(k)) {
            Some(key) => Err(Fault::new(
                "UnknownParameter",
                format!("The parameter {key} is not recognized"),
            )),
            None => Ok(()),
        }
    }

    fn structure(&self, shape: &Shape, node: &Node, path: &str) -> Result<Value, Fault> {
        let mut map = Map::new();
        for (name, member) in &shape.members {
            let wire = self.wire_name(name, member);
            let inner = self.model.shape(&member.shape);
            let flat = member.flattened || inner.flattened;
            // A flattened list of the query protocol may go by the name of its members.
            let found = node.children.get(&wire).or_else(|| {
                let item = inner.member.as_ref()?.location_name.as_ref()?;
                (flat && !self.ec2).then(|| node.children.get(item)).flatten()
            });
            if let Some(child) = found {
                let at = if path.is_empty() { wire } else { format!("{path}.{wire}") };
                map.insert(name.clone(), self.value(inner, child, &at)?);
            }
        }
        Ok(Value::Object(map))
    }

    fn value(&self, shape: &Shape, node: &Node, path: &str) -> Result<Value, Fault> {
        match shape.kind.as_str() {
            "structure" => self.structure(shape, node, path),
            "list" => self.list(shape, node, path),
            "map" => self.map(shape, node, path),
            _ => {
                let text = node.value.as_deref().unwrap_or_default();
                scalar::from_text(shape, text).map_err(|wanted| self.malformed(path, text, wanted))
            }
        }
    }

    fn list(&self, shape: &Shape, node: &Node, path: &str) -> Result<Value, Fault> {
        let Some(member) = &shape.member else { return Ok(Value::Array(vec![])) };
        let wrapped = member.location_name.as_deref().unwrap_or("member");
        let node = if self.ec2 {
            node
        } else {
            node.children.get(wrapped).or(node.children.get("member")).unwrap_or(node)
        };
        let inner = self.model.shape(&member.shape);
        node.items()
            .into_iter()
            .map(|n| self.value(inner, n, path))
            .collect::<Result<Vec<_>, _>>()
            .map(Value::Array)
    }

    fn map(&self, shape: &Shape, node: &Node, path: &str) -> Result<Value, Fault> {
        let (Some(key), Some(value)) = (&shape.key, &shape.value) else {
            return Ok(Value::Object(Map::new()));
        };
        let node = node.children.get("entry").unwrap_or(node);
        let mut map = Map::new();
        for item in node.items() {
            let k = item.children.get(key.location_name.as_deref().unwrap_or("key"));
            let v = item.children.get(value.location_name.as_deref().unwrap_or("value"));
            if let (Some(k), Some(v)) = (k.and_then(|k| k.value.clone()), v) {
                map.insert(k, self.value(self.model.shape(&value.shape), v, path)?);
            }
        }
        Ok(Value::Object(map))
    }

    fn malformed(&self, path: &str, text: &str, wanted: &str) -> Fault {
        if self.ec2 {
            Fault::new(
                "InvalidParameterValue",
                format!("Invalid value '{text}' for {path}; it must be {wanted}"),
            )
        } else {
            Fault::new("MalformedInput", format!("The value '{text}' at {path} is not {wanted}"))
        }
    }
}
