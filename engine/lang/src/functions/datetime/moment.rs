//! [`Moment`]: a point in time with the offset from UTC in which it was given. Reads RFC 3339; says
//! what is wrong by the parts of a timestamp, in the words of go-cty, whose checks follow Go's
//! `time.Parse` from left to right.

/// A point in time.
pub(super) struct Moment {
    /// Since 1970 UTC.
    seconds: i64,
    nanos: u32,
    /// East of UTC.
    offset_seconds: i64,
}

/// What a moment looks like on the clock and calendar of its offset.
pub(super) struct Civil {
    pub(super) year: i64,
    /// 1 to 12
    pub(super) month: u32,
    /// 1 to 31
    pub(super) day: u32,
    /// 0 is Sunday.
    pub(super) weekday: usize,
    pub(super) hour: u32,
    pub(super) minute: u32,
    pub(super) second: u32,
}

/// How closely RFC 3339 is followed.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Strictness {
    /// go-cty's functions.
    Strict,
    /// Terraform's own, which accept what Go's `time.Parse` does: an hour of one digit, a comma
    /// before the fraction, offsets up to 24:60.
    Lenient,
}

impl Moment {
    pub(super) fn utc(seconds: i64) -> Moment {
        Moment { seconds, nanos: 0, offset_seconds: 0 }
    }

    pub(super) fn parse(text: &str, strictness: Strictness) -> Result<Moment, String> {
        parse(text, strictness).map_err(|reason| format!("not a valid RFC3339 timestamp: {reason}"))
    }

    /// The point in time alone, for comparing.
    pub(super) fn instant(&self) -> (i64, u32) {
        (self.seconds, self.nanos)
    }

    pub(super) fn offset_seconds(&self) -> i64 {
        self.offset_seconds
    }

    pub(super) fn plus(&self, nanos: i64) -> Moment {
        const SECOND: i64 = 1_000_000_000;
        let sum = i64::from(self.nanos) + nanos.rem_euclid(SECOND);
        Moment {
            seconds: self.seconds + nanos.div_euclid(SECOND) + sum.div_euclid(SECOND),
            nanos: u32::try_from(sum.rem_euclid(SECOND)).unwrap_or_default(),
            offset_seconds: self.offset_seconds,
        }
    }

    pub(super) fn civil(&self) -> Civil {
        let local = self.seconds + self.offset_seconds;
        let (days, second) = (local.div_euclid(86_400), local.rem_euclid(86_400));
        let (year, month, day) = date_of(days);
        let part = |n: i64| u32::try_from(n).unwrap_or_default();
        Civil {
            year,
            month,
            day,
            // Day 0, 1970-01-01, was a Thursday.
            weekday: usize::try_from((days + 4).rem_euclid(7)).unwrap_or_default(),
            hour: part(second / 3600),
            minute: part(second / 60 % 60),
            second: part(second % 60),
        }
    }

    /// To the second, with `Z` for UTC.
    pub(super) fn to_rfc3339(&self) -> String {
        let Civil { year, month, day, hour, minute, second, .. } = self.civil();
        let zone = match self.offset_seconds {
            0 => "Z".to_owned(),
            _ => self.offset(":"),
        };
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}")
    }

    /// `+05:30`, with `separator` in the middle.
    pub(super) fn offset(&self, separator: &str) -> String {
        let sign = if self.offset_seconds < 0 { '-' } else { '+' };
        let minutes = self.offset_seconds.abs() / 60;
        format!("{sign}{:02}{separator}{:02}", minutes / 60, minutes % 60)
    }
}

/// Days since 1970-01-01 of a date in the Gregorian calendar (years counted from March).
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The reverse of [`days_of`].
fn date_of(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let part = |n: i64| u32::try_from(n).unwrap_or_default();
    (year, part(month), part(day))
}

fn days_in(month: i64, year: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn parse(text: &str, strictness: Strictness) -> Result<Moment, String> {
    let strict = strictness == Strictness::Strict;
    let mut rest = text;
    let year = match rest.get(..4) {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => number(digits),
        _ => return Err(cannot_use(rest, "year", strict)),
    };
    rest = &rest[4..];
    skip(&mut rest, "-")?;
    let month = two_digits(&mut rest, "month", 1..=12, strict)?;
    skip(&mut rest, "-")?;
    let day = two_digits(&mut rest, "day of month", 0..=99, strict)?;
    skip(&mut rest, "T")?;
    let one_digit_hour = rest.as_bytes().get(1).is_some_and(|byte| !byte.is_ascii_digit());
    let hour = match rest.as_bytes() {
        [b'0'..=b'9', ..] if one_digit_hour || rest.len() == 1 => {
            let hour = number(&rest[..1]);
            rest = &rest[1..];
            hour
        }
        _ => two_digits(&mut rest, "hour", 0..=23, strict)?,
    };
    skip(&mut rest, ":")?;
    let minute = two_digits(&mut rest, "minute", 0..=59, strict)?;
    skip(&mut rest, ":")?;
    let second = two_digits(&mut rest, "second", 0..=59, strict)?;
    let comma = rest.starts_with(',');
    let nanos = fraction(&mut rest);
    let offset_seconds = offset(&mut rest, strict)?;
    if !rest.is_empty() {
        return Err(cannot_use(rest, "timestamp segment", strict));
    }
    if day < 1 || day > days_in(month, year) {
        return Err("day out of range".to_owned());
    }
    if strict && one_digit_hour {
        return Err("hour must have exactly two digits".to_owned());
    }
    if strict && comma {
        return Err(cannot_use(",", "timestamp segment", strict));
    }
    let days = days_of(year, month, day);
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset_seconds;
    Ok(Moment { seconds, nanos, offset_seconds })
}

/// The value of text that is known to be digits.
fn number(digits: &str) -> i64 {
    digits.parse().unwrap_or_default()
}

fn skip(rest: &mut &str, wanted: &str) -> Result<(), String> {
    match rest.strip_prefix(wanted) {
        Some(after) => {
            *rest = after;
            Ok(())
        }
        None if wanted == "T" => Err("missing required time introducer 'T'".to_owned()),
        None if rest.is_empty() => Err(format!("end of string where {wanted:?} is expected")),
        None => Err(format!("found {:?} where {wanted:?} is expected", *rest)),
    }
}

fn two_digits(
    rest: &mut &str,
    what: &str,
    range: std::ops::RangeInclusive<i64>,
    strict: bool,
) -> Result<i64, String> {
    let digits = match rest.as_bytes() {
        [b'0'..=b'9', b'0'..=b'9', ..] => &rest[..2],
        _ => return Err(cannot_use(rest, what, strict)),
    };
    *rest = &rest[2..];
    let value = number(digits);
    if range.contains(&value) { Ok(value) } else { Err(cannot_use(rest, what, strict)) }
}

/// `.5` and so on, as nanoseconds.
fn fraction(rest: &mut &str) -> u32 {
    let Some(digits) = rest.strip_prefix(['.', ',']) else { return 0 };
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    if length == 0 {
        return 0;
    }
    *rest = &digits[length..];
    digits[..length]
        .bytes()
        .chain(std::iter::repeat(b'0'))
        .take(9)
        .fold(0, |nanos, digit| nanos * 10 + u32::from(digit - b'0'))
}

/// `Z` or `+05:30`, as seconds.
fn offset(rest: &mut &str, strict: bool) -> Result<i64, String> {
    if let Some(after) = rest.strip_prefix('Z') {
        *rest = after;
        return Ok(0);
    }
    let whole = *rest;
    let bad = |part: &str| cannot_use(part, "UTC offset", strict);
    let [sign @ (b'+' | b'-'), b'0'..=b'9', b'0'..=b'9', b':', b'0'..=b'9', b'0'..=b'9', ..] =
        whole.as_bytes()
    else {
        return Err(bad(whole));
    };
    let (hours, minutes) = (number(&whole[1..3]), number(&whole[4..6]));
    *rest = &whole[6..];
    if hours > 24 || minutes > 60 {
        return Err(bad(rest));
    }
    if strict && (hours == 24 || minutes == 60) {
        return Err(bad(&whole[..6]));
    }
    let seconds = (hours * 60 + minutes) * 60;
    Ok(if *sign == b'-' { -seconds } else { seconds })
}

fn cannot_use(part: &str, what: &str, strict: bool) -> String {
    if part.is_empty() {
        return format!("end of string before {what}");
    }
    match what {
        "hour" if strict && part.contains(':') => {
            "hour must be between 0 and 23 inclusive".to_owned()
        }
        "hour" | "minute" if strict && part.len() != 2 => {
            format!("{what} must have exactly two digits")
        }
        _ => format!("cannot use {part:?} as {what}"),
    }
}
