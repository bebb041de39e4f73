"""Calls Python functions: async ones on the event loop, blocking ones in a process that can be killed."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from tools.adapter import CallContext
from tools.errors import BadArguments, BadOutput, ToolError, Unavailable, no_room
from tools.files import with_files, with_references
from tools.functions.typed import Typed, Undescribable, typed_of
from tools.mcp.sanitising import cleaned
from tools.net import Net
from tools.processes import Processes
from tools.schemas import schemas_of
from tools.spec import Json, Runs, Tool, ToolCall, ToolResult
from tools.work import Work

log = logging.getLogger(__name__)

_OURS = "tools.builtin"
_WORDS_OF_A_MESSAGE = 300


@dataclass(frozen=True, slots=True)
class _LoopFunction:
    function: Callable[..., Awaitable[Any]]
    signature: inspect.Signature
    wants_work: bool
    #: Its parameters by name, and those without a default; no names where it takes any.
    names: frozenset[str] | None
    required: frozenset[str]
    #: Its types, where it was marked as a tool.
    typed: Typed | None

    def check(self, name: str, arguments: Mapping[str, Any]) -> None:
        """Raises `BadArguments` when the function cannot be called with them."""
        if self.names is not None and self.required <= arguments.keys() <= self.names:
            return
        try:
            self.signature.bind(**arguments)
        except TypeError as error:
            raise BadArguments(f"{name}: {error}") from None


class PythonFunction:
    """Calls the function that a tool's binding names: `{"function": "module:name"}`.

    Only the functions that our own modules list in their `TOOLS`, and the public ones of `modules`
    (a module, or a package with all that is in it) are called: whoever may register tools must not
    thereby run what is installed here. Functions of `untrusted` modules run in `confined` processes
    alone, async ones too, and are never imported here.
    """

    def __init__(
        self,
        *,
        processes: Processes,
        net: Net,
        modules: Sequence[str] = (),
        untrusted: Sequence[str] = (),
        confined: Processes | None = None,
    ) -> None:
        self._untrusted = tuple(untrusted)
        self._confined = confined
        self._processes = processes
        self._net = net
        self._modules = tuple(modules)
        self._offered: set[str] = set()
        self._found: dict[str, _LoopFunction] = {}

    async def call(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Raises `ToolError`; files of the arguments are read, those of the result are saved."""
        name = self._name(call.tool)
        schema = schemas_of(call.tool).input
        arguments = await with_files(schema, call.arguments, context.files)
        processes = self._pool(name)
        if call.tool.runs is Runs.PROCESS or processes is not self._processes:
            result = await processes.run(
                name,
                arguments,
                scratch=context.scratch,
                timeout=context.timeout,
                progress=_teller(context),
            )
        else:
            result = await self._on_the_loop(name, arguments, context)
        output = result if isinstance(result, Mapping) else {"result": result}
        kept: Mapping[str, Json] = await with_references(output, context.files, scratch=context.scratch)
        return ToolResult(kept)

    def missing(self, tool: Tool) -> str | None:
        """Why the tool's function cannot be called; None when it can, as far as one can tell.

        Functions of processes are not looked up, since that would import them here.
        """
        try:
            name = self._name(tool)
            if self._pool(name) is not self._processes:
                return None
            if tool.runs is Runs.LOOP:
                self._find(name)
            elif importlib.util.find_spec(name.partition(":")[0]) is None:
                return f"there is no module {name.partition(':')[0]}"
        except Unavailable as error:
            return str(error)
        except ImportError as error:
            return f"the module of {tool.name} cannot be imported: {error}"
        return None

    def _pool(self, name: str) -> Processes:
        """Where a function runs that does not run on the loop. Raises `Unavailable`."""
        if not any(_is_in(name.partition(":")[0], one) for one in self._untrusted):
            return self._processes
        if self._confined is None:
            raise Unavailable(f"{name} is not trusted, and there is no process for it")
        return self._confined

    def _name(self, tool: Tool) -> str:
        name = tool.binding.get("function")
        if not isinstance(name, str) or ":" not in name:
            raise Unavailable(f"the tool {tool.name} does not say which function it is")
        if name not in self._offered:
            if not self._is_offered(name):
                raise Unavailable(f"{name} may not be called: allow its module in the service's settings")
            self._offered.add(name)
        return name

    def _is_offered(self, name: str) -> bool:
        module, _, function = name.partition(":")
        if any(_is_in(module, one) for one in self._modules):
            return not function.startswith("_")
        if not _is_in(module, _OURS):
            return False
        tools: Sequence[Tool] = getattr(_import(module), "TOOLS", ())
        return any(tool.binding.get("function") == name for tool in tools)

    async def _on_the_loop(self, name: str, arguments: dict[str, Any], context: CallContext) -> Any:
        found = self._find(name)
        if found.typed is not None:
            arguments = found.typed.arguments(arguments)
        if found.wants_work:
            arguments["work"] = Work(context.scratch, self._net, _teller(context))
        found.check(name, arguments)
        try:
            result = await found.function(**arguments)
            return result if found.typed is None else found.typed.output(result)
        except ToolError:
            raise
        except Exception as error:
            log.exception("%s failed", name)
            full = no_room(error, name)
            if full is not None:
                raise full from error
            words = str(error).replace(str(context.scratch), "…").partition("\n")[0]
            raise BadOutput(
                f"{name} failed: {type(error).__name__}: {words[:_WORDS_OF_A_MESSAGE]}"
            ) from error

    def _find(self, name: str) -> _LoopFunction:
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = _load(name)
        return found


def _teller(context: CallContext) -> Callable[[float, str], None]:
    """Tells how far a call is, in words that people can see."""

    def tell(share: float, message: str) -> None:
        context.progress(share, cleaned(message, longest=_WORDS_OF_A_MESSAGE))

    return tell


def _is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _import(module: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except Exception as error:
        log.exception("the module %s cannot be imported", module)
        told = error if isinstance(error, ImportError) else f"{type(error).__name__}: {error}"
        raise Unavailable(f"the module {module} cannot be imported: {told}") from error


def _load(name: str) -> _LoopFunction:
    """The async function of that name; it must be a plain one that is defined in that module."""
    module_name, _, function_name = name.partition(":")
    module = _import(module_name)
    function = getattr(module, function_name, None)
    if not inspect.isfunction(function) or function.__module__ != module_name:
        raise Unavailable(f"{module_name} defines no function named {function_name}")
    if not inspect.iscoroutinefunction(function):
        raise Unavailable(f"{name} is not async: a tool of that kind runs in a process")
    signature = inspect.signature(function)
    parameters = signature.parameters.values()
    try:
        typed = typed_of(function)
    except Undescribable as error:
        raise Unavailable(str(error)) from error
    by_name = all(one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY) for one in parameters)
    return _LoopFunction(
        function,
        signature,
        wants_work="work" in signature.parameters,
        names=frozenset(signature.parameters) if by_name else None,
        required=frozenset(one.name for one in parameters if one.default is one.empty),
        typed=typed,
    )
