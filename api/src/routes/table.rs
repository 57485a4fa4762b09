//! Tables for spreadsheets.

use actix_web::{HttpResponse, HttpResponseBuilder};

use crate::problem::Problem;

/// Rows under headings as CSV (RFC 4180, UTF-8), to be saved under the name.
pub(crate) fn table<const N: usize>(
    response: &mut HttpResponseBuilder,
    name: &str,
    headings: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> Result<HttpResponse, Problem> {
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    csv.write_record(headings).map_err(Problem::internal)?;
    for row in rows {
        csv.write_record(row.map(guarded)).map_err(Problem::internal)?;
    }
    let body = csv.into_inner().map_err(Problem::internal)?;
    response.insert_header(("Content-Disposition", format!("attachment; filename=\"{name}\"")));
    Ok(response.content_type("text/csv; charset=utf-8; header=present").body(body))
}

/// Spreadsheets take a cell that begins so for a formula and carry it out (OWASP, CSV Injection).
fn guarded(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_carry_out_is_text() {
        for evil in ["=HYPERLINK(\"x\")", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(guarded(evil.to_owned()), format!("'{evil}"));
        }
        for harmless in ["", "a=1", "(01)09506000134352(21)C1", "'=1", "2026-01-01"] {
            assert_eq!(guarded(harmless.to_owned()), harmless);
        }
    }
}
