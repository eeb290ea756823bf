//! The conformance kit over airplane, in process and on a stepped clock.

use std::sync::{Arc, Mutex};

use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use kprov_airplane::{Airplane, ClockKind, Config};
use kprov_provider::testing::kit::{self, Failure};

use super::{cases, run};
use crate::testing::{SteppedClock, in_process};
use crate::{Aws, Transport};

/// A provider over an airplane whose time is the provider's.
fn aloft() -> Aws {
    let config = Config { clock: ClockKind::Stepped, ..Config::default() };
    let airplane = Arc::new(Airplane::new(config).unwrap());
    let clock = SteppedClock::default();
    let (time, last) = (clock.clone(), Mutex::new(clock.now()));
    let http = in_process(move |request| {
        let mut last = last.lock().unwrap();
        let passed = time.now().duration_since(*last).unwrap();
        *last = time.now();
        airplane.advance(i64::try_from(passed.as_millis()).unwrap());
        airplane.handle(request.map(Into::into)).map(|body| body.to_vec())
    });
    Aws::new(Transport {
        http: Some(http),
        sleep: SharedAsyncSleep::new(clock.clone()),
        time: SharedTimeSource::new(clock),
    })
}

fn assert_none(failures: &[Failure]) {
    let lines: Vec<String> = failures.iter().map(Failure::to_string).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}

#[test]
fn a_vpc_holds_to_the_rules() {
    let aws = aloft();
    let provider = cases::provider(&aws, None);
    assert_none(&run(kit::failures(&aws, "aws_vpc", &cases::vpc(&provider))));
}

#[test]
fn a_subnet_holds_to_the_rules() {
    let aws = aloft();
    let provider = cases::provider(&aws, None);
    let failures = run(async {
        let vpc = cases::make_vpc(&aws, &provider).await.unwrap();
        kit::failures(&aws, "aws_subnet", &cases::subnet(&provider, &vpc)).await
    });
    assert_none(&failures);
}
