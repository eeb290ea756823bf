//! The format strings of `formatdate`.

use super::moment::{Civil, Moment};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Writes `moment` as `format` says: runs of one letter are parts of the time, text in `'...'` and
/// everything that is no ASCII letter stands for itself.
pub(super) fn write(format: &str, moment: &Moment) -> Result<String, String> {
    let civil = moment.civil();
    let mut text = String::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            rest = quoted(rest, &mut text)?;
            continue;
        }
        if !first.is_ascii_alphabetic() {
            text.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let length = rest.chars().take_while(|c| *c == first).count();
        let (verb, after) = rest.split_at(length);
        text.push_str(&part(verb, &civil, moment)?);
        rest = after;
    }
    Ok(text)
}

/// Writes what `'...'` at the beginning of `rest` holds; gives what follows.
fn quoted<'f>(rest: &'f str, text: &mut String) -> Result<&'f str, String> {
    if let Some(after) = rest.strip_prefix("''") {
        text.push('\'');
        return Ok(after);
    }
    let mut rest = &rest[1..];
    loop {
        let Some((inside, after)) = rest.split_once('\'') else {
            return Err("unterminated literal '".to_owned());
        };
        text.push_str(inside);
        match after.strip_prefix('\'') {
            Some(more) => {
                text.push('\'');
                rest = more;
            }
            None => return Ok(after),
        }
    }
}

fn part(verb: &str, civil: &Civil, moment: &Moment) -> Result<String, String> {
    let wrong = |advice: &str| Err(format!("invalid date format verb {verb:?}{advice}"));
    let plain_or_padded = |value: u32, advice: &str| match verb.len() {
        1 => Ok(value.to_string()),
        2 => Ok(format!("{value:02}")),
        _ => wrong(advice),
    };
    let month = || MONTHS[civil.month.saturating_sub(1).min(11) as usize];
    match (verb.as_bytes()[0], verb.len()) {
        (b'Y', 2) => Ok(format!("{:02}", civil.year % 100)),
        (b'Y', 4) => Ok(format!("{:04}", civil.year)),
        (b'Y', _) => wrong(": year must either be \"YY\" or \"YYYY\""),
        (b'M', 3) => Ok(month()[..3].to_owned()),
        (b'M', 4) => Ok(month().to_owned()),
        (b'M', _) => {
            plain_or_padded(civil.month, ": month must be \"M\", \"MM\", \"MMM\", or \"MMMM\"")
        }
        (b'D', _) => plain_or_padded(civil.day, ": day of month must either be \"D\" or \"DD\""),
        (b'E', 3) => Ok(WEEKDAYS[civil.weekday % 7][..3].to_owned()),
        (b'E', 4) => Ok(WEEKDAYS[civil.weekday % 7].to_owned()),
        (b'E', _) => wrong(": day of week must either be \"EEE\" or \"EEEE\""),
        (b'h', _) => plain_or_padded(civil.hour, ": 24-hour must either be \"h\" or \"hh\""),
        (b'H', _) => {
            plain_or_padded((civil.hour + 11) % 12 + 1, ": 12-hour must either be \"H\" or \"HH\"")
        }
        (b'A', 2) => Ok(if civil.hour < 12 { "AM" } else { "PM" }.to_owned()),
        (b'a', 2) => Ok(if civil.hour < 12 { "am" } else { "pm" }.to_owned()),
        (b'A', _) => wrong(": must be \"AA\""),
        (b'a', _) => wrong(": must be \"aa\""),
        (b'm', _) => plain_or_padded(civil.minute, ": minute must either be \"m\" or \"mm\""),
        (b's', _) => plain_or_padded(civil.second, ": second must either be \"s\" or \"ss\""),
        (b'Z', 1) if moment.offset_seconds() == 0 => Ok("Z".to_owned()),
        (b'Z', 3) if moment.offset_seconds() == 0 => Ok("UTC".to_owned()),
        (b'Z', 1 | 5) => Ok(moment.offset(":")),
        (b'Z', 3 | 4) => Ok(moment.offset("")),
        (b'Z', _) => wrong(": timezone must be Z, ZZZZ, or ZZZZZ"),
        _ => wrong(""),
    }
}
