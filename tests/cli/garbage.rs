//! Drawn garbage in everything that the program reads: it never panics, hangs or dies by a signal
//! (every run is held to that, see `program`), and it ends with 0, 1 or 2.
//!
//! Each case says its seed when it fails; `KPROV_GARBAGE_SEED=N` repeats that one case in each test.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::draw::Draw;
use crate::place::Place;
use crate::program::Output;

const MAIN: &str = r#"
variable "v" {
  type = object({ name = string, n = optional(number, 3) })
  default = { name = "x" }
}

locals {
  each = { for k in ["a", "b"] : k => "${k}-${var.v.name}" }
}

resource "terraform_data" "one" {
  for_each = local.each
  input    = [each.value, upper(each.key), 1 + 2 * var.v.n]
  lifecycle {
    create_before_destroy = true
  }
}

output "o" {
  value = <<-EOT
    %{ for k, v in terraform_data.one ~}
    ${k} = ${v.id}
    %{ endfor ~}
  EOT
}
"#;

/// Pieces that mean something to one of the readers.
const PIECES: [&str; 24] = [
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "\"",
    "${",
    "%{",
    "<<-EOT\n",
    "\n",
    "=",
    "=>",
    "?",
    "...",
    "\0",
    "\u{202e}",
    "for x in",
    "null",
    "999999999999999999999999999",
    "\\u{d800}",
    "/*",
    "*.",
    "\"version\": 4",
];

/// Some of it cut out, doubled, overwritten, or with something put in.
fn mutated(good: &[u8], draw: &mut Draw) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for _ in 0..=draw.below(4) {
        let at = draw.below(bytes.len() + 1);
        let end = (at + draw.below(40)).min(bytes.len());
        match draw.below(6) {
            0 => drop(bytes.drain(at..end)),
            1 => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
            2 => bytes[at..end].iter_mut().for_each(|byte| *byte ^= 1 << draw.below(8)),
            3 => {
                let piece = PIECES[draw.below(PIECES.len())];
                let times = if draw.below(8) == 0 { 3_000 } else { 1 };
                drop(bytes.splice(at..at, piece.repeat(times).into_bytes()));
            }
            4 => {
                let noise = draw.bytes(end - at);
                drop(bytes.splice(at..end, noise));
            }
            _ => bytes.truncate(at),
        }
    }
    bytes
}

/// Tries a case for each seed; tells the seed of the first that fails.
fn cases(what: &str, seeds: Range<u64>, case: impl Fn(&mut Draw)) {
    let seeds = match std::env::var("KPROV_GARBAGE_SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => seed..seed + 1,
        None => seeds,
    };
    eprintln!("{what}: seeds {seeds:?}");
    for seed in seeds {
        let tried = catch_unwind(AssertUnwindSafe(|| case(&mut Draw(seed))));
        if let Err(failure) = tried {
            eprintln!("{what}: seed {seed} fails; KPROV_GARBAGE_SEED={seed} repeats it");
            resume_unwind(failure);
        }
    }
}

#[track_caller]
fn civil(output: Output) -> Output {
    assert!(matches!(output.code, Some(0..=2)), "{output}");
    let told =
        output.code != Some(1) || output.stderr.contains("Error") || !output.stdout.is_empty();
    assert!(told, "it fails without a word: {output}");
    output
}

#[test]
fn configurations() {
    let place = Place::empty();
    cases("configurations", 0..64, |draw| {
        let noise = draw.below(4) == 0;
        let size = draw.below(2_000);
        let bytes = if noise { draw.bytes(size) } else { mutated(MAIN.as_bytes(), draw) };
        place.write("main.tf", bytes);
        let _ = civil(place.kprov("plan -input=false -out=p"));
        let _ = civil(place.kprov("validate -json"));
        assert!(!place.has("kprov.db"));
    });
}

#[test]
fn variables() {
    let place = Place::new(MAIN);
    let good = [
        b"v = { name = \"y\", n = 5 }\nw = <<EOT\nx\nEOT\n".as_slice(),
        br#"{"v": {"name": "\u00e9", "n": 5e2}, "w": [null, true]}"#,
    ];
    cases("variables", 0..48, |draw| {
        for (name, good) in ["x.auto.tfvars", "x.auto.tfvars.json"].iter().zip(good) {
            place.write(name, mutated(good, draw));
            let _ = civil(place.kprov("plan -input=false"));
            std::fs::remove_file(place.path(name)).expect("the file");
        }
        let text = String::from_utf8_lossy(&mutated(good[0], draw)).replace('\0', "");
        let _ = civil(place.run(&["plan", "-input=false", "-var", &text]));
    });
}

#[test]
fn plan_files() {
    let place = Place::new(MAIN);
    place.kprov("plan -out=p").succeeds();
    let good = place.read("p");
    cases("plan files", 0..48, |draw| {
        let bytes = mutated(&good, draw);
        if bytes == good {
            return;
        }
        place.write("p", bytes);
        civil(place.kprov("show p")).exits(1);
        civil(place.kprov("apply p")).exits(1);
        assert!(!place.has("kprov.db"), "a plan that is not whole was begun");
    });
}

#[test]
fn states() {
    let good = {
        let place = Place::new(MAIN);
        place.applied();
        place.read("kprov.db")
    };
    cases("states", 0..48, |draw| {
        let place = Place::new(MAIN);
        let mut bytes = good.clone();
        for _ in 0..=draw.below(6) {
            let at = draw.below(bytes.len());
            let end = (at + draw.below(300)).min(bytes.len());
            let noise = draw.bytes(end - at);
            bytes.splice(at..end, noise);
        }
        if draw.below(4) == 0 {
            let size = draw.below(bytes.len());
            bytes.truncate(size);
        }
        place.write("kprov.db", &bytes);
        for line in ["state fsck", "plan -input=false", "state pull", "op log"] {
            let _ = civil(place.kprov(line));
        }
        assert!(place.read("kprov.db") == bytes, "reading wrote");
        let _ = civil(place.kprov("apply -auto-approve -input=false"));
        let _ = civil(place.kprov("state fsck"));
    });
}

#[test]
fn pushed_states() {
    let good = {
        let place = Place::new(MAIN);
        place.applied();
        place.kprov("state pull").succeeds().stdout
    };
    let place = Place::new(MAIN);
    cases("pushed states", 0..48, |draw| {
        place.write("pushed", mutated(good.as_bytes(), draw));
        let _ = civil(place.kprov("state push -force pushed"));
        let _ = civil(place.kprov("plan -input=false"));
        let _ = civil(place.kprov("show -json"));
        place.kprov("state fsck").succeeds();
    });
}

#[test]
fn arguments() {
    let place = Place::new(MAIN);
    let commands = [
        "plan",
        "apply",
        "destroy",
        "show",
        "output",
        "state",
        "op",
        "workspace",
        "import",
        "taint",
        "console",
        "graph",
        "force-unlock",
    ];
    cases("arguments", 0..64, |draw| {
        let mut words = vec![commands[draw.below(commands.len())].to_owned()];
        for _ in 0..draw.below(4) {
            let word = match draw.below(4) {
                0 => format!("-{}", PIECES[draw.below(PIECES.len())]),
                1 => [
                    "-target",
                    "-var",
                    "-state",
                    "-parallelism",
                    "-lock-timeout",
                    "-n",
                    "-json",
                    "--",
                ][draw.below(8)]
                .to_owned(),
                2 => [
                    "terraform_data.one[\"a\"]",
                    "list",
                    "show",
                    "a.b[0].c",
                    "module.x[",
                    "0",
                    "-1",
                ][draw.below(7)]
                .to_owned(),
                _ => PIECES[draw.below(PIECES.len())].to_owned(),
            };
            words.push(word.replace('\0', "\u{1}"));
        }
        let ended = place.run(&words);
        assert!(matches!(ended.code, Some(0..=2 | 127)), "{ended}");
    });
}
