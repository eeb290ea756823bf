//! From a node document to user data, as cloud-config or Ignition, and back. Pure. `kprov node render` and the module
//! `kprov//node` (by `provider::node::user_data`) both come here, so that there is one text.
//!
//! What holds: `document_of(user_data(d)) == d`; nothing larger than EC2 takes is given out; files are packed only where they
//! would not fit otherwise, so that user data can be read, and so that another version of what packs changes no launch template.

mod back;
mod cloud;
mod ignition;
mod parts;
#[cfg(test)]
mod tests;

use crate::document::Document;
use crate::problem::Problem;

pub use back::document_of;
pub use parts::{Disk, Program};

/// EC2 takes so many bytes of user data, before they are encoded for its API.
pub const LARGEST: usize = 16 * 1024;

/// Where the document is on the machine.
const DOCUMENT: &str = "/etc/kprov/node.yaml";
const FETCH: &str = "/etc/kprov/fetch.sh";
const UNIT: &str = "kprov-node.service";

/// What reads user data on the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// `#cloud-config`, for images with cloud-init.
    #[default]
    CloudConfig,
    /// Ignition 3.4, for Flatcar and Fedora CoreOS.
    Ignition,
}

impl Format {
    /// By its name in modules: `cloud-config` or `ignition`.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn named(name: &str) -> Result<Format, Problem> {
        match name {
            "cloud-config" => Ok(Format::CloudConfig),
            "ignition" => Ok(Format::Ignition),
            other => Err(Problem::new(
                "There is no such form of user data",
                format!("A format is cloud-config or ignition, not {other:?}."),
            )),
        }
    }
}

/// The machine that user data are for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// What its image reads.
    pub format: Format,
    /// Where it gets kprov from; `None`: its image has it at `/opt/kprov/bin/kprov`.
    pub program: Option<Program>,
    /// A volume that is formatted, if it is empty, and mounted before the node starts.
    pub disk: Option<Disk>,
}

impl Machine {
    /// Whether user data can say this.
    ///
    /// # Errors
    /// When the program's place or the disk is wrong.
    pub fn check(&self) -> Result<(), Problem> {
        self.disk.as_ref().map_or(Ok(()), Disk::check)?;
        self.program.as_ref().map(Program::script).transpose().map(drop)
    }
}

/// What stands in user data, whatever form they have.
struct Content<'a> {
    /// Path, permission bits, text.
    files: Vec<(&'static str, u32, &'a str)>,
    unit: String,
    disk: Option<&'a Disk>,
    packed: bool,
}

/// User data that make a machine the node of this document.
///
/// # Errors
/// When the document or what is said of the machine is wrong, or it is too large.
pub fn user_data(document: &str, machine: &Machine) -> Result<String, Problem> {
    Document::parse(document)
        .map_err(|faults| Problem::new("The node document is wrong", faults.to_string()))?;
    machine.check()?;
    let script = machine.program.as_ref().map(Program::script).transpose()?;
    let mut files = vec![(DOCUMENT, 0o600, document)];
    files.extend(script.iter().map(|script| (FETCH, 0o700, script.as_str())));
    let unit = parts::unit(machine);
    let mut content = Content { files, unit, disk: machine.disk.as_ref(), packed: false };
    let render = match machine.format {
        Format::CloudConfig => cloud::render,
        Format::Ignition => ignition::render,
    };
    let plain = render(&content);
    if plain.len() <= LARGEST {
        return Ok(plain);
    }
    content.packed = true;
    let packed = render(&content);
    if packed.len() <= LARGEST {
        return Ok(packed);
    }
    let detail = format!(
        "They are of {} bytes, compressed, and EC2 takes {LARGEST}. Move large files of the document to the PKI tree or to \
         artifacts.",
        packed.len()
    );
    Err(Problem::new("The user data are too large", detail))
}
