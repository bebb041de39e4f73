"""Arguments as tensors of the Open Inference Protocol, and tensors as fields of an output.

A tensor is `{"name", "shape", "datatype", "data"}` with its data flat, in rows.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tools.errors import BadArguments, BadOutput
from tools.spec import File

_WHOLE = ("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64")
_FLOAT = ("FP16", "FP32", "FP64", "BF16")
DATATYPES = ("BOOL", "BYTES", *_WHOLE, *_FLOAT)


def tensor(field: str, value: Any, told: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """A value as a tensor, and whether it was put into a batch of one.

    `told` is what the model, or the binding, says of it: name, datatype and shape. Raises `BadArguments`.
    """
    name = str(told.get("name", field))
    if isinstance(value, File):
        coded = base64.b64encode(value.path.read_bytes()).decode()
        kind = {"content_type": "base64"}
        return {"name": name, "shape": [1], "datatype": "BYTES", "data": [coded], "parameters": kind}, False
    shape = _shape(value, field)
    flat = list(_flat(value))
    wanted = told.get("shape")
    batched = not shape or (isinstance(wanted, Sequence) and len(wanted) == len(shape) + 1)
    shape = [1, *shape] if batched else shape
    _check(shape, wanted, field)
    datatype = str(told.get("datatype") or _datatype(flat))
    if datatype not in DATATYPES:
        raise BadArguments(f"{field}: {datatype!r} is no datatype of tensors", paths=(f"/{field}",))
    return {"name": name, "shape": shape, "datatype": datatype, "data": _cast(flat, datatype, field)}, batched


def value_of(given: Any, *, batched: bool, scalar: bool) -> Any:
    """A tensor as nested lists; its only element where a scalar is wanted. Raises `BadOutput`."""
    if not isinstance(given, Mapping) or not isinstance(given.get("data"), list):
        raise BadOutput("an output of the server is no tensor with data")
    flat = list(_flat(given["data"]))
    shape = given.get("shape")
    whole = isinstance(shape, list) and all(isinstance(one, int) and one >= 0 for one in shape)
    if not whole or math.prod(shape or ()) != len(flat):
        raise BadOutput(f"an output of the server has {len(flat)} values, which do not fit its shape {shape}")
    if scalar and len(flat) == 1:
        return flat[0]
    assert isinstance(shape, list)
    if batched and len(shape) > 1 and shape[0] == 1:
        shape = shape[1:]
    return _nested(flat, shape)


def _shape(value: Any, field: str) -> list[int]:
    if not isinstance(value, list):
        return []
    inner = [_shape(item, field) for item in value]
    if any(one != inner[0] for one in inner):
        raise BadArguments(f"{field}: its rows have different lengths", paths=(f"/{field}",))
    return [len(value), *(inner[0] if inner else [])]


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def _nested(flat: list[Any], shape: Sequence[int]) -> Any:
    if not shape:
        return flat[0]
    if len(shape) == 1:
        return flat
    size = len(flat) // shape[0] if shape[0] else 0
    return [_nested(flat[start * size : (start + 1) * size], shape[1:]) for start in range(shape[0])]


def _check(shape: Sequence[int], wanted: Any, field: str) -> None:
    """Where the model tells a shape; -1 stands for any length."""
    if not isinstance(wanted, Sequence) or not wanted:
        return
    fits = len(wanted) == len(shape) and all(w in (-1, s) for w, s in zip(wanted, shape, strict=False))
    if not fits:
        words = f"{field}: its shape is {list(shape)}, but the model wants {list(wanted)}"
        raise BadArguments(words, paths=(f"/{field}",))


def _datatype(flat: Sequence[Any]) -> str:
    if all(isinstance(one, bool) for one in flat):
        return "BOOL"
    if all(isinstance(one, int) and not isinstance(one, bool) for one in flat):
        return "INT64"
    if all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in flat):
        return "FP64"
    return "BYTES"


def _cast(flat: Sequence[Any], datatype: str, field: str) -> list[Any]:
    """The values as JSON has them for that datatype."""
    if datatype == "BYTES":
        good = all(isinstance(one, str) for one in flat)
    elif datatype == "BOOL":
        good = all(isinstance(one, bool) for one in flat)
    else:
        numbers = all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in flat)
        good = numbers and (datatype in _FLOAT or all(float(one).is_integer() for one in flat))
    if not good:
        raise BadArguments(f"{field}: its values are not all {datatype}", paths=(f"/{field}",))
    return [int(one) for one in flat] if datatype in _WHOLE else list(flat)
