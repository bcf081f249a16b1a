# Why a balance changed, and what the operator should know about it.

# What moved credits.

## family findings-cause

findings-cause-purchase = Credits bought
findings-cause-auto_recharge = Auto-recharge
findings-cause-allowance = Monthly allowance
findings-cause-bonus = Bonus
findings-cause-coupon_bonus = Coupon bonus
findings-cause-compensation = Compensation from support
findings-cause-usage = Runs
findings-cause-run_refunded = Refunds of runs
findings-cause-renewal_paid_from_credits = Plan renewed from credits
findings-cause-expiry = Credits expired
findings-cause-account_closed = Account closed, credits deleted
findings-cause-given_back = Given back
findings-cause-reversal = Taken back
findings-cause-adjustment = Adjusted by support, with a reason
findings-cause-brought_forward = Balance before this history, assumed
findings-cause-unexplained = No cause on record

## family findings-step

# The next step: a button of the window, and what the terminal prints as a command or an advice.
# $us is the command with its options: boothkeeper, or boothkeeper --imported.
findings-step-change_payment_order = Change who pays
    .next-cli = boothkeeper renewal preview
findings-step-replace_card = Replace the card in your account at the cloud
    .next-cli = replace the card in your account at the cloud
# $code is the finding’s code, $entry the number of the first entry that proves it.
findings-step-dispute = Ask support
    .next-cli = { $us } dispute new --finding { $code } --entry { $entry }
    .next-cli-without-entry = { $us } dispute new --finding { $code }
findings-step-pay_now = Pay or pause
    .next-cli = boothkeeper pay-now, or boothkeeper pause
findings-step-pause = Resume or pause
    .next-cli = boothkeeper resume, or boothkeeper pause
findings-step-buy_credits = Buy credits
    .next-cli = boothkeeper buy AMOUNT
# $rows is the number of entries, $entry the number of the first.
findings-step-look_at_rows = Look at the rows
    .next-cli =
        { $rows ->
            [one] look at entry { $entry }: { $us } history
           *[other] look at the { $rows } rows from entry { $entry } on: { $us } history
        }
findings-step-compare_statement = Compare with your bank’s statement
    .next-cli = compare it with your bank’s statement
# It changes by itself: the terminal prints no step.
findings-step-wait = Nothing to do

## family findings-text

# $amount is an amount of credits, $charge an amount of money, $at and $until are times with their zone,
# $rows is the number of entries that prove the finding.
findings-text-renewal_paid_from_credits =
    { $rows ->
        [one] { $amount } went for your renewal on { $at }, taken from credits as set.
       *[other] { $amount } went for your renewal on { $at }, taken from credits after the card was declined.
    }
findings-text-purchase_processing = { $amount } bought on { $at } are on their way.
findings-text-purchase_overdue = { $amount } bought on { $at } should have been here by { $until }.
findings-text-run_failed_not_refunded = A run failed on { $at } and its { $amount } have not come back.
findings-text-run_refunded = { $amount } of a run came back on { $at }.
findings-text-coupon_bonus_pending = A coupon’s { $amount } are waiting to be activated.
findings-text-coupon_bonus_overdue = A coupon’s { $amount } should have been activated by { $until }.
findings-text-plan_change_pending = Your change of plan takes effect on { $until }.
findings-text-plan_change_overdue = Your change of plan was due on { $until } and has not happened.
findings-text-allowance_not_due_yet = The month’s { $amount } come on { $until }, your billing day.
findings-text-allowance_missing = The month’s { $amount } were due on { $until } and are not here.
findings-text-allowance_mismatch = This month’s allowance differs by { $amount } from plan and products.
findings-text-daily_limit_reached = Today’s limit of { $amount } is used up. It resets on { $until }.
findings-text-repeated_runs = { NUMBER($rows) } equal runs, several in one second, took { $amount } from { $at } on.
findings-text-premium_spike = { NUMBER($rows) } expensive runs took { $amount }, more than all the others.
findings-text-auto_recharge_fired = Auto-recharge bought { $amount } on { $at }.
findings-text-auto_recharge_failed = Auto-recharge failed on { $at } and is off.
findings-text-auto_recharge_expected = After the renewal on { $until } auto-recharge will buy { $amount }.
findings-text-card_declined = An attempt to pay the fee of { $charge } failed on { $at }.
findings-text-card_expiring = The card on file is good until { $until }.
findings-text-charged_to_card = Your card paid { $charge } on { $at }.
findings-text-charged_twice = { $charge } was charged on { $at } for what had been paid already.
findings-text-cancel_leads_to_closure = The plan is cancelled: on { $until } the account closes and { $amount } are deleted.
findings-text-grace_running = Grace runs until { $until }; then { $amount } are deleted.
findings-text-account_closed = The account is closed.
findings-text-low_runway = At this pace the credits end on { $until }, about { $amount } short.
findings-text-unexplained = { $amount } on { $at } have no cause on record.
findings-text-diverged = The copy and the cloud do not agree; nothing is shown as current until they do.

## Beside a finding

# Follows a finding about something that has not happened. $until is a time.
findings-known-until = What happened after { $until } is not known.
# A step of the terminal. $dispute is the dispute’s id, $us is boothkeeper or boothkeeper --imported.
findings-in-dispute = in dispute: { $us } dispute show { $dispute }
