//! Certificates: judged by openssl (strict), Go's crypto/x509 and rustls, and by our own checks.

mod peers;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use kprov_pki::{
    Authority, AuthorityRequest, Bundle, CaConstraint, Certificate, CertificateRequest,
    CertificateTemplate, DistinguishedName, ExtendedUsage, Issuer, KeyAlgorithm, KeyUsage,
    LeafRequest, PrivateKey, SubjectAltName, Usage, leaf_validity, renewal_due,
};
use peers::{Files, authority, now, random, run, succeeds};
use rustls::client::danger::ServerCertVerifier;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

/// All that certificates are written with.
const ALL: [KeyAlgorithm; 4] = [
    KeyAlgorithm::EcdsaP256,
    KeyAlgorithm::EcdsaP384,
    KeyAlgorithm::Ed25519,
    KeyAlgorithm::Rsa(2048),
];

const NAMES: [&str; 5] = ["node-1", "*.demo.example", "10.0.1.5", "::1", "localhost"];

fn server(name: &str) -> LeafRequest {
    let both = vec![Usage::Server, Usage::Client];
    let request = LeafRequest::server(name, NAMES, leaf_validity(name, now()));
    LeafRequest { usages: both, organizations: vec!["b".into(), "a".into()], ..request }
}

fn issue(authority: &Authority, request: &LeafRequest) -> (Certificate, PrivateKey) {
    let key = PrivateKey::generate(KeyAlgorithm::EcdsaP256, &mut random(77)).expect("a key");
    let leaf = authority.issue(request, &key.public_key(), &mut random(78)).expect("a leaf");
    (leaf, key)
}

#[test]
fn openssl_accepts_leaves_of_every_kind_of_authority_strictly() {
    let files = Files::new();
    for algorithm in ALL {
        let authority = authority("demo ca", algorithm, 1);
        let (leaf, _) = issue(&authority, &server("node-1"));
        leaf.signed_by(authority.certificate()).expect("ours");
        let root = files.write("ca.pem", &authority.certificate().to_pem());
        let leaf = files.write("leaf.pem", &leaf.to_pem());
        let at = now().as_second().to_string();
        for purpose in ["sslserver", "sslclient"] {
            let arguments = [
                "verify",
                "-x509_strict",
                "-purpose",
                purpose,
                "-attime",
                &at,
                "-verify_hostname",
                "x.demo.example",
                "-CAfile",
                root.to_str().expect("text"),
                leaf.to_str().expect("text"),
            ];
            succeeds("openssl", &arguments, "");
        }
        let arguments =
            ["verify", "-x509_strict", "-attime", &at, "-CAfile", root.to_str().expect("text")];
        let with_root = [&arguments[..], &[root.to_str().expect("text")]].concat();
        succeeds("openssl", &with_root, "");
    }
}

#[test]
fn openssl_refuses_what_is_wrong() {
    let files = Files::new();
    let ours = authority("demo ca", KeyAlgorithm::EcdsaP256, 1);
    let foreign = authority("demo ca", KeyAlgorithm::EcdsaP256, 2);
    let (leaf, _) = issue(&ours, &LeafRequest::client("admin", leaf_validity("admin", now())));
    let leaf = files.write("leaf.pem", &leaf.to_pem());
    let root = files.write("ca.pem", &ours.certificate().to_pem());
    let other = files.write("other.pem", &foreign.certificate().to_pem());
    let verify = |root: &std::path::Path, purpose: &str, at: i64| {
        let at = at.to_string();
        let (root, leaf) = (root.to_str().expect("text"), leaf.to_str().expect("text"));
        run(
            "openssl",
            &["verify", "-x509_strict", "-purpose", purpose, "-attime", &at, "-CAfile", root, leaf],
            "",
        )
    };
    let Some((fine, said)) = verify(&root, "sslclient", now().as_second()) else { return };
    assert!(fine, "{said}");
    let refused = |answer: Option<(bool, String)>| !answer.expect("openssl is there").0;
    assert!(refused(verify(&root, "sslserver", now().as_second())), "a client's is no server's");
    assert!(refused(verify(&other, "sslclient", now().as_second())), "a foreign authority");
    assert!(refused(verify(&root, "sslclient", now().as_second() + 86_400 * 460)), "expired");
}

#[test]
fn go_accepts_leaves_and_sees_the_groups() {
    let files = Files::new();
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/verify.go");
    let program = files.path().join("verify");
    let program = program.to_str().expect("text");
    if succeeds("go", &["build", "-o", program, source], "").is_none() {
        return;
    }
    for algorithm in ALL {
        let authority = authority("demo ca", algorithm, 1);
        let (leaf, _) = issue(&authority, &server("node-1"));
        let root = files.write("ca.pem", &authority.certificate().to_pem());
        let path = files.write("leaf.pem", &leaf.to_pem());
        let at = now().as_second().to_string();
        for usage in ["server", "client"] {
            let arguments = [
                root.to_str().expect("text"),
                path.to_str().expect("text"),
                usage,
                &at,
                "node-1",
                "x.demo.example",
                "10.0.1.5",
                "::1",
            ];
            let said = succeeds(program, &arguments, "").expect("it was built");
            assert!(said.contains("groups=[a b]"), "{said}");
            assert!(said.contains(leaf.signature_algorithm()), "{said}");
            // Go prints names as we do.
            assert!(said.contains(&format!("subject={} ", leaf.subject())), "{said}");
        }
        let arguments =
            [root.to_str().expect("text"), path.to_str().expect("text"), "server", &at, "node-2"];
        let (fine, said) = run(program, &arguments, "").expect("it was built");
        assert!(!fine && said.contains("node-1"), "{said}");
    }
}

#[test]
fn rustls_accepts_leaves_by_name_and_address() {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    for algorithm in ALL {
        let authority = authority("demo ca", algorithm, 1);
        let (leaf, _) = issue(&authority, &server("node-1"));
        let mut roots = rustls::RootCertStore::empty();
        let root = CertificateDer::from(authority.certificate().to_der().to_vec());
        roots.add(root).expect("an anchor");
        let verifier = rustls::client::WebPkiServerVerifier::builder_with_provider(
            Arc::new(roots),
            provider.clone(),
        );
        let verifier = verifier.build().expect("a verifier");
        let at = UnixTime::since_unix_epoch(Duration::from_secs(now().as_second().unsigned_abs()));
        let verify = |name: ServerName<'_>| {
            let leaf = CertificateDer::from(leaf.to_der());
            verifier.verify_server_cert(&leaf, &[], &name, &[], at)
        };
        for name in ["node-1", "x.demo.example"] {
            verify(ServerName::try_from(name).expect("a name")).expect("accepted");
        }
        let address: IpAddr = "10.0.1.5".parse().expect("an address");
        verify(ServerName::from(address)).expect("accepted");
        verify(ServerName::try_from("other").expect("a name")).expect_err("refused");
    }
}

#[test]
fn what_was_asked_for_is_read_back() {
    let authority = authority("demo ca", KeyAlgorithm::EcdsaP256, 1);
    let (leaf, key) = issue(&authority, &server("node-1"));
    assert_eq!(leaf.subject().to_string(), "CN=node-1,O=a+O=b");
    assert_eq!(leaf.issuer().to_string(), "CN=demo ca");
    let names: Vec<String> = leaf.names().iter().map(ToString::to_string).collect();
    assert_eq!(names, NAMES);
    assert_eq!(leaf.extended_usages(), [ExtendedUsage::Server, ExtendedUsage::Client]);
    assert!(!leaf.is_authority());
    assert!(authority.certificate().is_authority());
    assert_eq!(authority.certificate().max_path_length(), Some(0));
    assert_eq!(leaf.authority_key_id(), authority.certificate().subject_key_id());
    assert_eq!(leaf.version(), 3);
    leaf.matches(&key).expect("a pair");
    leaf.signed_by(authority.certificate()).expect("ours");
    assert_eq!(Certificate::from_pem(&leaf.to_pem()).expect("readable"), leaf);
}

#[test]
fn the_same_inputs_make_the_same_certificate() {
    let once = authority("demo ca", KeyAlgorithm::Rsa(2048), 9);
    let again = authority("demo ca", KeyAlgorithm::Rsa(2048), 9);
    assert_eq!(once.certificate().to_pem(), again.certificate().to_pem());
    assert_eq!(issue(&once, &server("n")).0, issue(&again, &server("n")).0);
}

#[test]
fn nodes_do_not_expire_together_and_are_due_in_their_last_third() {
    let day = 86_400;
    let mut ends: Vec<i64> = (0..40)
        .map(|index| {
            let (from, until) = leaf_validity(&format!("node-{index}"), now());
            assert_eq!(now().as_second() - from.as_second(), 300);
            let days = (until.as_second() - now().as_second()) as f64 / day as f64;
            assert!((425.0..=455.0).contains(&days), "{days}");
            until.as_second()
        })
        .collect();
    assert_eq!(leaf_validity("node-1", now()), leaf_validity("node-1", now()));
    ends.sort_unstable();
    ends.dedup();
    assert!(ends.len() > 35, "ends are spread");
    let authority = authority("demo ca", KeyAlgorithm::EcdsaP256, 1);
    let (leaf, _) = issue(&authority, &server("node-1"));
    let life = leaf.not_after().as_second() - leaf.not_before().as_second();
    let at = |seconds: i64| jiff::Timestamp::from_second(seconds).expect("a time");
    let due = leaf.not_after().as_second() - life / 3;
    assert!(!renewal_due(&leaf, at(due - 10)));
    assert!(renewal_due(&leaf, at(due + 10)));
}

#[test]
fn a_leaf_never_outlives_its_authority() {
    let authority = authority("demo ca", KeyAlgorithm::EcdsaP256, 1);
    let end = authority.certificate().not_after();
    let late = end - jiff::SignedDuration::from_hours(48);
    let (leaf, _) = issue(&authority, &LeafRequest::client("x", leaf_validity("x", late)));
    assert_eq!(leaf.not_after(), end);
    let after = end + jiff::SignedDuration::from_hours(1);
    let request = LeafRequest::client("x", leaf_validity("x", after));
    let key = PrivateKey::generate(KeyAlgorithm::Ed25519, &mut random(1)).expect("a key");
    let error = authority.issue(&request, &key.public_key(), &mut random(2)).expect_err("ended");
    assert!(error.to_string().contains("CN=demo ca has expired"), "{error}");
}

#[test]
fn errors_say_what_is_wrong() {
    let ours = authority("demo ca", KeyAlgorithm::EcdsaP256, 1);
    let same_name = authority("demo ca", KeyAlgorithm::EcdsaP256, 2);
    let other = authority("other ca", KeyAlgorithm::EcdsaP256, 3);
    let (leaf, _) = issue(&ours, &server("node-1"));
    let text = |result: Result<(), kprov_pki::PkiError>| result.expect_err("refused").to_string();
    assert!(text(leaf.matches(ours.key())).contains("does not match the certificate of CN=node-1"));
    assert!(text(leaf.signed_by(other.certificate())).contains("its issuer is CN=demo ca"));
    assert!(text(leaf.signed_by(same_name.certificate())).contains("another key of the same name"));
    let (forged, _) = issue(&ours, &LeafRequest::client("demo ca", leaf_validity("x", now())));
    let grandchild = text(ours.certificate().signed_by(&forged));
    assert!(grandchild.contains("CA:TRUE"), "{grandchild}");
    let late = leaf.not_after() + jiff::SignedDuration::from_secs(1);
    assert!(text(leaf.check_valid_at(late)).contains("valid until"));
    let early = leaf.not_before() - jiff::SignedDuration::from_secs(1);
    assert!(text(leaf.check_valid_at(early)).contains("not valid yet"));
    let missing = text(leaf.check_name("node-2"));
    assert!(missing.contains("not valid for node-2") && missing.contains("localhost"), "{missing}");
    leaf.check_name("a.demo.example").expect("a wildcard");
    leaf.check_name("a.b.demo.example").expect_err("one label only");
    let bundle = Bundle::new([same_name.certificate().clone(), ours.certificate().clone()]);
    bundle.verify(&leaf, now()).expect("one of them issued it");
    let back = Bundle::from_pem(&bundle.to_pem()).expect("readable");
    assert_eq!(back, bundle);
    let without = Bundle::new([same_name.certificate().clone(), other.certificate().clone()]);
    assert!(text(without.verify(&leaf, now())).contains("another key"));
    let mismatch = Authority::from_pem(&ours.certificate().to_pem(), &other.key_pem());
    assert!(mismatch.expect_err("no pair").to_string().contains("does not match"));
}

#[test]
fn names_are_checked_before_anything_is_issued() {
    let authority = authority("demo ca", KeyAlgorithm::EcdsaP256, 1);
    let key = PrivateKey::generate(KeyAlgorithm::Ed25519, &mut random(1)).expect("a key");
    for bad in ["", "a..b", "-a", "a b", "*", "a.*.b", "fü.example", "1.2.3.4/8"] {
        let request = LeafRequest::server("x", [bad], leaf_validity("x", now()));
        let result = authority.issue(&request, &key.public_key(), &mut random(2));
        assert!(result.is_err(), "{bad:?}");
    }
    let mut request = LeafRequest::server("x", ["10.0.0.1"], leaf_validity("x", now()));
    request.ip_addresses = vec!["10.0.0.1".into(), "fe80::1".into()];
    let leaf = authority.issue(&request, &key.public_key(), &mut random(2)).expect("a leaf");
    let addresses = ["10.0.0.1", "fe80::1"].map(|ip| SubjectAltName::Ip(ip.parse().expect("one")));
    assert_eq!(leaf.names(), addresses);
    request.ip_addresses = vec!["localhost".into()];
    let error = authority.issue(&request, &key.public_key(), &mut random(2)).expect_err("a name");
    assert!(error.to_string().contains("\"localhost\" is not an address"), "{error}");
}

#[test]
fn requests_are_understood_by_openssl_and_checked_when_read() {
    let subject =
        DistinguishedName { organizations: vec!["o".into()], ..DistinguishedName::common("c") };
    let names = ["example.com", "10.0.0.1"].map(|name| SubjectAltName::host(name).expect("a name"));
    for algorithm in ALL {
        let key = PrivateKey::generate(algorithm, &mut random(5)).expect("a key");
        let request = CertificateRequest::new(&subject, &names, &key).expect("a request");
        if let Some(said) =
            succeeds("openssl", &["req", "-verify", "-noout", "-text"], &request.to_pem())
        {
            assert!(said.contains("DNS:example.com, IP Address:10.0.0.1"), "{said}");
        }
        let back = CertificateRequest::from_pem(&request.to_pem()).expect("readable");
        assert_eq!(back, request);
        assert_eq!((back.subject(), back.names()), (&subject, &names[..]));
        assert_eq!(back.public_key(), &key.public_key());
        let mut changed = request.to_der().to_vec();
        let last = changed.len() - 1;
        changed[last] ^= 1;
        CertificateRequest::from_der(&changed).expect_err("not signed by its key");
    }
}

/// Every prefix, and every byte changed: an answer, never a panic; and no changed one passes for issued.
#[test]
fn damaged_certificates_never_panic_and_never_verify() {
    let authority = authority("demo ca", KeyAlgorithm::EcdsaP256, 1);
    let (leaf, _) = issue(&authority, &server("node-1"));
    let der = leaf.to_der();
    for index in 0..der.len() {
        Certificate::from_der(&der[..index]).expect_err("cut");
        let mut changed = der.to_vec();
        changed[index] ^= 0x01;
        if let Ok(changed) = Certificate::from_der(&changed) {
            let verdict = changed.signed_by(authority.certificate());
            // The reader takes another tag for the one frame that says nothing; what is said must be the same then.
            let same = format!("{changed:?}") == format!("{leaf:?}");
            assert!(verdict.is_err() || same, "byte {index} of {} was changed", der.len());
        }
    }
}

#[test]
fn names_have_two_values_of_a_part_and_more_are_refused() {
    let name = |groups: &[&str]| DistinguishedName {
        organizations: groups.iter().map(|group| (*group).to_owned()).collect(),
        street_addresses: vec!["Street 1?".into()],
        countries: vec!["DE".into()],
        serial_number: Some("7".into()),
        email_address: Some("a@example.com".into()),
        ..DistinguishedName::common("zoë")
    };
    let key = PrivateKey::generate(KeyAlgorithm::Ed25519, &mut random(1)).expect("a key");
    let request = CertificateRequest::new(&name(&["b", "a"]), &[], &key).expect("a request");
    if let Some(said) = succeeds(
        "openssl",
        &["req", "-verify", "-noout", "-subject", "-nameopt", "RFC2253,-esc_msb,utf8"],
        &request.to_pem(),
    ) {
        let order =
            "emailAddress=a@example.com,serialNumber=7,CN=zoë,street=Street 1?,O=b,O=a,C=DE";
        assert!(said.contains(order), "{said}");
    }
    let refused = |subject: &DistinguishedName| {
        let error = CertificateRequest::new(subject, &[], &key).expect_err("refused").to_string();
        assert_eq!(subject.check_writable().expect_err("refused").to_string(), error);
        error
    };
    let error = refused(&name(&["a", "b", "c"]));
    assert_eq!(error, "a subject has at most two values of O here, and this one has 3: a, b, c");
    let streets = vec!["Street 1".into(), "Floor 2".into()];
    let error = refused(&DistinguishedName { street_addresses: streets, ..name(&[]) });
    assert!(error.starts_with("a subject has at most one value of STREET here"), "{error}");
    let error = refused(&DistinguishedName { email_address: Some("ä@b".into()), ..name(&[]) });
    assert!(error.contains("not ASCII"), "{error}");
}

/// Makes an authority with openssl: its certificate and key, of that curve and subject.
fn by_openssl(files: &Files, curve: &str, arguments: &[&str]) -> Option<(String, String)> {
    let path = files.path().join("openssl.key");
    let curve = format!("ec_paramgen_curve:{curve}");
    let make = ["req", "-x509", "-newkey", "ec", "-pkeyopt", &curve, "-nodes", "-keyout"];
    let rest = ["-days", "3650", "-addext", "keyUsage=critical,keyCertSign,digitalSignature"];
    let all = [&make[..], &[path.to_str().expect("text")], &rest[..], arguments].concat();
    let said = succeeds("openssl", &all, "")?;
    let begin = said.find("-----BEGIN CERTIFICATE").expect("a certificate");
    Some((said[begin..].to_owned(), std::fs::read_to_string(path).expect("a key")))
}

#[test]
fn authorities_of_others_issue_under_their_own_names() {
    let files = Files::new();
    let two = "/C=DE/O=Zoë/O=Example/CN=foreign ca/emailAddress=a@example.com";
    let Some((certificate, key)) = by_openssl(&files, "P-256", &["-utf8", "-subj", two]) else {
        return;
    };
    let authority = Authority::from_pem(&certificate, &key).expect("an authority");
    let (from, until) = (authority.certificate().not_before(), authority.certificate().not_after());
    let request = LeafRequest::server("node-1", NAMES, (from, until));
    let (leaf, _) = issue(&authority, &request);
    leaf.signed_by(authority.certificate()).expect("the name is the same, byte by byte");
    let (root, leaf) =
        (files.write("ca.pem", &certificate), files.write("leaf.pem", &leaf.to_pem()));
    let (root, leaf) = (root.to_str().expect("text"), leaf.to_str().expect("text"));
    succeeds("openssl", &["verify", "-x509_strict", "-CAfile", root, leaf], "");
    for (subject, why) in [
        ("/O=a/O=b/O=c/CN=x", "too many values of one kind"),
        ("/O=a+O=b/CN=x", "several values stand in one part"),
    ] {
        let made = by_openssl(&files, "P-256", &["-multivalue-rdn", "-subj", subject]);
        let (certificate, key) = made.expect("openssl is there");
        let error = Authority::from_pem(&certificate, &key).expect_err("refused").to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn p521_is_checked_and_not_written() {
    let said = |result: Result<(), kprov_pki::PkiError>| {
        let error = result.expect_err("refused").to_string();
        assert!(error.contains("cannot be written with a key of ECDSA-P521"), "{error}");
    };
    let key = PrivateKey::generate(KeyAlgorithm::EcdsaP521, &mut random(5)).expect("a key");
    said(CertificateRequest::new(&DistinguishedName::common("x"), &[], &key).map(|_| ()));
    let ours = authority("demo ca", KeyAlgorithm::EcdsaP256, 1);
    let request = LeafRequest::client("x", leaf_validity("x", now()));
    said(ours.issue(&request, &key.public_key(), &mut random(2)).map(|_| ()));
    let algorithm = KeyAlgorithm::EcdsaP521;
    let wanted = AuthorityRequest {
        algorithm,
        ..AuthorityRequest::new(DistinguishedName::common("x"), now())
    };
    said(Authority::generate(&wanted, &mut random(3)).map(|_| ()));
    let files = Files::new();
    let Some((root, root_key)) = by_openssl(&files, "P-521", &["-sha512", "-subj", "/CN=big ca"])
    else {
        return;
    };
    said(Authority::from_pem(&root, &root_key).map(|_| ()));
    let root = Certificate::from_pem(&root).expect("readable");
    root.signed_by(&root).expect("its own signature");
    let (other, _) =
        by_openssl(&files, "P-521", &["-sha512", "-subj", "/CN=big ca"]).expect("there");
    let other = Certificate::from_pem(&other).expect("readable");
    other.signed_by(&root).expect_err("another key of the same name");
}

#[test]
fn what_cannot_be_written_is_refused_and_never_panics() {
    let key = PrivateKey::generate(KeyAlgorithm::Ed25519, &mut random(1)).expect("a key");
    let fine = CertificateTemplate {
        serial: vec![0, 0, 0x80],
        subject: DistinguishedName::default(),
        not_before: now(),
        not_after: "2050-01-01T00:00:00Z".parse().expect("a time"),
        names: vec![
            SubjectAltName::Uri("spiffe://a/b".into()),
            SubjectAltName::Email("a@b".into()),
        ],
        key_usages: KeyUsage::ALL.to_vec(),
        extended_usages: vec![ExtendedUsage::Other(vec![2, 16, 840, 1, 113_730, 4, 1])],
        constraint: CaConstraint::Leaf,
        subject_key_id: false,
        authority_key_id: false,
    };
    let sign = |template: &CertificateTemplate| {
        template.sign(&key.public_key(), &Issuer { certificate: None, key: &key })
    };
    let made = sign(&fine).expect("a certificate");
    assert_eq!((made.names(), made.not_after()), (&fine.names[..], fine.not_after));
    assert_eq!(made.key_usages(), Some(&KeyUsage::ALL[..]));
    assert_eq!(made.extended_usages(), fine.extended_usages);
    assert_eq!((made.subject_key_id(), made.authority_key_id()), (None, None));
    let said = succeeds("openssl", &["x509", "-noout", "-text"], &made.to_pem());
    if let Some(said) = said {
        assert!(said.contains("X509v3 Subject Alternative Name: critical"), "{said}");
        assert!(
            said.contains("X509v3 Basic Constraints: critical\n                CA:FALSE"),
            "{said}"
        );
    }
    for oid in [vec![], vec![1], vec![1, 40], vec![3, 1], vec![2, u64::MAX]] {
        let extended_usages = vec![ExtendedUsage::Other(oid)];
        sign(&CertificateTemplate { extended_usages, ..fine.clone() }).expect_err("no identifier");
    }
    let constraint = CaConstraint::Authority(Some(256));
    let error = sign(&CertificateTemplate { constraint, ..fine.clone() }).expect_err("too long");
    assert!(error.to_string().contains("255 is the most"), "{error}");
    let ancient = "-000001-01-01T00:00:00Z".parse().expect("a time");
    sign(&CertificateTemplate { not_before: ancient, ..fine.clone() }).expect_err("before year 1");
    let names = vec![SubjectAltName::Uri("https://zoë".into())];
    sign(&CertificateTemplate { names, ..fine.clone() }).expect_err("not ASCII");
}
