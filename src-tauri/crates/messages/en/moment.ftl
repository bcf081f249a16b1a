# A file of its own, so that a program that writes nothing else but a point in time parses nothing else.

# A point in time: a day, a time of day and the abbreviation of the time zone, such as “Mon 30 Mar 20:00 EDT”.
moment-text = { $date } { $time } { $zone }
