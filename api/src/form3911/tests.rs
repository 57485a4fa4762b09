//! The form's items, and its PDF as another program reads it.

use std::process::Command;

use time::macros::date;

use super::*;

fn told() -> Told {
    let product = Product {
        gtin: "09506000134352".to_owned(),
        name: "Examplamol".to_owned(),
        ndc: Some("50600-134-35".to_owned()),
        strength: Some("50 mg".to_owned()),
        dosage_form: Some("tablet".to_owned()),
        package: None,
    };
    let goods = Goods {
        packs: 2,
        containers: 1,
        serials: vec!["C2".to_owned(), "C1".to_owned(), "C1".to_owned()],
        products: vec![product],
        lots: Vec::new(),
    };
    Told {
        report: Report::InitialNotification,
        incident: None,
        reason: None,
        today: date!(2026 - 03 - 04),
        determined: Some(date!(2026 - 03 - 03)),
        outcome: Some(CaseOutcome::Falsified),
        case: CaseId([7; 16]),
        title: "The same pack at two counters".to_owned(),
        explanation: "Seen in Hafen (é) and, 40 minutes later, 900 km away.".to_owned(),
        codes: vec!["cloned_serial".to_owned()],
        goods,
        company: "Harbour Pharmacy".to_owned(),
        sites: vec![Site(9_506_000_300_010)],
        category: Category::Dispenser,
    }
}

fn value(form: &Notification, number: u8) -> &str {
    form.items.iter().find(|item| item.number == number).map_or("?", |item| item.value.as_str())
}

#[test]
fn items_are_filled_from_what_is_known() {
    let form = Notification::of(&told());
    assert_eq!(form.items.len(), 23);
    for (number, expected) in [
        (1, "Initial Notification"),
        (2, ""),
        (3, "03/04/2026"),
        (4, "03/03/2026"),
        (5, "Counterfeit"),
        (6, "Examplamol"),
        (10, "50 mg"),
        (11, "tablet"),
        (12, "2 packages, 1 container"),
        (13, "50600-134-35"),
        (14, "C1, C2"),
        (20, "Harbour Pharmacy\nGLN 9506000300010"),
        (21, "Dispenser"),
        (23, ""),
    ] {
        assert_eq!(value(&form, number), expected, "item {number}");
    }
    assert!(value(&form, 17).contains("cloned_serial"));
    let mut other = told();
    other.report = Report::FollowUpNotification;
    other.goods.products.push(Product { name: "Other".to_owned(), ..other.goods.products[0].clone() });
    let form = Notification::of(&other);
    assert_eq!(
        (value(&form, 3), value(&form, 6), value(&form, 7), value(&form, 10)),
        ("", "Multiple", "Multiple", "50 mg")
    );
}

/// What poppler's program says of the PDF, where it is installed.
fn poppler(program: &str, arguments: &[&str], pdf: &[u8]) -> Option<String> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), pdf).expect("written");
    let mut command = Command::new(program);
    command.args(arguments).arg(file.path());
    if program == "pdftotext" {
        command.arg("-");
    }
    let Ok(output) = command.output() else {
        println!("skipped: {program} is not installed, so no other program reads the form");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{program} complains");
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}

#[test]
fn another_program_reads_every_item_in_order() {
    let mut long = told();
    long.explanation = "A sentence that says what was seen. ".repeat(120);
    for told in [told(), long] {
        let form = Notification::of(&told);
        let pdf = form.pdf();
        let Some(text) = poppler("pdftotext", &["-layout"], &pdf) else { return };
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = words(&text);
        let mut from = 0;
        for item in &form.items {
            let expected = words(&format!("{}. {} {}", item.number, item.name, item.value));
            let found = text[from..].find(&expected);
            from += found.unwrap_or_else(|| panic!("`{expected}` is not in {}", &text[from..]));
        }
        let about = poppler("pdfinfo", &[], &pdf).expect("installed together");
        let line = |name: &str| about.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        assert!(line("Title:").ends_with("Form FDA 3911: Drug Notification"), "{about}");
        assert!(line("Tagged:").ends_with("yes"), "{about}");
        let structure = poppler("pdfinfo", &["-struct-text"], &pdf).expect("installed together");
        assert!(structure.contains("Document") && structure.contains("\"Counterfeit"), "{structure}");
    }
}
