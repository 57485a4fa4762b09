//! Clinical studies. A sponsor registers one; it and its sites anchor documents and sign them. No version is ever replaced.

use super::{Turn, active_party};
use crate::command::{Command, Role, StudyKind};
use crate::id::{ContentKey, PartyId, StudyId};
use crate::key;
use crate::limits::{SIGNATURES_PER_VERSION_MAX, SITES_PER_STUDY_MAX};
use crate::read;
use crate::record::{DocumentRecord, SignatureRecord, StudyRecord, VersionRecord};
use crate::rejection::{Code, Stop, refuse};
use crate::study::{SignatureMeaning, StudyDocument, StudyStep};

/// Takes a step with a study.
pub(super) fn take(turn: &mut Turn<'_>, command: &Command, id: &StudyId, step: &StudyStep) -> Result<(), Stop> {
    match step {
        StudyStep::Register { kind, sites } => register(turn, command, id, *kind, sites),
        StudyStep::SetSites(sites) => set_sites(turn, id, sites),
        StudyStep::Anchor(document) => anchor(turn, command, id, document),
        StudyStep::Sign { content, meaning } => sign(turn, command, id, content, *meaning),
    }
}

fn register(
    turn: &mut Turn<'_>,
    command: &Command,
    id: &StudyId,
    kind: StudyKind,
    sites: &[PartyId],
) -> Result<(), Stop> {
    turn.require_role(&[Role::Manufacturer, Role::Pharmacy, Role::Regulator], "sponsoring a study")?;
    check_sites(turn, sites)?;
    if read::study(&turn.state, id)?.is_some() {
        return refuse(Code::StudyExists, format!("study {id} is registered"));
    }
    let record =
        StudyRecord { kind, sites: sites.to_vec(), sponsor: turn.mark(command), payload: command.payload, tx: turn.tx };
    turn.state.put(key::study(id), &record);
    Ok(())
}

fn set_sites(turn: &mut Turn<'_>, id: &StudyId, sites: &[PartyId]) -> Result<(), Stop> {
    let mut record = study(turn, id)?;
    require_sponsor(turn, &record, "says who its sites are")?;
    check_sites(turn, sites)?;
    record.sites = sites.to_vec();
    turn.state.put(key::study(id), &record);
    Ok(())
}

fn check_sites(turn: &Turn<'_>, sites: &[PartyId]) -> Result<(), Stop> {
    if sites.len() > SITES_PER_STUDY_MAX {
        let text = format!("a study has at most {SITES_PER_STUDY_MAX} sites, not {}", sites.len());
        return refuse(Code::LimitExceeded, text);
    }
    if !sites.is_sorted_by(|left, right| left < right) || sites.contains(turn.me()) {
        let text = "a study's sites stand in ascending order and each once, without the sponsor";
        return refuse(Code::StudySites, text);
    }
    sites.iter().try_for_each(|site| active_party(&turn.state, site).map(drop))
}

fn anchor(turn: &mut Turn<'_>, command: &Command, id: &StudyId, document: &StudyDocument) -> Result<(), Stop> {
    let study = study(turn, id)?;
    require_part(turn, &study)?;
    let StudyDocument { document: name, kind, version, content } = document;
    if kind.is_sponsors() {
        require_sponsor(turn, &study, "writes protocols and consent forms")?;
    }
    let before = read::document(&turn.state, id, name)?;
    let expected = before.as_ref().map_or(0, |before| before.version).saturating_add(1);
    if *version != expected {
        return refuse(Code::DocumentVersion, format!("the next version of document {name} is {expected}"));
    }
    if let Some(before) = &before {
        if before.by != *turn.me() {
            return refuse(Code::NotAuthor, format!("{} anchored document {name} and alone amends it", before.by));
        }
        if before.kind != *kind {
            return refuse(Code::DocumentKind, format!("document {name} is a {:?}", before.kind));
        }
    }
    if let Some(known) = read::version(&turn.state, id, content)? {
        let text = format!("these contents are version {} of {} already", known.version, known.document);
        return refuse(Code::DocumentExists, text);
    }
    let record = VersionRecord {
        document: *name,
        kind: *kind,
        version: *version,
        by: turn.mark(command),
        recorded: turn.header.time,
        certificate: turn.creator.fingerprint,
        payload: command.payload,
        previous: before.map(|before| before.content),
        tx: turn.tx,
        signatures: Vec::new(),
    };
    turn.state.put(key::version(id, content), &record);
    let head = DocumentRecord { by: turn.me().clone(), kind: *kind, version: *version, content: *content };
    turn.state.put(key::document(id, name), &head);
    Ok(())
}

fn sign(
    turn: &mut Turn<'_>,
    command: &Command,
    id: &StudyId,
    content: &ContentKey,
    meaning: SignatureMeaning,
) -> Result<(), Stop> {
    let study = study(turn, id)?;
    // A regulator signs what it approves, of any study.
    if turn.role() != Role::Regulator {
        require_part(turn, &study)?;
    }
    let Some(mut record) = read::version(&turn.state, id, content)? else {
        return refuse(Code::UnknownDocument, "these contents are no document of the study");
    };
    let current = read::document(&turn.state, id, &record.document)?.map(|head| head.version);
    if current != Some(record.version) {
        let text = format!("version {} of {} was amended since", record.version, record.document);
        return refuse(Code::DocumentVersion, text);
    }
    if record.signatures.len() >= SIGNATURES_PER_VERSION_MAX {
        let text = format!("a version has at most {SIGNATURES_PER_VERSION_MAX} signatures");
        return refuse(Code::LimitExceeded, text);
    }
    record.signatures.push(SignatureRecord {
        by: turn.mark(command),
        recorded: turn.header.time,
        certificate: turn.creator.fingerprint,
        meaning,
        payload: command.payload,
        tx: turn.tx,
    });
    turn.state.put(key::version(id, content), &record);
    Ok(())
}

fn study(turn: &Turn<'_>, id: &StudyId) -> Result<StudyRecord, Stop> {
    match read::study(&turn.state, id)? {
        Some(record) => Ok(record),
        None => refuse(Code::UnknownStudy, format!("study {id} is not registered")),
    }
}

fn require_sponsor(turn: &Turn<'_>, study: &StudyRecord, what: &str) -> Result<(), Stop> {
    if study.sponsor.by == *turn.me() {
        return Ok(());
    }
    refuse(Code::NotSponsor, format!("the sponsor, {}, {what}", study.sponsor.by))
}

fn require_part(turn: &Turn<'_>, study: &StudyRecord) -> Result<(), Stop> {
    if study.sponsor.by == *turn.me() || study.sites.contains(turn.me()) {
        return Ok(());
    }
    refuse(Code::NotInStudy, format!("{} is neither the study's sponsor nor one of its sites", turn.me()))
}
