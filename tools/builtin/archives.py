"""Office documents are ZIP archives: how large one may become when it is unpacked."""

from __future__ import annotations

import zipfile

from tools.builtin.fields import wrong_kind
from tools.errors import BadInputFile
from tools.spec import File

#: Bytes of all parts of a document. Parsed, they take about ten times as much memory.
MAX_UNPACKED = 250_000_000


def check_archive(file: File, kind: str) -> None:
    """Raises `BadInputFile` for what is no ZIP archive, or would fill the memory once unpacked.

    The sizes are those that the archive declares; no reader unpacks more of a part than is declared.
    """
    try:
        with zipfile.ZipFile(file.path) as archive:
            size = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise wrong_kind(file, kind) from error
    if size > MAX_UNPACKED:
        raise BadInputFile(
            f"{file.name} becomes {size:,} bytes when it is unpacked; at most {MAX_UNPACKED:,} are read"
        )
