"""Artifacts: kept by their content, refused with a clear word when there is no room."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.errors import NotFound, StorageFull
from orchestrator.store.artifacts import FolderArtifacts
from tests.contract.truth import Truth, together
from tools.errors import BadInputFile, NoRoom

CSV = {"media_type": "text/csv", "name": "a.csv"}


@pytest.fixture
def artifacts(truth: Truth, tmp_path: Path) -> FolderArtifacts:
    return FolderArtifacts(tmp_path / "artifacts", truth.database)


async def test_bytes_come_back_as_they_were_given(artifacts: FolderArtifacts, tmp_path: Path) -> None:
    kept = await artifacts.put(b"a,b\n1,2\n", **CSV)
    assert (kept.size, kept.media_type, kept.name) == (8, "text/csv", "a.csv")
    assert artifacts.path(kept.id).read_bytes() == b"a,b\n1,2\n"
    assert (await artifacts.get(kept.id)).reference() == kept.reference()
    file = await artifacts.load(kept.id)
    assert (file.path.read_bytes(), file.media_type) == (b"a,b\n1,2\n", "text/csv")
    (tmp_path / "made").write_bytes(b"a,b\n1,2\n")
    assert (await artifacts.save(tmp_path / "made", **CSV))["artifact"] == kept.id


async def test_the_same_bytes_are_kept_once_under_each_of_their_names(
    artifacts: FolderArtifacts, tmp_path: Path
) -> None:
    ids = await together([artifacts.put(b"same", **CSV) for _ in range(5)])
    other = await artifacts.put(b"same", media_type="text/csv", name="b.csv")
    assert len({kept.id for kept in ids}) == 1
    assert other.id != ids[0].id
    assert Path(artifacts.path(other.id)).samefile(artifacts.path(ids[0].id))
    assert len(list((tmp_path / "artifacts" / "sha256").iterdir())) == 1


async def test_what_is_not_there_is_named(artifacts: FolderArtifacts) -> None:
    with pytest.raises(NotFound, match="art_0"):
        await artifacts.get("art_0")
    with pytest.raises(BadInputFile, match="upload"):
        await artifacts.load("art_0")
    for id in ("art_../../etc/passwd", "art_", "../x"):
        with pytest.raises(NotFound):
            artifacts.path(id)


async def test_a_full_disk_keeps_nothing_and_says_so(truth: Truth, small_disk: Path) -> None:
    artifacts = FolderArtifacts(small_disk / "artifacts", truth.database)
    small = await artifacts.put(b"small", **CSV)
    made = small_disk.parent / "made.csv"
    made.write_bytes(os.urandom(2_000_000))
    with pytest.raises(StorageFull, match="free space"):
        await artifacts.put(made.read_bytes(), **CSV)
    with pytest.raises(NoRoom, match="free space"):
        await artifacts.save(made, **CSV)
    assert [p.name for p in (small_disk / "artifacts" / "sha256").iterdir() if p.name.startswith(".")] == []
    assert artifacts.path(small.id).read_bytes() == b"small"
    assert (await artifacts.put(b"more", **CSV)).size == 4


async def test_control_characters_of_a_name_are_left_out(artifacts: FolderArtifacts) -> None:
    kept = await artifacts.put(b"x", media_type="text/plain", name="a\0b\r\n\ud800.txt")
    assert (await artifacts.get(kept.id)).name == "ab.txt"
    assert (await artifacts.put(b"x", media_type="text/plain", name="\0")).name == "file"
