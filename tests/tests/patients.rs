//! Patients' records in FHIR: kept, found, tied to dispenses, minimised and forgotten.

mod patients {
    mod erased;
    mod library;
    mod people;
    mod records;
}
