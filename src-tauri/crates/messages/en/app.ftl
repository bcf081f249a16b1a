# The window's frame: its name, the sidebar, and what is shown where no screen is.

app-name = Boothkeeper
# The title of the small window for an event.
app-event-window = Boothkeeper event
app-navigation = Main
app-credits = Spendable credits
# In place of a plan's name.
app-imported = Imported
app-imported-title = Imported, unverified.
app-imported-explained = You imported this history; no cloud stands behind it.
app-imported-leave = Back to your account
app-cannot-open = Boothkeeper cannot open its data
app-try-again = Try again
app-opening = Opening the copy…

## family app-screen

app-screen-overview = Overview
app-screen-history = History
app-screen-plan = Plan & renewal
app-screen-disputes = Disputes
app-screen-outbox = Outbox
app-screen-settings = Settings
