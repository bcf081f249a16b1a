//! Computes the positions of all text and lines of a PDF, page by page.

use boothkeeper_messages::documents;

use super::blocks::{Block, Column, PdfTable};
use super::faces::{Faces, Style};

/// Width and height of A4, in points.
pub const PAGE: (f32, f32) = (595.0, 842.0);
pub const MARGIN: f32 = 48.0;
pub const WIDTH: f32 = PAGE.0 - 2.0 * MARGIN;
pub const BODY: f32 = 9.0;
pub const LEADING: f32 = 13.0;

/// The structure element that a piece of text belongs to. All pieces of one place form one element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Block(usize),
    /// Block, row (the header is 0) and cell.
    Cell(usize, usize, usize),
    /// Not part of the reading order: a repeated header or a page number.
    Beside,
}

pub struct Piece {
    pub page: usize,
    pub place: Place,
    pub text: String,
    pub style: Style,
    pub at: (f32, f32),
}

pub struct Rule {
    pub page: usize,
    pub y: f32,
}

/// The positions of all text and lines, computed before drawing.
pub struct Layout<'a> {
    pub faces: &'a Faces<'a>,
    pub pieces: Vec<Piece>,
    pub rules: Vec<Rule>,
    pub page: usize,
    pub y: f32,
}

impl Layout<'_> {
    pub fn block(&mut self, at: usize, block: &Block) {
        match block {
            Block::Heading(level, text) => {
                let size = if *level == 1 { 17.0 } else { 11.0 };
                self.y += if *level == 1 { 0.0 } else { 14.0 };
                let style = Style { size, strong: true };
                self.text(Place::Block(at), text, style, size * 1.4);
                self.y += 2.0;
            }
            Block::Paragraph(text) => {
                let style = Style {
                    size: BODY,
                    strong: false,
                };
                self.text(Place::Block(at), text, style, LEADING);
                self.y += 4.0;
            }
            Block::Table(table) => self.table(at, table),
        }
    }

    fn text(&mut self, place: Place, text: &str, style: Style, leading: f32) {
        for line in self.faces.lines(text, style, WIDTH) {
            self.room(leading);
            self.piece(place, line, style, MARGIN);
            self.y += leading;
        }
    }

    fn table(&mut self, at: usize, table: &PdfTable) {
        let titles: Vec<_> = table.columns.iter().map(|c| c.title.to_owned()).collect();
        self.y += 4.0;
        self.row(at, 0, &titles, &table.columns, true);
        self.rule();
        for (n, row) in table.rows.iter().enumerate() {
            let page = self.page;
            self.room(2.0 * LEADING);
            if self.page != page {
                self.repeated(&titles, &table.columns);
            }
            if row.total {
                self.rule();
            }
            self.row(at, n + 1, &row.cells, &table.columns, row.total);
        }
        self.y += 4.0;
    }

    /// Repeats the header of a table that continues on a new page.
    fn repeated(&mut self, titles: &[String], columns: &[Column]) {
        let from = self.pieces.len();
        self.row(0, 0, titles, columns, true);
        for piece in &mut self.pieces[from..] {
            piece.place = Place::Beside;
        }
        self.rule();
    }

    fn row(
        &mut self,
        block: usize,
        row: usize,
        cells: &[String],
        columns: &[Column],
        strong: bool,
    ) {
        let style = Style { size: BODY, strong };
        const GAP: f32 = 8.0;
        let (mut x, mut height) = (MARGIN, 1);
        for (n, (text, column)) in cells.iter().zip(columns).enumerate() {
            let width = WIDTH * column.share;
            let lines = self.faces.lines(text, style, width - GAP);
            height = height.max(lines.len());
            for (line_at, line) in lines.into_iter().enumerate() {
                let indent = match column.right {
                    true => width - GAP - self.faces.width(&line, style),
                    false => 0.0,
                };
                let top = self.y;
                self.y += line_at as f32 * LEADING;
                self.piece(Place::Cell(block, row, n), line, style, x + indent);
                self.y = top;
            }
            x += width;
        }
        self.y += height as f32 * LEADING + 2.0;
    }

    fn piece(&mut self, place: Place, text: String, style: Style, x: f32) {
        let at = (x, self.y + style.size);
        self.pieces.push(Piece {
            page: self.page,
            place,
            text,
            style,
            at,
        });
    }

    fn rule(&mut self) {
        let (page, y) = (self.page, self.y);
        self.rules.push(Rule { page, y });
        self.y += 3.0;
    }

    /// Starts a new page if `height` points do not fit on this one.
    fn room(&mut self, height: f32) {
        if self.y + height > PAGE.1 - MARGIN - LEADING {
            self.page += 1;
            self.y = MARGIN;
        }
    }

    pub fn number_pages(&mut self, title: &str) {
        let pages = self.page + 1;
        let style = Style {
            size: 8.0,
            strong: false,
        };
        for page in 0..pages {
            let text = documents::page(page as u64 + 1, pages as u64, title);
            self.pieces.push(Piece {
                page,
                place: Place::Beside,
                text: self.faces.drawable(&text),
                style,
                at: (MARGIN, PAGE.1 - MARGIN / 2.0),
            });
        }
    }
}
