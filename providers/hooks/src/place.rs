//! Places in texts for what differs by machine, `{member}` and `{address}`: pure.

use kprov_provider::rotation::HookCall;

/// The text with the machine's own; or why not yet.
pub(crate) fn filled(text: &str, call: &HookCall<'_>, url: bool) -> Result<String, String> {
    let text = text.replace("{member}", call.member.id.as_str());
    if !text.contains("{address}") {
        return Ok(text);
    }
    let Some(address) = call.address else {
        return Err(format!("The address of {} is not known yet.", call.member.id));
    };
    // As RFC 3986 has addresses of six in URLs.
    let bracketed =
        if url && address.contains(':') { format!("[{address}]") } else { address.to_owned() };
    Ok(text.replace("{address}", &bracketed))
}

/// The first place in a text that nobody fills, without braces.
pub(crate) fn unknown(text: &str) -> Option<&str> {
    text.split('{').skip(1).find_map(|rest| {
        let name = rest.split_once('}')?.0;
        (!matches!(name, "member" | "address")).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Ground;

    #[test]
    fn machines_have_their_places() {
        let mut ground = Ground::new();
        let of = |ground: &Ground, text: &str| {
            filled(text, &ground.call(&kprov_core::Value::NULL), true)
        };
        assert_eq!(
            of(&ground, "https://{address}:1/{member}").as_deref(),
            Ok("https://127.0.0.1:1/i-1")
        );
        ground.address = Some("fd00::1".to_owned());
        assert_eq!(of(&ground, "http://{address}/").as_deref(), Ok("http://[fd00::1]/"));
        ground.address = None;
        assert_eq!(of(&ground, "x").as_deref(), Ok("x"));
        assert!(of(&ground, "{address}").expect_err("unknown").contains("not known yet"));
    }

    #[test]
    fn places_that_nobody_fills_are_found() {
        assert_eq!(unknown("{member} {address}"), None);
        assert_eq!(unknown("{member} {zone}"), Some("zone"));
        assert_eq!(unknown("{"), None);
    }
}
