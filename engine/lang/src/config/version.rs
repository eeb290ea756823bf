//! Version constraints: `>= 1.3, < 2.0`, `~> 1.11.0`.

/// The Terraform whose language this is; `required_version` is compared with it.
pub(super) const LANGUAGE_VERSION: [u64; 3] = [1, 11, 4];

/// One comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    operator: Operator,
    /// As many numbers as were written.
    numbers: Vec<u64>,
    /// `-beta1`
    prerelease: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Pessimistic,
}

/// Does `version` satisfy the constraints?
///
/// # Errors
/// What part of the text is not a constraint.
pub(super) fn satisfies(constraints: &str, version: [u64; 3]) -> Result<bool, String> {
    let mut all = true;
    for part in constraints.split(',') {
        let term = parse(part.trim())?;
        all &= matches(&term, version);
    }
    Ok(all)
}

fn parse(text: &str) -> Result<Term, String> {
    const OPERATORS: [(&str, Operator); 7] = [
        ("!=", Operator::NotEqual),
        (">=", Operator::GreaterOrEqual),
        ("<=", Operator::LessOrEqual),
        ("~>", Operator::Pessimistic),
        (">", Operator::Greater),
        ("<", Operator::Less),
        ("=", Operator::Equal),
    ];
    let malformed = || format!("{text:?} is not a version constraint, such as \">= 1.3\".");
    let (operator, rest) = OPERATORS
        .iter()
        .find_map(|(sign, operator)| text.strip_prefix(sign).map(|rest| (*operator, rest)))
        .unwrap_or((Operator::Equal, text));
    let version = rest.trim();
    let version = version.strip_prefix('v').unwrap_or(version);
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let numbers: Option<Vec<u64>> = core.split('.').map(|part| part.parse().ok()).collect();
    let numbers = numbers.filter(|numbers| numbers.len() <= 3).ok_or_else(malformed)?;
    let prerelease = version[core.len()..].starts_with('-');
    Ok(Term { operator, numbers, prerelease })
}

fn matches(term: &Term, version: [u64; 3]) -> bool {
    let mut wanted = [0; 3];
    for (slot, number) in wanted.iter_mut().zip(&term.numbers) {
        *slot = *number;
    }
    // A pre-release comes before its release.
    let order = version.cmp(&wanted);
    let order = if term.prerelease { order.then(std::cmp::Ordering::Greater) } else { order };
    match term.operator {
        Operator::Equal => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterOrEqual => order.is_ge(),
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Pessimistic => {
            let kept = term.numbers.len().saturating_sub(1);
            order.is_ge() && version[..kept] == wanted[..kept]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_are_compared() {
        let check = |text: &str, expected: Option<bool>| {
            assert_eq!(satisfies(text, [1, 11, 4]).ok(), expected, "{text}");
        };
        check("1.11.4", Some(true));
        check("= 1.11.4", Some(true));
        check("1.11", Some(false));
        check(">= 1.3, < 2.0.0", Some(true));
        check("~> 1.11.0", Some(true));
        check("~> 1.10.0", Some(false));
        check("~> 1.3", Some(true));
        check("~> 2.0", Some(false));
        check("!= 1.11.4", Some(false));
        check("> 1.11.4-beta1", Some(true));
        check(">= 99", Some(false));
        check("nonsense", None);
        check("", None);
        check(">= 1.2.3.4", None);
    }
}
