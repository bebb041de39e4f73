"""Functions that an operator's module marks as tools are there when the service has started."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from orchestrator.settings import Settings
from tests.integration.api.conftest import serving

PAGE = Path(__file__).parents[3] / "docs" / "tools.md"
#: The example of the documentation.
GOOD = PAGE.read_text().partition("```python\n")[2].partition("```")[0]
#: A name that ships.
TAKEN = """

@tool
def fetch_page(url: str) -> str:
    '''Take a name that ships.'''
    return url
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "weather_of_test.py").write_text(GOOD + TAKEN)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("weather_of_test", None)


def settings(folder: Path, *modules: str) -> Settings:
    return Settings(data_dir=folder / "data", port=0, processes=1, python_modules=modules)


def test_marked_functions_are_found_described_and_called(folder: Path) -> None:
    with (
        serving(settings(folder, "weather_of_test", "no_such_module")) as service,
        service.client() as client,
    ):
        told = client.get("/v1/tools/forecast_weather").json()
        assert (told["status"], told["runs"], told["does"]) == ("active", "loop", ["forecast_weather"])
        assert told["input_schema"]["properties"]["place"]["description"] == "a town"
        hits = client.post("/v1/tools/search", json={"query": "weather forecast", "k": 1}).json()["items"]
        assert hits[0]["name"] == "forecast_weather"

        def invoke(name: str, **arguments):
            return client.post(f"/v1/tools/{name}/invoke", json={"arguments": arguments})

        assert invoke("forecast_weather", place="Ulm", unit="other").json()["output"] == {
            "place": "Ulm", "degrees": 70.7, "unit": "other",
        }  # fmt: skip
        refused = invoke("forecast_weather", place="")
        assert (refused.status_code, "which place?" in refused.text) == (422, True)
        assert invoke("forecast_weather", place="Ulm", unit="odd").status_code == 422
        note = invoke("write_note", text="abc 1").json()["output"]["result"]
        assert note["media_type"] == "text/plain"
        assert invoke("count_letters", document=note).json()["output"] == {"result": 3}
        # A name that ships stays what it is.
        assert "python:weather_of_test" not in client.get("/v1/tools/fetch_page").json()["tags"]


def test_what_is_declared_no_more_is_planned_with_no_more_and_comes_back(folder: Path) -> None:
    module = folder / "weather_of_test.py"

    def state() -> tuple[str, str, int]:
        with serving(settings(folder, "weather_of_test")) as service, service.client() as client:
            told = client.get("/v1/tools/forecast_weather").json()
        return told["status"], told.get("reason") or "", told["version"]

    assert state() == ("active", "", 1)
    module.write_text("raise RuntimeError('broken today')\n")
    status, reason, version = state()
    assert (status, version) == ("unavailable", 1)
    assert "weather_of_test cannot be imported: RuntimeError: broken today" in reason
    module.write_text("")
    assert state()[:2] == (
        "unavailable", "no module of the operator's declares it any more (weather_of_test)",
    )  # fmt: skip
    module.write_text(GOOD)
    assert state() == ("active", "", 1)
    module.write_text(GOOD.replace("of a place.", "of any place."))
    assert state() == ("active", "", 2)
