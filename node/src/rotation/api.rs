//! A master's API server as its lease tells it (`kprov.dev/api`): how it is set up, and how it stands.

use std::collections::BTreeSet;
use std::time::Duration;

use kprov_pki::Certificate;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::document::{ApiServer, Document, read_duration};
use crate::supervisor::{State, View};

/// So long it may be unready before that is told: one probe that fails is none of a server that is sick.
const PATIENCE: Duration = Duration::from_secs(3);

/// An API server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiView {
    pub(crate) version: String,
    /// `/readyz` says ok.
    pub(crate) ready: bool,
    /// It answers requests: also while it is about to stop, and unready.
    pub(crate) serving: bool,
    /// In seconds.
    pub(crate) shutdown_delay: u64,
    /// The chance that a connection is asked to go elsewhere with a request.
    pub(crate) goaway: f64,
    /// In its certificate, in order.
    pub(crate) names: BTreeSet<String>,
}

// The chance comes out of a document, where it is a number.
impl Eq for ApiView {}

/// How it is set up: what the document says, further flags before the rest.
#[derive(Clone, Debug)]
pub(crate) struct Setup(ApiView);

impl Setup {
    pub(crate) fn of(document: &Document) -> Setup {
        let ApiServer { shutdown_delay, goaway_chance, flags, .. } = &document.api_server;
        let delay = flags.get("shutdown-delay-duration").and_then(|text| read_duration(text));
        let goaway = flags.get("goaway-chance").and_then(|text| text.parse().ok());
        Setup(ApiView {
            version: document.versions.kubernetes.to_string(),
            shutdown_delay: delay.unwrap_or(*shutdown_delay).as_secs(),
            goaway: goaway.filter(|chance: &f64| chance.is_finite()).unwrap_or(*goaway_chance),
            ..ApiView::default()
        })
    }

    /// What is told. `certificate` is the one that it shows, as PEM; without one it has no names.
    pub(crate) fn view(&self, certificate: &str, ready: bool, serving: bool) -> ApiView {
        let certificate = Certificate::from_pem(certificate).ok();
        let names = certificate.iter().flat_map(|it| it.names()).map(ToString::to_string);
        ApiView { ready, serving, names: names.collect(), ..self.0.clone() }
    }
}

/// Is it ready, and does it serve? Remembers what its process was.
#[derive(Debug, Default)]
pub(crate) struct Serving {
    /// The process that was ready once, and since when it is not.
    served: Option<(u32, Option<Instant>)>,
}

impl Serving {
    /// Notes a look; says whether it is ready, and whether it serves.
    pub(crate) fn look(&mut self, view: Option<&View>, now: Instant) -> (bool, bool) {
        let Some((state, pid)) = view.and_then(|view| Some((view.state, view.pid?))) else {
            self.served = None;
            return (false, false);
        };
        let known = self.served.filter(|(served, _)| *served == pid);
        match (state, known) {
            (State::Ready, _) => {
                self.served = Some((pid, None));
                (true, true)
            }
            (State::Starting, Some((_, since))) => {
                let since = since.unwrap_or(now);
                self.served = Some((pid, Some(since)));
                (now.duration_since(since) < PATIENCE, true)
            }
            (_, Some(_)) => (false, true),
            (_, None) => {
                self.served = None;
                (false, false)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn view(state: State, pid: Option<u32>) -> View {
        let name = "kube-apiserver".to_owned();
        View { name, state, pid, restarts: 0, last_error: None }
    }

    #[test]
    fn a_server_is_told_as_the_document_has_it() {
        let mut document = testing::document();
        let told = Setup::of(&document).view("", true, true);
        let text = serde_json::to_string(&told).unwrap();
        assert_eq!(
            text,
            r#"{"version":"1.36.3","ready":true,"serving":true,"shutdownDelay":60,"goaway":0.001,"names":[]}"#
        );
        let flags = &mut document.api_server.flags;
        flags.insert("shutdown-delay-duration".to_owned(), "1m30s".to_owned());
        flags.insert("goaway-chance".to_owned(), "0.02".to_owned());
        let told = Setup::of(&document).view("", false, true);
        assert_eq!((told.shutdown_delay, told.goaway), (90, 0.02));
        let flags = &mut document.api_server.flags;
        flags.insert("goaway-chance".to_owned(), "NaN".to_owned());
        assert!((Setup::of(&document).view("", false, true).goaway - 0.001).abs() < 1e-9);
    }

    #[test]
    fn names_are_those_of_the_certificate_in_order() {
        let tree = testing::tree(1);
        // An authority has none; that is no reason to tell nothing else.
        let authority = tree.get("kubernetes-ca/cert.pem").unwrap();
        let told = Setup::of(&testing::document()).view(authority, true, true);
        assert!(told.names.is_empty() && told.ready);
    }

    #[test]
    fn one_that_stops_serves_and_is_not_ready_and_one_that_starts_does_neither() {
        let (mut serving, begun) = (Serving::default(), Instant::now());
        assert_eq!(serving.look(None, begun), (false, false));
        assert_eq!(serving.look(Some(&view(State::Starting, Some(1))), begun), (false, false));
        assert_eq!(serving.look(Some(&view(State::Ready, Some(1))), begun), (true, true));
        assert_eq!(serving.look(Some(&view(State::Stopping, Some(1))), begun), (false, true));
        assert_eq!(serving.look(Some(&view(State::Down, None)), begun), (false, false));
        assert_eq!(serving.look(Some(&view(State::Starting, Some(2))), begun), (false, false));
    }

    #[test]
    fn one_slow_probe_is_no_news() {
        let (mut serving, begun) = (Serving::default(), Instant::now());
        let (ready, slow) = (view(State::Ready, Some(1)), view(State::Starting, Some(1)));
        serving.look(Some(&ready), begun);
        let after = |seconds| begun + Duration::from_secs(seconds);
        assert_eq!(serving.look(Some(&slow), after(1)), (true, true));
        assert_eq!(serving.look(Some(&slow), after(3)), (true, true));
        assert_eq!(serving.look(Some(&slow), after(4)), (false, true));
        serving.look(Some(&ready), after(5));
        assert_eq!(serving.look(Some(&slow), after(6)), (true, true), "the time begins anew");
    }
}
