//! Labels on paper: packs on sheets of 21 (A4, three by seven), each container on a page of its own (A6).

use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};

use super::{BAR_HEIGHT_MM, BAR_MODULE_MM, BAR_QUIET, Label, MATRIX_MODULE_MM, MATRIX_QUIET, Symbol};

/// Points of a millimetre.
const MM: f32 = 72.0 / 25.4;
const SHEET_MM: (f32, f32) = (210.0, 297.0);
const CASE_MM: (f32, f32) = (105.0, 148.0);
const COLUMNS: usize = 3;
const ROWS: usize = 7;
/// Room within a label of a sheet, in millimetres.
const PADDING_MM: f32 = 6.0;
const CATALOG: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const INFO: Ref = Ref::new(3);
const PLAIN: (Name<'static>, Ref) = (Name(b"F1"), Ref::new(4));
const BOLD: (Name<'static>, Ref) = (Name(b"F2"), Ref::new(5));
const FIRST: i32 = 6;

/// A page to be: its size in millimetres, and what is drawn on it.
struct Page {
    size_mm: (f32, f32),
    content: Content,
}

/// The labels as a document; the same labels give the same bytes.
pub(crate) fn document(title: &str, language: &str, labels: &[Label]) -> Vec<u8> {
    let is_pack = |label: &&Label| matches!(label, Label::Pack { .. });
    let packs: Vec<&Label> = labels.iter().filter(is_pack).collect();
    let mut pages: Vec<Page> = packs.chunks(COLUMNS * ROWS).map(sheet).collect();
    pages.extend(labels.iter().filter(|label| !is_pack(label)).map(case));
    let reference = |at: usize| Ref::new(FIRST + i32::try_from(at).expect("pages are few"));
    let mut pdf = Pdf::new();
    let mut catalog = pdf.catalog(CATALOG);
    catalog.pages(PAGES).lang(TextStr(language));
    catalog.viewer_preferences().display_doc_title(true);
    catalog.finish();
    pdf.document_info(INFO).title(TextStr(title)).producer(TextStr("Veridose"));
    let count = i32::try_from(pages.len()).expect("pages are few");
    pdf.pages(PAGES).kids((0..pages.len()).map(|at| reference(at * 2))).count(count);
    for ((_, font), base) in [(PLAIN, Name(b"Courier".as_slice())), (BOLD, Name(b"Helvetica-Bold".as_slice()))] {
        pdf.type1_font(font).base_font(base).encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    for (at, page) in pages.into_iter().enumerate() {
        let (this, content) = (reference(at * 2), reference(at * 2 + 1));
        pdf.stream(content, &page.content.finish());
        let mut object = pdf.page(this);
        let (width, height) = page.size_mm;
        object.parent(PAGES).media_box(Rect::new(0.0, 0.0, width * MM, height * MM)).contents(content);
        let mut resources = object.resources();
        resources.fonts().pair(PLAIN.0, PLAIN.1).pair(BOLD.0, BOLD.1);
        resources.finish();
        object.finish();
    }
    pdf.finish()
}

#[expect(clippy::cast_precision_loss, reason = "a few dozen labels and modules")]
fn sheet(packs: &[&Label]) -> Page {
    let mut content = Content::new();
    let (width, height) = (SHEET_MM.0 / COLUMNS as f32, SHEET_MM.1 / ROWS as f32);
    for (at, pack) in packs.iter().enumerate() {
        let left = (at % COLUMNS) as f32 * width + PADDING_MM;
        let top = SHEET_MM.1 - (at / COLUMNS) as f32 * height - PADDING_MM;
        let mut beside = left;
        if let Some(symbol) = pack.symbol() {
            let quiet = MATRIX_QUIET as f32 * MATRIX_MODULE_MM;
            draw(&mut content, &symbol, (left + quiet, top - quiet), (MATRIX_MODULE_MM, MATRIX_MODULE_MM));
            beside += symbol.width as f32 * MATRIX_MODULE_MM + 2.0 * quiet + 2.0;
        }
        let mut line = top - 2.5;
        for text in pack.readable() {
            write(&mut content, &text, PLAIN.0, 6.5, (beside, line));
            line -= 2.9;
        }
        let mut below = top - 15.0;
        for text in pack.beside() {
            write(&mut content, &text.chars().take(34).collect::<String>(), BOLD.0, 7.0, (left, below));
            below -= 3.2;
        }
    }
    Page { size_mm: SHEET_MM, content }
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred modules")]
fn case(unit: &Label) -> Page {
    let mut content = Content::new();
    let mut line = CASE_MM.1 - 15.0;
    for text in unit.beside() {
        write(&mut content, &text, BOLD.0, 14.0, (PADDING_MM, line));
        line -= 8.0;
    }
    if let Some(symbol) = unit.symbol() {
        let quiet = BAR_QUIET as f32 * BAR_MODULE_MM;
        let left = ((CASE_MM.0 - symbol.width as f32 * BAR_MODULE_MM) / 2.0).max(quiet);
        draw(&mut content, &symbol, (left, 20.0 + BAR_HEIGHT_MM), (BAR_MODULE_MM, BAR_HEIGHT_MM));
        for text in unit.readable() {
            write(&mut content, &text, PLAIN.0, 12.0, (left, 13.0));
        }
    }
    Page { size_mm: CASE_MM, content }
}

/// Draws a symbol from its upper left corner, in millimetres.
#[expect(clippy::cast_precision_loss, reason = "a few hundred modules")]
fn draw(content: &mut Content, symbol: &Symbol, (left, top): (f32, f32), (module, height): (f32, f32)) {
    for run in symbol.runs() {
        let (x, y) = (left + run.x as f32 * module, top - (run.y + 1) as f32 * height);
        content.rect(x * MM, y * MM, run.length as f32 * module * MM, height * MM);
    }
    content.fill_nonzero();
}

fn write(content: &mut Content, text: &str, font: Name<'_>, size: f32, (x, y): (f32, f32)) {
    // Latin-1 is what WinAnsi has in common with it; other letters of a name are left out rather than printed wrong.
    let bytes: Vec<u8> = text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?')).collect();
    content.begin_text().set_font(font, size).next_line(x * MM, y * MM).show(Str(&bytes)).end_text();
}
