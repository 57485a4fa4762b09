//! `veridose project rebuild`: the SQL view of a stopped node, made anew.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use indicatif::ProgressBar;
use serde_json::json;
use veridose_store::Claim;
use veridose_workers::{ProjectError, Projector};

use super::{Outcome, local, print};
use crate::config::Config;
use crate::node::Node;

/// Differences that are named at most.
const DIFFERENCES_MAX: usize = 100;
/// How often the bar moves.
const TICK: Duration = Duration::from_millis(100);

/// What is done with the view.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Throw the view away and make it anew from the ledger and the vault
    #[command(after_help = "Every node on the database must be stopped. Ledger and vault are not changed.\n\n\
                            Example:\n  veridose --data /srv/veridose project rebuild --compare")]
    Rebuild {
        /// Hold every row beside that of the view before, in memory; the exit code is 1 if they differ
        #[arg(long)]
        compare: bool,
    },
}

pub(super) fn run(config: &Config, command: &Command, json: bool) -> Result<Outcome> {
    let Command::Rebuild { compare } = command;
    local::ledger_folder(config)?;
    // Asked first, so that a directory without a network is refused instead of founded.
    local::existing(config)?;
    super::runtime()?.block_on(async {
        let node = Node::open(config).await.context("failed to open the node (is it stopped?)")?;
        take(&node).await?;
        let before = if *compare { Some(rows(&node).await?) } else { None };
        watch(&local::counter("entries")?, node.projector(), node.projector().rebuild()).await?;
        let after = node.store().projection.dump().await?;
        let differences = before.map(|before| differences(&before, &after));
        node.store().projection.release().await?;
        tell(node.projector().progress().projected, &after, differences.as_deref(), json)
    })
}

/// Takes the view, also that of another ledger: the rebuild makes it this one's.
async fn take(node: &Node) -> Result<()> {
    let store = node.store();
    if !store.projection.claim(Claim::Start).await? {
        let owner = store.projection.owner().await?.unwrap_or_default();
        bail!("another process, {owner}, writes the view: stop every node on this database first");
    }
    Ok(())
}

/// The rows of the view as it is, brought up to the ledger's end.
async fn rows(node: &Node) -> Result<Vec<String>> {
    match watch(&local::counter("entries")?, node.projector(), node.projector().catch_up()).await {
        // A view that cannot be brought there is what the rebuild is for; its rows are compared as they are.
        Ok(_) | Err(ProjectError::Ahead { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(node.store().projection.dump().await?)
}

/// Shows how far the view is while `work` makes it.
async fn watch(
    bar: &ProgressBar,
    projector: &Projector,
    work: impl Future<Output = Result<u64, ProjectError>>,
) -> Result<u64, ProjectError> {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            done = &mut work => {
                bar.finish_and_clear();
                return done;
            }
            () = tokio::time::sleep(TICK) => {
                let progress = projector.progress();
                bar.set_length(progress.ledger);
                bar.set_position(progress.projected);
            }
        }
    }
}

/// Rows that stand in one of two views only. Both are in the same order but for these.
fn differences(before: &[String], after: &[String]) -> Vec<String> {
    let mut count: BTreeMap<&str, i64> = BTreeMap::new();
    for row in before {
        *count.entry(row).or_default() -= 1;
    }
    for row in after {
        *count.entry(row).or_default() += 1;
    }
    let differing = count.into_iter().filter(|(_, count)| *count != 0);
    differing.map(|(row, count)| format!("{} {row}", if count < 0 { "only before:" } else { "only now:" })).collect()
}

fn tell(entries: u64, rows: &[String], differences: Option<&[String]>, json: bool) -> Result<Outcome> {
    let is_same = differences.is_none_or(<[String]>::is_empty);
    if json {
        print(&json!({ "entries": entries, "rows": rows.len(), "differences": differences }).to_string())?;
    } else {
        print(&format!("the view is made anew from {entries} entries: {} rows", rows.len()))?;
        for difference in differences.unwrap_or_default().iter().take(DIFFERENCES_MAX) {
            print(difference)?;
        }
        match differences.map(<[String]>::len) {
            Some(0) => print("every row is as it was").map(drop)?,
            Some(count) => print(&format!("{count} rows differ")).map(drop)?,
            None => {}
        }
    }
    Ok(if is_same { Outcome::Done } else { Outcome::Refused })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_one_view_only_are_named() {
        let of = |rows: &[&str]| rows.iter().map(|row| (*row).to_owned()).collect::<Vec<_>>();
        assert!(differences(&of(&["a", "b"]), &of(&["a", "b"])).is_empty());
        assert_eq!(differences(&of(&["a", "b"]), &of(&["b", "c"])), ["only before: a", "only now: c"]);
        assert_eq!(differences(&of(&["a"]), &of(&["a", "a"])), ["only now: a"]);
    }
}
