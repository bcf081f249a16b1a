//! Checks the texts shown about one random account, and collects their faults.

use std::collections::BTreeSet;

use anyhow::ensure;
use boothkeeper_tests::sentences::Data;

/// All texts that the random accounts and tables enter as data, so that they are not translated.
pub const TYPED: [&str; 12] = [
    "operator@booth.example",
    "Miller wedding",
    "Gala",
    "Visa",
    "a test by support",
    "The credits are not there",
    "Please look again",
    "The booth was offline",
    "photo_printed SMS_sent",
    "boothkeeper",
    "UTC America New_York",
    "csv json pdf png eml",
];

pub struct Sentences {
    /// The random account's programme and seed, by which it can be replayed.
    of: String,
    data: Data,
    faults: BTreeSet<String>,
    /// How many lines had accents: they were in the pseudo-locale.
    accented: usize,
}

/// With no more accented lines than this, the texts were not shown in the pseudo-locale.
const ACCENTED: usize = 50;

impl Sentences {
    pub fn of(life: String) -> Self {
        Sentences {
            of: life,
            data: Data::new(&TYPED),
            faults: BTreeSet::new(),
            accented: 0,
        }
    }

    /// Looks for faults in a text; `place` says where it is shown.
    pub fn check(&mut self, place: &str, text: &str) {
        let faults = self.data.faults(text).into_iter();
        self.faults
            .extend(faults.map(|fault| format!("{place}: {fault}")));
        let accents = |line: &&str| line.contains(['á', 'é', 'í', 'ó', 'ú']);
        self.accented += text.lines().filter(accents).count();
        if text.contains("panicked at") {
            self.faults.insert(format!("{place}: {text}"));
        }
    }

    /// Fails if faults were found, naming all of them, or if too few lines had accents.
    pub fn assert_whole(self) -> anyhow::Result<()> {
        let Sentences {
            of,
            faults,
            accented,
            ..
        } = self;
        ensure!(faults.is_empty(), "{of}: {faults:#?}");
        ensure!(accented > ACCENTED, "{of}: only {accented} texts");
        Ok(())
    }
}
