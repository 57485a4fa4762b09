//! Stock of the dispensers as the events tell it, and when it runs out.
//!
//! - [`Accounts`]: on hand is what was received less what was dispensed, sent back and destroyed, pack by pack, for each
//!   product and place; lead times are those of the handoffs themselves;
//! - [`Outlook`]: the probability that the shelf is empty by each of the coming days, and the order that would prevent it;
//! - [`Report`]: both for every product and place, who else holds stock, and how probable a shortage of the whole product is.

mod account;
mod demand;
mod history;
mod lead;
mod outlook;
mod report;
mod siblings;
#[cfg(test)]
mod tests;
mod turn;
mod walk;

pub use account::{Account, Accounts, Day, Delivery};
pub use demand::demand;
pub use outlook::{HORIZON_MAX, Order, Outlook, PATHS_MAX, Settings, StockError, outlook, reorder_rule};
pub use report::{Holder, Position, ProductRisk, REACH_KM, Report, report};
