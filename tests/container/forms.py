"""What a browser sends of the page's form, and what people see of its answer."""

import re
from html import unescape

CELL = re.compile(r"<t[dh][^>]*>(.*?)</t[dh]>")


def fill_form(text: str = "", file: bytes | None = None, **fields: str) -> tuple[bytes, str]:
    """Fill the form in: the body and its content type; without a file a browser sends an empty one without a name."""
    parts = [(f'name="{name}"', value.encode()) for name, value in {"text": text, **fields}.items()]
    parts.append((f'name="file"; filename="{"" if file is None else "data"}"', file or b""))
    body = b"".join(b"--edge\r\nContent-Disposition: form-data; %b\r\n\r\n%b\r\n" % (n.encode(), v) for n, v in parts)
    return body + b"--edge--\r\n", "multipart/form-data; boundary=edge"


def read_table(page: str) -> list[list[str]]:
    """Read the table of scores: its head, and a row for each record shown."""
    table = page.partition("<table>")[2].partition("</table>")[0]
    return [[unescape(cell) for cell in CELL.findall(row)] for row in re.findall(r"<tr>(.*?)</tr>", table)]


def read_reason(page: str) -> str:
    """Read what the page says is wrong."""
    found = re.search(r'<p class="reason"[^>]*>(.*?)</p>', page)
    return unescape(found[1]) if found else ""
