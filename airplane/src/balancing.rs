//! What `proxy` asks of the world and tells it - listeners, routes, checks - and what the control API says of it.
use crate::airplane::{Airplane, Inner};
use crate::service::elbv2::routing::{self, DueCheck, Front, Route};
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;

impl Airplane {
    /// The listeners that want a port.
    pub(crate) fn fronts(&self) -> Vec<Front> {
        routing::fronts(&mut self.lock().world)
    }

    /// A listener has a port; with a remark, if it is not the one that it should have.
    pub(crate) fn listens(&self, front: &Front, address: SocketAddr, remark: Option<String>) {
        let mut inner = self.lock();
        inner.world.listening.insert(front.listener.clone(), address);
        if let Some(remark) = remark {
            inner.say(&remark);
            inner.world.remarks.insert(front.listener.clone(), remark);
        }
    }

    /// A listener has no port any more.
    pub(crate) fn listens_no_more(&self, front: &Front) {
        let world = &mut self.lock().world;
        world.listening.remove(&front.listener);
        world.remarks.remove(&front.listener);
    }

    /// Where the next connection to a listener goes.
    pub(crate) fn route(&self, front: &Front) -> Option<Route> {
        let mut inner = self.lock();
        // What cannot be written now is still dirty and is told to the next request.
        let _ = inner.catch_up();
        let turn = inner.turns.entry(front.listener.clone()).or_default();
        let this = *turn;
        *turn = turn.wrapping_add(1);
        routing::route(&mut inner.world, front, this)
    }

    /// Which connections may stay.
    pub(crate) fn holds(&self, routes: &[&Route]) -> Vec<bool> {
        if routes.is_empty() {
            return Vec::new();
        }
        let world = &mut self.lock().world;
        routes.iter().map(|route| routing::holds(world, route)).collect()
    }

    /// The connections that shall be tried now to find the health of targets.
    pub(crate) fn due_checks(&self) -> Vec<DueCheck> {
        let mut inner = self.lock();
        let _ = inner.catch_up();
        routing::due(&mut inner.world)
    }

    /// A connection was tried.
    pub(crate) fn checked(&self, due: &DueCheck, passed: bool) {
        let mut inner = self.lock();
        routing::record(&mut inner.world, due, passed);
        let _ = inner.catch_up();
    }
}

/// `GET /_airplane/listeners`: where each TCP listener of a network load balancer can be reached. One that has no address
/// yet gets it in a moment; without a server none has one.
pub(crate) fn listeners(inner: &mut Inner) -> Value {
    let mut all = Vec::new();
    for front in routing::fronts(&mut inner.world) {
        let address = inner.world.listening.get(&front.listener).copied();
        let remark = inner.world.remarks.get(&front.listener).cloned();
        let elbv2 = &inner.world.realm(&front.account, &front.region).elbv2;
        let Some(listener) = elbv2.listeners.get(&front.listener) else { continue };
        let balancer = elbv2.load_balancers.get(&listener.load_balancer);
        all.push(json!({
            "account": front.account, "region": front.region, "listener": front.listener,
            "load_balancer": listener.load_balancer, "name": balancer.map(|lb| lb.name.clone()),
            "dns": balancer.map(|lb| lb.dns.clone()), "port": listener.port, "address": address, "remark": remark,
        }));
    }
    Value::Array(all)
}

/// `PUT /_airplane/sockets` replaces the table that says where machines listen, POST adds to it and takes away what is
/// null.
pub(crate) fn sockets(inner: &mut Inner, method: &Method, body: &Value) -> Result<Value, String> {
    let Some(given) = body.as_object() else {
        return Err("sockets takes {\"i-... or address, perhaps with :PORT\": \"127.0.0.1:PORT\"}"
            .to_owned());
    };
    let mut sockets = match *method {
        Method::PUT => BTreeMap::new(),
        _ => inner.world.sockets.clone(),
    };
    for (name, address) in given {
        if address.is_null() {
            sockets.remove(name);
            continue;
        }
        let text = address.as_str().unwrap_or_default();
        let address: SocketAddr = text
            .parse()
            .map_err(|_| format!("the socket of {name} must be IP:PORT, not {address}"))?;
        if !address.ip().is_loopback() {
            return Err(format!(
                "the socket of {name} must be on loopback, since airplane speaks to nobody else, not {address}"
            ));
        }
        sockets.insert(name.clone(), address);
    }
    inner.world.sockets = sockets;
    Ok(json!(inner.world.sockets))
}
