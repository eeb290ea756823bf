//! Address arithmetic, as Terraform 1.11.4 answers (recorded).

use kprov_core::Value;

use crate::functions::checks::{fails, gives, number, text};

#[test]
fn hosts() {
    let host = |prefix: &str, host: &str, expect: &str| {
        gives("cidrhost", &[text(prefix), number(host)], text(expect));
    };
    host("10.0.0.0/8", "1", "10.0.0.1");
    host("10.0.0.0/8", "-1", "10.255.255.255");
    host("10.0.0.0/8", "-16777216", "10.0.0.0");
    host("0.0.0.0/0", "4294967295", "255.255.255.255");
    host("1.2.3.4/31", "1", "1.2.3.5");
    host("010.0.0.0/08", "1", "10.0.0.1");
    host("2001:db8::/64", "-1", "2001:db8::ffff:ffff:ffff:ffff");
    host("2001:db8::/64", "18446744073709551615", "2001:db8::ffff:ffff:ffff:ffff");
    host("2001:db8::/64", "18446744073709551616", "2001:db8:0:1::");
    host("2001:db8::/32", "-18446744073709551617", "2001:db8:ffff:fffe:ffff:ffff:ffff:ffff");
    host("2001:0db8:00000::/32", "1", "2001:db8::1");
    host("2001:db8::1.2.3.04/32", "1", "2001:db8::1");
    host(
        "::/0",
        "340282366920938463463374607431768211455",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    );
    host("::ffff:10.0.0.0/104", "5", "0:5::ffff:a00:0");
    host("::ffff:1.2.3.4/100", "1", "0:1::ffff:0:0");
    host("::ffff:10.0.0.0/90", "1", "::ffc0:0:1");
}

#[test]
fn hosts_that_do_not_fit() {
    let refused = |prefix: &str, host: &str, expect: &str| {
        fails("cidrhost", &[text(prefix), number(host)], None, expect);
    };
    refused("10.1.2.3/32", "1", "prefix of 32 does not accommodate a host numbered 1");
    refused("10.0.0.0/8", "-16777217", "prefix of 8 does not accommodate a host numbered -1");
    refused(
        "2001:db8::/96",
        "-18446744073709551616",
        "prefix of 96 does not accommodate a host numbered -18446744069414584320",
    );
    refused(
        "0.0.0.0/0",
        "4294967296",
        "prefix of 0 does not accommodate a host numbered 4294967296",
    );
    refused("10.0.0.0/8", "1.5", "value must be a whole number");
    let bad = ["10.0.0.0", "10.0.0/8", "", "10.0.0.0/+8", "10.0.0.0/33", "::/129", "::fffff/64"];
    for prefix in bad {
        refused(prefix, "1", &format!("invalid CIDR expression: invalid CIDR address: {prefix}"));
    }
}

#[test]
fn netmasks() {
    let mask = |prefix: &str, expect: &str| gives("cidrnetmask", &[text(prefix)], text(expect));
    mask("10.0.0.0/8", "255.0.0.0");
    mask("10.0.0.0/0", "0.0.0.0");
    mask("192.168.0.0/31", "255.255.255.254");
    mask("::ffff:10.0.0.0/104", "ffff:ffff:ffff:ffff:ffff:ffff:ff00:0");
    let message = "IPv6 addresses cannot have a netmask: 2001:db8::/32";
    fails("cidrnetmask", &[text("2001:db8::/32")], None, message);
}

#[test]
fn subnets() {
    let subnet = |prefix: &str, bits: &str, net: &str, expect: &str| {
        gives("cidrsubnet", &[text(prefix), number(bits), number(net)], text(expect));
    };
    subnet("10.0.0.0/8", "8", "0", "10.0.0.0/16");
    subnet("10.0.0.0/8", "24", "16777215", "10.255.255.255/32");
    subnet("10.0.0.0/8", "-1", "0", "10.0.0.0/7");
    subnet("10.0.0.0/8", "8", "-1", "0.1.0.0/16");
    subnet("10.0.0.0/8", "-9", "0", "<nil>");
    subnet("fd00::/8", "8", "-1", "1::/16");
    subnet("fd00::/8", "64", "18446744073709551615", "fdff:ffff:ffff:ffff:ff00::/72");
    subnet("2001:db8::/32", "64", "18446744073709551616", "2001:db9::/96");
    subnet("2001:db8::/32", "64", "-18446744073709551616", "0:1::/96");
    subnet("::ffff:10.0.0.0/104", "8", "1", "10.1.0.0/16");
    let refused = |prefix: &str, bits: &str, net: &str, expect: &str| {
        fails("cidrsubnet", &[text(prefix), number(bits), number(net)], None, expect);
    };
    refused("::/0", "129", "1", "insufficient address space to extend prefix of 0 by 129");
    refused(
        "10.0.0.0/8",
        "8",
        "-256",
        "prefix extension of 8 does not accommodate a subnet numbered -256",
    );
}

#[test]
fn consecutive_subnets() {
    let arguments = |prefix: &str, bits: &[&str]| -> Vec<Value> {
        std::iter::once(text(prefix)).chain(bits.iter().map(|bits| number(bits))).collect()
    };
    let divided = |prefix: &str, bits: &[&str], expect: &[&str]| {
        let expect = expect.iter().map(|part| text(part)).collect();
        let expect = Value::list(kprov_core::Type::String, expect);
        gives("cidrsubnets", &arguments(prefix, bits), expect);
    };
    divided("10.0.0.0/8", &[], &[]);
    divided("10.0.0.0/8", &["8", "16"], &["10.0.0.0/16", "10.1.0.0/24"]);
    divided("2001:db8::/32", &["16", "32"], &["2001:db8::/48", "2001:db8:1::/64"]);
    divided("10.5.6.7/20", &["4"], &["10.5.0.0/24"]);
    let refused = |prefix: &str, bits: &[&str], argument: usize, expect: &str| {
        fails("cidrsubnets", &arguments(prefix, bits), Some(argument), expect);
    };
    refused(
        "192.168.0.0/16",
        &["9", "1", "2"],
        3,
        "not enough remaining address space for a subnet with a prefix of 18 bits after \
         192.168.128.0/17",
    );
    refused(
        "0.0.0.0/0",
        &["4"],
        1,
        "not enough remaining address space for a subnet with a prefix of 4 bits after 240.0.0.0/4",
    );
    refused("10.0.0.0/8", &["0"], 1, "must extend prefix by at least one bit");
    refused("::/0", &["64"], 1, "may not extend prefix by more than 32 bits");
    refused(
        "2001:db8::/120",
        &["9"],
        1,
        "would extend prefix to 129 bits, which is too long for an IPv6 address",
    );
}
