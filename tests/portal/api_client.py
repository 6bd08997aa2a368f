# A dealer's program over the generated client: lists reports, reads every row of Sales part by part, is told what is wrong, has a
# file made in the background.
import sys
import time

from reports_client import AuthenticatedClient
from reports_client.api.reports import (
    cancel_export,
    download_export,
    export_sales,
    list_dealers,
    list_exports,
    list_reports,
    read_sales,
    show_export,
)
from reports_client.models import ExportSalesFormat, ExportState, Problem

url, token, dealer = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=token, headers={"Accept-Language": "en"})

names = [report.name for report in list_reports.sync(client=client).reports]
assert "sales" in names, names
assert [known.id for known in list_dealers.sync(client=client).dealers] in ([dealer], [__import__("uuid").UUID(dealer)])

keys, cursor = [], None
while True:
    part = read_sales.sync(client=client, limit=25, **({"cursor": cursor} if cursor else {}))
    assert len(part.rows) <= 25 and part.count == 60, part
    keys += [tuple(row.key) for row in part.rows]
    assert all(isinstance(row.revenue, str) for row in part.rows)
    cursor = part.next_
    if cursor is None:
        break
assert len(keys) == len(set(keys)) == part.count, len(keys)

refused = read_sales.sync(client=client, cursor="x")
assert isinstance(refused, Problem) and refused.parameter == "cursor", refused
# A file that is made in the background: asked for, waited for as long as the server says, taken, and not to be cancelled any more.
ordered = export_sales.sync_detailed(client=client, format_=ExportSalesFormat.CSV)
assert ordered.status_code == 202 and ordered.headers["location"].endswith(str(ordered.parsed.id)), ordered
export = ordered.parsed
while export.state in (ExportState.QUEUED, ExportState.RUNNING):
    answer = show_export.sync_detailed(export.id, client=client)
    export = answer.parsed
    assert export.state == ExportState.DONE or "retry-after" in answer.headers, answer
    time.sleep(int(answer.headers.get("retry-after", 0)))
assert export.state == ExportState.DONE and export.rows == 60 and export.reason is None, export
file = download_export.sync(export.id, client=client)
assert len(file.payload.read()) == export.size > 1000, export
assert [known.id for known in list_exports.sync(client=client).exports] == [export.id]
assert cancel_export.sync_detailed(export.id, client=client).status_code == 204
missing = show_export.sync("11111111-1111-4111-8111-111111111111", client=client)
assert isinstance(missing, Problem) and missing.status == 404, missing
print(f"{len(keys)} rows of {part.title}, and a file of {export.rows}")
