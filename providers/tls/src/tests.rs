//! The kit over every type; what openssl says of the results; renewal by the clock; data sources, against a server as well.

mod bad_input;
mod proxies;
mod unstored;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use kprov_core::{Host, Path, Value};
use kprov_pki::{
    Authority, AuthorityRequest, Certificate, DistinguishedName, LeafRequest, PrivateKey,
    leaf_validity,
};
use kprov_provider::testing::kit::{self, Cases};
use kprov_provider::testing::{FakeHost, block_on, complete, proposed};
use kprov_provider::{
    CallContext, CreateRequest, Intent, Object, PlanRequest, PlannedObject, Provider, ReadRequest,
    attribute,
};

use super::Tls;

/// A host of a certain time.
#[derive(Debug)]
struct At(FakeHost, SystemTime);

impl Host for At {
    fn now(&self) -> SystemTime {
        self.1
    }
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
    fn random(&self, buffer: &mut [u8]) {
        self.0.random(buffer);
    }
    fn env(&self, name: &str) -> Option<String> {
        self.0.env(name)
    }
}

fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000)
}

fn context(hours: u64) -> CallContext {
    let at = start() + Duration::from_secs(hours * 3600);
    CallContext { client: Arc::new(()), host: Arc::new(At(FakeHost::new(hours), at)) }
}

fn plan(ty: &str, prior: Option<&Value>, config: &Value) -> PlannedObject {
    let block = &Tls.schema().resources[ty].schema.block;
    let config = complete(block, config);
    let proposed = proposed(block, prior, &config);
    let (private, provider) = (&[][..], &Value::NULL);
    let request = PlanRequest { prior, proposed: &proposed, config: &config, private, provider };
    Tls.resource(ty).expect("a type").plan(request).expect("a plan")
}

fn make(ty: &str, config: &Value) -> Value {
    let planned = plan(ty, None, config).value;
    let intent = Intent { op: 1, token: "t".into() };
    let request = CreateRequest { intent, planned, config: config.clone(), private: Vec::new() };
    block_on(Tls.resource(ty).expect("a type").create(&context(0), request)).expect("made").value
}

fn read(ty: &str, object: &Value, hours: u64) -> Value {
    let request = vec![ReadRequest { prior: object.clone().into() }];
    let answer = block_on(Tls.resource(ty).expect("a type").read_many(&context(hours), request));
    let object: Option<Object> = answer.into_iter().next().expect("an answer").expect("read");
    object.expect("it is there").value
}

fn object(entries: &[(&'static str, Value)]) -> Value {
    Value::object(entries.iter().cloned())
}

fn with(base: &[(&'static str, Value)], more: &[(&'static str, Value)]) -> Value {
    Value::object(base.iter().chain(more).cloned())
}

fn list(items: &[&str]) -> Value {
    Value::list(kprov_core::Type::String, items.iter().map(|&item| item.into()).collect())
}

fn text(value: &Value, name: &str) -> String {
    attribute(value, name).as_str().unwrap_or_else(|| panic!("{name} is no string")).to_owned()
}

fn key(algorithm: &str) -> Value {
    let curve = ("ecdsa_curve", "P256".into());
    make("tls_private_key", &object(&[("algorithm", algorithm.into()), curve]))
}

fn key_pem() -> (&'static str, Value) {
    ("private_key_pem", attribute(&key("ECDSA"), "private_key_pem"))
}

fn subject(name: &str) -> (&'static str, Value) {
    let block = &Tls.schema().resources["tls_cert_request"].schema.block.blocks["subject"].block;
    let given = object(&[
        ("common_name", name.into()),
        ("organization", "Example".into()),
        ("email_address", "a@example.com".into()),
        ("street_address", list(&["Street 1"])),
    ]);
    ("subject", Value::list(block.implied_type(), vec![complete(block, &given)]))
}

fn self_signed() -> Vec<(&'static str, Value)> {
    vec![
        key_pem(),
        subject("ca.example"),
        ("validity_period_hours", Value::int(100)),
        ("is_ca_certificate", Value::Bool(true)),
        ("allowed_uses", list(&["cert_signing", "crl_signing", "digital_signature"])),
    ]
}

fn request() -> Value {
    let names = [("dns_names", list(&["a.example"])), ("ip_addresses", list(&["10.0.0.1"]))];
    let base = [key_pem(), subject("leaf"), ("uris", list(&["spiffe://demo/leaf"]))];
    make("tls_cert_request", &with(&base, &names))
}

fn local() -> Vec<(&'static str, Value)> {
    let authority = make("tls_self_signed_cert", &object(&self_signed()));
    vec![
        ("ca_cert_pem", attribute(&authority, "cert_pem")),
        ("ca_private_key_pem", attribute(&authority, "private_key_pem")),
        ("cert_request_pem", attribute(&request(), "cert_request_pem")),
        ("validity_period_hours", Value::int(50)),
        ("allowed_uses", list(&["server_auth", "ipsec_user"])),
    ]
}

#[test]
fn private_keys_conform() {
    let rsa = [("algorithm", "RSA".into())];
    let cases = Cases::new(object(&[("algorithm", "ED25519".into())]))
        .replace(object(&rsa), "algorithm")
        .replace(
            with(&[("algorithm", "ED25519".into())], &[("rsa_bits", Value::int(4096))]),
            "rsa_bits",
        )
        .bad(object(&[("algorithm", "DSA".into())]), "algorithm")
        .bad(object(&[("algorithm", "ECDSA".into())]), "ecdsa_curve")
        .bad(with(&rsa, &[("rsa_bits", Value::int(1024))]), "rsa_bits");
    kit::check(&Tls, "tls_private_key", &cases);
}

#[test]
fn requests_conform() {
    let base = [key_pem(), subject("a")];
    let cases = Cases::new(object(&base))
        .update(with(&base, &[("dns_names", list(&[]))]))
        .replace(with(&base, &[("dns_names", list(&["b.example"]))]), "dns_names")
        .bad(with(&base, &[("ip_addresses", list(&["10.0.0.300"]))]), "ip_addresses")
        .bad(with(&base, &[("uris", list(&["no uri"]))]), "uris")
        .bad(object(&[("private_key_pem", "secret rubbish".into())]), "private_key_pem");
    kit::check(&Tls, "tls_cert_request", &cases);
}

#[test]
fn self_signed_certificates_conform() {
    let base = self_signed();
    let cases = Cases::new(object(&base))
        .update(with(&base, &[("early_renewal_hours", Value::int(10))]))
        .replace(with(&base, &[("ip_addresses", list(&["::1"]))]), "ip_addresses")
        .replace(with(&base, &[("set_subject_key_id", Value::Bool(true))]), "set_subject_key_id")
        .bad(with(&base, &[("allowed_uses", list(&["everything"]))]), "allowed_uses")
        .bad(with(&base, &[("validity_period_hours", Value::int(-1))]), "validity_period_hours");
    kit::check(&Tls, "tls_self_signed_cert", &cases);
}

#[test]
fn locally_signed_certificates_conform() {
    let base = local();
    let other = ("ca_private_key_pem", attribute(&key("ED25519"), "private_key_pem"));
    let cases = Cases::new(object(&base))
        .update(with(&base, &[("early_renewal_hours", Value::int(10))]))
        .replace(with(&base, &[("validity_period_hours", Value::int(1))]), "validity_period_hours")
        .bad(with(&base, &[other]), "ca_private_key_pem")
        .bad(with(&base, &[("cert_request_pem", "rubbish".into())]), "cert_request_pem");
    kit::check(&Tls, "tls_locally_signed_cert", &cases);
}

#[test]
fn a_certificate_that_is_due_is_replaced() {
    let ty = "tls_self_signed_cert";
    let config = with(&self_signed(), &[("early_renewal_hours", Value::int(20))]);
    let made = make(ty, &config);
    assert_eq!(attribute(&made, "ready_for_renewal"), Value::Bool(false));
    let early = read(ty, &made, 79);
    assert_eq!(early, made);
    let due = read(ty, &made, 80);
    assert_eq!(attribute(&due, "ready_for_renewal"), Value::Bool(true));
    let planned = plan(ty, Some(&due), &config);
    assert_eq!(planned.requires_replace, [Path::attribute("ready_for_renewal")]);
    assert!(plan(ty, Some(&early), &config).requires_replace.is_empty());
}

#[test]
fn what_is_made_says_what_was_asked_for_and_the_chain_holds() {
    let leaf = make("tls_locally_signed_cert", &object(&local()));
    let authority = Certificate::from_pem(&text(&leaf, "ca_cert_pem")).expect("readable");
    let certificate = Certificate::from_pem(&text(&leaf, "cert_pem")).expect("readable");
    certificate.signed_by(&authority).expect("a chain");
    let names: Vec<String> = certificate.names().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["a.example", "10.0.0.1", "spiffe://demo/leaf"]);
    let subject = certificate.subject().to_string();
    assert_eq!(subject, "1.2.840.113549.1.9.1=a@example.com,CN=leaf,STREET=Street 1,O=Example");
    assert!(authority.is_authority() && !certificate.is_authority());
    assert_eq!(text(&leaf, "ca_key_algorithm"), "ECDSA");
    assert_eq!(text(&leaf, "validity_start_time"), "2026-11-18T11:06:40Z");
    assert_eq!(text(&leaf, "validity_end_time"), "2026-11-20T13:06:40Z");
}

fn data(ty: &str, config: &Value) -> Result<Value, String> {
    let source = Tls.data_source(ty).expect("a type");
    let config = complete(&Tls.schema().data_sources[ty].block, config);
    let problems = source.validate(&config);
    if let Some(problem) = problems.first() {
        return Err(problem.message.clone());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(source.read(&context(0), &config)).map_err(|error| error.to_string())
}

#[test]
fn public_keys_are_those_of_their_private_keys() {
    for algorithm in ["ECDSA", "ED25519", "RSA"] {
        let key = key(algorithm);
        for (from, to) in [
            ("private_key_pem", "private_key_pem"),
            ("private_key_openssh", "private_key_openssh"),
            ("private_key_pem_pkcs8", "private_key_pem"),
        ] {
            let found = data("tls_public_key", &object(&[(to, attribute(&key, from))]));
            let found = found.expect("read");
            for name in ["id", "public_key_pem", "public_key_openssh", "algorithm"] {
                assert_eq!(attribute(&found, name), attribute(&key, name), "{name}");
            }
        }
    }
    let both = [("private_key_pem", "a".into()), ("private_key_openssh", "b".into())];
    assert!(data("tls_public_key", &object(&both)).expect_err("both").contains("Exactly one"));
    let broken = [("private_key_pem", "rubbish".into())];
    assert!(data("tls_public_key", &object(&broken)).expect_err("broken").contains("not PEM"));
}

#[test]
fn certificates_of_a_text_are_taken_apart() {
    let leaf = make("tls_locally_signed_cert", &object(&local()));
    let content = text(&leaf, "cert_pem") + &text(&leaf, "ca_cert_pem");
    let found = data("tls_certificate", &object(&[("content", Value::string(content))]));
    let found = attribute(&found.expect("read"), "certificates");
    let [first, second] = found.as_items().expect("a list") else { panic!("two") };
    assert_eq!(attribute(first, "serial_number"), attribute(&leaf, "id"));
    assert_eq!(attribute(first, "cert_pem"), attribute(&leaf, "cert_pem"));
    assert_eq!(text(first, "signature_algorithm"), "ECDSA-SHA256");
    assert_eq!(attribute(second, "is_ca"), Value::Bool(true));
    assert_eq!(text(first, "issuer"), text(second, "subject"));
}

/// A TLS server on loopback that shows `chain` to whom asks once.
async fn server(chain: Vec<Certificate>, key: &PrivateKey) -> u16 {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = chain.iter().map(|it| it.to_der().to_vec().into()).collect();
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(key.to_pkcs8_der().to_vec().into());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a pair");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that refuses the chain goes away.
            let _ = acceptor.accept(stream).await;
        }
    });
    port
}

#[test]
fn certificates_of_a_server_are_taken_apart_root_first() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(async {
        let now = kprov_pki::Timestamp::try_from(start()).expect("a time");
        let mut random = super::fields::random(context(0).host.as_ref());
        let request = AuthorityRequest::new(DistinguishedName::common("root"), now);
        let authority = Authority::generate(&request, &mut random).expect("an authority");
        let key = PrivateKey::generate(kprov_pki::KeyAlgorithm::EcdsaP256, &mut random);
        let key = key.expect("a key");
        let request = LeafRequest::server("leaf", ["127.0.0.1"], leaf_validity("leaf", now));
        let leaf = authority.issue(&request, &key.public_key(), &mut random).expect("a leaf");
        let port = server(vec![leaf, authority.certificate().clone()], &key).await;
        let url = ("url", Value::string(format!("tls://127.0.0.1:{port}")));
        let source = Tls.data_source("tls_certificate").expect("a type");
        let block = &Tls.schema().data_sources["tls_certificate"].block;
        let ask = |verify: bool| {
            let config = object(&[url.clone(), ("verify_chain", Value::Bool(verify))]);
            complete(block, &config)
        };
        let found = source.read(&context(0), &ask(false)).await.expect("read");
        let found = attribute(&found, "certificates");
        let subjects: Vec<String> =
            found.as_items().expect("a list").iter().map(|it| text(it, "subject")).collect();
        assert_eq!(subjects, ["CN=root", "CN=leaf"]);
        let refused = source.read(&context(0), &ask(true)).await.expect_err("not trusted");
        assert!(refused.message.contains("127.0.0.1"), "{refused}");
    });
}

fn problems(ty: &str, config: &Value) -> Vec<(String, String)> {
    let block = &Tls.schema().resources[ty].schema.block;
    let problems = Tls.resource(ty).expect("a type").validate(&complete(block, config));
    problems.into_iter().map(|it| (it.path.to_string(), it.message)).collect()
}

#[test]
fn what_no_certificate_can_be_written_with_is_found_before_anything_is_made() {
    let large = object(&[("algorithm", "ECDSA".into()), ("ecdsa_curve", "P521".into())]);
    let large = attribute(&make("tls_private_key", &large), "private_key_pem");
    let streets = [("street_address", list(&["Street 1", "Floor 2"]))];
    let block = &Tls.schema().resources["tls_cert_request"].schema.block.blocks["subject"].block;
    let streets = Value::list(block.implied_type(), vec![complete(block, &object(&streets))]);
    let given = [("private_key_pem", large), ("subject", streets)];
    let rest = [("validity_period_hours", Value::int(1)), ("allowed_uses", list(&["server_auth"]))];
    for (ty, config) in
        [("tls_cert_request", object(&given)), ("tls_self_signed_cert", with(&given, &rest))]
    {
        let found = problems(ty, &config);
        let says = |path: &str, text: &str| {
            assert!(found.iter().any(|(at, why)| at == path && why.contains(text)), "{found:?}");
        };
        says(".private_key_pem", "a key of ECDSA-P521");
        says(".subject", "at most one value of STREET");
        assert_eq!(found.len(), 2, "{found:?}");
    }
    assert_eq!(problems("tls_locally_signed_cert", &object(&local())), []);
}

#[test]
fn urls_are_checked_before_anybody_is_asked() {
    for bad in
        ["", "example.com", "http://example.com", "tls://example.com", "https://:1", "https://a:x"]
    {
        assert!(data("tls_certificate", &object(&[("url", bad.into())])).is_err(), "{bad}");
    }
    let neither = data("tls_certificate", &object(&[])).expect_err("neither");
    assert!(neither.contains("Exactly one"), "{neither}");
}
