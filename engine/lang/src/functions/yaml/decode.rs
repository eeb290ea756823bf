//! YAML to a value: mappings become objects, sequences tuples. Anchors are followed; `<<` merges.

use std::collections::BTreeMap;

use kprov_core::value::convert;
use kprov_core::{Str, Type, Value};
use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};

use super::scalar::resolve;

/// How deep the document may nest. Everything that later walks the value recurses.
const DEPTH_MAX: usize = 200;

/// How many parts the value may have with all anchors written out, so that a document of a few
/// lines cannot grow without bound.
const PARTS_MAX: usize = 4_000_000;

/// Parses a document.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    if let Some(version) = text.lines().find_map(|line| line.strip_prefix("%YAML "))
        && version.trim() != "1.1"
    {
        return Err("found incompatible YAML document".to_owned());
    }
    let mut reader =
        Reader { parser: Parser::new_from_str(text), anchors: BTreeMap::new(), parts: 0 };
    let (mut event, mut span) = reader.next()?;
    if matches!(event, Event::StreamStart) {
        (event, span) = reader.next()?;
    }
    if !matches!(event, Event::DocumentStart(_)) {
        return Err(at(&span, "missing start of document"));
    }
    let (event, span) = reader.next()?;
    let value = reader.node(event, &span, 0)?;
    loop {
        match reader.next()? {
            (Event::DocumentEnd, _) => {}
            (Event::StreamEnd, _) => return Ok(value),
            (_, _) => {
                return Err("on line 1, column 1: unexpected extra content after value".to_owned());
            }
        }
    }
}

fn at(span: &Span, message: &str) -> String {
    format!("on line {}, column {}: {message}", span.start.line().max(1), span.start.col() + 1)
}

struct Reader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    /// Values of anchors, by the parser's number for them, and how many parts each has.
    anchors: BTreeMap<usize, (Value, usize)>,
    parts: usize,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Span), String> {
        match self.parser.next_event() {
            None => Err("unexpected end of the document".to_owned()),
            Some(Ok(found)) => Ok(found),
            Some(Err(error)) => Err(format!(
                "on line {}, column {}: {}",
                error.marker().line(),
                error.marker().col() + 1,
                error.info()
            )),
        }
    }

    fn node(&mut self, event: Event<'t>, span: &Span, depth: usize) -> Result<Value, String> {
        if depth > DEPTH_MAX {
            return Err(at(span, &format!("the document nests deeper than {DEPTH_MAX} levels")));
        }
        let before = self.parts;
        self.count(1, span)?;
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.map(|tag| written(&tag));
                let plain = matches!(style, ScalarStyle::Plain);
                let value =
                    resolve(&text, tag.as_deref(), plain).map_err(|error| at(span, &error))?;
                (value, anchor)
            }
            Event::Alias(anchor) => {
                let Some((value, parts)) = self.anchors.get(&anchor).cloned() else {
                    return Err(at(
                        span,
                        "cannot refer to an anchor from inside its own definition",
                    ));
                };
                self.count(parts, span)?;
                return Ok(value);
            }
            Event::SequenceStart(anchor, tag) => {
                expect_tag(tag.as_deref(), "seq", "sequence", span)?;
                (self.sequence(depth)?, anchor)
            }
            Event::MappingStart(anchor, tag) => {
                expect_tag(tag.as_deref(), "map", "mapping", span)?;
                (self.mapping(depth)?, anchor)
            }
            _ => return Err(at(span, "expecting value but found end of stream")),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, (value.clone(), self.parts - before));
        }
        Ok(value)
    }

    fn count(&mut self, parts: usize, span: &Span) -> Result<(), String> {
        self.parts = self.parts.saturating_add(parts);
        if self.parts > PARTS_MAX {
            return Err(at(span, "the document is too large with its anchors written out"));
        }
        Ok(())
    }

    fn sequence(&mut self, depth: usize) -> Result<Value, String> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::tuple(items)),
                (event, span) => items.push(self.node(event, &span, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Value, String> {
        // Of two entries with one name the last wins, merged ones included.
        let mut entries: Vec<(Str, Value)> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            let (text, style, tag) = match event {
                Event::MappingEnd => return Ok(Value::object(entries)),
                Event::Scalar(text, style, _, tag) => (text, style, tag.map(|tag| written(&tag))),
                _ => return Err(at(&span, "only strings are allowed as mapping keys")),
            };
            let plain = matches!(style, ScalarStyle::Plain);
            let merges = match tag.as_deref() {
                None => plain && text == "<<",
                Some(tag) => tag == "tag:yaml.org,2002:merge",
            };
            let key = if merges {
                None
            } else {
                let key = resolve(&text, tag.as_deref(), plain)?;
                if key.is_null() {
                    return Err(at(&span, "mapping key cannot be null"));
                }
                let key = convert(&key, &Type::String).ok();
                let Some(Value::String(key)) = key else {
                    return Err(at(&span, "only strings are allowed as mapping keys"));
                };
                Some(key)
            };
            let (event, value_span) = self.next()?;
            let value = self.node(event, &value_span, depth + 1)?;
            match key {
                Some(key) => entries.push((key, value)),
                None => match value.as_entries() {
                    Some(merged) => entries.extend(merged.iter().cloned()),
                    None => {
                        let kind = value.ty().friendly_name();
                        return Err(at(&span, &format!("cannot merge {kind} into mapping")));
                    }
                },
            }
        }
    }
}

fn written(tag: &Tag) -> String {
    format!("{}{}", tag.handle, tag.suffix)
}

fn expect_tag(tag: Option<&Tag>, wanted: &str, kind: &str, span: &Span) -> Result<(), String> {
    match tag.map(written) {
        Some(tag) if tag != format!("tag:yaml.org,2002:{wanted}") => {
            Err(at(span, &format!("can't interpret {kind} as {tag}")))
        }
        _ => Ok(()),
    }
}
