"""`toolpath tools import …`: take over tools that are described elsewhere."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote

import typer

from workers.cli_errors import CliError
from workers.cli_options import AsJson, DataDir, Url, connect, print_json

app = typer.Typer(no_args_is_help=True, add_completion=False)

#: Seconds; large documents take a while.
_TIMEOUT = 180.0
_MOST_FILES = 500
_MOST_BYTES = 32_000_000
_SHOWN = 20
_REFERENCE = re.compile(r"""["']?\$ref["']?\s*:\s*["']?([^"'\s#{}\[\],]+)""")
_Choice = Annotated[
    list[str] | None,
    typer.Option(help="tag:NAME, path:/PATTERN, method:NAME or operation:ID; repeatable."),
]


@app.command(help="One tool for each operation of an OpenAPI document: a file, a URL, or - (standard input).")
def openapi(
    document: str,
    include: _Choice = None,
    exclude: _Choice = None,
    prefix: Annotated[str | None, typer.Option(help="Put before every name.")] = None,
    server: Annotated[str | None, typer.Option(help="The base address, in place of the document's.")] = None,
    auth: Annotated[
        list[str] | None, typer.Option(help="scheme=name of the secret that holds it; repeatable.")
    ] = None,
    select: Annotated[
        list[str] | None, typer.Option(help="operationId=JMESPath of what to take from replies; repeatable.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would change.")] = False,
    url: Url = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Import an OpenAPI document."""
    body = _source(document) | {
        "include": include or [],
        "exclude": exclude or [],
        "prefix": prefix,
        "server": server,
        "auth": pairs(auth, "--auth"),
        "select": pairs(select, "--select"),
        "dry_run": dry_run,
    }
    with connect(url, data_dir) as client:
        told = client.post("/v1/tools/import/openapi", body, timeout=_TIMEOUT)
    if as_json:
        print_json(told)
    else:
        _print(told, dry_run=dry_run)


def _source(document: str) -> dict[str, Any]:
    if document.startswith(("http://", "https://")):
        return {"url": document}
    if document == "-":
        return {"document": sys.stdin.read()}
    files = _with_references(Path(document))
    root = os.path.commonpath([path.parent for path in files])
    names = {path: path.relative_to(root).as_posix() for path in files}
    first, *others = files
    return {
        "document": files[first],
        "name": names[first],
        "files": {names[path]: files[path] for path in others},
    }


def _with_references(first: Path) -> dict[Path, str]:
    """The document and the files beside it that it, and they, refer to; what is missing the service tells."""
    start = first.resolve()
    found = {start: _read(start)}
    queue, size = [start], len(found[start])
    for path in queue:
        for reference in dict.fromkeys(_REFERENCE.findall(found[path])):
            target = _beside(path, reference)
            if target is None or target in found:
                continue
            found[target] = _read(target)
            queue.append(target)
            size += len(found[target])
            if len(found) > _MOST_FILES or size > _MOST_BYTES:
                raise CliError(
                    f"More than {_MOST_FILES} files or {_MOST_BYTES:,} characters belong to {first}."
                )
    return found


def _beside(path: Path, reference: str) -> Path | None:
    """The file that a reference means; only descriptions are read, whatever a document names."""
    if "://" in reference or reference.startswith(("/", "~")):
        return None
    target = (path.parent / unquote(reference)).resolve()
    return target if target.suffix.lower() in (".json", ".yaml", ".yml") and target.is_file() else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CliError(f"The file {path} cannot be read: {error.strerror}.") from error
    except UnicodeError as error:
        raise CliError(f"The file {path} is no UTF-8 text.") from error


def pairs(given: Sequence[str] | None, option: str) -> dict[str, str]:
    """Options of the form name=value. Raises `CliError`."""
    pairs = [text.partition("=") for text in given or ()]
    if not all(name and equals and value for name, equals, value in pairs):
        raise CliError(f"{option} takes name=value.")
    return {name: value for name, _, value in pairs}


def _print(told: dict[str, Any], *, dry_run: bool) -> None:
    made = "would be created" if dry_run else "created"
    changed = "would be updated" if dry_run else "updated"
    counts = [
        (len(told["created"]), made),
        (len(told["updated"]), changed),
        (len(told["unchanged"]), "unchanged"),
    ]
    counts += [(len(told["skipped"]), "skipped"), (len(told["gone"]), "no longer in the document")]
    typer.echo(", ".join(f"{count} {word}" for count, word in counts if count) or "no operations")
    for one in told["updated"][:_SHOWN]:
        typer.echo(f"  {one['name']}, version {one['version']}")
        for change in one["changes"]:
            typer.echo(f"    {change['what']}: {change['change']}{_values(change)}")
    for one in told["skipped"][:_SHOWN]:
        typer.echo(f"  skipped {one['operation']}: {one['reason']}", err=True)
    for one in told["duplicates"][:_SHOWN]:
        typer.echo(f"  {one['tool']} does the same as {one['of']}: {one['reason']}")
    quality = told["quality"]
    if quality["score"] is not None:
        typer.echo(f"quality of the document: {quality['score']:.2f}")
    for one in (*quality["missing"], *quality["notes"]):
        typer.echo(f"  {one['count']} × {one['what']}")
    for scheme, secret in told["secrets"].items():
        how = f": toolpath secrets set {secret}" if secret in told["missing_secrets"] else ""
        typer.echo(f"calls need the secret {secret} ({scheme}){how}")


def _values(change: dict[str, Any]) -> str:
    simple = all(isinstance(change[side], (str, int, float, type(None))) for side in ("before", "after"))
    short = len(f"{change['before']}{change['after']}") < 100
    return (
        f" from {change['before']!r} to {change['after']!r}" if simple and short and change["before"] else ""
    )
