//! EPCIS 1.2 and 2.0 documents to and from one event model
