//! Schedule expressions: `rate(N unit)` and `cron(six fields)`, as EventBridge's user guide has them. Nothing runs by them.

/// Is it one?
pub(super) fn is_schedule(text: &str) -> bool {
    let inside = |kind: &str| text.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')');
    match (inside("rate"), inside("cron")) {
        (Some(rate), _) => is_rate(rate),
        (_, Some(cron)) => is_cron(cron),
        _ => false,
    }
}

// "If the value is equal to 1, then the unit must be singular"; for others it must be plural.
fn is_rate(rate: &str) -> bool {
    let Some((value, unit)) = rate.split_once(' ') else { return false };
    match value.parse::<u32>() {
        Ok(0) | Err(_) => false,
        Ok(1) => matches!(unit, "minute" | "hour" | "day"),
        Ok(_) => matches!(unit, "minutes" | "hours" | "days"),
    }
}

// Minutes, hours, day of month, month, day of week, year.
fn is_cron(cron: &str) -> bool {
    let fields: Vec<&str> = cron.split_whitespace().collect();
    let [minutes, hours, day, month, weekday, year] = fields.as_slice() else { return false };
    // "You can't specify the Day-of-month and Day-of-week fields in the same cron expression."
    let days = (*day == "?") != (*weekday == "?");
    days && is_field(minutes, 0, 59)
        && is_field(hours, 0, 23)
        && (*day == "?" || is_day(day))
        && is_field(&numbered(month, &MONTHS), 1, 12)
        && (*weekday == "?" || is_weekday(weekday))
        && is_field(year, 1970, 2199)
}

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

// With names as the numbers that they stand for, from 1.
fn numbered(field: &str, names: &[&str]) -> String {
    let mut field = field.to_ascii_uppercase();
    for (index, name) in names.iter().enumerate() {
        field = field.replace(name, &(index + 1).to_string());
    }
    field
}

// The last day of the month, or the weekday that is nearest to one.
fn is_day(day: &str) -> bool {
    day == "L" || is_field(day.strip_suffix('W').unwrap_or(day), 1, 31)
}

// The last one of a month, or the n-th.
fn is_weekday(weekday: &str) -> bool {
    let weekday = numbered(weekday, &WEEKDAYS);
    match weekday.split_once('#') {
        Some((day, nth)) => is_number(day, 1, 7) && is_number(nth, 1, 5),
        None => weekday == "L" || is_field(weekday.strip_suffix('L').unwrap_or(&weekday), 1, 7),
    }
}

fn is_number(text: &str, low: u32, high: u32) -> bool {
    text.parse::<u32>().is_ok_and(|number| (low..=high).contains(&number))
}

// A list of `*`, numbers and ranges, each perhaps in steps.
fn is_field(field: &str, low: u32, high: u32) -> bool {
    field.split(',').all(|part| {
        let (range, step) = part.split_once('/').map_or((part, None), |(r, s)| (r, Some(s)));
        let range = match range.split_once('-') {
            Some((from, to)) => is_number(from, low, high) && is_number(to, low, high),
            None => range == "*" || is_number(range, low, high),
        };
        range && step.is_none_or(|step| is_number(step, 1, high))
    })
}

#[cfg(test)]
mod tests {
    use super::is_schedule;

    #[test]
    fn the_user_guides_expressions_are_schedules_and_others_are_not() {
        for good in [
            "rate(1 minute)",
            "rate(5 minutes)",
            "rate(7 days)",
            "cron(0 10 * * ? *)",
            "cron(15 12 * * ? *)",
            "cron(0 18 ? * MON-FRI *)",
            "cron(0 8 1 * ? *)",
            "cron(0/10 * ? * MON-FRI *)",
            "cron(0 9 ? * 2#1 *)",
            "cron(0 9 L JAN,JUL ? 2030-2035)",
        ] {
            assert!(is_schedule(good), "{good}");
        }
        for bad in [
            "",
            "sometimes",
            "rate()",
            "rate(0 minutes)",
            "rate(1 minutes)",
            "rate(5 minute)",
            "rate(-5 minutes)",
            "cron(* * *)",
            "cron(* * * * * *)",
            "cron(0 10 ? * ? *)",
            "cron(60 10 * * ? *)",
            "cron(0 24 * * ? *)",
            "cron(0 10 * 13 ? *)",
            "cron(0 10 32 * ? *)",
        ] {
            assert!(!is_schedule(bad), "{bad}");
        }
    }
}
