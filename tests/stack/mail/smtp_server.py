"""A mail server that keeps what it takes: `smtp_server.py PORT FOLDER`.

Each mail is a file of its own, as it came (`000001.eml`) and taken apart (`000001.json`). What stands in the file `orders` of the
folder is obeyed from the next mail on: `550` or `451` is what recipients are answered with, `550 olga@example.com` that one alone,
`hang` keeps the mail and never says so.
"""

import asyncio
import base64
import email
import email.policy
import json
import os
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP

PORT, FOLDER = int(sys.argv[1]), Path(sys.argv[2])
LARGEST = 64 * 1024 * 1024


def orders():
    try:
        return (FOLDER / "orders").read_text().split()
    except FileNotFoundError:
        return []


def write(name, data):
    """Whole or not at all: whoever looks sees no half."""
    part = FOLDER / f".{name}"
    part.write_bytes(data)
    os.replace(part, FOLDER / name)


def apart(raw, recipients):
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    body = {kind: mail.get_body((kind,)) for kind in ("plain", "html")}
    files = [
        {"name": part.get_filename(), "type": part.get_content_type(), "base64": base64.b64encode(part.get_payload(decode=True)).decode()}
        for part in mail.iter_attachments()
    ]
    return {
        "recipients": recipients,
        "headers": [[name, str(value)] for name, value in mail.items()],
        "text": body["plain"].get_content() if body["plain"] else "",
        "html": body["html"].get_content() if body["html"] else "",
        "files": files,
    }


class Keeper:
    def __init__(self):
        taken = [int(file.stem) for file in FOLDER.glob("[0-9]*.eml")]
        self.number = max(taken, default=0)

    async def handle_RCPT(self, server, session, envelope, address, options):
        given = orders()
        if given and given[0].isdigit() and (len(given) == 1 or address in given[1:]):
            return f"{given[0]} <{address}> is not taken here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.number += 1
        name = f"{self.number:06}"
        raw = envelope.content
        write(f"{name}.json", json.dumps(apart(raw, envelope.rcpt_tos), ensure_ascii=False).encode())
        write(f"{name}.eml", raw)
        while orders()[:1] == ["hang"]:
            await asyncio.sleep(0.1)
        return "250 OK"


async def main():
    keeper = Keeper()
    loop = asyncio.get_running_loop()
    make = lambda: SMTP(keeper, hostname="mail.example", data_size_limit=LARGEST, enable_SMTPUTF8=True, loop=loop)
    server = await loop.create_server(make, "127.0.0.1", PORT)
    await server.serve_forever()


FOLDER.mkdir(parents=True, exist_ok=True)
asyncio.run(main())
