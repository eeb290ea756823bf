//! Tests of the table as a whole and of [`super::call`].

use kprov_core::{Marks, Refinements, Type};
use proptest::prelude::*;

use super::testing::{TestFiles, call_named, call_with};
use super::*;

/// Recorded from `terraform metadata functions -json` of 1.11.4, without the doubles in `core::`:
/// name, parameters (the variadic one with `...`), result.
const SIGNATURES: &str = "abs(num:number) number\n\
abspath(path:string) string\n\
alltrue(list:list(bool)) bool\n\
anytrue(list:list(bool)) bool\n\
base64decode(str:string) string\n\
base64encode(str:string) string\n\
base64gzip(str:string) string\n\
base64sha256(str:string) string\n\
base64sha512(str:string) string\n\
basename(path:string) string\n\
bcrypt(str:string ...cost:number) string\n\
can(expression:any) bool\n\
ceil(num:number) number\n\
chomp(str:string) string\n\
chunklist(list:list(any) size:number) list(list(any))\n\
cidrhost(prefix:string hostnum:number) string\n\
cidrnetmask(prefix:string) string\n\
cidrsubnet(prefix:string newbits:number netnum:number) string\n\
cidrsubnets(prefix:string ...newbits:number) list(string)\n\
coalesce(...vals:any) any\n\
coalescelist(...vals:any) any\n\
compact(list:list(string)) list(string)\n\
concat(...seqs:any) any\n\
contains(list:any value:any) any\n\
csvdecode(str:string) any\n\
dirname(path:string) string\n\
distinct(list:list(any)) list(any)\n\
element(list:any index:number) any\n\
endswith(str:string suffix:string) bool\n\
ephemeralasnull(value:any) any\n\
file(path:string) string\n\
filebase64(path:string) string\n\
filebase64sha256(path:string) string\n\
filebase64sha512(path:string) string\n\
fileexists(path:string) bool\n\
filemd5(path:string) string\n\
fileset(path:string pattern:string) set(string)\n\
filesha1(path:string) string\n\
filesha256(path:string) string\n\
filesha512(path:string) string\n\
flatten(list:any) any\n\
floor(num:number) number\n\
format(format:string ...args:any) any\n\
formatdate(format:string time:string) string\n\
formatlist(format:string ...args:any) any\n\
indent(spaces:number str:string) string\n\
index(list:any value:any) any\n\
issensitive(value:any) bool\n\
join(separator:string ...lists:list(string)) string\n\
jsondecode(str:string) any\n\
jsonencode(val:any) string\n\
keys(inputMap:any) any\n\
length(value:any) number\n\
log(num:number base:number) number\n\
lookup(inputMap:any key:string ...default:any) any\n\
lower(str:string) string\n\
matchkeys(values:list(any) keys:list(any) searchset:list(any)) list(any)\n\
max(...numbers:number) number\n\
md5(str:string) string\n\
merge(...maps:any) any\n\
min(...numbers:number) number\n\
nonsensitive(value:any) any\n\
one(list:any) any\n\
parseint(number:any base:number) any\n\
pathexpand(path:string) string\n\
plantimestamp() string\n\
pow(num:number power:number) number\n\
range(...params:number) list(number)\n\
regex(pattern:string string:string) any\n\
regexall(pattern:string string:string) list(any)\n\
replace(str:string substr:string replace:string) string\n\
reverse(list:any) any\n\
rsadecrypt(ciphertext:string privatekey:string) string\n\
sensitive(value:any) any\n\
setintersection(first_set:set(any) ...other_sets:set(any)) set(any)\n\
setproduct(...sets:any) any\n\
setsubtract(a:set(any) b:set(any)) set(any)\n\
setunion(first_set:set(any) ...other_sets:set(any)) set(any)\n\
sha1(str:string) string\n\
sha256(str:string) string\n\
sha512(str:string) string\n\
signum(num:number) number\n\
slice(list:any start_index:number end_index:number) any\n\
sort(list:list(string)) list(string)\n\
split(separator:string str:string) list(string)\n\
startswith(str:string prefix:string) bool\n\
strcontains(str:string substr:string) bool\n\
strrev(str:string) string\n\
substr(str:string offset:number length:number) string\n\
sum(list:any) any\n\
templatefile(path:string vars:any) any\n\
templatestring(template:string vars:any) string\n\
textdecodebase64(source:string encoding:string) string\n\
textencodebase64(string:string encoding:string) string\n\
timeadd(timestamp:string duration:string) string\n\
timecmp(timestamp_a:string timestamp_b:string) number\n\
timestamp() string\n\
title(str:string) string\n\
tobool(v:any) bool\n\
tolist(v:any) list(any)\n\
tomap(v:any) map(any)\n\
tonumber(v:any) number\n\
toset(v:any) set(any)\n\
tostring(v:any) string\n\
transpose(values:map(list(string))) map(list(string))\n\
trim(str:string cutset:string) string\n\
trimprefix(str:string prefix:string) string\n\
trimspace(str:string) string\n\
trimsuffix(str:string suffix:string) string\n\
try(...expressions:any) any\n\
upper(str:string) string\n\
urlencode(str:string) string\n\
uuid() string\n\
uuidv5(namespace:string name:string) string\n\
values(mapping:any) any\n\
yamldecode(src:string) any\n\
yamlencode(value:any) string\n\
zipmap(keys:list(string) values:any) any";

#[test]
fn signatures_are_terraforms() {
    let parameter = |parameter: &Parameter| format!("{}:{}", parameter.name, parameter.ty);
    let lines: Vec<String> = names()
        .into_iter()
        .map(|name| {
            let signature = signature(name).expect("every name has one");
            let mut parts: Vec<String> = signature.parameters.iter().map(parameter).collect();
            parts.extend(signature.variadic_parameter.map(|it| format!("...{}", parameter(it))));
            assert!(signature.description.ends_with('.'), "{name} is described in a sentence");
            format!("{name}({}) {}", parts.join(" "), signature.return_type)
        })
        .collect();
    assert_eq!(lines, SIGNATURES.lines().collect::<Vec<_>>());
    assert_eq!(lines.len(), 118);
}

#[test]
fn names_are_found_with_and_without_namespace() {
    for name in names() {
        assert_eq!(lookup(name).map(|function| function.name), Some(name));
        assert_eq!(lookup(&format!("core::{name}")).map(|function| function.name), Some(name));
    }
    assert!(lookup("no_such_function").is_none());
}

#[test]
fn counts_arguments() {
    let arity = |name, count| {
        check_arity(lookup(name).expect("known"), count)
            .map_err(|error| (error.summary, error.detail))
    };
    assert_eq!(arity("chomp", 1), Ok(()));
    assert_eq!(arity("join", 9), Ok(()));
    let too_few = "Function \"chomp\" expects 1 argument(s). Missing value for \"str\".";
    assert_eq!(arity("chomp", 0), Err(("Not enough function arguments", too_few.to_owned())));
    let too_many = "Function \"md5\" expects only 1 argument(s).";
    assert_eq!(arity("md5", 2), Err(("Too many function arguments", too_many.to_owned())));
}

#[test]
fn checks_come_in_the_order_of_cty() {
    let outcome = |name: &str, arguments: &[Value]| {
        call_named(name, arguments).map_err(|error| (error.argument, error.message))
    };
    let null = || Value::Null(Type::String);
    let wrong_type = Err((Some(1), "string required".to_owned()));
    assert_eq!(outcome("trim", &[null(), Value::tuple([])]), wrong_type);
    let is_null = Err((Some(0), "argument must not be null".to_owned()));
    assert_eq!(outcome("trim", &[null(), Value::unknown(Type::String)]), is_null);
    assert_eq!(
        outcome("trim", &[Value::unknown(Type::String), "x".into()]),
        Ok(Value::refined(Type::String, Refinements::not_null()))
    );
    assert_eq!(
        outcome("format", &["%s".into(), Value::unknown(Type::Dynamic)]),
        Ok(Value::unknown(Type::Dynamic))
    );
}

#[test]
fn marks_pass_through_and_stay_out_of_errors() {
    let secret = |text: &str| Value::from(text).with_marks(Marks::SENSITIVE);
    let list = Value::tuple([Value::from("a"), secret("b")]);
    assert_eq!(call_named("join", &[",".into(), list]), Ok(secret("a,b")));
    assert_eq!(
        call_named("upper", &[Value::unknown(Type::String).with_marks(Marks::EPHEMERAL)]),
        Ok(Value::refined(Type::String, Refinements::not_null()).with_marks(Marks::EPHEMERAL))
    );
    for (name, arguments) in [
        ("file", vec![secret("hunter2")]),
        ("filemd5", vec![secret("hunter2")]),
        ("base64decode", vec![secret("hunter2*")]),
        ("timeadd", vec![secret("hunter2"), "1h".into()]),
        ("timeadd", vec!["2024-01-01T00:00:00Z".into(), secret("hunter2")]),
        ("jsondecode", vec![secret("hunter2")]),
        ("uuidv5", vec![secret("hunter2"), "x".into()]),
        ("regex", vec![secret("[hunter2"), "x".into()]),
        ("replace", vec!["x".into(), secret("/[hunter2/"), "x".into()]),
        ("format", vec![secret("%hunter2"), "x".into()]),
        ("formatdate", vec![secret("hunter2"), "2024-01-01T00:00:00Z".into()]),
        ("textencodebase64", vec!["x".into(), secret("hunter2")]),
        ("cidrhost", vec![secret("hunter2"), Value::int(1)]),
        ("yamldecode", vec![secret("!hunter2 x")]),
    ] {
        let error = call_named(name, &arguments).expect_err(name);
        assert!(!error.message.contains("unter"), "{name}: {error}");
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[ -~]{0,12}",
        "\\PC{0,6}",
        Just("%[2]5.3f%-08d".to_owned()),
        Just("2024-02-29T12:30:00+05:30".to_owned()),
        Just("10.0.0.0/8".to_owned()),
        Just("{a: &x [1, *x]}".to_owned()),
        Just("a,b\n1,\"2".to_owned()),
        Just("/(a|b)*?[^x-z]/".to_owned()),
    ];
    let number = prop_oneof![any::<i64>(), -3i64..40].prop_map(Value::int);
    let leaf = prop_oneof![
        4 => text.prop_map(Value::string),
        4 => number,
        1 => any::<bool>().prop_map(Value::Bool),
        1 => Just(Value::NULL),
        1 => Just(Value::Null(Type::String)),
        1 => Just(Value::unknown(Type::Dynamic)),
        1 => Just(Value::unknown(Type::list(Type::String))),
        1 => Just(Value::from("s").with_marks(Marks::SENSITIVE)),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::tuple),
            prop::collection::vec(("[a-c]{1,2}", inner), 0..4).prop_map(Value::object),
            prop::collection::vec("[a-c]{0,2}", 0..4).prop_map(|items| {
                Value::set(Type::String, items.into_iter().map(Value::string).collect())
            }),
            prop::collection::vec(0i64..9, 0..4).prop_map(|items| {
                Value::list(Type::Number, items.into_iter().map(Value::int).collect())
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the arguments are, a function gives a value or an error.
    #[test]
    fn nothing_panics(arguments in prop::collection::vec(any_value(), 4)) {
        let files = TestFiles::of(&[("a", "${b}")]);
        // A cost that random numbers choose would take hours.
        for name in names().into_iter().filter(|name| *name != "bcrypt") {
            let function = lookup(name).expect("known");
            let fixed = function.parameters.len();
            let most = if function.variadic.is_some() { arguments.len() } else { fixed };
            for count in fixed..=most {
                let _ = call_with(&files, name, &arguments[..count]);
            }
        }
    }
}
