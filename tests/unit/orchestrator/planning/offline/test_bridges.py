from __future__ import annotations

from orchestrator.planning.offline.bridges import Bridges
from orchestrator.planning.offline.jobs import Job, jobs_of
from tests.unit.orchestrator.planning.offline.small_tools import ALL, tool
from tools.spec import Tool

READ_A = tool("read_scroll", "Read a scroll.", {"scroll": ("image/*",)}, {"text": "text"})
COUNT = tool("count_words", "Count words.", {"text": ("text",)}, {"count": "tally"})
OPEN = tool("open_page", "Open a page.", {"url": ("url",)}, {"page": "text/html"})
STRIP = tool("strip_page", "Strip a page.", {"page": ("text/html",)}, {"text": "text"})
DRAW = tool("draw_text", "Draw a text.", {"text": ("text", "url")}, {"image": "image/png"})
DOWNLOAD = tool("download", "Download.", {"url": ("url",)}, {"file": "*/*"})


def _between(
    kind: str, goal: Tool, *tools: Tool, media: str = "", maker: Tool | None = None
) -> list[str] | None:
    jobs = jobs_of([*tools, goal], cache={})
    by_name: dict[str, Job] = {job.lead.name: job for job in jobs}
    found = Bridges(jobs, lambda _job: 0.0).between(
        kind,
        by_name[goal.name],
        next(iter(goal.ports.inputs)),
        media=media,
        maker=by_name[maker.name] if maker else None,
    )
    return None if found is None else [job.does for job in found[1]]


def test_nothing_is_put_between_what_fits():
    assert _between("text", COUNT, READ_A) == []
    assert _between("image/png", READ_A) == []


def test_the_shortest_chain_is_found():
    assert _between("image/png", COUNT, READ_A, OPEN, STRIP) == ["read_scroll"]
    assert _between("url", COUNT, READ_A, OPEN, STRIP) == ["open_page", "strip_page"]


def test_content_is_not_drawn_only_to_be_read_again():
    assert _between("url", COUNT, DRAW, READ_A) is None
    assert _between("image/png", COUNT, DRAW, READ_A, maker=DRAW) is None


def test_a_downloaded_file_has_the_type_that_its_address_tells():
    assert _between("url", READ_A, DOWNLOAD, media="image/png") == ["download"]
    assert _between("url", READ_A, DOWNLOAD) is None


def test_no_chain_is_no_chain():
    assert _between("coordinates", COUNT, *ALL) is None
