# The tray's menu and the notifications of the desktop.

# A notification's title. $title is a deadline's, $left the time until then: “3 days”.
desktop-reminder = { $title } in { $left }
# $detail is a whole sentence.
desktop-reminder-body = { $at }. { $detail }

desktop-no-balance = No balance yet
desktop-live = Live, verified
desktop-not-live = As of { $at }, not live
desktop-never-synced = Never synced
desktop-imported = Imported, unverified
desktop-diverged = Not agreed, last proven { $at }
desktop-nothing-due = Nothing is due
# The next deadline: $title is its title.
desktop-next = { $title }: { $at }
desktop-unreadable = No balance to show
desktop-unreadable-next = Open the window to see why
desktop-open = Open Boothkeeper
desktop-event = Event mode
desktop-quit = Quit

desktop-event-window = Boothkeeper event
# The native question before a pause; $plan is the plan without a fee, $events the number of events that are deleted.
desktop-pause-title = Switch to { $plan }?
desktop-pause-text =
    { $events ->
        [one] This deletes { $events } event and its gallery for good. Credits are kept.
       *[other] This deletes { $events } events and their galleries for good. Credits are kept.
    }
desktop-pause-keep = Keep everything
desktop-pause-delete = Delete and switch
desktop-pause-cancel = Cancel
# Kinds of files in the system's file dialogs.
desktop-files-receipts = Receipts
desktop-files-calendar = Calendar
desktop-files-history = History and receipts
