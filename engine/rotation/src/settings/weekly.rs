//! [`Weekly`] windows, and when they are really open: UTC, without a calendar, since weeks have no exceptions.

use crate::{Seconds, Window};

const DAY: Seconds = 86_400;

/// How far ahead windows are told: they come again each week, so each is among these, twice at least.
pub const WINDOWS_AHEAD: Seconds = 15 * DAY;

/// A window that comes again each week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weekly {
    /// On which days it opens, Monday first.
    pub days: [bool; 7],
    /// When it opens, in seconds since midnight UTC.
    pub from: Seconds,
    /// When it closes; where that is not after `from`, on the day after.
    pub until: Seconds,
}

/// Names of days, as they stand in configurations.
pub(super) const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The windows that are open at `now` or open until [`WINDOWS_AHEAD`] of it: in rising order, apart from each other. None
/// where there is no weekly one, which is always.
pub(super) fn windows(weekly: &[Weekly], now: Seconds) -> Vec<Window> {
    let today = now / DAY;
    // The one of yesterday may still be open.
    let days = today.saturating_sub(1)..=today.saturating_add(WINDOWS_AHEAD / DAY);
    let mut all: Vec<Window> = days
        .flat_map(|day| weekly.iter().filter_map(move |window| window.on(day)))
        .filter(|window| window.closes > now)
        .collect();
    all.sort_by_key(|window| (window.opens, window.closes));
    let mut apart: Vec<Window> = Vec::with_capacity(all.len());
    for window in all {
        match apart.last_mut() {
            Some(last) if window.opens <= last.closes => {
                last.closes = last.closes.max(window.closes)
            }
            _ => apart.push(window),
        }
    }
    apart
}

/// The time in both; each in rising order and apart.
pub(super) fn both(a: &[Window], b: &[Window]) -> Vec<Window> {
    let (mut i, mut j) = (0, 0);
    let mut common = Vec::new();
    while let (Some(left), Some(right)) = (a.get(i), b.get(j)) {
        let window =
            Window { opens: left.opens.max(right.opens), closes: left.closes.min(right.closes) };
        if window.opens < window.closes {
            common.push(window);
        }
        if left.closes < right.closes { i += 1 } else { j += 1 }
    }
    common
}

impl Weekly {
    /// The window of a day, counted from 1970-01-01.
    fn on(&self, day: u64) -> Option<Window> {
        // That day was a Thursday.
        let weekday = usize::try_from((day % 7 + 3) % 7).ok()?;
        if !*self.days.get(weekday)? {
            return None;
        }
        let midnight = day.checked_mul(DAY)?;
        let until = if self.until > self.from { self.until } else { self.until + DAY };
        Some(Window {
            opens: midnight.checked_add(self.from)?,
            closes: midnight.checked_add(until)?,
        })
    }
}

/// `HH:MM` in seconds since midnight; `24:00` is the day's end.
pub(super) fn parse_time(text: &str) -> Option<Seconds> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |digits: &str| -> Option<Seconds> {
        let plain = digits.len() == 2 && digits.bytes().all(|it| it.is_ascii_digit());
        digits.parse().ok().filter(|_| plain)
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let time = hours * 3600 + minutes * 60;
    (minutes < 60 && time <= DAY).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Seconds = 3600;
    /// 2026-01-01T00:00:00Z, a Thursday.
    const THURSDAY: Seconds = 20_454 * DAY;

    fn on(days: &[&str], from: &str, until: &str) -> Weekly {
        Weekly {
            days: DAYS.map(|day| days.contains(&day)),
            from: parse_time(from).expect("a time"),
            until: parse_time(until).expect("a time"),
        }
    }

    fn open(weekly: &[Weekly], now: Seconds) -> Vec<(Seconds, Seconds)> {
        // In hours from the Thursday's midnight on.
        windows(weekly, now)
            .iter()
            .map(|it| ((it.opens - THURSDAY) / HOUR, (it.closes - THURSDAY) / HOUR))
            .collect()
    }

    #[test]
    fn windows_are_told_for_two_weeks() {
        let friday = on(&["fri"], "22:00", "23:00");
        let told = open(&[friday], THURSDAY);
        assert_eq!(told, [(46, 47), (46 + 168, 47 + 168), (46 + 336, 47 + 336)]);
        // Over midnight, and open since yesterday.
        let night = on(&["thu"], "22:00", "04:00");
        let told = open(&[night], THURSDAY + 25 * HOUR);
        assert_eq!(told, [(22, 28), (22 + 168, 28 + 168), (22 + 336, 28 + 336)]);
        // What is over is not told.
        assert_eq!(open(&[night], THURSDAY + 28 * HOUR)[0], (22 + 168, 28 + 168));
    }

    #[test]
    fn windows_that_touch_are_one() {
        let whole = on(&DAYS, "00:00", "24:00");
        let told = windows(&[whole], THURSDAY + HOUR);
        assert_eq!(told.len(), 1);
        assert!(told[0].closes >= THURSDAY + HOUR + 14 * DAY);
        let overlapping = [on(&["sat"], "01:00", "05:00"), on(&["sat"], "04:00", "06:00")];
        assert_eq!(open(&overlapping, THURSDAY)[0], (49, 54));
        // The same time twice is a whole day.
        assert_eq!(open(&[on(&["sat"], "06:00", "06:00")], THURSDAY)[0], (54, 78));
    }

    #[test]
    fn windows_of_two_groups_are_what_both_have() {
        let at = |pairs: &[(Seconds, Seconds)]| -> Vec<Window> {
            pairs.iter().map(|&(opens, closes)| Window { opens, closes }).collect()
        };
        let common = both(&at(&[(0, 10), (20, 30), (40, 50)]), &at(&[(5, 25), (30, 40), (45, 60)]));
        assert_eq!(common, at(&[(5, 10), (20, 25), (45, 50)]));
        assert!(both(&at(&[(0, 10)]), &at(&[(10, 20)])).is_empty());
    }

    #[test]
    fn times_of_day_are_read() {
        assert_eq!(parse_time("00:00"), Some(0));
        assert_eq!(parse_time("22:30"), Some(81_000));
        assert_eq!(parse_time("24:00"), Some(DAY));
        for wrong in ["24:01", "12:60", "1:00", "12", "+1:00", "noon", "12:0x", ""] {
            assert_eq!(parse_time(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_ends_of_time_break_nothing() {
        let all = on(&DAYS, "22:00", "04:00");
        for now in [0, 1, DAY, Seconds::MAX - 1, Seconds::MAX] {
            let told = windows(&[all], now);
            assert!(told.iter().all(|it| it.opens < it.closes && it.closes > now));
        }
        assert!(windows(&[], THURSDAY).is_empty());
    }
}
