//! `verify`: of the whole local copy, or of the files of a dispute (its packet) without any copy.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use boothkeeper_app::disputes::{Verdict, verify_packet};
use boothkeeper_app::session::VerifyView;
use boothkeeper_app::{AppError, Code};
use boothkeeper_messages::cli::{self, CLI_FLAW};
use boothkeeper_messages::{code, day};
use clap::Args;

use crate::folder::{Folder, runtime};
use crate::output::{Output, exit};

/// Verify the whole copy again and repair it; or verify a packet from its files alone.
#[derive(Debug, Args)]
pub struct Verify {
    /// A usage-history.json, an archive or e-mail that contains one, or a folder of them.
    packet: Option<PathBuf>,
    /// Trust only the keys that this cloud names now.
    #[arg(long, requires = "packet")]
    cloud: Option<String>,
}

impl Verify {
    pub fn run(self, folder: &Folder, output: &Output) -> Result<ExitCode, AppError> {
        match &self.packet {
            Some(packet) => self.packet(packet, folder, output),
            None => copy(folder, output),
        }
    }

    /// Verifies the files of a dispute (its packet). Needs neither a local copy nor an access key.
    fn packet(
        &self,
        packet: &Path,
        folder: &Folder,
        output: &Output,
    ) -> Result<ExitCode, AppError> {
        let options = folder.options()?;
        let verified = verify_packet(packet, self.cloud.as_deref(), &options.reader);
        let verdict = runtime()?.block_on(verified)?;
        match output.json() {
            true => output.print_document(&verdict),
            false if verdict.ok => print_proven(&verdict, output),
            false => print_flaw(&verdict, output),
        }
        Ok(match verdict.ok {
            true => ExitCode::SUCCESS,
            false => exit(Code::Diverged),
        })
    }
}

fn copy(folder: &Folder, output: &Output) -> Result<ExitCode, AppError> {
    folder.with_app(output, async |app| {
        let view = app.session().verify_and_repair().await?;
        let imported = app.is_imported()?;
        output.print_result(&view, || sentence(&view, imported));
        Ok(match view.ok {
            true => ExitCode::SUCCESS,
            false => exit(Code::Diverged),
        })
    })
}

fn sentence(view: &VerifyView, imported: bool) -> String {
    let (entries, seq) = (view.entries, view.seq.to_string());
    match view.first_bad_seq {
        None if view.diverged => cli::verify_diverged(entries, &seq),
        None if imported => cli::verify_imported(entries),
        None => cli::verify_ok(entries, &seq),
        Some(seq) => cli::verify_bad_entry(&seq.to_string()),
    }
}

fn print_proven(verdict: &Verdict, output: &Output) {
    output.print_line(&cli::verify_packet(
        verdict.account.as_str(),
        verdict.entries,
        &verdict.seq.to_string(),
        &day(verdict.from),
        &verdict.signed_by.to_string(),
        &day(verdict.to),
    ));
    output.print_line(&cli::verify_packet_end(&output.local(verdict.signed_at)));
    output.print_line(&match (verdict.trusted, verdict.imported) {
        (true, _) => cli::verify_packet_key(),
        (_, true) => cli::verify_packet_imported(),
        _ => cli::verify_packet_key_unknown(),
    });
    if !verdict.unproven.is_empty() {
        let names = verdict.unproven.join(", ");
        output.print_line(&cli::verify_packet_unproven(&names));
    }
}

fn print_flaw(verdict: &Verdict, output: &Output) {
    let flaw = verdict.flaw.as_ref().map(code).unwrap_or_default();
    let flaw = CLI_FLAW.name(&flaw);
    output.print_line(&match verdict.first_bad_seq {
        Some(seq) => cli::verify_not_proven_entry(&seq.to_string(), &flaw),
        None => cli::verify_not_proven(&flaw),
    });
    if verdict.imported && verdict.trusted {
        output.print_line(&cli::verify_packet_imported_flaw());
    }
}
