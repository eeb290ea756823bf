//! What the model demands of inputs: required members, enums, ranges and patterns, refused in each service's own words.
use crate::service::ServiceId;
use crate::wire::fault::Fault;
use crate::wire::model::{Model, Operation, Shape};
use serde_json::{Map, Value};

/// How many values of an enum an error lists.
const LISTED: usize = 60;

/// Members whose enum the service does not hold callers to: it takes more than the model says, or says itself what is wrong.
const OPEN_ENUMS: &[(&str, &str)] =
    &[("ReceiveMessage", "AttributeNames"), ("DescribeInstanceTypes", "InstanceTypes")];

/// Checks an input; the first fault is the answer.
pub(crate) fn input(
    service: ServiceId,
    m: &Model,
    op: &Operation,
    input: &Map<String, Value>,
) -> Result<(), Fault> {
    let Some(shape) = m.input(op) else { return Ok(()) };
    Check { service, m, op }.structure(shape, input, "")
}

struct Check<'a> {
    service: ServiceId,
    m: &'a Model,
    op: &'a Operation,
}

impl Check<'_> {
    fn structure(&self, shape: &Shape, map: &Map<String, Value>, path: &str) -> Result<(), Fault> {
        for name in &shape.required {
            if map.get(name).is_none_or(Value::is_null) && self.op.name != "HeadObject" {
                return Err(self.missing(&join(path, name)));
            }
        }
        for (name, value) in map {
            if let Some(member) = shape.members.get(name) {
                self.value(self.m.shape(&member.shape), value, &join(path, name))?;
            }
        }
        Ok(())
    }

    fn value(&self, shape: &Shape, value: &Value, path: &str) -> Result<(), Fault> {
        match value {
            Value::Object(map) if shape.kind == "structure" => self.structure(shape, map, path),
            Value::Array(items) => {
                self.range(
                    shape,
                    items.len() as f64,
                    "length",
                    path,
                    &format!("{} items", items.len()),
                )?;
                let member = shape.member.as_ref().map(|r| self.m.shape(&r.shape));
                for (i, item) in items.iter().enumerate() {
                    if let Some(member) = member {
                        self.value(member, item, &format!("{path}.{}.member", i + 1))?;
                    }
                }
                Ok(())
            }
            Value::String(text) if shape.kind == "string" => {
                let open = OPEN_ENUMS.iter().any(|(op, member)| {
                    *op == self.op.name && path.split('.').next() == Some(*member)
                });
                if !open && !shape.values.is_empty() && !shape.values.contains(text) {
                    return Err(self.not_in_enum(shape, text, path));
                }
                self.range(shape, text.chars().count() as f64, "length", path, text)?;
                match &shape.pattern {
                    Some(pattern) if !shape.fits(text) => {
                        let rule =
                            format!("Member must satisfy regular expression pattern: {pattern}");
                        Err(self.invalid(path, text, &rule))
                    }
                    _ => Ok(()),
                }
            }
            Value::Number(n) if shape.kind != "timestamp" => {
                self.range(shape, n.as_f64().unwrap_or_default(), "value", path, &n.to_string())
            }
            _ => Ok(()),
        }
    }

    fn range(
        &self,
        shape: &Shape,
        size: f64,
        what: &str,
        path: &str,
        shown: &str,
    ) -> Result<(), Fault> {
        let rule = match (shape.min, shape.max) {
            (Some(min), _) if size < min => {
                format!("Member must have {what} greater than or equal to {min}")
            }
            (_, Some(max)) if size > max => {
                format!("Member must have {what} less than or equal to {max}")
            }
            _ => return Ok(()),
        };
        Err(self.invalid(path, shown, &rule))
    }

    // Nobody reads the names of a thousand instance types.
    fn not_in_enum(&self, shape: &Shape, text: &str, path: &str) -> Fault {
        let (shown, rest) = shape.values.split_at(shape.values.len().min(LISTED));
        let more =
            if rest.is_empty() { String::new() } else { format!(", and {} more", rest.len()) };
        let set = format!("Member must satisfy enum value set: [{}{more}]", shown.join(", "));
        self.invalid(path, text, &set)
    }

    fn invalid(&self, path: &str, shown: &str, rule: &str) -> Fault {
        let at = lower_first(path);
        let smithy = format!(
            "1 validation error detected: Value '{shown}' at '{at}' failed to satisfy constraint: {rule}"
        );
        match self.service {
            ServiceId::Ec2 => Fault::new(
                "InvalidParameterValue",
                format!("Value ({shown}) for parameter {at} is invalid. {rule}"),
            ),
            ServiceId::S3 => {
                Fault::new("MalformedXML", format!("Value '{shown}' at {path}: {rule}"))
            }
            ServiceId::Route53 => Fault::new("InvalidInput", smithy),
            ServiceId::Ecr => Fault::new(
                "InvalidParameterException",
                format!("Invalid parameter at '{at}' failed to satisfy constraint: '{rule}'"),
            ),
            service if service.is_json() => Fault::new("ValidationException", smithy),
            _ => Fault::new("ValidationError", smithy),
        }
    }

    fn missing(&self, path: &str) -> Fault {
        let at = lower_first(path);
        let smithy = format!(
            "1 validation error detected: Value null at '{at}' failed to satisfy constraint: Member must not be null"
        );
        match self.service {
            ServiceId::Ec2 => Fault::new(
                "MissingParameter",
                format!("The request must contain the parameter {path}"),
            ),
            ServiceId::S3 => Fault::new("MalformedXML", format!("{path} is required")),
            ServiceId::Sqs => Fault::new(
                "MissingParameter",
                format!("The request must contain the parameter {path}."),
            ),
            ServiceId::Route53 => Fault::new("InvalidInput", smithy),
            ServiceId::Ecr => Fault::new(
                "InvalidParameterException",
                format!(
                    "Invalid parameter at '{at}' failed to satisfy constraint: 'must not be null'"
                ),
            ),
            service if service.is_json() => Fault::new("ValidationException", smithy),
            _ => Fault::new("ValidationError", smithy),
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|c| c.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
