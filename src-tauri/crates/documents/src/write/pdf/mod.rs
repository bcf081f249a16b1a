//! Writes text and tables as a tagged PDF (PDF/UA-1): the drawn pages, and the same content in reading order for screen
//! readers.

mod blocks;
mod draw;
mod faces;
mod layout;

pub(super) use blocks::{Block, Column, PdfRow, PdfTable, Title};
pub(super) use faces::{REGULAR, SEMI_BOLD};

use crate::Error;
use draw::draw;
use faces::Faces;
use layout::{Layout, MARGIN};

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
