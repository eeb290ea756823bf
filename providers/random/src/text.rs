//! What `random_string` and `random_password` share: arguments, their rules, and the making.

use kprov_core::{Host, Number, Path, Str, Type, Value};
use kprov_provider::{
    Attribute, AttributeError, Block, PlanRequest, PlannedObject, ProviderError, attribute,
    with_attributes,
};
use rand::seq::{IndexedRandom, SliceRandom};

use crate::generator;
use crate::keepers::{self, chosen, keepers};
use crate::limits::{self, LENGTH_MAX};

/// A kind of characters: the argument that allows it, the one that demands so many, and what it is.
struct Class {
    allow: &'static str,
    least: &'static str,
    characters: &'static str,
}

const CLASSES: [Class; 4] = [
    Class { allow: "upper", least: "min_upper", characters: "ABCDEFGHIJKLMNOPQRSTUVWXYZ" },
    Class { allow: "lower", least: "min_lower", characters: "abcdefghijklmnopqrstuvwxyz" },
    Class { allow: "numeric", least: "min_numeric", characters: "0123456789" },
    Class { allow: "special", least: "min_special", characters: "!@#$%&*()-_=+[]{}<>:?" },
];

/// The attributes of both types but for `id`, `result` and `bcrypt_hash`.
pub(crate) fn block(description: &str) -> Block {
    let given = |ty| Attribute::new(ty).force_new();
    let allow = |text| given(Type::Bool).computed().default(Value::Bool(true)).describe(text);
    let least = |text| given(Type::Number).computed().default(Value::int(0)).describe(text);
    // These two are one argument under two names, so neither has a default of its own.
    let numeric = || given(Type::Bool).optional().computed();
    Block::of(
        description,
        [
            keepers(),
            ("length", given(Type::Number).required().describe("How many characters.")),
            ("lower", allow("Are lower-case letters allowed?")),
            ("upper", allow("Are upper-case letters allowed?")),
            ("special", allow("Are special characters allowed?")),
            ("numeric", numeric().describe("Are digits allowed?")),
            (
                "number",
                numeric().describe("Are digits allowed?").deprecated("Use numeric instead."),
            ),
            ("min_lower", least("At least so many lower-case letters.")),
            ("min_upper", least("At least so many upper-case letters.")),
            ("min_numeric", least("At least so many digits.")),
            ("min_special", least("At least so many special characters.")),
            (
                "override_special",
                Attribute::new(Type::String)
                    .optional()
                    .describe("The special characters to take, instead of the usual ones."),
            ),
        ],
    )
}

/// Adds attributes to a block.
pub(crate) fn extend<const N: usize>(block: &mut Block, attributes: [(&str, Attribute); N]) {
    block.attributes.extend(attributes.map(|(name, attribute)| (Str::from(name), attribute)));
}

/// The result, secret or not.
pub(crate) fn result() -> (&'static str, Attribute) {
    ("result", chosen(Type::String, "The characters."))
}

/// Everything that can be told of the arguments.
pub(crate) fn validate(config: &Value) -> Vec<AttributeError> {
    let mut problems: Vec<AttributeError> = Vec::new();
    problems.extend(limits::check(config, "length", 1, LENGTH_MAX));
    for class in &CLASSES {
        problems.extend(limits::check(config, class.least, 0, LENGTH_MAX));
    }
    problems.extend(check_sum(config));
    problems.extend(check_classes(config));
    let (number, numeric) = (attribute(config, "number"), attribute(config, "numeric"));
    if let (Some(number), Some(numeric)) = (number.as_bool(), numeric.as_bool())
        && number != numeric
    {
        problems.push(AttributeError::new(
            Path::attribute("number"),
            "Number and numeric are both configured with different values",
            "Number is deprecated, please use numeric instead.",
        ));
    }
    problems
}

/// The characters demanded must fit in.
fn check_sum(config: &Value) -> Option<AttributeError> {
    let length = limits::whole(config, "length")?;
    let least = CLASSES.iter().filter_map(|class| limits::whole(config, class.least));
    let sum = least.fold(0i64, i64::saturating_add);
    (length < sum).then(|| {
        AttributeError::new(
            Path::attribute("length"),
            "Invalid Attribute Value",
            format!(
                "Attribute length value must be at least sum of min_upper, min_lower, min_numeric \
                 and min_special, which is {sum}, got: {length}."
            ),
        )
    })
}

/// Something must be allowed, or there is nothing to choose from.
fn check_classes(config: &Value) -> Option<AttributeError> {
    let forbidden = |name| attribute(config, name).as_bool() == Some(false);
    let digits = forbidden("numeric") || forbidden("number");
    let none = digits && ["upper", "lower", "special"].into_iter().all(forbidden);
    none.then(|| {
        AttributeError::new(
            Path::attribute("upper"),
            "Invalid Attribute Combination",
            "At least one of upper, lower, numeric and special must be true: there is no character \
             to choose from.",
        )
    })
}

/// The proposed value, with `number` and `numeric` alike.
pub(crate) fn plan(request: &PlanRequest<'_>) -> PlannedObject {
    let set = |name| Some(attribute(request.config, name)).filter(|value| !value.is_null());
    let numeric = set("numeric").or_else(|| set("number")).unwrap_or(Value::Bool(true));
    let both = [("number", numeric.clone()), ("numeric", numeric)];
    let mut planned = keepers::plan(request);
    planned.value = with_attributes(&planned.value, both);
    if let Some(prior) = request.prior {
        let before = attribute(prior, "override_special");
        let after = attribute(&planned.value, "override_special");
        // Older versions kept an empty string where nothing was set.
        let unset = before.as_str() == Some("") && after.is_null();
        if before != after && !unset {
            planned.requires_replace.push(Path::attribute("override_special"));
        }
    }
    planned
}

/// Chooses the characters: first those demanded, then any that are allowed, then the order.
pub(crate) fn make(host: &dyn Host, planned: &Value) -> Result<String, ProviderError> {
    if let Some(problem) = validate(planned).into_iter().next() {
        return Err(limits::refuse(problem));
    }
    let length = limits::count(planned, "length", 1)?;
    let special = attribute(planned, "override_special");
    let special = special.as_str().filter(|special| !special.is_empty());
    let characters = |class: &Class| -> Vec<char> {
        let own = special.filter(|_| class.allow == "special");
        own.unwrap_or(class.characters).chars().collect()
    };
    let mut generator = generator::from_host(host);
    let mut chosen: Vec<char> = Vec::with_capacity(length);
    let mut allowed: Vec<char> = Vec::new();
    for class in &CLASSES {
        let characters = characters(class);
        let least = limits::whole(planned, class.least).unwrap_or(0);
        chosen.extend((0..least).filter_map(|_| characters.choose(&mut generator)));
        if attribute(planned, class.allow).as_bool() == Some(true) {
            allowed.extend(characters);
        }
    }
    while chosen.len() < length {
        let Some(character) = allowed.choose(&mut generator) else {
            let message = "No kind of characters is allowed.";
            return Err(ProviderError::rejected("Invalid Attribute Combination", message));
        };
        chosen.push(*character);
    }
    chosen.shuffle(&mut generator);
    Ok(chosen.into_iter().collect())
}

/// What an import knows, the result being the id.
pub(crate) fn import(id: &str) -> Result<Vec<(&'static str, Value)>, ProviderError> {
    let length = id.chars().count();
    if length == 0 || length > LENGTH_MAX as usize {
        return Err(keepers::bad_id("the text itself, which is neither empty nor overlong"));
    }
    let mut known = vec![
        keepers::none(),
        ("length", Value::Number(Number::from(length))),
        ("number", Value::Bool(true)),
        ("override_special", Value::Null(Type::String)),
        ("result", Value::string(id)),
    ];
    for class in &CLASSES {
        known.push((class.allow, Value::Bool(true)));
        known.push((class.least, Value::int(0)));
    }
    Ok(known)
}
