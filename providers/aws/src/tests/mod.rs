//! Tests of the provider as a whole, over an AWS that is a function.

mod applying;
mod bad_input;
mod bulk;
mod calls;
pub(crate) mod compute;
mod credentials;
pub(crate) mod flight;
mod mortality;
mod moto;
mod network;
mod plans;
mod rotation;
mod services;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_async::time::SharedTimeSource;
use kprov_core::{Host, Value};
use kprov_provider::testing::{FakeHost, complete};
use kprov_provider::{CallContext, Intent, Provider, ProviderError};

use crate::testing::{SteppedClock, in_process};
use crate::{Aws, Transport};

/// Parameters of a request of the query protocol.
type Parameters = BTreeMap<String, String>;

/// A provider over a function from action and parameters to status and the inside of the answer, and
/// all that was asked.
struct World {
    aws: Aws,
    asked: Arc<Mutex<Vec<Parameters>>>,
    clock: SteppedClock,
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut i) = (Vec::new(), 0);
    while i < bytes.len() {
        if bytes[i] == b'%' {
            out.push(u8::from_str_radix(&text[i + 1..i + 3], 16).unwrap());
            i += 3;
        } else {
            out.push(if bytes[i] == b'+' { b' ' } else { bytes[i] });
            i += 1;
        }
    }
    String::from_utf8(out).unwrap()
}

impl World {
    fn new(answer: impl Fn(&str, &Parameters) -> (u16, String) + Send + Sync + 'static) -> World {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        let http = in_process(move |request| {
            let body = String::from_utf8(request.into_body()).unwrap();
            let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
            let parameters: Parameters =
                pairs.map(|(name, value)| (decode(name), decode(value))).collect();
            log.lock().unwrap().push(parameters.clone());
            let action = &parameters["Action"];
            let (status, mut body) = answer(action, &parameters);
            if status == 200 {
                body = format!("<{action}Response>{body}</{action}Response>");
            }
            let response =
                http::Response::builder().status(status).header("x-amzn-requestid", "r-1");
            response.body(body.into_bytes()).unwrap()
        });
        let clock = SteppedClock::default();
        let transport = Transport {
            http: Some(http),
            sleep: SharedAsyncSleep::new(clock.clone()),
            time: SharedTimeSource::new(clock.clone()),
        };
        World { aws: Aws::new(transport), asked, clock }
    }

    /// How often an action was asked.
    fn count(&self, action: &str) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|parameters| parameters["Action"] == action).count()
    }

    async fn context(&self, more: &[(&str, Value)]) -> CallContext {
        self.try_context(more).await.unwrap()
    }

    async fn try_context(&self, more: &[(&str, Value)]) -> Result<CallContext, ProviderError> {
        let host: Arc<dyn Host> = Arc::new(FakeHost::new(1));
        let client = self.aws.configure(&provider(more), &host).await?;
        Ok(CallContext { client, host })
    }
}

/// A complete provider configuration.
fn provider(more: &[(&str, Value)]) -> Value {
    let text = ["region", "access_key", "secret_key"].into_iter();
    let text = text.zip(["eu-central-1", "AKIA", "secret"]);
    let all = text.map(|(name, value)| (name, Value::string(value)));
    let config = Value::object(all.chain(more.iter().cloned()));
    complete(&crate::SCHEMA.provider.block, &config)
}

/// A complete object of a resource type.
fn object(ty: &str, attributes: &[(&str, Value)]) -> Value {
    let block = &crate::SCHEMA.resources[ty].schema.block;
    complete(block, &Value::object(attributes.iter().cloned()))
}

fn intent() -> Intent {
    Intent { op: 1, token: "11111111-2222-4333-8444-555555555555".into() }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

/// An EC2 error.
fn fault(status: u16, code: &str) -> (u16, String) {
    let body = format!(
        "<Response><Errors><Error><Code>{code}</Code><Message>Because.</Message></Error></Errors>\
         <RequestID>r-1</RequestID></Response>"
    );
    (status, body)
}

fn identity() -> (u16, String) {
    let body = "<GetCallerIdentityResult><Account>123456789012</Account>\
                <Arn>arn:aws:iam::123456789012:user/u</Arn><UserId>U</UserId>\
                </GetCallerIdentityResult>";
    (200, body.to_owned())
}

/// DescribeSubnets over subnets that exist, each in `state`.
fn subnets(parameters: &Parameters, exists: impl Fn(&str) -> bool, state: &str) -> (u16, String) {
    let values = parameters.iter().filter(|(name, _)| name.starts_with("Filter.1.Value."));
    let items = values.filter(|(_, id)| exists(id)).map(|(_, id)| {
        format!("<item><subnetId>{id}</subnetId><vpcId>vpc-1</vpcId><state>{state}</state></item>")
    });
    let items: String = items.collect();
    (200, format!("<subnetSet>{items}</subnetSet>"))
}
