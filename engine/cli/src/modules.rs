//! [`Bundled`]: the modules that come with the program, `source = "kprov//NAME"`. They are all that
//! is in `modules/` at the top of the repository: `build.rs` makes the table.

use kprov_lang::config::EmbeddedModules;

/// Names, and the files of each, both sorted.
const MODULES: &[(&str, &[(&str, &str)])] = include!(concat!(env!("OUT_DIR"), "/modules.rs"));

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_directory_with_configuration_is_a_module() {
        let names = Bundled.names();
        for name in ["aws/asg", "aws/dns", "aws/iam", "aws/nlb", "aws/vpc", "subnets"] {
            assert!(names.iter().any(|it| it == name), "{name} is not among {names:?}");
        }
        let files = Bundled.files("aws/vpc").unwrap();
        assert!(files.iter().any(|(name, text)| name == "variables.tf" && !text.is_empty()));
        assert_eq!(Bundled.files("aws"), None);
    }
}
