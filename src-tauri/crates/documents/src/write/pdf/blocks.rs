//! The content of a PDF, in reading order.

use boothkeeper_domain::Timestamp;

#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    Heading(u16, String),
    Paragraph(String),
    Table(PdfTable),
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct PdfTable {
    pub columns: Vec<Column>,
    pub rows: Vec<PdfRow>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub title: String,
    /// The column's share of the text width, 0 to 1.
    pub share: f32,
    /// True to align the cells to the right.
    pub right: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PdfRow {
    pub cells: Vec<String>,
    /// True for a total: bold, with a line above.
    pub total: bool,
}

/// The document's metadata. It must be the same whenever the content is the same.
pub struct Title {
    pub title: String,
    pub id: String,
    pub at: Timestamp,
}
