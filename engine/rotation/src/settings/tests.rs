//! Blocks are read as they are meant, and what is wrong is told, all of it, without secrets.

use kprov_core::{Marks, Type};

use super::*;
use crate::{HookName, OperatorId, RotationId, When};

/// A block of attributes; what it lacks is null or absent, which is the same.
fn block(attributes: &[(&str, Value)]) -> Value {
    Value::object(attributes.iter().map(|(name, value)| (Str::new(name), value.clone())))
}

fn list(items: &[Value]) -> Value {
    Value::tuple(items.iter().cloned())
}

fn text(text: &str) -> Value {
    Value::from(text)
}

fn number(number: u64) -> Value {
    Value::Number(number.into())
}

fn read(attributes: &[(&str, Value)]) -> Settings {
    Settings::read(&block(attributes)).expect("nothing wrong")
}

/// What is wrong, one a line: `path: why`.
fn wrong(attributes: &[(&str, Value)]) -> String {
    let problems = Settings::read(&block(attributes)).expect_err("something wrong");
    problems.iter().map(|it| format!("{}: {}\n", it.path, it.message)).collect()
}

#[track_caller]
fn says(attributes: &[(&str, Value)], at: &str, part: &str) {
    let found = wrong(attributes);
    let fits = |line: &str| line.starts_with(&format!("{at}: ")) && line.contains(part);
    assert!(found.lines().any(fits), "{at}: {part}\nnot in\n{found}");
}

#[test]
fn a_block_that_says_nothing_has_the_defaults() {
    for settings in
        [read(&[]), read(&[("role", Value::NULL)]), Settings::read(&Value::NULL).unwrap()]
    {
        let strategy = settings.strategy(GroupId::new("g"), TemplateId::new("t"), None, Vec::new());
        assert_eq!(strategy, Strategy::new(GroupId::new("g"), TemplateId::new("t"), None));
        assert_eq!(settings.role, Kind::Worker);
        assert!(settings.unknown.is_empty());
    }
}

#[test]
fn everything_that_is_said_is_in_the_strategy() {
    let timeouts = block(&[("launch", text("20m")), ("call", text("90"))]);
    let checkpoint =
        block(&[("percent", number(50)), ("bake", text("10m")), ("confirm", Value::from(true))]);
    let settings = read(&[
        ("max_surge", text("10%")),
        ("max_unavailable", text("2")),
        ("canary_bake", text("1h30m")),
        ("good_looks", number(3)),
        ("retries", number(0)),
        ("on_failure", text("rollback")),
        ("timeouts", timeouts),
        ("checkpoint", list(&[checkpoint])),
    ]);
    let (group, target, before) = (GroupId::new("g"), TemplateId::new("t"), TemplateId::new("b"));
    let named = vec![MachineId::new("i-1")];
    let strategy =
        settings.strategy(group.clone(), target.clone(), Some(before.clone()), named.clone());
    let wanted = Strategy {
        named,
        max_surge: Amount::Percent(10),
        max_unavailable: Amount::Count(2),
        canary_bake: 5400,
        good_looks: 3,
        retries: 0,
        on_failure: OnFailure::Rollback,
        timeouts: Timeouts { launch: 1200, call: 90, ..Timeouts::default() },
        checkpoints: vec![Checkpoint { percent: 50, bake: 600, confirm: true }],
        ..Strategy::new(group, target, Some(before))
    };
    assert_eq!(strategy, wanted);
}

#[test]
fn masters_say_how_their_api_is_set_up() {
    let api = block(&[
        ("goaway_chance", Value::Number(kprov_core::Number::from_string_value("0.001").unwrap())),
        ("shutdown_delay", text("60s")),
        ("names", list(&[text("api.example"), text("10.0.0.1")])),
    ]);
    let master = [
        ("role", text("master")),
        ("cluster", text("production")),
        ("kubernetes_version", text("v1.36.3")),
        ("api_server", api),
        ("downtime", Value::from(true)),
        ("max_surge", number(0)),
        ("max_unavailable", number(1)),
    ];
    let settings = read(&master);
    let api = settings.api_settings().expect("all is said");
    assert_eq!((api.goaway_millionths, api.shutdown_delay), (1000, 60));
    assert_eq!(api.names, BTreeSet::from(["10.0.0.1".to_owned(), "api.example".to_owned()]));
    assert_eq!(api.version.to_string(), "1.36.3");
    assert!(settings.downtime);
    assert_eq!(place(&block(&master)), Some((Str::new("production"), Kind::Master)));
    assert!(read(&[("kubernetes_version", text("1.36"))]).api_settings().is_none());
}

#[test]
fn a_place_is_told_only_where_it_is_known() {
    let unknown = || Value::unknown(Type::String);
    let in_cluster = |role: Value| place(&block(&[("cluster", text("c")), ("role", role)]));
    assert_eq!(in_cluster(Value::Null(Type::String)), Some((Str::new("c"), Kind::Worker)));
    assert_eq!(in_cluster(text("bastion")), Some((Str::new("c"), Kind::Bastion)));
    assert_eq!(in_cluster(unknown()), None);
    assert_eq!(in_cluster(text("boss")), None);
    assert_eq!(place(&block(&[("cluster", unknown())])), None);
    assert_eq!(place(&block(&[("cluster", Value::Null(Type::String))])), None);
    assert_eq!(place(&Value::NULL), None);
}

fn hook(when: &str, name: Option<&str>, actions: &[(&str, Value)]) -> Value {
    let name = name.map_or(Value::Null(Type::String), text);
    let mut all = vec![("when", text(when)), ("name", name)];
    all.extend(actions.iter().cloned());
    block(&all)
}

#[test]
fn hooks_have_a_moment_a_name_and_one_action() {
    let command = block(&[("command", text("./smoke.sh"))]);
    let exec = |command: &Value| [("exec", command.clone()), ("http", Value::NULL)];
    let hooks = [
        hook("verified", None, &exec(&command)),
        hook("draining", Some("note"), &exec(&command)),
        hook("verified", None, &[("exec", Value::NULL), ("http", block(&[]))]),
    ];
    let settings = read(&[("hook", list(&hooks))]);
    let told: Vec<_> =
        settings.hooks.iter().map(|it| (it.when, it.name.as_str(), it.action.as_str())).collect();
    let wanted = [
        (When::Verified, "verified-1", "exec"),
        (When::Draining, "note", "exec"),
        (When::Verified, "verified-2", "http"),
    ];
    assert_eq!(told, wanted);
    assert_eq!(settings.hooks[0].config, command);
    assert_eq!(settings.hooks[1].path.to_string(), ".hook[1].exec");
    let strategy = settings.strategy(GroupId::new("g"), TemplateId::new("t"), None, Vec::new());
    assert_eq!(strategy.hooks[2], Hook { when: When::Verified, name: HookName::new("verified-2") });
    let found = settings.hook(When::Draining, &HookName::new("note"));
    assert_eq!(found.map(|hook| hook.action.as_str()), Some("exec"));
    assert!(settings.hook(When::Launched, &HookName::new("note")).is_none());
}

#[test]
fn wrong_hooks_are_told() {
    let exec = [("exec", block(&[]))];
    let check = |hooks: &[Value], at: &str, part: &str| says(&[("hook", list(hooks))], at, part);
    check(
        &[hook("later", None, &exec)],
        ".hook[0].when",
        "launched, draining, terminating, verified",
    );
    check(&[hook("launched", Some(" "), &exec)], ".hook[0]", "name is empty");
    let none = [("exec", Value::NULL), ("http", Value::NULL)];
    check(&[hook("launched", None, &none)], ".hook[0]", "exec, http");
    check(&[hook("launched", None, &[])], ".hook[0]", "no provider");
    let two = [("exec", block(&[])), ("http", block(&[]))];
    check(&[hook("launched", None, &two)], ".hook[0]", "more than one thing (exec, http)");
    let twice = [hook("launched", Some("a"), &exec), hook("launched", Some("a"), &exec)];
    check(&twice, ".hook[1]", "another hook of that moment with the name a");
    // The same name at another moment is another hook.
    let apart = [hook("launched", Some("a"), &exec), hook("verified", Some("a"), &exec)];
    assert_eq!(read(&[("hook", list(&apart))]).hooks.len(), 2);
}

#[test]
fn each_wrong_attribute_is_told_with_what_would_be_right() {
    let cases: [(&str, Value, &str); 19] = [
        ("role", text("boss"), "\"boss\", which is no role: say bastion, master or worker"),
        ("cluster", text(" "), "names no cluster"),
        ("kubeconfig", block(&[]), "where a text is wanted"),
        ("kubernetes_version", text("latest"), "look like \"1.36.3\""),
        ("max_surge", text("many"), "(\"10%\")"),
        ("max_surge", text("120%"), "at most 100%"),
        ("max_unavailable", text("-1"), "number of machines (2)"),
        ("downtime", text("yes"), "true or false"),
        ("canary_bake", text("soon"), "\"1h30m\""),
        ("good_looks", number(0), "at least 1"),
        ("retries", text("-1"), "not negative"),
        ("on_failure", text("panic"), "pause nor rollback"),
        ("parallel_groups", number(0), "no group of workers could ever begin"),
        ("failures_max", number(0), "stop before it began"),
        ("snapshot_age_max", text("1d"), "no length of time"),
        ("snapshot_age_max", number(0), "ever be young enough"),
        (
            "timeouts",
            block(&[("lunch", text("1h"))]),
            "lunch means nothing here. There are launch,",
        ),
        ("api_server", text("x"), "an object is wanted: goaway_chance"),
        ("hook", text("x"), "where a list is wanted"),
    ];
    for (name, value, part) in cases {
        says(&[(name, value)], &format!(".{name}"), part);
    }
    says(&[("timeouts", block(&[("drain", text("0s"))]))], ".timeouts.drain", "fail at once");
    let api =
        |entries: &[(&str, Value)]| [("role", text("master")), ("api_server", block(entries))];
    says(&api(&[("goaway_chance", number(1))]), ".api_server.goaway_chance", "from 0 to 0.02");
    says(&api(&[("goaway", number(0))]), ".api_server", "goaway means nothing");
    says(&api(&[("names", list(&[block(&[])]))]), ".api_server.names[0]", "a name is wanted");
    let window = |days: &[&str], from: &str| {
        let days = list(&days.iter().map(|day| text(day)).collect::<Vec<_>>());
        [(
            "window",
            list(&[block(&[("days", days), ("from", text(from)), ("until", text("04:00"))])]),
        )]
    };
    says(&window(&["monday"], "22:00"), ".window[0].days[0]", "mon, tue");
    says(&window(&["mon"], "10pm"), ".window[0].from", "\"22:00\"");
    assert!(Settings::read(&text("rotation")).is_err());
}

#[test]
fn what_does_not_go_together_is_told() {
    says(&[("max_surge", number(0))], ".max_surge", "neither come first nor go first");
    says(&[("role", text("master")), ("max_surge", number(2))], ".max_surge", "one by one");
    says(&[("downtime", Value::from(true))], ".downtime", "no masters");
    says(&[("api_server", block(&[]))], ".api_server", "how masters are set up");
    let at = |percent: u64| block(&[("percent", number(percent))]);
    says(&[("checkpoint", list(&[at(50), at(20)]))], ".checkpoint", "must rise");
    says(&[("checkpoint", list(&[at(0)]))], ".checkpoint", "from 1 to 100");
}

#[test]
fn all_problems_are_told_at_once() {
    let found = wrong(&[
        ("role", text("boss")),
        ("max_surge", number(0)),
        ("retries", text("x")),
        ("hook", list(&[hook("later", None, &[])])),
    ]);
    assert_eq!(found.lines().count(), 5, "{found}");
}

#[test]
fn what_is_not_known_yet_is_no_problem_and_is_listed() {
    let unknown = || Value::unknown(Type::String);
    let config = block(&[("url", unknown())]);
    let hooks = list(&[hook("launched", None, &[("http", config.clone())])]);
    let checkpoints = [block(&[("percent", unknown())]), block(&[("percent", number(20))])];
    let window = block(&[
        ("days", Value::set(Type::String, vec![unknown()])),
        ("from", text("22:00")),
        ("until", text("04:00")),
    ]);
    let settings = read(&[
        ("kubeconfig", unknown().with_marks(Marks::SENSITIVE)),
        ("max_surge", number(0)),
        ("max_unavailable", unknown()),
        ("role", unknown()),
        ("downtime", Value::from(true)),
        ("timeouts", block(&[("drain", unknown())])),
        ("checkpoint", list(&checkpoints)),
        ("window", list(&[window])),
        ("hook", hooks),
    ]);
    let open: Vec<&str> = settings.unknown.iter().map(Str::as_str).collect();
    let wanted =
        ["checkpoint", "hook", "kubeconfig", "max_unavailable", "role", "timeouts", "window"];
    assert_eq!(open, wanted);
    assert!(settings.kubeconfig.is_none() && settings.windows.is_empty());
    assert_eq!(settings.timeouts, Timeouts::default());
    assert_eq!(settings.hooks[0].config, config);
    assert_eq!(read(&[("hook", Value::unknown(Type::Dynamic))]).hooks, []);
}

#[test]
fn secrets_are_in_no_problem_and_in_nothing_that_is_printed() {
    let secret = |value: Value| value.with_marks(Marks::SENSITIVE);
    let kubeconfig = "token: hunter2";
    let config = block(&[("headers", secret(text("hunter2")))]);
    let hooks = list(&[hook("launched", None, &[("http", config)])]);
    let settings = read(&[("kubeconfig", secret(text(kubeconfig))), ("hook", secret(hooks))]);
    assert_eq!(settings.kubeconfig.as_ref().map(Secret::expose), Some(kubeconfig));
    assert_eq!(settings.hooks[0].config.get("headers"), Some(&text("hunter2")), "without marks");
    assert!(!format!("{settings:?}").contains("hunter2"), "{settings:?}");
    let inside = secret(list(&[block(&[("percent", text("hunter2"))])]));
    let found = wrong(&[
        ("role", secret(text("hunter2"))),
        ("checkpoint", inside),
        ("max_surge", secret(number(0))),
        ("timeouts", secret(block(&[("drain", text("hunter2"))]))),
    ]);
    assert_eq!(found.lines().count(), 4, "{found}");
    assert!(!found.contains("hunter2") && found.contains("(sensitive value)"), "{found}");
}

fn of_cluster(all: &[Settings]) -> Result<crate::Strategies, kprov_core::Diagnostics> {
    let group = |(at, settings): (usize, &Settings)| {
        let id = GroupId::new(&format!("g{at}"));
        settings.strategy(id, TemplateId::new("t"), None, Vec::new())
    };
    let groups = all.iter().zip(all.iter().enumerate().map(group)).collect();
    strategies(RotationId::new("r"), OperatorId::new("o"), groups, 0)
}

#[test]
fn a_cluster_takes_the_least_that_its_groups_say() {
    let said = |groups: u64, failures: u64, age: &str| {
        read(&[
            ("parallel_groups", number(groups)),
            ("failures_max", number(failures)),
            ("snapshot_age_max", text(age)),
        ])
    };
    let all = of_cluster(&[said(4, 2, "2h"), read(&[]), said(3, 5, "30m")]).unwrap();
    assert_eq!((all.parallel_groups, all.failures_max, all.snapshot_age_max), (3, 2, 1800));
    assert_eq!(
        all.groups.iter().map(|it| it.group.as_str()).collect::<Vec<_>>(),
        ["g0", "g1", "g2"]
    );
    let all = of_cluster(&[read(&[]), read(&[])]).unwrap();
    assert_eq!((all.parallel_groups, all.failures_max, all.snapshot_age_max), (1, 3, 3600));
    assert!(all.windows.is_empty());
}

#[test]
fn a_cluster_is_rotated_when_the_windows_of_all_its_groups_are_open() {
    let at = |from: &str, until: &str| {
        read(&[("window", list(&[block(&[("from", text(from)), ("until", text(until))])]))])
    };
    let all = of_cluster(&[at("01:00", "05:00"), read(&[]), at("03:00", "09:00")]).unwrap();
    assert_eq!(all.windows[0], Window { opens: 3 * 3600, closes: 5 * 3600 });
    assert_eq!(all.windows[1].opens, 27 * 3600);
    assert!(all.windows.len() >= 14);
    let never = of_cluster(&[at("01:00", "02:00"), at("03:00", "04:00")]).unwrap_err();
    let detail = &never.iter().next().unwrap().detail;
    assert!(detail.contains("g0, g1 are never open at the same time"), "{detail}");
}

#[test]
fn the_schema_has_what_settings_read() {
    let action = kprov_provider::Schema {
        version: 0,
        block: kprov_provider::Block::of(
            "",
            [("token", kprov_provider::Attribute::new(Type::String).optional().sensitive())],
        ),
    };
    let other = kprov_provider::Schema::default();
    let block = schema([("http", &action), ("when", &other), ("http", &other)]);
    let hook = &block.blocks["hook"].block;
    assert_eq!(hook.attributes.keys().map(Str::as_str).collect::<Vec<_>>(), ["name", "when"]);
    assert_eq!(hook.blocks.keys().map(Str::as_str).collect::<Vec<_>>(), ["http"]);
    assert!(hook.blocks["http"].block.attributes["token"].sensitive, "the first counts");
    assert!(block.attributes["kubeconfig"].sensitive);
    // Nothing is in the schema that is not read: each attribute is told when it is of no use at all.
    for name in block.attributes.keys() {
        let object = Value::object([("x", Value::from("y"))]);
        let found = wrong(&[(name.as_str(), object)]);
        assert!(found.starts_with(&format!(".{name}: ")), "{name}: {found}");
    }
}
