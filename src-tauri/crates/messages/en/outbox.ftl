# The Outbox screen: what was decided on this computer and what the cloud answered.

outbox-title = Outbox
outbox-note = what you decided here, and what the cloud made of it
outbox-needs-decision = Needs your decision
outbox-waiting = Waiting for the cloud
outbox-answered = Answered
outbox-empty = Nothing was decided on this computer yet.
outbox-empty-explained = What you buy, choose or pause waits here until the cloud has answered, also without a network.
# The button of a dialog that repeats a decision.
outbox-do-it = Do it
# $at is a time with its zone.
outbox-decided-at = decided { $at }
outbox-withdraw = Withdraw
outbox-withdrawn-open = Taken back. It may have been sent before: the cloud is asked whether it has happened.
outbox-withdrawn-too-late = It could not be taken back: it had happened already.
outbox-withdrawn = Taken back.
# $at is a time with its zone.
outbox-reach-by = It must reach the cloud before { $at }; later it is refused.
outbox-changed-since = Things have changed since you were shown this. Nothing was done: it is yours to decide again.
outbox-shown-before = You were shown
outbox-would-be-now = It would now be
outbox-decide-again = Decide again…
outbox-dismiss = Dismiss

## family outbox-state

outbox-state-queued = Queued, not sent yet
outbox-state-sending = Being sent
outbox-state-unknown = Sent, answer unknown: the cloud is asked
outbox-state-applied = Done at the cloud, entries on their way
outbox-state-settled = Done
outbox-state-rejected = Refused, nothing was changed
outbox-state-needs_decision = Needs a new decision, nothing was changed
outbox-state-cancelled = Withdrawn before it was sent
outbox-state-damaged = Changed on this computer since it was decided: it is not sent

## family outbox-command

# What a command asks the cloud for, where its details are not known.
outbox-command-buy_credits = Buy credits
outbox-command-set_auto_recharge = Switch auto-recharge
outbox-command-set_payment_order = Change who pays first
outbox-command-redeem_coupon = Redeem a coupon
outbox-command-change_plan = Change plan
outbox-command-pay_now = Pay the fee now
outbox-command-cancel = Cancel the plan
outbox-command-resume = Resume the plan
outbox-command-replace_card = Replace the card
outbox-command-open_dispute = File a dispute
outbox-command-message_dispute = Write to support
outbox-command-withdraw_dispute = Withdraw a dispute

## Commands with their details

outbox-auto-recharge-on = Switch auto-recharge on
outbox-auto-recharge-off = Switch auto-recharge off
outbox-credits-first = Credits pay first
outbox-card-first = Card pays first
# $coupon is the coupon’s code.
outbox-redeem-coupon = Redeem coupon { $coupon }
# $plan is the name of a plan without a fee.
outbox-pause = Pause: switch to { $plan }
# $plan is the name of a plan with its billing cycle.
outbox-change-plan = Change plan to { $plan }
