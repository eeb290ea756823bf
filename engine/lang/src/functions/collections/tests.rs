//! What recorded expressions cannot ask: unknown and marked arguments; and the limits, the costs
//! and the error messages, as Terraform 1.11.4 gives them.

use kprov_core::value::Bound;
use kprov_core::{Marks, Refinements, Type, Value};

use crate::functions::checks::{call, fails, gives, number, text};

fn tuple<const N: usize>(items: [Value; N]) -> Value {
    Value::tuple(items)
}

fn strings<const N: usize>(items: [&str; N]) -> Value {
    Value::list(Type::String, items.map(text).to_vec())
}

fn secret(value: Value) -> Value {
    value.with_marks(Marks::SENSITIVE)
}

fn unknown(ty: Type) -> Value {
    Value::unknown(ty)
}

fn later(ty: Type) -> Value {
    Value::refined(ty, Refinements::not_null())
}

fn map<const N: usize>(element: Type, entries: [(&str, Value); N]) -> Value {
    Value::map(element, entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

#[test]
fn parts_that_are_known_decide() {
    let some = || Value::list(Type::Bool, vec![unknown(Type::Bool), Value::Bool(true)]);
    gives("anytrue", &[some()], Value::Bool(true));
    gives("alltrue", &[some()], later(Type::Bool));
    let list = || Value::list(Type::String, vec![unknown(Type::String), text("b")]);
    gives("length", &[list()], number("2"));
    gives("contains", &[list(), text("b")], Value::Bool(true));
    gives("contains", &[list(), text("c")], later(Type::Bool));
    gives("element", &[list(), number("3")], text("b"));
    gives("index", &[list(), text("b")], later(Type::Number));
    gives("reverse", &[list()], Value::list(Type::String, vec![text("b"), unknown(Type::String)]));
    gives("concat", &[tuple([unknown(Type::String)]), tuple([text("x")])], {
        tuple([unknown(Type::String), text("x")])
    });
    gives("flatten", &[tuple([tuple([unknown(Type::String)])])], tuple([unknown(Type::String)]));
    gives("flatten", &[tuple([unknown(Type::list(Type::String))])], unknown(Type::Dynamic));
    let unknown_item = || unknown(Type::String);
    gives("sort", &[list()], Value::list(Type::String, vec![unknown_item(), unknown_item()]));
    gives("distinct", &[list()], later(Type::list(Type::String)));
    let object = Value::object([("a", unknown(Type::String)), ("b", number("1"))]);
    gives("keys", std::slice::from_ref(&object), tuple([text("a"), text("b")]));
    gives("lookup", &[object.clone(), text("b")], number("1"));
    gives("merge", &[object.clone(), Value::object([("b", text("x"))])], {
        Value::object([("a", unknown(Type::String)), ("b", text("x"))])
    });
    gives("keys", &[unknown(object.ty())], tuple([text("a"), text("b")]));
    gives("length", &[unknown(object.ty())], number("2"));
    gives("length", &[unknown(Type::Dynamic)], later(Type::Number));
    gives("coalesce", &[unknown(Type::String), text("x")], later(Type::String));
    gives("coalesce", &[text("x"), unknown(Type::String)], text("x"));
}

#[test]
fn sets_with_unknown_items() {
    let set = || Value::set(Type::String, vec![unknown(Type::String), text("b")]);
    let bounds = Refinements {
        number_min: Some(Bound::inclusive(1_u64)),
        number_max: Some(Bound::inclusive(2_u64)),
        ..Refinements::not_null()
    };
    gives("length", &[set()], Value::refined(Type::Number, bounds));
    gives("setintersection", &[set(), strings(["b"])], later(Type::set(Type::String)));
    gives("setunion", &[set(), strings(["b"])], set());
}

#[test]
fn marks_stay_where_they_are() {
    let mixed = || tuple([secret(text("a")), text("b")]);
    gives("element", &[mixed(), number("1")], text("b"));
    gives("element", &[secret(mixed()), number("1")], secret(text("b")));
    gives("reverse", &[mixed()], tuple([text("b"), secret(text("a"))]));
    gives("slice", &[mixed(), number("0"), number("1")], tuple([secret(text("a"))]));
    gives("concat", &[mixed(), secret(tuple([]))], secret(mixed()));
    gives("flatten", &[tuple([secret(tuple([text("a")]))])], secret(tuple([text("a")])));
    gives("length", &[mixed()], number("2"));
    gives("length", &[secret(mixed())], secret(number("2")));
    gives("contains", &[mixed(), text("b")], secret(Value::Bool(true)));
    let object = Value::object([("k", secret(text("v")))]);
    gives("keys", std::slice::from_ref(&object), tuple([text("k")]));
    gives("values", &[object], tuple([secret(text("v"))]));
    gives("merge", &[Value::object([("a", secret(text("x")))]), Value::NULL], {
        Value::object([("a", secret(text("x")))])
    });
    let zipped = Value::object([("k", text("v"))]);
    gives("zipmap", &[tuple([secret(text("k"))]), tuple([text("v")])], secret(zipped));
    let one = map(Type::Number, [("a", number("1"))]);
    fails(
        "lookup",
        &[one, secret(text("missing"))],
        None,
        "lookup failed to find key (sensitive value)",
    );
}

#[test]
fn types_of_results() {
    let (list, other) = (strings(["a"]), Value::list(Type::Number, vec![number("1")]));
    gives("concat", &[list.clone(), other.clone()], strings(["a", "1"]));
    gives("concat", &[list, tuple([number("1")])], tuple([text("a"), number("1")]));
    gives("values", &[map(Type::String, [("k", text("v"))])], strings(["v"]));
    let (a, b) = (map(Type::String, [("a", text("x"))]), map(Type::String, [("b", text("y"))]));
    gives("merge", &[a, b], map(Type::String, [("a", text("x")), ("b", text("y"))]));
    gives("one", &[Value::list(Type::String, vec![])], Value::Null(Type::String));
    gives("coalesce", &[tuple([]), tuple([text("a")])], strings([]));
    gives("chunklist", &[tuple([]), number("0")], {
        Value::list(Type::list(Type::Dynamic), vec![])
    });
    let pairs = Type::tuple([Type::String, Type::Number]);
    gives("setproduct", &[Value::set(Type::String, vec![text("a")]), other], {
        Value::set(pairs, vec![tuple([text("a"), number("1")])])
    });
}

#[test]
fn refusals() {
    let list = || strings(["a", "b"]);
    let whole = "invalid index: value must be a whole number, between -9223372036854775808 and \
                 9223372036854775807";
    gives("element", &[list(), number("-1")], text("b"));
    let negative = "cannot use element function with a negative index";
    fails("element", &[tuple([text("a"), text("b")]), number("-1")], None, negative);
    fails("element", &[list(), number("1.5")], None, whole);
    let empty = "cannot use element function with an empty list";
    fails("element", &[tuple([]), number("0")], None, empty);
    fails("sum", &[tuple([])], Some(0), "cannot sum an empty list");
    fails("sum", &[text("a")], Some(0), "cannot sum noniterable");
    let too_long = "more than 1024 values were generated; either decrease the difference between \
                    start and end or use a smaller step";
    fails("range", &[number("1025")], None, too_long);
    fails("range", &[number("0"), number("1"), number("0")], None, too_long);
    let upwards = "end must be greater than start when step is positive";
    fails("range", &[number("10"), number("0"), number("1")], Some(1), upwards);
    let end = "end index must not be greater than the length of the list";
    fails("slice", &[list(), number("0"), number("3")], Some(2), end);
    fails("chunklist", &[list(), number("-1")], None, "the size argument must be positive");
    fails("coalescelist", &[tuple([]), tuple([])], None, "no non-null arguments");
    fails("merge", &[Value::NULL, text("a")], None, {
        "arguments must be maps or objects, got \"string\""
    });
    fails("setproduct", &[list()], None, "at least two arguments are required");
    let counts = "number of keys (2) does not match number of values (1)";
    fails("zipmap", &[list(), tuple([number("1")])], None, counts);
    fails("index", &[list(), text("c")], None, "item not found");
}

/// All pairs of these would be more than a thousand million.
#[test]
fn many_items_take_no_time() {
    let many: Vec<Value> = (0..40_000).map(|n| text(&format!("item{}", n % 20_000))).collect();
    let list = Value::list(Type::String, many);
    let count = |name: &str, arguments: &[Value]| {
        let result = call(name, arguments).expect("the call works");
        result.as_items().map(<[Value]>::len)
    };
    assert_eq!(count("distinct", std::slice::from_ref(&list)), Some(20_000));
    assert_eq!(count("setunion", &[list.clone(), list.clone()]), Some(20_000));
    assert_eq!(count("setsubtract", &[list.clone(), list.clone()]), Some(0));
    assert_eq!(count("matchkeys", &[list.clone(), list.clone(), list]), Some(40_000));
}
