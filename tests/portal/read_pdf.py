"""Reads a report on paper by its tags alone, as a screen reader does, and prints as JSON what it says."""

import json
import re
import sys

from pypdf import PdfReader
from pypdf.generic import ArrayObject, ContentStream, IndirectObject


def letters(font):
    """The letters of a font's glyphs, by its ToUnicode."""
    text = font["/ToUnicode"].get_object().get_data().decode("latin-1")
    word = lambda digits: bytes.fromhex(digits).decode("utf-16-be")
    known = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", text, re.S):
        for glyph, shown in re.findall(r"<(\w+)>\s*<(\w+)>", block):
            known[int(glyph, 16)] = word(shown)
    for block in re.findall(r"beginbfrange(.*?)endbfrange", text, re.S):
        for first, last, shown in re.findall(r"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            for glyph in range(int(first, 16), int(last, 16) + 1):
                known[glyph] = chr(ord(word(shown)) + glyph - int(first, 16))
    return known


def marked(reader, page):
    """The text of each marked piece of a page's content."""
    fonts, pieces, inside, font = {}, {}, [], None
    for operands, operator in ContentStream(page.get_contents(), reader).operations:
        if operator in (b"BDC", b"BMC"):
            said = operands[1] if len(operands) > 1 and hasattr(operands[1], "get") else {}
            inside.append((said.get("/MCID"), said.get("/ActualText")))
            if said.get("/ActualText") is not None:
                numbers = [number for number, _ in inside if number is not None]
                if numbers:
                    pieces[int(numbers[-1])] = pieces.get(int(numbers[-1]), "") + str(said["/ActualText"])
        elif operator == b"EMC":
            inside.pop()
        elif operator == b"Tf":
            name = operands[0]
            if name not in fonts:
                fonts[name] = letters(page["/Resources"]["/Font"][name].get_object())
            font = fonts[name]
        elif operator in (b"Tj", b"TJ"):
            numbers = [number for number, _ in inside if number is not None]
            if not numbers or any(shown is not None for _, shown in inside):
                continue
            parts = operands[0] if operator == b"TJ" else [operands[0]]
            for part in parts:
                if isinstance(part, (str, bytes)):
                    glyphs = part.original_bytes if isinstance(part, str) else bytes(part)
                    shown = "".join(font[int.from_bytes(glyphs[at:at + 2])] for at in range(0, len(glyphs), 2))
                    pieces[int(numbers[-1])] = pieces.get(int(numbers[-1]), "") + shown
    return pieces


reader = PdfReader(sys.argv[1])
root = reader.trailer["/Root"]
pages = {page.indirect_reference.idnum: page for page in reader.pages}
said = {number: marked(reader, page) for number, page in pages.items()}


def kids(element):
    found = element.get("/K", [])
    return found if isinstance(found, ArrayObject) else [found]


def walk(element, page):
    """An element as its kind, its text and the elements below it."""
    if "/Pg" in element:
        page = element.raw_get("/Pg").idnum
    text, below = "", []
    for kid in kids(element):
        own = kid.get_object() if isinstance(kid, IndirectObject) else kid
        if isinstance(own, int):
            text += said[page].get(own, "")
        elif "/MCID" in own:
            on = own.raw_get("/Pg").idnum if "/Pg" in own else page
            text += said[on].get(int(own["/MCID"]), "")
        elif "/S" in own:
            below.append(walk(own, page))
    return {"kind": element["/S"][1:], "text": text, "below": below}


def all_text(node):
    return (node["text"] + "".join(all_text(kid) for kid in node["below"])).replace("\u200b", "")


def of_kind(node, *kinds):
    if node["kind"] in kinds:
        yield node
        return
    for kid in node["below"]:
        yield from of_kind(kid, *kinds)


document = walk(root["/StructTreeRoot"]["/K"].get_object(), None)
tables = [
    [[all_text(cell) for cell in of_kind(row, "TH", "TD")] for row in of_kind(table, "TR")]
    for table in of_kind(document, "Table")
]
told = [all_text(words) for block in of_kind(document, "Div") for words in block["below"]]
print(json.dumps({
    "language": root["/Lang"],
    "title": reader.metadata.title,
    "is_marked": bool(root["/MarkInfo"]["/Marked"]),
    "pages": [page.extract_text().replace("\u200b", "") for page in reader.pages],
    "headings": [all_text(heading) for heading in of_kind(document, "H1")],
    "facts": list(zip(told[::2], told[1::2])),
    "tables": tables,
}, ensure_ascii=False))
