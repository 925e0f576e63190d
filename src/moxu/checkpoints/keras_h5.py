"""Keras weight files (`.h5`): layers by name, the weights of each in order, read with every size checked first.

The root names its layers in the attribute ``layer_names``, in the order of the model; each layer is a group that names
its weights in ``weight_names``, and these are datasets under nested names. Names inside a layer differ between versions
of TensorFlow, so that only their order counts, as it does for Keras. A long attribute is cut into ``layer_names0``,
``layer_names1`` …; its texts are bytes or str, depending on what wrote them.

An HDF5 file can point to other files, and claim sizes far beyond its own. Neither is followed: a weight is float32, as
it is, in this file.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from moxu.checkpoints.atomic import replacing
from moxu.errors import CheckpointError

_MAGIC = b"\x89HDF\r\n\x1a\n"
_MAX_NAMES, _MAX_NAME = 10_000, 1024  # in one attribute, and bytes of one of them
_ATTRIBUTE_BYTES = 64_512  # what Keras puts into one attribute; HDF5 takes less than 64 KiB
_KERAS_VERSION = b"2.15.0"  # of the layout; Keras before 2 ordered some weights otherwise
_DAMAGE = (OSError, KeyError, RuntimeError, ValueError, TypeError, AttributeError, MemoryError)  # of h5py


def looks_like_hdf5(path: Path) -> bool:
    """Say whether a file begins as HDF5 does."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def read_layers(path: Path) -> dict[str, list[Tensor]]:
    """Return the weights of every layer, layers and weights in the order of the file, float32.

    Raises CheckpointError for a file that is missing, damaged or no Keras weight file, and for a weight that is not
    plainly there: of another type, compressed, larger than the file, or in another file.
    """
    h5py = _h5py()
    try:
        with h5py.File(path, "r") as file:
            return _Reader(h5py, file, path).layers()
    except _DAMAGE as error:
        detail = " ".join(str(error).split())[:120]
        raise CheckpointError(f"{path}: damaged, truncated or no HDF5 file: {detail}") from None


def write_layers(layers: Mapping[str, Mapping[str, Tensor]], path: Path) -> None:
    """Write layers, each a mapping of weights by the names inside it (``dense/kernel:0``), in their order, float32."""
    h5py = _h5py()
    with replacing(path) as temporary:
        try:
            with h5py.File(temporary, "w") as file:
                file.attrs["backend"], file.attrs["keras_version"] = np.bytes_(b"tensorflow"), np.bytes_(_KERAS_VERSION)
                _put_texts(file, "layer_names", list(layers))
                for layer, weights in layers.items():
                    group = file.create_group(layer)
                    _put_texts(group, "weight_names", [f"{layer}/{name}" for name in weights])
                    for name, tensor in weights.items():
                        group.create_dataset(f"{layer}/{name}", data=tensor.detach().cpu().float().numpy())
                _put_texts(file.create_group("top_level_model_weights"), "weight_names", [])
        except RuntimeError as error:  # one of h5py's names for a full disk
            reason = str(error).partition("\n")[0]
            raise CheckpointError(f"{path}: could not be written: {reason}; what was there is unchanged") from None


class _Reader:
    """Reads one open file, and no more bytes of weights than the file has."""

    def __init__(self, h5py: Any, file: Any, path: Path) -> None:
        self._h5py, self._file, self._path = h5py, file, path
        self._listed: set[str] = set()
        self._bytes = self._left = path.stat().st_size

    def layers(self) -> dict[str, list[Tensor]]:
        layers: dict[str, list[Tensor]] = {}
        for layer in self._texts(self._file, "layer_names"):
            group = self._child(self._file, layer)
            if not isinstance(group, self._h5py.Group):
                raise CheckpointError(f"{self._path}: {layer!r} is no group; expected a layer with its weights")
            names = self._texts(group, "weight_names")
            layers[layer] = [self._weight(group, name) for name in names]
            self._listed.update(f"{layer}/{name}" for name in names)
        if stray := self._file.visititems(self._unlisted):
            raise CheckpointError(f"{self._path}: the weight {stray!r} is in no layer's list of weights; damaged")
        return layers

    def _unlisted(self, name: str, node: Any) -> str | None:
        return name if isinstance(node, self._h5py.Dataset) and name not in self._listed else None

    def _texts(self, group: Any, name: str) -> list[str]:
        """Return the texts of an attribute, or of the pieces it was cut into."""
        pieces = [name]
        if name not in group.attrs:
            pieces = list(takewhile(lambda piece: piece in group.attrs, (f"{name}{number}" for number in count())))
        if not pieces:
            raise CheckpointError(f"{self._path}: {group.name} has no {name}; expected a weight file of Keras")
        return [text for piece in pieces for text in self._piece(group, piece)]

    def _piece(self, group: Any, name: str) -> list[str]:
        attribute = group.attrs.get_id(name)
        if attribute.shape == (0,):
            return []
        is_text = self._h5py.check_string_dtype(attribute.dtype) is not None
        if len(attribute.shape) != 1 or not is_text or attribute.shape[0] > _MAX_NAMES:
            raise CheckpointError(f"{self._path}: {name} of {group.name} is no list of names; damaged")
        if attribute.dtype.itemsize > _MAX_NAME:
            raise CheckpointError(f"{self._path}: {name} of {group.name} has names of {attribute.dtype.itemsize} bytes")
        return [text.decode() if isinstance(text, bytes) else str(text) for text in group.attrs[name]]

    def _weight(self, layer: Any, name: str) -> Tensor:
        node = layer
        for part in name.split("/"):
            if not isinstance(node, self._h5py.Group):
                raise CheckpointError(f"{self._path}: the weight {name!r} lies inside another one; damaged")
            node = self._child(node, part)
        if not isinstance(node, self._h5py.Dataset):
            raise CheckpointError(f"{self._path}: the weight {name!r} is no array; damaged")
        self._check(node, name)
        array: np.ndarray = node[()]
        return torch.from_numpy(array.astype(np.float32, copy=False))

    def _child(self, group: Any, name: str) -> Any:
        """Return what a group holds itself under this name, without following a link to elsewhere."""
        links, key = group.id.links, name.encode()
        if not links.exists(key):
            raise CheckpointError(f"{self._path}: {name!r} of {group.name} is missing; is this the whole file?")
        if links.get_info(key).type != self._h5py.h5l.TYPE_HARD:
            raise CheckpointError(f"{self._path}: refused: {name!r} of {group.name} is a link to another place or file")
        return group[name]

    def _check(self, dataset: Any, name: str) -> None:
        """Refuse a weight that is not plainly in the file; CheckpointError says why."""
        what = f"{self._path}: the weight {name!r}"
        if dataset.shape is None or dataset.dtype.kind != "f" or dataset.dtype.itemsize != 4:
            kind = "holds no values" if dataset.shape is None else f"is of type {dataset.dtype}"
            raise CheckpointError(f"{what} {kind}; expected float32")
        properties = dataset.id.get_create_plist()
        if dataset.is_virtual or properties.get_external_count():
            raise CheckpointError(f"{what} is refused: its values are in another file")
        if properties.get_nfilters():
            raise CheckpointError(f"{what} is compressed, which Keras never does; save it again as it was")
        if dataset.nbytes > self._left or dataset.id.get_storage_size() < dataset.nbytes:
            raise CheckpointError(f"{what} claims {dataset.nbytes:,} bytes, which this file of {self._bytes:,} lacks")
        self._left -= dataset.nbytes


def _put_texts(group: Any, name: str, texts: Sequence[str]) -> None:
    """Write an attribute as bytes, which every Keras reads, in pieces where it would be too long for one."""
    encoded = np.array([text.encode() for text in texts], "S") if texts else np.zeros(0, "S1")
    pieces = -(-encoded.nbytes // _ATTRIBUTE_BYTES)
    if pieces <= 1:
        group.attrs[name] = encoded
        return
    for number, piece in enumerate(np.array_split(encoded, pieces)):
        group.attrs[f"{name}{number}"] = piece


def _h5py() -> Any:
    """Return the module h5py; CheckpointError says how to install it."""
    try:
        return import_module("h5py")
    except ImportError:
        raise CheckpointError("an .h5 file needs the package h5py; pip install 'moxu[hf]'") from None
