//! `http`: a URL is answered as expected.
//!
//! One request for each look, over HTTP/1.1 and TLS where the URL says so. Redirects are answers, too: they are not followed.
//! No answer, or another one, is not yet.

mod ask;

use std::sync::LazyLock;

use ::http::uri::Scheme;
use ::http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use async_trait::async_trait;
use kprov_core::{Type, Value};
use kprov_provider::rotation::{HookAction, HookCall, HookLook};
use kprov_provider::{Attribute, AttributeError, Block, ProviderError, Schema, attribute};

use crate::place::{filled, unknown};
use crate::wrong;

const SUMMARY: &str = "Cannot ask a URL";

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let text = || Attribute::new(Type::String);
    let status = Attribute::new(Type::Number).optional();
    let headers = Attribute::new(Type::map(Type::String)).optional();
    let block = Block::of(
        "A URL is answered as expected.",
        [
            (
                "url",
                text().required().describe(
                    "http:// or https://; {address} is the machine's private address, {member} its id.",
                ),
            ),
            ("method", text().default(Value::string("GET")).describe("GET, HEAD, POST, ...")),
            ("expect_status", status.describe("The status that is expected; 200 to 299 where it is not said.")),
            ("headers", headers.describe("Further headers of the request.")),
            (
                "ca_certificate",
                text().optional().describe(
                    "PEM of the authorities to trust, in place of those that this machine trusts.",
                ),
            ),
        ],
    );
    Schema { version: 0, block }
});

#[derive(Debug)]
pub(crate) struct Http;

#[async_trait]
impl HookAction for Http {
    fn schema(&self) -> &Schema {
        &SCHEMA
    }

    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let mut problems = Vec::new();
        if let Some(text) = attribute(config, "url").as_str() {
            match unknown(text) {
                Some(name) => problems.push(wrong(
                    "url",
                    format!("{{{name}}} is not known here: {{member}} and {{address}} are."),
                )),
                None if url(&text.replace("{address}", "a").replace("{member}", "m")).is_none() => {
                    problems
                        .push(wrong("url", "Expected a URL: \"https://{address}:6443/readyz\"."));
                }
                None => {}
            }
        }
        if let Some(text) = attribute(config, "method").as_str()
            && method(text).is_none()
        {
            problems.push(wrong(
                "method",
                format!("{text:?} is no method of HTTP: expected GET, HEAD, POST, ..."),
            ));
        }
        let status = attribute(config, "expect_status");
        if status.as_number().is_some() && expected(&status).is_none() {
            problems.push(wrong("expect_status", "Expected a status of HTTP: 100 to 599."));
        }
        for (name, value) in attribute(config, "headers").as_entries().into_iter().flatten() {
            if value.as_str().is_some_and(|value| header(name.as_str(), value).is_none()) {
                problems.push(wrong(
                    "headers",
                    format!("The header {:?}, or its value, is none of HTTP.", name.as_str()),
                ));
            }
        }
        if let Some(pem) = attribute(config, "ca_certificate").as_str()
            && let Err(why) = ask::roots(Some(pem))
        {
            problems.push(wrong("ca_certificate", why));
        }
        problems
    }

    async fn look(&self, call: &HookCall<'_>) -> Result<HookLook, ProviderError> {
        let of = |name: &str| attribute(call.config, name);
        let target = match filled(of("url").as_str().unwrap_or_default(), call, true) {
            Ok(target) => target,
            Err(why) => return Ok(HookLook::NotYet(why)),
        };
        let refused = |why: &str| ProviderError::rejected(SUMMARY, why);
        let target = url(&target).ok_or_else(|| refused("The hook's url is none."))?;
        let method = method(of("method").as_str().unwrap_or("GET"))
            .ok_or_else(|| refused("The hook's method is none of HTTP."))?;
        let told = format!("{method} {}", plain(&target));
        let roots = if target.scheme() == Some(&Scheme::HTTPS) {
            Some(ask::roots(of("ca_certificate").as_str()).map_err(|why| refused(&why))?)
        } else {
            None
        };
        let mut request = Request::new(());
        *request.method_mut() = method;
        *request.uri_mut() = target;
        for (name, value) in of("headers").as_entries().into_iter().flatten() {
            let (name, value) = header(name.as_str(), value.as_str().unwrap_or_default())
                .ok_or_else(|| refused("A header of the hook is none of HTTP."))?;
            request.headers_mut().insert(name, value);
        }
        Ok(match ask::status(request, roots).await {
            Ok(status) if right(status, expected(&of("expect_status"))) => HookLook::Done,
            Ok(status) => HookLook::NotYet(format!("{told} was answered with {status}.")),
            Err(why) => HookLook::NotYet(format!("{told}: {why}.")),
        })
    }
}

fn right(status: StatusCode, expected: Option<StatusCode>) -> bool {
    expected.map_or_else(|| status.is_success(), |expected| status == expected)
}

fn url(text: &str) -> Option<Uri> {
    let uri: Uri = text.parse().ok()?;
    let known = matches!(uri.scheme_str(), Some("http" | "https"));
    (known && uri.host().is_some_and(|host| !host.is_empty())).then_some(uri)
}

/// Methods are words in capitals; any other that a server may know is fine.
fn method(text: &str) -> Option<Method> {
    let capitals = !text.is_empty() && text.bytes().all(|it| it.is_ascii_uppercase());
    Method::from_bytes(text.as_bytes()).ok().filter(|it| capitals && *it != Method::CONNECT)
}

fn expected(value: &Value) -> Option<StatusCode> {
    let number = value.as_number()?.to_u64().and_then(|it| u16::try_from(it).ok())?;
    StatusCode::from_u16(number).ok().filter(|status| status.as_u16() < 600)
}

fn header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some((name.parse().ok()?, value))
}

/// Without what may be secret in a URL: who asks, and its query.
fn plain(uri: &Uri) -> String {
    let authority = uri.authority().map_or("", |it| it.as_str());
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{}://{host}{}", uri.scheme_str().unwrap_or("http"), uri.path())
}

#[cfg(test)]
mod tests;
