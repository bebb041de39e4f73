"""Starts a program under limits: `python limited.py '{"RLIMIT_CPU": 10}' /path/of/program argument …`

Run as a script of its own, since limits must be set in the new process before the program begins, and
nothing else may happen there between fork and exec in a process with threads.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys


def main() -> None:
    """Never returns: becomes the program, or exits with 127 when there is none."""
    limits, program, *arguments = sys.argv[1:]
    for name, asked in json.loads(limits).items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        most = asked if hard == resource.RLIM_INFINITY else min(asked, hard)
        # At the soft limit of time comes a signal that says why; a program that ignores it is killed.
        later = most + 1 if kind == resource.RLIMIT_CPU and hard == resource.RLIM_INFINITY else most
        resource.setrlimit(kind, (most, later))
    for number in (signal.SIGXFSZ, signal.SIGPIPE):  # Python ignores them, and programs would inherit that
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execv(program, [program, *arguments])  # noqa: S606 - the operator named the program; no shell
    except OSError as error:
        sys.exit(f"{program} cannot be started: {error.strerror}")


if __name__ == "__main__":
    main()
