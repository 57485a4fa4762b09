//! What ends soon: certificates that sign, and the authorities that they come from.

use maud::{Markup, html};
use veridose_contract::{PartyId, Timestamp};
use veridose_ledger::pki::AuthorityCertificate;
use veridose_store::PageRequest;

use crate::node::Node;
use crate::pages::parts::{party, short, time};
use crate::pages::visitor::Worker;
use crate::pages::words::Words;
use crate::problem::Problem;

/// Certificates that are shown, those that end first.
const ROWS: u32 = 50;
/// From so many days on somebody should act.
const SOON_DAYS: i64 = 30;
const DAY_MS: i64 = 86_400_000;

struct Row {
    party: PartyId,
    name: String,
    end: Timestamp,
    what: &'static str,
}

pub(super) async fn section(worker: &Worker, node: &Node) -> Result<Markup, Problem> {
    let words = worker.words;
    let own: Vec<_> =
        node.parties().iter().filter_map(|party| node.signer(party)).map(|signer| signer.fingerprint()).collect();
    let page = PageRequest { limit: Some(ROWS), token: None };
    let certificates = node.store().queries.certificates(&page).await?;
    let mut rows: Vec<Row> = certificates
        .items
        .into_iter()
        .map(|row| {
            let what = if own.contains(&row.fingerprint) { "operator-signs-here" } else { "operator-signs" };
            Row { party: row.party, name: row.fingerprint.to_string(), end: row.not_after, what }
        })
        .collect();
    for member in node.directory().members().iter().take(ROWS as usize) {
        let authority = AuthorityCertificate::parse(&member.ca_der).map_err(Problem::internal)?;
        let (party, name) = (member.id.clone(), member.ca.to_string());
        rows.push(Row { party, name, end: authority.not_after(), what: "operator-authority" });
    }
    rows.sort_by_key(|row| row.end);
    let now = node.clock().now();
    Ok(html! {
        section.card aria-labelledby="certificates" {
            h2 #certificates { (words.say("operator-certificates")) }
            p.quiet { (words.say("operator-certificates-how")) }
            @if certificates.next.is_some() { p.notice { (words.with("operator-certificates-cut", [("count", ROWS.into())])) } }
            div.wide tabindex="0" role="region" aria-labelledby="certificates" {
                table {
                    thead { tr {
                        th scope="col" { (words.say("operator-left")) }
                        th scope="col" { (words.say("operator-ends")) }
                        th scope="col" { (words.say("operator-whose")) }
                        th scope="col" { (words.say("operator-for")) }
                        th scope="col" { (words.say("operator-fingerprint")) }
                    } }
                    tbody { @for row in &rows { tr {
                        td { (left(words, row.end, now)) }
                        td { (time(row.end)) }
                        td { (party(node, &row.party)) }
                        td { (words.say(row.what)) }
                        td { (short(&row.name)) }
                    } } }
                }
            }
        }
    })
}

/// How long it holds still, with a sign.
fn left(words: &Words, end: Timestamp, now: Timestamp) -> Markup {
    let days = end.0.saturating_sub(now.0).div_euclid(DAY_MS);
    let (class, sign) = match days {
        ..0 => ("mark-stop", "✕"),
        0..SOON_DAYS => ("mark-ask", "!"),
        SOON_DAYS.. => ("mark-may", "✓"),
    };
    let said =
        if days < 0 { words.say("operator-ended") } else { words.with("operator-days", [("days", days.into())]) };
    html! { span class=(class) { (sign) " " } (said) }
}
