//! Draws a picture of the balance: amount, trust level, buckets and last entry. It is not a screenshot: the same
//! balance always gives the same picture, also without a window.

use std::fmt::Write;
use std::sync::Arc;

use boothkeeper_domain::account::BucketBalance;
use boothkeeper_domain::trust::Trust;
use boothkeeper_domain::{Amount, Asset, Hash, Seq, Timestamp, Zone};
use boothkeeper_messages::documents as text;
use boothkeeper_messages::journal::{JOURNAL_BUCKET, JOURNAL_PENDING};
use boothkeeper_messages::{code, moment, money};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, fontdb};

use super::pdf::{REGULAR, SEMI_BOLD};
use crate::{Error, Problem};

/// Width and height in pixels.
const SIZE: (u32, u32) = (960, 540);

/// The content of the picture.
#[derive(Debug, Clone)]
pub struct BalancePicture {
    pub trust: Trust,
    pub balance: Amount,
    pub asset: Asset,
    pub buckets: Vec<BucketBalance>,
    /// Credits that cannot be spent yet: the code of what they wait for, and the amount.
    pub pending: Vec<(String, Amount)>,
    pub account: String,
    pub email: String,
    pub as_of: Timestamp,
    pub seq: Seq,
    pub chain: Hash,
    pub zone: Zone,
}

impl BalancePicture {
    pub fn to_png(&self) -> Result<Vec<u8>, Error> {
        let internal = |error: String| Error::because(Problem::Internal, error);
        let mut fonts = fontdb::Database::new();
        fonts.load_font_data(REGULAR.to_vec());
        fonts.load_font_data(SEMI_BOLD.to_vec());
        let options = usvg::Options {
            font_family: "Inter".to_owned(),
            fontdb: Arc::new(fonts),
            ..usvg::Options::default()
        };
        let tree = usvg::Tree::from_str(&self.to_svg(), &options);
        let tree = tree.map_err(|error| internal(error.to_string()))?;
        let mut pixels = Pixmap::new(SIZE.0, SIZE.1).ok_or(Error::new(Problem::Internal))?;
        resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
        pixels
            .encode_png()
            .map_err(|error| internal(error.to_string()))
    }

    fn to_svg(&self) -> String {
        let (dot, trust) = match self.trust {
            Trust::Live => ("#126a3a", text::picture_live()),
            Trust::Diverged => ("#b0221b", text::picture_diverged()),
            Trust::Imported => ("#865000", text::picture_imported()),
            Trust::Cached | Trust::Stale | Trust::Unknown => ("#865000", text::picture_cached()),
        };
        let asset = &self.asset;
        let mut svg = String::new();
        let mut line = |x: u32, y: u32, size: u32, weight: u32, ink: &str, text: &str| {
            let text = escaped(text);
            // Writing to a string does not fail.
            let _ = write!(
                svg,
                "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" font-weight=\"{weight}\" \
                 fill=\"{ink}\">{text}</text>"
            );
        };
        let (ink, quiet) = ("#17181f", "#4a4b55");
        line(48, 76, 22, 600, ink, &text::picture_title());
        line(78, 118, 18, 600, dot, &trust);
        line(48, 232, 96, 600, ink, &money(self.balance, asset));
        let mut y = 300;
        for bucket in &self.buckets {
            let name = JOURNAL_BUCKET.name(&code(&bucket.kind));
            line(48, y, 20, 400, quiet, &name);
            line(300, y, 20, 600, ink, &money(bucket.amount, asset));
            y += 32;
        }
        for (kind, amount) in &self.pending {
            line(48, y, 20, 400, quiet, &JOURNAL_PENDING.name(kind));
            let amount = text::picture_pending(&money(*amount, asset));
            line(300, y, 20, 400, quiet, &amount);
            y += 32;
        }
        let account = format!("{} ({})", self.account, self.email);
        line(48, 444, 16, 400, quiet, &account);
        let time = moment(self.as_of, &self.zone);
        let place = text::picture_place(&self.seq.to_string(), &time);
        line(48, 470, 16, 400, quiet, &place);
        let chain = text::picture_chain(&self.chain.to_string());
        line(48, 496, 12, 400, quiet, &chain);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" \
             font-family=\"Inter\"><rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\
             <circle cx=\"56\" cy=\"112\" r=\"7\" fill=\"{dot}\"/>{svg}</svg>",
            SIZE.0, SIZE.1
        )
    }
}

/// Text escaped for SVG.
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
