//! The catalogue: every word of the pages, in every language (Project Fluent).

use std::borrow::Cow;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_syntax::ast::{Entry, Expression, InlineExpression, PatternElement};
use unic_langid::LanguageIdentifier;

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    German,
}

impl Language {
    pub(super) const ALL: [Self; 2] = [Self::English, Self::German];

    /// As in `lang` (BCP 47).
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// What its speakers call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }

    pub(super) fn parse(code: &str) -> Option<Self> {
        let main = code.split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.code().eq_ignore_ascii_case(main))
    }

    /// The one that a browser likes best (RFC 9110, section 12.5.4); English where it likes none.
    pub(super) fn preferred(accept: &str) -> Self {
        let wish = |part: &str| {
            let (name, weight) = part.split_once(';').unwrap_or((part, "q=1"));
            let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok()).unwrap_or(0.0);
            Some((Self::parse(name.trim())?, weight))
        };
        let wishes = accept.split(',').take(32).filter_map(wish).filter(|(_, weight)| *weight > 0.0);
        let best = wishes.fold(None, |best: Option<(Self, f32)>, wish| match best {
            Some(best) if best.1 >= wish.1 => Some(best),
            Some(_) | None => Some(wish),
        });
        best.map_or(Self::English, |(language, _)| language)
    }

    fn identifier(self) -> LanguageIdentifier {
        self.code().parse().expect("written here")
    }

    /// Its files.
    const fn files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::English => files::ENGLISH,
            Self::German => files::GERMAN,
        }
    }
}

/// The file whose words the scripts have.
const SCRIPT: &str = "script";
/// The files all of whose words the scripts have, too.
const SHARED: [&str; 1] = ["problem"];

/// The words of one language.
pub(super) struct Words {
    pub(super) language: Language,
    bundle: FluentBundle<FluentResource>,
}

static ENGLISH: LazyLock<Words> = LazyLock::new(|| Words::read(Language::English));
static GERMAN: LazyLock<Words> = LazyLock::new(|| Words::read(Language::German));

impl Words {
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::German => &GERMAN,
        }
    }

    fn read(language: Language) -> Self {
        let mut bundle = FluentBundle::new_concurrent(vec![language.identifier()]);
        // Marks around what is put in would be copied along with a lot number.
        bundle.set_use_isolating(false);
        for (_, text) in language.files() {
            bundle.add_resource(resource(text)).expect("each key stands once, as a test says");
        }
        Self { language, bundle }
    }

    /// The words of a key.
    pub(super) fn say(&self, key: &str) -> String {
        self.with(key, [])
    }

    /// The words of a key, with values put in.
    pub(super) fn with<const N: usize>(&self, key: &str, values: [(&'static str, FluentValue<'_>); N]) -> String {
        self.find(key, values).unwrap_or_else(|| {
            tracing::error!(key, language = self.language.code(), "the catalogue has no such words");
            key.to_owned()
        })
    }

    /// The words of a key that there may be none of.
    pub(super) fn find<const N: usize>(
        &self,
        key: &str,
        values: [(&'static str, FluentValue<'_>); N],
    ) -> Option<String> {
        let pattern = self.bundle.get_message(key)?.value()?;
        let arguments: FluentArgs<'_> = values.into_iter().collect();
        let mut errors = Vec::new();
        let said = self.bundle.format_pattern(pattern, Some(&arguments), &mut errors);
        if !errors.is_empty() {
            tracing::error!(key, ?errors, "words could not be put together");
        }
        Some(Cow::into_owned(said))
    }

    /// The words of the scripts: a JavaScript module that exports an object. What is to be put in stands as `{name}`.
    pub(super) fn module(&self) -> String {
        let mut words = serde_json::Map::new();
        for (name, text) in self.language.files() {
            if *name != SCRIPT && !SHARED.contains(name) {
                continue;
            }
            for (key, places) in keys(text) {
                let arguments: FluentArgs<'_> =
                    places.iter().map(|place| (place.clone(), FluentValue::from(format!("{{{place}}}")))).collect();
                let pattern = self.bundle.get_message(&key).and_then(|message| message.value());
                let said =
                    pattern.map(|pattern| self.bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()));
                words.insert(key, said.map(Cow::into_owned).unwrap_or_default().into());
            }
        }
        format!("export default {};\n", serde_json::Value::Object(words))
    }
}

fn resource(text: &str) -> FluentResource {
    // The files are part of the program; a test reads them.
    FluentResource::try_new(text.to_owned()).unwrap_or_else(|(resource, _)| resource)
}

/// The keys of a file, each with the names of what is put in.
fn keys(text: &str) -> Vec<(String, Vec<String>)> {
    let resource = resource(text);
    let message = |entry: &Entry<&str>| {
        let Entry::Message(message) = entry else { return None };
        let mut places = Vec::new();
        for element in message.value.iter().flat_map(|pattern| &pattern.elements) {
            if let PatternElement::Placeable { expression } = element {
                places.extend(place(expression));
            }
        }
        places.sort_unstable();
        places.dedup();
        Some((message.id.name.to_owned(), places))
    };
    resource.entries().filter_map(message).collect()
}

fn place(expression: &Expression<&str>) -> Option<String> {
    let (Expression::Inline(inline) | Expression::Select { selector: inline, .. }) = expression;
    let InlineExpression::VariableReference { id } = inline else { return None };
    Some(id.name.to_owned())
}

mod files;
mod numbers;
#[cfg(test)]
mod tests;
