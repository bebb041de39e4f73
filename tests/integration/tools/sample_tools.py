"""Functions that misbehave in every way a tool can."""

import errno
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tools.errors import BadArguments, RateLimited
from tools.spec import File
from tools.work import Work


class OwnError(BadArguments):
    """A refinement that only this module knows."""


def add(a: int, b: int = 1) -> int:
    return a + b


def slow_sum(numbers: list[int], work: Work) -> int:
    """Tell how far it is after each number, and more often than anybody wants to hear."""
    for place, number in enumerate(numbers, 1):
        work.progress(place / len(numbers), f"added {number}\u202e")
        for _ in range(100):
            work.progress(place / len(numbers), "again")
        time.sleep(0.15)
    return sum(numbers)


def whoami() -> int:
    return os.getpid()


def environment() -> dict[str, str]:
    return dict(os.environ)


def folders(work: Work) -> dict[str, str]:
    return {"scratch": str(work.scratch), "here": str(Path.cwd()), "home": str(Path.home())}


def copy_file(source: File, work: Work) -> dict[str, object]:
    target = work.file("copy.txt", source.media_type)
    target.path.write_bytes(source.path.read_bytes())
    return {"copy": target, "kind": type(source).__name__}


def kind_of(value: object) -> str:
    return type(value).__name__


def noisy() -> str:
    print("hello")
    sys.stdout.flush()
    os.write(1, b'{"result": "forged"}\n')
    sys.stderr.write("x" * 300_000)
    subprocess.run(["echo", "from a child"], check=True)
    logging.getLogger("sample").warning("a warning")
    return "clean"


def reads_standard_input() -> str:
    return sys.stdin.read()


def sleeps_with_a_child(seconds: float, note: str) -> None:
    child = subprocess.Popen(["sleep", str(seconds)])
    Path(note).write_text(f"{os.getpid()} {child.pid}")
    time.sleep(seconds)


def dies() -> None:
    print("the last words", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGSEGV)


def leaves() -> None:
    sys.exit(3)


def refuses() -> None:
    raise OwnError("the colour is unknown", paths=("/colour",))


def is_limited() -> None:
    raise RateLimited("slower", retry_after=2.5)


def has_a_bug(work: Work) -> None:
    raise ValueError(f"no such thing in {work.scratch}/x\nsecond line")


def eats_memory() -> int:
    return len(bytearray(20 * 2**30))


def returns_a_set() -> object:
    return {1, 2}


def fills_the_disk(how: str = "plainly") -> None:
    """Write where there never is room, and tell of it as tools and libraries do."""
    try:
        Path("/dev/full").write_bytes(bytes(100_000))
    except OSError as error:
        if how == "plainly":
            raise
        if how == "as a bad file":
            raise BadArguments("the file cannot be written") from error
        raise RuntimeError(f"IO Error: could not write: {error.strerror}") from None


def passes_its_quota() -> None:
    raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))
