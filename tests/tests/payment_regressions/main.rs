//! Regression tests for payments and plans against the running cloud program: charges without an answer, failing steps, previews,
//! quotes and invalid requests.

mod charges;
mod plans;
mod requests;
