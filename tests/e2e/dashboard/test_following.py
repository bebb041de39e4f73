"""A run followed on its page: drawn as a graph and in time, through a killed service, and explained."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.e2e.dashboard.conftest import login
from tests.e2e.service import Client, start
from tests.e2e.slow import register_slow_add, slow_chain

DIAMOND = {
    "subtasks": [
        {"id": "first", "tool": "slow_add", "arguments": {"x": 1, "seconds": 0.2}},
        {"id": "left", "tool": "slow_add", "arguments": {"x": {"ref": "first.sum"}, "seconds": 0.4}},
        {"id": "right", "tool": "slow_add", "arguments": {"x": {"ref": "first.sum"}}},
        {
            "id": "last",
            "tool": "slow_add",
            "arguments": {"x": {"ref": "left.sum"}, "y": {"ref": "right.sum"}},
        },
    ]
}


def test_a_run_is_drawn_as_a_graph_and_in_time(page: Page, client: Client, faults):
    register_slow_add(client)
    run = client.post("/v1/runs", {"plan": DIAMOND}, status=202)["id"]
    client.wait(run)
    page.goto(f"/runs/{run}")
    graph = page.get_by_role("region", name="Graph")
    expect(graph.locator(".react-flow__node")).to_have_count(4)
    expect(graph.locator("[data-edges]")).to_have_attribute("data-edges", "4")
    time = page.get_by_role("list", name="Timeline")
    critical = time.get_by_role("button").filter(has=page.get_by_label("On the critical path"))
    assert {name.split()[0] for name in critical.all_inner_texts()} == {"first", "left", "last"}
    graph.locator(".react-flow__node").filter(has_text="left").click()
    expect(page.get_by_role("complementary", name="Step left")).to_be_visible()
    assert faults(page) == []
    page.get_by_role("link", name="Why this path").click()
    expect(page.get_by_text("What other preferences would choose")).to_be_visible()
    assert faults(page) == []


def test_a_step_is_run_again_from_the_page(page: Page, client: Client):
    register_slow_add(client)
    run = client.post("/v1/runs", {"plan": DIAMOND}, status=202)["id"]
    client.wait(run)
    page.goto(f"/runs/{run}")
    page.get_by_role("list", name="Steps").get_by_role("button").filter(has_text="last").click()
    page.get_by_role("button", name="Retry from here").click()
    page.get_by_text("Events (").click()
    expect(page.locator("[data-event]").filter(has_text="Opened again")).to_have_count(1)
    expect(page.locator("header").first.get_by_text("Succeeded")).to_be_visible()
    kept = {step["key"]: len(step["attempts"]) for step in client.wait(run)["steps"]}
    assert sorted(kept.values()) == [1, 1, 1, 2]


def test_a_step_is_edited_and_what_changed_is_shown(page: Page, client: Client, faults):
    register_slow_add(client)
    run = client.post("/v1/runs", {"plan": slow_chain(2, seconds=0.05)}, status=202)["id"]
    client.wait(run)
    page.goto(f"/runs/{run}")
    page.get_by_role("list", name="Steps").get_by_role("button").filter(has_text="s1").click()
    page.get_by_role("button", name="Edit and continue").click()
    page.get_by_label("y", exact=True).fill('"five"')
    page.get_by_role("button", name="Continue with these").click()
    expect(page.get_by_label("y", exact=True)).to_have_attribute("aria-invalid", "true")
    assert faults(page) == []
    page.get_by_label("y", exact=True).fill("5")
    page.get_by_role("button", name="Continue with these").click()
    panel = page.get_by_role("complementary", name="Step s1")
    expect(panel.get_by_role("listitem").filter(has_text="2. Succeeded")).to_be_visible()
    panel.get_by_text("Request and reply").click()
    changed = panel.get_by_role("group", name="Request, with what changed")
    expect(changed.locator("ins")).to_contain_text('"y": 5')
    expect(panel.get_by_role("group", name="Reply, with what changed").locator("del")).to_contain_text("1")
    assert faults(page) == []


def test_a_killed_service_costs_the_page_no_event_and_repeats_none(browser: Browser, tmp_path: Path):
    service = start(tmp_path / "data", python_modules="tools.testing_functions")
    port = int(service.url.rsplit(":", 1)[1])
    try:
        with service.client() as client, browser.new_context(base_url=service.url) as context:
            page = login(context, service)
            register_slow_add(client)
            run = client.post("/v1/runs", {"plan": slow_chain(8, seconds=0.5)}, status=202)["id"]
            page.goto(f"/runs/{run}")
            page.get_by_text("Events (").click()
            expect(page.locator("[data-event]").filter(has_text="Succeeded").first).to_be_visible()
            service.program.kill()
            expect(page.get_by_text("The service does not answer")).to_be_visible()
            service = start(tmp_path / "data", port=port, python_modules="tools.testing_functions")
            expect(page.locator("header").first.get_by_text("Succeeded")).to_be_visible(timeout=40_000)
            with service.client() as again:
                known = [event["number"] for event in again.events(run)]
            expect(page.locator("[data-event]")).to_have_count(len(known))
            shown = [int(row.get_attribute("data-event") or 0) for row in page.locator("[data-event]").all()]
            assert shown == known[::-1]
    finally:
        service.program.stop()
