//! A record of an access in plain words.

use veridose_contract::Purpose;
use veridose_contract::access::{Grant, Refusal};
use veridose_store::AccessNote;

use super::said;
use crate::node::Node;
use crate::pages::words::Words;

/// Who looked: the member and the person, as the person's issuer calls it.
pub(super) fn who(words: &Words, node: &Node, look: &AccessNote) -> String {
    match &look.party {
        Some(party) => {
            let who = said::member(node, party);
            words.with("me-look-who", [("who", who.into()), ("person", look.who.subject.clone().into())])
        }
        None if look.purpose == "own_record" => words.say("me-look-you"),
        None => look.who.subject.clone(),
    }
}

/// What for.
pub(super) fn aim(words: &Words, purpose: &str) -> String {
    match purpose {
        "own_record" => words.say("me-aim-own"),
        "consent" => words.say("me-aim-consent"),
        "emergency" => words.say("me-aim-emergency"),
        "claim" => words.say("me-aim-claim"),
        other => match other.parse::<Purpose>() {
            Ok(purpose) => words.with("me-aim", [("purpose", said::purpose(words, purpose).into())]),
            Err(_) => other.to_owned(),
        },
    }
}

/// What was given, in what form.
pub(super) fn given(words: &Words, grant: &Grant) -> String {
    let (data, form) = (said::kinds(words, &grant.kinds), said::form(words, grant.form));
    words.with("me-look-given", [("data", data.into()), ("form", form.into())])
}

/// Why nothing was given; in the node's own words where the catalogue has none for the rule.
pub(super) fn refusal(words: &Words, refused: &Refusal) -> String {
    words.find(&format!("me-rule-{}", refused.rule.as_str()), []).unwrap_or_else(|| refused.needed.clone())
}

/// What was looked at where no kinds of data were asked for.
pub(super) fn operation(words: &Words, what: &str) -> String {
    match what {
        "Consent/search" | "Consent/read" => words.say("me-what-consents"),
        "accesses/list" => words.say("me-what-accesses"),
        "notices/list" => words.say("me-what-notices"),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use veridose_contract::access::RefusalRule;

    use crate::pages::words::{Language, Words};

    #[test]
    fn every_refusal_is_told_in_plain_words() {
        for rule in RefusalRule::ALL {
            for language in Language::ALL {
                let key = format!("me-rule-{}", rule.as_str());
                assert!(Words::of(language).find(&key, []).is_some(), "{key}");
            }
        }
    }
}
