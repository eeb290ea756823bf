//! [`Proxies`]: which proxy a server is asked through, and the tunnel to it (`CONNECT`, RFC 9110, 9.3.6).
//!
//! As in hashicorp's provider only `https://` goes through one: the one of the `provider` block, or the environment's
//! (`HTTPS_PROXY`, `NO_PROXY`), unless `from_env = false`. What is sent through the tunnel is the handshake with the server.

use kprov_core::{Host, Path, PathStep, Type, Value};
use kprov_pki::PkiError;
use kprov_provider::{
    Attribute, AttributeError, Block, NestedBlock, Nesting, ProviderError, Schema,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::fields::{self, optional};
use crate::peer::Endpoint;

/// No answer to CONNECT is longer.
const ANSWER_MAX: usize = 16 * 1024;

/// What the `provider` block says; without one the environment is asked.
#[derive(Default)]
pub(crate) struct Proxies {
    fixed: Option<Proxy>,
    not_from_env: bool,
}

/// A proxy, with what it is told of who asks.
struct Proxy {
    endpoint: Endpoint,
    authorization: Option<String>,
}

/// The `provider` block.
pub(crate) fn schema() -> Schema {
    let text = |text: &str| optional(Type::String, text);
    let attributes = [
        ("url", text("http://HOST[:PORT] of the proxy; not with from_env.")),
        ("username", text("For Basic authentication at the proxy.")),
        ("password", text("For Basic authentication at the proxy.").sensitive()),
        (
            "from_env",
            Attribute::new(Type::Bool)
                .optional()
                .describe("Take the proxy of HTTPS_PROXY and NO_PROXY (default: true)."),
        ),
    ];
    let proxy = NestedBlock {
        nesting: Nesting::List,
        block: Block::of("The proxy for https:// of tls_certificate.", attributes),
        min_items: 0,
        max_items: 1,
        force_new: false,
    };
    let block = Block {
        blocks: [("proxy".into(), proxy)].into(),
        description: "Keys, certificates and requests.".into(),
        ..Block::default()
    };
    Schema { version: 0, block }
}

fn block(config: &Value) -> Option<&Value> {
    config.get("proxy").and_then(Value::as_items).and_then(<[Value]>::first)
}

/// What is wrong with the `provider` block; parts may be unknown.
pub(crate) fn validate(config: &Value) -> Vec<AttributeError> {
    let Some(block) = block(config) else { return Vec::new() };
    let set = |name: &str| block.get(name).is_some_and(|value| !value.is_null());
    let problem = |name: &str, why: &str| {
        let steps = [PathStep::Attribute("proxy".into()), PathStep::Index(0)];
        let path = steps.into_iter().chain([PathStep::Attribute(name.into())]);
        AttributeError::new(Path(path.collect()), "Invalid proxy", why)
    };
    let mut problems = Vec::new();
    for (name, needed) in [("username", "url"), ("password", "username")] {
        if set(name) && !set(needed) {
            problems.push(problem(name, &format!("{name} goes with {needed}.")));
        }
    }
    if set("url") && set("from_env") {
        problems.push(problem("from_env", "It is either url or from_env."));
    }
    if let Some(Err(why)) = fields::text(block, "url").map(address) {
        problems.push(problem("url", &format!("{why}.")));
    }
    problems
}

/// The proxies of a configuration, which is known.
pub(crate) fn of(config: &Value) -> Result<Proxies, ProviderError> {
    let Some(block) = block(config) else { return Ok(Proxies::default()) };
    let text = |name| fields::text(block, name);
    let fixed = text("url").map(address).transpose();
    let fixed = fixed.map_err(|why| ProviderError::rejected("Invalid proxy", why.to_string()))?;
    let fixed = fixed.map(|(endpoint, within)| Proxy {
        endpoint,
        authorization: match text("username") {
            Some(name) => Some(basic(name, text("password").unwrap_or_default())),
            None => within,
        },
    });
    let not_from_env = block.get("from_env").and_then(Value::as_bool) == Some(false);
    Ok(Proxies { fixed, not_from_env })
}

/// `http://[USER[:PASSWORD]@]HOST[:PORT]`; what fails says nothing of the user.
fn address(url: &str) -> Result<(Endpoint, Option<String>), PkiError> {
    let rest = url.strip_prefix("http://").ok_or_else(|| {
        let why = "a proxy is http://HOST[:PORT] here; https:// and socks5:// are not there yet";
        PkiError::Unsupported(why.to_owned())
    })?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    let named = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let host = if named { host.to_owned() } else { format!("{host}:80") };
    let endpoint = Endpoint::parse(&format!("tls://{host}"));
    let endpoint = endpoint.map_err(|_| {
        PkiError::Invalid("the proxy's URL has no host, or a port that is none".to_owned())
    })?;
    let authorization = user.map(|user| match user.split_once(':') {
        Some((name, password)) => basic(&decoded(name), &decoded(password)),
        None => basic(&decoded(user), ""),
    });
    Ok((endpoint, authorization))
}

/// Percent signs of a URL.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'%').then(|| after.get(..2)).flatten();
        let code = code.and_then(|it| std::str::from_utf8(it).ok());
        match code.and_then(|it| u8::from_str_radix(it, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", kprov_pki::base64(format!("{name}:{password}").as_bytes()))
}

impl Proxies {
    /// A connection to a server, through a tunnel where that is wanted.
    pub(crate) async fn connect(
        &self,
        server: &Endpoint,
        host: &dyn Host,
    ) -> Result<TcpStream, String> {
        let from_env;
        let proxy = match &self.fixed {
            Some(proxy) if server.is_https() => Some(proxy),
            None if server.is_https() && !self.not_from_env => {
                from_env = environment(server, host)?;
                from_env.as_ref()
            }
            _ => None,
        };
        match proxy {
            Some(proxy) => proxy.tunnel(server).await,
            None => dial(server).await.map_err(|why| why.to_string()),
        }
    }
}

async fn dial(endpoint: &Endpoint) -> std::io::Result<TcpStream> {
    TcpStream::connect((endpoint.host.as_str(), endpoint.port)).await
}

/// The proxy of the environment, unless the server is one that is asked directly.
fn environment(server: &Endpoint, host: &dyn Host) -> Result<Option<Proxy>, String> {
    let variable = |name: &str| {
        let value = host.env(name).or_else(|| host.env(&name.to_ascii_lowercase()));
        value.filter(|value| !value.is_empty())
    };
    let Some(url) = variable("HTTPS_PROXY") else { return Ok(None) };
    if is_direct(&server.host, &variable("NO_PROXY").unwrap_or_default()) {
        return Ok(None);
    }
    // Also without a scheme.
    let url = if url.contains("://") { url } else { format!("http://{url}") };
    let found = address(&url).map_err(|why| format!("HTTPS_PROXY: {why}"))?;
    Ok(Some(Proxy { endpoint: found.0, authorization: found.1 }))
}

/// Of this machine, or named by NO_PROXY: `*`, a host, a domain with all below it (`.domain`: only what is below).
fn is_direct(host: &str, list: &str) -> bool {
    let address = host.parse::<std::net::IpAddr>();
    if host == "localhost" || address.is_ok_and(|it| it.is_loopback()) {
        return true;
    }
    list.split(',').map(str::trim).filter(|it| !it.is_empty()).any(|entry| {
        let below = entry.strip_prefix('.').unwrap_or(entry);
        let inside = host.strip_suffix(below).is_some_and(|rest| rest.ends_with('.'));
        entry == "*" || entry.eq_ignore_ascii_case(host) || inside
    })
}

impl Proxy {
    async fn tunnel(&self, server: &Endpoint) -> Result<TcpStream, String> {
        let name = format!("the proxy {}:{}", self.endpoint.host, self.endpoint.port);
        let failed = |why: std::io::Error| format!("{name}: {why}");
        let mut stream = dial(&self.endpoint).await.map_err(failed)?;
        let host = match server.host.contains(':') {
            true => format!("[{}]", server.host),
            false => server.host.clone(),
        };
        let place = format!("{host}:{}", server.port);
        let mut head = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n");
        if let Some(authorization) = &self.authorization {
            head.push_str(&format!("Proxy-Authorization: {authorization}\r\n"));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).await.map_err(failed)?;
        let mut answer = Vec::new();
        // Byte by byte: what follows is the server's.
        while !answer.ends_with(b"\r\n\r\n") {
            let byte = stream.read_u8().await.map_err(failed)?;
            answer.push(byte);
            if answer.len() > ANSWER_MAX {
                return Err(format!("{name} does not answer as a proxy does"));
            }
        }
        let answer = String::from_utf8_lossy(&answer);
        let status = answer.split(' ').nth(1).unwrap_or_default();
        match status {
            _ if !answer.starts_with("HTTP/1.") => {
                Err(format!("{name} does not answer as a proxy does"))
            }
            "407" => Err(format!("{name} wants to know who asks: set username and password")),
            it if it.starts_with('2') => Ok(stream),
            it => Err(format!("{name} refuses: status {it}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_proxies_are_read() {
        let (endpoint, user) = address("http://user%40x:pass@proxy.example:3128/").expect("fine");
        assert_eq!((endpoint.host.as_str(), endpoint.port), ("proxy.example", 3128));
        assert_eq!(user, Some(basic("user@x", "pass")));
        assert_eq!(address("http://proxy").expect("fine").0.port, 80);
        for bad in ["socks5://proxy", "https://proxy", "proxy:3128", "http://", "http://:1"] {
            assert!(address(bad).is_err(), "{bad}");
        }
        let why = address("http://user:secret@:x").map(|_| ()).expect_err("no host").to_string();
        assert!(!why.contains("secret"), "{why}");
    }

    #[test]
    fn some_servers_are_asked_directly() {
        let list = "intern.example, .corp.example,10.0.0.1";
        for host in [
            "localhost",
            "127.0.0.1",
            "::1",
            "intern.example",
            "a.intern.example",
            "a.corp.example",
            "10.0.0.1",
        ] {
            assert!(is_direct(host, list), "{host}");
        }
        for host in ["example", "corp.example", "xintern.example", "10.0.0.10"] {
            assert!(!is_direct(host, list), "{host}");
        }
        assert!(is_direct("anything", "*"));
    }
}
