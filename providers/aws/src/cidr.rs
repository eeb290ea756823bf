//! CIDR blocks in configurations.

use ipnet::IpNet;

use crate::fields::{Fields, Problems};

/// Checks an IPv4 block: syntax, no host bits, prefix length in the range.
pub(crate) fn check_v4(problems: &mut Problems, config: Fields<'_>, name: &str, low: u8, high: u8) {
    check(problems, config, name, true, low, high);
}

/// Checks an IPv6 block likewise.
pub(crate) fn check_v6(problems: &mut Problems, config: Fields<'_>, name: &str, low: u8, high: u8) {
    check(problems, config, name, false, low, high);
}

fn check(problems: &mut Problems, config: Fields<'_>, name: &str, v4: bool, low: u8, high: u8) {
    let Some(text) = config.text(name) else { return };
    if let Err(why) = problem(text, v4, low, high) {
        problems.add(name, "Invalid CIDR block", why);
    }
}

/// What is wrong with a block.
pub(crate) fn problem(text: &str, v4: bool, low: u8, high: u8) -> Result<(), String> {
    let (family, example) = if v4 { ("IPv4", "10.0.0.0/16") } else { ("IPv6", "2001:db8::/56") };
    let parsed = text.parse::<IpNet>().ok().filter(|net| net.addr().is_ipv4() == v4);
    let net = parsed
        .ok_or_else(|| format!("{text:?} is not an {family} CIDR block such as {example:?}."))?;
    if net.addr() != net.network() {
        return Err(format!(
            "{text:?} has host bits set; {:?} would be right.",
            net.trunc().to_string()
        ));
    }
    if !(low..=high).contains(&net.prefix_len()) {
        return Err(format!(
            "The prefix of {text:?} must be from /{low} to /{high}, not /{}.",
            net.prefix_len()
        ));
    }
    Ok(())
}

/// Do two texts mean the same block (IPv6 has many spellings)?
pub(crate) fn same(a: &str, b: &str) -> bool {
    let parse = |text: &str| text.parse::<IpNet>().ok();
    a == b || parse(a).is_some_and(|net| Some(net) == parse(b))
}

/// Does the first block hold the second?
pub(crate) fn contains(outer: &str, inner: &str) -> bool {
    let parse = |text: &str| text.parse::<IpNet>().ok();
    parse(outer).zip(parse(inner)).is_some_and(|(outer, inner)| outer.contains(&inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_checked_with_words() {
        assert_eq!(problem("10.0.0.0/16", true, 16, 28), Ok(()));
        for (bad, word) in [
            ("10.0.0.0", "not an IPv4"),
            ("10.0.0.0/8", "from /16 to /28"),
            ("10.0.1.0/16", "10.0.0.0/16"),
            ("::/56", "not an IPv4"),
            ("", "not an IPv4"),
        ] {
            let why = problem(bad, true, 16, 28).unwrap_err();
            assert!(why.contains(word), "{bad}: {why}");
        }
        assert!(same("2001:db8:0::/56", "2001:db8::/56"));
    }
}
