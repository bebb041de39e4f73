"""Text, tables and links of a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.builtin.pages import extract_links, extract_tables, extract_text_article, extract_text_plain
from tools.errors import BadInputFile, BadOutput
from tools.spec import File


def saved(folder: Path, content: bytes) -> File:
    path = folder / "some.html"
    path.write_bytes(content)
    return File(path, "text/html", "some.html")


def test_the_article_is_found_without_menus_and_scripts(page: File) -> None:
    text = extract_text_article(page)["text"]
    assert "Solar power grew quickly in Europe last year." in text
    assert "Batteries are costly, but prices of batteries fall too." in text
    assert "Home" not in text
    assert "alert" not in text


def test_the_plain_text_holds_every_visible_word(page: File) -> None:
    lines = extract_text_plain(page)["text"].splitlines()
    assert "Home Top Go" in lines
    assert "Solar power" in lines
    assert "North 1,200 12.5" in lines
    assert not any("alert" in line or "color: red" in line for line in lines)


def test_a_page_whose_article_is_not_found_still_has_its_words(tmp_path: Path) -> None:
    page = saved(tmp_path, b"<html><body><div>Closed today.</div></body></html>")
    assert extract_text_article(page)["text"] == "Closed today."


@pytest.mark.parametrize("extract", [extract_text_article, extract_text_plain])
def test_letters_of_every_encoding_arrive(extract, tmp_path: Path) -> None:
    words = "El niño comió en Málaga y después durmió una larga siesta. " * 5
    page = saved(tmp_path, f'<meta charset="iso-8859-1"><p>{words}</p>'.encode("cp1252"))
    assert "El niño comió en Málaga" in extract(page)["text"]


@pytest.mark.parametrize("extract", [extract_text_article, extract_text_plain, extract_tables, extract_links])
@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 \x00\x01 < >", b"only words", b"\x89PNG\r\n\x00<"])
def test_what_is_no_page_is_refused(extract, content: bytes, tmp_path: Path) -> None:
    with pytest.raises(BadInputFile, match=r"some\.html.*HTML page"):
        extract(saved(tmp_path, content))


def test_a_file_that_is_gone_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(BadInputFile, match="cannot be read"):
        extract_text_plain(File(tmp_path / "gone.html", "text/html", "gone.html"))


@pytest.mark.parametrize("extract", [extract_text_article, extract_text_plain])
def test_a_page_without_words_is_refused(extract, tmp_path: Path) -> None:
    with pytest.raises(BadOutput, match="no text"):
        extract(saved(tmp_path, b"<html><body><img src=x></body></html>"))


def test_tables_have_names_columns_and_numbers(page: File) -> None:
    found = extract_tables(page)
    assert found["count"] == 2
    assert found["tables"] == [
        {
            "name": "Sales",
            "columns": ["Region", "Units 2023", "Units 2024"],
            "rows": [["North", 1200, 12.5], ["North", "007", -3]],
        },
        {"name": "Staff", "columns": ["Name", "Name (2)"], "rows": [["Ada", None]]},
    ]


def test_a_page_without_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadOutput, match="no table"):
        extract_tables(saved(tmp_path, b"<p>no tables</p>"))


def test_links_are_whole_addresses_each_once(page: File) -> None:
    found = extract_links(page, base_url="https://a.org/b/c.html")
    assert found["links"] == [
        {"url": "https://a.org/home", "text": "Home"},
        {"url": "https://a.org/b/report.html", "text": "fall too"},
        {"url": "https://example.org/x", "text": "elsewhere"},
    ]
    assert found["count"] == 3


def test_only_links_to_the_outside_when_asked(page: File) -> None:
    assert [link["url"] for link in extract_links(page, external_only=True)["links"]] == [
        "https://example.org/x"
    ]
