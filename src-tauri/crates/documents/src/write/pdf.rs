//! Writes text and tables as a tagged PDF (PDF/UA-1): the drawn pages, and the same content in reading order for screen
//! readers.

use std::num::NonZeroU16;

use boothkeeper_domain::Timestamp;
use chrono::{Datelike, Timelike};
use krilla::color::rgb;
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point};
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, Node, SpanTag, TableHeaderScope, Tag, TagGroup,
    TagTree,
};
use krilla::text::{Font, GlyphId, KrillaGlyph};
use krilla::{Document, SerializeSettings};
use rustybuzz::ttf_parser::Tag as Feature;
use rustybuzz::{Face, UnicodeBuffer};

use boothkeeper_messages::documents;

use crate::{Error, Problem};

pub(super) const REGULAR: &[u8] = include_bytes!("../../fonts/Inter-Regular.otf");
pub(super) const SEMI_BOLD: &[u8] = include_bytes!("../../fonts/Inter-SemiBold.otf");

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

impl Faces<'_> {
    fn open() -> Result<Faces<'static>, Error> {
        let face =
            |bytes: &'static [u8]| Face::from_slice(bytes, 0).ok_or(Error::new(Problem::Internal));
        Ok(Faces {
            regular: face(REGULAR)?,
            strong: face(SEMI_BOLD)?,
        })
    }

    fn of(&self, style: Style) -> &Face<'_> {
        match style.strong {
            true => &self.strong,
            false => &self.regular,
        }
    }

    fn shaped(&self, text: &str, style: Style) -> Vec<KrillaGlyph> {
        let face = self.of(style);
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        // `tnum`: all digits have the same width, so that figures align in columns.
        let on = |name: &[u8; 4]| rustybuzz::Feature::new(Feature::from_bytes(name), 1, ..);
        let shaped = rustybuzz::shape(face, &[on(b"tnum")], buffer);
        let em = face.units_per_em() as f32;
        let infos = shaped.glyph_infos();
        let starts: Vec<usize> = infos.iter().map(|info| info.cluster as usize).collect();
        let end_of = |start: usize| {
            let later = starts.iter().copied().filter(|other| *other > start).min();
            later.unwrap_or(text.len())
        };
        let positions = shaped.glyph_positions();
        infos
            .iter()
            .zip(positions)
            .map(|(info, position)| {
                let start = info.cluster as usize;
                KrillaGlyph::new(
                    GlyphId::new(info.glyph_id),
                    position.x_advance as f32 / em,
                    position.x_offset as f32 / em,
                    position.y_offset as f32 / em,
                    0.0,
                    start..end_of(start),
                    None,
                )
            })
            .collect()
    }

    fn width(&self, text: &str, style: Style) -> f32 {
        let glyphs = self.shaped(text, style);
        glyphs
            .iter()
            .map(|glyph| glyph.x_advance * style.size)
            .sum()
    }

    /// Replaces characters that the font lacks with [`LACKING`], and line breaks and tabs with spaces.
    fn drawable(&self, text: &str) -> String {
        let has = |c: char| self.regular.glyph_index(c).is_some() && !c.is_control();
        text.chars()
            .map(|c| match c {
                '\n' | '\t' => ' ',
                c if has(c) => c,
                _ => LACKING,
            })
            .collect()
    }

    /// Breaks text into lines of at most `width` points, between words; within a word only if the word alone is wider.
    fn lines(&self, text: &str, style: Style, width: f32) -> Vec<String> {
        let mut lines = vec![String::new()];
        for word in self.drawable(text).split_whitespace() {
            let last = lines.last_mut().map(std::mem::take).unwrap_or_default();
            let longer = match last.is_empty() {
                true => word.to_owned(),
                false => format!("{last} {word}"),
            };
            let at = lines.len() - 1;
            if self.width(&longer, style) <= width {
                lines[at] = longer;
                continue;
            }
            lines[at] = last;
            if !lines[at].is_empty() {
                lines.push(String::new());
            }
            for c in word.chars() {
                let at = lines.len() - 1;
                let mut longer = lines[at].clone();
                longer.push(c);
                match self.width(&longer, style) <= width || lines[at].is_empty() {
                    true => lines[at] = longer,
                    false => lines.push(c.to_string()),
                }
            }
        }
        lines
    }
}

impl Layout<'_> {
    fn block(&mut self, at: usize, block: &Block) {
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

    fn number_pages(&mut self, title: &str) {
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

fn draw(title: &Title, blocks: &[Block], layout: &Layout<'_>) -> Result<Vec<u8>, Error> {
    let internal = |error: String| Error::because(Problem::Internal, error);
    let configuration = ConfigurationBuilder::new()
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| internal(format!("{error:?}")))?;
    let mut document = Document::new_with(SerializeSettings {
        configuration,
        enable_tagging: true,
        ..SerializeSettings::default()
    });
    let font =
        |bytes: &'static [u8]| Font::new(bytes.into(), 0).ok_or(Error::new(Problem::Internal));
    let fonts = [font(REGULAR)?, font(SEMI_BOLD)?];
    let mut drawn: Vec<(Place, Identifier)> = Vec::new();
    let settings = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or(Error::new(Problem::Internal))?;
    for page in 0..=layout.page {
        let mut sheet = document.start_page_with(settings.clone());
        let mut surface = sheet.surface();
        for rule in layout.rules.iter().filter(|rule| rule.page == page) {
            draw_rule(&mut surface, rule.y);
        }
        for piece in layout.pieces.iter().filter(|piece| piece.page == page) {
            if piece.text.trim().is_empty() {
                continue;
            }
            let tag = match piece.place {
                Place::Beside => {
                    ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther))
                }
                _ => ContentTag::Span(SpanTag::empty()),
            };
            let id = surface.start_tagged(tag);
            let glyphs = layout.faces.shaped(&piece.text, piece.style);
            let font = fonts[usize::from(piece.style.strong)].clone();
            surface.set_fill(Some(ink()));
            surface.draw_glyphs(
                Point::from_xy(piece.at.0, piece.at.1),
                &glyphs,
                font,
                &piece.text,
                piece.style.size,
                false,
            );
            surface.end_tagged();
            if piece.place != Place::Beside {
                drawn.push((piece.place, id));
            }
        }
        surface.finish();
        sheet.finish();
    }
    document.set_outline(outline(blocks, layout));
    document.set_tag_tree(tree(blocks, &drawn));
    document.set_metadata(metadata(title));
    document
        .finish()
        .map_err(|error| internal(format!("{error:?}")))
}

/// The PDF outline: a link to every heading.
fn outline(blocks: &[Block], layout: &Layout<'_>) -> Outline {
    let mut outline = Outline::new();
    for (at, block) in blocks.iter().enumerate() {
        let Block::Heading(_, text) = block else {
            continue;
        };
        let place = layout
            .pieces
            .iter()
            .find(|piece| piece.place == Place::Block(at));
        if let Some(piece) = place {
            let point = Point::from_xy(MARGIN, piece.at.1 - piece.style.size);
            let there = XyzDestination::new(piece.page, point);
            outline.push_child(OutlineNode::new(text.clone(), there));
        }
    }
    outline
}

fn ink() -> Fill {
    Fill {
        paint: rgb::Color::new(0x17, 0x18, 0x1f).into(),
        ..Fill::default()
    }
}

fn draw_rule(surface: &mut Surface<'_>, y: f32) {
    let mut path = PathBuilder::new();
    path.move_to(MARGIN, y);
    path.line_to(PAGE.0 - MARGIN, y);
    if let Some(path) = path.finish() {
        surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(
            ArtifactType::Layout,
        )));
        surface.set_fill(None);
        surface.set_stroke(Some(Stroke {
            paint: rgb::Color::new(0xcb, 0xca, 0xc2).into(),
            width: 0.6,
            ..Stroke::default()
        }));
        surface.draw_path(&path);
        surface.set_stroke(None);
        surface.end_tagged();
    }
}

/// The tag tree: the content in reading order.
fn tree(blocks: &[Block], drawn: &[(Place, Identifier)]) -> TagTree {
    let of = |wanted: Place| {
        let ids = drawn.iter().filter(move |(place, _)| *place == wanted);
        ids.map(|(_, id)| Node::from(*id))
    };
    let mut tree = TagTree::new().with_lang(Some("en".to_owned()));
    for (at, block) in blocks.iter().enumerate() {
        let group = match block {
            Block::Heading(level, text) => {
                let level = NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN);
                let tag = Tag::Hn(level, Some(text.clone()));
                TagGroup::with_children(tag, of(Place::Block(at)).collect())
            }
            Block::Paragraph(_) => TagGroup::with_children(Tag::P, of(Place::Block(at)).collect()),
            Block::Table(table) => {
                let mut whole = TagGroup::new(Tag::Table);
                for row in 0..=table.rows.len() {
                    let mut tr = TagGroup::new(Tag::TR);
                    for cell in 0..table.columns.len() {
                        let ids = of(Place::Cell(at, row, cell)).collect();
                        tr.push(match row {
                            0 => TagGroup::with_children(Tag::TH(TableHeaderScope::Column), ids),
                            _ => TagGroup::with_children(Tag::TD, ids),
                        });
                    }
                    whole.push(tr);
                }
                whole
            }
        };
        tree.push(group);
    }
    tree
}

fn metadata(title: &Title) -> Metadata {
    let utc = title.at.to_utc();
    let part = |number: u32| u8::try_from(number).unwrap_or(0);
    let created = DateTime::new(u16::try_from(utc.year()).unwrap_or(0))
        .month(part(utc.month()))
        .day(part(utc.day()))
        .hour(part(utc.hour()))
        .minute(part(utc.minute()))
        .second(part(utc.second()))
        .utc_offset_hour(0);
    Metadata::new()
        .title(title.title.clone())
        .language("en".to_owned())
        .creator("Boothkeeper".to_owned())
        .producer("Boothkeeper".to_owned())
        .document_id(title.id.clone())
        .creation_date(created)
}
