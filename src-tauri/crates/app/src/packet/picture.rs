//! A picture of the balance as it is shown: the figure, how far to trust it, its parts and its place in the
//! journal. Drawn, not photographed: the same balance is the same picture, with or without a window.

use std::fmt::Write;
use std::sync::Arc;

use boothkeeper_domain::trust::Trust;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, fontdb};

use super::type_set::{REGULAR, SEMI_BOLD};
use crate::copy::Copied;
use crate::views::BalanceView;
use crate::words::{self, money};
use crate::{AppError, Code};

const SIZE: (u32, u32) = (960, 540);

impl Copied<'_> {
    pub fn picture(&self, view: &BalanceView) -> Result<Vec<u8>, AppError> {
        let svg = self.drawing(view)?;
        let internal = |error: String| AppError::because(Code::Internal, error);
        let mut fonts = fontdb::Database::new();
        fonts.load_font_data(REGULAR.to_vec());
        fonts.load_font_data(SEMI_BOLD.to_vec());
        let options = usvg::Options {
            font_family: "Inter".to_owned(),
            fontdb: Arc::new(fonts),
            ..usvg::Options::default()
        };
        let tree = usvg::Tree::from_str(&svg, &options);
        let tree = tree.map_err(|error| internal(error.to_string()))?;
        let mut pixels = Pixmap::new(SIZE.0, SIZE.1).ok_or(AppError::new(Code::Internal))?;
        resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
        pixels
            .encode_png()
            .map_err(|error| internal(error.to_string()))
    }

    fn drawing(&self, view: &BalanceView) -> Result<String, AppError> {
        let (asset, head) = (self.asset()?, &self.head);
        let zone = boothkeeper_store::Zone::named(&self.zone_name()?);
        let zone = zone.unwrap_or_else(boothkeeper_store::Zone::utc);
        let email = head.account.identity.as_ref().map(|i| i.email.as_str());
        let (dot, trust) = match view.trust {
            Trust::Live => ("#126a3a", "Live, verified".to_owned()),
            Trust::Diverged => ("#b0221b", "Copy and cloud do not agree".to_owned()),
            Trust::Imported => ("#865000", "Imported, unverified".to_owned()),
            _ => ("#865000", "Last proven balance".to_owned()),
        };
        let as_of = view.as_of.map_or(head.as_of, |at| at);
        let mut svg = String::new();
        let mut text = |x: u32, y: u32, size: u32, weight: u32, ink: &str, text: &str| {
            let text = escaped(text);
            // Writing to a string does not fail.
            let _ = write!(
                svg,
                "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" font-weight=\"{weight}\" \
                 fill=\"{ink}\">{text}</text>"
            );
        };
        let (ink, quiet) = ("#17181f", "#4a4b55");
        text(48, 76, 22, 600, ink, "Spendable credits");
        text(78, 118, 18, 600, dot, &trust);
        text(48, 232, 96, 600, ink, &money(head.account.balance, asset));
        let mut y = 300;
        for bucket in &view.buckets {
            text(48, y, 20, 400, quiet, words::bucket(bucket.kind));
            text(300, y, 20, 600, ink, &money(bucket.amount, asset));
            y += 32;
        }
        for pending in &view.pending {
            text(48, y, 20, 400, quiet, words::pending(pending.kind));
            text(
                300,
                y,
                20,
                400,
                quiet,
                &format!("{} (not spendable)", money(pending.amount, asset)),
            );
            y += 32;
        }
        let account = format!(
            "{} ({})",
            head.checkpoint.account,
            email.unwrap_or_default()
        );
        text(48, 444, 16, 400, quiet, &account);
        let place = format!(
            "As of {}, journal entry {}",
            zone.local_named(as_of),
            head.checkpoint.seq
        );
        text(48, 470, 16, 400, quiet, &place);
        text(
            48,
            496,
            12,
            400,
            quiet,
            &format!("chain {}", head.checkpoint.chain),
        );
        Ok(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" \
             font-family=\"Inter\"><rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\
             <circle cx=\"56\" cy=\"112\" r=\"7\" fill=\"{dot}\"/>{svg}</svg>",
            SIZE.0, SIZE.1
        ))
    }
}

fn escaped(text: &str) -> String {
    let safe = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        c if c.is_control() => " ".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(safe).collect()
}
