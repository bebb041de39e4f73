"""What ends a command: a message for people and an exit code."""

from __future__ import annotations


class CliError(Exception):
    """Shown on standard error as it is; the process ends with `exit_code`."""

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


#: The run waits for an answer that nobody at this terminal gave.
NEEDS_INPUT = 3
#: Ctrl-C, as shells count it.
INTERRUPTED = 130
