# What several screens of the window share: buttons, notes, dialogs, spans of time, and how far a balance is trusted.

shared-close = Close
shared-cancel = Cancel
shared-not-now = Not now
shared-error-details = Details

## Spans of time

# Abbreviated units, such as “12 s” or “2 h 10 min”.
shared-span-seconds = { NUMBER($seconds) } s
shared-span-minutes = { NUMBER($minutes) } min
shared-span-hours = { NUMBER($hours) } h
shared-span-hours-minutes = { NUMBER($hours) } h { NUMBER($minutes) } min
shared-span-days =
    { $days ->
        [one] { $days } day
       *[other] { $days } days
    }
# Written out, in a terminal and in a notification.
shared-span-hours-long =
    { $hours ->
        [one] { $hours } hour
       *[other] { $hours } hours
    }
shared-span-minutes-long =
    { $minutes ->
        [one] { $minutes } minute
       *[other] { $minutes } minutes
    }
# Where a span with days is exact to the hour.
shared-span-whole-days = { NUMBER($days) } d
shared-span-days-hours = { NUMBER($days) } d { NUMBER($hours) } h
# $span is one of the spans above.
shared-ahead = in { $span }
# A time on another day.
shared-day-time = { $date } { $time }

## How far the balance is trusted

# $age is a span of time, $when a time of day or a day and a time.
shared-trust-live = Live · verified { $age } ago
# $reason is one of the reasons below.
shared-trust-as-of = As of { $when } ({ $age } ago) · { $reason }
shared-trust-as-of-short = { $reason } · as of { $when }
shared-trust-imported = Imported, unverified · reaches to { $when }
shared-trust-imported-short = Imported, unverified
shared-trust-unknown = No balance yet · { $reason }
shared-trust-diverged = Copy and cloud disagree · last proven { $when }
shared-trust-diverged-short = Not agreed · { $when }
# No balance was proven before.
shared-trust-diverged-unproven = Copy and cloud disagree
shared-trust-damaged = This copy is damaged · last proven { $when }
shared-trust-damaged-short = Damaged · { $when }
shared-trust-damaged-unproven = This copy is damaged

## family shared-reason

# Why the copy is not live; `.title` begins a line.
shared-reason-not_connected = connecting
    .title = Connecting
shared-reason-offline = offline
    .title = Offline
shared-reason-portal = the Wi-Fi wants a login
    .title = The Wi-Fi wants a login
shared-reason-server = the cloud has a problem
    .title = The cloud has a problem
shared-reason-cloud_too_old = this cloud is too old for live
    .title = This cloud is too old for live
shared-reason-signed_out = signed out
    .title = Signed out
shared-reason-damaged = the copy is damaged
    .title = The copy is damaged

## family shared-plan

# $plan is the name of a plan, followed by its billing cycle.
shared-plan-monthly = { $plan } monthly
shared-plan-annual = { $plan } annual

## Decisions and their dialogs

shared-offline = The cloud is not connected.
shared-offline-queued = This will be queued, and is not done before the cloud has answered. Until it is sent you can take it back.
# The button of a decision that waits for the cloud. $action is the button’s text otherwise.
shared-queue = Queue: { $action }
shared-nothing-changed = Nothing was changed.
shared-changed-meanwhile = Things have changed meanwhile. Nothing was done; the outbox shows what it would now be.
shared-asking = Asking the cloud…
# $brand and $last4 are the card’s brand and its last four digits.
shared-card = { $brand } ••{ $last4 }

## What a decision does: names of figures, and what is shown in place of one

shared-fact-plan = Plan
shared-fact-plan-now = Plan now
shared-fact-becomes = Becomes
shared-fact-from-credits = Taken from credits
shared-fact-from-card = Charged to the card now
shared-fact-charged = Charged
shared-fact-nothing = nothing
shared-fact-takes-effect = Takes effect
shared-fact-at-once = at once
shared-fact-credits = Credits
shared-fact-credits-then = Credits then
shared-fact-paid-until = Paid until
shared-fact-given-up = Given up
# $until is a time.
shared-fact-paid-part = what is paid until { $until }
shared-fact-next-renewal = Next renewal
# $fee is an amount of money, $at a time.
shared-fact-renewal-card = { $fee } on { $at }, by card
shared-fact-renewal-credits = { $fee } on { $at }, from credits
shared-fact-renewal-unpaid = { $fee } on { $at }: nobody pays, grace begins
shared-fact-closes = Account closes
# $at is a time, $amount an amount of credits.
shared-fact-closes-at = { $at }, { $amount } deleted
shared-fact-destroyed = Deleted for good

## Buying credits

shared-buy = Buy credits
shared-buy-offline = It waits at most one day.
shared-buy-closed = The account is closed: nothing can be bought. Only support can restore it.
# $at is a time.
shared-buy-closing = The account is on its way to closing: on { $at } these credits are deleted with the rest, unless you pay, resume or pause before.
shared-buy-amount = Amount
shared-buy-minimum = At least
# $card is a card’s brand and last digits.
shared-buy-charged-to = Charged to { $card }
shared-buy-no-card = Charge (no card on file)
# $amount is an amount of credits.
shared-buy-now = Buy { $amount }
shared-buy-queue = Queue { $amount }

## Pausing: the change to the plan without a fee

# $plan is the name of that plan.
shared-pause-title = Pause: switch to { $plan }?
shared-pause-title-unnamed = Pause: switch to the free plan?
shared-pause-what = You pay $0 a month from now on, and only for the runs you use.
# $at is a time.
shared-pause-reach-by = Connect before { $at }, or it is not done.
shared-pause-reach-by-closing = Connect before { $at }, or the account closes and the credits are deleted.
shared-pause-kept = Kept
shared-pause-kept-what = credits, account, card
# $amount is the part of the credits that expires, and $until a day.
shared-pause-kept-until = credits, account, card; of them { $amount } until { $until }
shared-pause-deleted = Deleted for good
shared-pause-events =
    { $events ->
        [one] { $events } event
       *[other] { $events } events
    }
shared-pause-no-events = nothing
shared-pause-deleted-what =
    { $events ->
        [one] and its galleries
       *[other] and their galleries
    }
shared-pause-no-events-what = no event is scheduled
shared-pause-stops = Stops
shared-pause-stops-plan = the plan
shared-pause-stops-fee = no fee any more
# $amount is the monthly allowance.
shared-pause-stops-allowance = and { $amount } of the monthly allowance
# $until is the day up to which the fee has been paid.
shared-pause-stops-fee-given-up = no fee any more; what is paid until { $until } is given up
shared-pause-stops-allowance-given-up = and { $amount } of the monthly allowance; what is paid until { $until } is given up
shared-pause-export-first = Export first.
shared-pause-export-what = Your history and the list of events, into a folder of your choice.
shared-pause-exported =
    { $entries ->
        [one] { $entries } entry written.
       *[other] { $entries } entries written.
    }
shared-pause-export = Export…
shared-pause-events-title = Events that will be deleted
# How many are listed, of how many.
shared-pause-events-listed = { NUMBER($listed) } of { NUMBER($events) }
shared-pause-prices-title = Prices rise
shared-pause-understood =
    { $events ->
        [one] I understand that { $events } event and its galleries are deleted and cannot be restored.
       *[other] I understand that { $events } events and their galleries are deleted and cannot be restored.
    }
shared-pause-understood-no-events = I understand that the plan ends now.
shared-pause-queue = Queue the switch
shared-pause-switch = Switch
shared-pause-switch-events =
    { $events ->
        [one] Switch and delete { $events } event
       *[other] Switch and delete { $events } events
    }
