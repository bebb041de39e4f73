"""The data folder holds keys and files of people: nobody else may read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.bootstrap import _close_to_others


@pytest.mark.parametrize("mode", [None, 0o755, 0o770, 0o701, 0o700])
def test_the_folder_is_made_or_taken_for_its_owner_alone(tmp_path: Path, mode: int | None) -> None:
    folder = tmp_path / "data" / "deep"
    if mode is not None:
        folder.mkdir(parents=True)
        folder.chmod(mode)
    _close_to_others(folder)
    assert folder.stat().st_mode & 0o7777 == 0o700


def test_a_folder_that_all_share_is_left_alone_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.chmod(0o1777)
    _close_to_others(tmp_path)
    assert tmp_path.stat().st_mode & 0o7777 == 0o1777
    assert "TOOLPATH_DATA_DIR" in "".join(capsys.readouterr())
