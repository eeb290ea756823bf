//! There and back again.

use super::*;
use crate::testing::MASTER;

fn program() -> Program {
    Program { url: "https://example.com/kprov".into(), sha256: "AB".repeat(32) }
}

#[test]
fn a_document_comes_back_out_of_both_forms() {
    let long =
        format!("{MASTER}files: [{{path: /etc/x, content: '{}'}}]\n", "long text ".repeat(500));
    for document in [MASTER, long.as_str()] {
        for program in [None, Some(&program())] {
            let cloud = cloud_config(document, program).unwrap();
            assert!(cloud.starts_with("#cloud-config\n"));
            assert_eq!(document_of(cloud.as_bytes()).unwrap(), document);
            assert_eq!(document_of(&parts::gzip(&cloud)).unwrap(), document);
            let ignition = ignition(document, program).unwrap();
            assert_eq!(document_of(ignition.as_bytes()).unwrap(), document);
        }
        assert_eq!(document_of(document.as_bytes()).unwrap(), document);
    }
}

#[test]
fn others_forms_of_the_same_are_read() {
    let plain = "#cloud-config\nwrite_files:\n- path: /etc/kprov/node.yaml\n  content: |\n    a: 1\n    b: 2\n";
    assert_eq!(document_of(plain.as_bytes()).unwrap(), "a: 1\nb: 2\n");
    let percent = r#"{"ignition":{"version":"3.4.0"},"storage":{"files":[{"path":"/etc/kprov/node.yaml",
        "contents":{"source":"data:text/plain,a%3A%201%0A"}}]}}"#;
    assert_eq!(document_of(percent.as_bytes()).unwrap(), "a: 1\n");
}

#[test]
fn what_has_no_document_says_so_and_does_not_panic() {
    for text in [
        &b""[..],
        b"#!/bin/sh\n",
        b"#cloud-config\n",
        b"#cloud-config\nwrite_files: 5\n",
        b"\x1f\x8b",
        b"\xff",
    ] {
        let said = document_of(text).unwrap_err().to_string();
        assert!(said.contains("no node document"), "{said}");
    }
    let odd = b"#cloud-config\nwrite_files: [{path: /etc/kprov/node.yaml, encoding: rot13, content: x}]\n";
    assert!(document_of(odd).unwrap_err().to_string().contains("rot13"));
    let broken = br#"{"ignition":{},"storage":{"files":[{"path":"/etc/kprov/node.yaml","contents":{"source":"data:,%4"}}]}}"#;
    assert!(document_of(broken).unwrap_err().to_string().contains("cannot be decoded"));
}

#[test]
fn too_large_and_wrong_is_refused() {
    use sha2::{Digest, Sha256};
    let noise: String =
        (0..800_u32).map(|n| crate::binaries::hex(&Sha256::digest(n.to_be_bytes()))).collect();
    let large = format!("{MASTER}files: [{{path: /etc/x, content: '{noise}'}}]\n");
    assert!(cloud_config(&large, None).unwrap_err().to_string().contains("EC2 takes 16384"));
    assert!(ignition("kind: Node", None).unwrap_err().to_string().contains("apiVersion"));
    let evil = Program { url: "https://x/'; rm -rf /'".into(), ..program() };
    assert!(cloud_config(MASTER, Some(&evil)).is_err());
    assert!(cloud_config(MASTER, Some(&Program { sha256: "x".into(), ..program() })).is_err());
}

#[test]
fn the_program_is_checked_before_it_runs() {
    let script = program().script().unwrap();
    let (sum, chmod) = (script.find("is_right /opt/kprov/bin/kprov.new"), script.find("chmod"));
    assert!(sum.is_some() && sum < chmod, "{script}");
    assert!(script.contains(&"ab".repeat(32)));
    assert!(parts::unit(Some(&program())).contains("ExecStartPre=/bin/sh /etc/kprov/fetch.sh"));
}
