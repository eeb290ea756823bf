//! From a block's value to settings, with everything that is wrong.

use std::collections::BTreeSet;

use kprov_core::{Marks, Number, Path, PathStep, Str, Value};
use kprov_provider::AttributeError;

use super::duration::parse_duration;
use super::weekly::{DAYS, Weekly, parse_time};
use super::{ApiServer, Secret, Settings};
use crate::world::Kind;
use crate::{Amount, Checkpoint, GroupId, OnFailure, Seconds, TemplateId, Timeouts};

/// Kubernetes' own limit of `--goaway-chance`, in millionths: one of fifty requests.
const GOAWAY_MAX: u32 = 20_000;

/// What a role is called in configurations.
pub(super) fn kind(role: &str) -> Option<Kind> {
    Some(match role {
        "bastion" => Kind::Bastion,
        "master" => Kind::Master,
        "worker" => Kind::Worker,
        _ => return None,
    })
}

pub(super) fn read(block: &Value) -> Result<Settings, Vec<AttributeError>> {
    let root = Part { path: Path::root(), value: block.bare(), secret: secret(block) };
    let mut reader = Reader::default();
    if !root.value.is_null() && root.value.as_entries().is_none() {
        reader.problem(&root, "It is no block of arguments. Make a new plan.");
    }
    let mut settings = reader.settings(&root);
    reader.contradictions(&root, &settings);
    settings.unknown = reader.unknown;
    if reader.problems.is_empty() { Ok(settings) } else { Err(reader.problems) }
}

/// A part of the block, without its own marks.
#[derive(Clone, Debug)]
pub(super) struct Part<'v> {
    pub(super) path: Path,
    pub(super) value: &'v Value,
    /// Never shown.
    secret: bool,
}

impl<'v> Part<'v> {
    fn inside(&self, step: PathStep, value: &'v Value) -> Part<'v> {
        Part {
            path: self.path.then(step),
            value: value.bare(),
            secret: self.secret || secret(value),
        }
    }

    /// As text; numbers are written out.
    pub(super) fn text(&self) -> Option<String> {
        match self.value {
            Value::String(text) => Some(text.as_str().to_owned()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// For people.
    pub(super) fn shown(&self) -> String {
        match (self.secret, self.value) {
            (true, _) => "(sensitive value)".to_owned(),
            (_, Value::String(text)) => format!("{:?}", text.as_str()),
            (_, Value::Number(number)) => number.to_string(),
            (_, Value::Bool(truth)) => truth.to_string(),
            (_, other) => format!("of type {}", other.ty().friendly_name()),
        }
    }
}

fn secret(value: &Value) -> bool {
    value.marks().contains(Marks::SENSITIVE)
}

/// Reads, and collects.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) unknown: BTreeSet<Str>,
    problems: Vec<AttributeError>,
}

impl Reader {
    pub(super) fn problem(&mut self, part: &Part<'_>, why: impl Into<String>) {
        self.problems.push(AttributeError::new(part.path.clone(), "Invalid rotation", why));
    }

    /// An attribute that is said and known.
    pub(super) fn get<'v>(&mut self, block: &Part<'v>, name: &str) -> Option<Part<'v>> {
        let part = block.inside(PathStep::Attribute(Str::new(name)), block.value.get(name)?);
        self.known(part)
    }

    /// The part, unless it is null, or not known: that is noted.
    fn known<'v>(&mut self, part: Part<'v>) -> Option<Part<'v>> {
        if !part.value.is_known() {
            if let Some(PathStep::Attribute(top)) = part.path.0.first() {
                self.unknown.insert(top.clone());
            }
            return None;
        }
        (!part.value.is_null()).then_some(part)
    }

    /// The items of a list that are known.
    pub(super) fn items<'v>(&mut self, block: &Part<'v>, name: &str) -> Vec<Part<'v>> {
        let Some(list) = self.get(block, name) else { return Vec::new() };
        let Some(items) = list.value.as_items() else {
            self.problem(&list, format!("is {}, where a list is wanted.", list.shown()));
            return Vec::new();
        };
        let parts = (0u64..).zip(items).map(|(at, item)| list.inside(PathStep::Index(at), item));
        parts.filter_map(|part| self.known(part)).collect()
    }

    pub(super) fn text(&mut self, block: &Part<'_>, name: &str) -> Option<String> {
        let part = self.get(block, name)?;
        let text = part.text();
        if text.is_none() {
            self.problem(&part, format!("is {}, where a text is wanted.", part.shown()));
        }
        text
    }

    /// Reads a text; what is wrong with it follows "is \"...\", ".
    fn parsed<T>(
        &mut self,
        block: &Part<'_>,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let part = self.get(block, name)?;
        let text = part.text();
        let read = text.as_deref().map_or_else(|| Err("which is no text".to_owned()), parse);
        read.map_err(|why| self.problem(&part, format!("is {}, {why}.", part.shown()))).ok()
    }

    fn duration(&mut self, block: &Part<'_>, name: &str) -> Option<Seconds> {
        self.parsed(block, name, |text| parse_duration(text).map_err(str::to_owned))
    }

    /// One that is not none.
    fn some_time(&mut self, block: &Part<'_>, name: &str, otherwise: &str) -> Option<Seconds> {
        let seconds = self.duration(block, name)?;
        if seconds == 0
            && let Some(part) = self.get(block, name)
        {
            self.problem(
                &part,
                format!("is no time at all, so {otherwise}. Say how long it may be."),
            );
        }
        Some(seconds)
    }

    fn count(&mut self, block: &Part<'_>, name: &str) -> Option<u32> {
        self.parsed(block, name, |text| {
            text.parse()
                .map_err(|_| "where a whole number that is not negative is wanted".to_owned())
        })
    }

    fn flag(&mut self, block: &Part<'_>, name: &str) -> Option<bool> {
        let part = self.get(block, name)?;
        let flag = part.value.as_bool();
        if flag.is_none() {
            self.problem(&part, format!("is {}, where true or false is wanted.", part.shown()));
        }
        flag
    }

    fn settings(&mut self, root: &Part<'_>) -> Settings {
        let defaults = Settings::default();
        let amount = |text: &str| {
            let wrong =
                "which is neither a number of machines (2) nor a share of the group (\"10%\")";
            text.parse::<Amount>().map_err(|_| wrong.to_owned())
        };
        let role = self.parsed(root, "role", |text| {
            kind(text).ok_or_else(|| "which is no role: say bastion, master or worker".to_owned())
        });
        let on_failure = self.parsed(root, "on_failure", |text| match text {
            "pause" => Ok(OnFailure::Pause),
            "rollback" => Ok(OnFailure::Rollback),
            _ => Err("which is neither pause nor rollback".to_owned()),
        });
        let version = self.parsed(root, "kubernetes_version", |text| {
            let wrong = "which is no version of Kubernetes: they look like \"1.36.3\"";
            text.parse().map_err(|_| wrong.to_owned())
        });
        let cluster = self.parsed(root, "cluster", |text| match text.trim() {
            "" => Err("which names no cluster: leave it out, or say its name".to_owned()),
            _ => Ok(Str::new(text)),
        });
        // Who is not enabled is not read at all; so it only must be true or false.
        let _enabled = self.flag(root, "enabled");
        Settings {
            role: role.unwrap_or(defaults.role),
            cluster,
            kubeconfig: self.text(root, "kubeconfig").map(|text| Secret::new(&text)),
            kubernetes_version: version,
            api_server: self.api_server(root),
            max_surge: self.parsed(root, "max_surge", amount).unwrap_or(defaults.max_surge),
            max_unavailable: self
                .parsed(root, "max_unavailable", amount)
                .unwrap_or(defaults.max_unavailable),
            downtime: self.flag(root, "downtime").unwrap_or(defaults.downtime),
            canary_bake: self.duration(root, "canary_bake").unwrap_or(defaults.canary_bake),
            checkpoints: self.checkpoints(root),
            good_looks: self.count(root, "good_looks").unwrap_or(defaults.good_looks),
            retries: self.count(root, "retries").unwrap_or(defaults.retries),
            on_failure: on_failure.unwrap_or(defaults.on_failure),
            timeouts: self.timeouts(root),
            parallel_groups: self.at_least_one(
                root,
                "parallel_groups",
                "no group of workers could ever begin",
            ),
            failures_max: self.at_least_one(
                root,
                "failures_max",
                "the rotation would stop before it began",
            ),
            snapshot_age_max: self.some_time(
                root,
                "snapshot_age_max",
                "no snapshot would ever be young enough",
            ),
            windows: self.windows(root),
            hooks: self.hooks(root),
            unknown: BTreeSet::new(),
        }
    }

    fn at_least_one(&mut self, root: &Part<'_>, name: &str, otherwise: &str) -> Option<u32> {
        let count = self.count(root, name)?;
        if count == 0
            && let Some(part) = self.get(root, name)
        {
            self.problem(&part, format!("is 0, so {otherwise}. Say at least 1."));
        }
        Some(count)
    }

    /// Tells keys of an object that mean nothing.
    fn only(&mut self, object: &Part<'_>, known: &[&str]) {
        let Some(entries) = object.value.as_entries() else {
            let why =
                format!("is {}, where an object is wanted: {}.", object.shown(), known.join(", "));
            return self.problem(object, why);
        };
        for (name, _) in entries.iter().filter(|(name, _)| !known.contains(&name.as_str())) {
            let why = format!("{name} means nothing here. There are {}.", known.join(", "));
            self.problem(object, why);
        }
    }

    fn api_server(&mut self, root: &Part<'_>) -> Option<ApiServer> {
        let part = self.get(root, "api_server")?;
        self.only(&part, &["goaway_chance", "shutdown_delay", "names"]);
        let goaway_millionths = self.goaway(&part).unwrap_or(0);
        let shutdown_delay = self.duration(&part, "shutdown_delay").unwrap_or(0);
        let mut names = BTreeSet::new();
        for item in self.items(&part, "names") {
            match item.text() {
                Some(name) => {
                    names.insert(name);
                }
                None => {
                    self.problem(&item, format!("is {}, where a name is wanted.", item.shown()))
                }
            }
        }
        Some(ApiServer { goaway_millionths, shutdown_delay, names })
    }

    fn goaway(&mut self, api: &Part<'_>) -> Option<u32> {
        self.parsed(api, "goaway_chance", |text| {
            let millionths = || {
                let chance = Number::from_string_value(text).ok()?;
                chance.mul(&Number::from(1_000_000u64)).ok()?.to_u64()
            };
            let chance = millionths().and_then(|chance| u32::try_from(chance).ok());
            chance.filter(|chance| *chance <= GOAWAY_MAX).ok_or_else(|| {
                "which an API server does not take: say from 0 to 0.02, in millionths at most"
                    .to_owned()
            })
        })
    }

    fn timeouts(&mut self, root: &Part<'_>) -> Timeouts {
        let mut timeouts = Timeouts::default();
        let Some(part) = self.get(root, "timeouts") else { return timeouts };
        let mut fields = [
            ("launch", &mut timeouts.launch),
            ("deregister", &mut timeouts.deregister),
            ("drain", &mut timeouts.drain),
            ("stop", &mut timeouts.stop),
            ("terminate", &mut timeouts.terminate),
            ("hook", &mut timeouts.hook),
            ("call", &mut timeouts.call),
        ];
        self.only(&part, &fields.each_ref().map(|(name, _)| *name));
        for (name, timeout) in &mut fields {
            if let Some(seconds) = self.some_time(&part, name, "it would fail at once") {
                **timeout = seconds;
            }
        }
        timeouts
    }

    fn checkpoints(&mut self, root: &Part<'_>) -> Vec<Checkpoint> {
        let mut checkpoints = Vec::new();
        for part in self.items(root, "checkpoint") {
            let percent = self.count(&part, "percent");
            let bake = self.duration(&part, "bake").unwrap_or(0);
            let confirm = self.flag(&part, "confirm").unwrap_or(false);
            checkpoints.extend(percent.map(|percent| Checkpoint { percent, bake, confirm }));
        }
        checkpoints
    }

    fn windows(&mut self, root: &Part<'_>) -> Vec<Weekly> {
        let mut windows = Vec::new();
        for part in self.items(root, "window") {
            let time = |text: &str| {
                let wrong =
                    "which is no time of day: they look like \"22:00\", and the last is \"24:00\"";
                parse_time(text).ok_or_else(|| wrong.to_owned())
            };
            let days = self.days(&part);
            let from = self.parsed(&part, "from", time);
            let until = self.parsed(&part, "until", time);
            if let (Some(days), Some(from), Some(until)) = (days, from, until) {
                windows.push(Weekly { days, from, until });
            }
        }
        windows
    }

    /// Every day where none is said.
    fn days(&mut self, window: &Part<'_>) -> Option<[bool; 7]> {
        if window.value.get("days").is_some_and(|days| !days.is_wholly_known()) {
            self.unknown.insert(Str::new("window"));
            return None;
        }
        let mut days = [false; 7];
        for item in self.items(window, "days") {
            let text = item.text();
            match DAYS.iter().position(|day| text.as_deref() == Some(*day)) {
                Some(day) => days[day] = true,
                None => {
                    let why = format!(
                        "is {}, which is no day: say one of {}.",
                        item.shown(),
                        DAYS.join(", ")
                    );
                    self.problem(&item, why);
                }
            }
        }
        Some(if days == [false; 7] { [true; 7] } else { days })
    }

    /// What does not go together, whatever the group is like. Not told of what is not known yet.
    fn contradictions(&mut self, root: &Part<'_>, settings: &Settings) {
        let strategy = settings.strategy(GroupId::new(""), TemplateId::new(""), None, Vec::new());
        let mut found = strategy.contradictions(settings.role, "");
        if settings.api_server.is_some() && settings.role != Kind::Master {
            let why = "api_server says how masters are set up, and the group has none. Say role = \"master\", or leave it out.";
            found.push((&["api_server", "role"], why.to_owned()));
        }
        for (attributes, why) in found {
            if attributes.iter().any(|name| self.unknown.contains(*name)) {
                continue;
            }
            let hidden = attributes.iter().filter_map(|name| root.value.get(name));
            let why = match hidden.into_iter().any(|it| it.marks_deep().contains(Marks::SENSITIVE))
            {
                true => format!(
                    "What {} say is wrong; a part of it is sensitive.",
                    attributes.join(", ")
                ),
                false => why,
            };
            let path = root.path.then(PathStep::Attribute(Str::new(attributes[0])));
            self.problems.push(AttributeError::new(path, "Invalid rotation", why));
        }
    }
}
