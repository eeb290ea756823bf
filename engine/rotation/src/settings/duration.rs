//! Lengths of time as people write them for Go programs: `15m`, `1h30m`, `90s`; a plain number is seconds.

use crate::Seconds;

/// Reads a length of time in whole seconds.
///
/// # Errors
/// What is wrong with it, as the end of a sentence that begins with the text: "which is no length of time ...".
pub fn parse_duration(text: &str) -> Result<Seconds, &'static str> {
    const WRONG: &str = "which is no length of time: write it like \"15m\", \"1h30m\" or \"90s\"; a plain number is seconds";
    const FRACTION: &str = "which is no whole number of seconds";
    const LONG: &str = "which is longer than anything lasts";
    if text.parse::<u128>().is_ok() && !text.starts_with('+') {
        return text.parse().map_err(|_| LONG);
    }
    let mut rest = text;
    let mut nanoseconds: u128 = 0;
    if rest.is_empty() {
        return Err(WRONG);
    }
    while !rest.is_empty() {
        let (number, behind) = split(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, behind) = split(behind, |c| !c.is_ascii_digit() && c != '.');
        let unit = unit_of(unit).ok_or(WRONG)?;
        let part = times(number, unit).ok_or(WRONG)?;
        nanoseconds = nanoseconds.checked_add(part).ok_or(LONG)?;
        rest = behind;
    }
    if !nanoseconds.is_multiple_of(SECOND) {
        return Err(FRACTION);
    }
    Seconds::try_from(nanoseconds / SECOND).map_err(|_| LONG)
}

/// In nanoseconds.
const SECOND: u128 = 1_000_000_000;

fn unit_of(unit: &str) -> Option<u128> {
    Some(match unit {
        "h" => 3600 * SECOND,
        "m" => 60 * SECOND,
        "s" => SECOND,
        "ms" => SECOND / 1000,
        "us" | "\u{b5}s" | "\u{3bc}s" => SECOND / 1_000_000,
        "ns" => 1,
        _ => return None,
    })
}

/// `NUMBER` of a unit, in nanoseconds: `1.5` hours. None where it is no number or far too large.
fn times(number: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.len() > 9 || fraction.contains('.') {
        return None;
    }
    let parsed =
        |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse::<u64>().ok() };
    let scale = 10u128.pow(u32::try_from(fraction.len()).ok()?);
    let part = u128::from(parsed(fraction)?) * unit / scale;
    Some(u128::from(parsed(whole)?) * unit + part)
}

fn split(text: &str, inside: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !inside(c)).unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_go_writes_them() {
        for (text, seconds) in [
            ("15m", 900),
            ("1h30m", 5400),
            ("60s", 60),
            ("0s", 0),
            ("90", 90),
            ("0", 0),
            ("1.5h", 5400),
            (".5m", 30),
            ("2000ms", 2),
            ("1m0.5s500ms", 61),
        ] {
            assert_eq!(parse_duration(text), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_length_is_told() {
        for text in [
            "",
            "m",
            "15 m",
            "1d",
            "-5m",
            "+5",
            "five",
            "1h30",
            "1..5h",
            ".",
            "1m.s",
            "1.0000000000s",
            "5m\u{e9}",
        ] {
            let why = parse_duration(text).expect_err(text);
            assert!(why.contains("write it like"), "{text}: {why}");
        }
        assert!(parse_duration("1500ms").is_err_and(|why| why.contains("whole number")));
        for text in ["99999999999999999999", "99999999999999999h99999999999999999h"] {
            assert!(parse_duration(text).is_err_and(|why| why.contains("longer")), "{text}");
        }
    }
}
