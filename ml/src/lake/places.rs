//! What is known of places as a data frame and back.

use polars::prelude::{Column, DataFrame, NamedFrom as _, PolarsError, PolarsResult, Series};

use crate::events::{EventTable, Known, Role, number};

/// The places that master data lists or whose owner is told, by identifier.
pub(super) fn frame(table: &EventTable) -> PolarsResult<DataFrame> {
    let places = &table.places;
    let mut ids: Vec<u32> = (0..number(places.len())).filter(|id| *places.known(*id) != Known::default()).collect();
    ids.sort_by(|a, b| places.text(*a).cmp(places.text(*b)));
    let known = || ids.iter().map(|id| places.known(*id));
    let texts = |name: &str, values: Vec<String>| Column::from(Series::new(name.into(), values));
    let owner = |known: &Known| known.owner.map_or("", |owner| places.text(owner)).to_owned();
    let columns = vec![
        texts("place", ids.iter().map(|id| places.text(*id).to_owned()).collect()),
        texts("country", known().map(|known| known.country.as_deref().unwrap_or("").to_owned()).collect()),
        Column::new(
            "latitude".into(),
            known().map(|known| known.position.map(|at| at.0)).collect::<Vec<Option<f64>>>(),
        ),
        Column::new(
            "longitude".into(),
            known().map(|known| known.position.map(|at| at.1)).collect::<Vec<Option<f64>>>(),
        ),
        texts("role", known().map(|known| known.role.map_or("", Role::word).to_owned()).collect()),
        texts("owner", known().map(owner).collect()),
        texts("name", known().map(|known| known.name.as_deref().unwrap_or("").to_owned()).collect()),
        texts("sells", known().map(|known| gtins(&known.sells)).collect()),
        Column::new("listed".into(), known().map(|known| known.is_listed).collect::<Vec<bool>>()),
    ];
    DataFrame::new(ids.len(), columns)
}

fn gtins(all: &[u64]) -> String {
    all.iter().map(|gtin| format!("{gtin:014}")).collect::<Vec<_>>().join(" ")
}

/// Adds what a frame says to the table's places.
pub(super) fn read(table: &mut EventTable, frame: &DataFrame) -> PolarsResult<()> {
    let text = |name: &str| frame.column(name)?.str();
    let (places, countries, roles) = (text("place")?, text("country")?, text("role")?);
    let (owners, names, sells) = (text("owner")?, text("name")?, text("sells")?);
    let (latitudes, longitudes) = (frame.column("latitude")?.f64()?, frame.column("longitude")?.f64()?);
    let listed = frame.column("listed")?.bool()?;
    for at in 0..frame.height() {
        let filled = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let owner = filled(owners.get(at)).map(|owner| table.places.intern(&owner));
        let known = Known {
            country: filled(countries.get(at)).map(Into::into),
            position: latitudes.get(at).zip(longitudes.get(at)),
            role: filled(roles.get(at)).map(|role| Role::parse(&role)),
            owner,
            name: filled(names.get(at)).map(Into::into),
            is_listed: listed.get(at).unwrap_or(false),
            sells: sells
                .get(at)
                .unwrap_or("")
                .split_ascii_whitespace()
                .map(|gtin| gtin.parse().map_err(|_| PolarsError::ComputeError("a product is no number".into())))
                .collect::<PolarsResult<Vec<u64>>>()?,
        };
        table.places.add_known(places.get(at).unwrap_or(""), known);
    }
    Ok(())
}
