//! Form FDA 3911, Drug Notification, under section 582 of the Federal Food, Drug, and Cosmetic Act (DSCSA).
//!
//! Numbers and names of the items are those of the form's edition 8/15: items 1 to 20 compared with its text, 23 with FDA's Drug Notifications
//! Frequently Asked Questions, 21 and 22 with neither. A draft edition of 2025 numbers the items otherwise (its item 3 asks where the
//! incident was). What the ledger and the case know is filled in; an empty value is for the reporter. FDA takes the completed form by
//! electronic mail; this is its content, not its artwork.

use serde::{Deserialize, Serialize};
use time::Date;
use time::macros::format_description;
use utoipa::ToSchema;
use veridose_contract::{CaseId, CaseOutcome, Role, Site};
use veridose_store::LotRow;
use veridose_store::payload::Product;

use crate::pdf::{self, Block};

/// Serial numbers and lots that stand in the form; more are counted.
const LISTED_MAX: usize = 50;

/// Which report it is, item 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Report {
    /// The first one of an incident.
    #[default]
    InitialNotification,
    /// A later one.
    FollowUpNotification,
    /// That the notification is no longer necessary.
    RequestForTermination,
}

/// What the reporter is in the trade, item 21.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Category {
    Manufacturer,
    WholesaleDistributor,
    Dispenser,
    /// The form knows no authorities, and nobody who pays.
    Other,
}

impl Category {
    pub(crate) const fn of(role: Role) -> Self {
        match role {
            Role::Manufacturer => Self::Manufacturer,
            Role::Distributor => Self::WholesaleDistributor,
            Role::Pharmacy => Self::Dispenser,
            Role::Regulator | Role::Payer => Self::Other,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Manufacturer => "Manufacturer",
            Self::WholesaleDistributor => "Wholesale Distributor",
            Self::Dispenser => "Dispenser",
            Self::Other => "",
        }
    }
}

/// What packs and containers of a case are.
#[derive(Debug, Default)]
pub(crate) struct Goods {
    pub(crate) packs: usize,
    pub(crate) containers: usize,
    pub(crate) serials: Vec<String>,
    pub(crate) products: Vec<Product>,
    pub(crate) lots: Vec<LotRow>,
}

/// Everything that the form is made from.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) report: Report,
    pub(crate) incident: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) today: Date,
    pub(crate) determined: Option<Date>,
    pub(crate) outcome: Option<CaseOutcome>,
    pub(crate) case: CaseId,
    pub(crate) title: String,
    pub(crate) explanation: String,
    pub(crate) codes: Vec<String>,
    pub(crate) goods: Goods,
    pub(crate) company: String,
    pub(crate) sites: Vec<Site>,
    pub(crate) category: Category,
}

/// The form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Notification {
    /// `FDA 3911`.
    form: &'static str,
    /// The edition whose numbers these are.
    edition: &'static str,
    /// Its items in their order.
    items: Vec<Item>,
}

/// An item of the form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Item {
    /// Its number.
    number: u8,
    /// Its name.
    name: &'static str,
    /// What stands in it; empty where only the reporter knows.
    value: String,
}

impl Notification {
    /// Fills the form in.
    pub(crate) fn of(told: &Told) -> Self {
        let goods = &told.goods;
        let of_products = |part: fn(&Product) -> Option<&str>| {
            let mut values: Vec<&str> = goods.products.iter().filter_map(part).collect();
            values.sort_unstable();
            values.dedup();
            match values.as_slice() {
                [] => String::new(),
                [one] => (*one).to_owned(),
                // So FDA asks for it (Drug Notifications Frequently Asked Questions).
                _ => "Multiple".to_owned(),
            }
        };
        let names = of_products(|product| Some(&product.name));
        // Nobody knows the ingredients, but that they differ; the answers to questions ask for the word here too.
        let ingredients = if names == "Multiple" { names.clone() } else { String::new() };
        let initial = if told.report == Report::InitialNotification { day(told.today) } else { String::new() };
        let lots = goods.lots.iter().filter_map(|lot| lot.number.clone());
        let values = [
            report(told.report).to_owned(),
            told.incident.clone().unwrap_or_default(),
            initial,
            told.determined.map(day).unwrap_or_default(),
            told.outcome.map(classification).unwrap_or_default().to_owned(),
            names,
            ingredients,
            String::new(),
            String::new(),
            of_products(|product| product.strength.as_deref()),
            of_products(|product| product.dosage_form.as_deref()),
            quantity(goods),
            listed(goods.products.iter().filter_map(|product| product.ndc.clone())),
            listed(goods.serials.iter().cloned()),
            listed(lots),
            listed(goods.lots.iter().map(|lot| day(lot.expiry))),
            description(told),
            told.reason.clone().unwrap_or_default(),
            String::new(),
            company(told),
            told.category.word().to_owned(),
            String::new(),
            String::new(),
        ];
        let numbered = (1..).zip(NAMES.into_iter().zip(values));
        let items = numbered.map(|(number, (name, value))| Item { number, name, value }).collect();
        Self { form: "FDA 3911", edition: "8/15", items }
    }

    /// The form as a tagged PDF with a title, a language and text that can be read and copied.
    pub(crate) fn pdf(&self) -> Vec<u8> {
        let mut blocks = vec![Block::Title("Drug Notification".to_owned())];
        for item in &self.items {
            if let Some((_, heading)) = PARTS.iter().find(|(number, _)| *number == item.number) {
                blocks.push(Block::Heading((*heading).to_owned()));
            }
            blocks.push(Block::Label(format!("{}. {}", item.number, item.name)));
            blocks.push(Block::Text(if item.value.is_empty() {
                "(to be completed)".into()
            } else {
                item.value.clone()
            }));
        }
        blocks
            .push(Block::Text(format!("Content of Form {} ({}), prefilled from the ledger.", self.form, self.edition)));
        pdf::document("Form FDA 3911: Drug Notification", &blocks)
    }
}

const NAMES: [&str; 23] = [
    "Type of Report",
    "Incident Number",
    "Date of Initial Notification",
    "Date Company Determined Product Was Illegitimate",
    "Classification of Notification",
    "Name of Product as It Appears on Label",
    "Primary Ingredient(s)",
    "Drug Use",
    "Drug Description",
    "Strength of Drug",
    "Dosage Form",
    "Quantity of Drug (Number and Unit)",
    "NDC Number",
    "Serial Number",
    "Lot Number(s)",
    "Expiration Date(s)",
    "For Notification: Description of Event/Issue",
    "For Request for Termination of Notification: Description of why notification is no longer necessary",
    "Information submitted to FDA through an alternative mechanism",
    "Company Name & Address",
    "Company Category",
    "Unique Facility Identifier",
    "Contact Information",
];

/// Headings, and the item that each stands before.
const PARTS: [(u8, &str); 3] = [(1, "Report"), (6, "Description of Product"), (20, "Company/Facility Information")];

const fn report(report: Report) -> &'static str {
    match report {
        Report::InitialNotification => "Initial Notification",
        Report::FollowUpNotification => "Follow-Up Notification",
        Report::RequestForTermination => "Request for Termination",
    }
}

/// The words of the form's list.
const fn classification(outcome: CaseOutcome) -> &'static str {
    match outcome {
        CaseOutcome::Falsified => "Counterfeit",
        CaseOutcome::Diverted => "Diverted",
        CaseOutcome::Stolen => "Stolen",
        CaseOutcome::Technical | CaseOutcome::Process => "",
    }
}

fn day(date: Date) -> String {
    date.format(format_description!("[month]/[day]/[year]")).unwrap_or_default()
}

fn quantity(goods: &Goods) -> String {
    let counted = |count: usize, one: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        many => Some(format!("{many} {one}s")),
    };
    let parts = [counted(goods.packs, "package"), counted(goods.containers, "container")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Each value once, in order, as many as the form holds.
fn listed(values: impl Iterator<Item = String>) -> String {
    let mut values: Vec<String> = values.collect();
    values.sort_unstable();
    values.dedup();
    let left = values.len().saturating_sub(LISTED_MAX);
    values.truncate(LISTED_MAX);
    let text = values.join(", ");
    if left > 0 { format!("{text}, and {left} more") } else { text }
}

fn description(told: &Told) -> String {
    let mut text = told.title.clone();
    if !told.explanation.is_empty() {
        text = format!("{text}\n{}", told.explanation);
    }
    if !told.codes.is_empty() {
        text = format!("{text}\nFound by: {}.", told.codes.join(", "));
    }
    format!("{text}\nCase {}.", told.case)
}

fn company(told: &Told) -> String {
    let sites: Vec<String> = told.sites.iter().take(LISTED_MAX).map(|site| format!("GLN {:013}", site.0)).collect();
    format!("{}\n{}", told.company, sites.join(", "))
}

#[cfg(test)]
mod tests;
