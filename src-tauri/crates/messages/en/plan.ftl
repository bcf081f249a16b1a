# Plan & renewal: the current plan, who pays its fee, pausing, cancelling and changing it.
# Amounts, days and times are given as text, already formatted.

plan-title = Plan & renewal
# $zone is a time zone's short name, such as EST.
plan-times-in = times in { $zone }
plan-redeem-coupon = Redeem coupon
plan-buy-credits = Buy credits
plan-reading-again = Newer entries have arrived: these figures are being read again.

# Actions that wait for the cloud.

plan-show-in-outbox = Show in outbox

# The card with the current plan. The terms are listed with commas between them.

plan-current = Current plan
plan-terms-allowance = { $allowance } allowance a month
plan-terms-daily-limit = at most { $limit } a day
plan-terms-no-fee = no fee, you pay for what you use
plan-grace-day = grace, day { NUMBER($day) } of { NUMBER($days) }
plan-paid-period = Paid period
# $left is a duration such as "3 d 4 h".
plan-time-left = { $left } left
plan-closed-credits-deleted = The account is closed and its credits are deleted. Only support can restore it.
plan-closed = The account is closed. Only support can restore it.
plan-nothing-renews = Nothing renews and nothing lapses. Credits stay while the account exists.
plan-card = Card
# $month is a month such as 12/29.
plan-card-expires = expires { $month }
# $day is a day such as "Sun 1 Mar".
plan-card-declined = declined { $day }, expires { $month }
plan-card-none = none on file
plan-card-change = change it in your account at the cloud
plan-pay-now = Pay { $fee } now
plan-resume-plan = Resume plan
plan-change-plan = Change plan…
# $plan is a plan such as "Basic monthly".
plan-requested = { $plan } from the period’s end. Prices stay until then.
plan-requested-at = { $plan } from the period’s end, { $at }. Prices stay until then.
plan-take-back = Take it back
plan-requested-in-grace = What you pay now is for { $plan }, as you asked.
plan-payment-unanswered = The card’s bank has not answered a charge since { $since }; credits are not touched meanwhile.

## family plan-fee

plan-fee-monthly = { $fee } a month
plan-fee-annual = { $fee } a year

## family plan-tag

plan-tag-closed = closed
plan-tag-grace = grace
plan-tag-cancelled = cancelled

## family plan-grace-began

# $day is a day such as "Sun 1 Mar".
plan-grace-began-unpaid = Unpaid since { $day }
plan-grace-began-cancelled = Ended { $day }

## Who pays for the renewal

plan-who-pays = Who pays for renewal?
plan-who-pays-region = Who pays for renewal
plan-who-pays-first = Who pays first
plan-renews-at = { $at }, { $fee }
plan-payer-in-grace = in grace this decides who pays what is due
plan-no-renewal = no renewal is coming
plan-no-renewal-sentence = No renewal is coming.
plan-fee-again = The fee is asked for again on { $at }.
plan-fee-not-again = Nothing is asked for by itself any more: pay, or pause.
plan-only-card = The card pays: credits cannot pay fees under this programme, so a renewal never takes them.
# $after is the balance after the renewal, $expires what is left of the old allowance.
plan-only-card-allowance = With it comes the allowance of { $allowance }: credits then { $after }.
plan-only-card-allowance-expires = With it comes the allowance of { $allowance }, and what is left of the old one expires, { $expires }: credits then { $after }.
plan-in-use = In use
plan-waiting = Waiting
plan-waiting-for-cloud = waiting for the cloud
plan-charged-to = Charged to { $card }
plan-charged-to-card = Charged to card
plan-credits-before = Credits before
plan-credits-taken = Taken from credits
plan-credits-after = Credits after
plan-enough-for = Enough for
plan-enough-for-runs =
    { $runs ->
        [one] ≈ { $runs } run
       *[other] ≈ { $runs } runs
    }
plan-would-be-unpaid = Nobody would pay: grace would begin
plan-if-declined-credits = If the card is declined, credits go { $before } → { $after }; the plan goes on and grace does not begin.
plan-if-declined-unpaid = If the card is declined, nobody pays: grace begins, and after it the account closes.

plan-recharge = Auto-recharge
plan-recharge-none = No auto-recharge under this programme
# $at is the balance at which auto-recharge buys credits.
plan-recharge-at = Auto-recharge, at { $at } or less
plan-recharge-off = Auto-recharge is off
# Side by side: the balance, and what auto-recharge does at it.
plan-recharge-balance = at { $balance }
plan-recharge-no = will not fire
plan-recharge-balance-then = then { $balance }
plan-recharge-fires = fires, card pays { $amount }
plan-recharge-terms = At { $at } or less the card pays { $amount } of credits. In grace it does not buy.
plan-recharge-at-once = Switched on now, it charges the card { $amount } at once.

## family plan-payer

plan-payer-card = Card first
plan-payer-credits = Credits first

## family plan-payer-effect

plan-payer-effect-card = The card pays. Credits stay for runs.
plan-payer-effect-credits = Credits pay. The card is the reserve.

## family plan-fallback

# The switch for the second payer, by who pays first.
plan-fallback-card = If the card is declined, pay from credits
plan-fallback-credits = If credits do not cover the fee, charge the card

## The card about pausing

plan-pause = Pause
# $plan is the plan without a fee.
plan-pause-with = Pause with { $plan }
plan-pause-terms = $0 a month. The plan stops, nothing renews, and grace never starts.
plan-pause-kept = Kept
plan-pause-credits = Credits
# Beside the amount of credits that expire.
plan-pause-credits-until = of them until { $day }
plan-pause-account = Account, card, settings
plan-pause-all = all
plan-pause-destroyed = Destroyed, cannot be undone
plan-pause-events = Events and their galleries
plan-pause-no-events = none
plan-pause-changes = Changes
plan-pause-price = { $before } → { $after }
plan-pause-more-prices =
    { $prices ->
        [one] and { $prices } more price
       *[other] and { $prices } more prices
    }
plan-pause-no-prices = no price changes
plan-pause-allowance = Monthly allowance
plan-pause-less = { $amount } less
plan-pause-plan = Pause plan…
plan-cancel-instead = Cancel the plan instead…
plan-already-free = You are on it: no fee, no renewal, no grace. Credits stay while the account exists.
plan-pause-not-now = It cannot be switched just now.

# The line of what happens when.

plan-timeline = What happens when
plan-timeline-legend = solid is expected, hatched only if the renewal fails
plan-timeline-grace = grace is exactly { NUMBER($days) } × 24 h, whatever the clocks do
plan-stop-today = Today
plan-stop-renewal = Renewal
plan-stop-expired = Plan expired
plan-stop-ends = Plan ends
plan-stop-closes = Account closes
plan-stop-closes-if-unpaid = Account closes, if it fails
plan-stop-grace-only = runs still work, nothing new is booked
plan-stop-deleted = { $amount } in credits deleted

## family plan-renewal

# $fee is what is paid.
plan-renewal-card = card pays { $fee }
plan-renewal-credits = credits pay { $fee }
plan-renewal-unpaid = nobody pays: grace begins

## Dialogs

plan-resume-title = Resume the plan?
plan-resume = Resume
plan-keep-title = Keep { $plan }?
plan-keep = Keep it

plan-cancel-title = Cancel the plan?
plan-cancel = Cancel the plan
plan-cancel-warning = Cancelling ends in closing.
# $days is how long grace is.
plan-cancel-consequence =
    { $days ->
        [one] The plan runs to the end of what is paid. Then { $days } day of grace begins, and when it ends the account closes and { $amount } in credits are deleted.
       *[other] The plan runs to the end of what is paid. Then { $days } days of grace begin, and when they end the account closes and { $amount } in credits are deleted.
    }
plan-cancel-consequence-all =
    { $days ->
        [one] The plan runs to the end of what is paid. Then { $days } day of grace begins, and when it ends the account closes and all credits are deleted.
       *[other] The plan runs to the end of what is paid. Then { $days } days of grace begin, and when they end the account closes and all credits are deleted.
    }
plan-cancel-alternative = A pause costs nothing a month and keeps your credits.
plan-pause-instead = Pause instead…

plan-change-title = Change plan
plan-change-options = Plan
plan-change-coupon = Coupon, if you have one for it

plan-coupon-title = Redeem a coupon
plan-coupon-note = Its bonus shows as pending until the cloud activates it. Capitals and spaces do not matter.
plan-coupon-code = Code
plan-coupon-redeem = Redeem

plan-pay-title = Pay the fee now?
plan-pay = Pay now
plan-pay-effect = Grace ends, everything is kept, and your billing day stays.
plan-pay-options = Who pays
# $card is a card such as "Visa ••4242".
plan-pay-card = The card, { $card }
plan-pay-card-none = The card: none on file
plan-pay-credits = Credits, { $before } → { $after }
plan-pay-credits-short = Credits: they do not cover it

## family plan-option-allowance

plan-option-allowance-monthly = { $fee } a month, { $allowance } allowance
plan-option-allowance-annual = { $fee } a year, { $allowance } allowance
