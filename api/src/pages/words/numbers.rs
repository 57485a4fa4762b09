//! Numbers and days as a language writes them.

use time::Date;
use time::macros::format_description;

use super::{Language, Words};

impl Words {
    /// A number with so many decimals.
    pub(in crate::pages) fn number(&self, value: f64, decimals: usize) -> String {
        let (thousands, point) = match self.language {
            Language::English => (',', '.'),
            Language::German => ('.', ','),
        };
        let plain = format!("{:.decimals$}", value.abs());
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let mut text = if value < 0.0 && plain.contains(|digit| matches!(digit, '1'..='9')) {
            "−".to_owned()
        } else {
            String::new()
        };
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                text.push(thousands);
            }
            text.push(digit);
        }
        if !fraction.is_empty() {
            text.push(point);
            text.push_str(fraction);
        }
        text
    }

    /// A count.
    pub(in crate::pages) fn count(&self, value: impl Into<u64>) -> String {
        #[expect(clippy::cast_precision_loss, reason = "counts of packs are far below 2^52")]
        self.number(value.into() as f64, 0)
    }

    /// A probability in percent. What is not certain is never said to be.
    pub(in crate::pages) fn percent(&self, share: f64) -> String {
        let blank = match self.language {
            Language::English => "",
            Language::German => "\u{a0}",
        };
        if share > 0.0 && share < 0.005 {
            return format!("<1{blank}%");
        }
        if (0.995..1.0).contains(&share) {
            return format!(">99{blank}%");
        }
        format!("{}{blank}%", self.number(share * 100.0, 0))
    }

    /// A day of the calendar.
    pub(in crate::pages) fn day(&self, day: Date) -> String {
        let written = match self.language {
            Language::English => day.format(format_description!("[day padding:none] [month repr:short] [year]")),
            Language::German => day.format(format_description!("[day].[month].[year]")),
        };
        written.unwrap_or_else(|_| day.to_string())
    }

    /// A day of a year that is known.
    pub(in crate::pages) fn short_day(&self, day: Date) -> String {
        let written = match self.language {
            Language::English => day.format(format_description!("[day padding:none] [month repr:short]")),
            Language::German => day.format(format_description!("[day].[month].")),
        };
        written.unwrap_or_else(|_| day.to_string())
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn numbers_and_days_are_of_the_language() {
        let (english, german) = (Words::of(Language::English), Words::of(Language::German));
        for (value, decimals, in_english, in_german) in [
            (0.0, 0, "0", "0"),
            (1_234_567.891, 1, "1,234,567.9", "1.234.567,9"),
            (999.0, 0, "999", "999"),
            (1_000.0, 2, "1,000.00", "1.000,00"),
            (-12.5, 1, "−12.5", "−12,5"),
            (-0.01, 1, "0.0", "0,0"),
        ] {
            assert_eq!(english.number(value, decimals), in_english);
            assert_eq!(german.number(value, decimals), in_german);
        }
        for (share, in_english) in [(0.0, "0%"), (0.001, "<1%"), (0.37, "37%"), (0.999, ">99%"), (1.0, "100%")] {
            assert_eq!(english.percent(share), in_english);
        }
        assert_eq!(german.percent(0.37), "37\u{a0}%");
        let day = date!(2026 - 03 - 05);
        assert_eq!((english.day(day), german.day(day)), ("5 Mar 2026".to_owned(), "05.03.2026".to_owned()));
        assert_eq!((english.short_day(day), german.short_day(day)), ("5 Mar".to_owned(), "05.03.".to_owned()));
    }
}
