//! The conformance kit over any server that speaks AWS: `conformance http://127.0.0.1:5000`.
//!
//! For moto, which the unit tests cannot run in process. Says what breaks, by the rule's name.
#![allow(clippy::print_stdout)]

#[path = "../src/tests/cases.rs"]
mod cases;

use std::process::ExitCode;

use kprov_provider::Provider;
use kprov_provider::testing::kit;
use kprov_provider_aws::Aws;

async fn run(endpoint: &str) -> ExitCode {
    let aws = Aws::default();
    let provider = cases::provider(&aws, Some(endpoint));
    let mut broken = kit::failures(&aws, "aws_vpc", &cases::vpc(&provider)).await;
    match cases::make_vpc(&aws, &provider).await {
        Ok(vpc) => {
            let subnet = cases::subnet(&provider, &vpc);
            broken.extend(kit::failures(&aws, "aws_subnet", &subnet).await);
        }
        Err(error) => println!("no VPC for subnets: {error}"),
    }
    broken.iter().for_each(|failure| println!("{failure}"));
    aws.calls().iter().for_each(|(name, count)| println!("{count:5} {name}"));
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn main() -> ExitCode {
    let Some(endpoint) = std::env::args().nth(1) else {
        println!("usage: conformance URL");
        return ExitCode::FAILURE;
    };
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run(&endpoint)),
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}
