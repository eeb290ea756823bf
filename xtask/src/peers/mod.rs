//! The peers that judge us from outside: boto3, botocore and moto in a Python environment, and the programs of etcd and
//! Kubernetes, built from Go modules. All come from package registries, by version, and lie outside the clone.

mod cache;
mod programs;
mod python;
mod suite;

pub use suite::suite;

/// Where tests find the programs.
pub const PROGRAMS: &str = "KPROV_PEERS_BIN";

/// `peers` makes what is missing and says where it is; `peers python` and `peers programs` one of the two, its path alone;
/// `peers programs -minor 1.35` has an older Kubernetes, which nothing builds unasked; `peers test` runs the suite.
pub fn command(rest: &[String]) -> Result<(), String> {
    let words: Vec<&str> = rest.iter().map(String::as_str).collect();
    match words[..] {
        [] => {
            println!("python {}", python::environment()?.display());
            println!("programs {}", programs(None)?);
            Ok(())
        }
        ["python"] => python::environment().map(|python| println!("{}", python.display())),
        ["programs"] => programs(None).map(|directory| println!("{directory}")),
        ["programs", "-minor", minor] => {
            programs(Some(minor)).map(|directory| println!("{directory}"))
        }
        ["test"] => suite(),
        _ => Err(format!(
            "peers takes nothing, python, programs, programs -minor MINOR or test, not `{}`",
            words.join(" ")
        )),
    }
}

/// The directory of the programs, made where needed.
fn programs(minor: Option<&str>) -> Result<String, String> {
    let directory = programs::directory(minor)?;
    directory.to_str().map(str::to_owned).ok_or_else(|| {
        format!("the cache of peers lies at a path that is no UTF-8: {}", directory.display())
    })
}

/// Environment of the tests: where the programs are, and that they must be there. Where they cannot be had it says so
/// and fails, unless KPROV_WITHOUT_PEERS=1 allows them to be missing; then each test that needs them says so.
pub fn environment() -> Result<Vec<(&'static str, String)>, String> {
    match programs(None) {
        Ok(directory) => Ok(vec![(PROGRAMS, directory), ("KPROV_PEERS", "required".to_owned())]),
        Err(reason) if may_be_missing() => {
            eprintln!(
                "\n!!! no programs of etcd and Kubernetes, because {reason}\n!!! allowed by KPROV_WITHOUT_PEERS=1\n"
            );
            Ok(Vec::new())
        }
        Err(reason) => Err(format!(
            "no programs of etcd and Kubernetes to test with: {reason}; KPROV_WITHOUT_PEERS=1 lets the rest pass without them"
        )),
    }
}

fn may_be_missing() -> bool {
    std::env::var_os("KPROV_WITHOUT_PEERS").is_some_and(|value| value == "1")
}
