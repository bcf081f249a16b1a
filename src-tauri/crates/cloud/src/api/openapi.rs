//! The interface as OpenAPI 3.1, generated from the handlers.

use utoipa::OpenApi;

use super::{blobs, commands, disputes, events, operator, sandbox};

#[derive(OpenApi)]
#[openapi(
    info(title = "Boothkeeper cloud", version = "1"),
    paths(
        operator::meta,
        operator::account,
        operator::catalog,
        operator::journal,
        events::events,
        commands::command,
        commands::command_answer,
        operator::quote,
        disputes::list,
        disputes::one,
        blobs::put,
        blobs::head,
        blobs::get,
        operator::start_run,
        operator::run_succeeded,
        operator::run_failed,
        sandbox::create_account,
        sandbox::demo_key,
        sandbox::clock,
        sandbox::advance,
        sandbox::card,
        sandbox::buy,
        sandbox::runs,
        sandbox::refund,
        sandbox::revoke_key,
        sandbox::activate_coupon,
        sandbox::adjust,
        sandbox::compensate,
        sandbox::restore,
        sandbox::legacy,
        sandbox::event,
        sandbox::daily_limit,
        disputes::all,
        disputes::filed,
        disputes::file,
        disputes::review,
        disputes::message,
        disputes::resolve,
        disputes::reject,
        sandbox::faults,
    )
)]
struct Document;

/// The document as committed in `docs/openapi.json`.
pub fn document() -> Result<String, crate::Error> {
    let mut text = serde_json::to_string_pretty(&Document::openapi())?;
    text.push('\n');
    Ok(text)
}
