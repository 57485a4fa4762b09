//! EPC pure-identity URNs, after the EPC Tag Data Standard, section 6.

use super::{Epc, Key};
use crate::ai::{Ai, Element};
use crate::check::{CSET_82, number, with_check_digit};
use crate::error::Error;
use crate::gtin::Gtin;
use crate::keys::{Gln, Lot, Serial, Sgln, Sgtin, Sscc};
use crate::link::{decode, encode};

const KIND: &str = "EPC URN";
/// What a URN's last component shows unescaped besides letters and digits (TDS 6.3, table A-1).
const PLAIN: &[u8] = b"!'()*+,-.:;=_";

/// Reads a URN that starts with `urn:epc:`. Schemes that are not GS1 keys are kept as they are.
pub(super) fn read(text: &str) -> Result<Epc, Error> {
    let Some((kind, scheme, body)) = split(text) else { return Epc::other(text) };
    let urn = Urn { text, body };
    match (kind, scheme) {
        ("id", "sgtin") => {
            let (gtin, serial) = urn.item()?;
            Ok(Epc::Sgtin(Sgtin { gtin, serial: Serial::parse(&serial)? }))
        }
        ("class", "lgtin") => {
            let (gtin, lot) = urn.item()?;
            Ok(Epc::Lgtin(gtin, Lot::parse(&lot)?))
        }
        ("idpat", "sgtin" | "upui") => match body.split('.').nth(1) {
            // All products of a company: not one class.
            Some("*") => Epc::other(text),
            _ => urn.class(13, true).and_then(Gtin::from_number).map(Epc::Gtin),
        },
        ("id", "upui") => {
            let (gtin, serial) = urn.item()?;
            Key::third_party(gtin, &serial).map(Epc::Key)
        }
        ("id", "sscc") => urn.whole(17, true).and_then(Sscc::from_number).map(Epc::Sscc),
        ("id", "pgln") => urn.whole(12, false).and_then(Gln::from_number).map(Epc::Pgln),
        ("id", "sgln") => {
            let (gln, extension) = urn.serialised(12, false)?;
            Ok(Epc::Sgln(Sgln::new(Gln::from_number(gln)?, Some(Serial::parse(&extension)?))))
        }
        ("id" | "idpat", _) => read_key(&urn, kind == "idpat", scheme),
        _ => Epc::other(text),
    }
}

fn read_key(urn: &Urn<'_>, class: bool, scheme: &str) -> Result<Epc, Error> {
    let document = |width: usize, ai: u16| {
        let (number, serial) = if class { (urn.class(12, false)?, String::new()) } else { urn.serialised(12, false)? };
        key(ai, &format!("{number:0width$}{serial}"), None)
    };
    match (scheme, class) {
        ("grai", _) => document(14, 8003),
        ("gdti", _) => document(13, 253),
        ("sgcn", _) => document(13, 255),
        ("gsrn", false) => key(8018, &format!("{:018}", urn.whole(17, false)?), None),
        ("gsrnp", false) => key(8017, &format!("{:018}", urn.whole(17, false)?), None),
        ("gsin", false) => key(402, &format!("{:017}", urn.whole(16, false)?), None),
        ("giai", false) => key(8004, &urn.free_text()?, None),
        ("ginc", false) => key(401, &urn.free_text()?, None),
        ("cpi", _) => {
            let (value, serial) = urn.body.rsplit_once('.').ok_or_else(|| urn.wrong("a component is missing"))?;
            let value = Urn { text: urn.text, body: value }.free_text()?;
            let serial = (!class || serial != "*").then(|| Element::new(Ai::known(8011), serial));
            key(8010, &value, serial)
        }
        ("itip", _) => {
            let (gtin, rest) = urn.serialised(13, true)?;
            let mut parts = rest.splitn(3, '.');
            let (Some(piece), Some(total), Some(serial)) = (parts.next(), parts.next(), parts.next()) else {
                return Err(urn.wrong("a component is missing"));
            };
            let serial = (!class || serial != "*").then(|| Element::new(Ai::SERIAL, serial));
            key(8006, &format!("{gtin:014}{piece}{total}"), serial)
        }
        _ => Epc::other(urn.text),
    }
}

fn key(ai: u16, value: &str, qualifier: Option<Element>) -> Result<Epc, Error> {
    Key::new(Ai::known(ai), value, qualifier.into_iter().collect()).map(Epc::Key)
}

/// Kind, scheme and body: `urn:epc:KIND:SCHEME:BODY`.
fn split(text: &str) -> Option<(&str, &str, &str)> {
    let (kind, rest) = text.get(8..)?.split_once(':')?;
    let (scheme, body) = rest.split_once(':')?;
    Some((kind, scheme, body))
}

/// Digits of the company prefix of a URN of a GS1 key.
pub(super) fn prefix_length(text: &str) -> Option<u8> {
    let epc = text.get(..8).filter(|scheme| scheme.eq_ignore_ascii_case("urn:epc:")).map(|_| read(text));
    if matches!(epc?.ok()?, Epc::Other(_)) {
        return None;
    }
    let (_, _, body) = split(text)?;
    u8::try_from(body.find('.')?).ok()
}

/// A URN of a GS1 key: company prefix, reference, perhaps a serial number, with dots between.
struct Urn<'a> {
    text: &'a str,
    body: &'a str,
}

impl Urn<'_> {
    fn wrong(&self, problem: &'static str) -> Error {
        let fix = "compare it with the EPC Tag Data Standard, section 6.3";
        Error::form(KIND, problem, fix, self.text)
    }

    /// The company prefix and what follows it.
    fn prefix(&self) -> Result<(&str, &str), Error> {
        let (prefix, rest) = self.body.split_once('.').ok_or_else(|| self.wrong("a component is missing"))?;
        if !(6..=12).contains(&prefix.len()) {
            return Err(self.wrong("a company prefix that has not 6 to 12 digits"));
        }
        Ok((prefix, rest))
    }

    /// Prefix and reference as one number with its check digit. `indicator_first`: the reference's first digit leads the
    /// number, as a GTIN's indicator and an SSCC's extension digit do.
    fn joined(&self, prefix: &str, reference: &str, digits: usize, indicator_first: bool) -> Result<u64, Error> {
        if prefix.len() + reference.len() != digits {
            return Err(
                self.wrong("a company prefix and a reference that have not the right number of digits together")
            );
        }
        let (first, rest) =
            reference.split_at_checked(usize::from(indicator_first)).ok_or_else(|| self.wrong("a reference"))?;
        let mut text = String::with_capacity(digits);
        text.extend([first, prefix, rest]);
        number(KIND, &text).map(with_check_digit)
    }

    /// `PREFIX.REFERENCE`
    fn whole(&self, digits: usize, indicator_first: bool) -> Result<u64, Error> {
        let (prefix, reference) = self.prefix()?;
        self.joined(prefix, reference, digits, indicator_first)
    }

    /// `PREFIX.REFERENCE.SERIAL`, the serial number without its escapes.
    fn serialised(&self, digits: usize, indicator_first: bool) -> Result<(u64, String), Error> {
        let (prefix, rest) = self.prefix()?;
        let (reference, serial) = rest.split_once('.').ok_or_else(|| self.wrong("no serial number"))?;
        if serial.is_empty() {
            return Err(self.wrong("an empty serial number"));
        }
        let number = self.joined(prefix, reference, digits, indicator_first)?;
        let serial = decode(KIND, serial)?;
        CSET_82.check(KIND, &serial)?;
        Ok((number, serial.into_owned()))
    }

    /// `PREFIX.REFERENCE.*`
    fn class(&self, digits: usize, indicator_first: bool) -> Result<u64, Error> {
        match self.serialised(digits, indicator_first)? {
            (number, any) if any == "*" => Ok(number),
            _ => Err(self.wrong("a pattern that does not end in *")),
        }
    }

    fn item(&self) -> Result<(Gtin, String), Error> {
        let (gtin, serial) = self.serialised(13, true)?;
        Ok((Gtin::from_number(gtin)?, serial))
    }

    /// `PREFIX.TEXT`, whose value is both without the dot.
    fn free_text(&self) -> Result<String, Error> {
        let (prefix, text) = self.prefix()?;
        if text.is_empty() {
            return Err(self.wrong("an empty reference"));
        }
        Ok(format!("{prefix}{}", decode(KIND, text)?))
    }
}

/// Writes the URN.
pub(super) fn write(epc: &Epc, prefix_length: u8) -> Result<String, Error> {
    let out = Writer { prefix: usize::from(prefix_length) };
    if !(6..=12).contains(&prefix_length) {
        let given = prefix_length.to_string();
        return Err(Error::form(KIND, "a company prefix of that length", "use 6 to 12 digits", &given));
    }
    match epc {
        Epc::Sgtin(pack) => Ok(serialised("id:sgtin", &out.item(pack.gtin), pack.serial.as_str())),
        Epc::Lgtin(gtin, lot) => Ok(serialised("class:lgtin", &out.item(*gtin), lot.as_str())),
        Epc::Gtin(gtin) => Ok(format!("urn:epc:idpat:sgtin:{}.*", out.item(*gtin))),
        Epc::Sscc(sscc) => Ok(format!("urn:epc:id:sscc:{}", out.split(&sscc.to_string(), true))),
        Epc::Sgln(place) => {
            let extension = place.extension().map_or("0", Serial::as_str);
            Ok(serialised("id:sgln", &out.split(&place.gln().to_string(), false), extension))
        }
        Epc::Pgln(gln) => Ok(format!("urn:epc:id:pgln:{}", out.split(&gln.to_string(), false))),
        Epc::Key(key) => out.key(key),
        Epc::Other(uri) => Ok(uri.clone()),
    }
}

fn serialised(scheme: &str, front: &str, serial: &str) -> String {
    let mut urn = format!("urn:epc:{scheme}:{front}.");
    encode(serial, PLAIN, &mut urn);
    urn
}

struct Writer {
    prefix: usize,
}

impl Writer {
    /// Takes the check digit off and puts the dot behind the company prefix.
    fn split(&self, digits: &str, indicator_first: bool) -> String {
        let digits = digits.get(..digits.len().saturating_sub(1)).unwrap_or_default();
        let (first, rest) = digits.split_at(usize::from(indicator_first));
        let (prefix, reference) = rest.split_at(self.prefix.min(rest.len()));
        format!("{prefix}.{first}{reference}")
    }

    fn item(&self, gtin: Gtin) -> String {
        self.split(&gtin.to_string(), true)
    }

    /// A key of which the first digits are a number and the rest its serial number; a class if there is none.
    fn document(&self, scheme: &str, value: &str, length: usize) -> String {
        let (number, serial) = value.split_at(length.min(value.len()));
        // A GRAI has a filler zero in front.
        let front = self.split(number.get(length - 13..).unwrap_or_default(), false);
        match serial {
            "" => format!("urn:epc:idpat:{scheme}:{front}.*"),
            serial => serialised(&format!("id:{scheme}"), &front, serial),
        }
    }

    fn free_text(&self, scheme: &str, value: &str) -> Result<String, Error> {
        let wrong = || {
            let fix = "give the length of the company prefix that the key begins with";
            Error::form(KIND, "no digits up to the end of the company prefix, or nothing after it,", fix, value)
        };
        let (prefix, rest) = value.split_at_checked(self.prefix).ok_or_else(wrong)?;
        if rest.is_empty() || number(KIND, prefix).is_err() {
            return Err(wrong());
        }
        Ok(serialised(scheme, prefix, rest))
    }

    fn key(&self, key: &Key) -> Result<String, Error> {
        let value = key.value();
        let none = || {
            let fix = "use its Digital Link";
            Error::form(KIND, "a key for which the EPC Tag Data Standard has no URN", fix, value)
        };
        let plain = |urn: String| if key.qualifiers().is_empty() { Ok(urn) } else { Err(none()) };
        let of = |kind: &str, serial: Option<&str>| match serial {
            Some(_) => format!("id:{kind}"),
            None => format!("idpat:{kind}"),
        };
        match key.ai().to_string().as_str() {
            "01" => {
                let serial = key.qualifier(Ai::THIRD_PARTY_SERIAL).ok_or_else(none)?;
                Ok(serialised("id:upui", &self.split(value, true), serial))
            }
            "253" => plain(self.document("gdti", value, 13)),
            "255" => plain(self.document("sgcn", value, 13)),
            "8003" => plain(self.document("grai", value, 14)),
            "8017" => plain(format!("urn:epc:id:gsrnp:{}", self.split(value, false))),
            "8018" => plain(format!("urn:epc:id:gsrn:{}", self.split(value, false))),
            "402" => plain(format!("urn:epc:id:gsin:{}", self.split(value, false))),
            "401" => plain(self.free_text("id:ginc", value)?),
            "8004" => plain(self.free_text("id:giai", value)?),
            "8010" => {
                let serial = key.qualifier(Ai::known(8011));
                Ok(format!("{}.{}", self.free_text(&of("cpi", serial), value)?, serial.unwrap_or("*")))
            }
            "8006" if key.qualifier(Ai::LOT).is_none() => {
                let serial = key.qualifier(Ai::SERIAL);
                let (gtin, pieces) = value.split_at(14.min(value.len()));
                let (piece, total) = pieces.split_at(2.min(pieces.len()));
                let front = format!("{}.{piece}.{total}", self.split(gtin, true));
                match serial {
                    Some(serial) => Ok(serialised(&of("itip", Some(serial)), &front, serial)),
                    None => Ok(format!("urn:epc:idpat:itip:{front}.*")),
                }
            }
            _ => Err(none()),
        }
    }
}
