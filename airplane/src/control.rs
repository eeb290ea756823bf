//! The control API under `/_airplane/`: what the CLI, tests and people ask of airplane itself. JSON in, JSON out.
use crate::airplane::Inner;
use crate::around::faults::Rule;
use crate::service::autoscaling;
use crate::service::ec2::spot;
use crate::{balancing, machines};
use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};

/// Paths that are for the control API.
pub(crate) const PREFIX: &str = "/_airplane/";

/// Answers a control request.
pub(crate) fn handle(inner: &mut Inner, request: &Request<Bytes>) -> Response<Bytes> {
    let (status, body) = match answer(inner, request) {
        Ok(value) => (200, value),
        Err((status, message)) => (status, json!({"error": message})),
    };
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    response
        .headers_mut()
        .insert("content-type", http::HeaderValue::from_static("application/json"));
    response
}

fn answer(inner: &mut Inner, request: &Request<Bytes>) -> Result<Value, (u16, String)> {
    let path = request.uri().path().strip_prefix(PREFIX).unwrap_or_default();
    inner.catch_up().map_err(internal)?;
    let body = || -> Result<Value, (u16, String)> {
        serde_json::from_slice(request.body())
            .map_err(|e| (400, format!("the body of {path} must be JSON: {e}")))
    };
    match (request.method(), path) {
        (&Method::GET, "status") => Ok(status(inner)),
        (&Method::GET, "dump") => Ok(inner.world.dump()),
        (&Method::GET, "calls") => calls(inner, request),
        (&Method::DELETE, "calls") => {
            inner.around.log.clear();
            Ok(json!({}))
        }
        (&Method::GET, "snapshot") => Ok(inner.world.snapshot()),
        (&Method::POST, "restore") => {
            inner.world.restore(&body()?).map_err(|e| (400, e))?;
            inner.clock.set(inner.world.now);
            inner.store.rewrite(&mut inner.world).map_err(internal)?;
            Ok(status(inner))
        }
        (&Method::POST, "reset") => {
            inner.world.reset();
            inner.around.log.clear();
            inner.store.rewrite(&mut inner.world).map_err(internal)?;
            Ok(status(inner))
        }
        (&Method::GET, "faults") => serde_json::to_value(&inner.around.rules).map_err(internal),
        (&Method::PUT | &Method::POST, "faults") => faults(inner, request.method(), body()?),
        (&Method::DELETE, "faults") => {
            inner.around.rules.clear();
            Ok(json!([]))
        }
        (&Method::POST, "clock/advance") => {
            let millis = body()?["millis"].as_i64().filter(|m| *m >= 0);
            inner
                .clock
                .advance(millis.ok_or((400, "clock/advance takes {\"millis\": N}".to_owned()))?);
            inner.catch_up().map_err(internal)?;
            inner.store.save_time(inner.world.now).map_err(internal)?;
            Ok(status(inner))
        }
        (method, path) => settings(inner, method, path, body),
    }
}

// How the world is: what faults do to it, its limits, where its machines are.
fn settings(
    inner: &mut Inner,
    method: &Method,
    path: &str,
    body: impl Fn() -> Result<Value, (u16, String)>,
) -> Result<Value, (u16, String)> {
    match (method, path) {
        (&Method::PUT, "conditions") => {
            inner.world.conditions =
                serde_json::from_value(body()?).map_err(|e| (400, e.to_string()))?;
            autoscaling::wake_all(&mut inner.world);
            Ok(json!(inner.world.conditions))
        }
        (&Method::PUT, "quotas") => {
            inner.world.quotas =
                serde_json::from_value(body()?).map_err(|e| (400, e.to_string()))?;
            autoscaling::wake_all(&mut inner.world);
            Ok(json!(inner.world.quotas))
        }
        (&Method::GET, "machines") => Ok(machines::list(inner)),
        (&Method::GET, "addresses") => Ok(machines::addresses(inner)),
        (&Method::GET, "listeners") => Ok(balancing::listeners(inner)),
        (&Method::GET, "sockets") => Ok(json!(inner.world.sockets)),
        (method @ (&Method::PUT | &Method::POST), "sockets") => {
            balancing::sockets(inner, method, &body()?).map_err(|e| (400, e))
        }
        (&Method::POST, "interrupt") => {
            let instance = body()?["instance"].as_str().unwrap_or_default().to_owned();
            spot::interrupt(&mut inner.world, &instance).map_err(|e| (400, e))?;
            inner.catch_up().map_err(internal)?;
            Ok(json!({}))
        }
        (&Method::PUT, "throttling") => {
            let mode = body()?["mode"].as_str().unwrap_or_default().parse();
            inner.around.throttling = mode.map_err(|e| (400, e))?;
            Ok(status(inner))
        }
        (&Method::PUT, "visibility") => {
            let millis = body()?["millis"].as_i64().filter(|m| *m >= 0);
            inner.world.visibility =
                millis.ok_or((400, "visibility takes {\"millis\": N}".to_owned()))?;
            Ok(status(inner))
        }
        (method, _) => Err((404, format!("airplane's control API has no {method} {PREFIX}{path}"))),
    }
}

fn internal(e: impl std::fmt::Display) -> (u16, String) {
    (500, e.to_string())
}

fn status(inner: &mut Inner) -> Value {
    let (mut objects, mut implicit) = (0, 0);
    for object in inner.world.dump().as_array().into_iter().flatten() {
        match object["implicit"].as_bool() {
            Some(true) => implicit += 1,
            _ => objects += 1,
        }
    }
    json!({
        "now": crate::wire::scalar::iso(inner.world.now), "now_millis": inner.world.now,
        "clock": format!("{:?}", inner.clock.kind).to_lowercase(), "seed": inner.world.ids.seed,
        "accounts": inner.world.accounts.keys().collect::<Vec<_>>(), "objects": objects, "implicit": implicit,
        "calls": inner.around.calls, "events_waiting": inner.world.root.queue.len(),
        "next_event_millis": inner.world.next_due(), "visibility_millis": inner.world.visibility,
        "machines": if inner.program.is_some() { "process" } else { "hollow" },
        "faults": inner.around.rules.len(), "conditions": inner.world.conditions,
    })
}

// `?after=N` gives calls with a higher number.
fn calls(inner: &Inner, request: &Request<Bytes>) -> Result<Value, (u16, String)> {
    let query = crate::wire::form::decode(request.uri().query().unwrap_or_default());
    let after = query
        .iter()
        .find(|(k, _)| k == "after")
        .and_then(|(_, v)| v.parse::<u64>().ok())
        .unwrap_or(0);
    let log: Vec<_> = inner.around.log.iter().filter(|c| c.number > after).collect();
    serde_json::to_value(log).map_err(internal)
}

// PUT replaces all rules, POST adds.
fn faults(inner: &mut Inner, method: &Method, body: Value) -> Result<Value, (u16, String)> {
    let list = if body.is_array() { body } else { json!([body]) };
    let rules: Vec<Rule> = serde_json::from_value(list)
        .map_err(|e| (400, format!("the fault rules are not valid: {e}")))?;
    if method == Method::PUT {
        inner.around.rules.clear();
    }
    inner.around.rules.extend(rules);
    serde_json::to_value(&inner.around.rules).map_err(internal)
}
