//! What an authenticator answers, checked as W3C Web Authentication Level 3, sections 7.1 and 7.2, ask a relying party to.
//!
//! Attestation statements are passed over: who made an authenticator is not asked for, so nothing is believed about it.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use ciborium::Value;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::{ES256, RelyingParty, bytes, is_within};

/// Size of a field of an answer, in characters.
const FIELD_MAX: usize = 16 * 1024;
/// Length of a credential's name, in bytes (Level 3, section 7.1, step 26).
const CREDENTIAL_BYTES_MAX: usize = 1_023;
/// Transports that are kept of a passkey, and the length of one.
const TRANSPORTS_MAX: usize = 8;
const TRANSPORT_BYTES_MAX: usize = 32;
/// A `SubjectPublicKeyInfo` of an uncompressed point on P-256, up to the point (RFC 5480).
const SPKI_P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Why an answer is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It cannot be read.
    #[error("{0} is not of the form that WebAuthn gives it")]
    Form(&'static str),
    /// It is of another ceremony.
    #[error("clientDataJSON is of the type {found}, not {wanted}")]
    Type {
        /// What it says.
        found: String,
        /// What it should.
        wanted: &'static str,
    },
    /// It answers another challenge.
    #[error("the answer is to another challenge: what was signed is not what was asked for")]
    Challenge,
    /// It was made on a page of somebody else.
    #[error("the answer was made on {0}, which is no page of this service")]
    Origin(String),
    /// It was made in a frame of another page.
    #[error("the answer was made inside a page of another origin")]
    CrossOrigin,
    /// It is for another relying party.
    #[error("the passkey answered for another relying party than {0}")]
    RelyingParty(String),
    /// Nobody was there.
    #[error("the authenticator did not see anybody present")]
    NotPresent,
    /// It is not known who was there.
    #[error("the authenticator did not verify who is present: unlock it with PIN, finger or face")]
    NotVerified,
    /// The flags contradict each other.
    #[error("the authenticator says that a key is backed up that cannot be")]
    Backup,
    /// The key is of another kind.
    #[error("the passkey's key is not one for ES256 (ECDSA on P-256 with SHA-256)")]
    Algorithm,
    /// The names differ.
    #[error("the answer names one credential and is of another")]
    Credential,
    /// The passkey is another user's.
    #[error("the passkey is another user's")]
    User,
    /// The signature does not hold.
    #[error("the signature is not by this passkey")]
    Signature,
}

/// `RegistrationResponseJSON`, as `PublicKeyCredential.toJSON()` gives it; other members are passed over.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Registration {
    /// The credential's name, base64url.
    pub raw_id: String,
    /// What the authenticator said.
    pub response: AttestationResponse,
}

/// What the authenticator said of a new key.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AttestationResponse {
    /// What the browser did, base64url of JSON.
    #[serde(rename = "clientDataJSON")]
    pub client_data_json: String,
    /// The authenticator's data, base64url of CBOR.
    #[serde(rename = "attestationObject")]
    pub attestation_object: String,
    /// How the authenticator may be reached.
    #[serde(default)]
    pub transports: Vec<String>,
}

/// `AuthenticationResponseJSON`, as `PublicKeyCredential.toJSON()` gives it; other members are passed over.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Assertion {
    /// The credential's name, base64url.
    pub raw_id: String,
    /// What the authenticator said.
    pub response: AssertionResponse,
}

/// What the authenticator signed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AssertionResponse {
    /// What the browser did, base64url of JSON.
    #[serde(rename = "clientDataJSON")]
    pub client_data_json: String,
    /// The authenticator's data, base64url.
    #[serde(rename = "authenticatorData")]
    pub authenticator_data: String,
    /// The signature over both, base64url of DER.
    pub signature: String,
    /// Whose passkey it is, base64url.
    #[serde(default, rename = "userHandle", skip_serializing_if = "Option::is_none")]
    pub user_handle: Option<String>,
}

/// A new credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The authenticator's name for it.
    pub id: Vec<u8>,
    /// The public key, a DER `SubjectPublicKeyInfo`.
    pub key: Vec<u8>,
    /// The authenticator's counter of signatures.
    pub counter: u32,
    /// How the authenticator may be reached.
    pub transports: Vec<String>,
}

/// What an assertion shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asserted {
    /// The authenticator's counter of signatures.
    pub counter: u32,
    /// The page on which it was made.
    pub origin: String,
}

/// Checks the answer to a request for a new credential.
pub fn registered(rp: &RelyingParty, challenge: &[u8], answer: &Registration) -> Result<Credential, Refused> {
    let client = field("clientDataJSON", &answer.response.client_data_json)?;
    let origin = ClientData::check(&client, "webauthn.create", challenge)?;
    if !rp.accepts(&origin) {
        return Err(Refused::Origin(origin));
    }
    let form = || Refused::Form("attestationObject");
    let object = field("attestationObject", &answer.response.attestation_object)?;
    let object: Value = ciborium::from_reader(object.as_slice()).map_err(|_| form())?;
    let data = member(&object, &Value::Text("authData".to_owned())).and_then(Value::as_bytes).ok_or_else(form)?;
    let data = AuthenticatorData::parse(data)?;
    data.check(&rp.id)?;
    let (id, key) = data.credential()?;
    if field("rawId", &answer.raw_id)? != id {
        return Err(Refused::Credential);
    }
    let known = answer.response.transports.iter().filter(|transport| transport.len() <= TRANSPORT_BYTES_MAX);
    let transports = known.take(TRANSPORTS_MAX).cloned().collect();
    Ok(Credential { id, key, counter: data.counter, transports })
}

/// Checks the answer to a request to sign: by the key of the credential that it names, for a user of that handle.
pub fn asserted(
    rp: &RelyingParty,
    challenge: &[u8],
    user: &[u8; 32],
    key: &[u8],
    answer: &Assertion,
) -> Result<Asserted, Refused> {
    let response = &answer.response;
    if let Some(handle) = response.user_handle.as_deref().filter(|handle| !handle.is_empty())
        && bytes(handle).as_deref() != Some(user.as_slice())
    {
        return Err(Refused::User);
    }
    let (client, data) = (&response.client_data_json, &response.authenticator_data);
    let asserted = signed(&rp.id, challenge, key, client, data, &response.signature)?;
    if rp.accepts(&asserted.origin) { Ok(asserted) } else { Err(Refused::Origin(asserted.origin)) }
}

/// Checks that the key signed this challenge on a page of the relying party; the three texts are base64url.
pub fn signed(
    rp_id: &str,
    challenge: &[u8],
    key: &[u8],
    client_data_json: &str,
    authenticator_data: &str,
    signature: &str,
) -> Result<Asserted, Refused> {
    let client = field("clientDataJSON", client_data_json)?;
    let origin = ClientData::check(&client, "webauthn.get", challenge)?;
    if !Url::parse(&origin).is_ok_and(|url| is_within(&url, rp_id)) {
        return Err(Refused::Origin(origin));
    }
    let raw = field("authenticatorData", authenticator_data)?;
    let data = AuthenticatorData::parse(&raw)?;
    data.check(rp_id)?;
    let message = [raw.as_slice(), Sha256::digest(&client).as_slice()].concat();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key)
        .verify(&message, &field("signature", signature)?)
        .map_err(|_| Refused::Signature)?;
    Ok(Asserted { counter: data.counter, origin })
}

fn field(name: &'static str, text: &str) -> Result<Vec<u8>, Refused> {
    let short = (text.len() <= FIELD_MAX).then(|| bytes(text)).flatten();
    short.ok_or(Refused::Form(name))
}

/// `CollectedClientData` (Level 3, section 5.8.1).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    r#type: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
}

impl ClientData {
    /// The origin of an answer of the wanted type to the challenge.
    fn check(json: &[u8], wanted: &'static str, challenge: &[u8]) -> Result<String, Refused> {
        let data: Self = serde_json::from_slice(json).map_err(|_| Refused::Form("clientDataJSON"))?;
        if data.r#type != wanted {
            return Err(Refused::Type { found: data.r#type.chars().take(80).collect(), wanted });
        }
        if bytes(&data.challenge).as_deref() != Some(challenge) {
            return Err(Refused::Challenge);
        }
        if data.cross_origin {
            return Err(Refused::CrossOrigin);
        }
        Ok(data.origin)
    }
}

/// Authenticator data (Level 3, section 6.1).
struct AuthenticatorData<'a> {
    rp_id_hash: &'a [u8; 32],
    flags: u8,
    counter: u32,
    rest: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    const USER_PRESENT: u8 = 1;
    const USER_VERIFIED: u8 = 1 << 2;
    const BACKUP_ELIGIBLE: u8 = 1 << 3;
    const BACKED_UP: u8 = 1 << 4;
    const CREDENTIAL: u8 = 1 << 6;

    fn parse(data: &'a [u8]) -> Result<Self, Refused> {
        let parts = || {
            let (rp_id_hash, rest) = data.split_first_chunk::<32>()?;
            let (flags, rest) = rest.split_first()?;
            let (counter, rest) = rest.split_first_chunk::<4>()?;
            Some(Self { rp_id_hash, flags: *flags, counter: u32::from_be_bytes(*counter), rest })
        };
        parts().ok_or(Refused::Form("authenticatorData"))
    }

    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    fn check(&self, rp_id: &str) -> Result<(), Refused> {
        if self.rp_id_hash.as_slice() != Sha256::digest(rp_id).as_slice() {
            return Err(Refused::RelyingParty(rp_id.to_owned()));
        }
        if !self.has(Self::USER_PRESENT) {
            return Err(Refused::NotPresent);
        }
        if !self.has(Self::USER_VERIFIED) {
            return Err(Refused::NotVerified);
        }
        if self.has(Self::BACKED_UP) && !self.has(Self::BACKUP_ELIGIBLE) {
            return Err(Refused::Backup);
        }
        Ok(())
    }

    /// Name and key of the attested credential (Level 3, section 6.5.1).
    fn credential(&self) -> Result<(Vec<u8>, Vec<u8>), Refused> {
        let form = || Refused::Form("authData");
        if !self.has(Self::CREDENTIAL) {
            return Err(form());
        }
        let (_aaguid, rest) = self.rest.split_first_chunk::<16>().ok_or_else(form)?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or_else(form)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (id, rest) = rest.split_at_checked(length).ok_or_else(form)?;
        if id.is_empty() || id.len() > CREDENTIAL_BYTES_MAX {
            return Err(form());
        }
        // Extensions may follow the key.
        let key: Value = ciborium::from_reader(rest).map_err(|_| form())?;
        Ok((id.to_vec(), public_key(&key)?))
    }
}

/// A COSE key of ES256 (RFC 9053, section 7.1.1) as a `SubjectPublicKeyInfo`.
fn public_key(cose: &Value) -> Result<Vec<u8>, Refused> {
    let number = |label: i64| member(cose, &label.into()).and_then(Value::as_integer);
    let (kty, alg, curve) = (number(1), number(3), number(-1));
    if (kty, alg, curve) != (Some(2.into()), Some(ES256.into()), Some(1.into())) {
        return Err(Refused::Algorithm);
    }
    let coordinate = |label: i64| {
        let bytes = member(cose, &label.into()).and_then(Value::as_bytes);
        bytes.filter(|bytes| bytes.len() == 32).ok_or(Refused::Algorithm)
    };
    let key = [SPKI_P256.as_slice(), &[4], coordinate(-2)?, coordinate(-3)?].concat();
    // A point that is not on the curve verifies nothing, so it is refused at once.
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &key).parse().map_err(|_| Refused::Algorithm)?;
    Ok(key)
}

fn member<'a>(map: &'a Value, name: &Value) -> Option<&'a Value> {
    map.as_map()?.iter().find(|(key, _)| key == name).map(|(_, value)| value)
}
