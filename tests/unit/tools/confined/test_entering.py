"""What is said where the kernel keeps less from code that is not trusted."""

from pathlib import Path
from typing import Any

import pytest

from tools.confined import entering, landlock, seccomp

LIMITS = {"processes": 0, "modules": ("json",)}


@pytest.mark.parametrize(
    ("spoken", "filtered", "told"),
    [
        (7, True, []),
        (5, True, ["signals"]),
        (7, False, ["network"]),
        (None, False, ["files", "network", "signals"]),
    ],
)
def test_what_could_not_be_had_is_told(
    spoken: int | None, filtered: bool, told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def restrict(**paths: Any) -> int | None:
        asked.update(paths)
        return spoken

    monkeypatch.setattr(entering, "_give_up_privileges", lambda: None)  # or this process would, for good
    monkeypatch.setattr(landlock, "restrict", restrict)
    monkeypatch.setattr(seccomp, "restrict", lambda *, processes: filtered and not processes)
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "MPLCONFIGDIR"):
        monkeypatch.setenv(name, "elsewhere")
    found = entering.enter(LIMITS, scratch=tmp_path, arguments={})
    assert len(found) == len(told)
    assert all(word in sentence for word, sentence in zip(told, found, strict=True))
    assert asked["write"] == (tmp_path, Path("/dev/null"))
    assert Path.home() not in asked["read"]
