"""Misaka-Writer V3 (`.h5`): a Keras weight file as ``train_model.save_weights`` of the original leaves it.

Layers are found by name and their weights by order (see ``keras_h5``). Keras multiplies by matrices from the other
side, so each kernel is transposed. What is written has the original's layers in its order, also those without weights,
and the names inside layers that its TensorFlow 2.15 gives.
"""

import dataclasses
import re
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from torch import Tensor

from moxu.checkpoints.checkpoint import WRITE_DEFAULTS, Checkpoint, ReadOptions, WriteOptions
from moxu.checkpoints.facts import settle, shape_of
from moxu.checkpoints.foreign import check_for, from_foreign
from moxu.checkpoints.keras_h5 import looks_like_hdf5, read_layers, write_layers
from moxu.checkpoints.rules import SAME, TRANSPOSE, Rule, apply, invert
from moxu.checkpoints.vocabulary import find_tokenizer
from moxu.errors import CheckpointError
from moxu.models.gau import GauConfig
from moxu.settings import nearest
from moxu.text.tokenizer import Tokenizer

ARCHITECTURE = "gau"

_ENCODER, _DECODER, _FFN = "Misaka-{i}-MultiHeadSelfAttention", "Misaka-Dncoder-{i}", "Transformer-{i}-FeedForward"
_DENSE = [f"dense{number}/kernel:0" for number in ("", "_1", "_2", "_3")]


def _kernels(prefix: str, *layers: str) -> dict[str, str]:
    return dict(zip(_DENSE, (f"{prefix}.{layer}.weight" for layer in layers), strict=False))


# For each layer of the file its weights in order: the name inside the layer, and ours.
LAYERS: dict[str, dict[str, str]] = {
    "Embedding-Token": {"embeddings:0": "embed.weight"},
    _ENCODER: _kernels("encoder.{i}.attn", "vk", "uq", "out"),
    f"{_ENCODER}-Norm": {"gamma:0": "encoder.{i}.attn_norm.weight"},
    f"{_DECODER}-GatedAttentionUnit-1": _kernels("decoder.{i}.attn", "vk", "up", "uq", "out"),
    f"{_DECODER}-GatedAttentionUnit-1-RMSNorm": {"gamma:0": "decoder.{i}.attn_norm.weight"},
    f"{_DECODER}-GatedAttentionUnit-cross": _kernels("decoder.{i}.cross", "vk", "up", "uq", "out"),
    f"{_DECODER}-GatedAttentionUnit-cross-RMSNorm": {"gamma:0": "decoder.{i}.cross_norm.weight"},
    _FFN: _kernels("decoder.{i}.ffn", "gate", "up", "down"),
    f"{_FFN}-RMSNorm": {"gamma:0": "decoder.{i}.ffn_norm.weight"},
    "Decoder-Output-LM": {"kernel:0": "head.weight"},
}

RULES = [
    Rule(f"{layer}/{weight}", name, TRANSPOSE if weight.endswith("kernel:0") else SAME)
    for layer, weights in LAYERS.items()
    for weight, name in weights.items()
]


# What no tensor says, and what the original's configuration calls the rest.
_DEFAULTS = {"start_id": None, "scale_base": 512.0, "norm_eps": 1e-7}
_FOREIGN = {
    "hidden_size": "width",
    "intermediate_size": "hidden",
    "attention_key_size": "key_size",
    "num_hidden_layers": "encoder_layers",
    "hidden_dropout_prob": None,
    "attention_probs_dropout_prob": None,
}


def recognises(path: Path) -> bool:
    return looks_like_hdf5(path)


def read(path: Path, options: ReadOptions) -> Checkpoint:
    """Read an `.h5`; every size follows from it, and ``start_id`` from the vocabulary where one is found.

    ``--config`` may name the original's own configuration, which is compared with the file.
    """
    tensors = _by_order(read_layers(path), path)
    config = settle(_sizes(tensors, path), _DEFAULTS, options, path, _FOREIGN)
    config = {field.name: config[field.name] for field in dataclasses.fields(GauConfig)}
    tokenizer = find_tokenizer(path, options, config["vocab_size"])
    if config["start_id"] is None:
        config["start_id"] = _start_id(tokenizer, config["vocab_size"], path)
    return from_foreign(ARCHITECTURE, config, tensors, RULES, tokenizer, path)


def write(checkpoint: Checkpoint, path: Path, options: WriteOptions = WRITE_DEFAULTS) -> None:
    """Write a weight file for ``load_weights`` of the original, in float32."""
    if options.store not in (None, "float32"):
        raise CheckpointError(f"{path}: Misaka V3 files are written in float32, not {options.store}")
    config = check_for(checkpoint, ARCHITECTURE, "Misaka V3 files", path).config
    tensors = apply(invert(RULES), checkpoint.tensors, str(path))
    layers = layer_names(config.encoder_layers, config.decoder_layers)
    weights = [{name: tensors[f"{layer}/{name}"] for name in LAYERS.get(_pattern(layer), {})} for layer in layers]
    write_layers(dict(zip(layers, weights, strict=True)), path)


def layer_names(encoder_layers: int, decoder_layers: int) -> list[str]:
    """Return the layers of the original's training model as Keras orders them: by their distance from its output."""
    parts, normed = ("", "-Dropout", "-Add", "-Norm"), ("", "-Dropout", "-Add", "-RMSNorm")
    encoder = [[f"{_ENCODER}{part}".format(i=layer) for part in parts] for layer in range(encoder_layers)]
    units = (f"{_DECODER}-GatedAttentionUnit-1", f"{_DECODER}-GatedAttentionUnit-cross", _FFN)
    decoder = [
        [f"{unit}{part}".format(i=layer) for part in normed] for layer in range(decoder_layers) for unit in units
    ]
    return [
        *("Decoder-Input-Token", "Encoder-Input-Token", "Embedding-Token"),
        *("Decoder-Embedding-Dropout", "Embedding-Dropout", "Embedding-Rotary-Position"),
        *chain.from_iterable(encoder[:-1]),
        "Attention-LM-Mask",
        *chain.from_iterable(zip(encoder[-1], decoder[0], strict=True)),  # equally far from the output
        "Encoder-Output-Dropout",
        *chain.from_iterable(decoder[1:]),
        *("Output-Output-Dropout", "Decoder-Output-LM", "cross_entropy"),
    ]


def _sizes(tensors: Mapping[str, Tensor], path: Path) -> dict[str, Any]:
    """Return what the tensors say, and what they could not be without: one head, and ReLU."""
    vocab_size, width = shape_of(tensors, "Embedding-Token/embeddings:0", 2, path)
    key_size, hidden = shape_of(tensors, f"{_DECODER}-GatedAttentionUnit-1/dense_1/kernel:0".format(i=0), 2, path)
    return {
        "vocab_size": vocab_size,
        "width": width,
        "hidden": hidden,
        "key_size": key_size,
        "encoder_layers": _count(tensors, _ENCODER),
        "decoder_layers": _count(tensors, _FFN),
        "num_attention_heads": 1,
        "hidden_act": "relu",
    }


def _by_order(layers: Mapping[str, list[Tensor]], path: Path) -> dict[str, Tensor]:
    """Name each weight by its layer and its place there; CheckpointError names the layer that is odd or missing."""
    tensors: dict[str, Tensor] = {}
    for layer, weights in layers.items():
        expected = LAYERS.get(_pattern(layer), {})
        if weights and not expected:
            first = re.search(r"\d+", layer)
            known = [pattern.format(i=first.group() if first else 0) for pattern in LAYERS]
            raise CheckpointError(f"{path}: the layer {layer!r} is none of Misaka V3's; {nearest(layer, known)}")
        if len(weights) != len(expected):
            raise CheckpointError(f"{path}: the layer {layer!r} holds {len(weights)} weights; expected {len(expected)}")
        tensors.update((f"{layer}/{name}", weight) for name, weight in zip(expected, weights, strict=True))
    for pattern in LAYERS:
        for number in range(_count(tensors, _ENCODER if pattern.startswith(_ENCODER) else _FFN)):
            if (layer := pattern.format(i=number)) not in layers:
                raise CheckpointError(f"{path}: the layer {layer!r} is missing; is this a weight file of Misaka V3?")
    for name in tensors:
        shape_of(tensors, name, 1 if name.endswith("gamma:0") else 2, path)
    return tensors


def _count(tensors: Mapping[str, Tensor], pattern: str) -> int:
    """Return how many layers of this pattern there are, but one at least, which then is missing."""
    weight = f"{pattern}/{_DENSE[0]}"
    return max(1, sum(_pattern(name) == weight for name in tensors))


def _pattern(name: str) -> str:
    """Return the name of a layer with ``{i}`` for its number."""
    return re.sub(r"-\d+-", "-{i}-", name, count=1)


def _start_id(tokenizer: Tokenizer | None, vocab_size: int, path: Path) -> int:
    """Return the id of [CLS]: that of the vocabulary, or the released one where that can be meant."""
    if tokenizer is not None and tokenizer.source_marks is not None:
        return tokenizer.source_marks[0]
    if vocab_size > 102:
        return 101
    raise CheckpointError(
        f"{path}: which id begins a target is not known; name the vocabulary with --vocab, or say --set start_id=…"
    )
