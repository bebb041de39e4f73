"""Values as tensors and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tools.errors import BadArguments, BadOutput
from tools.operations.tensors import tensor, value_of
from tools.spec import File


@pytest.mark.parametrize(
    ("value", "told", "shape", "datatype", "data"),
    [
        (3, {}, [1], "INT64", [3]),
        ([1, 2.5], {}, [2], "FP64", [1, 2.5]),
        ([[1, 2], [3, 4]], {"datatype": "FP32"}, [2, 2], "FP32", [1, 2, 3, 4]),
        ([1, 2], {"shape": [-1, 2], "datatype": "FP32"}, [1, 2], "FP32", [1, 2]),
        ([2.0], {"datatype": "INT32"}, [1], "INT32", [2]),
        ("word", {}, [1], "BYTES", ["word"]),
        ([True, False], {}, [2], "BOOL", [True, False]),
        ([], {}, [0], "BOOL", []),
    ],
)
def test_a_value_becomes_a_tensor(value: Any, told: dict, shape: list, datatype: str, data: list) -> None:
    made, _ = tensor("x", value, told)
    assert (made["name"], made["shape"], made["datatype"], made["data"]) == ("x", shape, datatype, data)


@pytest.mark.parametrize(
    ("value", "told", "words"),
    [
        ([[1], [2, 3]], {}, "different lengths"),
        ([1, "a"], {"datatype": "FP32"}, "not all FP32"),
        ([1.5], {"datatype": "INT8"}, "not all INT8"),
        ([1, 2, 3], {"shape": [-1, 2]}, "wants"),
        ([1], {"datatype": "FP12"}, "no datatype"),
    ],
)
def test_what_fits_no_tensor_is_refused(value: Any, told: dict, words: str) -> None:
    with pytest.raises(BadArguments, match=words) as caught:
        tensor("x", value, told)
    assert caught.value.paths == ("/x",)


def test_a_file_travels_as_base64(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\0\1")
    made, _ = tensor("x", File(tmp_path / "a.bin", "application/octet-stream", "a.bin"), {})
    assert (made["data"], made["parameters"]) == (["AAE="], {"content_type": "base64"})


def test_tensors_come_back_nested_and_without_a_batch_of_one_that_was_added() -> None:
    given = {"shape": [1, 2, 2], "data": [1, 2, 3, 4]}
    assert value_of(given, batched=False, scalar=False) == [[[1, 2], [3, 4]]]
    assert value_of(given, batched=True, scalar=False) == [[1, 2], [3, 4]]
    assert value_of({"shape": [2, 2], "data": [[1, 2], [3, 4]]}, batched=False, scalar=False) == [
        [1, 2],
        [3, 4],
    ]
    assert value_of({"shape": [1], "data": [7]}, batched=False, scalar=True) == 7
    assert value_of({"shape": [0, 3], "data": []}, batched=False, scalar=False) == []


@pytest.mark.parametrize(
    "given", [None, {"data": 3}, {"shape": [3], "data": [1]}, {"shape": None, "data": [1]}]
)
def test_what_is_no_tensor_is_a_bad_output(given: Any) -> None:
    with pytest.raises(BadOutput):
        value_of(given, batched=False, scalar=False)
