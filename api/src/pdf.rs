//! Pages as a tagged PDF 1.7: each block is an element of the structure tree, in reading order, with its lines as marked content.
//! The fonts are two of the standard 14, which are not embedded; so it is not PDF/UA, though its text, order, title and language
//! are there for those who have it read to them.

mod page;

use pdf_writer::types::{StructRole, TabOrder};
use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};

pub(crate) use page::Block;
use page::{Line, PAGE, set};

const CATALOG: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const INFO: Ref = Ref::new(3);
const FONTS: [(Name<'static>, Name<'static>, Ref); 2] =
    [(Name(b"F1"), Name(b"Helvetica"), Ref::new(4)), (Name(b"F2"), Name(b"Helvetica-Bold"), Ref::new(5))];
const TREE: Ref = Ref::new(6);
const DOCUMENT: Ref = Ref::new(7);
/// Numbers of objects from here on: three for each page, then one for each block.
const FIRST: i32 = 8;

/// Where the objects of a page are.
#[derive(Clone, Copy)]
struct Places {
    page: Ref,
    content: Ref,
    parents: Ref,
}

fn places(page: usize) -> Places {
    let first = FIRST + number(page) * 3;
    Places { page: Ref::new(first), content: Ref::new(first + 1), parents: Ref::new(first + 2) }
}

fn number(count: usize) -> i32 {
    i32::try_from(count).expect("a document has less than two thousand million objects")
}

/// The document as bytes; the same blocks give the same bytes.
pub(crate) fn document(title: &str, blocks: &[Block]) -> Vec<u8> {
    let lines = set(blocks);
    let count = lines.iter().map(|line| line.page + 1).max().unwrap_or(1);
    let element = |block: usize| Ref::new(FIRST + number(count) * 3 + number(block));
    let mut pdf = Pdf::new();
    begin(&mut pdf, title, count);
    let mut marks: Vec<Vec<(usize, i32)>> = vec![Vec::new(); blocks.len()];
    for page in 0..count {
        let of_page: Vec<&Line> = lines.iter().filter(|line| line.page == page).collect();
        let mut content = Content::new();
        for (mark, line) in of_page.iter().enumerate() {
            write(&mut content, line, number(mark), role(&blocks[line.block]));
            marks[line.block].push((page, number(mark)));
        }
        let places = places(page);
        pdf.stream(places.content, &content.finish());
        let mut object = pdf.page(places.page);
        object.parent(PAGES).media_box(Rect::new(0.0, 0.0, PAGE.0, PAGE.1)).contents(places.content);
        object.struct_parents(number(page)).tab_order(TabOrder::StructureOrder);
        let mut resources = object.resources();
        let mut fonts = resources.fonts();
        for (name, _, font) in FONTS {
            fonts.pair(name, font);
        }
        fonts.finish();
        resources.finish();
        object.finish();
        pdf.indirect(places.parents).array().items(of_page.iter().map(|line| element(line.block)));
    }
    for (block, marks) in marks.iter().enumerate() {
        let mut object = pdf.struct_element(element(block));
        object.kind(role(&blocks[block])).parent(DOCUMENT);
        let mut children = object.children();
        for (page, mark) in marks {
            children.marked_content_ref().page(places(*page).page).marked_content_id(*mark);
        }
    }
    let mut root = pdf.struct_element(DOCUMENT);
    root.kind(StructRole::Document).parent(TREE);
    let mut children = root.children();
    for block in 0..blocks.len() {
        children.struct_element(element(block));
    }
    children.finish();
    root.finish();
    pdf.finish()
}

/// Catalogue, pages, fonts and the root of the structure tree.
fn begin(pdf: &mut Pdf, title: &str, count: usize) {
    let mut catalog = pdf.catalog(CATALOG);
    catalog.pages(PAGES).lang(TextStr("en-US"));
    catalog.mark_info().marked(true);
    catalog.viewer_preferences().display_doc_title(true);
    let mut tree = catalog.struct_tree_root();
    tree.child(DOCUMENT).parent_tree_next_key(number(count));
    let mut parents = tree.parent_tree();
    let mut nums = parents.nums();
    for page in 0..count {
        nums.insert(number(page), places(page).parents);
    }
    nums.finish();
    parents.finish();
    tree.finish();
    catalog.finish();
    pdf.document_info(INFO).title(TextStr(title)).producer(TextStr("Veridose"));
    pdf.pages(PAGES).kids((0..count).map(|page| places(page).page)).count(number(count));
    for (_, font, id) in FONTS {
        pdf.type1_font(id).base_font(font).encoding_predefined(Name(b"WinAnsiEncoding"));
    }
}

fn write(content: &mut Content, line: &Line, mark: i32, role: StructRole) {
    let (font, _, _) = FONTS[usize::from(line.setting.is_bold)];
    content.begin_marked_content_with_properties(role.to_name()).properties().identify(mark);
    content.begin_text().set_font(font, line.setting.size).next_line(line.at.0, line.at.1);
    content.show(Str(&line.bytes)).end_text().end_marked_content();
}

const fn role(block: &Block) -> StructRole {
    match block {
        Block::Title(_) => StructRole::H1,
        Block::Heading(_) => StructRole::H2,
        Block::Label(_) => StructRole::H3,
        Block::Text(_) => StructRole::P,
    }
}
