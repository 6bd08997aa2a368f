period-month = Month
period-quarter = Quarter
period-year = 12 months
period-own = Own dates
period-from = From
period-to = To
dealer = Dealer
all-dealers = All dealers
unknown-dealer = Unknown dealer
filters = Filters
apply = Show
not-in-list = Not in the list
against-last-year = against last year
points = pp
this-year = this period
year-before = a year before
in-thousands = thousand
in-millions = million
chart-as-table = As a table
month-column = Month
total-over = Total over { $number } { $noun }
rows-of = { $first }–{ $last } of { $count }
no-rows = No rows
previous-page = Back
next-page = Next
pages = Pages
page-of = { $page } of { $pages }
sorted-up = ascending
sorted-down = descending
empty-narrowed = There are no { $facts } in these days with these filters.
empty-period = There are no { $facts } in these days.
widen-filters = Remove the filters
widen-period = Show 12 months
as-of-loading = data is still arriving
as-of-usual = usually every { $interval }
ago-now = just now
ago-minutes = { $n ->
    [one] { $n } minute ago
   *[other] { $n } minutes ago
}
ago-hours = { $n ->
    [one] { $n } hour ago
   *[other] { $n } hours ago
}
ago-days = { $n ->
    [one] { $n } day ago
   *[other] { $n } days ago
}
every-seconds = { $n ->
    [one] { $n } second
   *[other] { $n } seconds
}
every-minutes = { $n ->
    [1] minute
   *[other] { $n } minutes
}
every-hours = { $n ->
    [1] hour
   *[other] { $n } hours
}
refused = Mend what is marked: no query was run.
wrong-doubled = The value is given twice. Keep one.
wrong-period = There is no such period. Choose from the list.
wrong-date = This is no date. Write, for example, 2026-03-31.
wrong-reversed = The end is before the beginning. Swap the dates.
wrong-long-period = The period is longer than ten years. Shorten it.
wrong-choice = There is no such value in the list. Choose another.
wrong-dealer = The link leads to a dealer that is not open to you.
own-dealer = Open this report for your own dealer
wrong-long = Too long. Keep it within 200 letters.
wrong-format = There is no such format. Download the CSV.
facts-title = About this file
fact-report = Report
fact-dealer = Dealer
fact-as-of = Data as of
fact-rows = Rows
as-of = data as of
again = Refresh
as-of-late = later than usual
several-units = in different units
unknown-currency = no currency given
new-row = new
with-former = { $number } more { $former }
without-former = without those { $former }
period-to-come = These days are yet to come: there are no { $facts } in them yet.
period-not-over = The period is not over, and the one it is compared with is whole: it is early to compare them.
currency-column = Currency
empty-always = There are no { $facts } yet.
empty-narrowed-always = There are no { $facts } with these filters.
unnamed = Not yet received from 1C
former = only in the period before
other-formats = Other formats
format-xlsx = Excel
format-pdf = PDF
format-csv = CSV
format-csv-data = CSV, data only
format-parquet = Parquet
format-json = JSON
download = Download all rows: { $format }
against-previous-period = against the period before
previous-period = the period before
