"""The page of a run with 500 steps in a real browser: how smoothly it is panned, how soon it tells changes.

    .venv/bin/python -m benchmarks.dashboard [--steps 500] [--width 20] [--rounds 3] [--seconds 0.25]

The embedded service and Debian's chromium, without a window, on one machine. *Panned*: the graph of a run
that has ended is dragged to and fro for four seconds, once so near that steps can be read, once with all of
them in sight; frames are counted by `requestAnimationFrame`. *Told*: a run of the same shape goes on while
its page is open; a change is late by the time of the frame in which the row of its step shows it, less the
time of its event.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.service import quantile
from tests.e2e.dashboard.conftest import CHROMIUM, login
from tests.e2e.service import Client, serving
from tests.e2e.slow import register_slow_add

#: Seconds of dragging, and frames that a second has at most.
DRAGGED = 4.0
COUNT = """() => {
  window.frames_seen = [];
  const look = (at) => { window.frames_seen.push(at); window.counting && requestAnimationFrame(look); };
  window.counting = true;
  requestAnimationFrame(look);
}"""
STOP = "() => { window.counting = false; return window.frames_seen; }"
#: Notes when a row first shows that its step has succeeded, at the frame that paints it.
WATCH = """() => {
  window.shown = {};
  const look = () => {
    const rows = [...document.querySelectorAll('[data-step]')].filter(
      (row) => !(row.dataset.step in window.shown) && row.textContent.includes('Succeeded'));
    if (rows.length === 0) return;
    for (const row of rows) window.shown[row.dataset.step] = null;
    requestAnimationFrame(() => { for (const row of rows) window.shown[row.dataset.step] = Date.now(); });
  };
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true});
  look();
}"""


def plan(steps: int, width: int, seconds: float) -> dict[str, Any]:
    """Layers of `width` steps; each needs one of the layer before, and every fifth a second one."""
    subtasks = []
    for number in range(steps):
        layer, place = divmod(number, width)
        x: Any = {"ref": f"s{number - width}.sum"} if layer else 1
        y: Any = (
            {"ref": f"s{number - width - place + (place + 1) % width}.sum"} if layer and place % 5 == 0 else 1
        )
        arguments = {"x": x, "y": y, "seconds": seconds}
        subtasks.append({"id": f"s{number}", "tool": "slow_add", "arguments": arguments})
    return {"subtasks": subtasks}


def pan(page: Page, run: str, *, whole: bool) -> tuple[float, float]:
    """Frames a second while the graph is dragged, and the longest milliseconds between two."""
    page.goto(f"/runs/{run}")
    graph = page.locator(".react-flow__pane")
    page.locator(".react-flow__node").first.wait_for(timeout=60_000)
    if not whole:
        for _ in range(6):
            page.get_by_role("button", name="Zoom In").click()
    page.wait_for_timeout(1_500)
    graph.scroll_into_view_if_needed()
    box = graph.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(COUNT)
    begun = time.monotonic()
    while (passed := time.monotonic() - begun) < DRAGGED:
        swing = abs((passed % 2.0) - 1.0) - 0.5  # to the one side, and back
        page.mouse.move(x + swing * box["width"] * 0.8, y + swing * box["height"] * 0.8)
        time.sleep(0.008)
    frames = page.evaluate(STOP)
    page.mouse.up()
    gaps = [after - before for before, after in itertools.pairwise(frames)]
    return 1000 * len(gaps) / (frames[-1] - frames[0]), max(gaps)


def follow(page: Page, client: Client, body: dict[str, Any]) -> list[float]:
    """Seconds by which the page is late, for each step's success."""
    run = client.post("/v1/runs", {"plan": body, "mode": "plan"}, status=202)["id"]
    client.wait(run)
    page.goto(f"/runs/{run}")
    page.get_by_role("button", name="Run this plan").click()
    page.locator("[data-step]").first.wait_for()
    page.evaluate(WATCH)
    client.wait(run, within=300)
    page.locator("header").first.get_by_text("Succeeded").wait_for(timeout=60_000)
    page.wait_for_timeout(1_000)
    shown = page.evaluate("() => window.shown")
    ends = {
        event["data"]["step"]: datetime.fromisoformat(event["at"]).timestamp()
        for event in client.events(run)
        if event["type"] == "step.succeeded"
    }
    # What had succeeded before the page was looked at says nothing.
    first = min(shown.values()) / 1000
    return [shown[key] / 1000 - at for key, at in ends.items() if key in shown and at > first]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--width", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.25)
    arguments = parser.parse_args()
    if CHROMIUM is None:
        raise SystemExit("no chromium here: sudo make system-tools")
    with (
        tempfile.TemporaryDirectory() as scratch,
        serving(Path(scratch) / "data", python_modules="tools.testing_functions") as service,
        service.client() as client,
        sync_playwright() as playwright,
    ):
        register_slow_add(client)
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=sandbox)
        context = browser.new_context(viewport={"width": 1360, "height": 860}, base_url=service.url)
        page = login(context, service)
        ended = client.post("/v1/runs", {"plan": plan(arguments.steps, arguments.width, 0)}, status=202)["id"]
        client.wait(ended, within=300)
        for whole in (False, True):
            rounds = [pan(page, ended, whole=whole) for _ in range(arguments.rounds)]
            rates = ", ".join(f"{rate:.0f}" for rate, _ in rounds)
            longest = statistics.median(gap for _, gap in rounds)
            seen = "all steps in sight" if whole else "steps to be read"
            print(f"panned, {seen}: {rates} frames/s; longest {longest:.0f} ms", flush=True)
        for _ in range(arguments.rounds):
            late = follow(page, client, plan(arguments.steps, arguments.width, arguments.seconds))
            shares = " / ".join(f"{1000 * quantile(late, share):.0f}" for share in (0.5, 0.95, 0.99, 1.0))
            print(f"told, {len(late)} changes, late by p50 / p95 / p99 / most: {shares} ms", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
