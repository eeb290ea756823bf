//! Addresses from text, as users type them (`-target`, `state mv`) and state files hold them.

use std::fmt;
use std::str::FromStr;

use super::steps::{Step, StepKind, steps};
use super::{
    InstanceAddr, InstanceKey, ModuleAddr, ModulePath, ProviderAddr, ProviderConfigAddr,
    ResourceAddr, ResourceMode, ResourceName,
};
use crate::Str;

/// The text is not an address of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseAddrError {
    /// What is wrong, in a sentence.
    pub message: String,
}

/// What `-target`, `-exclude`, `-replace`, `moved`, `removed`, `state rm` ... name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A module and all inside; the last step's key may be `None` for all its instances.
    Module(ModuleAddr),
    /// A resource with all instances (when key is `None`), or one instance.
    Resource(InstanceAddr),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Module(module) => write!(f, "{module}"),
            Target::Resource(instance) => write!(f, "{instance}"),
        }
    }
}

/// `module.a[0].aws_subnet.x["a"]` or `module.a`.
///
/// # Errors
/// When the text is neither.
pub fn parse_target(text: &str) -> Result<Target, ParseAddrError> {
    let mut reader = Reader::new(text)?;
    let module = reader.module()?;
    if reader.is_done() {
        return Ok(Target::Module(module));
    }
    let resource = reader.resource()?;
    let key = reader.key();
    reader.end()?;
    Ok(Target::Resource(InstanceAddr { module, resource, key }))
}

/// A resource instance.
///
/// # Errors
/// When the text is something else.
pub fn parse_instance(text: &str) -> Result<InstanceAddr, ParseAddrError> {
    match parse_target(text)? {
        Target::Resource(instance) => Ok(instance),
        Target::Module(_) => Err(invalid(
            text,
            "it names a module, but a resource instance is needed here, such as aws_vpc.main or \
             module.a.aws_vpc.main[0]",
        )),
    }
}

/// A module instance: `module.a[0].module.b`.
///
/// # Errors
/// When the text is something else.
pub fn parse_module(text: &str) -> Result<ModuleAddr, ParseAddrError> {
    let mut reader = Reader::new(text)?;
    let module = reader.module()?;
    if module.is_root() || !reader.is_done() {
        return Err(reader.fail("expected only module steps, such as module.a[0].module.b,"));
    }
    Ok(module)
}

/// A resource block: `module.a.aws_vpc.main`, as state v4 dependencies are written. Keys, which old
/// states have here, are read over.
///
/// # Errors
/// When the text is something else.
pub fn parse_resource(text: &str) -> Result<ResourceAddr, ParseAddrError> {
    parse_instance(text).map(|instance| instance.config())
}

/// `module.a.provider["registry.terraform.io/hashicorp/aws"].west`, or as very old states have it
/// `module.a.provider.aws.west`.
///
/// # Errors
/// When the text is something else.
pub fn parse_provider_config(text: &str) -> Result<ProviderConfigAddr, ParseAddrError> {
    let mut reader = Reader::new(text)?;
    let module = reader.module()?;
    if module.0.iter().any(|(_, key)| *key != InstanceKey::None) {
        return Err(invalid(
            text,
            "provider configurations belong to modules as written, so no \
                                  keys may follow module names",
        ));
    }
    let module = module.path();
    if !reader.word("provider") {
        return Err(reader.fail("expected \"provider\""));
    }
    let provider = match reader.next() {
        Some(StepKind::Key(InstanceKey::String(source))) => source.parse()?,
        Some(StepKind::Name(name)) if *name == "terraform" => ProviderAddr::builtin(name),
        Some(StepKind::Name(name)) => name.parse()?,
        _ => {
            return Err(reader.fail_before("expected the provider's source in brackets and quotes"));
        }
    };
    let alias = reader.name();
    reader.end()?;
    Ok(ProviderConfigAddr { module, provider, alias })
}

/// Words that begin something else in expressions; a resource type of that name needs `resource.`
/// in front.
const RESERVED: [&str; 10] =
    ["arg", "count", "each", "lazy", "local", "path", "self", "template", "terraform", "var"];

pub(super) fn invalid(text: &str, why: impl fmt::Display) -> ParseAddrError {
    ParseAddrError { message: format!("{text:?} is not a valid address here: {why}.") }
}

/// Goes through the steps of an address.
struct Reader<'t> {
    text: &'t str,
    steps: Vec<Step>,
    at: usize,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Result<Reader<'t>, ParseAddrError> {
        Ok(Reader { text, steps: steps(text)?, at: 0 })
    }

    fn is_done(&self) -> bool {
        self.at == self.steps.len()
    }

    fn peek(&self) -> Option<&StepKind> {
        self.steps.get(self.at).map(|step| &step.kind)
    }

    fn next(&mut self) -> Option<&StepKind> {
        let step = self.steps.get(self.at)?;
        self.at += 1;
        Some(&step.kind)
    }

    /// Takes a name, if one is next.
    fn name(&mut self) -> Option<Str> {
        let name = match self.peek()? {
            StepKind::Name(name) => name.clone(),
            StepKind::Key(_) => return None,
        };
        self.at += 1;
        Some(name)
    }

    /// Takes this very name, if it is next.
    fn word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(StepKind::Name(name)) if *name == word);
        self.at += usize::from(found);
        found
    }

    /// Takes a key, if one is next.
    fn key(&mut self) -> InstanceKey {
        let key = match self.peek() {
            Some(StepKind::Key(key)) => key.clone(),
            _ => return InstanceKey::None,
        };
        self.at += 1;
        key
    }

    fn end(&self) -> Result<(), ParseAddrError> {
        if self.is_done() { Ok(()) } else { Err(self.fail("expected the end")) }
    }

    fn fail(&self, what: &str) -> ParseAddrError {
        match self.steps.get(self.at) {
            Some(step) => invalid(self.text, format_args!("{what} at column {}", step.column)),
            None => invalid(self.text, format_args!("{what}, but the address ends")),
        }
    }

    /// Fails at the step taken last.
    fn fail_before(&mut self, what: &str) -> ParseAddrError {
        if !self.is_done() || self.steps.last().is_some_and(|s| matches!(s.kind, StepKind::Key(_)))
        {
            self.at = self.at.saturating_sub(1);
        }
        self.fail(what)
    }

    /// All module steps in front.
    fn module(&mut self) -> Result<ModuleAddr, ParseAddrError> {
        let mut calls = Vec::new();
        while self.word("module") {
            let name = self.name().ok_or_else(|| self.fail("expected a module call's name"))?;
            calls.push((name, self.key()));
        }
        Ok(ModuleAddr(calls.into()))
    }

    fn resource(&mut self) -> Result<ResourceName, ParseAddrError> {
        let mode = if self.word("data") {
            ResourceMode::Data
        } else if self.word("ephemeral") {
            ResourceMode::Ephemeral
        } else {
            if let Some(StepKind::Name(name)) = self.peek()
                && RESERVED.contains(&name.as_str())
            {
                return Err(self.fail(&format!(
                    "\"{name}\" is a reserved word (put \"resource.\" in front of a resource type \
                     of that name)"
                )));
            }
            self.word("resource");
            ResourceMode::Managed
        };
        let ty = self.name().ok_or_else(|| self.fail("expected a resource type"))?;
        let name = self.name().ok_or_else(|| self.fail("expected a resource name"))?;
        Ok(ResourceName { mode, ty, name })
    }
}

impl FromStr for Target {
    type Err = ParseAddrError;
    fn from_str(text: &str) -> Result<Target, ParseAddrError> {
        parse_target(text)
    }
}

impl FromStr for InstanceAddr {
    type Err = ParseAddrError;
    fn from_str(text: &str) -> Result<InstanceAddr, ParseAddrError> {
        parse_instance(text)
    }
}

/// The empty text is the root module, as `Display` writes it.
impl FromStr for ModuleAddr {
    type Err = ParseAddrError;
    fn from_str(text: &str) -> Result<ModuleAddr, ParseAddrError> {
        if text.is_empty() { Ok(ModuleAddr::root()) } else { parse_module(text) }
    }
}

/// The empty text is the root module, as `Display` writes it.
impl FromStr for ModulePath {
    type Err = ParseAddrError;
    fn from_str(text: &str) -> Result<ModulePath, ParseAddrError> {
        let module: ModuleAddr = text.parse()?;
        if module.0.iter().any(|(_, key)| *key != InstanceKey::None) {
            return Err(invalid(text, "a module as written has no keys"));
        }
        Ok(module.path())
    }
}

impl FromStr for ResourceAddr {
    type Err = ParseAddrError;
    fn from_str(text: &str) -> Result<ResourceAddr, ParseAddrError> {
        parse_resource(text)
    }
}

impl FromStr for ProviderConfigAddr {
    type Err = ParseAddrError;
    fn from_str(text: &str) -> Result<ProviderConfigAddr, ParseAddrError> {
        parse_provider_config(text)
    }
}
