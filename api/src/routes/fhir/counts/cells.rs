//! The cells of a table of counts: every combination of what the question lists.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use veridose_contract::{DataKind, Timestamp};
use veridose_fhir::deidentify::{age_band, age_bands, region};
use veridose_fhir::systems;

use super::Question;
use crate::problem::Problem;
use crate::routes::fhir::records::parameters;
use crate::routes::fhir::search::Parameter;

/// Cells of one table.
const CELLS_MAX: usize = 10_000;
/// Characters of one value.
const VALUE_MAX: usize = 200;
/// FHIR's administrative genders.
const GENDERS: [&str; 4] = ["male", "female", "other", "unknown"];

/// What a table is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Axis {
    Code,
    Month,
    Region,
    Gender,
    AgeBand,
}

/// A table. Its cells are numbered, the last axis fastest.
#[derive(Debug)]
pub(super) struct Cells(Vec<(Axis, Vec<String>)>);

impl Cells {
    /// The table that a question spans.
    pub(super) fn of(wanted: &Question) -> Result<Self, Problem> {
        let named = [
            (Axis::Code, "codes", &wanted.codes),
            (Axis::Month, "months", &wanted.months),
            (Axis::Region, "regions", &wanted.regions),
        ];
        let mut axes = Vec::new();
        for (axis, field, values) in named {
            if values.is_empty() {
                continue;
            }
            if values.iter().collect::<BTreeSet<_>>().len() < values.len() {
                return Err(Problem::field(field, "each value once"));
            }
            for value in values {
                Problem::check_length(field, value, 1..=VALUE_MAX)?;
            }
            axes.push((axis, values.clone()));
        }
        if wanted.by_gender {
            axes.push((Axis::Gender, GENDERS.map(str::to_owned).to_vec()));
        }
        if wanted.by_age_band {
            axes.push((Axis::AgeBand, age_bands()));
        }
        if wanted.kind == DataKind::Demographics && (!wanted.codes.is_empty() || !wanted.months.is_empty()) {
            return Err(Problem::field("kind", "demographics have no code and no month"));
        }
        if !(1..=20).contains(&wanted.cells_per_patient) {
            return Err(Problem::field("cells_per_patient", "give 1 to 20"));
        }
        let cells = axes.iter().try_fold(1_usize, |cells, (_, values)| cells.checked_mul(values.len()));
        if cells.is_none_or(|cells| cells > CELLS_MAX) {
            return Err(Problem::field(
                "codes",
                format!("a table has {CELLS_MAX} cells at most: ask for less at once"),
            ));
        }
        Ok(Self(axes))
    }

    pub(super) fn count(&self) -> usize {
        self.0.iter().map(|(_, values)| values.len()).product()
    }

    /// Whether what a patient is like matters, and not the records alone.
    pub(super) fn is_of_people(&self) -> bool {
        self.0.iter().any(|(axis, _)| matches!(axis, Axis::Region | Axis::Gender | Axis::AgeBand))
    }

    /// What a cell counts.
    pub(super) fn named(&self, mut cell: usize) -> Map<String, Value> {
        let mut named = Map::new();
        for (axis, values) in self.0.iter().rev() {
            named.insert(axis.name().to_owned(), json!(values[cell % values.len()]));
            cell /= values.len();
        }
        named
    }

    /// The cells in which a patient with these resources counts.
    pub(super) fn of_patient(&self, kind: DataKind, resources: &[&Value], at: Timestamp) -> BTreeSet<usize> {
        let patient = resources.iter().find(|resource| resource["resourceType"] == "Patient");
        let records = resources.iter().filter(|resource| systems::kind_of(resource) == Some(kind));
        records.flat_map(|record| self.of_record(record, patient.copied(), at)).collect()
    }

    fn of_record(&self, record: &Value, patient: Option<&Value>, at: Timestamp) -> Vec<usize> {
        let mut cells = vec![0];
        for (axis, values) in &self.0 {
            let found = axis.values(record, patient, at);
            let places = || values.iter().enumerate().filter(|(_, value)| found.contains(value)).map(|(at, _)| at);
            cells = cells.into_iter().flat_map(|cell| places().map(move |at| cell * values.len() + at)).collect();
        }
        cells
    }
}

impl Axis {
    const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Month => "month",
            Self::Region => "region",
            Self::Gender => "gender",
            Self::AgeBand => "age_band",
        }
    }

    /// What a record of a patient has on this axis.
    fn values(self, record: &Value, patient: Option<&Value>, at: Timestamp) -> Vec<String> {
        match self {
            Self::Code => codes(record),
            Self::Month => month(record).into_iter().collect(),
            Self::Region => patient.map(|patient| region(&patient["address"][0])).unwrap_or_default(),
            Self::Gender => {
                patient.and_then(|patient| patient["gender"].as_str()).map(str::to_owned).into_iter().collect()
            }
            Self::AgeBand => {
                let born = patient.and_then(|patient| patient["birthDate"].as_str());
                born.and_then(|born| age_band(born, at)).into_iter().collect()
            }
        }
    }
}

fn codes(record: &Value) -> Vec<String> {
    let concepts = [&record["code"], &record["medicationCodeableConcept"]];
    let codings = concepts.into_iter().filter_map(|concept| concept["coding"].as_array()).flatten();
    let text = |coding: &Value| {
        Some(format!("{}|{}", coding["system"].as_str().unwrap_or_default(), coding["code"].as_str()?))
    };
    codings.filter_map(text).collect()
}

/// The month in which a record's date lies, as it was written.
fn month(record: &Value) -> Option<String> {
    let dates = parameters(record["resourceType"].as_str()?).iter().find_map(|parameter| match parameter {
        Parameter::Date(_, elements) => Some(*elements),
        Parameter::Token(_) => None,
    });
    let written = |element: &&str| {
        let value = &record[*element];
        value.as_str().or_else(|| value["start"].as_str()).and_then(|text| text.get(..7)).map(str::to_owned)
    };
    dates?.iter().find_map(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(change: impl FnOnce(&mut Question)) -> Question {
        let text = json!({"kind": "laboratory", "epsilon_millis": 100});
        let mut question: Question = serde_json::from_value(text).expect("a question");
        change(&mut question);
        question
    }

    #[test]
    fn a_patient_counts_in_the_cells_of_its_records() {
        let cells = Cells::of(&question(|question| {
            question.codes = vec!["http://loinc.org|718-7".to_owned(), "http://loinc.org|4548-4".to_owned()];
            question.months = vec!["2026-01".to_owned(), "2026-02".to_owned()];
            question.by_gender = true;
        }))
        .expect("a table");
        assert_eq!((cells.count(), cells.is_of_people()), (16, true));
        let observation = |code: &str, date: &str| {
            json!({"resourceType": "Observation", "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
                "category": [{"coding": [{"system": systems::OBSERVATION_CATEGORY, "code": "laboratory"}]}],
                "effectiveDateTime": date})
        };
        let patient = json!({"resourceType": "Patient", "gender": "female"});
        let all = [
            patient.clone(),
            observation("718-7", "2026-02-03"),
            observation("718-7", "2026-02-20T10:00:00Z"),
            observation("4548-4", "2026-01"),
            observation("4548-4", "2025-12-31"),
            observation("1-1", "2026-01-01"),
        ];
        let found = cells.of_patient(DataKind::Laboratory, &all.iter().collect::<Vec<_>>(), Timestamp(0));
        let named: Vec<Value> = found.iter().map(|cell| Value::Object(cells.named(*cell))).collect();
        let cell = |code: &str, month: &str| json!({"code": format!("http://loinc.org|{code}"), "month": month, "gender": "female"});
        assert_eq!(named, [cell("718-7", "2026-02"), cell("4548-4", "2026-01")]);
        let alone: Vec<&Value> = all.iter().skip(1).collect();
        assert!(cells.of_patient(DataKind::Laboratory, &alone, Timestamp(0)).is_empty(), "of no known gender");
        assert!(cells.of_patient(DataKind::Dispense, &[&patient], Timestamp(0)).is_empty());
    }

    #[test]
    fn a_question_is_within_limits() {
        let many = (0..200).map(|number| number.to_string()).collect::<Vec<_>>();
        for (wrong, field) in [
            (question(|one| (one.codes, one.months) = (many.clone(), many.clone())), "codes"),
            (question(|one| one.codes = vec!["a".to_owned(), "a".to_owned()]), "codes"),
            (question(|one| one.regions = vec![String::new()]), "regions"),
            (question(|one| one.cells_per_patient = 21), "cells_per_patient"),
            (question(|one| (one.kind, one.codes) = (DataKind::Demographics, vec!["a".to_owned()])), "kind"),
        ] {
            let problem = Cells::of(&wrong).expect_err("refused").body();
            assert_eq!(problem.field.as_deref(), Some(field));
        }
        assert_eq!(Cells::of(&question(|_| ())).expect("everybody").count(), 1);
    }
}
