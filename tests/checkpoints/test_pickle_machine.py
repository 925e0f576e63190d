"""The reader that can only build: what it refuses, and that nothing in a pickle ever runs."""

import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checkpoint_checks import complaint
from moxu.checkpoints.pickle_machine import Placeholder
from moxu.checkpoints.unpickle import read_pickle
from moxu.errors import CheckpointError


class Call:
    """Pickles as a call of ``function``."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.function, self.arguments


def text(value: str) -> bytes:
    """The instruction that puts a text on the stack (of any protocol)."""
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def attacks(canary: str) -> dict[str, tuple[bytes, str]]:
    """Pickles that would make the file ``canary`` if anything ran, and the name each must be refused for."""
    make = text(f"open({canary!r}, 'w')")
    name = text(canary)
    return {
        "reduce": (b"cos\nsystem\n(" + text(f"touch {canary}") + b"tR.", "os.system"),
        "reduce of the implementation": (b"cposix\nsystem\n(" + text(f"touch {canary}") + b"tR.", "posix.system"),
        "python 2 name": (b"c__builtin__\neval\n(" + make + b"tR.", "__builtin__.eval"),
        "stack global": (b"\x80\x04" + text("builtins") + text("exec") + b"\x93(" + make + b"tR.", "builtins.exec"),
        "inst": (b"(" + text(f"touch {canary}") + b"ios\nsystem\n.", "os.system"),
        "obj": (b"(cos\nsystem\n" + text(f"touch {canary}") + b"o.", "os.system"),
        "newobj": (b"\x80\x02csubprocess\nPopen\n(" + text("touch") + b"t\x81.", "subprocess.Popen"),
        "open": (b"cio\nopen\n(" + name + text("w") + b"tR.", "io.open"),
        "pathlib": (b"cpathlib\nPath.touch\n(cpathlib\nPosixPath\n(" + name + b"tRtR.", "pathlib.Path.touch"),
        "getattr chain": (
            b"cbuiltins\ngetattr\n(cbuiltins\n__import__\n(" + text("os") + b"tR" + text("system") + b"tR.",
            "builtins.getattr",
        ),
        "dotted name": (
            b"\x80\x04" + text("collections") + text("OrderedDict.__init__.__globals__") + b"\x93.",
            "collections.OrderedDict.__init__.__globals__",
        ),
        "copyreg": (b"ccopyreg\n__newobj__\n(cos\nsystem\ntR.", "copyreg.__newobj__"),
        "copyreg extension": (b"\x80\x02\x82\x01.", "EXT1"),
        "reconstructor of a function": (
            b"ccopyreg\n_reconstructor\n(cbuiltins\nexec\nN" + make + b"tR.",
            "builtins.exec",
        ),
        "setstate": (b"\x80\x02cos\nsystem\n)\x81}" + text("__setstate__") + b"cbuiltins\neval\nsb.", "os.system"),
        "state with a call": (
            b"\x80\x02csrc.model\nGPT\n)\x81}" + text("x") + b"cos\nsystem\n(" + text(f"touch {canary}") + b"tRsb.",
            "os.system",
        ),
        "load within a load": (b"ctorch\nload\n(" + name + b"tR.", "torch.load"),
        "load from bytes": (b"ctorch.storage\n_load_from_bytes\n(C\x01xtR.", "torch.storage._load_from_bytes"),
        "hub": (b"ctorch.hub\nload\n(" + name + b"tR.", "torch.hub.load"),
        "pickle within a pickle": (b"cpickle\nloads\n(" + name + b"tR.", "pickle.loads"),
        "numpy's file reader": (b"cnumpy\nload\n(" + name + b"tR.", "numpy.load"),
        "numpy's runner": (b"cnumpy.testing._private.utils\nrunstring\n(" + make + b"}tR.", "runstring"),
        "unknown function": (b"cevil.tools\nrun\n(" + name + b"tR.", "evil.tools.run"),
        "method of an allowed module": (
            b"ctorch.nn.modules.module\nModule.load_state_dict\n(" + name + b"tR.",
            "torch.nn.modules.module.Module.load_state_dict",
        ),
        "call of a placeholder": (b"\x80\x02csrc.model\nGPT\n)\x81(" + name + b"tR.", "a call of a Placeholder"),
        "object array": (
            b"cnumpy\ndtype\n(" + text("O8") + b"\x89\x88tR.",
            "O8",
        ),
    }


@pytest.mark.parametrize("attack", attacks("").keys())
@pytest.mark.parametrize("wrapping", ["bare", "in a torch file", "among tensors"])
def test_malicious_pickle_is_refused_by_name_and_nothing_runs(tmp_path: Path, attack: str, wrapping: str) -> None:
    canary = tmp_path / "canary"
    code, name = attacks(str(canary))[attack]
    path = tmp_path / "model.pth"
    if wrapping == "bare":
        path.write_bytes(code)
    elif wrapping == "in a torch file":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("model/data.pkl", code)
    else:
        path.write_bytes(b"}" + text("weight") + code[:-1] + b"s.")
        if code.startswith(b"\x80"):
            path.write_bytes(b"\x80\x04}" + text("weight") + code[2:-1] + b"s.")
    with pytest.raises(CheckpointError) as caught:
        read_pickle(path)
    assert name in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not canary.exists()


def test_python_itself_would_have_run_such_a_pickle(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    pickle.loads(attacks(str(canary))["open"][0]).close()
    assert canary.exists()


def test_pickled_call_inside_torch_save_is_refused(tmp_path: Path) -> None:
    path, canary = tmp_path / "model.pth", tmp_path / "canary"
    torch.save({"weight": torch.ones(2), "bad": Call(open, str(canary), "w")}, path)
    with pytest.raises(CheckpointError, match=r"refused: the pickle asks for \w*io\.open"):
        read_pickle(path)
    assert not canary.exists()


def test_placeholder_records_whatever_it_is_given_and_runs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "module.pkl"
    state = b"(K\x01" + text("state") + b"K\x02t"
    path.write_bytes(b"\x80\x04csrc.model\nThing\n(K\x05t\x81" + state + b"b(K\x07K\x08e(" + text("a") + b"K\x09u.")
    found = read_pickle(path)
    assert isinstance(found, Placeholder)
    assert found.class_name == "src.model.Thing"
    assert found.arguments == (5,)
    assert found.state == (1, "state", 2)
    assert found.elements == [7, 8]
    assert found.entries == {"a": 9}


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (b"\x80\x02]q\x00h\x00h\x05.", "recalls item 5"),
        (b"\x80\x02R.", "takes more than it put"),
        (b"\x80\x02(R.", "takes more than it put"),
        (b"\x80\x02]K\x01s.", "damaged"),
        (b"\x80\x02}]K\x01s.", "key of a table"),
        (b"(" * 100 + b".", "takes more than it put"),
        (b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"abc.", "expected 46116860184273879"),
        (b"\x80\x02\x8a\x08abc", "damaged"),
        (b"\x80\x02K\x01Q.", "no torch file"),
    ],
)
def test_damaged_instructions_are_explained(tmp_path: Path, code: bytes, message: str) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(code)
    with pytest.raises(CheckpointError, match=message):
        read_pickle(path)


def test_deeply_nested_key_does_not_exhaust_the_stack(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(b"\x80\x02})" + b"\x85" * 100_000 + b"K\x01s.")
    with pytest.raises(CheckpointError, match="key of a table"):
        read_pickle(path)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(code=st.binary(max_size=60))
def test_random_bytes_raise_nothing_but_checkpoint_errors(tmp_path: Path, code: bytes) -> None:
    path = tmp_path / "model.pth"
    path.write_bytes(b"\x80\x04" + code + b".")
    assert "\n" not in complaint(path)
