"""What a package that brings tools of its own imports: the decorator, files, and the errors to raise.

Nothing else of this project is meant to be imported by other packages.
"""

from tools.errors import (
    BadArguments,
    BadInputFile,
    BadOutput,
    RateLimited,
    ServerFault,
    ToolError,
    Unavailable,
)
from tools.functions.declaring import tool
from tools.spec import File, MediaTypes
from tools.work import Work

__all__ = [
    "BadArguments",
    "BadInputFile",
    "BadOutput",
    "File",
    "MediaTypes",
    "RateLimited",
    "ServerFault",
    "ToolError",
    "Unavailable",
    "Work",
    "tool",
]
