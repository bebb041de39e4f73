"""Programs that tools call."""

from __future__ import annotations

import pytest

from tools.builtin.programs import run_program
from tools.errors import BadOutput, Unavailable


def test_a_program_reads_the_text_and_its_output_comes_back() -> None:
    assert run_program(["cat"], "héllo; $(rm -rf /) \ud800", hint="") == "héllo; $(rm -rf /) ?"


def test_a_missing_program_is_unavailable_with_the_hint() -> None:
    with pytest.raises(Unavailable, match="apt install nothing"):
        run_program(["toolpath-no-such-program"], "x", hint="apt install nothing")


def test_a_failing_program_is_told_with_its_last_words() -> None:
    with pytest.raises(BadOutput, match="No such file"):
        run_program(["cat", "/no/such/file"], "", hint="")
