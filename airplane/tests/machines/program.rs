//! What machines run in these tests: this very program, started as the one test that is a machine. It finds out about itself
//! as a node does, says what it found by HTTPS on 6443, and says its instance's id by TCP on 7000. Words in its user data
//! make it misbehave.
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;

/// The arguments with which this program is a machine.
pub(crate) fn arguments() -> Vec<String> {
    ["--exact", "--nocapture", "program::a_machine", "--"].map(str::to_owned).to_vec()
}

#[test]
fn a_machine() {
    if std::env::var_os("KPROV_MACHINE").is_none() {
        return; // The harness counts it among the tests.
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let code = runtime.block_on(run());
    std::process::exit(if code == ExitCode::SUCCESS { 0 } else { 3 });
}

fn argument(name: &str) -> PathBuf {
    std::env::args().skip_while(|word| word != name).nth(1).unwrap().into()
}

fn leave_behind() -> u32 {
    std::process::Command::new("sleep").arg("1000").spawn().unwrap().id()
}

fn say(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout();
    writeln!(out, "{text}").unwrap();
}

async fn run() -> ExitCode {
    let user_data = std::fs::read_to_string(argument("-user-data")).unwrap();
    let directory = argument("-directory");
    std::fs::create_dir_all(&directory).unwrap();
    let starts = directory.join("starts");
    let before = std::fs::read_to_string(&starts).unwrap_or_default();
    std::fs::write(&starts, format!("{before}x")).unwrap();
    if user_data.contains("powers off") {
        say("I power off");
        return ExitCode::SUCCESS;
    }
    if user_data.contains("breaks down") {
        say("I break down");
        return ExitCode::FAILURE;
    }
    if user_data.contains("has children") {
        let child = leave_behind();
        std::fs::write(directory.join("child"), child.to_string()).unwrap();
    }
    let mut terminate = signal(SignalKind::terminate()).unwrap();
    let found = find_out(before.len() + 1).await;
    say(&format!("I am {}", found["instance"]));
    let address: Ipv4Addr = found["address"].as_str().unwrap().parse().unwrap();
    tokio::spawn(tell_name(address, found["instance"].as_str().unwrap().to_owned()));
    tokio::spawn(tell_all(address, directory.clone(), found));
    loop {
        terminate.recv().await;
        say("I was told to end");
        if !user_data.contains("is stubborn") {
            return ExitCode::SUCCESS;
        }
    }
}

/// Asks its metadata and airplane.
async fn find_out(starts: usize) -> Value {
    let metadata = std::env::var("AWS_EC2_METADATA_SERVICE_ENDPOINT").unwrap();
    let ttl = ("x-aws-ec2-metadata-token-ttl-seconds", "60");
    let (_, token) = http("PUT", &format!("{metadata}/latest/api/token"), Some(ttl)).await;
    let (refused, _) = http("GET", &format!("{metadata}/latest/meta-data/"), None).await;
    let get = async |path: &str| {
        let header = ("x-aws-ec2-metadata-token", token.as_str());
        http("GET", &format!("{metadata}/latest/{path}"), Some(header)).await.1
    };
    let role = get("meta-data/iam/security-credentials/").await;
    let credentials = get(&format!("meta-data/iam/security-credentials/{role}")).await;
    let private = get("meta-data/local-ipv4").await;
    let (_, addresses) = http("GET", &std::env::var("KPROV_NODE_ADDRESSES").unwrap(), None).await;
    let addresses: Value = serde_json::from_str(&addresses).unwrap();
    json!({
        "instance": get("meta-data/instance-id").await, "private": private, "starts": starts,
        "address": addresses[&private], "addresses": addresses, "without_token": refused,
        "zone": get("meta-data/placement/availability-zone").await, "role": role,
        "region": get("meta-data/placement/region").await, "user_data": get("user-data").await,
        "lifecycle": get("meta-data/autoscaling/target-lifecycle-state").await,
        "listing": get("meta-data/").await, "spot": get("meta-data/spot/instance-action").await,
        "identity": serde_json::from_str::<Value>(&get("dynamic/instance-identity/document").await).unwrap(),
        "tag": get("meta-data/tags/instance/Name").await,
        "credentials": serde_json::from_str::<Value>(&credentials).unwrap_or_default(),
        "metadata": metadata, "region_variable": std::env::var("AWS_REGION").unwrap(),
        "endpoint": std::env::var("AWS_ENDPOINT_URL").unwrap(),
        "stray": std::env::var("AWS_PROFILE").ok(),
    })
}

/// A request on a connection of its own: status and body.
pub(crate) async fn http(method: &str, url: &str, header: Option<(&str, &str)>) -> (u16, String) {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let header = header.map(|(name, value)| format!("{name}: {value}\r\n")).unwrap_or_default();
    let request = format!(
        "{method} /{path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 0\r\nconnection: close\r\n{header}\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

async fn tell_name(address: Ipv4Addr, name: String) {
    let listener = TcpListener::bind((address, 7000)).await.unwrap();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let name = name.clone();
        tokio::spawn(async move {
            let _ = stream.write_all(name.as_bytes()).await;
            let (mut from, mut to) = stream.split();
            let _ = tokio::io::copy(&mut from, &mut to).await;
        });
    }
}

async fn tell_all(address: Ipv4Addr, directory: PathBuf, found: Value) {
    let made = rcgen::generate_simple_self_signed(["nobody.example".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    std::fs::write(directory.join("found.json"), found.to_string()).unwrap();
    let listener = TcpListener::bind((address, 6443)).await.unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (acceptor, directory) = (acceptor.clone(), directory.clone());
        tokio::spawn(async move {
            let _ = answer(acceptor, stream, &directory).await;
        });
    }
}

async fn answer(acceptor: TlsAcceptor, stream: TcpStream, directory: &Path) -> std::io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let mut request = [0; 1024];
    let read = stream.read(&mut request).await?;
    let well = request[..read].starts_with(b"GET /readyz HTTP/1.1\r\n")
        && !directory.join("sick").exists();
    let status = if well { "200 OK" } else { "503 Service Unavailable" };
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}
