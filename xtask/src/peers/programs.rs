//! The programs of Kubernetes and etcd that nodes run and tests judge by, built from the Go modules that `tests/peers`
//! names and pins (`go.sum`).
//!
//! Kubernetes is required with the replaces that it publishes, its staging modules at their own versions. What a program
//! says of its version is stamped in from the module's version, as its release builds do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::cache::{made, quietly};
use crate::shell::root;

const MODULES: &str = "tests/peers";
const STAMPS: &str = "k8s.io/component-base/version";

/// The module of Kubernetes; an older minor's is called `kubernetes-1.35`.
const KUBERNETES: &str = "kubernetes";

/// Module directory below `tests/peers`, and name and package of each program that comes from it.
const PROGRAMS: [(&str, &[(&str, &str)]); 3] = [
    (
        "etcd",
        &[
            ("etcd", "go.etcd.io/etcd/server/v3"),
            ("etcdctl", "go.etcd.io/etcd/etcdctl/v3"),
            ("etcdutl", "go.etcd.io/etcd/etcdutl/v3"),
        ],
    ),
    (
        KUBERNETES,
        &[
            ("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
            ("kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"),
            ("kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler"),
            ("kubectl", "k8s.io/kubernetes/cmd/kubectl"),
        ],
    ),
    ("kwok", &[("kwok", "sigs.k8s.io/kwok/cmd/kwok")]),
];

/// Builds the programs that are not there yet, and gives the directory that has all of them. Each module has a place of
/// its own, so that a new version of one builds no other. `minor` is another one of Kubernetes than tests run by default.
pub(super) fn directory(minor: Option<&str>) -> Result<PathBuf, String> {
    let mut places = Vec::new();
    for (module, programs) in PROGRAMS {
        let module = match minor {
            Some(minor) if module == KUBERNETES => of_minor(minor)?,
            _ => module.to_owned(),
        };
        places.push((build(&module, programs)?, programs));
    }
    let names: Vec<String> = places.iter().map(|(place, _)| place.display().to_string()).collect();
    let together = made(names.join("\n").as_bytes(), "kwok", "the programs", |home| {
        fs::create_dir_all(home).map_err(|error| error.to_string())?;
        for (place, programs) in &places {
            for (name, _) in *programs {
                std::os::unix::fs::symlink(place.join(name), home.join(name))
                    .map_err(|error| format!("cannot link {name}: {error}"))?;
            }
        }
        Ok(())
    })?;
    Ok(together)
}

/// The module of a minor.
fn of_minor(minor: &str) -> Result<String, String> {
    let module = format!("{KUBERNETES}-{minor}");
    let plain = !minor.is_empty() && minor.chars().all(|c| c.is_ascii_digit() || c == '.');
    if plain && root().join(MODULES).join(&module).join("go.mod").is_file() {
        return Ok(module);
    }
    let entries = fs::read_dir(root().join(MODULES)).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut known: Vec<String> =
        names.filter_map(|name| name.strip_prefix("kubernetes-").map(str::to_owned)).collect();
    known.sort();
    Err(format!("there is no {MODULES}/{module}; minors are {}", known.join(", ")))
}

fn build(module: &str, programs: &[(&str, &str)]) -> Result<PathBuf, String> {
    let source = root().join(MODULES).join(module);
    let mut ingredients = Vec::new();
    for file in ["go.mod", "go.sum"] {
        let path = source.join(file);
        let content =
            fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        ingredients.extend(content);
    }
    let stamps = stamps(&String::from_utf8_lossy(&ingredients));
    ingredients.extend(stamps.bytes());
    let what = format!("{MODULES}/{module} (go build, minutes the first time)");
    let (last, _) = programs[programs.len() - 1];
    made(&ingredients, last, &what, |home| {
        fs::create_dir_all(home).map_err(|error| error.to_string())?;
        programs
            .iter()
            .try_for_each(|(name, package)| go(&source, &home.join(name), package, &stamps))
    })
}

fn go(source: &Path, program: &Path, package: &str, stamps: &str) -> Result<(), String> {
    let flags = format!("-s -w {stamps}");
    quietly(
        Command::new("go")
            .args(["build", "-trimpath", "-buildvcs=false", "-ldflags", &flags, "-o"])
            .arg(program)
            .arg(package)
            .env("CGO_ENABLED", "0")
            .current_dir(source),
    )
}

/// Linker flags that tell a program of Kubernetes its version; nothing for others.
fn stamps(module: &str) -> String {
    let required = module.split_whitespace().skip_while(|word| *word != "k8s.io/kubernetes");
    let Some(version) = required.skip(1).find(|word| word.starts_with('v')) else {
        return String::new();
    };
    let mut parts = version.trim_start_matches('v').split('.');
    let (major, minor) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    // A commit and a date are said where there are none: kubectl parses both.
    let stamps = [
        ("gitMajor", major),
        ("gitMinor", minor),
        ("gitVersion", version),
        ("gitTreeState", "clean"),
        ("gitCommit", "0000000000000000000000000000000000000000"),
        ("buildDate", "1970-01-01T00:00:00Z"),
    ];
    let flags = stamps.map(|(name, value)| format!("-X {STAMPS}.{name}={value}"));
    flags.join(" ")
}

#[cfg(test)]
mod tests {
    use super::{of_minor, stamps};

    #[test]
    fn a_minor_is_one_that_has_a_module() {
        assert_eq!(of_minor("1.35").as_deref(), Ok("kubernetes-1.35"));
        for other in ["1.5", "", "../kwok", "1.35/.."] {
            let said = of_minor(other).expect_err("there is none");
            assert!(said.contains("minors are 1.35"), "{said}");
        }
    }

    #[test]
    fn only_programs_of_kubernetes_are_told_their_version() {
        let flags = stamps(
            "tool (\n\tk8s.io/kubernetes/cmd/kubectl\n)\nrequire k8s.io/kubernetes v1.36.3 // indirect\n",
        );
        assert!(flags.contains("version.gitVersion=v1.36.3 "), "{flags}");
        assert!(flags.contains("version.gitMinor=36 "), "{flags}");
        assert_eq!(stamps("require go.etcd.io/etcd/server/v3 v3.6.16\n"), "");
    }
}
