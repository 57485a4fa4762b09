//! A fault on its way out of a nested value, gathering the path as it goes. Nothing is spent on paths that are good.

use crate::error::{EpcisError, Fault, Location};

/// A fault and the path to it from where reading began.
#[derive(Debug)]
pub(crate) struct Trouble {
    trail: String,
    field: Option<String>,
    fault: Fault,
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self { trail: String::new(), field: None, fault }
    }
}

impl Trouble {
    /// The fault lies in the member `name`.
    pub(crate) fn within(mut self, name: &str) -> Self {
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        self.trail = if plain { format!(".{name}{}", self.trail) } else { format!("[{name:?}]{}", self.trail) };
        self.field.get_or_insert_with(|| name.to_owned());
        self
    }

    /// The fault lies in the element `at` of a list.
    pub(crate) fn at_index(mut self, at: usize) -> Self {
        self.trail = format!("[{at}]{}", self.trail);
        self
    }

    /// The fault is that the member `name` is not there.
    pub(crate) fn about(mut self, name: &str) -> Self {
        self.field = Some(name.to_owned());
        self
    }

    /// The error, for a reading that began at `path`.
    pub(crate) fn under(self, path: &str) -> EpcisError {
        let field = self.field.unwrap_or_else(|| "event".to_owned());
        self.fault.at(Location::Path(format!("{path}{}", self.trail)), field)
    }
}
