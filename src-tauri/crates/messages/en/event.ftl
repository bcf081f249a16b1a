# The small window beside a running event. Amounts, dates, times and spans of time are given as texts.

# A button that switches between light and dark colours.
event-light-or-dark = Light or dark
event-last-proven = The last proven balance, of { $at }. Runs since then are not in it.
event-grace-ended = Grace has ended: the account is likely closed.
event-grace-ends-in = Grace ends in { $left }, then these credits are deleted.
# How long the credits last.
event-runway = Runway
event-runway-before = Runway, once it begins
event-runs-per-hour = { $runs ->
    [one] at { $runs } run an hour
   *[other] at { $runs } runs an hour
}
# $time is a span of time.
event-lasts = ≈ { $time }
event-lasts-over-a-year = ≈ over a year
event-lasts-until = until ≈ { $time }
# $time is a time of day, $left the time until then, $needed an amount.
event-ends-in = Event ends { $time }, in { $left }, needs ≈ { $needed }
event-ends-in-missing = Event ends { $time }, in { $left }, needs ≈ { $needed }: { $missing } missing
event-ends-on = Event ends { $time }, { $date }, needs ≈ { $needed }
event-ends-on-missing = Event ends { $time }, { $date }, needs ≈ { $needed }: { $missing } missing
# $confidence is rough or fair.
event-estimate-own = { $confidence ->
    [rough] Rough estimate, from this event’s own pace
   *[fair] Fair estimate, from this event’s own pace
}
event-estimate-past = { $confidence ->
    [rough] { $events ->
        [one] Rough estimate, from { $events } past event
       *[other] Rough estimate, from { $events } past events
    }
   *[fair] { $events ->
        [one] Fair estimate, from { $events } past event
       *[other] Fair estimate, from { $events } past events
    }
}
event-too-few-runs = Too few runs so far to say how long the credits last.
event-spent-a-day = { $amount } a day on average of the last 30.
event-limit-reached = reached: runs stop until the reset
event-limit-reached-at = reached ≈ { $time }: runs stop until the reset
event-limit-not-reached = stays under the limit at this pace
# $time and $zone say when midnight UTC is here.
event-limit-resets = Resets at midnight UTC, { $time } { $zone }, in { $left }
# $zero is the amount zero: $0.
event-stops-at-zero = At { $zero } the booth’s AI stops
event-runs = { $runs ->
    [one] { $runs } run
   *[other] { $runs } runs
}
event-runs-last = { $runs ->
    [one] { $runs } run, last { $time }
   *[other] { $runs } runs, last { $time }
}
