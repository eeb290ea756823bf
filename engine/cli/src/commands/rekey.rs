//! `state rekey`

use std::sync::Arc;

use kprov_core::Diagnostic;
use kprov_ops::state_rekey;
use kprov_state::{GivenKey, KeyFile, KeySource, Passphrase, Vault};

use super::apply::lock_options;
use crate::args::{RekeyFlags, RekeyTo, StateFlags};
use crate::failure::Failure;
use crate::session::Session;
use crate::{keys, output};

const NEW_KEY: &str = "KPROV_STATE_NEW_KEY";
const NEW_PASSPHRASE: &str = "KPROV_STATE_NEW_PASSPHRASE";

/// Changes the key.
pub(crate) fn run(
    session: &Session,
    state: &StateFlags,
    flags: &RekeyFlags,
) -> Result<(), Failure> {
    let to = chosen(session, flags)?;
    let target = target(session, flags, to)?;
    let place = target.place();
    let project = session.project(state.state.as_deref())?;
    let vault = Vault::of(vec![target]);
    if !state_rekey(&project, &vault, flags.data, lock_options(&state.lock))? {
        output::line("There are no secrets in this state: no key is in use.");
        return Ok(());
    }
    let sealed = if flags.data { "Every secret is sealed anew. " } else { "" };
    output::line(&format!("{sealed}The state's key comes from {place} now."));
    let variable = match to {
        RekeyTo::File if flags.key_file.is_some() => keys::KEY_FILE,
        RekeyTo::File => return Ok(()),
        RekeyTo::Env => keys::KEY,
        RekeyTo::Passphrase => keys::PASSPHRASE,
        RekeyTo::Kms => keys::KMS_KEY,
    };
    output::line(&format!("From now on every command needs {variable} to find it."));
    Ok(())
}

fn chosen(session: &Session, flags: &RekeyFlags) -> Result<RekeyTo, Diagnostic> {
    let set = |name: &str| keys::set(&session.host, name);
    let contradicts = match flags.to {
        Some(to) => {
            flags.key_file.is_some() && to != RekeyTo::File
                || flags.kms_key.is_some() && to != RekeyTo::Kms
        }
        None => false,
    };
    if contradicts {
        return Err(Diagnostic::error(
            "Contradictory options",
            "-key-file goes with -to=file only, -kms-key with -to=kms only. Nothing was changed.",
        ));
    }
    Ok(match (flags.to, &flags.key_file, &flags.kms_key) {
        (Some(to), _, _) => to,
        (None, Some(_), _) => RekeyTo::File,
        (None, None, Some(_)) => RekeyTo::Kms,
        (None, None, None) if set(keys::KMS_KEY).is_some() => RekeyTo::Kms,
        (None, None, None) if set(keys::KEY).is_some() => RekeyTo::Env,
        (None, None, None) if set(keys::PASSPHRASE).is_some() => RekeyTo::Passphrase,
        (None, None, None) => RekeyTo::File,
    })
}

fn target(
    session: &Session,
    flags: &RekeyFlags,
    to: RekeyTo,
) -> Result<Arc<dyn KeySource>, Diagnostic> {
    let host = &session.host;
    let set = |name: &str| keys::set(host, name);
    let missing =
        |what: &str| Diagnostic::error("No new key", format!("{what} Nothing was changed."));
    Ok(match to {
        RekeyTo::File => match &flags.key_file {
            Some(path) => Arc::new(KeyFile::at(path)),
            None => Arc::new(KeyFile::of_user(&**host)),
        },
        RekeyTo::Env => {
            let found = [NEW_KEY, keys::KEY].into_iter().find_map(|name| Some((name, set(name)?)));
            let (name, text) = found.ok_or_else(|| {
                missing("Set KPROV_STATE_NEW_KEY to the base64 text of 32 random bytes.")
            })?;
            Arc::new(GivenKey::parse(name, &text))
        }
        RekeyTo::Passphrase => {
            let names = [NEW_PASSPHRASE, keys::PASSPHRASE];
            let found = names.into_iter().find_map(|name| Some((name, set(name)?)));
            let (name, words) = found
                .ok_or_else(|| missing("Set KPROV_STATE_NEW_PASSPHRASE to the passphrase."))?;
            Arc::new(Passphrase::new(name, words))
        }
        RekeyTo::Kms => {
            let key = flags.kms_key.clone().or_else(|| set(keys::KMS_KEY));
            let key = key.ok_or_else(|| missing("Name the key of AWS KMS with -kms-key."))?;
            Arc::new(keys::kms(host, &key))
        }
    })
}
