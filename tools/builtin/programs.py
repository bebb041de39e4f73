"""Runs the programs that some tools need: a constant argument list, text through standard input."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from tools.errors import BadOutput, Unavailable


def run_program(arguments: Sequence[str], text: str, *, hint: str) -> str:
    """What the program writes to standard output when it reads `text`.

    `arguments` hold nothing that a request said; `hint` is the command that installs the program.
    It has no time limit of its own: the process of the tool is killed with its children.
    Raises `Unavailable` when the program is missing, `BadOutput` when it fails.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the arguments are constant
            list(arguments), input=text.encode("utf-8", errors="replace"), capture_output=True, check=False
        )
    except FileNotFoundError as error:
        raise Unavailable(f"the program {arguments[0]} is not installed: {hint}") from error
    except OSError as error:
        raise Unavailable(f"the program {arguments[0]} does not start: {error.strerror}") from error
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip().splitlines()
        raise BadOutput(
            f"{arguments[0]} failed: {words[-1][:300] if words else f'exit code {done.returncode}'}"
        )
    return done.stdout.decode("utf-8", errors="replace")
