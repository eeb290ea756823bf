//! Are there marks in the stored text of values? Told without reading them.

/// Tags of the codec that may have marks behind them.
const TAGS: &[u8] = b"v0n?lstmox";

/// Does the JSON text hold a marked value, as `serde` writes [`super::Value`]s, anywhere? True also for
/// some texts that hold none; never false for one that does. For compact JSON, as we write it.
pub fn text_may_have_marks(json: &str) -> bool {
    let bytes = json.as_bytes();
    // A tag is the first item of an array: `["o1"`, and `[\"o1\"` in the text of a deep value.
    bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'[')
        .any(|(at, _)| is_marked(&bytes[at + 1..]))
}

fn is_marked(behind: &[u8]) -> bool {
    let Some(text) = quote(behind) else { return false };
    let Some((tag, rest)) = text.split_first() else { return false };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    TAGS.contains(tag) && digits > 0 && quote(&rest[digits..]).is_some()
}

/// What is behind a quote, escaped or not.
fn quote(text: &[u8]) -> Option<&[u8]> {
    let escapes = text.iter().take_while(|byte| **byte == b'\\').count();
    text[escapes..].strip_prefix(b"\"")
}

#[cfg(test)]
mod tests {
    use super::text_may_have_marks;
    use crate::{Marks, Type, Value};

    fn scan(value: &Value) -> bool {
        text_may_have_marks(&serde_json::to_string(value).unwrap())
    }

    #[test]
    fn marks_are_found_wherever_they_are() {
        let values = [
            Value::from("x"),
            Value::from(true),
            Value::int(3),
            Value::NULL,
            Value::Null(Type::String),
            Value::unknown(Type::String),
            Value::list(Type::String, vec!["a".into()]),
            Value::tuple([Value::int(1)]),
            Value::object([(crate::Str::from("a"), Value::int(1))]),
        ];
        for value in values {
            assert!(!scan(&value), "{value:?}");
            for marks in [Marks::SENSITIVE, Marks::EPHEMERAL, Marks::SENSITIVE | Marks::EPHEMERAL] {
                let mut marked = value.clone().with_marks(marks);
                // Through the levels where values become text, and text in text.
                for level in 0..200 {
                    assert!(scan(&marked), "level {level}: {marked:?}");
                    marked = Value::tuple([Value::from("["), marked]);
                }
            }
        }
    }

    #[test]
    fn texts_that_look_like_it_are_no_marks() {
        for text in ["[", "o1", "[o1", "[]", ""] {
            assert!(!scan(&Value::tuple([Value::from(text), Value::from(text)])), "{text}");
        }
    }
}
