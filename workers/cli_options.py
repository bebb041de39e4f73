"""Options that several commands share, and what follows from them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli_errors import CliError

if TYPE_CHECKING:
    from orchestrator.settings import Settings
    from workers.cli_client import Client

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Folder of the service's data.")]
Url = Annotated[
    str | None,
    typer.Option("--url", envvar="TOOLPATH_URL", help="Address of the service.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def load_settings(**given: Any) -> Settings:
    """The settings; `CliError` says which one is wrong."""
    from pydantic import ValidationError

    from orchestrator import settings

    try:
        return settings.load(**given)
    except ValidationError as error:
        wrong = [f"  {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise CliError("\n".join(["A setting is wrong:", *wrong])) from error
    except (OSError, ValueError) as error:
        raise CliError(f"The settings cannot be read: {error}") from error


def connect(url: str | None, data_dir: Path | None) -> Client:
    """A client of the named service, or of the one on this machine, with the key at hand."""
    from orchestrator.settings import read_key
    from workers.cli_client import Client

    settings = load_settings(data_dir=data_dir)
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 - compared, not bound
    shown = f"[{host}]" if ":" in host else host
    return Client(url or f"http://{shown}:{settings.port}", read_key(settings))


def print_json(value: Any) -> None:
    """Data for programs, on standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
