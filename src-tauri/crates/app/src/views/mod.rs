//! Documents that shells render: numbers, codes and instants, no sentences.

mod balance;
mod entries;
mod explain;
mod history;
mod outbox;
mod plan;
mod verify;

pub use balance::{BalanceView, Overview, PendingKind, PendingView, PlanView, glance};
pub use entries::{EntryDetail, EntryView, LinkView, RowStatus, RowView};
pub use explain::Explanation;
pub use history::{DayView, FilterOptions, HistoryPage, HistoryQuery, HistorySummary, TotalView};
pub use outbox::{CommandView, OutboxView};
pub use plan::{
    AutoRechargeView, CardView, DeadlineView, DeadlinesView, NextRenewal, RenewalPreview,
    SubscriptionView, TierView,
};
pub use verify::{Doctor, DoctorCheck, VerifyView};
