//! Every source of keys; keys that are lost or wrong.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use kprov_core::Host;
use kprov_state::{
    GivenKey, KeyDescription, KeyError, KeyFile, KeyKind, KeyService, KeySource, KmsKey,
    Passphrase, SecretKey, StateError, Store, Vault, fingerprint,
};
use rusqlite::Connection;

use crate::support::*;
use crate::{open_with, secret_object};

fn passphrase(words: &str) -> Vault {
    Vault::of(vec![Arc::new(Passphrase::new("WORDS", words.to_owned()).costing(64, 1))])
}

/// A service that encrypts by turning bytes around, for one key.
#[derive(Debug)]
struct Service(&'static str, Mutex<u64>);

impl KeyService for Service {
    fn generate(&self, key: &str) -> Result<(SecretKey, Vec<u8>), String> {
        if key != self.0 {
            return Err(format!("NotFoundException: {key}"));
        }
        *self.1.lock().unwrap() += 1;
        let made: SecretKey = [9; 32].into();
        let encrypted = made.iter().map(|byte| !byte).collect();
        Ok((made, encrypted))
    }

    fn decrypt(&self, key: &str, ciphertext: &[u8]) -> Result<SecretKey, String> {
        if key != self.0 {
            return Err("IncorrectKeyException: it was encrypted with another key".to_owned());
        }
        *self.1.lock().unwrap() += 1;
        let plain: Vec<u8> = ciphertext.iter().map(|byte| !byte).collect();
        Ok(<[u8; 32]>::try_from(plain).unwrap().into())
    }
}

fn kms(key: &str) -> Vault {
    Vault::of(vec![Arc::new(KmsKey::new(key, Arc::new(Service("alias/one", Mutex::new(0)))))])
}

/// The environment and nothing else.
#[derive(Debug, Default)]
struct Environment(Vec<(&'static str, String)>);

impl Host for Environment {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(3);
    }

    fn env(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone())
    }
}

/// A store that `right` has sealed opens with it and not with `wrong`, which is told with `texts`, and
/// changes nothing.
fn check(right: &Vault, wrong: &Vault, texts: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    let object = secret_object("1");
    write(&open_with(&path, right.clone()).unwrap(), &[set(&current("a"), object.clone())]);
    let again = open_with(&path, right.clone()).unwrap();
    assert_eq!(again.read("default").unwrap().objects[&current("a")], object);
    drop(again);
    let before = std::fs::read(&path).unwrap();
    let store = open_with(&path, wrong.clone()).unwrap();
    let error = store.read("default").unwrap_err();
    let told = chain(&error);
    for text in texts {
        assert!(told.contains(text), "{told:?} lacks {text:?}");
    }
    let run = store.begin_run("default", started(), AT).unwrap();
    let other = set(&current("b"), secret_object("2"));
    let error = store.append("default", run, AT, &[other]).unwrap_err();
    assert!(matches!(error, StateError::Sealed { .. }), "{error:?}");
    assert_eq!(store.outline("default").unwrap().objects.len(), 1);
    drop(store);
    // The run was begun; the object is as it was.
    assert_ne!(std::fs::read(&path).unwrap(), before);
    let objects = open_with(&path, right.clone()).unwrap().read("default").unwrap().objects;
    assert_eq!(objects.len(), 1);
}

fn chain(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(error.source(), |error| error.source());
    sources.fold(error.to_string(), |text, source| format!("{text}: {source}"))
}

#[test]
fn every_source_opens_what_it_sealed() {
    let given = Vault::with_key([1; 32]);
    let wanted = fingerprint(&[1; 32].into());
    check(&given, &Vault::with_key([2; 32]), &[&wanted, "the program", "another one"]);
    check(&given, &passphrase("long enough"), &[&wanted, "KPROV_STATE_KEY"]);
    check(&given, &Vault::none(), &["no key was given"]);
    let words = passphrase("correct horse");
    check(&words, &passphrase("battery staple"), &["a passphrase", "WORDS", "another one"]);
    check(&kms("alias/one"), &kms("alias/two"), &["alias/one", "IncorrectKeyException"]);
}

#[test]
fn a_key_file_is_made_once_for_its_owner() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a/b/state.key");
    let here = Vault::of(vec![Arc::new(KeyFile::at(&path))]);
    let elsewhere = directory.path().join("other.key");
    let lost = Vault::of(vec![Arc::new(KeyFile::at(&elsewhere))]);
    check(&here, &lost, &["key file with the fingerprint", "there is no file", "other.key"]);
    assert!(!elsewhere.exists() || elsewhere.metadata().is_ok());
    let before = std::fs::read(&path).unwrap();
    check(&here, &Vault::with_key([2; 32]), &["key file"]);
    assert_eq!(std::fs::read(&path).unwrap(), before, "one for all stores");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    }
    let names = std::fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(names, 1, "nothing is left beside it");
}

#[test]
fn a_lost_key_file_is_not_made_again() {
    let directory = tempfile::tempdir().unwrap();
    let (path, key) = (directory.path().join("kprov.db"), directory.path().join("state.key"));
    let vault = Vault::of(vec![Arc::new(KeyFile::at(&key))]);
    write(&open_with(&path, vault.clone()).unwrap(), &[set(&current("a"), secret_object("1"))]);
    std::fs::remove_file(&key).unwrap();
    let store = open_with(&path, vault).unwrap();
    let error = store.read("default").unwrap_err();
    assert!(matches!(&error, StateError::Sealed { source: KeyError::Missing { .. }, .. }));
    let run = store.begin_run("default", started(), AT).unwrap();
    store.append("default", run, AT, &[set(&current("b"), secret_object("2"))]).unwrap_err();
    assert!(!key.exists());
}

#[test]
fn the_key_file_is_found_by_the_environment() {
    let place = |pairs: &[(&'static str, &str)]| {
        let pairs = pairs.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        KeyFile::of_user(&Environment(pairs)).place()
    };
    assert_eq!(place(&[("HOME", "/h")]), "the file /h/.config/kprov/state.key");
    assert_eq!(place(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")]), "the file /x/kprov/state.key");
    assert_eq!(
        place(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "relative")]),
        "the file /h/.config/kprov/state.key"
    );
    assert_eq!(place(&[("XDG_CONFIG_HOME", "/x"), ("KPROV_STATE_KEY_FILE", "/k")]), "the file /k");
    let nowhere = KeyFile::of_user(&Environment::default());
    let why = nowhere.provide(&Environment::default()).unwrap_err();
    assert!(why.contains("HOME") && why.contains("KPROV_STATE_KEY_FILE"), "{why}");
}

#[test]
fn where_no_key_can_be_made_secrets_are_refused_and_the_rest_works() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    let vault = Vault::of(vec![Arc::new(KeyFile::of_user(&Environment::default()))]);
    let store = open_with(&path, vault).unwrap();
    write(&store, &[set(&current("a"), object("1"))]);
    let run = store.begin_run("default", started(), AT).unwrap();
    let error =
        store.append("default", run, AT, &[set(&current("b"), secret_object("2"))]).unwrap_err();
    assert!(chain(&error).contains("KPROV_STATE_KEY_FILE"), "{}", chain(&error));
    assert_eq!(store.read("default").unwrap().objects.len(), 1);
}

#[test]
fn what_is_no_key_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.key");
    let host = Environment::default();
    for text in ["", "# nothing\n", "hello\n", "AAAA\n", "\u{1F511}"] {
        std::fs::write(&path, text).unwrap();
        let why = KeyFile::at(&path).provide(&host).unwrap_err();
        assert!(why.contains("is no key file"), "{text:?}: {why}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "it is not overwritten");
        let why = GivenKey::parse("NAME", text).provide(&host).unwrap_err();
        assert!(why.contains("NAME") && !why.contains("hello"), "{why}");
    }
    let why = Passphrase::new("NAME", "short".to_owned()).provide(&host).unwrap_err();
    assert!(why.contains("NAME") && !why.contains("short"), "{why}");
}

#[test]
fn a_description_cannot_ask_for_all_memory() {
    let asks = |memory, passes, lanes| KeyDescription::Passphrase {
        salt: vec![0; 16],
        memory,
        passes,
        lanes,
    };
    let words = Passphrase::new("NAME", "long enough".to_owned());
    for description in [asks(u32::MAX, 1, 1), asks(64, u32::MAX, 1), asks(64, 1, u32::MAX)] {
        assert!(words.find(&description).unwrap_err().contains("damaged"));
    }
    assert!(words.find(&asks(0, 0, 0)).is_err());
    assert_eq!(asks(64, 1, 1).kind(), KeyKind::Passphrase);
}

#[test]
fn a_damaged_description_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    let vault = Vault::with_key([1; 32]);
    write(&open_with(&path, vault.clone()).unwrap(), &[set(&current("a"), secret_object("1"))]);
    let connection = Connection::open(&path).unwrap();
    let wrapped: String =
        connection.query_row("SELECT wrapped FROM data_keys", [], |row| row.get(0)).unwrap();
    let cases = [
        ("".to_owned(), "description of its key"),
        ("{}".to_owned(), "description of its key"),
        (wrapped.replace("\"version\":1", "\"version\":9"), "use a newer kprov"),
        (wrapped.replace("\"given\"", "\"odd\""), "description of its key"),
        (wrapped.replace("\"given\"", "\"file\""), "key file"),
    ];
    for (text, words) in cases {
        connection.execute("UPDATE data_keys SET wrapped = ?1", [&text]).unwrap();
        let error = open_with(&path, vault.clone()).unwrap().read("default").unwrap_err();
        assert!(chain(&error).contains(words), "{text}: {}", chain(&error));
    }
}

#[test]
fn documents_open_with_their_key_only() {
    let host = TestHost::shared();
    let (right, wrong) = (Vault::with_key([1; 32]), Vault::with_key([2; 32]));
    let sealed = right.seal_document("plan", b"content", &*host).unwrap();
    assert_eq!(right.open_document("plan", &sealed).unwrap(), b"content");
    assert!(matches!(wrong.open_document("plan", &sealed), Err(KeyError::Wrong { .. })));
    assert!(matches!(right.open_document("other", &sealed), Err(KeyError::Damaged { .. })));
    for length in 0..sealed.len() {
        right.open_document("plan", &sealed[..length]).unwrap_err();
    }
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        right.open_document("plan", &changed).unwrap_err();
    }
}
