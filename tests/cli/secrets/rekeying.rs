//! `state rekey`: each source to each, and death on the way.

use std::time::Duration;

use super::search::{Wanted, files_with};
use super::{SECRET, one, with};
use crate::draw::Draw;
use crate::place::Place;
use crate::program::Running;

const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

type Variables<'v> = &'v [(&'v str, &'v str)];

fn opens(place: &Place, variables: Variables<'_>) -> bool {
    let output = with(place, variables, "output -raw kept");
    match output.code {
        Some(0) => {
            assert_eq!(output.stdout, SECRET);
            true
        }
        _ => {
            let _ = output.fails(&["Sealed state"]);
            false
        }
    }
}

#[test]
fn from_each_source_to_the_next() {
    let place = one();
    let file: Variables<'_> = &[];
    let words: Variables<'_> = &[("KPROV_STATE_PASSPHRASE", "correct horse")];
    let other_words: Variables<'_> = &[("KPROV_STATE_PASSPHRASE", "battery staple")];
    let key: Variables<'_> = &[("KPROV_STATE_KEY", KEY)];
    let named: Variables<'_> = &[("KPROV_STATE_KEY_FILE", "../named.key")];
    let both: Variables<'_> = &[
        ("KPROV_STATE_PASSPHRASE", "correct horse"),
        ("KPROV_STATE_NEW_PASSPHRASE", "battery staple"),
    ];
    // From, with this environment, by this command, to.
    let steps: &[(Variables<'_>, Variables<'_>, &str, Variables<'_>)] = &[
        (file, words, "", words),
        (words, both, "-to passphrase -data", other_words),
        (other_words, &[other_words[0], key[0]], "-to env", key),
        (key, key, "-key-file ../named.key", named),
        (named, named, "-data", named),
        (named, &[named[0], ("KPROV_STATE_NEW_KEY", KEY)], "-to env -data", key),
    ];
    for (from, during, flags, to) in steps {
        assert!(opens(&place, from), "{flags}: before");
        with(&place, during, &format!("state rekey {flags}")).succeeds().hides(SECRET);
        assert!(opens(&place, to), "{flags}: with the new key");
        assert!(from == to || !opens(&place, from), "{flags}: with the old key");
        with(&place, to, "state fsck").succeeds();
    }
}

#[test]
fn what_is_missing_is_told() {
    let place = one();
    let before = place.content();
    place.kprov("state rekey -to env").fails(&["KPROV_STATE_NEW_KEY"]);
    place.kprov("state rekey -to passphrase").fails(&["KPROV_STATE_NEW_PASSPHRASE"]);
    place.kprov("state rekey -to kms").fails(&["-kms-key"]);
    place.kprov("state rekey -to nowhere").exits(1);
    place.kprov("state rekey -to env -key-file x").fails(&["-key-file"]);
    let short = [("KPROV_STATE_NEW_PASSPHRASE", "short")];
    with(&place, &short, "state rekey -to passphrase").fails(&["KPROV_STATE_NEW_PASSPHRASE"]);
    assert_eq!(place.content(), before);
    let empty = Place::new("");
    empty.kprov("state rekey -data").succeeds().says(&["no secrets"]);
}

/// Killed at drawn moments, to and fro: the old or the new key opens it, and it is whole.
#[test]
fn whenever_it_is_killed_one_key_opens_it() {
    let place = one();
    let file: Variables<'_> = &[];
    let key: Variables<'_> = &[("KPROV_STATE_KEY", KEY)];
    let mut draw = Draw(4711);
    let (mut killed, mut changed) = (0, 0);
    let mut now_file = true;
    for round in 0..30 {
        let to = if now_file { "env" } else { "file" };
        let mut command = place.command(&["state", "rekey", "-data", "-to", to]);
        command.envs(key.iter().copied());
        let mut running = Running::start(command);
        if running.ends_within(Duration::from_micros(draw.below(60_000) as u64)) {
            running.finish().succeeds();
        } else {
            running.kill();
            killed += 1;
        }
        let (by_file, by_key) = (opens(&place, file), opens(&place, key));
        assert!(by_file || by_key, "round {round}: neither key opens it");
        // With the key in the environment the file is asked too.
        let file_now = by_file;
        changed += usize::from(file_now != now_file);
        now_file = file_now;
        with(&place, key, "state fsck").succeeds();
        let found = files_with(place.root(), &[Wanted::new(SECRET)], &[]);
        assert!(found.is_empty(), "{found:?}");
    }
    assert!(killed > 0 && changed > 0, "{killed} killed, {changed} changed");
}
