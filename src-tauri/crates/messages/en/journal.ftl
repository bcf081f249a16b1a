# The journal: kinds and states of entries, and the names of rows.

## family journal-kind

journal-kind-purchase = Credits bought
journal-kind-auto_recharge = Auto-recharge
journal-kind-allowance = Monthly allowance
journal-kind-bonus = Bonus
journal-kind-coupon_bonus = Coupon bonus
journal-kind-compensation = Compensation
journal-kind-usage = Run
# The fee of a plan, paid from credits.
journal-kind-renewal = Plan renewed from credits
journal-kind-expiry = Credits expired
journal-kind-closure = Account closed
journal-kind-usage_refund = Refund
journal-kind-reversal = Undone
journal-kind-adjustment = Adjustment
journal-kind-opened = Account opened
journal-kind-legacy_added = Legacy product added
journal-kind-event_scheduled = Event scheduled
journal-kind-event_removed = Event removed
journal-kind-card_changed = Card changed
journal-kind-purchase_started = Purchase started
journal-kind-purchase_declined = Purchase declined
journal-kind-run_failed = Run failed
journal-kind-payment_pending = Payment pending
journal-kind-payment_failed = Fee not paid
journal-kind-renewed_by_card = Plan renewed by card
journal-kind-payment_order_changed = Payment order changed
journal-kind-auto_recharge_changed = Auto-recharge switched
journal-kind-auto_recharge_failed = Auto-recharge failed
journal-kind-plan_change_requested = Plan change asked for
journal-kind-plan_changed = Plan changed
journal-kind-cancelled = Plan cancelled
journal-kind-resumed = Plan resumed
journal-kind-grace_started = Grace started
journal-kind-reactivated = Plan reactivated
journal-kind-restored = Account restored
journal-kind-coupon_redeemed = Coupon accepted
journal-kind-daily_limit_changed = Daily limit changed
journal-kind-dispute_opened = Dispute opened
journal-kind-dispute_in_review = Dispute in review
journal-kind-dispute_message = Dispute message
journal-kind-dispute_resolved = Dispute resolved
journal-kind-dispute_rejected = Dispute rejected
journal-kind-dispute_withdrawn = Dispute withdrawn

## family journal-bucket

journal-bucket-allowance = Monthly allowance
journal-bucket-bonus = Bonus
journal-bucket-purchased = Purchased

## family journal-pending

journal-pending-purchase = Pending purchase
journal-pending-auto_recharge = Pending auto-recharge
journal-pending-coupon_bonus = Pending coupon

## family journal-status

journal-status-done = Done
journal-status-refunded = Refunded
journal-status-refund_due = Refund due
journal-status-not_refunded = Not refunded
journal-status-failed = Failed
journal-status-pending = Pending
journal-status-matched = Matched
journal-status-unexplained = Not explained

## Names of rows whose kind alone does not say what happened

# An entry that undoes another one, by which way the credits moved.
journal-row-given-back = Given back
journal-row-taken-back = Taken back
# $plan is the name of a plan with its billing cycle, such as “Pro monthly”.
journal-row-plan-change-requested = Plan change asked for: { $plan }
journal-row-plan-changed = Plan changed: { $plan }
# $paid is what the card paid for the change.
journal-row-plan-changed-charged = Plan changed: { $plan }, card { $paid }
# $event is the event’s name.
journal-row-event-scheduled = Event scheduled: { $event }
# $paid is what the card pays, $coming the credits that are bought and have not arrived.
journal-row-purchase-started = Purchase started: card { $paid }
journal-row-purchase-started-coming = Purchase started: { $coming } to come, card { $paid }
journal-row-renewed-by-card = Plan renewed by card: card { $paid }
# $paid is the fee that was not paid.
journal-row-payment-failed = Fee not paid: { $paid }
