//! The two fonts of the PDF: glyphs, widths and line breaks.

use krilla::text::{GlyphId, KrillaGlyph};
use rustybuzz::ttf_parser::Tag as Feature;
use rustybuzz::{Face, UnicodeBuffer};

use crate::{Error, Problem};

pub const REGULAR: &[u8] = include_bytes!("../../../fonts/Inter-Regular.otf");
pub const SEMI_BOLD: &[u8] = include_bytes!("../../../fonts/Inter-SemiBold.otf");
/// Shown in place of characters that the font lacks. The CSV file beside the PDF has them unchanged.
pub const LACKING: char = '?';

#[derive(Clone, Copy, PartialEq)]
pub struct Style {
    pub size: f32,
    pub strong: bool,
}

pub struct Faces<'a> {
    pub regular: Face<'a>,
    pub strong: Face<'a>,
}

impl Faces<'_> {
    pub fn open() -> Result<Faces<'static>, Error> {
        let face =
            |bytes: &'static [u8]| Face::from_slice(bytes, 0).ok_or(Error::new(Problem::Internal));
        Ok(Faces {
            regular: face(REGULAR)?,
            strong: face(SEMI_BOLD)?,
        })
    }

    pub fn of(&self, style: Style) -> &Face<'_> {
        match style.strong {
            true => &self.strong,
            false => &self.regular,
        }
    }

    pub fn shaped(&self, text: &str, style: Style) -> Vec<KrillaGlyph> {
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

    pub fn width(&self, text: &str, style: Style) -> f32 {
        let glyphs = self.shaped(text, style);
        glyphs
            .iter()
            .map(|glyph| glyph.x_advance * style.size)
            .sum()
    }

    /// Replaces characters that the font lacks with [`LACKING`], and line breaks and tabs with spaces.
    pub fn drawable(&self, text: &str) -> String {
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
    pub fn lines(&self, text: &str, style: Style, width: f32) -> Vec<String> {
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
