//! Documents that shells render: numbers, codes and instants, no sentences.

mod balance;
mod choices;
mod deadlines;
mod entries;
mod explain;
mod history;
mod outbox;
mod overview;
mod pause;
mod plan;
mod runway;
mod verify;

pub use balance::{BalanceView, PendingKind, PendingView, glance};
pub use choices::{ChoicesView, Offer, OrderView, Stop, StopCode};
pub use deadlines::{DeadlineView, DeadlinesView, TierView};
pub use entries::{EntryDetail, EntryView, LinkView, Part, RowStatus, RowView};
pub use explain::{Explanation, Look, Since};
pub use history::{
    DayView, FilterOptions, FoundRows, HistoryPage, HistoryQuery, HistorySummary, TotalView,
};
pub use outbox::{CommandView, OutboxView};
pub use overview::{Alarm, ClockView, Overview, PlanView, Screen, Update};
pub use pause::{PauseView, PriceChange};
pub use plan::{AutoRechargeView, CardView, NextRenewal, RenewalPreview, SubscriptionView};
pub(crate) use plan::{card, next_renewal};
pub use runway::RunwayView;
pub use verify::{Doctor, DoctorCheck, VerifyView};
