//! Real processes.

use super::*;
use crate::testing::{Ground, not_yet, run, text};

fn config(command: &[&str], environment: &[(&str, &str)], timeout: Option<&str>) -> Value {
    let words = command.iter().map(|word| text(word)).collect();
    let environment =
        environment.iter().map(|(name, value)| ((*name).into(), text(value))).collect();
    Value::object([
        ("command", Value::list(Type::String, words)),
        ("environment", Value::map(Type::String, environment)),
        ("timeout", timeout.map_or(Value::NULL, text)),
    ])
}

fn shell(script: &str) -> Value {
    config(&["sh", "-c", script], &[], None)
}

#[test]
fn a_command_is_told_of_the_machine() {
    run(async {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("told");
        let script = format!("cat > '{}'", file.display());
        assert_eq!(Ground::new().look(&Exec, shell(&script)).await, Ok(HookLook::Done));
        let told: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&file).expect("a file")).expect("JSON");
        let expected = json!({"when": "launched", "member": "i-1", "group": "g", "zone": "z",
            "address": "127.0.0.1", "token": "r-1/7"});
        assert_eq!(told, expected);
    });
}

#[test]
fn the_exit_status_says_what_is_so_and_the_last_line_why() {
    run(async {
        let ground = Ground::new();
        // It does not read what it is told.
        assert_eq!(ground.look(&Exec, shell("exit 0")).await, Ok(HookLook::Done));
        let why = ground.look(&Exec, shell("echo first; echo 'two of three'; echo; exit 75")).await;
        assert_eq!(not_yet(why), "two of three");
        assert_eq!(not_yet(ground.look(&Exec, shell("exit 75")).await), "sh says: not yet.");
        let script = "echo why; echo one >&2; echo two >&2; exit 3";
        let error = ground.look(&Exec, shell(script)).await.expect_err("failed");
        assert_eq!(error.message, "sh ended with exit status 3.\nwhy\none\ntwo");
        let error = ground.look(&Exec, shell("kill -KILL $$")).await.expect_err("killed");
        assert_eq!(error.message, "sh was ended by signal 9.");
    });
}

#[test]
fn a_program_that_is_not_there_is_said() {
    run(async {
        let config = config(&["./no-such-program"], &[], None);
        let error = Ground::new().look(&Exec, config).await.expect_err("failed");
        assert!(error.message.starts_with("./no-such-program cannot be run: "), "{error}");
    });
}

/// The group's id is the leader's: once nobody of it is left, a signal to it finds nobody.
#[test]
fn all_of_a_command_is_killed_when_the_time_is_up() {
    run(async {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("id");
        // A child that outlives its parent, were it not for the group.
        let script = format!("echo $$ > '{}'; echo begun; sleep 600 & sleep 600", file.display());
        let config = config(&["sh", "-c", &script], &[], Some("1s"));
        let error = Ground::new().look(&Exec, config).await.expect_err("late");
        assert_eq!(error.message, "sh took longer than 1 s, and was killed.\nbegun");
        let id: i32 =
            std::fs::read_to_string(&file).expect("a file").trim().parse().expect("an id");
        let group = rustix::process::Pid::from_raw(id).expect("an id");
        // Who was killed is there until its parent, init, has buried it.
        let deadline = std::time::Instant::now() + Duration::from_secs(30);
        while rustix::process::test_kill_process_group(group).is_ok() && alive(id) {
            assert!(std::time::Instant::now() < deadline, "somebody of the group is left");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
}

/// Somebody of the group runs, and is not merely unburied.
fn alive(group: i32) -> bool {
    let processes = std::fs::read_dir("/proc").expect("processes").flatten();
    processes.filter_map(|it| std::fs::read_to_string(it.path().join("stat")).ok()).any(|stat| {
        let rest = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        let fields: Vec<&str> = rest.split(' ').collect();
        fields.first() != Some(&"Z") && fields.get(2) == Some(&group.to_string().as_str())
    })
}

#[test]
fn what_a_command_leaves_running_does_not_hold_it_up() {
    run(async {
        let began = std::time::Instant::now();
        // It holds the output open for longer than anybody waits.
        let script = "sleep 20 & echo done; exit 75";
        assert_eq!(not_yet(Ground::new().look(&Exec, shell(script)).await), "done");
        assert!(began.elapsed() < Duration::from_secs(15));
    });
}

#[test]
fn its_environment_is_there_and_in_no_message() {
    run(async {
        let environment = [("KEY", "correct horse"), ("MODE", "a")];
        let script = |exit: i32| format!("echo \"$KEY $MODE\"; echo \"$KEY\" >&2; exit {exit}");
        let of = |exit| config(&["sh", "-c", &script(exit)], &environment, None);
        let ground = Ground::new();
        assert_eq!(not_yet(ground.look(&Exec, of(75)).await), "(value of environment) a");
        let error = ground.look(&Exec, of(1)).await.expect_err("failed");
        assert!(!error.to_string().contains("horse"), "{error}");
    });
}

#[test]
fn what_is_wrong_is_said() {
    let of = |config: &Value| {
        let problems = Exec.validate(config).into_iter();
        problems
            .map(|problem| problem.path.to_string().trim_start_matches('.').to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(of(&config(&["x"], &[], Some("5m"))), [""; 0]);
    assert_eq!(of(&config(&[], &[], Some("soon"))), ["command", "timeout"]);
    assert_eq!(of(&config(&[""], &[], Some("0s"))), ["command", "timeout"]);
    let unknown = Value::object([("command", Value::unknown(Type::list(Type::String)))]);
    assert_eq!(of(&unknown), [""; 0]);
}
