//! The chaincode on a real network: `VERIDOSE_FABRIC_DIR` names one that was started without a genesis, for instance with
//! `deploy/fabric/network up --dir DIR --chaincode target/release/veridose-chaincode`.

use std::path::PathBuf;

use veridose_contract::{Action, DecommissionReason, IdempotencyKey, ItemKey, Timestamp, Transaction};
use veridose_ledger::testing::{LOT, Member, Members, packs};
use veridose_ledger::wire::{self, Attestation, Refusals, Version, Why};

use super::gateway::Gateway;

struct Client {
    members: Members,
    gateway: Gateway,
    next: std::sync::atomic::AtomicU64,
}

impl Client {
    fn sign(&self, member: &Member, action: Action, items: Vec<ItemKey>) -> Transaction {
        let number = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut key = [4; 16];
        key[..8].copy_from_slice(&number.to_be_bytes());
        let now = std::time::UNIX_EPOCH.elapsed().expect("after 1970");
        let now = Timestamp(i64::try_from(now.as_millis()).expect("a date"));
        self.members.sign_as(&member.signer, IdempotencyKey(key), now, vec![(action, items)])
    }

    fn commission(&self, items: Vec<ItemKey>) -> Transaction {
        self.sign(&self.members.maker, Action::Commission { lot: LOT }, items)
    }

    async fn submit(&self, transactions: &[&Transaction]) -> Result<(), String> {
        let arguments: Vec<_> = transactions.iter().map(|transaction| transaction.encode()).collect();
        let took = self.gateway.submit(wire::SUBMIT, &arguments).await?;
        assert!(took.endorse < took.all, "a commit follows its endorsement");
        Ok(())
    }

    async fn refused(&self, transactions: &[&Transaction]) -> Refusals {
        let text = self.submit(transactions).await.expect_err("refused");
        let json = text.strip_prefix("chaincode response 409, ").unwrap_or_else(|| panic!("{text}"));
        serde_json::from_str(json).expect("refusals")
    }

    async fn begin(&self) {
        let version = self.gateway.evaluate(wire::VERSION, &[]).await.expect("it answers");
        let version: Version = serde_json::from_slice(&version).expect("a version");
        assert_eq!(version.network, None, "the channel has a network already: start one without a genesis");
        let msps = ["AlpinePharmaMSP", "NorthWholesaleMSP", "HarbourPharmacyMSP", "MedicinesAgencyMSP"];
        let file = self.members.network.to_toml().into_bytes();
        let arguments: Vec<_> = std::iter::once(file).chain(msps.map(|msp| msp.as_bytes().to_vec())).collect();
        self.gateway.submit(wire::INIT, &arguments).await.expect("it begins");
        let (maker, north) = (&self.members.maker, &self.members.north);
        for member in [maker, north] {
            let register = Action::RegisterCertificate(member.signer.certificate().clone());
            self.submit(&[&self.sign(member, register, vec![])]).await.expect("the first certificate");
        }
        let stock = self.members.beginning().pop().expect("product and lot");
        for command in stock.body.commands {
            self.submit(&[&self.sign(maker, command.action, vec![])]).await.expect("product and lot");
        }
    }

    /// What is refused, repeated, attested; and a change of members, which a majority endorses.
    async fn answers(&self) {
        let (maker, north) = (&self.members.maker, &self.members.north);
        let one = self.commission(packs(0, 3));
        let two = self.sign(maker, Action::Decommission { reason: DecommissionReason::Sample }, packs(1, 1));
        self.submit(&[&one, &two]).await.expect("one sees what the other wrote");
        let again = self.refused(&[&one]).await;
        assert_eq!(again.refused[0].why, Why::Repeated { first: one.header.id() });
        let fresh = self.commission(packs(3, 1));
        let foreign = self.sign(north, Action::Decommission { reason: DecommissionReason::Sample }, packs(0, 1));
        let refusals = self.refused(&[&fresh, &foreign]).await;
        assert_eq!(refusals.refused.len(), 1, "{refusals:?}");
        assert!(
            matches!(&refusals.refused[0].why, Why::Rejected(rejection) if rejection.code.as_str() == "not_holder")
        );
        let headers = [&one.header, &fresh.header].map(|header| borsh::to_vec(header).expect("encodes"));
        let attested = self.gateway.evaluate(wire::ATTEST, &headers).await.expect("it answers");
        let attested: Vec<Attestation> = borsh::from_slice(&attested).expect("a list");
        let names: Vec<_> = attested.iter().map(|found| found.tx).collect();
        assert_eq!(names, [one.header.id()], "what was refused together with another was not written");
        self.submit(&[&fresh]).await.expect("alone it is taken");

        let mut party = self.members.network.genesis.members[1].clone();
        "North, renamed".clone_into(&mut party.name);
        self.submit(&[&self.sign(north, Action::UpdateParty(party), vec![])]).await.expect("by a majority");
        let revoke = Action::RevokeCertificate(north.signer.fingerprint());
        self.submit(&[&self.sign(north, revoke, vec![])]).await.expect("by a majority");
        let gone = self.refused(&[&self.sign(north, Action::Anchor, packs(0, 1))]).await;
        let revoked = Why::Unauthenticated { reason: veridose_ledger::Unauthentic::Revoked };
        assert_eq!(gone.refused[0].why, revoked);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_chaincode_does_its_work_on_a_real_network() {
    let Some(folder) = std::env::var_os("VERIDOSE_FABRIC_DIR").map(PathBuf::from) else {
        println!("skipped: VERIDOSE_FABRIC_DIR names no network");
        return;
    };
    let gateway = Gateway::open(&folder, "alpine-pharma");
    let client = Client { members: Members::new(), gateway, next: 0.into() };
    client.begin().await;
    client.answers().await;
}
