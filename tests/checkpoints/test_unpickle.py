"""Foreign pickles: torch files of both kinds and bare ones, whole, damaged and false."""

import collections
import pickle
import struct
import sys
import types
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from checkpoint_checks import complaint
from moxu.checkpoints.pickle_machine import Placeholder
from moxu.checkpoints.unpickle import module_tensors, read_pickle, state_dict
from moxu.errors import CheckpointError


def text(value: str) -> bytes:
    """The instruction that puts a text on the stack (of any protocol)."""
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


@pytest.mark.parametrize("protocol", range(6))
def test_plain_containers_are_read_in_every_protocol(tmp_path: Path, protocol: int) -> None:
    value = {
        "numbers": [0, 1, -1, 255, 65536, 2**40, -(2**70), 0.5, True, False, None],
        "texts": ("", "文字", "a\nb\\", b"", b"\x00\xff"),
        "nested": {(1, "a"): [[], {}, ()]},
        "sets": {1, 2},
        "frozen": frozenset({"x"}),
        "ordered": collections.OrderedDict(a=1, b=2),
    }
    path = tmp_path / "value.pkl"
    path.write_bytes(pickle.dumps(value, protocol))
    assert read_pickle(path) == value


@pytest.mark.parametrize(
    ("core", "protocol"),
    [*(("numpy._core", protocol) for protocol in range(6)), *(("numpy.core", protocol) for protocol in range(4))],
)
@pytest.mark.parametrize("kind", ["<f4", ">f8", "f2", "i8", "u1", "bool", "c8"])
def test_arrays_are_read_in_every_protocol(tmp_path: Path, core: str, protocol: int, kind: str) -> None:
    arrays = [np.arange(6).reshape(2, 3).astype(kind), np.asfortranarray(np.arange(6).reshape(2, 3).astype(kind))]
    code = pickle.dumps([*arrays, np.float32(1.5)], protocol)
    if core == "numpy.core":  # as before numpy 2; from protocol 4 on the name's length would be part of the code
        code = code.replace(b"numpy._core.", b"numpy.core.")
    path = tmp_path / "arrays.pkl"
    path.write_bytes(code)
    found = read_pickle(path)
    assert isinstance(found, list)
    for array, original in zip(found, arrays, strict=False):
        assert array.dtype.type == original.dtype.type
        np.testing.assert_array_equal(array, original)
    assert found[2] == np.float32(1.5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool])
@pytest.mark.parametrize("is_zip", [True, False])
def test_tensors_of_torch_files_are_read_exactly(tmp_path: Path, dtype: torch.dtype, is_zip: bool) -> None:
    base = torch.arange(24).reshape(4, 6).to(dtype)
    tensors = {
        "whole": base,
        "transposed": base.t(),
        "part": base[1:3, ::2],
        "scalar": base[2, 2],
        "empty": torch.empty(0, 3, dtype=dtype),
        "shared": base,
    }
    path = tmp_path / "tensors.pth"
    torch.save(tensors, path, _use_new_zipfile_serialization=is_zip)
    found = read_pickle(path)
    assert isinstance(found, dict)
    assert list(found) == list(tensors)
    for name, tensor in tensors.items():
        assert found[name].dtype == dtype
        assert torch.equal(found[name], tensor), name


def test_tensors_of_a_state_dict_with_metadata_are_read(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    path = tmp_path / "model.pth"
    torch.save(module.state_dict(), path)
    assert list(state_dict(read_pickle(path), path)) == list(module.state_dict())


def test_dictionary_inside_a_dictionary_is_found(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    torch.save({"state_dict": {"a": torch.ones(1)}}, path)
    assert list(state_dict(read_pickle(path), path)) == ["a"]


@pytest.mark.parametrize(
    ("value", "message"), [([1], "holds a list without tensors"), ({"a": torch.ones(1), "b": 2}, "'b' is a int")]
)
def test_what_is_no_state_dictionary_is_named(tmp_path: Path, value: object, message: str) -> None:
    path = tmp_path / "model.pth"
    torch.save(value, path)
    with pytest.raises(CheckpointError, match=message):
        state_dict(read_pickle(path), path)


def test_changing_a_tensor_does_not_change_the_file(tmp_path: Path) -> None:
    path = tmp_path / "tensors.pth"
    torch.save({"a": torch.ones(100)}, path)
    before = path.read_bytes()
    found = read_pickle(path)
    assert isinstance(found, dict)
    found["a"].zero_()
    assert path.read_bytes() == before


@pytest.fixture
def foreign_module(monkeypatch: pytest.MonkeyPatch) -> nn.Module:
    """A module of a class that can be pickled now and is unknown later, with a configuration of such a class too."""

    class Config:
        def __init__(self) -> None:
            self.n_layer = 2

    class GPT(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.config = Config()
            self.weight = nn.Parameter(torch.randn(3))
            self.register_buffer("mask", torch.ones(2, 2))
            self.register_buffer("scratch", torch.ones(2), persistent=False)
            self.blocks = nn.Sequential(nn.Linear(2, 2), nn.ZeroPad2d((0, 0, 1, -1)), nn.LayerNorm(2))

    module = types.ModuleType("program_of_another")
    for kind in (Config, GPT):
        kind.__module__, kind.__qualname__ = module.__name__, kind.__name__
        setattr(module, kind.__name__, kind)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return GPT()


@pytest.mark.filterwarnings("ignore:Couldn't retrieve source code")
@pytest.mark.parametrize("protocol", [1, 2, 4])
@pytest.mark.parametrize("is_zip", [True, False])
def test_pickled_module_of_an_unknown_class_gives_its_state_dict(
    tmp_path: Path, foreign_module: nn.Module, monkeypatch: pytest.MonkeyPatch, protocol: int, is_zip: bool
) -> None:
    path = tmp_path / "model.pth"
    torch.save(foreign_module, path, pickle_protocol=protocol, _use_new_zipfile_serialization=is_zip)
    monkeypatch.delitem(sys.modules, "program_of_another")
    found = read_pickle(path)
    assert isinstance(found, Placeholder)
    expected = foreign_module.state_dict()
    tensors = module_tensors(found)
    assert list(tensors) == list(expected)
    assert all(torch.equal(tensors[name], expected[name]) for name in expected)
    assert found.attributes["config"].attributes == {"n_layer": 2}


def test_module_that_contains_itself_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    inner = b"".join(text(name) + b"h\x00s" for name in "ab")
    path.write_bytes(b"\x80\x02csrc.model\nGPT\n)\x81q\x00}" + text("_modules") + b"}" + inner + b"sb.")
    found = read_pickle(path)
    assert isinstance(found, Placeholder)
    with pytest.raises(CheckpointError, match="parts"):
        module_tensors(found)


def storage_of(count: int, key: str = "0") -> bytes:
    identity = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text(key) + text("cpu")
    return identity + b"\x8a\x08" + struct.pack("<q", count) + b"tQ"


def tensor_of(count: int, size: int, stride: int = 1, offset: int = 0) -> bytes:
    numbers = b"".join(b"\x8a\x08" + struct.pack("<q", number) for number in (offset,))
    shape = b"\x8a\x08" + struct.pack("<q", size) + b"\x85" + b"\x8a\x08" + struct.pack("<q", stride) + b"\x85"
    return b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + storage_of(count) + numbers + shape + b"\x89NtR."


@pytest.mark.parametrize(
    "code",
    [
        tensor_of(count=2**62, size=4),
        tensor_of(count=-1, size=4),
        tensor_of(count=5, size=4),
        tensor_of(count=4, size=2**40, stride=0),
        tensor_of(count=4, size=4, offset=1),
        tensor_of(count=4, size=2, stride=4),
        tensor_of(count=4, size=-4),
        tensor_of(count=4, size=4, offset=-4),
    ],
)
def test_tensor_outside_its_storage_is_refused(tmp_path: Path, code: bytes) -> None:
    path = tmp_path / "model.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/data.pkl", code)
        archive.writestr("model/data/0", bytes(16))
    with pytest.raises(CheckpointError, match="damaged"):
        read_pickle(path)


def test_storage_that_is_not_in_the_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/data.pkl", tensor_of(count=4, size=4))
    with pytest.raises(CheckpointError, match="storage '0' is missing"):
        read_pickle(path)


def test_compressed_torch_file_is_refused_before_it_unfolds(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model/data.pkl", b"N" * 10_000_000 + b".")
    with pytest.raises(CheckpointError, match="compressed"):
        read_pickle(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a model", b"\x80", b"\xff\xfe{\x00"])
def test_file_that_is_no_pickle_is_named_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.pth"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"model\.pth") as caught:
        read_pickle(path)
    assert "\n" not in str(caught.value)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"absent\.pth: cannot be read"):
        read_pickle(tmp_path / "absent.pth")


@pytest.fixture(scope="module")
def sound_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    path = tmp_path_factory.mktemp("sound") / "model.pth"
    tensors = {"a": torch.ones(3, 4), "b": torch.ones(2, dtype=torch.bfloat16)}
    torch.save(tensors, path)
    files = {"zip": path.read_bytes()}
    torch.save(tensors, path, _use_new_zipfile_serialization=False)
    files["old"] = path.read_bytes()
    files["bare"] = pickle.dumps({"a": np.ones((3, 4), np.float32), "b": (1, {"c": [2.5]})}, 4)
    return files


@pytest.mark.parametrize("kind", ["zip", "old", "bare"])
def test_truncated_file_is_a_checkpoint_error(tmp_path: Path, sound_files: dict[str, bytes], kind: str) -> None:
    path, whole = tmp_path / "model.pth", sound_files[kind]
    read = 0
    for length in range(0, len(whole), max(1, len(whole) // 60)):
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=r"model\.pth"):
            read_pickle(path)
        read += 1
    assert read >= 60


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(["zip", "old", "bare"]), data=st.data())
def test_altered_bytes_raise_nothing_but_checkpoint_errors(
    tmp_path: Path, sound_files: dict[str, bytes], kind: str, data: st.DataObject
) -> None:
    content = bytearray(sound_files[kind])
    places = st.integers(0, len(content) - 1)
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=4)):
        content[place] = value
    path = tmp_path / "model.pth"
    path.write_bytes(content)
    assert "\n" not in complaint(path)
