//! What is recorded as destroyed is destroyed.

use veridose_contract::read;
use veridose_ledger::Ledger;
use veridose_store::Store;

use super::ActError;

/// Destroys the keys of patients whose erasure is on the ledger and who have keys here all the same: the node was killed between
/// the two, or its data come from an older copy. Returns how many. One read of the state for each patient.
pub(super) async fn replay(ledger: &Ledger, store: &Store) -> Result<u64, ActError> {
    let (state, vault) = (ledger.state(), &store.vault);
    let mut destroyed = 0;
    for patient in vault.patients().await? {
        if read::erasure(&state, &vault.erasure_id(&patient))?.is_some() {
            vault.destroy_patient(&patient).await?;
            destroyed += 1;
        }
    }
    Ok(destroyed)
}
