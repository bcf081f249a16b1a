# Deadlines: what is due, and what happens then.

# `.long` is the title where it stands alone: in a notification and in a calendar.

## family deadlines-title

deadlines-title-grace_end = Account closes
    .long = Account closes, its credits are deleted
deadlines-title-cancelled_period_end = Plan ends
    .long = Cancelled plan ends, grace begins
deadlines-title-renewal = Renewal
    .long = Plan renews
deadlines-title-cancel_by = Last moment to cancel
    .long = Last moment to cancel before the renewal
deadlines-title-payment_retry = Unpaid fee tried again
    .long = Unpaid fee is tried again
deadlines-title-card_expiry = Card expires
    .long = Card expires
deadlines-title-allowance_refresh = Allowance refreshes
    .long = Monthly allowance refreshes
deadlines-title-grant_expiry = Credits expire
    .long = Credits expire
deadlines-title-dispute_reply = Reply from support
    .long = Support’s reply to a dispute is expected

## What a deadline brings, in a notification, a calendar and the terminal

# $fee is an amount of money, $amount an amount of credits. `-amount`: where it is known.
deadlines-detail-renewal = The plan renews.
deadlines-detail-renewal-card = The card pays the fee.
deadlines-detail-renewal-card-amount = The card pays { $fee }.
deadlines-detail-renewal-credits = Credits pay the fee.
deadlines-detail-renewal-credits-amount = Credits pay { $fee }.
deadlines-detail-renewal-unpaid = Neither card nor credits will pay the fee: grace begins.
deadlines-detail-renewal-unpaid-amount = Neither card nor credits will pay { $fee }: grace begins.
deadlines-detail-cancel-by = After this moment the renewal is paid.
deadlines-detail-cancel-by-amount = After this moment the renewal is paid: { $fee }.
deadlines-detail-payment-retry = The fee is asked for again. Grace runs: pay, or pause.
deadlines-detail-payment-retry-amount = The fee of { $fee } is asked for again. Grace runs: pay, or pause.
deadlines-detail-grace-end = All credits are deleted. Pay, resume or pause before.
deadlines-detail-grace-end-amount = { $amount } in credits are deleted. Pay, resume or pause before.
deadlines-detail-cancelled-period-end = Grace begins; all credits are at stake.
deadlines-detail-cancelled-period-end-amount = Grace begins; { $amount } in credits are at stake.
deadlines-detail-card-expiry = Renewals and auto-recharge need another card.
deadlines-detail-allowance-refresh = The month’s allowance comes.
# Something is left of the old allowance, and its amount is not known.
deadlines-detail-allowance-refresh-rest = What is left of the old month’s allowance is deleted.
deadlines-detail-allowance-refresh-amount = { $amount } in credits of the old month’s allowance are deleted.
deadlines-detail-grant-expiry = Credits expire unused.
deadlines-detail-grant-expiry-amount = { $amount } in credits expire unused.
deadlines-detail-dispute-reply = If none comes by then, write to them again.
