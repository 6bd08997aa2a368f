# A dealer's program over the generated client: lists reports, reads every row of Sales part by part, is told what is wrong.
import sys

from reports_client import AuthenticatedClient
from reports_client.api.reports import list_dealers, list_reports, read_sales
from reports_client.models import Problem

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
print(f"{len(keys)} rows of {part.title}")
