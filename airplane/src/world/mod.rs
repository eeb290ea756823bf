//! The world: accounts and their realms as plain data. Changed only inside a request or an event, then committed or rolled back.
pub(crate) mod clock;
pub(crate) mod ids;
pub(crate) mod machines;
pub(crate) mod queue;
pub(crate) mod quotas;
pub(crate) mod scope;
pub(crate) mod snapshot;
pub(crate) mod store;
pub(crate) mod table;
pub(crate) mod timing;

use crate::service::{autoscaling, ec2, ecr, elbv2, events, iam, kms, route53, s3, sqs, ssm, sts};
use ids::Ids;
use queue::Scheduled;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use table::{AnyTable, tables};

/// Epoch milliseconds.
pub(crate) type Millis = i64;

tables! {
    /// An account and region.
    pub(crate) struct Realm {
        nested ec2: ec2::State,
        nested autoscaling: autoscaling::State,
        nested elbv2: elbv2::State,
        nested kms: kms::State,
        nested ssm: ssm::State,
        nested sqs: sqs::State,
        nested events: events::State,
        nested ecr: ecr::State,
    }
}

tables! {
    /// What an account has in no region.
    pub(crate) struct Global {
        nested iam: iam::State,
        nested sts: sts::State,
        nested route53: route53::State,
        nested s3: s3::State,
    }
}

/// One account.
#[derive(Default)]
pub(crate) struct Account {
    pub(crate) global: Global,
    pub(crate) realms: BTreeMap<String, Realm>,
}

tables! {
    /// What belongs to no account.
    pub(crate) struct Root {
        table queue: Scheduled,
        table replays: crate::around::idempotency::Replay,
        table machines: machines::Machine,
        table given: machines::Given,
    }
}

/// Everything.
pub(crate) struct World {
    pub(crate) root: Root,
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) ids: Ids,
    /// The time of the request or event that runs.
    pub(crate) now: Millis,
    /// Upper bound of the delay until describes see a new object.
    pub(crate) visibility: Millis,
    /// Quotas that differ from the defaults.
    pub(crate) quotas: BTreeMap<String, u64>,
    /// Conditions that faults put on the world, such as `no-capacity:us-east-1a`, `zone-down:us-east-1b` or
    /// `impaired:i-0123456789abcdef0`.
    pub(crate) conditions: BTreeSet<String>,
    /// Where machines truly listen, on loopback: by instance id, by address, by either with `:PORT`; an address may
    /// stand after its VPC (`vpc-1/10.0.0.5`).
    pub(crate) sockets: BTreeMap<String, SocketAddr>,
    /// Where listeners of network load balancers can be reached, by ARN, while a server runs.
    pub(crate) listening: BTreeMap<String, SocketAddr>,
    /// What is to be said of listeners that are not where they should be, by ARN.
    pub(crate) remarks: BTreeMap<String, String>,
    /// Are machines processes? If so, the block of loopback addresses that theirs begin in.
    pub(crate) loopback: Option<u8>,
    /// The ends of machines' logs, by instance.
    pub(crate) consoles: BTreeMap<String, Vec<u8>>,
}

impl World {
    /// An empty world.
    pub(crate) fn new(seed: u64, visibility: Millis) -> Self {
        World {
            root: Root::default(),
            accounts: BTreeMap::new(),
            ids: Ids::new(seed),
            now: 0,
            visibility,
            quotas: BTreeMap::new(),
            conditions: BTreeSet::new(),
            sockets: BTreeMap::new(),
            listening: BTreeMap::new(),
            remarks: BTreeMap::new(),
            loopback: None,
            consoles: BTreeMap::new(),
        }
    }

    /// The account, made on first sight.
    pub(crate) fn account(&mut self, account: &str) -> &mut Account {
        if !self.accounts.contains_key(account) {
            self.accounts.insert(account.to_owned(), Account::default());
        }
        self.accounts.get_mut(account).expect("invariant: inserted above")
    }

    /// The realm, made on first sight.
    pub(crate) fn realm(&mut self, account: &str, region: &str) -> &mut Realm {
        let account = self.account(account);
        if !account.realms.contains_key(region) {
            account.realms.insert(region.to_owned(), Realm::default());
        }
        account.realms.get_mut(region).expect("invariant: inserted above")
    }

    /// Runs over every table with the place that it belongs to: "", "ACCOUNT" or "ACCOUNT/REGION".
    pub(crate) fn each_table(&mut self, f: &mut dyn FnMut(&str, &str, &mut dyn AnyTable)) {
        self.root.each("", &mut |name, table| f("", name, table));
        for (id, account) in &mut self.accounts {
            account.global.each("", &mut |name, table| f(id, name, table));
            for (region, realm) in &mut account.realms {
                let place = format!("{id}/{region}");
                realm.each("", &mut |name, table| f(&place, name, table));
            }
        }
    }

    /// Takes back every change since the last commit.
    pub(crate) fn rollback(&mut self) {
        self.each_table(&mut |_, _, table| table.rollback());
    }

    /// Makes sure that the place exists and hands its table over, if there is such a table.
    pub(crate) fn with_table(
        &mut self,
        place: &str,
        name: &str,
        f: &mut dyn FnMut(&mut dyn AnyTable),
    ) {
        let mut pick = |n: &str, t: &mut dyn AnyTable| {
            if n == name {
                f(t);
            }
        };
        match place.split_once('/') {
            Some((account, region)) => self.realm(account, region).each("", &mut pick),
            None if place.is_empty() => self.root.each("", &mut pick),
            None => self.account(place).global.each("", &mut pick),
        }
    }
}
