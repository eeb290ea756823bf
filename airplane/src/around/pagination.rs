//! Pages: actions return everything, and this cuts it by the model's paginator. Lists whose paginator is not one
//! token and one list (Route 53 records, S3 listings) page in their actions.
use crate::service::ServiceId;
use crate::wire::fault::Fault;
use crate::wire::model::Model;
use base64::Engine;
use serde_json::{Map, Value};

const BASE64: base64::engine::GeneralPurpose = base64::engine::general_purpose::STANDARD;

/// Cuts an output to the page that the input asks for.
pub(crate) fn page(
    service: ServiceId,
    m: &Model,
    action: &str,
    input: &Map<String, Value>,
    output: Value,
) -> Result<Value, Fault> {
    let Some(paginator) = m.paginator(action) else { return Ok(output) };
    let text = |key: &str| paginator.get(key).and_then(Value::as_str);
    let (Some(token_in), Some(token_out), Some(result)) =
        (text("input_token"), text("output_token"), first_result(paginator))
    else {
        return Ok(output);
    };
    if token_out.contains(['|', '[', '.']) || result.contains('.') {
        return Ok(output);
    }
    let Value::Object(mut map) = output else { return Ok(output) };
    if map.contains_key(token_out) {
        return Ok(Value::Object(map));
    }
    let limit = text("limit_key").and_then(|k| input.get(k));
    refuse_limit_with_ids(action, input, limit)?;
    let limit = limit.and_then(as_count).unwrap_or_else(|| default_limit(service));
    let start = match input.get(token_in).and_then(Value::as_str) {
        Some(token) => {
            offset(action, token).ok_or_else(|| invalid_token(service, token_in, token))?
        }
        None => 0,
    };
    let Some(Value::Array(all)) = map.remove(result) else { return Ok(Value::Object(map)) };
    let total = all.len();
    let page: Vec<Value> = all.into_iter().skip(start).take(limit).collect();
    let end = start.saturating_add(page.len());
    map.insert(result.to_owned(), Value::Array(page));
    if end < total {
        map.insert(
            token_out.to_owned(),
            Value::from(BASE64.encode(format!("airplane:{action}:{end}"))),
        );
    }
    if let Some(more) = text("more_results") {
        map.insert(more.to_owned(), Value::Bool(end < total));
    }
    Ok(Value::Object(map))
}

// Route 53 says its limits as text.
fn as_count(value: &Value) -> Option<usize> {
    let n = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    usize::try_from(n).ok().filter(|n| *n > 0)
}

fn first_result(paginator: &Value) -> Option<&str> {
    match paginator.get("result_key")? {
        Value::String(s) => Some(s),
        Value::Array(keys) if keys.len() == 1 => keys[0].as_str(),
        _ => None,
    }
}

fn offset(action: &str, token: &str) -> Option<usize> {
    let text = String::from_utf8(BASE64.decode(token).ok()?).ok()?;
    text.strip_prefix("airplane:")?.strip_prefix(action)?.strip_prefix(':')?.parse().ok()
}

// EC2 says so for instances only.
fn refuse_limit_with_ids(
    action: &str,
    input: &Map<String, Value>,
    limit: Option<&Value>,
) -> Result<(), Fault> {
    let by_id =
        input.get("InstanceIds").and_then(Value::as_array).is_some_and(|ids| !ids.is_empty());
    if matches!(action, "DescribeInstances" | "DescribeInstanceStatus") && by_id && limit.is_some()
    {
        let message = "The parameter instancesSet cannot be used with the parameter maxResults";
        return Err(Fault::new("InvalidParameterCombination", message));
    }
    Ok(())
}

fn default_limit(service: ServiceId) -> usize {
    match service {
        ServiceId::Ec2 | ServiceId::S3 | ServiceId::Sqs => 1000,
        ServiceId::Elbv2 => 400,
        ServiceId::Autoscaling => 50,
        ServiceId::Ssm => 10,
        _ => 100,
    }
}

fn invalid_token(service: ServiceId, member: &str, token: &str) -> Fault {
    let message = format!("The token '{token}' is invalid");
    match service {
        ServiceId::Ec2 | ServiceId::Autoscaling => Fault::new("InvalidNextToken", message),
        ServiceId::Ssm => Fault::new("InvalidNextToken", message),
        ServiceId::Kms => Fault::new("InvalidMarkerException", message),
        ServiceId::Route53 => Fault::new("InvalidPaginationToken", message),
        ServiceId::Ecr => Fault::new("InvalidParameterException", message),
        service if service.is_json() => Fault::new("ValidationException", message),
        _ => Fault::new("ValidationError", format!("Invalid {member}: {message}")),
    }
}
