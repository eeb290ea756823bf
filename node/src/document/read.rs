//! From text to a checked document: first the version, because it says how to read the rest.

use super::fault::Fault;
use super::{API_VERSION, Document, Faults, check, raw};

pub(super) fn document(text: &str) -> Result<Document, Faults> {
    let head: raw::Head = serde_saphyr::from_str(text).map_err(|error| one(&error))?;
    version(&head).map_err(|fault| Faults(vec![fault]))?;
    let raw: raw::Document = serde_saphyr::from_str(text).map_err(|error| one(&error))?;
    check::document(raw)
}

fn version(head: &raw::Head) -> Result<(), Fault> {
    let nowhere = |message: String| Fault { line: 0, column: 0, message };
    let Some(version) = &head.api_version else {
        return Err(nowhere(format!("There is no apiVersion. This program knows {API_VERSION}.")));
    };
    if version.value != API_VERSION {
        let message = format!(
            "The document's version is {:?}; this program knows {API_VERSION} only. Run a newer kprov, or write the \
             document in a version that it knows.",
            version.value
        );
        return Err(Fault::at(version.referenced, message));
    }
    match &head.kind {
        Some(kind) if kind.value == "Node" => Ok(()),
        Some(kind) => Err(Fault::at(kind.referenced, "A node document is of the kind Node.")),
        None => Err(nowhere("There is no kind; a node document is of the kind Node.".to_owned())),
    }
}

fn one(error: &serde_saphyr::Error) -> Faults {
    let plain = error.without_snippet();
    let (line, column) = error.location().map_or((0, 0), |at| (at.line(), at.column()));
    // Its own words end in the place, which we say in front.
    let text = plain.to_string();
    let message = text.split(" at line ").next().unwrap_or(&text);
    Faults(vec![Fault { line, column, message: message.to_owned() }])
}
