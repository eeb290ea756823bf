//! Addresses read and written back.

use proptest::prelude::*;

use super::*;

/// Reads a target, and says how it is written.
fn check(text: &str, expect: &str) {
    match parse_target(text) {
        Ok(target) => {
            assert_eq!(target.to_string(), expect, "{text}");
            assert_eq!(parse_target(&target.to_string()).as_ref(), Ok(&target), "{text}");
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn targets_are_read() {
    for text in [
        "aws_vpc.main",
        "aws_vpc.main[0]",
        "aws_vpc.main[18446744073709551615]",
        r#"aws_vpc.main["a"]"#,
        r#"aws_vpc.main["a\"b\\c\n\r\t$${x}%%{y}"]"#,
        r#"aws_vpc.main[""]"#,
        r#"aws_vpc.main["a.b[0]"]"#,
        "data.aws_ami.x",
        "ephemeral.random_password.p",
        "module.a",
        r#"module.a[0].module.b["k"]"#,
        r#"module.a[0].x.y["k"]"#,
        "module.a.data.x.y[1]",
        "my-type.my-name",
        "größe.naïve",
        "_a._b",
    ] {
        check(text, text);
    }
    check("resource.aws_vpc.main", "aws_vpc.main");
    let reserved = parse_instance("resource.var.main").expect("prefixed");
    assert_eq!((reserved.resource.ty.as_str(), reserved.resource.name.as_str()), ("var", "main"));
    check(r#"x.y["\u00e9\U0001F600"]"#, "x.y[\"\u{e9}\u{1f600}\"]");
    check("x.y[\"e\u{301}\"]", "x.y[\"\u{e9}\"]");
    check(r#"x.y["$a %b $$"]"#, r#"x.y["$a %b $$"]"#);
}

#[test]
fn what_is_no_address_is_explained() {
    for (text, expect) in [
        ("", "expected a name at column 1, but the address ends"),
        ("aws_vpc", "expected a resource name, but the address ends"),
        ("data.aws_ami", "expected a resource name, but the address ends"),
        ("module", "expected a module call's name, but the address ends"),
        ("module[0]", "expected a module call's name at column 7"),
        ("module.a.b", "expected a resource name, but the address ends"),
        ("aws_vpc.main.id", "expected the end at column 13"),
        ("aws_vpc.main[0][1]", "expected the end at column 16"),
        ("aws_vpc[0]", "expected a resource name at column 8"),
        ("aws_vpc.main[", "expected a number or a quoted key at column 14, but the address ends"),
        ("aws_vpc.main[-1]", "expected a number or a quoted key at column 14, but there is \"-\""),
        ("aws_vpc.main[*]", "leave the brackets out"),
        ("aws_vpc.main[a]", "expected a number or a quoted key at column 14"),
        ("aws_vpc.main[01]", "expected a whole number"),
        ("aws_vpc.main[18446744073709551616]", "expected a whole number"),
        ("aws_vpc.main[0", "expected \"]\" at column 15"),
        ("aws_vpc.main[\"a", "expected a closing quote at column 16"),
        ("aws_vpc.main[\"a\nb\"]", "expected a closing quote at column 16"),
        (r#"aws_vpc.main["${x}"]"#, "expected plain text"),
        (r#"aws_vpc.main["\q"]"#, "expected one of \\n"),
        (r#"aws_vpc.main["\ud800"]"#, "expected one of \\n"),
        (r#"aws_vpc.main["\u12é4"]"#, "expected one of \\n"),
        (" aws_vpc.main", "expected a name at column 1, but there is white space"),
        ("aws_vpc.main ", "at column 13, but there is white space"),
        ("aws_vpc. main", "expected a name at column 9, but there is white space"),
        ("aws_vpc..main", "expected a name at column 9"),
        ("1aws.x", "expected a name at column 1"),
        ("var.x", "\"var\" is a reserved word"),
        ("a/b", "expected \".\", \"[\" or the end at column 2"),
    ] {
        let message = parse_target(text).expect_err(text).message;
        assert!(message.contains(expect), "{text}: {message}");
    }
}

#[test]
fn kinds_are_told_apart() {
    assert!(parse_instance("module.a").expect_err("module").message.contains("names a module"));
    assert_eq!(parse_module("module.a[0]").expect("module").to_string(), "module.a[0]");
    assert!(parse_module("module.a.b.c").is_err());
    assert!(parse_module("a.b").is_err());
    assert_eq!("".parse::<ModuleAddr>().expect("root"), ModuleAddr::root());
    assert!("module.a[0]".parse::<ModulePath>().is_err());
    let old = r#"module.a[0].module.b["x"].aws_vpc.main[3]"#;
    assert_eq!(parse_resource(old).expect("old").to_string(), "module.a.module.b.aws_vpc.main");
}

#[test]
fn provider_configurations_are_read() {
    for (text, expect) in [
        (r#"provider["registry.terraform.io/hashicorp/aws"]"#, None),
        (r#"provider["registry.terraform.io/hashicorp/aws"].west"#, None),
        (r#"module.a.module.b.provider["example.com:8443/x/y"].west"#, None),
        (r#"provider["terraform.io/builtin/terraform"]"#, None),
        ("provider.aws", Some(r#"provider["registry.terraform.io/hashicorp/aws"]"#)),
        ("provider.aws.west", Some(r#"provider["registry.terraform.io/hashicorp/aws"].west"#)),
        ("provider.terraform", Some(r#"provider["terraform.io/builtin/terraform"]"#)),
        (
            r#"provider["registry.terraform.io/-/aws"]"#,
            Some(r#"provider["registry.terraform.io/hashicorp/aws"]"#),
        ),
    ] {
        let addr = parse_provider_config(text).expect(text);
        assert_eq!(addr.to_string(), expect.unwrap_or(text));
    }
    for (text, expect) in [
        ("provider", "expected the provider's source in brackets and quotes, but the address ends"),
        ("provider[0]", "expected the provider's source in brackets and quotes at column 9"),
        ("aws", "expected \"provider\" at column 1"),
        (r#"module.a[0].provider["aws"]"#, "no keys"),
        (r#"provider["aws"].a.b"#, "expected the end at column 18"),
        (r#"provider["a/b/c/d"]"#, "[HOST/][NAMESPACE/]NAME"),
    ] {
        let message = parse_provider_config(text).expect_err(text).message;
        assert!(message.contains(expect), "{text}: {message}");
    }
}

#[test]
fn provider_sources_are_read() {
    for (text, expect) in [
        ("aws", "registry.terraform.io/hashicorp/aws"),
        ("AWS", "registry.terraform.io/hashicorp/aws"),
        ("integrations/github", "registry.terraform.io/integrations/github"),
        ("Example.COM/a/b_c-d", "example.com/a/b_c-d"),
        ("localhost:8080/a/b", "localhost:8080/a/b"),
        ("terraform.io/builtin/terraform", "terraform.io/builtin/terraform"),
    ] {
        assert_eq!(text.parse::<ProviderAddr>().expect(text).to_string(), expect);
    }
    for (text, expect) in [
        ("", "the name is empty"),
        ("a/", "the name is empty"),
        ("/a", "the namespace is empty"),
        ("a b", "only letters, digits"),
        ("a.b", "only letters, digits"),
        ("-a", "begin and end"),
        ("../x/y", "not a host name"),
        ("h:99999/x/y", "not a host name"),
        ("hashicorp/terraform-provider-aws", "did you mean \"hashicorp/aws\"?"),
    ] {
        let message = text.parse::<ProviderAddr>().expect_err(text).message;
        assert!(message.contains(expect), "{text}: {message}");
    }
}

#[test]
fn order_is_canonical() {
    let sorted = [
        "data.a.a",
        "a.a",
        "a.a[2]",
        "a.a[10]",
        r#"a.a["1"]"#,
        "a.b",
        "b.a",
        "module.a.a.a",
        "module.a[1].a.a",
        "module.b.a.a",
    ];
    let mut addresses: Vec<InstanceAddr> =
        sorted.iter().rev().map(|text| text.parse().expect(text)).collect();
    addresses.sort();
    let written: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    assert_eq!(written, sorted);
}

fn name() -> impl Strategy<Value = Str> {
    "[a-z_é][a-z0-9_é-]{0,4}"
        .prop_filter("reserved", |name| !["module", "data", "ephemeral"].contains(&name.as_str()))
        .prop_map(Str::from)
}

fn key() -> impl Strategy<Value = InstanceKey> {
    let hostile = proptest::collection::vec(
        prop_oneof![
            any::<char>(),
            prop::sample::select(vec![
                '"', '\\', '$', '%', '{', '}', '\n', ']', '[', '.', '\u{301}'
            ]),
        ],
        0..8,
    );
    prop_oneof![
        Just(InstanceKey::None),
        any::<u64>().prop_map(InstanceKey::Int),
        hostile.prop_map(|chars| InstanceKey::String(chars.into_iter().collect::<String>().into())),
    ]
}

fn instance() -> impl Strategy<Value = InstanceAddr> {
    let mode = prop::sample::select(vec![
        ResourceMode::Data,
        ResourceMode::Ephemeral,
        ResourceMode::Managed,
    ]);
    let modules = proptest::collection::vec((name(), key()), 0..3);
    (modules, mode, name(), name(), key()).prop_map(|(modules, mode, ty, name, key)| InstanceAddr {
        module: ModuleAddr(modules.into()),
        resource: ResourceName { mode, ty: format!("x{ty}").into(), name },
        key,
    })
}

proptest! {
    #[test]
    fn instances_round_trip(address in instance()) {
        prop_assert_eq!(address.to_string().parse::<InstanceAddr>(), Ok(address.clone()));
        let json = serde_json::to_string(&address).expect("serializes");
        prop_assert_eq!(serde_json::from_str::<InstanceAddr>(&json).expect("reads"), address);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,12}") {
        let _ = parse_target(&text);
        let _ = parse_provider_config(&text);
        let _ = text.parse::<ProviderAddr>();
    }

    #[test]
    fn text_like_an_address_is_read_or_refused(text in "(module|data|a|\\.|\\[|\\]|\"|\\\\|u|[0-9]|\\$|\\{){0,12}") {
        if let Ok(target) = parse_target(&text) {
            prop_assert_eq!(parse_target(&target.to_string()), Ok(target));
        }
    }
}
