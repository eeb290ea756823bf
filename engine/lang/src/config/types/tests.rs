//! Type expressions, their errors, and how defaults fill in.

use kprov_core::Value;
use kprov_core::value::render_hcl;

use super::{TypeConstraint, type_from_expr};
use crate::eval::evaluate_constant;
use crate::{SourceMap, syntax};

fn parse(text: &str) -> crate::ast::Expr {
    let sources = SourceMap::new();
    let file = sources.add("main.tf", text);
    syntax::parse_expr(&sources, file).expect("an expression")
}

fn constraint(text: &str) -> Result<TypeConstraint, String> {
    type_from_expr(&parse(text), &SourceMap::new()).map_err(|problems| {
        problems.iter().map(|problem| problem.detail.clone()).collect::<Vec<_>>().join(" | ")
    })
}

#[test]
fn types() {
    for (text, expect) in [
        ("string", "string"),
        ("any", "any"),
        ("list", "list(any)"),
        ("map", "map(any)"),
        ("map(list(number))", "map(list(number))"),
        ("set(bool)", "set(bool)"),
        ("tuple([string, any])", "tuple([string,any])"),
        (
            "object({b = string, a = optional(list(any))})",
            "object({a=optional(list(any)),b=string})",
        ),
    ] {
        assert_eq!(constraint(text).map(|it| it.to_string()), Ok(expect.to_owned()), "{text}");
    }
}

#[test]
fn wrong_types() {
    let element = "type constructor requires one argument specifying the element type.";
    for (text, expect) in [
        ("strin", "The keyword \"strin\" is not a valid type specification.".to_owned()),
        ("set", format!("The set {element}")),
        ("list()", format!("The list {element}")),
        ("list(list)", format!("The list {element}")),
        ("string(1)", "Primitive type keyword \"string\" does not expect arguments.".to_owned()),
        ("foo(string)", "Keyword \"foo\" is not a valid type constructor.".to_owned()),
        (
            "optional(string)",
            "Keyword \"optional\" is valid only as a modifier for object type attributes."
                .to_owned(),
        ),
        ("tuple(string)", "Tuple type constructor requires a list of element types.".to_owned()),
        (
            "object({(a) = string})",
            "Object constructor map keys must be attribute names.".to_owned(),
        ),
        (
            "object({a = optional(number, \"x\")})",
            "This default value is not compatible with the attribute's type constraint: a number \
             is required."
                .to_owned(),
        ),
    ] {
        assert_eq!(constraint(text).map(|it| it.to_string()), Err(expect), "{text}");
    }
}

#[test]
fn defaults() {
    for (ty, given, expect) in [
        ("object({a = optional(string, \"x\")})", "{}", "{a = \"x\"}"),
        ("object({a = optional(string, \"x\")})", "{a = null}", "{a = \"x\"}"),
        ("object({a = optional(string)})", "{}", "{a = null}"),
        ("list(object({a = optional(number, 1)}))", "[{}, {a = 2}]", "[{a = 1}, {a = 2}]"),
        ("map(object({a = optional(number, 1)}))", "{k = {}}", "{k = {a = 1}}"),
        ("tuple([string, object({a = optional(number, 1)})])", "[\"s\", {}]", "[\"s\", {a = 1}]"),
        ("object({o = optional(object({a = optional(number, 1)}), {})})", "{}", "{o = {a = 1}}"),
        ("object({o = optional(object({a = optional(number, 1)}))})", "{}", "{o = null}"),
    ] {
        let constraint = constraint(ty).expect(ty);
        let value = |text| evaluate_constant(&parse(text), &SourceMap::new()).expect(text);
        let got = constraint.convert(&value(given)).expect(ty);
        let wanted = kprov_core::value::convert(&value(expect), &got.ty()).expect(expect);
        assert_eq!(got, wanted, "{ty} of {given}: {}", render_hcl(&got, 0));
    }
    let constraint = constraint("object({a = optional(string, \"x\")})").expect("a type");
    let null = constraint.convert(&Value::NULL).expect("null of the type");
    assert!(null.is_null());
}
