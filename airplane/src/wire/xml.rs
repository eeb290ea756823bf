//! XML as a tree for requests, and a writer for answers. Namespaces prefixes are dropped on reading.
use quick_xml::events::Event;

/// An element with its text and children.
#[derive(Debug, Default, Clone)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// Children of this name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |c| c.name == name)
    }
}

/// Reads a document; says in words what is wrong with it.
pub(crate) fn read(body: &[u8]) -> Result<Element, String> {
    let text = std::str::from_utf8(body).map_err(|e| e.to_string())?;
    let mut reader = quick_xml::Reader::from_str(text);
    let mut stack = vec![Element::default()];
    loop {
        match reader.read_event().map_err(|e| e.to_string())? {
            Event::Start(tag) => stack.push(open(&tag)?),
            Event::Empty(tag) => {
                let element = open(&tag)?;
                if let Some(top) = stack.last_mut() {
                    top.children.push(element);
                }
            }
            Event::End(_) => {
                let done = stack.pop().unwrap_or_default();
                stack.last_mut().ok_or("an end tag without a start tag")?.children.push(done);
            }
            Event::Text(t) => push_text(&mut stack, &t),
            Event::CData(t) => push_text(&mut stack, &t),
            Event::GeneralRef(r) => {
                let whole = format!("&{};", &*r);
                push_text(
                    &mut stack,
                    &quick_xml::escape::unescape(&whole).map_err(|e| e.to_string())?,
                );
            }
            Event::Eof => break,
            _ => {}
        }
        if stack.len() > 200 {
            return Err("the document is nested too deeply".to_owned());
        }
    }
    if stack.len() != 1 {
        return Err("an element is not closed".to_owned());
    }
    stack
        .pop()
        .and_then(|mut root| root.children.pop())
        .ok_or_else(|| "the document is empty".to_owned())
}

fn push_text(stack: &mut [Element], text: &str) {
    if let Some(top) = stack.last_mut() {
        top.text.push_str(text);
    }
}

fn open(tag: &quick_xml::events::BytesStart<'_>) -> Result<Element, String> {
    let mut element = Element { name: tag.local_name().as_ref().to_owned(), ..Element::default() };
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|e| e.to_string())?;
        let key = attribute.key.local_name().as_ref().to_owned();
        let value =
            quick_xml::escape::unescape(&attribute.value).map_err(|e| e.to_string())?.into_owned();
        element.attributes.push((key, value));
    }
    Ok(element)
}

/// Appends text with what XML reserves escaped; control characters that XML cannot hold are dropped.
pub(crate) fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\n' | '\t' => out.push(c),
            c if (c as u32) < 0x20 => {}
            c => out.push(c),
        }
    }
}

/// Appends `<name>text</name>`.
pub(crate) fn leaf(out: &mut String, name: &str, text: &str) {
    out.push_str(&format!("<{name}>"));
    escape(out, text);
    out.push_str(&format!("</{name}>"));
}
