//! [`Sky`]: an airplane in this process, and the AWS provider on it, for a bench. Both go by one
//! stepped clock. A process may die at each of its calls, before or after the airplane has done it.

use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep};
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use kprov_airplane::{Airplane, ClockKind, Config, Delivery};
use kprov_core::Value;
use kprov_provider::testing::complete;
use kprov_provider::{Provider, Registry};
use kprov_provider_aws::testing::{SteppedClock, in_process};
use kprov_provider_aws::{Aws, Transport};
use kprov_tests::bench::Bench;
use kprov_tests::inventory::Inventory;
use kprov_tests::steps::Moment;

use crate::grounded::{Ground, Grounded};

/// What a process that dies unwinds with.
#[derive(Debug)]
pub(crate) struct Died;

/// How many calls there were, and at which one the process dies.
#[derive(Debug, Default)]
struct Fate {
    calls: usize,
    death: Option<(usize, Moment)>,
}

/// See the module.
pub(crate) struct Sky {
    plane: Arc<Airplane>,
    /// Of the process that lives.
    clock: Mutex<SteppedClock>,
    fate: Arc<Mutex<Fate>>,
}

fn enter<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Who died held it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sky {
    /// An empty account.
    pub(crate) fn new(seed: u64) -> Sky {
        let config = Config { seed, clock: ClockKind::Stepped, ..Config::default() };
        let plane = Arc::new(Airplane::new(config).expect("an airplane in memory"));
        Sky { plane, clock: Mutex::default(), fate: Arc::default() }
    }

    /// A bench whose provider is AWS; as a process that has just begun.
    pub(crate) fn bench(&self, bench: Bench) -> Bench {
        let clock = later(&enter(&self.clock));
        let aws = Aws::new(self.transport(&clock));
        *enter(&self.clock) = clock;
        let config = provider_config();
        let config = complete(&aws.schema().provider.block, &config);
        let grounded = Arc::new(Grounded::new(aws, &config, bench.host()));
        let registry = Registry::new().with(grounded.clone());
        bench.with_providers(registry, Arc::new(Ground(grounded)))
    }

    /// From now on: the process dies at its call of that number, counted from here.
    pub(crate) fn doom(&self, death: Option<(usize, Moment)>) {
        *enter(&self.fate) = Fate { calls: 0, death };
    }

    /// Calls since [`Sky::doom`].
    pub(crate) fn calls(&self) -> usize {
        enter(&self.fate).calls
    }

    /// What it holds.
    pub(crate) fn inventory(&self) -> Inventory {
        Inventory::of(&self.plane.dump())
    }

    /// Asks airplane itself: faults.
    pub(crate) fn control(&self, method: &str, path: &str, body: &serde_json::Value) {
        let request = http::Request::builder().method(method).uri(format!("/_airplane/{path}"));
        let request = request.body(body.to_string().into()).expect("a request");
        let answer = self.plane.handle(request);
        assert_eq!(answer.status(), 200, "{path}: {:?}", answer.body());
    }

    fn transport(&self, clock: &SteppedClock) -> Transport {
        let (plane, time, fate) = (self.plane.clone(), clock.clone(), self.fate.clone());
        let last = Mutex::new(time.now());
        let http = in_process(move |request| {
            let call = {
                let mut fate = enter(&fate);
                fate.calls += 1;
                fate.calls - 1
            };
            let dies = |moment| enter(&fate).death == Some((call, moment));
            if dies(Moment::Before) {
                resume_unwind(Box::new(Died));
            }
            let now = time.now();
            let passed = now.duration_since(std::mem::replace(&mut *enter(&last), now));
            let passed = passed.unwrap_or_default().as_millis();
            plane.advance(i64::try_from(passed).expect("not that much time"));
            let answer = plane.handle(request.map(Into::into));
            if dies(Moment::After) {
                resume_unwind(Box::new(Died));
            }
            let lost = answer.extensions().get::<Delivery>().is_some_and(|it| it.lost);
            match lost {
                // Nobody can tell from it what happened.
                true => http::Response::builder().status(500).body(Vec::new()).expect("an answer"),
                false => answer.map(|body| body.to_vec()),
            }
        });
        Transport {
            http: Some(http),
            sleep: SharedAsyncSleep::new(clock.clone()),
            time: SharedTimeSource::new(clock.clone()),
        }
    }
}

/// A clock that shows the same time, and that nobody waits for: what a dead process waited for may be
/// in its memory for ever.
fn later(clock: &SteppedClock) -> SteppedClock {
    let next = SteppedClock::default();
    let passed = clock.now().duration_since(next.now()).expect("time goes on");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(next.sleep(passed));
    next
}

/// As the configurations' `provider` block.
fn provider_config() -> Value {
    Value::object([
        ("region", Value::string("eu-west-1")),
        ("access_key", Value::string("AIRPLANE123456789012")),
        ("secret_key", Value::string("airplane")),
    ])
}

/// The `provider` block of all configurations.
pub(crate) const PROVIDER: &str = r#"
provider "aws" {
  region     = "eu-west-1"
  access_key = "AIRPLANE123456789012"
  secret_key = "airplane"
}
"#;
