//! `tcp`: the machine takes connections on a port.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use kprov_core::{Type, Value};
use kprov_provider::rotation::{HookAction, HookCall, HookLook};
use kprov_provider::{Attribute, AttributeError, Block, ProviderError, Schema, attribute};
use tokio::net::TcpStream;

use crate::place::{filled, unknown};
use crate::wrong;

/// A port that drops what comes gives no answer at all.
const PATIENCE: Duration = Duration::from_secs(5);

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let text = Attribute::new(Type::String);
    let block = Block::of(
        "A port takes connections.",
        [
            (
                "address",
                text.default(Value::string("{address}")).describe(
                    "Where: {address} is the machine's private address, {member} its id.",
                ),
            ),
            ("port", Attribute::new(Type::Number).required().describe("1 to 65535.")),
        ],
    );
    Schema { version: 0, block }
});

#[derive(Debug)]
pub(crate) struct Tcp;

#[async_trait]
impl HookAction for Tcp {
    fn schema(&self) -> &Schema {
        &SCHEMA
    }

    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let mut problems = Vec::new();
        let address = attribute(config, "address");
        if let Some(name) = address.as_str().and_then(unknown) {
            problems.push(wrong(
                "address",
                format!("{{{name}}} is not known here: {{member}} and {{address}} are."),
            ));
        }
        if address.as_str().is_some_and(str::is_empty) {
            problems.push(wrong("address", "Expected a name or an address."));
        }
        let given = attribute(config, "port");
        if given.as_number().is_some() && port(&given).is_none() {
            problems.push(wrong("port", "Expected a port: 1 to 65535."));
        }
        problems
    }

    async fn look(&self, call: &HookCall<'_>) -> Result<HookLook, ProviderError> {
        let address = attribute(call.config, "address");
        let port = port(&attribute(call.config, "port")).ok_or_else(|| {
            ProviderError::rejected(
                "Cannot connect",
                "The hook's port is none: expected 1 to 65535.",
            )
        })?;
        let address = match filled(address.as_str().unwrap_or("{address}"), call, false) {
            Ok(address) => address,
            Err(why) => return Ok(HookLook::NotYet(why)),
        };
        let bare = address.trim_matches(['[', ']']);
        let connected = tokio::time::timeout(PATIENCE, TcpStream::connect((bare, port))).await;
        Ok(match connected {
            Ok(Ok(_)) => HookLook::Done,
            Ok(Err(error)) => {
                HookLook::NotYet(format!("No connection to {bare} port {port}: {error}."))
            }
            Err(_) => HookLook::NotYet(format!(
                "No connection to {bare} port {port} within {} s.",
                PATIENCE.as_secs()
            )),
        })
    }
}

fn port(value: &Value) -> Option<u16> {
    let number = value.as_number()?.to_u64().and_then(|it| u16::try_from(it).ok())?;
    (number > 0).then_some(number)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::testing::{Ground, not_yet, run, text};

    fn config(port: i64) -> Value {
        Value::object([("port", Value::int(port))])
    }

    #[test]
    fn a_port_takes_connections_or_not() {
        run(async {
            let ground = Ground::new();
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let port = listener.local_addr().expect("an address").port();
            let look = ground.look(&Tcp, config(i64::from(port))).await;
            assert_eq!(look, Ok(HookLook::Done));
            drop(listener);
            let why = not_yet(ground.look(&Tcp, config(i64::from(port))).await);
            assert!(why.contains(&format!("127.0.0.1 port {port}")), "{why}");
        });
    }

    #[test]
    fn an_address_that_is_not_known_is_waited_for() {
        run(async {
            let mut ground = Ground::new();
            ground.address = None;
            assert!(not_yet(ground.look(&Tcp, config(1)).await).contains("not known yet"));
        });
    }

    #[test]
    fn what_is_wrong_is_said() {
        let of = |address: &str, port: Value| {
            let problems =
                Tcp.validate(&Value::object([("address", text(address)), ("port", port)]));
            problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(of("{address}", Value::int(65535)), "");
        assert_eq!(of("{address}", Value::unknown(Type::Number)), "");
        for port in [0, -1, 65536] {
            assert!(of("x", Value::int(port)).contains("1 to 65535"), "{port}");
        }
        assert!(of("{zone}", Value::int(1)).contains("{zone} is not known here"));
        assert!(of("", Value::int(1)).contains("address"));
    }
}
