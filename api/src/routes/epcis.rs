//! The headers by which an EPCIS client and this node agree on versions and forms.

use actix_web::{HttpRequest, HttpResponseBuilder};
use utoipa::IntoParams;

use crate::problem::{Kind, Problem};

/// Oldest and newest version that is read, as major and minor.
const READ: (Version, Version) = ((1, 2), (2, 0));
/// The version that is written.
const WRITTEN: Version = (2, 0);

type Version = (u32, u32);

/// The headers of a query.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code)] // It only describes.
pub(super) struct AnswerHeaders {
    /// Version of the answer that the client understands; 2.0 is what it gets.
    #[param(rename = "GS1-EPCIS-Version")]
    version: Option<String>,
    /// Oldest version that the client understands.
    #[param(rename = "GS1-EPCIS-Min")]
    min: Option<String>,
    /// Newest version that the client understands.
    #[param(rename = "GS1-EPCIS-Max")]
    max: Option<String>,
    /// `No_Preference` or `Never_Translates`: EPCs stand in the form in which they were captured.
    #[param(rename = "GS1-EPC-Format")]
    format: Option<String>,
}

/// The headers by which an EPCIS service says what it speaks.
pub(super) fn versions(response: &mut HttpResponseBuilder) -> &mut HttpResponseBuilder {
    for (name, value) in [
        ("GS1-EPCIS-Version", "2.0.0"),
        ("GS1-EPCIS-Min", "1.2.0"),
        ("GS1-EPCIS-Max", "2.0.0"),
        ("GS1-CBV-Version", "2.0.0"),
        ("GS1-EPC-Format", "Never_Translates"),
    ] {
        response.insert_header((name, value));
    }
    response
}

/// The document that comes in is of a version that is read here.
pub(super) fn check_document(request: &HttpRequest) -> Result<(), Problem> {
    if let Some(version) = version(request, "GS1-EPCIS-Version")?
        && !(READ.0..=READ.1).contains(&version)
    {
        return Err(Problem::new(Kind::UnsupportedMedia, "documents of EPCIS 1.2 to 2.0 are read here"));
    }
    check_range(request)?;
    check_format(request)
}

/// The client understands the answer.
pub(super) fn check_answer(request: &HttpRequest) -> Result<(), Problem> {
    if version(request, "GS1-EPCIS-Version")?.is_some_and(|version| version != WRITTEN) {
        return Err(Problem::new(Kind::NotAcceptable, "events are answered in EPCIS 2.0"));
    }
    check_range(request)?;
    check_format(request)
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// JSON-LD, under its own name.
    JsonLd,
    /// JSON-LD, to a client that asks for JSON.
    Json,
    /// EPCIS 2.0 XML.
    Xml,
}

impl Form {
    /// The form that the client likes best, by its `Accept` header; JSON-LD where it does not mind.
    pub(super) fn wanted(request: &HttpRequest) -> Result<Self, Problem> {
        let Some(header) = header(request, "Accept") else { return Ok(Self::JsonLd) };
        let mut best: Option<(f32, Self)> = None;
        for range in header.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let form = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
                "*/*" | "application/*" | "application/ld+json" => Self::JsonLd,
                "application/json" => Self::Json,
                "application/xml" | "text/xml" | "text/*" => Self::Xml,
                _ => continue,
            };
            let weight = parts.find_map(|part| part.strip_prefix("q=")).and_then(|weight| weight.parse().ok());
            let weight = weight.unwrap_or(1.0_f32);
            if weight > 0.0 && best.is_none_or(|(other, _)| weight > other) {
                best = Some((weight, form));
            }
        }
        let none = || {
            Problem::new(
                Kind::NotAcceptable,
                "events are answered as application/ld+json, application/json or application/xml",
            )
        };
        best.map(|(_, form)| form).ok_or_else(none)
    }

    /// Its media type.
    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::JsonLd => "application/ld+json",
            Self::Json => "application/json",
            Self::Xml => "application/xml",
        }
    }
}

fn check_range(request: &HttpRequest) -> Result<(), Problem> {
    let (min, max) = (version(request, "GS1-EPCIS-Min")?, version(request, "GS1-EPCIS-Max")?);
    if min.is_some_and(|min| min > WRITTEN) || max.is_some_and(|max| max < WRITTEN) {
        return Err(Problem::new(Kind::NotAcceptable, "answers are in EPCIS 2.0"));
    }
    Ok(())
}

fn check_format(request: &HttpRequest) -> Result<(), Problem> {
    match header(request, "GS1-EPC-Format") {
        None | Some("No_Preference" | "Never_Translates") => Ok(()),
        Some("Always_GS1_Digital_Link" | "Always_EPC_URN") => {
            let detail = "EPCs are answered in the form in which they were captured; ask with GS1-EPC-Format: \
                          Never_Translates or No_Preference";
            Err(Problem::new(Kind::NotAcceptable, detail))
        }
        Some(_) => {
            let detail = "GS1-EPC-Format is No_Preference, Never_Translates, Always_GS1_Digital_Link or Always_EPC_URN";
            Err(Problem::new(Kind::BadRequest, detail))
        }
    }
}

fn version(request: &HttpRequest, name: &str) -> Result<Option<Version>, Problem> {
    let Some(text) = header(request, name) else { return Ok(None) };
    let wrong = || Problem::new(Kind::BadRequest, format!("{name} is a version such as 2.0 or 2.0.0"));
    let numbers: Vec<u32> =
        text.split('.').map(str::parse).collect::<Result<_, std::num::ParseIntError>>().map_err(|_| wrong())?;
    match numbers.as_slice() {
        [major, minor] | [major, minor, _] => Ok(Some((*major, *minor))),
        [] | [_] | [_, _, _, _, ..] => Err(wrong()),
    }
}

fn header<'r>(request: &'r HttpRequest, name: &str) -> Option<&'r str> {
    request.headers().get(name).map(|value| value.to_str().unwrap_or("?"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    /// The kind of problem that a header makes for a document and for an answer.
    fn asked(name: &'static str, value: &'static str) -> [Option<Kind>; 2] {
        let request = TestRequest::default().insert_header((name, value)).to_http_request();
        [check_document(&request), check_answer(&request)].map(|result| result.err().map(|problem| problem.kind()))
    }

    #[test]
    fn versions_that_are_spoken_here_and_others() {
        let (fine, both) = ([None, None], |kind| [Some(kind), Some(kind)]);
        for version in ["2.0", "2.0.0", "2.0.1"] {
            assert_eq!(asked("GS1-EPCIS-Version", version), fine, "{version}");
        }
        assert_eq!(asked("GS1-EPCIS-Version", "1.2.0"), [None, Some(Kind::NotAcceptable)]);
        for version in ["1.1", "2.1.0", "3.0"] {
            let refused = [Some(Kind::UnsupportedMedia), Some(Kind::NotAcceptable)];
            assert_eq!(asked("GS1-EPCIS-Version", version), refused, "{version}");
        }
        for version in ["", "2", "two", "2.0.0.0", "2.-1", "2.99999999999"] {
            assert_eq!(asked("GS1-EPCIS-Version", version), both(Kind::BadRequest), "{version}");
        }
        assert_eq!(asked("GS1-EPCIS-Min", "1.2"), fine);
        assert_eq!(asked("GS1-EPCIS-Min", "2.1"), both(Kind::NotAcceptable));
        assert_eq!(asked("GS1-EPCIS-Max", "1.2.0"), both(Kind::NotAcceptable));
        assert_eq!(asked("GS1-EPCIS-Max", "3.0"), fine);
    }

    #[test]
    fn the_form_that_the_client_likes_best() {
        let wanted = |accept: &'static str| {
            Form::wanted(&TestRequest::default().insert_header(("Accept", accept)).to_http_request())
                .map_err(|problem| problem.kind())
        };
        assert_eq!(Form::wanted(&TestRequest::default().to_http_request()).ok(), Some(Form::JsonLd));
        for (accept, form) in [
            ("*/*", Form::JsonLd),
            ("application/xml", Form::Xml),
            ("text/html, text/xml;q=0.9, */*;q=0.1", Form::Xml),
            ("application/xml;q=0.5, application/json", Form::Json),
            ("application/xml;q=0, application/*;q=0.2", Form::JsonLd),
        ] {
            assert_eq!(wanted(accept), Ok(form), "{accept}");
        }
        for accept in ["text/csv", "application/xml;q=0", ""] {
            assert_eq!(wanted(accept), Err(Kind::NotAcceptable), "{accept}");
        }
    }

    #[test]
    fn forms_that_are_answered_and_others() {
        assert_eq!(asked("GS1-EPC-Format", "Never_Translates"), [None, None]);
        assert_eq!(asked("GS1-EPC-Format", "Always_EPC_URN"), [Some(Kind::NotAcceptable); 2]);
        assert_eq!(asked("GS1-EPC-Format", "whatever"), [Some(Kind::BadRequest); 2]);
    }
}
