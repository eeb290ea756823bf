//! Serves airplane for boto3 and the aws CLI: `cargo run -p kprov-airplane --example serve -- --listen 127.0.0.1:4599`.
use kprov_airplane::{Airplane, Config, Machines, Program, server};
use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> Result<(), Box<dyn Error>> {
    let (mut config, mut listen) = (Config::default(), "127.0.0.1:4599".to_owned());
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        let value = args.next().ok_or_else(|| format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--listen" => listen = value,
            "--clock" => config.clock = value.parse()?,
            "--seed" => config.seed = value.parse()?,
            "--db" => config.database = Some(value.into()),
            "--visibility-millis" => config.visibility_millis = value.parse()?,
            "--throttling" => config.throttling = Some(value.parse()?),
            "--faults" => config.faults = Some(std::fs::read_to_string(&value)?),
            // See `program`.
            "--machines" => config.machines = Machines::Process(program(&value)?),
            _ => return Err(format!("there is no flag {flag}").into()),
        }
    }
    config.log = |text| drop(writeln!(std::io::stderr(), "{text}"));
    let airplane = Arc::new(Airplane::new(config)?);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let server = server::start(airplane, listen.parse()?).await?;
        writeln!(std::io::stdout(), "airplane listens on http://{}", server.address())?;
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        server.stop().await;
        Ok(())
    })
}

// `DIRECTORY,BLOCK,PROGRAM,ARGUMENT,..`
fn program(words: &str) -> Result<Program, Box<dyn Error>> {
    let mut words = words.split(',').map(str::to_owned);
    let mut word = |what: &str| words.next().ok_or_else(|| format!("--machines names no {what}"));
    let directory = PathBuf::from(word("directory")?);
    let block = word("block of addresses")?.parse()?;
    let program = PathBuf::from(word("program")?);
    let patience = Duration::from_secs(30);
    Ok(Program { program, arguments: words.collect(), directory, patience, block })
}
