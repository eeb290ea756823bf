//! Cases recorded from Terraform 1.11.4.

use kprov_core::Value;

use crate::functions::testing::{TestFiles, call_named, call_with, check_error, check_text};

#[test]
fn hashes() {
    for (name, input, expect) in [
        ("md5", "", "d41d8cd98f00b204e9800998ecf8427e"),
        ("md5", "a\nb", "8cdeb44417f3c26826595d5820cf5700"),
        ("sha1", "hello", "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"),
        ("sha1", "e\u{301}", "bf15be717ac1b080b4f1c456692825891ff5073d"),
        ("sha256", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("base64sha256", "", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
        (
            "sha512",
            "",
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce\
             47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
        ),
        (
            "base64sha512",
            "hello",
            "m3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcjI8PZm6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw==",
        ),
    ] {
        check_text(name, &[input], expect);
    }
}

#[test]
fn hashes_of_files() {
    let mut files = TestFiles::of(&[("hello.txt", "Hello, World!\n"), ("sub/x", "")]);
    files.0.insert("bin.dat".to_owned(), vec![0, 0xff, 0xfe, 1, 0x80]);
    for (name, path, expect) in [
        ("filemd5", "hello.txt", "bea8252ff4e80f41719ea13cdf007273"),
        ("filemd5", "bin.dat", "46bbc2df747f928dd38bbe316fe389a7"),
        ("filesha1", "./sub/../hello.txt", "60fde9c2310b0d4cad4dab8d126b04387efba289"),
        ("filebase64sha256", "bin.dat", "61y1cRUW0p/SMTtI2ujbcafIwhsIT8kqW9XoX7NCmBg="),
    ] {
        assert_eq!(call_with(&files, name, &[path.into()]), Ok(Value::from(expect)), "{name}");
    }
    let error = |path: &str| call_with(&files, "filemd5", &[path.into()]).map_err(|e| e.message);
    assert_eq!(error("nope"), Err("open nope: no such file or directory".to_owned()));
    assert_eq!(error("sub/"), Err("read sub: is a directory".to_owned()));
}

#[test]
fn bcrypt_salts_and_checks() {
    let Ok(Value::String(hash)) = call_named("bcrypt", &["x".into(), Value::int(4)]) else {
        panic!("a string")
    };
    assert!(hash.starts_with("$2a$04$"));
    assert_eq!(::bcrypt::verify("x", &hash).ok(), Some(true));
    check_error(
        "bcrypt",
        &["a".into(), Value::int(99)],
        "error occured generating password crypto/bcrypt: cost 99 is outside allowed range (4,31)",
    );
    check_error(
        "bcrypt",
        &["a".repeat(73).as_str().into(), Value::int(4)],
        "error occured generating password bcrypt: password length exceeds 72 bytes",
    );
}

#[test]
fn rsadecrypt_reads_both_kinds_of_pem() {
    let cipher = "JX5l4rgHUcx5l/Wy3W9W3B6a1KyyXJQKpgkvmTB4qNwQLmh6M1DTWm2UMuNkaMDoayG1bqhoq0yuwQ+s\
        e1X+wqNlIOYw9J+Z1V9bghnL1/QGs/48iW1NmX4nOS2wxaQLaYNQe5ZjYNzbQKQXLHhTk6JdTcP9N5kpRemgFOSPLN0=";
    for key in [PKCS1, PKCS8] {
        check_text("rsadecrypt", &[cipher, key], "secret \u{e9} text");
        check_text("rsadecrypt", &[cipher, &format!("\n\n{key}")], "secret \u{e9} text");
    }
    check_error(
        "rsadecrypt",
        &["YQ==".into(), "b".into()],
        "invalid private key: ssh: no key found",
    );
    check_error(
        "rsadecrypt",
        &["a".into(), "b".into()],
        "failed to decode input \"a\": cipher text must be base64-encoded",
    );
}

/// A key made for this test and used nowhere else.
const PKCS1: &str = "-----BEGIN RSA PRIVATE KEY-----\n\
MIICXAIBAAKBgQC2bBdSUn215gZFaOzUm0KSozEo+y8c6N0u86AVvp5s8uhxMCwb\n\
jlc41lktt2Jq13mLfuGgLFn7HNzF0to0rTDAwUdoSTYe8kxKXZ8MuaNI5gTeFrRe\n\
WYSyuLoKX6piMXeWR0yB6BCv9Aa8piSLk6NxNilcigNi9xQiVyRv0CTSFQIDAQAB\n\
AoGBAITGlg74NcGwxD2/CioRO9ppZ32xnfAH2f2zm4BYNw2Lm/3OlzwTVY7sDQrG\n\
YJ7taO1Mk8K2pWOt9U8Tknkm2cUmBCoX081YO2+p0Hinh924x90MACtE+TEAsA+B\n\
heQbDyh8WBGcMrLCvc1nZdfZs8sLTLcanY8ebVdPIoPkED1hAkEA8klPGx6aCA5p\n\
HtRgP2njoWizn6GOGf9xyn2oC6TnadkWyxGunL+n4WPUsUWJdsv45m/3ezdc1Z+1\n\
rlozv4OYjQJBAMC/XDzgu/5xgjmyqmqlpa/qUq80DGMnQqCNN53Kcnums2qwL54B\n\
h0zg+i+0pEWZSsChp8fvn4Sq7OPmhHAi0akCQHLgAUrJcpy5QGwmo8/NQ+lGvEvG\n\
jJqU+/3XIDMNJ8+O53i21IRrdoyuCa1XW/rgcQ3JLpzUPgbnZ3vYNsrp+Q0CQBJ/\n\
y0iEgUaQemEzRqvprhdONBVgt3ekwv5Jz3azgX1gqIOq2Uce+m9kgF6nxcRwS/5l\n\
BYdo9jRzezz8WOWyUdECQGVV70fYu53S+2BI2xjMYTDb46ikyaEBIJq9JhIGWbgl\n\
d7TcVC5RMF+qpcC1LmJyZed532RAj6qIicSON01EefY=\n\
-----END RSA PRIVATE KEY-----\n\
";

/// The same key in the other form.
const PKCS8: &str = "-----BEGIN PRIVATE KEY-----\n\
MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBALZsF1JSfbXmBkVo\n\
7NSbQpKjMSj7Lxzo3S7zoBW+nmzy6HEwLBuOVzjWWS23YmrXeYt+4aAsWfsc3MXS\n\
2jStMMDBR2hJNh7yTEpdnwy5o0jmBN4WtF5ZhLK4ugpfqmIxd5ZHTIHoEK/0Brym\n\
JIuTo3E2KVyKA2L3FCJXJG/QJNIVAgMBAAECgYEAhMaWDvg1wbDEPb8KKhE72mln\n\
fbGd8AfZ/bObgFg3DYub/c6XPBNVjuwNCsZgnu1o7UyTwralY631TxOSeSbZxSYE\n\
KhfTzVg7b6nQeKeH3bjH3QwAK0T5MQCwD4GF5BsPKHxYEZwyssK9zWdl19mzywtM\n\
txqdjx5tV08ig+QQPWECQQDySU8bHpoIDmke1GA/aeOhaLOfoY4Z/3HKfagLpOdp\n\
2RbLEa6cv6fhY9SxRYl2y/jmb/d7N1zVn7WuWjO/g5iNAkEAwL9cPOC7/nGCObKq\n\
aqWlr+pSrzQMYydCoI03ncpye6azarAvngGHTOD6L7SkRZlKwKGnx++fhKrs4+aE\n\
cCLRqQJAcuABSslynLlAbCajz81D6Ua8S8aMmpT7/dcgMw0nz47neLbUhGt2jK4J\n\
rVdb+uBxDckunNQ+Budne9g2yun5DQJAEn/LSISBRpB6YTNGq+muF040FWC3d6TC\n\
/knPdrOBfWCog6rZRx76b2SAXqfFxHBL/mUFh2j2NHN7PPxY5bJR0QJAZVXvR9i7\n\
ndL7YEjbGMxhMNvjqKTJoQEgmr0mEgZZuCV3tNxULlEwX6qlwLUuYnJl53nfZECP\n\
qoiJxI43TUR59g==\n\
-----END PRIVATE KEY-----\n\
";
