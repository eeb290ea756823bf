//! Character encodings by their IANA names. Most of the work is `encoding_rs`; what the Web
//! understands differently from IANA (ISO-8859-1 and -9, UTF-16) is done here.

use encoding_rs::Encoding;

/// A character encoding.
#[derive(Clone, Copy)]
pub(super) enum Charset {
    /// ISO-8859-1: bytes are code points.
    Latin1,
    /// ISO-8859-9: Latin 1 with six Turkish letters.
    Latin5,
    /// Big endian with a byte order mark, which is optional when decoding.
    Utf16,
    /// Little endian without a mark.
    Utf16Le,
    /// Big endian without a mark.
    Utf16Be,
    /// Anything else.
    Other(&'static Encoding),
}

/// Latin 1 code points that ISO-8859-9 replaces, and by what.
const TURKISH: [(char, char); 6] = [
    ('\u{d0}', '\u{11e}'),
    ('\u{dd}', '\u{130}'),
    ('\u{de}', '\u{15e}'),
    ('\u{f0}', '\u{11f}'),
    ('\u{fd}', '\u{131}'),
    ('\u{fe}', '\u{15f}'),
];

impl Charset {
    /// Finds an encoding by name or alias, in any case.
    pub(super) fn named(label: &str) -> Option<Charset> {
        match label.to_ascii_lowercase().as_str() {
            "iso-8859-1" | "iso_8859-1" | "iso_8859-1:1987" | "iso-ir-100" | "latin1" | "l1"
            | "ibm819" | "cp819" | "csisolatin1" => Some(Charset::Latin1),
            "iso-8859-9" | "iso_8859-9" | "iso_8859-9:1989" | "iso-ir-148" | "latin5" | "l5"
            | "csisolatin5" => Some(Charset::Latin5),
            "utf-16" | "csutf16" => Some(Charset::Utf16),
            "utf-16le" | "csutf16le" => Some(Charset::Utf16Le),
            "utf-16be" | "csutf16be" => Some(Charset::Utf16Be),
            // The Web takes these for windows-1252; Terraform knows them and has no codec.
            "ascii" | "us-ascii" | "ansi_x3.4-1968" => None,
            _ if label.trim() != label => None,
            _ => Encoding::for_label_no_replacement(label.as_bytes()).map(Charset::Other),
        }
    }

    /// The name that messages use.
    pub(super) fn name(self) -> &'static str {
        match self {
            Charset::Latin1 => "ISO_8859-1:1987",
            Charset::Latin5 => "ISO_8859-9:1989",
            Charset::Utf16 => "UTF-16",
            Charset::Utf16Le => "UTF-16LE",
            Charset::Utf16Be => "UTF-16BE",
            Charset::Other(encoding) => match encoding.name() {
                "ISO-8859-2" => "ISO_8859-2:1987",
                "ISO-8859-3" => "ISO_8859-3:1988",
                "ISO-8859-4" => "ISO_8859-4:1988",
                "ISO-8859-5" => "ISO_8859-5:1988",
                "ISO-8859-6" => "ISO_8859-6:1987",
                "ISO-8859-7" => "ISO_8859-7:1987",
                "ISO-8859-8" => "ISO_8859-8:1988",
                "EUC-JP" => "Extended_UNIX_Code_Packed_Format_for_Japanese",
                "gb18030" => "GB18030",
                name => name,
            },
        }
    }

    /// The bytes, or `None` if a character has none.
    pub(super) fn encode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Charset::Latin1 => text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect(),
            Charset::Latin5 => text.chars().map(latin5).collect(),
            Charset::Utf16 if text.is_empty() => Some(Vec::new()),
            Charset::Utf16 => Some([0xfe, 0xff].into_iter().chain(utf16_be(text)).collect()),
            Charset::Utf16Be => Some(utf16_be(text).collect()),
            Charset::Utf16Le => Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            Charset::Other(encoding) => {
                let (bytes, _, replaced) = encoding.encode(text);
                (!replaced).then(|| bytes.into_owned())
            }
        }
    }

    /// The text, or `None` if bytes stand for no character.
    pub(super) fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Charset::Latin1 => Some(bytes.iter().map(|byte| char::from(*byte)).collect()),
            Charset::Latin5 => Some(bytes.iter().map(|byte| from_latin5(*byte)).collect()),
            Charset::Utf16 => match bytes {
                [0xff, 0xfe, rest @ ..] => from_utf16(rest, u16::from_le_bytes),
                [0xfe, 0xff, rest @ ..] => from_utf16(rest, u16::from_be_bytes),
                _ => from_utf16(bytes, u16::from_be_bytes),
            },
            Charset::Utf16Be => from_utf16(bytes, u16::from_be_bytes),
            Charset::Utf16Le => from_utf16(bytes, u16::from_le_bytes),
            Charset::Other(encoding) => {
                let (text, _) = encoding.decode_without_bom_handling(bytes);
                (!text.contains('\u{fffd}')).then(|| text.into_owned())
            }
        }
    }
}

fn latin5(c: char) -> Option<u8> {
    let byte = |c: char| u8::try_from(u32::from(c)).ok();
    match TURKISH.iter().find(|(_, turkish)| *turkish == c) {
        Some((place, _)) => byte(*place),
        None if TURKISH.iter().any(|(place, _)| *place == c) => None,
        None => byte(c),
    }
}

fn from_latin5(byte: u8) -> char {
    let c = char::from(byte);
    TURKISH.iter().find(|(place, _)| *place == c).map_or(c, |(_, turkish)| *turkish)
}

fn utf16_be(text: &str) -> impl Iterator<Item = u8> + '_ {
    text.encode_utf16().flat_map(u16::to_be_bytes)
}

fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16(&units).ok().filter(|text| !text.contains('\u{fffd}'))
}
