//! The program and its airplane, as two processes: a project whose airplane flies while the test
//! runs, what that airplane holds, and what becomes of both when a run is killed.
//!
//! What must hold: an airplane ends with its test, also with one that fails.

pub(crate) mod control;
// Shared with the suites that have a world of their own in process.
#[allow(unreachable_pub)]
#[path = "../../src/inventory.rs"]
mod inventory;
mod kills;
mod network;

use std::path::Path;

pub(crate) use inventory::Inventory;

use crate::place::Place;
use crate::program::Output;

/// A place whose airplane flies; it lands with the value.
#[derive(Debug)]
pub(crate) struct Aloft {
    pub(crate) place: Place,
    port: u16,
}

impl Aloft {
    /// Starts the place's airplane with this clock.
    #[track_caller]
    pub(crate) fn new(place: Place, clock: &str) -> Aloft {
        let started = place.run(&["airplane", "start", "-clock", clock]).succeeds();
        let port = started.stdout.trim().rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        let port = port.unwrap_or_else(|| panic!("no address: {started}"));
        Aloft { place, port }
    }

    /// Runs the program on the airplane.
    pub(crate) fn kprov(&self, line: &str) -> Output {
        self.place.kprov(&format!("{line} -airplane"))
    }

    /// All that the airplane holds, as the program says it.
    #[track_caller]
    pub(crate) fn inventory(&self) -> Inventory {
        Inventory::of(&self.place.kprov("airplane dump -json").succeeds().json())
    }

    /// Asks its control API.
    pub(crate) fn control(&self, method: &str, path: &str, body: &str) {
        let _ = control::ask(self.port, method, path, body);
    }

    /// Where it answers.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How many calls it has answered.
    pub(crate) fn calls(&self) -> u64 {
        control::get(self.port, "status")["calls"].as_u64().expect("a number of calls")
    }
}

impl Drop for Aloft {
    fn drop(&mut self) {
        // Nothing is asserted: this also runs when a test has failed.
        let mut stop = self.place.command(&["airplane", "stop"]);
        let _ = stop.stdout(std::process::Stdio::null()).status();
    }
}

/// A run that was told that it has landed may start another one at once, which knows what was there.
#[test]
fn after_stop_another_one_may_start() {
    let sky = Aloft::new(Place::new(ONE), "scaled:60");
    sky.kprov("apply -auto-approve").succeeds();
    let before = sky.inventory();
    for _ in 0..5 {
        // It waits for connections that are idle, which takes longer than taking down its note.
        let _idle = std::net::TcpStream::connect(("127.0.0.1", sky.port));
        sky.place.kprov("airplane stop").succeeds();
        sky.place.kprov("airplane start -clock scaled:60").succeeds();
    }
    assert_eq!(sky.inventory().differences(&before), Vec::<String>::new());
}

/// One object on AWS.
const ONE: &str = r#"
provider "aws" { region = "eu-west-1" }
resource "aws_sqs_queue" "one" { name = "one" }
"#;

/// Copies the files of an example, and nothing that a run left there.
pub(crate) fn copy_example(name: &str, place: &Place) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    copy(&root, Path::new(""), place);
}

fn copy(from: &Path, to: &Path, place: &Place) {
    for entry in std::fs::read_dir(from).expect("the example's directory").flatten() {
        let (path, name) = (entry.path(), to.join(entry.file_name()));
        let ours = ["tf", "tfvars", "tftpl"];
        if path.is_dir() {
            copy(&path, &name, place);
        } else if path.extension().is_some_and(|it| ours.iter().any(|ours| it == *ours)) {
            place.write(name, std::fs::read(&path).expect("a readable file"));
        }
    }
}
