//! Real servers on loopback.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::testing::{Ground, not_yet, run, text};

/// What a server was asked: the request line's parts, and some headers.
type Heard = Arc<Mutex<Vec<String>>>;

/// A server that answers with the status that the path names. Ends with the runtime.
async fn server(tls: Option<TlsAcceptor>) -> (u16, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let heard = Heard::default();
    let hears = heard.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let hears = hears.clone();
            let answer = service_fn(move |request: Request<hyper::body::Incoming>| {
                let header = |name: &str| {
                    request
                        .headers()
                        .get(name)
                        .and_then(|it| it.to_str().ok())
                        .unwrap_or("-")
                        .to_owned()
                };
                let line = format!(
                    "{} {} {} {}",
                    request.method(),
                    request.uri(),
                    header("host"),
                    header("x-key")
                );
                hears.lock().expect("no panic").push(line);
                let code = request.uri().path().trim_start_matches('/').parse().unwrap_or(500);
                let mut response = Response::new(Full::new(Bytes::from_static(b"body")));
                *response.status_mut() = StatusCode::from_u16(code).expect("a status");
                async move { Ok::<_, Infallible>(response) }
            });
            let tls = tls.clone();
            tokio::spawn(async move {
                let http = hyper::server::conn::http1::Builder::new();
                match tls {
                    None => http.serve_connection(TokioIo::new(stream), answer).await.is_ok(),
                    Some(tls) => match tls.accept(stream).await {
                        Ok(stream) => {
                            http.serve_connection(TokioIo::new(stream), answer).await.is_ok()
                        }
                        Err(_) => false,
                    },
                }
            });
        }
    });
    (port, heard)
}

fn config(url: &str, more: &[(&str, Value)]) -> Value {
    let url = [("url", text(url))];
    Value::object(url.into_iter().chain(more.iter().map(|(name, value)| (*name, value.clone()))))
}

#[test]
fn an_answer_is_expected_or_not() {
    run(async {
        let (port, heard) = server(None).await;
        let ground = Ground::new();
        let url = |code: u16| format!("http://{{address}}:{port}/{code}?m={{member}}");
        for (code, done) in [(200, true), (204, true), (301, false), (404, false), (503, false)] {
            let look = ground.look(&Http, config(&url(code), &[])).await;
            if done {
                assert_eq!(look, Ok(HookLook::Done), "{code}");
            } else {
                let why = not_yet(look);
                assert!(
                    why.starts_with(&format!(
                        "GET http://127.0.0.1:{port}/{code} was answered with {code} "
                    )),
                    "{why}"
                );
            }
        }
        let expect = [("expect_status", Value::int(503))];
        assert_eq!(ground.look(&Http, config(&url(503), &expect)).await, Ok(HookLook::Done));
        assert!(not_yet(ground.look(&Http, config(&url(200), &expect)).await).contains("200"));
        let first = heard.lock().expect("no panic")[0].clone();
        assert_eq!(first, format!("GET /200?m=i-1 127.0.0.1:{port} -"));
    });
}

#[test]
fn the_request_is_as_the_block_says_and_its_secrets_are_in_no_message() {
    run(async {
        let (port, heard) = server(None).await;
        let headers =
            Value::map(Type::String, vec![("X-Key".into(), text("s3cr3t"))].into_iter().collect());
        let more = [("method", text("POST")), ("headers", headers)];
        let url = format!("http://me:s3cr3t@127.0.0.1:{port}/500?key=s3cr3t");
        let why = not_yet(Ground::new().look(&Http, config(&url, &more)).await);
        assert!(why.contains("POST") && !why.contains("s3cr3t"), "{why}");
        let heard = heard.lock().expect("no panic");
        assert_eq!(heard[0], format!("POST /500?key=s3cr3t 127.0.0.1:{port} s3cr3t"));
    });
}

#[test]
fn nobody_answers_is_not_yet() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let url = format!("http://127.0.0.1:{port}/");
        let why = not_yet(Ground::new().look(&Http, config(&url, &[])).await);
        assert!(why.contains("no connection"), "{why}");
        let mut ground = Ground::new();
        ground.address = None;
        let why = not_yet(ground.look(&Http, config("http://{address}/", &[])).await);
        assert!(why.contains("not known yet"), "{why}");
    });
}

#[test]
fn certificates_are_checked() {
    run(async {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("names");
        let certificate = params.self_signed(&key).expect("a certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let private =
            rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .expect("a server");
        let (port, heard) = server(Some(TlsAcceptor::from(Arc::new(tls)))).await;
        let ground = Ground::new();
        let url = format!("https://{{address}}:{port}/200");
        let why = not_yet(ground.look(&Http, config(&url, &[])).await);
        assert!(why.contains("no trusted connection"), "{why}");
        assert!(heard.lock().expect("no panic").is_empty());
        let pem = certificate.pem();
        let trusted = [("ca_certificate", text(&pem))];
        assert_eq!(ground.look(&Http, config(&url, &trusted)).await, Ok(HookLook::Done));
        // Trusted, and of another name.
        let url = format!("https://localhost:{port}/200");
        let why = not_yet(ground.look(&Http, config(&url, &trusted)).await);
        assert!(why.contains("no trusted connection"), "{why}");
    });
}

#[test]
fn what_is_wrong_is_said() {
    let of = |url: &str, more: &[(&str, Value)]| {
        let problems = Http.validate(&config(url, more)).into_iter();
        problems
            .map(|problem| {
                (problem.path.to_string().trim_start_matches('.').to_owned(), problem.message)
            })
            .collect::<Vec<_>>()
    };
    let fine = "https://{address}:6443/readyz?m={member}";
    assert_eq!(of(fine, &[]), []);
    for bad in ["", "{address}", "ftp://{address}/", "https:///x", "/readyz", "https://a b/"] {
        assert_eq!(of(bad, &[])[0].0, "url", "{bad}");
    }
    assert!(of("https://{zone}/", &[])[0].1.contains("{zone}"));
    assert_eq!(of(fine, &[("method", text("get"))])[0].0, "method");
    assert_eq!(of(fine, &[("method", text("CONNECT"))])[0].0, "method");
    for status in [0, 99, 600, 70_000, -1] {
        assert_eq!(of(fine, &[("expect_status", Value::int(status))])[0].0, "expect_status");
    }
    let headers = |name: &str, value: &str| {
        Value::map(Type::String, vec![(name.into(), text(value))].into_iter().collect())
    };
    assert_eq!(of(fine, &[("headers", headers("X-A", "b"))]), []);
    let problems = of(fine, &[("headers", headers("no name", "s3cr3t"))]);
    assert!(problems[0].0 == "headers" && !problems[0].1.contains("s3cr3t"));
    let problems = of(fine, &[("headers", headers("a", "s3cr3t\n"))]);
    assert!(problems[0].0 == "headers" && !problems[0].1.contains("s3cr3t"));
    for pem in ["ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert_eq!(of(fine, &[("ca_certificate", text(pem))])[0].0, "ca_certificate");
    }
}
