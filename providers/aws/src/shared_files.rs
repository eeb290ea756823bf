//! The files that AWS's tools share, `~/.aws/config` and `~/.aws/credentials`, and their profiles.
//!
//! What must hold: a profile that was named and is not there is an error. The SDK would go on to the
//! next source, on a machine of AWS its instance's role, and work with rights that nobody meant.
// The types have a new home in a crate that is not meant for use.
#![allow(deprecated)]

use aws_config::profile::profile_file::{ProfileFileKind, ProfileFiles};
use aws_types::os_shim_internal::{Env, Fs};
use kprov_core::Path;
use kprov_provider::ProviderError;

use crate::api::chain;
use crate::credentials::SUMMARY;
use crate::fields::Fields;

/// shared_config_files, shared_credentials_files; where they are not set, the user's own.
pub(crate) fn files(config: Fields<'_>) -> ProfileFiles {
    let mut files = ProfileFiles::builder();
    for (name, kind) in [
        ("shared_config_files", ProfileFileKind::Config),
        ("shared_credentials_files", ProfileFileKind::Credentials),
    ] {
        let paths = config.strings(name);
        if paths.is_empty() {
            files = match kind {
                ProfileFileKind::Config => files.include_default_config_file(true),
                _ => files.include_default_credentials_file(true),
            };
        }
        for path in paths {
            files = files.with_file(kind, path);
        }
    }
    files.build()
}

/// The profile that is meant must be in one of the shared files.
///
/// # Errors
/// When it is not, or when a file cannot be read.
pub(crate) async fn check_profile(name: &str, files: &ProfileFiles) -> Result<(), ProviderError> {
    let fail = |message: String| {
        Err(ProviderError::rejected(SUMMARY, message).at(Path::attribute("profile")))
    };
    let (fs, env) = (Fs::real(), Env::real());
    let sections = aws_config::profile::load(&fs, &env, files, Some(name.to_owned().into()));
    match sections.await {
        Ok(found) if found.get_profile(name).is_some() => Ok(()),
        Ok(found) => {
            let mut known: Vec<&str> = found.profiles().collect();
            known.sort_unstable();
            let known = match known.is_empty() {
                true => "they have none".to_owned(),
                false => format!("they have {}", known.join(", ")),
            };
            fail(format!("The profile {name:?} is in none of the shared files: {known}."))
        }
        Err(error) => fail(format!("The shared files cannot be read: {}.", chain(&error))),
    }
}
