//! Draws the PDF's pages from the computed positions, and adds outline, tag tree and metadata.

use std::num::NonZeroU16;

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
use krilla::text::Font;
use krilla::{Document, SerializeSettings};

use super::blocks::{Block, Title};
use super::faces::{REGULAR, SEMI_BOLD};
use super::layout::{Layout, MARGIN, PAGE, Place};
use crate::{Error, Problem};

pub(super) fn draw(title: &Title, blocks: &[Block], layout: &Layout<'_>) -> Result<Vec<u8>, Error> {
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

/// The tag tree: the content in reading order, for screen readers.
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
