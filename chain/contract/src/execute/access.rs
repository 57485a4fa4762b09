//! What must be known of access to patients' data: how far a node's log of it is fixed, and which credentials no longer hold.

use super::Turn;
use crate::command::{AccessAnchor, Command, Role};
use crate::id::CredentialId;
use crate::key;
use crate::limits::ACCESS_RECORDS_PER_ANCHOR_MAX;
use crate::read;
use crate::record::AccessLogRecord;
use crate::rejection::{Code, Stop, refuse};

/// Fixes the records that follow the last anchored one: no gap, no record twice. Who anchored first goes on.
pub(super) fn anchor(turn: &mut Turn<'_>, anchor: &AccessAnchor) -> Result<(), Stop> {
    if anchor.count > ACCESS_RECORDS_PER_ANCHOR_MAX {
        let text = format!("one anchor fixes at most {ACCESS_RECORDS_PER_ANCHOR_MAX} records");
        return refuse(Code::LimitExceeded, text);
    }
    let before = read::access_log(&turn.state, &anchor.log)?;
    if let Some(before) = before.as_ref().filter(|before| before.party != *turn.me()) {
        return refuse(Code::NotLogKeeper, format!("log {} is kept by {}", anchor.log, before.party));
    }
    let next = before.map_or(0, |before| before.records);
    let records = next.checked_add(anchor.count.into()).filter(|_| anchor.first == next && anchor.count > 0);
    let Some(records) = records else {
        return refuse(Code::AnchorPlace, format!("the next record of log {} is {next}", anchor.log));
    };
    let record = AccessLogRecord { party: turn.me().clone(), records, tx: turn.tx };
    turn.state.put(key::access_log(&anchor.log), &record);
    Ok(())
}

/// Ends a credential. Its name is a hash, so the ledger cannot tell whose issuer may do so: regulators do.
pub(super) fn revoke_credential(turn: &mut Turn<'_>, command: &Command, id: &CredentialId) -> Result<(), Stop> {
    turn.require_role(&[Role::Regulator], command.action.name())?;
    if read::revoked_credential(&turn.state, id)?.is_some() {
        return refuse(Code::CredentialRevoked, format!("credential {id} is revoked"));
    }
    let mark = turn.mark(command);
    turn.state.put(key::credential(id), &mark);
    Ok(())
}
