"""Files of a call: references in arguments become files at hand, files in a result become references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.adapter import Files
from tools.errors import BadInputFile, BadOutput
from tools.schemas import Place, Schema
from tools.spec import File, Json, fits


async def with_files(schema: Schema, arguments: Mapping[str, Json], files: Files) -> dict[str, Any]:
    """The arguments, with a `File` for each reference that stands where the schema says file.

    Raises `BadInputFile` for a file that there is not, or of a type that the field does not take.
    """
    loaded: dict[str, Any] = dict(arguments)
    for place in schema.files_in(arguments):
        file = await files.load(place.artifact)
        _check_type(file, place)
        loaded = _put(loaded, place.path, file)
    return loaded


def by_content(schema: Schema, arguments: Mapping[str, Json]) -> dict[str, Any]:
    """The arguments with each file as its artifact alone: nothing else of a reference tells files apart."""
    plain: dict[str, Any] = dict(arguments)
    for place in schema.files_in(arguments):
        plain = _put(plain, place.path, {"artifact": place.artifact})
    return plain


async def with_references(value: Any, files: Files, *, scratch: Path) -> Any:
    """The value, with a reference for each `File` in it; new files are saved for good.

    Raises `BadOutput` for a file that is missing, or lies outside the call's folder.
    """
    try:
        return await _with_references(value, files, scratch)
    except RecursionError:
        raise BadOutput("the tool's answer is nested too deep") from None


async def _with_references(value: Any, files: Files, scratch: Path) -> Any:
    if isinstance(value, File):
        return await _reference(value, files, scratch)
    if isinstance(value, Mapping) and _holds_file(value.values()):
        return {key: await _with_references(item, files, scratch) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and _holds_file(value):
        return [await _with_references(item, files, scratch) for item in value]
    return value


def _holds_file(items: Any) -> bool:
    """Whether a file is anywhere in these; long tables have none, and are not copied."""
    return any(
        isinstance(item, File)
        or (isinstance(item, Mapping) and _holds_file(item.values()))
        or (isinstance(item, (list, tuple)) and _holds_file(item))
        for item in items
    )


async def _reference(file: File, files: Files, scratch: Path) -> Mapping[str, Json]:
    if file.artifact is not None:
        return {"artifact": file.artifact, "media_type": file.media_type, "name": file.name}
    if not _is_written_in(scratch, file.path):
        raise BadOutput(f"the tool names a file {file.name!r} that it did not write into its folder")
    return await files.save(file.path, media_type=file.media_type, name=file.name)


def _is_written_in(scratch: Path, path: Path) -> bool:
    """Whether the path, after all links, is a file below the folder."""
    real = path.resolve()
    return real.is_relative_to(scratch.resolve()) and real.is_file()


def _check_type(file: File, place: Place) -> None:
    if not any(fits(file.media_type, accepted) for accepted in place.media_types):
        field = "/".join(str(part) for part in place.path)
        wanted = ", ".join(dict.fromkeys(place.media_types))
        raise BadInputFile(f"{field}: {file.name} is {file.media_type}, but must be one of {wanted}")


def _put(value: Any, path: Sequence[str | int], item: Any) -> Any:
    """A copy of `value` with `item` at that path; what is not on the path is shared."""
    if not path:
        return item
    key, rest = path[0], path[1:]
    copied: Any = dict(value) if isinstance(value, Mapping) else list(value)
    copied[key] = _put(copied[key], rest, item)
    return copied
