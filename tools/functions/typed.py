"""A marked function with its types: their JSON Schemas, and values from JSON and back."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model
from pydantic.errors import PydanticUserError
from pydantic.json_schema import GenerateJsonSchema

from tools.errors import BadArguments, BadOutput
from tools.functions.declaring import declared_of
from tools.spec import ASIDE, File, is_file_schema
from tools.work import Work

_WORK = "work"
_SHOWN = 5


class Undescribable(Exception):
    """The function cannot be a tool; the message names it, and says what to do."""


class _Untitled(GenerateJsonSchema):
    """Fields have names; titles made of them say nothing more."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


class Typed:
    """Raises `Undescribable` for a function whose types JSON cannot carry."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._name = f"{function.__module__}.{function.__qualname__}"
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise self._fault("it yields: let it return one value")
        hints = self._hints(function)
        self._parameters = self._parameters_of(function, hints)
        self._model = self._model_of(hints)
        self._result = self._adapter(hints["return"], "what it returns")
        self.input_schema = self._input_schema()
        self.output_schema = self._output_schema()

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments as the function's types have them. Raises `BadArguments`."""
        try:
            values = self._model.model_validate(dict(given))
        except ValidationError as error:
            faults = error.errors(include_url=False, include_input=False, include_context=False)[:_SHOWN]
            told = "; ".join(f"{_pointer(one['loc'])}: {one['msg']}" for one in faults)
            paths = tuple(dict.fromkeys(_pointer(one["loc"]) for one in faults))
            raise BadArguments(f"the arguments do not fit: {told}", paths=paths) from None
        names = zip(self._parameters, type(values).model_fields, strict=True)
        return {name: getattr(values, field) for name, field in names if field in values.model_fields_set}

    def output(self, value: Any) -> dict[str, Any]:
        """What the function returned as an object of JSON values and files. Raises `BadOutput`."""
        kept: list[File] = []
        try:
            checked = self._result.validate_python(value)
            plain = self._result.dump_python(checked, mode="json", by_alias=True, context=kept)
        except ValueError as error:
            if isinstance(error, ValidationError):
                faults = error.errors(include_url=False, include_input=False, include_context=False)[:_SHOWN]
                told = "; ".join(f"{_pointer(one['loc']) or 'the whole'}: {one['msg']}" for one in faults)
            else:
                told = str(error)
            raise BadOutput(f"{self._name} returned what its hint does not promise: {told}") from None
        plain = _with_files(plain, kept) if kept else plain
        if self._wrapped:
            return {"result": plain}
        return plain if plain is not None else {}

    def _fault(self, what: str) -> Undescribable:
        return Undescribable(f"{self._name}: {what}")

    def _hints(self, function: Callable[..., Any]) -> dict[str, Any]:
        try:
            return typing.get_type_hints(function, include_extras=True)
        except (NameError, TypeError, SyntaxError) as error:
            what = f"its hints cannot be read ({error}): name types that the module defines or imports"
            raise self._fault(what) from None

    def _parameters_of(self, function: Callable[..., Any], hints: dict[str, Any]) -> dict[str, Any]:
        """Its parameters but `work`, in order, each with its default (`...` where there is none)."""
        found = {}
        for name, one in inspect.signature(function).parameters.items():
            if one.kind not in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY):
                raise self._fault(f"it takes {one}: name each parameter, so that it can be given by name")
            if name not in hints:
                raise self._fault(f"the parameter {name} has no type hint: write {name}: str, or what it is")
            if name == _WORK:
                if hints[name] is not Work:
                    raise self._fault("the name work is for toolpath.Work: give the parameter another one")
                continue
            found[name] = ... if one.default is one.empty else one.default
        if "return" not in hints:
            raise self._fault("it does not say what it returns: write -> str, or what it is")
        return found

    def _model_of(self, hints: dict[str, Any]) -> type[BaseModel]:
        """A model of the arguments; its fields are numbered, so that parameters may have any name."""
        fields: dict[str, Any] = {
            f"p{number}": (hints[name], Field(default, alias=name))
            for number, (name, default) in enumerate(self._parameters.items())
        }
        try:
            return create_model("Arguments", __config__=ConfigDict(extra="forbid"), **fields)
        except (PydanticUserError, TypeError, NameError) as error:
            for name in self._parameters:
                self._adapter(hints[name], f"the parameter {name}")
            raise self._fault(_told(error)) from None

    def _adapter(self, hint: Any, what: str) -> TypeAdapter[Any]:
        try:
            return TypeAdapter(hint)
        except (PydanticUserError, TypeError, NameError) as error:
            raise self._fault(f"{what}: {_told(error)}") from None

    def _input_schema(self) -> dict[str, Any]:
        try:
            schema = self._model.model_json_schema(schema_generator=_Untitled)
        except PydanticUserError as error:
            raise self._fault(f"its parameters: {_told(error)}") from None
        schema.pop("title", None)
        return schema

    def _output_schema(self) -> dict[str, Any]:
        """An object as it is; everything else, and a single file, stands under `result`."""
        try:
            schema = self._result.json_schema(mode="serialization", schema_generator=_Untitled)
        except PydanticUserError as error:
            raise self._fault(f"what it returns: {_told(error)}") from None
        defined = schema.pop("$defs", {})
        reference = schema.get("$ref", "").removeprefix("#/$defs/")
        shape = defined.get(reference, schema)
        self._wrapped = False
        if shape.get("type") == "null":
            return {"type": "object", "properties": {}, "additionalProperties": False}
        if shape.get("type") != "object" or is_file_schema(shape):
            self._wrapped = True
            shape = {"type": "object", "properties": {"result": schema}, "required": ["result"]}
        return {**shape, **({"$defs": defined} if defined else {})}


@cache
def typed_of(function: Callable[..., Any]) -> Typed | None:
    """The types of a marked function; None for any other. Raises `Undescribable`."""
    return None if declared_of(function) is None else Typed(function)


def _told(error: Exception) -> str:
    """The first sentence of the library's words."""
    words = str(error).partition("\n")[0].partition(". Set `")[0].rstrip(".")
    return f"{words}; use types that JSON can carry"


def _pointer(path: tuple[int | str, ...]) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _with_files(value: Any, files: list[File]) -> Any:
    if isinstance(value, dict):
        if ASIDE in value:
            return files[value[ASIDE]]
        return {key: _with_files(item, files) for key, item in value.items()}
    return [_with_files(item, files) for item in value] if isinstance(value, list) else value
