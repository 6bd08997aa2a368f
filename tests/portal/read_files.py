"""Reads a report's files as their users' tools do, and fails where these see something else than was written."""

import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import polars

folder = Path(sys.argv[1])
ROWS = 64

book = openpyxl.load_workbook(folder / "sales.xlsx")
values = openpyxl.load_workbook(folder / "sales.xlsx", data_only=True)
assert book.sheetnames == ["Продажи", "О файле"], book.sheetnames
sheet, shown = book["Продажи"], values["Продажи"]
assert sheet.max_row == ROWS + 2, sheet.max_row
assert sheet.freeze_panes == "A3", sheet.freeze_panes
assert sheet.auto_filter.ref == f"A2:J{ROWS + 2}", sheet.auto_filter.ref
assert sheet.print_title_rows == "$2:$2", sheet.print_title_rows
assert (sheet.page_setup.orientation, sheet.sheet_properties.pageSetUpPr.fitToPage) == ("landscape", True)
assert sheet["F1"].value == f"=SUBTOTAL(109,F3:F{ROWS + 2})", sheet["F1"].value
total = Decimal(repr(shown["F1"].value))
rows = list(shown.iter_rows(min_row=3, values_only=True))
assert abs(sum(Decimal(repr(row[5])) for row in rows) - total) < Decimal("0.01"), "the total is not that of its rows"
assert "₽" in sheet["F3"].number_format and sheet["B3"].number_format == "@", sheet["F3"].number_format
assert sheet["D3"].number_format == "#,##0", sheet["D3"].number_format
kinds = [{type(row[column]) for row in rows} for column in range(10)]
assert kinds[0] == kinds[1] == kinds[2] == {str}, kinds
assert all(kind <= {int, float} for kind in kinds[3:4] + kinds[5:8]), kinds
assert [cell.value for cell in book["О файле"]["A"]][:2] == ["Отчёт", "Дилер"]

frame = polars.read_parquet(folder / "sales.parquet")
assert frame.height == ROWS
assert frame.columns[:4] == ["product", "code", "article", "quantity"], frame.columns
assert frame.schema["revenue"] == polars.Decimal(38, 4), frame.schema
assert frame.schema["share"] == polars.Float64 and frame.schema["code"] == polars.String
assert frame["revenue"].sum() == total, (frame["revenue"].sum(), total)
described = dict(row[:2] for row in duckdb.sql(f"DESCRIBE FROM '{folder}/sales.parquet'").fetchall())
assert described["revenue"] == "DECIMAL(38,4)" and described["product"] == "VARCHAR", described
(count, revenue), = duckdb.sql(f"SELECT count(*), sum(revenue) FROM '{folder}/sales.parquet'").fetchall()
assert (count, revenue) == (ROWS, total), (count, revenue)
