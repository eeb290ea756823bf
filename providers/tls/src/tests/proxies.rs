//! A server that is asked through a proxy on loopback.

use std::sync::{Arc, Mutex};

use kprov_core::{Host, Value};
use kprov_pki::{
    Authority, AuthorityRequest, DistinguishedName, LeafRequest, PrivateKey, leaf_validity,
};
use kprov_provider::testing::complete;
use kprov_provider::{CallContext, Provider};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::super::Tls;
use super::{context, object, server, start, text};

/// Leads `CONNECT web.example:443` to `port`, and keeps what it was asked; refuses all else.
async fn proxy(port: u16, asked: Arc<Mutex<Vec<String>>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let own = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).await.unwrap_or(0) > 0
            {
            }
            asked.lock().expect("no panic").push(head.clone());
            let known = head.starts_with("CONNECT web.example:443 HTTP/1.1\r\n");
            let allowed = head.contains("Proxy-Authorization: Basic dTpw");
            let status = if !known {
                "403 No"
            } else if !allowed {
                "407 Who"
            } else {
                "200 Fine"
            };
            let answer = format!("HTTP/1.1 {status}\r\nx: y\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.expect("written");
            if known && allowed {
                let mut server = TcpStream::connect(("127.0.0.1", port)).await.expect("a server");
                let _ = copy_bidirectional(&mut stream, &mut server).await;
            }
        }
    });
    own
}

fn block(entries: &[(&'static str, Value)]) -> Value {
    let block = &Tls.schema().provider.block;
    let proxy = &block.blocks["proxy"].block;
    let item = complete(proxy, &object(entries));
    complete(block, &object(&[("proxy", Value::list(proxy.implied_type(), vec![item]))]))
}

async fn ask(provider: &Value, url: &str) -> Result<Value, String> {
    let host: Arc<dyn Host> = context(0).host;
    let client = Tls.configure(provider, &host).await.map_err(|error| error.to_string())?;
    let data = &Tls.schema().data_sources["tls_certificate"].block;
    let config = object(&[("url", url.into()), ("verify_chain", Value::Bool(false))]);
    let source = Tls.data_source("tls_certificate").expect("a type");
    let read = source.read(&CallContext { client, host }, &complete(data, &config)).await;
    read.map_err(|error| error.to_string())
}

#[test]
fn https_goes_through_the_proxy_and_tls_does_not() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let now = kprov_pki::Timestamp::try_from(start()).expect("a time");
        let mut random = crate::fields::random(context(0).host.as_ref());
        let request = AuthorityRequest::new(DistinguishedName::common("root"), now);
        let authority = Authority::generate(&request, &mut random).expect("an authority");
        let key =
            PrivateKey::generate(kprov_pki::KeyAlgorithm::EcdsaP256, &mut random).expect("a key");
        let request = LeafRequest::server("web", ["web.example"], leaf_validity("web", now));
        let leaf = authority.issue(&request, &key.public_key(), &mut random).expect("a leaf");
        let port = server(vec![leaf], &key).await;
        let asked = Arc::new(Mutex::new(Vec::new()));
        let proxy = proxy(port, asked.clone()).await;
        let at = ("url", Value::string(format!("http://127.0.0.1:{proxy}")));
        let user = [("username", Value::from("u")), ("password", Value::from("p"))];
        let known = [at.clone(), user[0].clone(), user[1].clone()];

        let found = ask(&block(&known), "https://web.example/x").await.expect("read");
        let certificates = kprov_provider::attribute(&found, "certificates");
        let [one] = certificates.as_items().expect("a list") else { panic!("one") };
        assert_eq!(text(one, "subject"), "CN=web");

        let stranger = ask(&block(&[at]), "https://web.example").await.expect_err("no user");
        assert!(stranger.contains("set username and password"), "{stranger}");
        let refused = ask(&block(&known), "https://other.example").await.expect_err("refused");
        assert!(refused.contains("refuses: status 403"), "{refused}");
        assert_eq!(asked.lock().expect("no panic").len(), 3);
        ask(&block(&known), &format!("tls://127.0.0.1:{port}")).await.expect("directly");
        assert_eq!(asked.lock().expect("no panic").len(), 3, "nobody asked the proxy");
    });
}

#[test]
fn what_is_no_proxy_is_refused() {
    let wrong = |entries: &[(&'static str, Value)]| -> Vec<String> {
        Tls.validate(&block(entries)).into_iter().map(|it| it.path.to_string()).collect()
    };
    assert_eq!(wrong(&[("url", "socks5://proxy".into())]), [".proxy[0].url"]);
    assert_eq!(wrong(&[("username", "u".into())]), [".proxy[0].username"]);
    assert_eq!(
        wrong(&[("url", "http://p".into()), ("password", "p".into())]),
        [".proxy[0].password"]
    );
    let both = [("url", "http://p".into()), ("from_env", Value::Bool(true))];
    assert_eq!(wrong(&both), [".proxy[0].from_env"]);
    assert_eq!(wrong(&[("from_env", Value::Bool(false))]), Vec::<String>::new());
}
