//! Documents that shells render: numbers, codes and instants, no sentences.

mod balance;
mod history;
mod outbox;
mod verify;

pub use balance::{BalanceView, Overview, PendingKind, PendingView, PlanView, glance};
pub use history::{
    DayView, EntryDetail, EntryView, FilterOptions, HistoryPage, HistoryQuery, HistorySummary,
    LinkView, RowStatus, RowView, TotalView,
};
pub use outbox::{CommandView, OutboxView};
pub use verify::{Doctor, DoctorCheck, VerifyView};
