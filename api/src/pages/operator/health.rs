//! Whether the node is well: the ledger, the view, detection, backups.

use maud::{Markup, html};
use veridose_store::{JobFilter, JobKind, JobState, PageRequest};

use crate::node::Node;
use crate::pages::parts::time;
use crate::pages::visitor::Worker;
use crate::problem::Problem;

/// A line with a sign: whether it is well, and what it says.
fn line(is_well: bool, said: &Markup) -> Markup {
    html! {
        li { @if is_well { span.mark-may { "✓ " } } @else { span.mark-stop { "✕ " } } (said) }
    }
}

pub(super) fn section(worker: &Worker, node: &Node) -> Markup {
    let (words, progress) = (worker.words, node.projector().progress());
    let (read_only, fresh) = (node.ledger().read_only(), node.ledger().check_fresh());
    let dropped = node.scans().dropped();
    html! {
        section.card aria-labelledby="health" {
            h2 #health { (words.say("operator-health")) }
            ul.entries {
                @match read_only {
                    None => (line(true, &html! { (words.say("operator-writes")) })),
                    Some(reason) => (line(false, &html! { (words.say("operator-read-only")) " " span lang="en" { (reason) } })),
                }
                @if node.ledger().is_shared() {
                    @match &fresh {
                        Ok(()) => (line(true, &html! { (words.say("operator-fresh")) })),
                        Err(stale) => (line(false, &html! { (words.say("operator-stale")) " " span lang="en" { (stale.to_string()) } })),
                    }
                }
                (line(progress.failures == 0, &html! { (words.with("operator-view", [("lag", progress.lag().into()), ("failures", progress.failures.into())])) }))
                (line(dropped == 0, &html! { (words.with("operator-scans", [("count", dropped.into())])) }))
            }
            dl.facts {
                div { dt { (words.say("operator-height")) } dd { (progress.ledger) } }
                div { dt { (words.say("operator-projected")) } dd { (progress.projected) } }
                div { dt { (words.say("operator-lag")) } dd { (progress.lag()) } }
                div { dt { (words.say("operator-owner")) } dd { (words.say(if node.projector().is_owner() { "operator-yes" } else { "operator-no" })) } }
                div { dt { (words.say("operator-detection")) } dd { (words.say(if node.detection().enabled { "operator-yes" } else { "operator-no" })) } }
                div { dt { (words.say("operator-version")) } dd { (env!("CARGO_PKG_VERSION")) } }
            }
            p { a href="/readyz" { "/readyz" } " · " a href="/metrics" { "/metrics" } " · " a href="/desk/ledger" { (words.say("desk-ledger")) } }
        }
    }
}

/// What the node knows of backups: those that it was asked to write, and where keys are backed up.
pub(super) async fn backups(worker: &Worker, node: &Node) -> Result<Markup, Problem> {
    let words = worker.words;
    let filter = JobFilter { kind: Some(JobKind::Backup), state: None };
    let page = PageRequest { limit: Some(1), token: None };
    let last = node.store().jobs.jobs(filter, &page).await?.items.into_iter().next();
    Ok(html! {
        section.card aria-labelledby="backups" {
            h2 #backups { (words.say("operator-backups")) }
            ul.entries {
                @match &last {
                    None => li { span.mark-ask { "? " } (words.say("operator-backup-none")) },
                    Some(job) => (line(job.state != JobState::Dead && job.error.is_none(), &html! {
                        (words.say("operator-backup-last")) " " (time(job.finished_at.unwrap_or(job.created_at))) " – " (super::jobs::state(words, job.state))
                    })),
                }
                @if node.custody().is_some() { (line(true, &html! { (words.say("operator-custody")) })) }
                @else { li { span.mark-ask { "? " } (words.say("operator-custody-none")) } }
            }
            p.quiet { (words.say("operator-backup-how")) }
        }
    })
}
