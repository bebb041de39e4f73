"""What an operator looks after on the page: secrets, keys, endpoints, and what the service runs as."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e import shop
from tests.e2e.materials import Site
from tests.e2e.service import Client, Service


def test_a_secret_that_is_set_lets_a_tool_work_and_is_never_shown(
    page: Page, client: Client, site: Site, service: Service, faults
):
    document = shop.document(f"{site.url}/shop")
    document["info"]["title"] = "Sealed"
    asked = {"document": document, "prefix": "sealed", "auth": {"token": "sealed_token"}}
    client.post("/v1/tools/import/openapi", asked)
    said: list[str] = []
    page.on("response", lambda answer: said.append(answer.text()) if "/v1/" in answer.url else None)
    page.goto("/settings/secrets")
    missing = page.get_by_role("region", name="Missing secrets")
    expect(missing.get_by_role("link", name="sealed_list_orders")).to_be_visible()
    missing.get_by_label("Value of sealed_token").fill("abc")
    missing.get_by_role("button", name="Set sealed_token").click()
    expect(missing.get_by_text("at least 4 characters")).to_be_visible()
    missing.get_by_label("Value of sealed_token").fill(shop.TOKEN)
    missing.get_by_role("button", name="Set sealed_token").click()
    row = page.locator("[data-secret=sealed_token]")
    expect(row).to_be_visible()
    assert faults(page) == []
    row.get_by_role("link", name="sealed_list_orders").click()
    page.get_by_role("button", name="Call the tool").click()
    expect(page.get_by_role("group", name="What came back")).to_contain_text("chair")
    page.get_by_text("What was sent and got").click()
    assert shop.TOKEN not in page.content()
    assert said
    assert not [one for one in said if shop.TOKEN in one]
    page.goto("/settings/secrets")
    row.get_by_role("button", name="Forget").click()
    page.get_by_role("button", name="Forget the secret").click()
    expect(row).to_have_count(0)
    assert client.get("/v1/tools/sealed_list_orders")["status"] == "unavailable"


def test_a_key_is_made_shown_once_and_revoked(page: Page, service: Service, faults):
    page.goto("/settings/keys")
    page.get_by_role("button", name="New key").click()
    form = page.get_by_role("form", name="New key")
    form.get_by_role("button", name="Make the key").click()
    expect(form.get_by_text("Say who or what it is for.")).to_be_visible()
    form.get_by_label("For", exact=True).fill("nightly builds")
    form.get_by_label("Cap a day").fill("0.50")
    form.get_by_role("button", name="Make the key").click()
    shown = page.get_by_role("region", name="The new key")
    key = shown.locator("code").inner_text()
    assert faults(page) == []
    with Client(service.url, key) as holder:
        assert holder.http.get("/v1/runs").status_code == 200
        assert holder.http.get("/v1/keys").status_code == 403
        shown.get_by_role("button", name="I have it").click()
        row = page.locator("[data-key]").filter(has_text="nightly builds")
        expect(row).to_contain_text("$0 of $0.50 a day")
        page.reload()
        expect(row).to_be_visible()
        assert key not in page.content()
        row.get_by_role("button", name="Change").click()
        row.get_by_label("Cap a day").fill("2")
        row.get_by_role("button", name="Save").click()
        expect(row).to_contain_text("$0 of $2")
        row.get_by_role("button", name="Revoke").click()
        page.get_by_role("button", name="Revoke the key").click()
        expect(row).to_contain_text("revoked")
        assert holder.http.get("/v1/runs").status_code == 401


def test_an_endpoint_is_registered_seen_and_deleted(page: Page, site: Site, faults):
    page.goto("/endpoints")
    expect(page.get_by_role("heading", name="No model endpoint is registered")).to_be_visible()
    page.get_by_role("button", name="Register an endpoint").click()
    page.get_by_label("Name", exact=True).fill("night_shift")
    page.get_by_label("Servers").fill("http://10.0.0.1/v1")
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("/replicas/0/base_url")
    assert faults(page) == []
    page.get_by_label("Servers").fill(f"{site.url}/no-models")
    page.get_by_label("Models (optional)").fill("small 0 0.002")
    page.get_by_role("button", name="Register", exact=True).click()
    card = page.get_by_role("region", name="night_shift")
    expect(card).to_contain_text("$0.002 out")
    expect(card).to_contain_text("Tokens a second")
    card.get_by_role("button", name="Pause").click()
    expect(card).to_contain_text("No new call goes there")
    card.get_by_role("button", name="Change").click()
    card.get_by_label("Models (optional)").fill("small 0.5 0.002")
    card.get_by_label("Tags (optional)").fill("eu")
    assert faults(page) == []
    card.get_by_role("button", name="Change it").click()
    expect(card).to_contain_text("$0.50 for 1,000 tokens in")
    expect(card).to_contain_text("eu · hedging")
    card.get_by_role("button", name="Resume").click()
    expect(card.get_by_text("No new call goes there")).to_have_count(0)
    card.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete the endpoint").click()
    expect(card).to_have_count(0)


def test_the_settings_are_told_without_secrets(page: Page, service: Service, faults):
    page.goto("/settings")
    settings = page.get_by_role("region", name="Effective settings")
    expect(settings).to_contain_text("data_dir")
    page.get_by_label("Find a setting").fill("api key")
    expect(settings).to_contain_text("api_key")
    expect(settings).not_to_contain_text("data_dir")
    assert service.key not in page.content()
    assert faults(page) == []
