//! PEM: the blocks of a text, and a text of blocks.

use pem::{EncodeConfig, LineEnding, Pem};

use crate::PkiError;

/// All blocks of a text, whatever stands between them.
pub(crate) fn blocks(what: &'static str, text: &str) -> Result<Vec<Pem>, PkiError> {
    let blocks = pem::parse_many(text).map_err(|error| {
        // The reader's own words may hold a piece of the text, which may be a key.
        let why = match error {
            pem::PemError::MismatchedTags(..) => "its BEGIN and END lines differ",
            pem::PemError::MalformedFraming => "a BEGIN or END line is broken",
            pem::PemError::InvalidData(_) => "what stands between BEGIN and END is not base64",
            _ => "a block is broken",
        };
        PkiError::Pem { what, why: why.to_owned() }
    })?;
    if blocks.is_empty() {
        let why = match text.contains("-----BEGIN ") {
            true => "it begins with -----BEGIN ...----- and has no END line: it was cut off",
            false => "it has no line -----BEGIN ...-----",
        };
        return Err(PkiError::Pem { what, why: why.to_owned() });
    }
    Ok(blocks)
}

/// The labels of blocks, for errors.
pub(crate) fn labels(blocks: &[Pem]) -> Vec<String> {
    blocks.iter().map(|block| block.tag().to_owned()).collect()
}

/// One block, ending in a line feed.
pub(crate) fn encode(label: &str, content: &[u8]) -> String {
    let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
    pem::encode_config(&Pem::new(label, content), config)
}
