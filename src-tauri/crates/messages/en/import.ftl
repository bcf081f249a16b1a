# The dialog that imports a usage history from files.

import-title = Import a history
import-what = A usage history as CSV or our own JSON, and receipts as e-mail or PDF. It becomes an account of its own, marked as imported and unverified; it never mixes with a verified copy.
import-email = Your address at the vendor
import-unit = Counts
import-choose-files = Choose files…
import-start = Import
import-dates = Dates
import-decimals = Before the cents
import-say-which = say which…
import-columns = Columns
import-column-none = none
import-first-rows = First rows

## family import-programme

# What the amounts in the file are.
import-programme-booth = dollars
import-programme-studio = whole credits

## family import-dates

import-dates-dmy = day, month, year
import-dates-mdy = month, day, year
import-dates-ymd = year, month, day

## family import-decimals

import-decimals-point = a point
import-decimals-comma = a comma

## family import-field

# What a column of the table holds.
import-field-date = Date
import-field-time = Time of day
import-field-amount = Amount, signed
import-field-added = Added
import-field-spent = Spent
import-field-balance = Balance after
import-field-kind = Kind
import-field-service = Service or description
import-field-event = Event
import-field-run = Run
import-field-payment = Payment number
import-field-number = Entry number
import-field-refers_to = Number of the entry it refers to
import-field-reason = Reason

## What a file has

# $kinds is a list of counts, such as “12 Run, 3 by their sign”.
import-rows-of-kinds =
    { $rows ->
        [one] { $rows } row: { $kinds }
       *[other] { $rows } rows: { $kinds }
    }
import-rows =
    { $rows ->
        [one] { $rows } row.
       *[other] { $rows } rows.
    }
# $kind is the name of a kind of entry.
import-rows-of-kind = { NUMBER($rows) } { $kind }
# Rows whose kind is taken from the sign of their amount.
import-rows-by-sign = { NUMBER($rows) } by their sign
# $lines is a list of line numbers.
import-unreadable = Cannot be read: line { $lines }.

## What an import came to

import-done-rows =
    { $rows ->
        [one] { $rows } row was imported.
       *[other] { $rows } rows were imported.
    }
import-done-receipts =
    { $receipts ->
        [one] { $receipts } receipt was read.
       *[other] { $receipts } receipts were read.
    }
# $balance is an amount of credits.
import-done-balance = The history ends with { $balance }.
import-done-replaced =
    { $entries ->
        [one] It takes the place of { $entries } entry imported before.
       *[other] It takes the place of { $entries } entries imported before.
    }
import-done-drafts-gone =
    { $drafts ->
        [one] { $drafts } draft about them, in which you had written nothing, was deleted.
       *[other] { $drafts } drafts about them, in which you had written nothing, were deleted.
    }
# $amount is an amount of credits.
import-done-brought-forward = It begins with { $amount }, and does not say where that came from.
import-done-twice =
    { $rows ->
        [one] { $rows } row is in two of the tables and counts once.
       *[other] { $rows } rows are in two of the tables and count once.
    }
import-done-gaps =
    { $places ->
        [one] At { $places } place the balances do not follow from each other: what is missing there is shown as unexplained.
       *[other] At { $places } places the balances do not follow from each other: what is missing there is shown as unexplained.
    }
import-done-left-out =
    { $rows ->
        [one] Left out: { $rows } row without credits.
       *[other] Left out: { $rows } rows without credits.
    }
import-done-resembling =
    { $receipts ->
        [one] { $receipts } receipt is like a purchase in the table: it is not claimed to be missing.
       *[other] { $receipts } receipts are like a purchase in the table: they are not claimed to be missing.
    }
