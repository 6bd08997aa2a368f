exports = Exports
exports-all = All exports
exports-none = You have not asked for any large files yet.
exports-none-way = Open a report and choose a format above its table
page-of-pages = Page { $page } of { $pages }
export-why-format = { $format } is made in the background: a page opens where you can wait for it.
export-too-long-for = { $format } has no more than { $most } rows: narrow the filter or choose another format.
export-why = Rows: { $rows }. A file this large is made in the background: a page opens where you can wait for it.
export-to-report = Back to the report
export-queued = Waiting
export-queued-text = It begins as soon as there is room: two files are made at once for one dealer.
export-again = Trying again
export-again-text = It did not work: { $because } { $seconds ->
    [0] Trying again now.
    [one] Trying again in { $seconds } second.
   *[other] Trying again in { $seconds } seconds.
}
export-running = Making the file
export-done = The file is ready
export-expired = The file was removed
export-failed = The file could not be made
export-cancelled = Cancelled
export-cancelled-text = The file is not being made: the order was cancelled.
export-percent = { $n }%
export-progress = How far the file is
export-counting = Counting the rows…
export-sorting = Rows: { $total }. Gathering and sorting them.
export-writing = { $written } of { $total } rows written
export-left-seconds = about { $n } s left
export-left-minutes = about { $n } min left
export-done-text = Rows: { $rows }, { $size }. The file is kept until { $until }.
export-gone = The file was kept for its time and then removed. Ask for it once more.
export-cancel = Cancel
export-leave = You can close this page: the file will wait under “Exports”.
export-download = Download
export-once-more = Ask for it once more
export-because-warehouse = The data warehouse did not answer.
export-because-storage = The file could not be written: the place for files is away or full.
export-because-too-much = There is more data than fits into one file. Shorten the period or narrow the filter.
export-because-too-many-rows = There are too many rows for this format: nobody could read such a file. Choose Excel or CSV, shorten the period or narrow the filter.
export-because-too-long = Making it took longer than allowed. Shorten the period or narrow the filter.
export-because-quota = Too much was asked for this dealer within the last minute.
export-because-access = These data are not open to you any more. If that is a mistake, write to your manager.
export-because-report = The report, the format or the filter has changed since the file was asked for. Open the report and ask for the file anew.
export-because-worker = The service that was making the file broke off several times in a row.
export-because-internal = Something broke on our side. It has been recorded.
size-kilobytes = { $n } kB
size-megabytes = { $n } MB
