"""Office documents that become huge when they are unpacked."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tools.builtin import archives
from tools.builtin.archives import MAX_UNPACKED, check_archive
from tools.builtin.documents import DOCX
from tools.builtin.duck import XLSX
from tools.builtin.readers import read_docx
from tools.builtin.spreadsheet_files import read_sheets
from tools.errors import BadInputFile
from tools.spec import File


def bomb(path: Path) -> Path:
    """Some 300 MB of blanks in 300 kB."""
    blanks = b" " * 150_000_000
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("word/document.xml", "xl/workbook.xml"):
            archive.writestr(name, blanks)
    return path


def test_a_bomb_is_refused_before_it_goes_off(tmp_path: Path) -> None:
    path = bomb(tmp_path / "bomb")
    assert path.stat().st_size < 1_000_000
    for read, media_type in ((read_docx, DOCX), (read_sheets, XLSX)):
        with pytest.raises(BadInputFile, match=r"report becomes 300,000,000 bytes when it is unpacked"):
            read(File(path, media_type, "report"))


def test_an_archive_up_to_the_limit_is_let_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "small"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"x" * 1000)
    monkeypatch.setattr(archives, "MAX_UNPACKED", 1000)
    check_archive(File(path, DOCX, "small"), "a Word document")
    monkeypatch.setattr(archives, "MAX_UNPACKED", 999)
    with pytest.raises(BadInputFile):
        check_archive(File(path, DOCX, "small"), "a Word document")
    assert MAX_UNPACKED > 10**8
