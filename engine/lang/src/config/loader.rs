//! Loads the module tree: the files of a directory, overrides merged, calls followed.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use kprov_core::{Diagnostic, Diagnostics, ModulePath};

use super::decoder::Decoder;
use super::{Module, ModuleCall, ModuleTree, calls};
use crate::ast::Body;
use crate::{FileError, Files, SourceMap};

/// Modules that come with the binary: `source = "kprov//NAME"`.
pub trait EmbeddedModules: Send + Sync + fmt::Debug {
    /// File names and texts of the module, or `None` if there is none of that name.
    fn files(&self, name: &str) -> Option<Vec<(String, String)>>;

    /// All names, for "did you mean".
    fn names(&self) -> Vec<String>;
}

/// What a source of an embedded module begins with.
const EMBEDDED: &str = "kprov//";

/// How deep calls may be nested. Links in the file system can make endless chains of directories
/// that all have different names, so a limit is needed besides the search for cycles.
const MAX_DEPTH: usize = 50;

/// How many modules there may be, for trees in which such chains branch.
const MAX_MODULES: usize = 20_000;

/// Loads the module in `dir` and all that it calls. Every problem of every file is reported; what
/// could be read is returned.
pub fn load_tree(
    files: &dyn Files,
    sources: &SourceMap,
    embedded: &dyn EmbeddedModules,
    dir: &str,
) -> (ModuleTree, Diagnostics) {
    let mut loader = Loader::new(files, sources, embedded);
    let root = loader.root(dir);
    loader.root_is_wrong = loader.problems.has_errors();
    loader.open.push(root.dir.clone());
    loader.add(ModulePath::root(), root);
    calls::check(&loader.tree, sources, &mut loader.problems);
    (loader.tree, loader.problems)
}

/// The module in `dir` alone: what it calls is not looked at.
pub fn load_root(
    files: &dyn Files,
    sources: &SourceMap,
    embedded: &dyn EmbeddedModules,
    dir: &str,
) -> (Arc<Module>, Diagnostics) {
    let mut loader = Loader::new(files, sources, embedded);
    let root = loader.root(dir);
    (root, loader.problems)
}

/// The names of a directory's configuration files, sorted; none means that it is no module.
///
/// # Errors
/// When the directory cannot be listed.
pub fn configuration_files(files: &dyn Files, dir: &str) -> Result<Vec<String>, FileError> {
    let mut names = files.list(dir)?;
    names.retain(|name| {
        let ignored = name.starts_with('.')
            || name.ends_with('~')
            || (name.starts_with('#') && name.ends_with('#'));
        !ignored && (name.ends_with(".tf") || name.ends_with(".tf.json"))
    });
    Ok(names)
}

/// Where a module's files are.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Location {
    /// A directory, cleaned.
    Disk(String),
    /// An embedded module by name.
    Embedded(String),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::Disk(dir) => f.write_str(dir),
            Location::Embedded(name) => write!(f, "{EMBEDDED}{name}"),
        }
    }
}

struct Loader<'a> {
    files: &'a dyn Files,
    sources: &'a SourceMap,
    embedded: &'a dyn EmbeddedModules,
    tree: ModuleTree,
    problems: Diagnostics,
    /// Modules that were read: each location once.
    loaded: HashMap<Location, Arc<Module>>,
    /// Directories of the modules on the way from the root to the current one.
    open: Vec<String>,
    /// The root module has errors, which are to be mended before missing modules are looked for.
    root_is_wrong: bool,
}

impl<'a> Loader<'a> {
    fn new(
        files: &'a dyn Files,
        sources: &'a SourceMap,
        embedded: &'a dyn EmbeddedModules,
    ) -> Loader<'a> {
        Loader {
            files,
            sources,
            embedded,
            tree: ModuleTree::default(),
            problems: Diagnostics::new(),
            loaded: HashMap::new(),
            open: Vec::new(),
            root_is_wrong: false,
        }
    }

    /// The root module; an empty one where it cannot be read.
    fn root(&mut self, dir: &str) -> Arc<Module> {
        let why = match self.read(&Location::Disk(clean(dir))) {
            Ok(module) => return module,
            Err(why) => why,
        };
        self.problems.push(Diagnostic::error(
            "Failed to read module directory",
            format!("The configuration cannot be read: {why}."),
        ));
        Arc::new(Module { dir: ".".to_owned(), ..Module::default() })
    }
}

impl Loader<'_> {
    /// Puts a module into the tree and follows its calls.
    fn add(&mut self, path: ModulePath, module: Arc<Module>) {
        self.tree.modules.insert(path.clone(), module.clone());
        for call in module.calls.values() {
            if self.tree.modules.len() >= MAX_MODULES {
                self.at_call(
                    call,
                    "Too many modules",
                    format!("The configuration has more than {MAX_MODULES} module calls."),
                );
                return;
            }
            let Some(child) = self.call(&module.dir, call) else { continue };
            self.open.push(child.dir.clone());
            self.add(path.child(&call.name), child);
            self.open.pop();
        }
    }

    /// Reads the module that is called.
    fn call(&mut self, dir: &str, call: &ModuleCall) -> Option<Arc<Module>> {
        let location = match resolve(dir, &call.source) {
            Ok(location) => location,
            Err(why) => {
                self.at_call(call, "Unsupported module source", why);
                return None;
            }
        };
        let shown = location.to_string();
        if self.open.contains(&shown) {
            let way = self.open.join(" -> ");
            self.at_call(
                call,
                "Module calls itself",
                format!("A module cannot contain itself: {way} -> {shown}."),
            );
            return None;
        }
        if self.open.len() >= MAX_DEPTH {
            self.at_call(
                call,
                "Module calls are nested too deeply",
                format!(
                    "There are more than {MAX_DEPTH} modules inside one another, the last in \
                     {shown}. A symbolic link that leads back to a directory above can be the \
                     reason."
                ),
            );
            return None;
        }
        match self.read(&location) {
            Ok(module) => Some(module),
            Err(why) => {
                if !self.root_is_wrong {
                    self.at_call(call, "Unreadable module directory", why);
                }
                None
            }
        }
    }

    fn at_call(&mut self, call: &ModuleCall, summary: &str, detail: String) {
        let range = self.sources.range(call.span);
        self.problems.push(Diagnostic::error(summary, detail).at(range));
    }

    fn read(&mut self, location: &Location) -> Result<Arc<Module>, String> {
        if let Some(module) = self.loaded.get(location) {
            return Ok(module.clone());
        }
        let texts = match location {
            Location::Disk(dir) => self.texts_on_disk(dir)?,
            Location::Embedded(name) => self.texts_embedded(name)?,
        };
        let (mut primary, mut overrides) = (Vec::new(), Vec::new());
        for (name, text) in texts {
            let body = self.parse(location, &name, text);
            if name == "override.tf" || name.ends_with("_override.tf") {
                overrides.push(body);
            } else {
                primary.push(body);
            }
        }
        let mut decoder = Decoder::new(self.sources);
        let module = Arc::new(decoder.module(&location.to_string(), primary, overrides));
        self.problems.extend(decoder.problems);
        self.loaded.insert(location.clone(), module.clone());
        Ok(module)
    }

    fn texts_on_disk(&self, dir: &str) -> Result<Vec<(String, Vec<u8>)>, String> {
        let names = configuration_files(self.files, dir).map_err(|error| error.to_string())?;
        let read = |name: String| match self.files.read(&join(dir, &name)) {
            Ok(bytes) => Ok((name, bytes)),
            Err(error) => Err(error.to_string()),
        };
        names.into_iter().map(read).collect()
    }

    fn texts_embedded(&self, name: &str) -> Result<Vec<(String, Vec<u8>)>, String> {
        let Some(files) = self.embedded.files(name) else {
            let names = self.embedded.names();
            let hint = nearest_module(name, &names);
            return Err(format!(
                "There is no embedded module named \"{name}\".{hint} Embedded modules: {}.",
                if names.is_empty() { "none".to_owned() } else { names.join(", ") }
            ));
        };
        let wanted = |(name, _): &(String, String)| name.ends_with(".tf");
        let mut files: Vec<_> = files.into_iter().filter(wanted).collect();
        files.sort();
        Ok(files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect())
    }

    fn parse(&mut self, location: &Location, name: &str, bytes: Vec<u8>) -> Body {
        let shown = match location {
            Location::Disk(dir) => join(dir, name),
            Location::Embedded(_) => format!("{location}/{name}"),
        };
        if name.ends_with(".json") {
            let file = self.sources.add(shown, "");
            let at = self.sources.range(crate::Span { file, start: 0, end: 0 });
            self.problems.push(
                Diagnostic::error(
                    "JSON configuration is not supported",
                    format!(
                        "{name}: kprov cannot read .tf.json files yet. Write it as a .tf file."
                    ),
                )
                .at(at),
            );
            return Body::default();
        }
        let (body, problems) = crate::syntax::parse_bytes(self.sources, &shown, bytes);
        self.problems.extend(problems);
        body
    }
}

/// " Did you mean ...?": the module that is spelt alike, or whose last part is: `vpc` for `aws/vpc`.
fn nearest_module(name: &str, names: &[String]) -> String {
    let alike = super::decoder::did_you_mean(name, names.iter().map(String::as_str));
    if !alike.is_empty() {
        return alike;
    }
    let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let same = names.iter().find(|known| last(known) == last(name));
    same.map_or_else(String::new, |known| format!(" Did you mean \"{known}\"?"))
}

/// Where a source leads, seen from a module.
fn resolve(dir: &str, source: &str) -> Result<Location, String> {
    let local =
        source.starts_with("./") || source.starts_with("../") || source == "." || source == "..";
    if let Some(name) = source.strip_prefix(EMBEDDED) {
        return match clean(name) {
            name if name == "." || name.starts_with("..") || name.starts_with('/') => {
                Err(format!("{source:?} names no embedded module: write \"kprov//NAME\"."))
            }
            name => Ok(Location::Embedded(name)),
        };
    }
    if !local {
        return Err(format!(
            "The source {source:?} is neither a local path nor an embedded module. kprov loads \
             modules from local paths, which begin with \"./\" or \"../\", and from the binary, \
             \"kprov//NAME\"; registries, git and other addresses are not supported yet. Copy the \
             module into a directory and refer to that."
        ));
    }
    match dir.strip_prefix(EMBEDDED) {
        None => Ok(Location::Disk(clean(&join(dir, source)))),
        Some(name) => match clean(&join(name, source)) {
            outside if outside == "." || outside.starts_with("..") => {
                Err(format!("{source:?} leads out of the embedded modules."))
            }
            inside => Ok(Location::Embedded(inside)),
        },
    }
}

/// `name` in `dir`, without a `./` in front.
fn join(dir: &str, name: &str) -> String {
    if dir == "." { name.to_owned() } else { format!("{}/{name}", dir.trim_end_matches('/')) }
}

/// The shortest form of a path: no `.`, `..` only in front, "." for nothing.
fn clean(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if absolute => {}
            part => parts.push(part),
        }
    }
    match (absolute, parts.join("/")) {
        (true, rest) => format!("/{rest}"),
        (false, rest) if rest.is_empty() => ".".to_owned(),
        (false, rest) => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::{clean, nearest_module};

    #[test]
    fn paths_are_cleaned() {
        let check = |path: &str, expected: &str| assert_eq!(clean(path), expected, "{path}");
        check("./m", "m");
        check("a/../b//c/.", "b/c");
        check("../x/../y", "../y");
        check("./", ".");
        check("a/..", ".");
        check("/a/../../b", "/b");
    }

    #[test]
    fn modules_are_found_by_their_last_part() {
        let names = ["aws/nlb", "aws/vpc", "subnets"].map(str::to_owned);
        let check = |given: &str, hint: &str| assert_eq!(nearest_module(given, &names), hint);
        check("aws/vcp", " Did you mean \"aws/vpc\"?");
        check("vpc", " Did you mean \"aws/vpc\"?");
        check("gcp/vpc", " Did you mean \"aws/vpc\"?");
        check("subnet", " Did you mean \"subnets\"?");
        check("dns", "");
    }
}
