//! What products and places are called.

use std::collections::BTreeMap;

use veridose_gs1::{Epc, Gtin};

use crate::node::Node;

/// Products whose names are looked up for one page, at most.
const NAMES_MAX: usize = 500;

/// The names of products by their numbers; the number alone where nobody told a name.
pub(super) async fn products<'a>(node: &Node, gtins: impl IntoIterator<Item = &'a str>) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for gtin in gtins {
        if names.len() < NAMES_MAX && !names.contains_key(gtin) {
            let name = product(node, Some(gtin)).await.unwrap_or_else(|| gtin.to_owned());
            names.insert(gtin.to_owned(), name);
        }
    }
    names
}

/// What the maker calls a product, with its strength; nothing where nobody registered it by a name.
pub(super) async fn product(node: &Node, gtin: Option<&str>) -> Option<String> {
    let gtin = Gtin::parse(gtin?).ok()?;
    let row = node.store().queries.product(&node.network_key().product(&gtin.name())).await.ok()??;
    // A capture that names an unknown product gives it its number for a name.
    let details = row.details.filter(|details| !details.name.contains(&details.gtin))?;
    Some([Some(details.name), details.strength].into_iter().flatten().collect::<Vec<_>>().join(" "))
}

/// A place by its member's name, with its number where the member has others.
pub(super) fn place(node: &Node, place: &str) -> String {
    let directory = node.directory();
    let number = number(place);
    let Some((_, party)) = directory.find(place) else { return number };
    let member = directory.members().iter().find(|member| member.id == *party);
    match member {
        Some(member) if member.sites.len() == 1 => member.name.clone(),
        Some(member) => format!("{} {number}", member.name),
        None => number,
    }
}

/// The GLN in a place's identifier.
fn number(place: &str) -> String {
    match Epc::parse(place) {
        Ok(Epc::Sgln(place)) => format!("GLN {}", place.gln()),
        Ok(Epc::Pgln(party)) => format!("GLN {party}"),
        Ok(_) | Err(_) => place.to_owned(),
    }
}
