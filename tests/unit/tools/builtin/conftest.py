"""A folder for what tools write, and a page to read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.spec import File
from tools.work import Work

PAGE = """<!DOCTYPE html>
<html><head><title>Solar power &amp; grids</title><style>p { color: red }</style></head>
<body>
<nav><a href="/home">Home</a> <a href="#top">Top</a> <a href="javascript:go()">Go</a></nav>
<article>
<h1>Solar power</h1>
<p>Solar power grew quickly in Europe last year. Grid operators say that solar power now
supplies a fifth of demand at noon.</p>
<p>Prices of solar panels fell by 30 % in 2024, said Dr. Ada Lovelace of the U.S. institute. Storage
did not keep up with solar power. Batteries are costly, but prices of batteries
<a href="report.html">fall too</a>.</p>
</article>
<h2>Sales</h2>
<table>
<tr><th rowspan="2">Region</th><th colspan="2">Units</th></tr>
<tr><th>2023</th><th>2024</th></tr>
<tr><td rowspan="2">North</td><td>1,200</td><td>12.5</td></tr>
<tr><td>007</td><td>\N{MINUS SIGN}3</td></tr>
</table>
<table><tr><td>only here to arrange the page</td></tr></table>
<table><caption>Staff</caption><thead><tr><th>Name</th><th>Name</th></tr></thead>
<tbody><tr><td>Ada</td><td></td></tr></tbody></table>
<footer>Imprint <a href="https://example.org/x">elsewhere</a><script>alert(1)</script></footer>
</body></html>
"""


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """The folder of one call."""
    return Work(tmp_path)


@pytest.fixture
def page(tmp_path: Path) -> File:
    """A web page as fetch_page keeps it."""
    path = tmp_path / "solar.html"
    path.write_text(PAGE, encoding="utf-8-sig")
    return File(path, "text/html", "solar.html")
