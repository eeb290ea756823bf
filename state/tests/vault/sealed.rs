//! What is sealed, what stays readable, and what happens to who tampers.

use kprov_core::Str;
use kprov_state::{
    ActionKind, Entry, FailureClass, HowSettled, KeyError, LogFilter, OpId, StateError, Store,
    Vault,
};
use rusqlite::Connection;

use crate::support::*;
use crate::{SECRET, bytes, holds, open, open_with, output, secret_object, vault};

/// Everything that a journal can hold of a secret; one object, one output and one intent stay.
fn whole_life(store: &dyn Store) {
    let (a, b, c, d) = (current("a"), current("b"), current("c"), current("d"));
    let run = store.begin_run("default", started(), AT).unwrap();
    let append = |entries: &[Entry]| {
        store.append("default", run, AT, entries).unwrap();
    };
    let intent = |op, object: &kprov_core::ObjectAddr, action| Entry::Intended {
        op: OpId(op),
        object: object.clone(),
        action,
        token: Str::from("token"),
        provider: provider(),
        planned: Some(raw(&format!("[\"o\",\"password\",\"{SECRET}\"]"))),
        private: SECRET.as_bytes().to_vec(),
        adopt: Some(Box::new(secret_object("adopt"))),
    };
    append(&[intent(1, &a, ActionKind::Create)]);
    append(&[succeeded(1, &a, Some(secret_object("a")))]);
    append(&[intent(2, &a, ActionKind::Update)]);
    let failure = Entry::Failed {
        op: OpId(2),
        address: a.clone(),
        class: FailureClass::Rejected,
        message: format!("{SECRET} is too short"),
        object: Some(Box::new(secret_object("half"))),
    };
    append(&[failure]);
    // The intent of a delete says nothing; what it deletes does.
    let mut delete = intended(3, &a, ActionKind::Delete);
    if let Entry::Intended { planned, private, adopt, .. } = &mut delete {
        (*planned, *adopt) = (None, None);
        private.clear();
    }
    append(&[delete]);
    let failure = Entry::Failed {
        op: OpId(3),
        address: a.clone(),
        class: FailureClass::Rejected,
        message: format!("{SECRET} is in use"),
        object: None,
    };
    append(&[failure]);
    append(&[Entry::ObjectMoved { from: a.clone(), to: deposed("a", "0123abcd") }]);
    append(&[intent(4, &b, ActionKind::Create)]);
    append(&[settled(4, &b, HowSettled::Adopted, Some(secret_object("b")))]);
    append(&[Entry::ObjectForgotten { address: b }]);
    let mut private = object("c");
    private.private = SECRET.as_bytes().to_vec();
    append(&[set(&c, private), output("told", "hello", false), output("kept", SECRET, true)]);
    append(&[intent(5, &d, ActionKind::Create)]);
}

#[test]
fn secrets_are_in_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    let store = open(&path);
    whole_life(&store);
    assert!(!holds(directory.path(), "hunter2"), "while the log is beside it");
    drop(store);
    assert!(!holds(directory.path(), "hunter2"), "afterwards");
    let base64 = base64_of(SECRET);
    assert!(!holds(directory.path(), &base64[..base64.len() - 4]), "nor in another form");
}

fn base64_of(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[test]
fn what_was_sealed_reads_back() {
    let (sealed, plain) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = sealed.path().join("kprov.db");
    whole_life(&open(&path));
    let reference = open_with(&plain.path().join("kprov.db"), Vault::none()).unwrap();
    whole_life(&reference);
    // Another process, which has to unwrap the key.
    let store = open(&path);
    let all = LogFilter::default;
    let journal = |store: &dyn Store| format!("{:?}", store.journal("default", all()).unwrap());
    let ops = |store: &dyn Store| format!("{:?}", store.ops("default", all()).unwrap());
    assert_eq!(journal(&store), journal(&reference));
    assert_eq!(ops(&store), ops(&reference));
    assert!(ops(&store).contains("hunter2"), "the outcomes are told");
    let (state, expected) = (store.read("default").unwrap(), reference.read("default").unwrap());
    assert_eq!(state.objects, expected.objects);
    assert_eq!(state.outputs, expected.outputs);
    assert_eq!(store.outputs("default").unwrap(), expected.outputs);
    assert_eq!(state.open.len(), 1);
    let findings = store.fsck().unwrap();
    assert!(findings.iter().all(|found| found.contains("has no outcome")), "{findings:?}");
}

#[test]
fn what_is_no_secret_stays_readable() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    write(&open(&path), &[set(&current("a"), object("legible")), output("told", "hello", false)]);
    let sql = "SELECT (SELECT attributes FROM objects), (SELECT value FROM outputs),
        (SELECT count(*) FROM journal WHERE entry LIKE 'sealed:%'), (SELECT count(*) FROM data_keys)";
    let row: (String, String, i64, i64) = Connection::open(&path)
        .unwrap()
        .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .unwrap();
    assert_eq!(row, ("{\"id\":\"legible\"}".to_owned(), "\"hello\"".to_owned(), 0, 0));
    // No key was made, and none is needed.
    assert_eq!(open_with(&path, Vault::none()).unwrap().read("default").unwrap().objects.len(), 1);
}

#[test]
fn schemas_say_what_is_secret_too() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    let by_schema = vault().secret_types(std::sync::Arc::new(|_, resource| resource.name == "s"));
    let store = open_with(&path, by_schema).unwrap();
    let mut unmarked = secret_object("1");
    unmarked.sensitive_paths = None;
    write(&store, &[set(&current("s"), unmarked)]);
    drop(store);
    assert!(!holds(directory.path(), "hunter2"));
}

#[test]
fn the_same_content_is_no_change() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory.path().join("kprov.db"));
    let entries = [set(&current("a"), secret_object("1")), output("kept", SECRET, true)];
    write(&store, &entries);
    let serial = store.read("default").unwrap().serial;
    write(&store, &entries);
    assert_eq!(store.read("default").unwrap().serial, serial);
    write(&store, &[output("kept", "another", true)]);
    assert_eq!(store.read("default").unwrap().serial, serial + 1);
}

#[test]
fn moved_objects_open_at_their_new_place() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    let (a, b) = (current("a"), current("b"));
    let mut object = secret_object("1");
    object.private = vec![1, 2, 3];
    write(&open(&path), &[set(&a, object.clone()), Entry::ObjectMoved { from: a, to: b.clone() }]);
    assert_eq!(open(&path).read("default").unwrap().objects[&b], object);
    assert_eq!(open(&path).fsck().unwrap(), Vec::<String>::new());
}

#[test]
fn an_outline_needs_no_key() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    whole_life(&open(&path));
    let without = open_with(&path, Vault::none()).unwrap();
    let outline = without.outline("default").unwrap();
    assert_eq!(outline.objects.keys().count(), 2);
    assert!(!format!("{outline:?}").contains("hunter2"));
    let error = without.read("default").unwrap_err();
    assert!(matches!(&error, StateError::Sealed { source: KeyError::Off, .. }), "{error:?}");
    assert_eq!(without.runs("default", LogFilter::default()).unwrap().len(), 1);
}

#[test]
fn without_a_vault_a_sealed_store_gets_no_secrets() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    write(&open(&path), &[set(&current("a"), secret_object("1"))]);
    let without = open_with(&path, Vault::none()).unwrap();
    let run = without.begin_run("default", started(), AT).unwrap();
    for entry in [set(&current("b"), secret_object("2")), output("kept", SECRET, true)] {
        let error = without.append("default", run, AT, &[entry]).unwrap_err();
        assert!(matches!(&error, StateError::Sealed { source: KeyError::Off, .. }), "{error:?}");
    }
    without.append("default", run, AT, &[set(&current("c"), object("3"))]).unwrap();
    drop(without);
    assert_eq!(open(&path).read("default").unwrap().objects.len(), 2);
    assert!(!holds(directory.path(), "hunter2"));
}

#[test]
fn a_changed_byte_is_found() {
    let cells = [
        ("objects", "attributes", "rowid"),
        ("outputs", "value", "name"),
        ("journal", "entry", "seq"),
    ];
    for (table, column, _) in cells {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kprov.db");
        write(
            &open(&path),
            &[set(&current("a"), secret_object("1")), output("kept", SECRET, true)],
        );
        let connection = Connection::open(&path).unwrap();
        let select = format!("SELECT {column} FROM {table} WHERE {column} LIKE 'sealed:%'");
        let text: String = connection.query_row(&select, [], |row| row.get(0)).unwrap();
        // Every tenth place: the id of the key, the nonce, the text, the tag.
        for at in ("sealed:1:".len()..text.len()).step_by(10) {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let update = format!("UPDATE {table} SET {column} = ?1 WHERE {column} = ?2");
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(connection.execute(&update, [&changed, &text]).unwrap(), 1);
            let store = open(&path);
            let findings = store.fsck().unwrap();
            let told = |found: &String| found.contains(table) && found.contains("seal is broken");
            assert!(findings.iter().any(told), "{table}, byte {at}: {findings:?}");
            drop(store);
            assert_eq!(connection.execute(&update, [&text, &changed]).unwrap(), 1);
        }
        assert_eq!(open(&path).fsck().unwrap(), Vec::<String>::new());
    }
}

#[test]
fn cells_cannot_be_swapped() {
    /// After `sql` reading fails with the broken seal.
    fn check(sql: &str) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kprov.db");
        let store = open(&path);
        let entries = [
            set(&current("a"), secret_object("1")),
            set(&current("b"), secret_object("2")),
            set(&deposed("a", "01234567"), secret_object("3")),
            output("x", SECRET, true),
            output("y", SECRET, true),
        ];
        write(&store, &entries);
        store.create_workspace("other").unwrap();
        let run = store.begin_run("other", started(), AT).unwrap();
        store.append("other", run, AT, &entries).unwrap();
        drop(store);
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let findings = open(&path).fsck().unwrap();
        let told = findings.iter().any(|found| found.contains("seal is broken"));
        assert!(told, "{sql}: {findings:?}");
    }
    let from = "SELECT attributes FROM objects WHERE workspace = 1 AND deposed = ''";
    check(&format!(
        "UPDATE objects SET attributes = ({from} AND address = 't.b')
         WHERE workspace = 1 AND address = 't.a' AND deposed = ''"
    ));
    check(&format!(
        "UPDATE objects SET attributes = ({from} AND address = 't.a')
         WHERE workspace = 1 AND address = 't.a' AND deposed <> ''"
    ));
    check(&format!(
        "UPDATE objects SET attributes = ({from} AND address = 't.a')
         WHERE workspace <> 1 AND address = 't.a' AND deposed = ''"
    ));
    check(&format!("UPDATE outputs SET value = ({from} AND address = 't.a') WHERE name = 'x'"));
    check(
        "UPDATE outputs SET value = (SELECT value FROM outputs WHERE name = 'y' AND workspace = 1)
         WHERE name = 'x' AND workspace = 1",
    );
    check("UPDATE journal SET entry = (SELECT entry FROM journal WHERE seq = 2) WHERE seq = 3");
    check("UPDATE workspaces SET name = 'third' WHERE name = 'other'");
    check("DELETE FROM data_keys");
}

#[test]
fn what_was_deleted_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    let store = open(&path);
    write(&store, &[set(&current("a"), secret_object("1"))]);
    let sealed: String = Connection::open(&path)
        .unwrap()
        .query_row("SELECT attributes FROM objects", [], |row| row.get(0))
        .unwrap();
    assert!(bytes(directory.path()).windows(sealed.len()).any(|part| part == sealed.as_bytes()));
    write(&store, &[Entry::ObjectForgotten { address: current("a") }]);
    drop(store);
    assert!(!holds(directory.path(), &sealed), "secure_delete");
}
