//! Endorsement policies of single keys, in the form that peers validate.

use fabric_sdk::fabric::common::msp_principal::Classification;
use fabric_sdk::fabric::common::msp_role::MspRoleType;
use fabric_sdk::fabric::common::signature_policy::{NOutOf, Type};
use fabric_sdk::fabric::common::{MspPrincipal, MspRole, SignaturePolicy, SignaturePolicyEnvelope};
use prost::Message as _;

use super::ShimError;

/// How many of which organisations' peers must endorse a write of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPolicy {
    /// How many.
    pub required: usize,
    /// Identifiers of the organisations' MSPs.
    pub msp_ids: Vec<String>,
}

impl KeyPolicy {
    /// More than half of them.
    pub fn majority(msp_ids: Vec<String>) -> Self {
        Self { required: msp_ids.len() / 2 + 1, msp_ids }
    }

    /// The bytes of a `SignaturePolicyEnvelope`.
    pub fn encode(&self) -> Vec<u8> {
        let number = |value: usize| i32::try_from(value).expect("a channel has fewer organisations");
        let identities = self.msp_ids.iter().map(|msp_id| {
            let role = MspRole { msp_identifier: msp_id.clone(), role: MspRoleType::Peer as i32 };
            MspPrincipal { principal_classification: Classification::Role as i32, principal: role.encode_to_vec() }
        });
        let signed_by = (0..self.msp_ids.len()).map(|place| policy(Type::SignedBy(number(place))));
        let rule = policy(Type::NOutOf(NOutOf { n: number(self.required), rules: signed_by.collect() }));
        SignaturePolicyEnvelope { version: 0, rule: Some(rule), identities: identities.collect() }.encode_to_vec()
    }

    /// Reads what [`Self::encode`] writes.
    pub fn decode(bytes: &[u8]) -> Result<Self, ShimError> {
        let other = |problem: &str| ShimError::malformed("key's policy", problem);
        let envelope: SignaturePolicyEnvelope = super::context::decode("key's policy", bytes)?;
        let Some(Type::NOutOf(rule)) = envelope.rule.and_then(|rule| rule.r#type) else {
            return Err(other("it is not of the form n out of"));
        };
        let msp_ids = envelope.identities.iter().map(|identity| {
            let peer: MspRole = super::context::decode("key's policy", &identity.principal)?;
            Ok(peer.msp_identifier)
        });
        let required = usize::try_from(rule.n).map_err(|_| other("it requires fewer than none"))?;
        Ok(Self { required, msp_ids: msp_ids.collect::<Result<_, ShimError>>()? })
    }
}

const fn policy(kind: Type) -> SignaturePolicy {
    SignaturePolicy { r#type: Some(kind) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_majority_is_more_than_half_and_comes_back() {
        for (count, required) in [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3)] {
            let policy = KeyPolicy::majority((0..count).map(|number| format!("Org{number}MSP")).collect());
            assert_eq!(policy.required, required);
            assert_eq!(KeyPolicy::decode(&policy.encode()), Ok(policy));
        }
        assert!(KeyPolicy::decode(b"").is_err());
        assert!(KeyPolicy::decode(&[0xff]).is_err());
    }
}
