//! Whether those who signed are those that a policy of the channel demands.

use std::collections::BTreeMap;

use fabric_sdk::fabric::common::implicit_meta_policy::Rule;
use fabric_sdk::fabric::common::policy::PolicyType;
use fabric_sdk::fabric::common::signature_policy::Type;
use fabric_sdk::fabric::common::{
    ApplicationPolicy, Config, ConfigEnvelope, ConfigGroup, ImplicitMetaPolicy, SignaturePolicy,
    SignaturePolicyEnvelope, application_policy,
};
use prost::Message as _;

use super::msp::{Msp, Person};

/// How deep a policy may be nested.
const DEPTH_MAX: usize = 32;
/// Who may sign blocks.
pub(crate) const BLOCK_VALIDATION: &str = "/Channel/Orderer/BlockValidation";
/// Who endorses a chaincode's definition.
pub(crate) const LIFECYCLE: &str = "/Channel/Application/LifecycleEndorsement";

/// A channel's configuration as far as signatures are concerned.
#[derive(Debug)]
pub(crate) struct Configuration {
    /// Rises with each change.
    pub(crate) sequence: u64,
    root: ConfigGroup,
    msps: Vec<Msp>,
}

impl Configuration {
    /// From the content of a configuration block's transaction.
    pub(crate) fn read(envelope: &[u8]) -> Result<Self, String> {
        let of = |problem: String| format!("the channel's configuration: {problem}");
        let envelope = ConfigEnvelope::decode(envelope).map_err(|error| of(error.to_string()))?;
        let Config { sequence, channel_group } = envelope.config.unwrap_or_default();
        let root = channel_group.ok_or_else(|| of("it is empty".to_owned()))?;
        let mut msps: BTreeMap<String, Msp> = BTreeMap::new();
        for kind in ["Application", "Orderer"] {
            for organisation in root.groups.get(kind).iter().flat_map(|group| group.groups.values()) {
                let Some(value) = organisation.values.get("MSP") else { continue };
                let msp = Msp::read(&value.value).map_err(of)?;
                msps.insert(msp.id.clone(), msp);
            }
        }
        Ok(Self { sequence, root, msps: msps.into_values().collect() })
    }

    /// The organisations.
    pub(crate) fn msps(&self) -> &[Msp] {
        &self.msps
    }

    /// Whether these satisfy the policy of this name, such as [`BLOCK_VALIDATION`].
    pub(crate) fn is_satisfied(&self, path: &str, signers: &[Person]) -> bool {
        let Some((groups, policy)) =
            path.strip_prefix("/Channel/").map(|path| path.rsplit_once('/').unwrap_or(("", path)))
        else {
            return false;
        };
        let mut group = Some(&self.root);
        for name in groups.split('/').filter(|name| !name.is_empty()) {
            group = group.and_then(|group| group.groups.get(name));
        }
        group.is_some_and(|group| in_group(group, policy, signers, 0))
    }

    /// Whether these satisfy a chaincode's policy, as its definition holds it.
    pub(crate) fn satisfies(&self, policy: &[u8], signers: &[Person]) -> bool {
        match ApplicationPolicy::decode(policy).ok().and_then(|policy| policy.r#type) {
            Some(application_policy::Type::SignaturePolicy(policy)) => is_signed(&policy, signers),
            Some(application_policy::Type::ChannelConfigPolicyReference(path)) => self.is_satisfied(&path, signers),
            None => false,
        }
    }
}

fn in_group(group: &ConfigGroup, name: &str, signers: &[Person], depth: usize) -> bool {
    let Some(policy) = group.policies.get(name).and_then(|policy| policy.policy.as_ref()) else { return false };
    match PolicyType::try_from(policy.r#type) {
        Ok(PolicyType::Signature) => of_key(&policy.value, signers),
        Ok(PolicyType::ImplicitMeta) if depth < DEPTH_MAX => {
            let Ok(meta) = ImplicitMetaPolicy::decode(policy.value.as_slice()) else { return false };
            let all = group.groups.len();
            let satisfied =
                group.groups.values().filter(|group| in_group(group, &meta.sub_policy, signers, depth + 1)).count();
            match Rule::try_from(meta.rule) {
                Ok(Rule::Any) => satisfied > 0,
                Ok(Rule::All) => satisfied == all && all > 0,
                Ok(Rule::Majority) => satisfied > all / 2,
                Err(_) => false,
            }
        }
        Ok(PolicyType::Unknown | PolicyType::Msp | PolicyType::ImplicitMeta) | Err(_) => false,
    }
}

/// Whether these satisfy the policy of a single key.
pub(crate) fn of_key(policy: &[u8], signers: &[Person]) -> bool {
    SignaturePolicyEnvelope::decode(policy).is_ok_and(|policy| is_signed(&policy, signers))
}

/// As Fabric judges it: each signer counts for one place of the policy at most, the first that means them.
fn is_signed(policy: &SignaturePolicyEnvelope, signers: &[Person]) -> bool {
    let mut used = vec![false; signers.len()];
    policy.rule.as_ref().is_some_and(|rule| is_met(rule, policy, signers, &mut used, 0))
}

fn is_met(
    rule: &SignaturePolicy,
    policy: &SignaturePolicyEnvelope,
    signers: &[Person],
    used: &mut Vec<bool>,
    depth: usize,
) -> bool {
    match &rule.r#type {
        Some(Type::SignedBy(place)) => {
            let Some(principal) = usize::try_from(*place).ok().and_then(|place| policy.identities.get(place)) else {
                return false;
            };
            let found = (0..signers.len()).find(|signer| !used[*signer] && signers[*signer].is(principal));
            found.inspect(|signer| used[*signer] = true).is_some()
        }
        Some(Type::NOutOf(of)) if depth < DEPTH_MAX => {
            let mut met = 0;
            for rule in &of.rules {
                let mut trial = used.clone();
                if is_met(rule, policy, signers, &mut trial, depth + 1) {
                    met += 1;
                    *used = trial;
                }
            }
            met >= of.n
        }
        Some(Type::NOutOf(_)) | None => false,
    }
}
