//! The patient's side, from the outside: records in FHIR kept, found, tied to dispenses, minimised and forgotten, and who saw them.

mod patients {
    mod access;
    mod backup;
    mod claims;
    mod counts;
    mod erased;
    mod library;
    mod people;
    mod records;
    mod research;
    mod versions;
}
