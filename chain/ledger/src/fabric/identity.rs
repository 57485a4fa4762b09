//! The node's identity on the channel: an X.509 certificate of its organisation's MSP, and the key that signs proposals.
//! It says which node speaks; who in the trade acts is said by the transaction's own signature.

use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use fabric_sdk::fabric::msp::SerializedIdentity;
use prost::Message as _;
use veridose_contract::Timestamp;

use crate::LedgerError;
use crate::pki;
use crate::signer::low_s;

/// Signs as one member of an organisation.
pub(crate) struct Identity {
    key: EcdsaKeyPair,
    /// The certificate with the organisation, as it stands in every header.
    serialized: Vec<u8>,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl Identity {
    /// Reads certificate and key (PEM files; PKCS#8 or SEC 1) and checks that they are usable at a moment.
    pub(crate) fn read(msp_id: &str, certificate: &Path, key: &Path, now: Timestamp) -> Result<Self, LedgerError> {
        let text = read(certificate)?;
        let of = |path: &Path, problem: &str| {
            LedgerError::Configuration(format!("the Fabric client identity {}: {problem}", path.display()))
        };
        let der = pki::parse_pem(&text).map_err(|error| of(certificate, &error.to_string()))?;
        let (public, not_before, not_after) =
            pki::key_and_validity(&der).map_err(|error| of(certificate, &error.to_string()))?;
        let key_der = key_der(&read(key)?).ok_or_else(|| of(key, "it is no private key in PEM"))?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key_der)
            .or_else(|_| EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, &key_der))
            .map_err(|_| of(key, "it is no private key of ECDSA on P-256"))?;
        if pair.public_key().as_ref() != public {
            return Err(of(key, &format!("it does not belong to the certificate {}", certificate.display())));
        }
        let identity = SerializedIdentity { mspid: msp_id.to_owned(), id_bytes: text.into_bytes() };
        let identity = Self { key: pair, serialized: identity.encode_to_vec(), not_before, not_after };
        identity.check_dates(now).map_err(|problem| of(certificate, &problem))?;
        Ok(identity)
    }

    fn check_dates(&self, now: Timestamp) -> Result<(), String> {
        if now > self.not_after {
            return Err(format!("the certificate expired {} hours ago", (now.0 - self.not_after.0) / 3_600_000));
        }
        if now < self.not_before {
            return Err(format!(
                "the certificate is not valid for {} more minutes",
                (self.not_before.0 - now.0) / 60_000
            ));
        }
        Ok(())
    }

    /// The organisation and certificate, as messages carry them.
    pub(crate) fn serialized(&self) -> &[u8] {
        &self.serialized
    }

    /// Signs bytes: ECDSA over their SHA-256, DER, with the low `s` that Fabric demands.
    pub(crate) fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, LedgerError> {
        let failed = || LedgerError::Configuration("the Fabric client identity: signing failed".to_owned());
        let signature = self.key.sign(&SystemRandom::new(), bytes).map_err(|_| failed())?;
        let fixed: [u8; 64] = signature.as_ref().try_into().map_err(|_| failed())?;
        Ok(to_der(&low_s(fixed)))
    }
}

fn read(path: &Path) -> Result<String, LedgerError> {
    std::fs::read_to_string(path)
        .map_err(|error| LedgerError::Configuration(format!("the Fabric client identity {}: {error}", path.display())))
}

/// The key of a PEM text; what else stands in it, such as curve parameters, is passed over.
fn key_der(text: &str) -> Option<Vec<u8>> {
    let blocks = x509_parser::pem::Pem::iter_from_buffer(text.as_bytes());
    blocks.flatten().find(|pem| matches!(pem.label.as_str(), "PRIVATE KEY" | "EC PRIVATE KEY")).map(|pem| pem.contents)
}

/// `r ‖ s` as SEQUENCE { INTEGER r, INTEGER s }.
fn to_der(fixed: &[u8; 64]) -> Vec<u8> {
    let (r, s) = fixed.split_at(32);
    let body = [integer(r), integer(s)].concat();
    // Two integers of at most 35 bytes each: the length fits its short form.
    let length = u8::try_from(body.len()).expect("at most 70 bytes");
    [&[0x30, length], body.as_slice()].concat()
}

/// A DER INTEGER of an unsigned big-endian number.
pub(crate) fn integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let digits = &number[zeros.min(number.len() - 1)..];
    let sign = if digits[0] & 0x80 == 0 { &[][..] } else { &[0][..] };
    let length = u8::try_from(digits.len() + sign.len()).expect("numbers here are of 33 bytes at most");
    [&[2, length], sign, digits].concat()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;
    use crate::signer::is_low_s;
    use crate::testing::NOW;

    struct Files {
        folder: tempfile::TempDir,
        public: Vec<u8>,
    }

    fn files(from: i32, to: i32) -> Files {
        let folder = tempfile::tempdir().expect("a folder");
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
        let certificate = params.self_signed(&key).expect("a certificate");
        std::fs::write(folder.path().join("cert.pem"), certificate.pem()).expect("write");
        std::fs::write(folder.path().join("key.pem"), key.serialize_pem()).expect("write");
        Files { folder, public: key.public_key_raw().to_vec() }
    }

    fn identity(certificate: &Files, key: &Files) -> Result<Identity, String> {
        let (certificate, key) = (certificate.folder.path().join("cert.pem"), key.folder.path().join("key.pem"));
        Identity::read("MakerMSP", &certificate, &key, NOW).map_err(|error| error.to_string())
    }

    #[test]
    fn signs_in_the_form_that_fabric_demands() {
        let files = files(2026, 2030);
        let identity = identity(&files, &files).expect("a good identity");
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &files.public);
        for number in 0..64u8 {
            let signature = identity.sign(&[number]).expect("signed");
            public.verify(&[number], &signature).expect("it holds");
            assert!(is_low_s(&signature));
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let good = files(2026, 2030);
        let said = |certificate: &Files, key: &Files| identity(certificate, key).err().expect("refused");
        assert!(said(&files(2020, 2021), &good).contains("does not belong to the certificate"));
        let old = files(2020, 2021);
        assert!(said(&old, &old).contains("expired"), "{}", said(&old, &old));
        let early = files(2028, 2030);
        assert!(said(&early, &early).contains("not valid for"));
        std::fs::write(early.folder.path().join("key.pem"), "nothing").expect("write");
        assert!(said(&early, &early).contains("no private key in PEM"));
        let text = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        std::fs::write(early.folder.path().join("key.pem"), text).expect("write");
        assert!(said(&early, &early).contains("no private key of ECDSA on P-256"));
        std::fs::remove_file(early.folder.path().join("cert.pem")).expect("removed");
        assert!(said(&early, &early).contains("cert.pem"));
    }

    #[test]
    fn integers_are_der() {
        assert_eq!(integer(&[0, 0]), [2, 1, 0]);
        assert_eq!(integer(&[0, 0x7f]), [2, 1, 0x7f]);
        assert_eq!(integer(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(integer(&7_051u64.to_be_bytes()), [2, 2, 0x1b, 0x8b]);
    }
}
