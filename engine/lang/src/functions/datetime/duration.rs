//! Durations as Go writes them: `1h30m`, `-1.5s`.

/// Nanoseconds.
pub(super) fn parse(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    let (negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let whole = digits(&mut rest);
        let fraction = rest.strip_prefix('.').map(|after| {
            rest = after;
            digits(&mut rest)
        });
        if whole.is_empty() && fraction.is_none_or(str::is_empty) {
            return Err(invalid());
        }
        let end = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
        let (unit, after) = rest.split_at(end);
        rest = after;
        let scale: i128 = match unit {
            "" => return Err(format!("time: missing unit in duration {text:?}")),
            "ns" => 1,
            "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return Err(format!("time: unknown unit {unit:?} in duration {text:?}")),
        };
        let amount: i128 = if whole.is_empty() { 0 } else { parsed(whole).ok_or_else(invalid)? };
        total += amount * scale + fraction.map_or(0, |digits| part_of(digits, scale));
        if total > i128::from(i64::MAX) + i128::from(negative) {
            return Err(invalid());
        }
    }
    i64::try_from(if negative { -total } else { total }).map_err(|_| invalid())
}

/// Takes digits off the front.
fn digits<'t>(rest: &mut &'t str) -> &'t str {
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, after) = rest.split_at(length);
    *rest = after;
    digits
}

/// A number that fits in 63 bits; more never makes a duration.
fn parsed(digits: &str) -> Option<i128> {
    digits.parse::<i64>().ok().map(i128::from)
}

/// `0.DIGITS` of `scale`; more than 18 digits mean nothing.
fn part_of(digits: &str, scale: i128) -> i128 {
    let digits = &digits[..digits.len().min(18)];
    let unit = 10i128.pow(u32::try_from(digits.len()).unwrap_or(0));
    parsed(digits).unwrap_or(0) * scale / unit
}
