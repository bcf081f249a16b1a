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

## family journal-why
# Why an entry is there, by its kind. $amount is what moved, $paid what a card paid, $reason what the booth, the bank or
# support gave as one. A kind without a sentence is told by its name.

journal-why-usage = { $units ->
    [one] The cloud takes { $amount } when a run starts: { $service }.
   *[other] The cloud takes { $amount } for { $units } units when a run starts: { $service }.
}
journal-why-usage_refund = { $amount } came back for a run that was charged.
journal-why-run_failed = The booth or the cloud reported that the run failed: { $reason }. A failure moves no credits; a refund does.
journal-why-purchase = { $amount } of credits, bought for { $paid } on the card.
journal-why-purchase_started = The card was charged { $paid }; the credits come with an entry of their own.
journal-why-purchase_declined = The card did not pay: { $reason }. Nothing was charged.
journal-why-auto_recharge = Auto-recharge bought { $amount } for { $paid } because the balance was low.
journal-why-auto_recharge_failed = Auto-recharge could not charge the card: { $reason }. It is off now.
journal-why-renewal = The plan’s fee of { $amount } was paid from credits. The period it paid for ends { $until }.
journal-why-renewed_by_card = The plan’s fee of { $paid } was paid by card; no credits moved. The period ends { $until }.
journal-why-payment_failed = The fee of { $paid } was not paid: { $reason }.
journal-why-allowance = The month’s allowance of { $amount }. What is left of it expires on { $until }.
journal-why-expiry = { $amount } expired unused.
journal-why-closure = The account closed, and its { $amount } in credits were deleted.
journal-why-coupon_redeemed = Coupon { $coupon } was accepted. Its bonus waits to be activated by hand.
journal-why-coupon_bonus = The bonus of coupon { $coupon } was activated.
journal-why-compensation = Support added { $amount } as compensation.
journal-why-reversal = An earlier entry was undone: { $amount } came back, each part as the kind of credits it was.
journal-why-reversal_taken = An earlier entry was undone: { $amount } were taken back.
journal-why-plan_changed = From here the plan is { $plan }.
journal-why-plan_changed_paid = From here the plan is { $plan }. The card paid { $paid } for it.
journal-why-plan_change_requested = { $plan } was asked for, from the period’s end.
journal-why-event_scheduled = { $event } was put on the calendar.
# An event whose name is not known.
journal-why-event_scheduled_without_name = An event was put on the calendar.
journal-why-adjustment = Support changed the balance: { $reason }.
journal-why-adjustment_without_reason = Support changed the balance and gave no reason.
journal-why-bonus = The cloud gave a bonus of { $amount }.
journal-why-of_unknown_kind = This version does not know this kind of entry.
# For other kinds: the kind's name as a sentence.
journal-why-of_other_kind = { $kind }.
