//! Durations as configurations have them: `90s`, `5m`, `1h30m`: pure.

use std::time::Duration;

/// Whole numbers of hours, minutes and seconds, in this order. None for anything else.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let mut seconds: u64 = 0;
    let mut rest = text;
    for (unit, length) in [('h', 3600), ('m', 60), ('s', 1)] {
        if let Some((number, after)) = rest.split_once(unit) {
            if number.is_empty() || !number.bytes().all(|it| it.is_ascii_digit()) {
                return None;
            }
            let number: u64 = number.parse().ok()?;
            seconds = seconds.checked_add(number.checked_mul(length)?)?;
            rest = after;
        }
    }
    (rest.is_empty() && !text.is_empty()).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        let of = |text| duration(text).map(|it| it.as_secs());
        assert_eq!(
            [of("90s"), of("5m"), of("1h30m"), of("0s")],
            [Some(90), Some(300), Some(5400), Some(0)]
        );
        for wrong in
            ["", "5", "m", "-1s", "+1s", "5 m", "30s5m", "1d", "1.5h", "99999999999999999999h", "é"]
        {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
