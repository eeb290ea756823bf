//! [`Bundled`]: the modules that come with the program, `source = "kprov//NAME"`. Their text is in
//! `modules/` at the top of the repository.

use kprov_lang::config::EmbeddedModules;

/// Names, and the files of each.
const MODULES: &[(&str, &[(&str, &str)])] =
    &[("subnets", &[("main.tf", include_str!("../../../modules/subnets/main.tf"))])];

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bundled;

impl EmbeddedModules for Bundled {
    fn files(&self, name: &str) -> Option<Vec<(String, String)>> {
        let (_, files) = MODULES.iter().find(|(module, _)| *module == name)?;
        Some(files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect())
    }

    fn names(&self) -> Vec<String> {
        MODULES.iter().map(|(name, _)| (*name).to_owned()).collect()
    }
}
