//! EPCIS 1.2 and 2.0 as XML.

mod document;
mod event;
mod extension;
pub(crate) mod frame;
mod header;
mod lines;
mod out;
mod parser;
mod sensor;
mod tree;
pub(crate) mod write;

pub(crate) use document::XmlReader;
pub(crate) use out::Out;
