//! Attestations as peers sign them, and what becomes of changed ones.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use veridose_contract::TxId;

use super::*;
use crate::proof::verify;
use crate::testing::{Members, packs};

/// A field in protobuf's form.
fn put(number: u8, value: &[u8]) -> Vec<u8> {
    let mut length = value.len();
    let mut bytes = vec![number << 3 | 2];
    while length > 127 {
        bytes.push(u8::try_from(length & 127).expect("7 bits") | 128);
        length >>= 7;
    }
    bytes.push(u8::try_from(length).expect("7 bits"));
    [bytes.as_slice(), value].concat()
}

fn payload(chaincode: &str, status: u8, stated: &[Attestation]) -> Vec<u8> {
    let answer = borsh::to_vec(stated).expect("writing to a Vec does not fail");
    let response = [vec![1 << 3, status, 1], put(3, &answer)].concat();
    let action = [put(3, &response), put(4, &put(2, chaincode.as_bytes()))].concat();
    [put(1, &[7; 32]), put(2, &action)].concat()
}

struct Peer {
    organisation: Organisation,
    key: KeyPair,
    endorser: Vec<u8>,
}

fn peer(msp_id: &str) -> Peer {
    let authority_key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).expect("a certificate").der().to_vec();
    let issuer = Issuer::new(params, authority_key);
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::default().signed_by(&key, &issuer).expect("a certificate");
    let endorser = [put(1, msp_id.as_bytes()), put(2, certificate.pem().as_bytes())].concat();
    Peer { organisation: Organisation { msp_id: msp_id.to_owned(), authority }, key, endorser }
}

fn endorsement(peer: &Peer, payload: Vec<u8>) -> Endorsement {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &peer.key.serialize_der()).expect("the key");
    let signed = [payload.as_slice(), &peer.endorser].concat();
    let signature = pair.sign(&aws_lc_rs::rand::SystemRandom::new(), &signed).expect("signed").as_ref().to_vec();
    Endorsement { payload: Base64(payload), endorser: Base64(peer.endorser.clone()), signature: Base64(signature) }
}

#[tokio::test]
async fn peers_vouch_for_their_transaction_and_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let members = Members::new();
    let ledger = members.open(folder.path());
    members.begin(&ledger).await;
    let index = ledger.submit(members.commission(packs(0, 3))).await.expect("commissioned").index;
    let mut receipt = ledger.receipt(index, &[]).expect("a receipt");
    let verified = verify(&receipt, None, &ledger.verifier(), None).expect("holds");
    let header = &verified.header;
    let right = Attestation { network: header.network, tx: verified.id, body_root: header.body_root };
    let (maker, agency) = (peer("MakerMSP"), peer("AgencyMSP"));
    let organisations = [maker.organisation.clone(), agency.organisation.clone()];
    let mut judge = |endorsements: Vec<Endorsement>| {
        let attestations = Attestations {
            channel: "veridose".into(),
            chaincode: "contract".into(),
            block: 7,
            tx_id: "ab".into(),
            validation_code: "VALID".into(),
            endorsements,
        };
        receipt.attestations = Some(attestations);
        let receipt = Receipt::parse(&receipt.to_json()).expect("its own text");
        verify_attestations(&receipt, &verified, &organisations).map_err(|error| error.to_string())
    };
    let good = payload("contract", 200, &[right]);
    let both =
        vec![endorsement(&maker, good.clone()), endorsement(&agency, good.clone()), endorsement(&maker, good.clone())];
    assert_eq!(judge(both).expect("both vouch"), ["MakerMSP", "AgencyMSP"]);

    let other = Attestation { tx: TxId([9; 32]), ..right };
    let said = judge(vec![endorsement(&maker, payload("contract", 200, &[other]))]).expect_err("of another");
    assert!(said.contains("another transaction"), "{said}");
    for bad in [payload("other", 200, &[right]), payload("contract", 201, &[right]), vec![0xff]] {
        assert!(judge(vec![endorsement(&maker, bad)]).expect_err("no answer").contains("no answer of the chaincode"));
    }
    let said = judge(vec![endorsement(&peer("OtherMSP"), good.clone())]).expect_err("unknown");
    assert!(said.contains("no certificate of the authority of OtherMSP"), "{said}");
    let said = judge(vec![endorsement(&peer("MakerMSP"), good.clone())]).expect_err("of another authority");
    assert!(said.contains("not issued by"), "{said}");
    let mut forged = endorsement(&maker, good);
    forged.signature = endorsement(&agency, vec![1]).signature;
    assert!(judge(vec![forged]).expect_err("forged").contains("does not hold"));
}

#[test]
fn fields_are_read_as_protobuf_has_them() {
    let message = [put(1, b"a"), vec![2 << 3, 0xac, 2], vec![3 << 3 | 5, 1, 2, 3, 4], put(1, &[b'b'; 300])].concat();
    assert_eq!(bytes(&message, 1), Some([b'b'; 300].as_slice()));
    assert_eq!(field(&message, 2), Some(Field::Number(300)));
    assert_eq!(field(&message, 3), Some(Field::Bytes(&[1, 2, 3, 4])));
    assert_eq!(field(&message, 4), None);
    for end in [1, 2, 6, 10, 100] {
        assert_eq!(field(&message[..end], 9), None);
    }
}
