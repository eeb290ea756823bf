//! Serves airplane for boto3 and the aws CLI: `cargo run -p kprov-airplane --example serve -- --listen 127.0.0.1:4599`.
use kprov_airplane::{Airplane, Config, server};
use std::error::Error;
use std::io::Write;
use std::sync::Arc;

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
            _ => return Err(format!("there is no flag {flag}").into()),
        }
    }
    let airplane = Arc::new(Airplane::new(config)?);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let server = server::start(airplane, listen.parse()?).await?;
        writeln!(std::io::stdout(), "airplane listens on http://{}", server.address())?;
        tokio::signal::ctrl_c().await?;
        server.stop().await;
        Ok(())
    })
}
