//! Masters approve what workers ask for to serve with (`crate::kubernetes::serving`), by what EC2 says of their machines. Where
//! nobody else knows the machines, on a laptop, nothing is approved.

use std::net::IpAddr;
use std::time::Duration;

use super::kubernetes::own_api;
use super::master::Master;
use crate::discovery;
use crate::document::Identity;
use crate::kubernetes::serving;
use crate::problem::Problem;

/// A new worker has a certificate this much later than it asked.
const EVERY: Duration = Duration::from_secs(10);

/// Looks for ever, once the API server is ready. Every master does: a request is approved once.
pub(super) async fn approve(master: &Master) {
    let Some(aws) =
        master.begun.aws.as_ref().filter(|_| master.begun.document.identity == Identity::Ec2)
    else {
        return;
    };
    let mut told = None;
    loop {
        master.begun.supervisor.ready("kube-apiserver").await;
        let trouble = once(master, aws).await.err().map(|problem| problem.to_string());
        master.begun.board.trouble(&mut told, trouble);
        tokio::time::sleep(EVERY).await;
    }
}

async fn once(master: &Master, aws: &aws_config::SdkConfig) -> Result<(), Problem> {
    let failed = |error: crate::kubernetes::ApiError| {
        Problem::new("Certificates of kubelets cannot be approved", format!("{error}."))
    };
    let api = own_api(master, &master.tree())?;
    let open = serving::open(&serving::list(&api).await.map_err(failed)?);
    if open.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = open.iter().map(|request| request.node.clone()).collect();
    let machines = discovery::workers(aws, &master.begun.document.cluster.name, names).await?;
    let address = |node: &str| -> Option<IpAddr> {
        machines.iter().find(|(id, _)| id == node).map(|(_, address)| *address)
    };
    for request in &open {
        if address(&request.node).is_some_and(|address| request.is_for(address)) {
            serving::approve(&api, request).await.map_err(failed)?;
        }
    }
    Ok(())
}
