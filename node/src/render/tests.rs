//! There and back again, and the text itself.

use super::*;
use crate::testing::MASTER;

fn program() -> Program {
    Program { url: "https://example.com/kprov".into(), sha256: "AB".repeat(32) }
}

fn disk() -> Disk {
    Disk { device: "/dev/xvdb".into(), path: "/var/lib/kprov/etcd-data".into() }
}

fn of(format: Format) -> Machine {
    Machine { format, program: Some(program()), disk: Some(disk()) }
}

const FORMATS: [Format; 2] = [Format::CloudConfig, Format::Ignition];

#[test]
fn a_document_comes_back_out_of_both_forms() {
    let long =
        format!("{MASTER}files: [{{path: /etc/x, content: '{}'}}]\n", "long text ".repeat(2000));
    for document in [MASTER, long.as_str()] {
        for format in FORMATS {
            for machine in [Machine { format, ..Machine::default() }, of(format)] {
                let made = user_data(document, &machine).unwrap();
                assert_eq!(document_of(made.as_bytes()).unwrap(), document);
                assert_eq!(document_of(&parts::gzip(&made)).unwrap(), document);
            }
        }
        assert_eq!(document_of(document.as_bytes()).unwrap(), document);
    }
}

/// Another text is another launch template, and so new machines: a change must be meant.
#[test]
fn the_text_is_this_one() {
    insta::assert_snapshot!("cloud-config", user_data(MASTER, &of(Format::CloudConfig)).unwrap());
    insta::assert_snapshot!("ignition", user_data(MASTER, &of(Format::Ignition)).unwrap());
    insta::assert_snapshot!("bare", user_data(MASTER, &Machine::default()).unwrap());
}

#[test]
fn it_can_be_read_as_long_as_it_fits() {
    for format in FORMATS {
        let with = |letters: usize| {
            let document =
                format!("{MASTER}files: [{{path: /etc/x, content: '{}'}}]\n", "x".repeat(letters));
            user_data(&document, &Machine { format, ..Machine::default() }).unwrap()
        };
        let small = with(5000);
        assert!(!small.contains("gz"), "{small}");
        let large = with(20_000);
        assert!(large.contains("gz") && large.len() < LARGEST, "{large}");
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
    for format in FORMATS {
        let machine = Machine { format, ..Machine::default() };
        let said = user_data(&large, &machine).unwrap_err().to_string();
        assert!(said.contains("EC2 takes 16384"), "{said}");
        assert!(user_data("kind: Node", &machine).unwrap_err().to_string().contains("apiVersion"));
    }
    let refused = |machine: Machine| user_data(MASTER, &machine).unwrap_err().to_string();
    let fetched = |program| refused(Machine { program: Some(program), ..Machine::default() });
    let evil = Program { url: "https://x/'; rm -rf /'".into(), ..program() };
    assert!(fetched(evil).contains("no plain URL"));
    assert!(fetched(Program { sha256: "x".into(), ..program() }).contains("64 hexadecimal"));
    for path in ["/", "etcd", "/var/lib/etcd/", "/a b", "/a\nb", "/100%"] {
        let odd = Disk { path: path.into(), ..disk() };
        let said = refused(Machine { disk: Some(odd), ..Machine::default() });
        assert!(said.contains("cannot be mounted"), "{said}");
    }
}

#[test]
fn the_program_is_checked_before_it_runs() {
    let script = program().script().unwrap();
    let (sum, chmod) = (script.find("is_right /opt/kprov/bin/kprov.new"), script.find("chmod"));
    assert!(sum.is_some() && sum < chmod, "{script}");
    assert!(script.contains(&"ab".repeat(32)));
}
