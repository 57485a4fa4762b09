mod channel;

use fabric_sdk::fabric::common::BlockMetadataIndex;
use fabric_sdk::fabric::common::msp_role::MspRoleType;

use super::*;
use channel::{CHAINCODE, Organisation, Somebody, Written, block, call, configuration, n_of};

/// A channel of three members under a policy of two, as of its second block.
struct World {
    trust: Trust,
    number: u64,
    orderers: Organisation,
    members: Vec<Organisation>,
    orderer: Somebody,
    peers: Vec<Somebody>,
    client: Somebody,
}

impl World {
    fn new() -> Self {
        let orderers = Organisation::new("OrdererMSP");
        let members: Vec<_> = ["AMSP", "BMSP", "CMSP"].map(Organisation::new).into();
        let (orderer, client) = (orderers.issue("orderer"), members[0].issue("client"));
        let peers = members.iter().map(|member| member.issue("peer")).collect();
        let mut world = Self { trust: Trust::default(), number: 0, orderers, members, orderer, peers, client };
        let first = configuration(0, &world.orderers, &world.all());
        world.take(&block(0, None, vec![first])).expect("the first block");
        let policy = n_of(2, &world.all(), MspRoleType::Peer);
        world.call(&[0, 1], &Written::definition(policy)).expect("a majority of three");
        world
    }

    fn all(&self) -> Vec<&Organisation> {
        self.members.iter().collect()
    }

    fn take(&mut self, block: &Block) -> Result<(), String> {
        let decoded = block::decode(block, CHAINCODE)?;
        self.trust.check(block, &decoded)?;
        self.trust.learn(&decoded)?;
        self.number += 1;
        Ok(())
    }

    /// The next block, with a call that the peers of these members endorsed.
    fn call(&mut self, endorsers: &[usize], written: &Written) -> Result<(), String> {
        let endorsers: Vec<_> = endorsers.iter().map(|member| &self.peers[*member]).collect();
        let envelope = call(&self.client, &endorsers, written);
        let block = block(self.number, Some(&self.orderer), vec![envelope]);
        self.take(&block)
    }

    /// The same, endorsed by whomever.
    fn call_by(&mut self, endorsers: &[&Somebody], written: &Written) -> Result<(), String> {
        let envelope = call(&self.client, endorsers, written);
        let block = block(self.number, Some(&self.orderer), vec![envelope]);
        self.take(&block)
    }

    fn configure(&mut self, sequence: u64) -> Result<(), String> {
        let envelope = configuration(sequence, &self.orderers, &self.all());
        let block = block(self.number, Some(&self.orderer), vec![envelope]);
        self.take(&block)
    }
}

#[track_caller]
fn refused(outcome: Result<(), String>, said: &[&str]) {
    let problem = outcome.expect_err("refused");
    assert!(said.iter().all(|said| problem.contains(said)), "{problem}");
}

#[test]
fn a_block_is_signed_by_an_orderer_of_the_channel() {
    let mut world = World::new();
    let record = Written::record(b"ione");
    world.call(&[0, 1], &record).expect("signed");
    let envelope = || call(&world.client, &[&world.peers[0], &world.peers[1]], &Written::record(b"itwo"));
    let unsigned = block(3, None, vec![envelope()]);
    let mut forged = block(3, Some(&world.orderer), vec![envelope()]);
    let place = BlockMetadataIndex::Signatures as usize;
    let metadata = forged.metadata.as_mut().expect("metadata");
    let mut signatures = Metadata::decode(metadata.metadata[place].as_slice()).expect("signatures");
    let last = signatures.signatures[0].signature.len() - 1;
    signatures.signatures[0].signature[last] ^= 1;
    metadata.metadata[place] = signatures.encode_to_vec();
    let foreign = Organisation::new("OrdererMSP").issue("orderer");
    let foreign = block(3, Some(&foreign), vec![envelope()]);
    let member = block(3, Some(&world.peers[2]), vec![envelope()]);
    refused(world.take(&unsigned), &["block 3: it is not signed as the channel's orderers must: signed by nobody"]);
    refused(world.take(&forged), &["block 3", "a signature said to be of OrdererMSP does not hold"]);
    refused(
        world.take(&foreign),
        &["block 3", "a certificate said to be of OrdererMSP", "not issued by the authority"],
    );
    refused(world.take(&member), &["block 3", "signed by CMSP"]);
    world.call(&[0, 1], &record).expect("what was refused changed nothing");
}

#[test]
fn a_transaction_is_endorsed_as_the_policy_says() {
    let mut world = World::new();
    let record = Written::record(b"ione");
    world.call(&[1, 2], &record).expect("two of three");
    refused(world.call(&[1], &record), &["do not satisfy the chaincode's policy: signed by BMSP"]);
    refused(world.call(&[1, 1], &record), &["signed by BMSP"]);
    let (again, clerk) = (world.members[1].issue("peer"), world.members[2].issue("client"));
    let own = world.members[0].issue("peer");
    refused(world.call_by(&[&again, &clerk], &record), &["signed by BMSP, CMSP"]);
    let foreign = Organisation::new("BMSP").issue("peer");
    let said = ["signed by AMSP", "a certificate said to be of BMSP", "not issued by the authority"];
    refused(world.call_by(&[&own, &foreign], &record), &said);
    let stranger = Organisation::new("EveMSP").issue("peer");
    let said = ["signed by AMSP", "\"EveMSP\", which is no organisation of the channel"];
    refused(world.call_by(&[&own, &stranger], &record), &said);
    world.call_by(&[&own, &again, &stranger], &record).expect("who does not count does no harm");
    let outside = Organisation::new("AMSP").issue("client");
    let envelope = call(&outside, &[&own, &again], &record);
    let block = block(world.number, Some(&world.orderer), vec![envelope]);
    refused(world.take(&block), &["a certificate said to be of AMSP"]);
}

#[test]
fn a_record_with_a_policy_of_its_own_needs_that() {
    let mut world = World::new();
    let mut record = Written::record(b"mnorth");
    let key = record.writes[0].0.clone();
    let all = n_of(3, &world.all(), MspRoleType::Peer).encode_to_vec();
    record.policies = vec![(key.clone(), all)];
    world.call(&[0, 1], &record).expect("it is new");
    let kept = world.trust.take_change().expect("something changed");
    assert_eq!(world.trust.take_change(), None, "told once");
    world.trust = Trust::decode(&kept).expect("as it was kept");
    record.policies.clear();
    refused(
        world.call(&[0, 1], &record),
        &[&format!("too few endorse a change of the record {key}: signed by AMSP, BMSP")],
    );
    world.call(&[0, 1, 2], &record).expect("all three");
    record.writes[0].1 = None;
    refused(world.call(&[1, 2], &record), &["too few endorse"]);
    world.call(&[0, 1, 2], &record).expect("removed");
    world.call(&[1, 2], &Written::record(b"mnorth")).expect("its policy went with it");
}

#[test]
fn the_configuration_says_who_counts_from_the_next_block_on() {
    let mut world = World::new();
    let record = Written::record(b"ione");
    let mut world_with = Organisation::new("DMSP");
    std::mem::swap(&mut world_with, &mut world.members[2]);
    let newcomer = world.members[2].issue("peer");
    let [a, b] = [0, 1].map(|member: usize| world.members[member].issue("peer"));
    refused(world.call_by(&[&a, &newcomer], &record), &["\"DMSP\", which is no organisation"]);
    refused(world.configure(0), &["an older configuration"]);
    world.configure(1).expect("a new member");
    let policy = n_of(2, &world.all(), MspRoleType::Peer);
    world.call_by(&[&a, &newcomer], &Written::definition(policy)).expect("a majority of the new three");
    world.call_by(&[&a, &newcomer], &record).expect("it counts");
    world.members[0].revoke(&a);
    world.call_by(&[&a, &b], &record).expect("it is not published yet");
    world.configure(2).expect("a list of what was revoked");
    refused(world.call_by(&[&a, &b], &record), &["signed by BMSP", "a certificate said to be of AMSP: it was revoked"]);
    refused(world.call_by(&[&b], &Written::definition(n_of(1, &world.all(), MspRoleType::Peer))), &["definition"]);
}

#[test]
fn what_was_endorsed_is_what_was_proposed() {
    let mut world = World::new();
    let endorsers = [&world.peers[0], &world.peers[1]];
    let envelope = call(&world.client, &endorsers, &Written::record(b"ione"));
    let other = block(2, Some(&world.orderer), vec![replaced(&envelope, b"submit", b"sabmit")]);
    refused(world.take(&other), &["what was endorsed is not what was proposed"]);
    let other = block(2, Some(&world.orderer), vec![replaced(&envelope, &[1; 24], &[2; 24])]);
    refused(world.take(&other), &["its name is not that of its maker and nonce"]);
}

/// The bytes with a part exchanged for one of the same length.
fn replaced(bytes: &[u8], part: &[u8], by: &[u8]) -> Vec<u8> {
    let at = bytes.windows(part.len()).position(|window| window == part).expect("it is there");
    [&bytes[..at], by, &bytes[at + part.len()..]].concat()
}
