"""Bar charts in HTML, as a reader sees them."""

import re
from html import unescape

BAR = re.compile(
    r'<tr><th scope="row"(?: title="([^"]*)")?>([^\n]*?)</th><td class="bar">[^\n]*?</td><td>([^\n]*?)</td></tr>'
)


def read_bars(html: str) -> list[str]:
    """Return the whole name and the value of each bar."""
    return [unescape(f"{whole or name.replace('<wbr>', '')}: {value}") for whole, name, value in BAR.findall(html)]
