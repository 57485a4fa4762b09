//! Text on pages: lines that fit, and where they stand.

/// A piece of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Block {
    /// What the document is.
    Title(String),
    /// A part of it.
    Heading(String),
    /// What the following text is.
    Label(String),
    /// Text; a line break begins a new line.
    Text(String),
}

/// How a kind of block is set, in points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Setting {
    pub(super) is_bold: bool,
    pub(super) size: f32,
    pub(super) above: f32,
    pub(super) indent: f32,
}

/// A line where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// The block that it is of.
    pub(super) block: usize,
    /// Page from 0.
    pub(super) page: usize,
    /// From the left, and from below.
    pub(super) at: (f32, f32),
    pub(super) setting: Setting,
    /// Its text in Windows-1252.
    pub(super) bytes: Vec<u8>,
}

/// US Letter.
pub(super) const PAGE: (f32, f32) = (612.0, 792.0);
const MARGIN: f32 = 54.0;
const LEADING: f32 = 1.3;

impl Block {
    pub(super) fn setting(&self) -> Setting {
        let (is_bold, size, above, indent) = match self {
            Self::Title(_) => (true, 18.0, 0.0, 0.0),
            Self::Heading(_) => (true, 13.0, 12.0, 0.0),
            Self::Label(_) => (true, 9.5, 6.0, 0.0),
            Self::Text(_) => (false, 10.0, 0.0, 12.0),
        };
        Setting { is_bold, size, above, indent }
    }

    fn text(&self) -> &str {
        let (Self::Title(text) | Self::Heading(text) | Self::Label(text) | Self::Text(text)) = self;
        text
    }
}

/// Sets blocks below each other, on as many pages as it takes.
pub(super) fn set(blocks: &[Block]) -> Vec<Line> {
    let (mut page, mut y) = (0, PAGE.1 - MARGIN);
    let mut lines = Vec::new();
    for (block, content) in blocks.iter().enumerate() {
        let setting = content.setting();
        y -= setting.above;
        for bytes in wrapped(&encoded(content.text()), setting) {
            // A label does not stand alone at the foot of a page.
            let needed = if matches!(content, Block::Text(_)) { 1.0 } else { 3.0 };
            if y - setting.size * LEADING * needed < MARGIN {
                (page, y) = (page + 1, PAGE.1 - MARGIN);
            }
            y -= setting.size * LEADING;
            lines.push(Line { block, page, at: (MARGIN + setting.indent, y), setting, bytes });
        }
    }
    lines
}

/// Lines that fit between the margins, broken at spaces, and within words that are longer than a line.
fn wrapped(text: &[u8], setting: Setting) -> Vec<Vec<u8>> {
    let room = PAGE.0 - 2.0 * MARGIN - setting.indent;
    let mut lines = Vec::new();
    for paragraph in text.split(|byte| *byte == b'\n') {
        let mut line: Vec<u8> = Vec::new();
        for word in paragraph.split(|byte| *byte == b' ') {
            let mut word = word.to_vec();
            if !line.is_empty() && width(&line, setting) + width(b" ", setting) + width(&word, setting) > room {
                lines.push(std::mem::take(&mut line));
            }
            while width(&word, setting) > room {
                let fits =
                    (1..word.len()).take_while(|count| width(&word[..*count], setting) <= room).last().unwrap_or(1);
                let rest = word.split_off(fits);
                lines.push(std::mem::replace(&mut word, rest));
            }
            if !line.is_empty() {
                line.push(b' ');
            }
            line.extend(word);
        }
        lines.push(line);
    }
    lines
}

fn width(text: &[u8], setting: Setting) -> f32 {
    let thousandths: u32 = text.iter().map(|byte| u32::from(advance(*byte))).sum();
    // Bold letters are up to a tenth wider.
    let bold = if setting.is_bold { 1.1 } else { 1.0 };
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let width = thousandths as f32 / 1000.0;
    width * setting.size * bold
}

/// Widths of Helvetica in thousandths of its size, from the space on (Adobe's metrics of the standard 14 fonts).
const ADVANCES: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
];

/// Of what is not ASCII the widest is assumed: a line that is too short harms nobody.
fn advance(byte: u8) -> u16 {
    byte.checked_sub(b' ').and_then(|at| ADVANCES.get(usize::from(at))).copied().unwrap_or(1015)
}

/// Windows-1252, which the standard fonts know; `?` for what it lacks. Control characters become spaces.
fn encoded(text: &str) -> Vec<u8> {
    let one = |letter: char| match letter {
        '\n' => b'\n',
        '\u{a0}'..='\u{ff}' | ' '..='~' => u8::try_from(u32::from(letter)).unwrap_or(b'?'),
        '\u{20ac}' => 0x80,
        '\u{2026}' => 0x85,
        '\u{2018}' => 0x91,
        '\u{2019}' => 0x92,
        '\u{201c}' => 0x93,
        '\u{201d}' => 0x94,
        '\u{2022}' => 0x95,
        '\u{2013}' => 0x96,
        '\u{2014}' => 0x97,
        '\u{2122}' => 0x99,
        control if control.is_control() => b' ',
        _ => b'?',
    };
    text.chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_nothing_is_lost() {
        let setting = Block::Text(String::new()).setting();
        let text = format!("{} {}", "word ".repeat(60).trim_end(), "x".repeat(300));
        let lines = wrapped(text.as_bytes(), setting);
        assert!(lines.len() > 5, "{}", lines.len());
        assert!(lines.iter().all(|line| width(line, setting) <= PAGE.0 - 2.0 * MARGIN - setting.indent));
        let joined: Vec<u8> = lines.concat().into_iter().filter(|byte| *byte != b' ').collect();
        assert_eq!(joined, text.replace(' ', "").into_bytes());
    }

    #[test]
    fn pages_follow_each_other() {
        let lines = set(&vec![Block::Text("a line".to_owned()); 200]);
        assert_eq!(lines.last().map(|line| line.page), Some(3));
        assert!(lines.iter().all(|line| (MARGIN..PAGE.1 - MARGIN).contains(&line.at.1)));
        assert_eq!(encoded("é–\t漢"), [0xe9, 0x96, b' ', b'?']);
    }
}
