//! Writes text and tables as a tagged PDF (PDF/UA-1): the drawn pages, and the same content in reading order for screen
//! readers.

mod draw;
mod faces;
mod layout;

use boothkeeper_domain::Timestamp;
use rustybuzz::Face;

use crate::Error;
use draw::draw;

pub(super) const REGULAR: &[u8] = include_bytes!("../../../fonts/Inter-Regular.otf");
pub(super) const SEMI_BOLD: &[u8] = include_bytes!("../../../fonts/Inter-SemiBold.otf");

/// Width and height of A4, in points.
const PAGE: (f32, f32) = (595.0, 842.0);
const MARGIN: f32 = 48.0;
const WIDTH: f32 = PAGE.0 - 2.0 * MARGIN;
const BODY: f32 = 9.0;
const LEADING: f32 = 13.0;
/// Shown in place of characters that the font lacks. The CSV file beside the PDF has them unchanged.
const LACKING: char = '?';

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Block {
    Heading(u16, String),
    Paragraph(String),
    Table(PdfTable),
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct PdfTable {
    pub columns: Vec<Column>,
    pub rows: Vec<PdfRow>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    pub title: String,
    /// The column's share of the text width, 0 to 1.
    pub share: f32,
    /// True to align the cells to the right.
    pub right: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct PdfRow {
    pub cells: Vec<String>,
    /// True for a total: bold, with a line above.
    pub total: bool,
}

/// The document's metadata. It must be the same whenever the content is the same.
pub(super) struct Title {
    pub title: String,
    pub id: String,
    pub at: Timestamp,
}

#[derive(Clone, Copy, PartialEq)]
struct Style {
    size: f32,
    strong: bool,
}

/// The structure element that a piece of text belongs to. All pieces of one place form one element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Block(usize),
    /// Block, row (the header is 0) and cell.
    Cell(usize, usize, usize),
    /// Not part of the reading order: a repeated header or a page number.
    Beside,
}

struct Piece {
    page: usize,
    place: Place,
    text: String,
    style: Style,
    at: (f32, f32),
}

struct Rule {
    page: usize,
    y: f32,
}

struct Faces<'a> {
    regular: Face<'a>,
    strong: Face<'a>,
}

/// The positions of all text and lines, computed before drawing.
struct Layout<'a> {
    faces: &'a Faces<'a>,
    pieces: Vec<Piece>,
    rules: Vec<Rule>,
    page: usize,
    y: f32,
}

pub(super) fn pdf(title: &Title, blocks: &[Block]) -> Result<Vec<u8>, Error> {
    let faces = Faces::open()?;
    let mut layout = Layout {
        faces: &faces,
        pieces: vec![],
        rules: vec![],
        page: 0,
        y: MARGIN,
    };
    for (at, block) in blocks.iter().enumerate() {
        layout.block(at, block);
    }
    layout.number_pages(&title.title);
    draw(title, blocks, &layout)
}
