"""Keras weight files: what Keras reads is written, and a file that is not what it says is refused in one line."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from moxu.checkpoints import keras_h5
from moxu.checkpoints.keras_h5 import looks_like_hdf5, read_layers, write_layers
from moxu.errors import CheckpointError

h5py = pytest.importorskip("h5py")

LAYERS = {
    "Input": {},
    "Dense": {"dense_7/kernel:0": torch.arange(6.0).reshape(2, 3), "dense_2/kernel:0": torch.ones(4)},
    "Norm": {"gamma:0": torch.tensor([0.5])},
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_layers(LAYERS, tmp_path / "model.h5")
    return tmp_path / "model.h5"


def change(path: Path, edit: Callable[[Any], object]) -> None:
    with h5py.File(path, "a") as file:
        edit(file)


def replace(path: Path, make: Callable[[Any, str], object]) -> None:
    """Put something else in the place of the first weight of the layer Dense."""

    def edit(file: Any) -> None:
        del file["Dense/Dense/dense_7/kernel:0"]
        make(file["Dense/Dense/dense_7"], "kernel:0")

    change(path, edit)


def test_layers_and_weights_come_back_in_order(path: Path) -> None:
    found = read_layers(path)
    assert list(found) == list(LAYERS)
    for layer, weights in LAYERS.items():
        assert len(found[layer]) == len(weights)
        assert all(torch.equal(one, other) for one, other in zip(found[layer], weights.values(), strict=True))


def test_names_are_bytes_as_every_keras_reads_them(path: Path) -> None:
    with h5py.File(path) as file:
        assert file.attrs["layer_names"].tolist() == [b"Input", b"Dense", b"Norm"]
        assert file["Dense"].attrs["weight_names"].tolist() == [b"Dense/dense_7/kernel:0", b"Dense/dense_2/kernel:0"]
        assert file["Input"].attrs["weight_names"].shape == (0,)
        assert file.attrs["keras_version"] == b"2.15.0"


def test_order_of_the_names_counts_and_not_that_of_the_file(path: Path) -> None:
    def edit(file: Any) -> None:
        file["Dense"].attrs["weight_names"] = [b"Dense/dense_2/kernel:0", b"Dense/dense_7/kernel:0"]
        file.attrs["layer_names"] = ["Norm", "Dense"]  # str, as newer programs write

    change(path, edit)
    found = read_layers(path)
    assert list(found) == ["Norm", "Dense"]
    assert [tuple(weight.shape) for weight in found["Dense"]] == [(4,), (2, 3)]


def test_long_attributes_are_cut_and_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras_h5, "_ATTRIBUTE_BYTES", 50)
    layers = {f"layer-{number}": {"gamma:0": torch.tensor([float(number)])} for number in range(30)}
    write_layers(layers, tmp_path / "model.h5")
    with h5py.File(tmp_path / "model.h5") as file:
        assert "layer_names" not in file.attrs
        assert {"layer_names0", "layer_names1"} <= set(file.attrs)
        assert all(file.attrs[name].nbytes <= 64 for name in file.attrs if name.startswith("layer_names"))
    found = read_layers(tmp_path / "model.h5")
    assert [(layer, weight.item()) for layer, (weight,) in found.items()] == [
        (f"layer-{number}", number) for number in range(30)
    ]


def external_link(group: Any, name: str) -> None:
    group[name] = h5py.ExternalLink("other.h5", "/secret")


def soft_link(group: Any, name: str) -> None:
    group[name] = h5py.SoftLink("/Norm/Norm/gamma:0")


def virtual(group: Any, name: str) -> None:
    layout = h5py.VirtualLayout((2, 3), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "secret", (2, 3))
    group.create_virtual_dataset(name, layout)


def external(group: Any, name: str) -> None:
    group.create_dataset(name, (2, 3), "f4", external=[("secret.bin", 0, 24)])


def compressed(group: Any, name: str) -> None:
    group.create_dataset(name, data=np.zeros((2, 3), "f4"), compression="gzip")


def whole_numbers(group: Any, name: str) -> None:
    group.create_dataset(name, data=np.zeros((2, 3), "i8"))


def half_floats(group: Any, name: str) -> None:
    group.create_dataset(name, data=np.zeros((2, 3), "f2"))


def nothing(group: Any, name: str) -> None:
    group.create_dataset(name, dtype="f4", data=h5py.Empty("f4"))


def immense(group: Any, name: str) -> None:
    group.create_dataset(name, (1 << 20, 1 << 20), "f4", chunks=(1 << 10, 1 << 10))


def unwritten(group: Any, name: str) -> None:
    group.create_dataset(name, (2, 3), "f4")


def a_group(group: Any, name: str) -> None:
    group.create_group(name)


def absent(group: Any, name: str) -> None:
    pass


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (external_link, r"refused: 'kernel:0' of /Dense/Dense/dense_7 is a link to another place or file"),
        (soft_link, "is a link to another place or file"),
        (virtual, r"'Dense/dense_7/kernel:0' is refused: its values are in another file"),
        (external, "is refused: its values are in another file"),
        (compressed, r"'Dense/dense_7/kernel:0' is compressed"),
        (whole_numbers, "is of type int64; expected float32"),
        (half_floats, "is of type float16; expected float32"),
        (nothing, "holds no values; expected float32"),
        (immense, r"claims 4,398,046,511,104 bytes, which this file of [\d,]+ lacks"),
        (unwritten, "claims 24 bytes, which this file of"),
        (a_group, "is no array"),
        (absent, r"'kernel:0' of /Dense/Dense/dense_7 is missing; is this the whole file"),
    ],
)
def test_weight_that_is_not_plainly_there_is_refused(
    path: Path, make: Callable[[Any, str], object], message: str
) -> None:
    replace(path, make)
    with pytest.raises(CheckpointError, match=message) as caught:
        read_layers(path)
    assert "\n" not in str(caught.value)


def many_names_of_one_weight(file: Any) -> None:
    file["Dense/large"] = np.zeros(10_000, "f4")
    file["Dense"].attrs["weight_names"] = [b"large"] * 10


def layer_in_another_file(file: Any) -> None:
    del file["Norm"]
    file["Norm"] = h5py.ExternalLink("other.h5", "/Norm")


def layer_that_is_an_array(file: Any) -> None:
    del file["Norm"]
    file["Norm"] = np.zeros(3, "f4")


def names_that_are_numbers(file: Any) -> None:
    file.attrs["layer_names"] = np.arange(3)


def one_name(file: Any) -> None:
    file.attrs["layer_names"] = "Dense"


def too_many_names(file: Any) -> None:
    file.attrs["layer_names"] = np.zeros(10_001, "S1")


def names_too_long(file: Any) -> None:
    file.attrs["layer_names"] = np.zeros(3, "S2000")


def no_names(file: Any) -> None:
    del file.attrs["layer_names"]


def layer_without_names(file: Any) -> None:
    del file["Norm"].attrs["weight_names"]


def weight_inside_a_weight(file: Any) -> None:
    file["Norm"].attrs["weight_names"] = [b"Norm/gamma:0/deeper"]


def weight_that_no_layer_lists(file: Any) -> None:
    file["Norm/Norm/beta:0"] = np.zeros(3, "f4")


def weight_outside_all_layers(file: Any) -> None:
    file["top_level_model_weights/scale:0"] = np.zeros(3, "f4")


def names_that_are_no_text(file: Any) -> None:
    file.attrs["layer_names"] = [b"\xff\xfe"]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (many_names_of_one_weight, "claims 40,000 bytes, which this file of"),
        (layer_in_another_file, "refused: 'Norm' of / is a link to another place or file"),
        (layer_that_is_an_array, "'Norm' is no group; expected a layer"),
        (names_that_are_numbers, "layer_names of / is no list of names"),
        (one_name, "layer_names of / is no list of names"),
        (too_many_names, "layer_names of / is no list of names"),
        (names_too_long, "layer_names of / has names of 2000 bytes"),
        (no_names, "/ has no layer_names; expected a weight file of Keras"),
        (layer_without_names, "/Norm has no weight_names"),
        (weight_inside_a_weight, "the weight 'Norm/gamma:0/deeper' lies inside another one"),
        (weight_that_no_layer_lists, "the weight 'Norm/Norm/beta:0' is in no layer's list of weights"),
        (weight_outside_all_layers, "the weight 'top_level_model_weights/scale:0' is in no layer's list"),
        (names_that_are_no_text, "damaged, truncated or no HDF5 file: 'utf-8' codec"),
    ],
)
def test_file_that_is_no_plain_weight_file_is_refused(path: Path, edit: Callable[[Any], object], message: str) -> None:
    change(path, edit)
    with pytest.raises(CheckpointError, match=message) as caught:
        read_layers(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"no HDF5", b"\x89HDF\r\n\x1a\n" + bytes(100)])
def test_what_is_no_hdf5_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.h5").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"model\.h5: damaged, truncated or no HDF5 file"):
        read_layers(tmp_path / "model.h5")


def test_truncated_files_are_refused(path: Path) -> None:
    content = path.read_bytes()
    for size in range(0, len(content) - 1, 97):
        path.write_bytes(content[:size])
        with pytest.raises(CheckpointError, match=r"model\.h5: "):
            read_layers(path)


def test_hdf5_is_known_by_its_first_bytes(path: Path) -> None:
    assert looks_like_hdf5(path)
    (path.parent / "other.h5").write_bytes(b"PK\x03\x04")
    assert not looks_like_hdf5(path.parent / "other.h5")
    assert not looks_like_hdf5(path.parent)
    assert not looks_like_hdf5(path.parent / "absent.h5")


def test_missing_package_says_how_to_install_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(CheckpointError, match=r"needs the package h5py; pip install 'moxu\[hf\]'"):
        read_layers(path)


def test_file_the_disk_does_not_take_leaves_what_was_there(path: Path) -> None:
    resource = pytest.importorskip("resource")
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, limits[1]))
    try:
        with pytest.raises(CheckpointError, match=r"could not be written: .*; what was there is unchanged"):
            write_layers({"Dense": {"kernel:0": torch.ones(100_000)}}, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
