//! Clinical studies. Who signed a version, the contract's state tells.

use std::fmt::Write as _;

use veridose_contract::{PartyId, StudyId, StudyStep};

use crate::entity::studies::{study, study_version};
use crate::projection::fold::Place;
use crate::projection::working::Working;
use crate::text;

pub(super) fn take(working: &mut Working, place: &Place<'_>, id: &StudyId, step: &StudyStep) {
    match step {
        StudyStep::Register { kind, sites } => {
            let row = study::Model {
                study: id.0.to_vec(),
                sponsor: place.holder(),
                kind: kind.name().to_owned(),
                sites: listed(sites),
                registered_at: place.happened(),
                commitment: place.commitment(),
                event_id: place.event,
            };
            working.studies.put(id.0.to_vec(), row);
        }
        StudyStep::SetSites(sites) => {
            if let Some(row) = working.studies.get_mut(&id.0.to_vec()) {
                row.sites = listed(sites);
            }
        }
        StudyStep::Anchor(document) => working.study_versions.push(study_version::Model {
            study: id.0.to_vec(),
            content: document.content.0.to_vec(),
            document: document.document.0.to_vec(),
            kind: text::word(&document.kind),
            version: i64::from(document.version),
            party: place.holder(),
            anchored_at: place.happened(),
            commitment: place.commitment(),
            event_id: place.event,
        }),
        StudyStep::Sign { .. } => {}
    }
}

/// Who is part of the study before the step or after it: none of them misses a change.
pub(super) fn viewers(working: &Working, id: &StudyId, step: &StudyStep) -> Vec<String> {
    let new =
        if let StudyStep::Register { sites, .. } | StudyStep::SetSites(sites) = step { sites.as_slice() } else { &[] };
    let known = working.studies.get(&id.0.to_vec());
    let known = known.into_iter().flat_map(|row| row.sites.split(',').chain([row.sponsor.as_str()]));
    let mut viewers: Vec<String> = known.filter(|name| !name.is_empty()).map(str::to_owned).collect();
    viewers.extend(new.iter().map(PartyId::to_string));
    viewers
}

fn listed(sites: &[PartyId]) -> String {
    sites.iter().fold(String::from(","), |mut text, site| {
        write!(text, "{site},").expect("a String");
        text
    })
}
