//! Surroundings that refuse: no home, no permission, a full disk, names that are no Unicode, closed
//! streams. What cannot be made here is said on standard error, and not tested.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::place::Place;
use crate::program::Running;

const MAIN: &str = "resource \"terraform_data\" \"a\" { input = 1 }\noutput \"o\" { value = terraform_data.a.output }\n";

#[test]
fn without_a_home_all_goes_on() {
    let place = Place::new(&format!("{MAIN}output \"home\" {{ value = pathexpand(\"~/x\") }}\n"));
    for home in [None, Some(""), Some("/nowhere/at/all")] {
        let mut command = place.command(&["plan"]);
        command.env_remove("HOME");
        home.map(|home| command.env("HOME", home));
        let planned = Running::start(command).finish();
        assert!(matches!(planned.code, Some(0 | 1)), "{planned}");
        if planned.code == Some(1) {
            planned.fails(&["pathexpand"]);
        }
    }
    let place = Place::new(MAIN);
    let mut command = place.command(&["apply", "-auto-approve"]);
    command.env_clear();
    Running::start(command).finish().succeeds();
}

/// A directory that is mounted over for as long as this lives.
struct Mount(PathBuf);

impl Mount {
    /// `None` where this process may not mount.
    fn tmpfs(path: PathBuf, options: &str) -> Option<Mount> {
        let path_text = path.to_str().expect("a path of ours");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs", path_text])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if !mounted {
            eprintln!("a file system cannot be mounted here ({options}): not tested");
        }
        mounted.then_some(Mount(path))
    }

    fn remount_read_only(&self) {
        let path = self.0.to_str().expect("a path of ours");
        let status = Command::new("mount").args(["-o", "remount,ro", path]).status();
        assert!(status.expect("mount runs").success(), "remounting {path}");
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_loses_nothing() {
    let place = Place::empty();
    std::fs::create_dir(place.path("small")).expect("a directory");
    let Some(_mount) = Mount::tmpfs(place.path("small"), "size=512k") else { return };
    let large = "resource \"terraform_data\" \"a\" {\n  count = 400\n  input = join(\"\", [for n in range(200) : \"0123456789\"])\n}\n";
    place.write("small/main.tf", large);
    place.kprov("-chdir=small apply -auto-approve").fails(&["kprov.db"]);
    // What is there can be read, and it goes on once there is room.
    let known = place.kprov("-chdir=small state list");
    assert!(matches!(known.code, Some(0 | 1)), "{known}");
    std::fs::create_dir(place.path("large")).expect("a directory");
    place.write("large/main.tf", large);
    for name in ["kprov.db", "kprov.db-wal"] {
        if place.has(format!("small/{name}")) {
            place.write(format!("large/{name}"), place.read(format!("small/{name}")));
        }
    }
    let known = place.kprov("-chdir=large state list").succeeds();
    // Open intents may be found, damage may not.
    let fsck = place.kprov("-chdir=large state fsck");
    assert!(matches!(fsck.code, Some(0 | 1)) && !fsck.stdout.contains("damaged"), "{fsck}");
    place.kprov("-chdir=large apply -auto-approve").succeeds();
    let all = place.kprov("-chdir=large state list").succeeds();
    assert_eq!(all.lines().len(), 400);
    assert!(known.lines().len() <= 400);
    place.kprov("-chdir=large plan -detailed-exitcode").succeeds();
    place.kprov("-chdir=large state fsck").succeeds();
}

#[test]
fn a_read_only_directory_is_told() {
    let place = Place::empty();
    std::fs::create_dir(place.path("fixed")).expect("a directory");
    let Some(mount) = Mount::tmpfs(place.path("fixed"), "size=8m") else { return };
    place.write("fixed/main.tf", MAIN);
    mount.remount_read_only();
    place.kprov("-chdir=fixed plan").succeeds();
    place.kprov("-chdir=fixed apply -auto-approve").fails(&["kprov.db"]);
    place.kprov("-chdir=fixed plan -out=p").fails(&["\"p\""]);
    drop(mount);
    let Some(mount) = Mount::tmpfs(place.path("fixed"), "size=8m") else { return };
    place.write("fixed/main.tf", MAIN);
    place.kprov("-chdir=fixed apply -auto-approve").succeeds();
    mount.remount_read_only();
    // What is there is read all the same.
    assert_eq!(place.kprov("-chdir=fixed output -raw o").succeeds().stdout, "1");
    place.kprov("-chdir=fixed plan -detailed-exitcode").succeeds();
    place.kprov("-chdir=fixed state fsck").succeeds();
    place.kprov("-chdir=fixed destroy -auto-approve").fails(&["kprov.db"]);
    place.kprov("-chdir=fixed state rm terraform_data.a").fails(&["kprov.db"]);
    place.kprov("-chdir=fixed workspace new x").fails(&[]);
}

#[test]
fn names_that_are_no_unicode_are_no_trouble() {
    let odd = OsStr::from_bytes(b"odd-\xff\xfe.tf");
    let place = Place::new(MAIN);
    place.write(odd, "this is { not read");
    let planned = place.kprov("plan");
    // Left out or refused by name: not a panic, and never half a configuration without a word.
    assert!(planned.code == Some(1) || planned.stdout.contains("1 to add"), "{planned}");
    let place = Place::new(MAIN);
    place.write(OsStr::from_bytes(b"data-\xff.txt"), "x");
    place.kprov("plan").succeeds();
    let place =
        Place::new(&format!("{MAIN}output \"all\" {{ value = fileset(path.module, \"*\") }}"));
    place.write(OsStr::from_bytes(b"data-\xff.txt"), "x");
    assert!(matches!(place.kprov("plan").code, Some(0 | 1)));

    let place = Place::empty();
    let dir = OsStr::from_bytes(b"dir-\xff");
    place.write(PathBuf::from(dir).join("main.tf"), MAIN);
    let mut command = place.command(&["apply", "-auto-approve"]);
    command.current_dir(place.path(dir));
    Running::start(command).finish().succeeds();

    let place = Place::new(MAIN);
    for words in [
        [OsStr::new("-chdir"), OsStr::from_bytes(b"nowhere-\xff")],
        [OsStr::new("plan"), OsStr::from_bytes(b"-var=x=\xff")],
        [OsStr::new("plan"), OsStr::from_bytes(b"-out=/nowhere/\xff")],
        [OsStr::new("show"), OsStr::from_bytes(b"\xff")],
        [OsStr::from_bytes(b"\xff"), OsStr::new("x")],
        [OsStr::new("output"), OsStr::from_bytes(b"\xff\xfe")],
    ] {
        let ended = place.run(&words);
        assert!(matches!(ended.code, Some(0 | 1 | 127)), "{ended}");
    }
    let mut command = place.command(&["plan"]);
    command.env("TF_VAR_x", OsStr::from_bytes(b"\xff")).env(OsStr::from_bytes(b"TF_VAR_\xff"), "x");
    let _ = Running::start(command).finish().succeeds();
}

#[test]
fn a_working_directory_that_is_gone_is_told() {
    let place = Place::new(MAIN);
    let script = "mkdir gone && cd gone && rmdir ../gone && exec \"$0\" plan";
    let mut command = Command::new("/bin/sh");
    place.surround(&mut command);
    command.args(["-c", script, env!("CARGO_BIN_EXE_kprov")]);
    Running::start(command).finish().fails(&["directory"]);
}

#[test]
fn closed_streams_are_no_panic() {
    let place = Place::new(MAIN);
    for (streams, status) in [("<&-", 1), (">&-", 1), ("2>&-", 1), ("<&- >&- 2>&-", 1)] {
        let script = format!("\"$0\" apply {streams}; echo $? >> status");
        let mut command = Command::new("/bin/sh");
        place.surround(&mut command);
        command.args(["-c", &script, env!("CARGO_BIN_EXE_kprov")]);
        Running::start(command).finish().succeeds();
        let told = String::from_utf8(place.read("status")).expect("numbers");
        assert_eq!(told.lines().last(), Some(status.to_string().as_str()), "{streams}");
    }
    place.kprov("state list").succeeds().hides("terraform_data");
}
