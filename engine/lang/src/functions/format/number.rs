//! Numbers as Go's `%d`, `%x`, `%f`, `%g` ... write its big numbers.

use kprov_core::Number;

use super::verb::Verb;

/// `%b`, `%d`, `%o`, `%x`, `%X`; `None` if the number is not whole.
pub(super) fn integer(verb: &Verb<'_>, number: &Number) -> Option<String> {
    let (base, prefix) = match verb.mode {
        'b' => (2, "0b"),
        'o' => (8, "0"),
        'x' => (16, "0x"),
        'X' => (16, "0X"),
        _ => (10, ""),
    };
    let digits = number.to_radix(base)?;
    let (negative, digits) = match digits.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, digits.as_str()),
    };
    // There is no negative zero among the integers.
    let negative = negative && digits != "0";
    let digits = if verb.mode == 'X' { digits.to_uppercase() } else { digits.to_owned() };
    if digits == "0" && verb.precision == Some(0) {
        return Some(String::new());
    }
    let sign = sign(verb, negative);
    let prefix = if verb.sharp { prefix } else { "" };
    let mut zeros = verb.precision.unwrap_or(0).saturating_sub(digits.len());
    let length = sign.len() + prefix.len() + zeros + digits.len();
    let missing = verb.width.unwrap_or(0).saturating_sub(length);
    let (mut left, mut right) = (0, 0);
    if verb.minus {
        right = missing;
    } else if verb.zero && verb.precision.is_none() {
        zeros = missing;
    } else {
        left = missing;
    }
    Some(format!(
        "{}{sign}{prefix}{}{digits}{}",
        " ".repeat(left),
        "0".repeat(zeros),
        " ".repeat(right)
    ))
}

/// `%e`, `%E`, `%f`, `%g`, `%G`.
pub(super) fn float(verb: &Verb<'_>, number: &Number) -> String {
    let upper = verb.mode.is_ascii_uppercase();
    let text = if number.is_infinite() {
        number.to_general_string()
    } else {
        match (verb.mode, verb.precision) {
            ('e' | 'E', precision) => number.to_exponent(precision.unwrap_or(6), upper),
            ('f', precision) => number.to_fixed(precision.unwrap_or(6)),
            (_, Some(digits)) => number.to_general(digits, upper),
            ('G', None) => number.to_general_string().replace('e', "E"),
            (_, None) => number.to_general_string(),
        }
    };
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => match text.strip_prefix('+') {
            // Only infinity has a plus of its own.
            Some(digits) => (if verb.space { " " } else { "+" }, digits),
            None => (sign(verb, false), text.as_str()),
        },
    };
    let missing = verb.width.unwrap_or(0).saturating_sub(sign.len() + digits.len());
    if verb.minus {
        format!("{sign}{digits}{}", " ".repeat(missing))
    } else if verb.zero && !number.is_infinite() {
        format!("{sign}{}{digits}", "0".repeat(missing))
    } else {
        format!("{}{sign}{digits}", " ".repeat(missing))
    }
}

fn sign(verb: &Verb<'_>, negative: bool) -> &'static str {
    match (negative, verb.plus, verb.space) {
        (true, ..) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        (false, false, false) => "",
    }
}
