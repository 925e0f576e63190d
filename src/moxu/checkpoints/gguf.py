"""RWKV-7 as GGUF (`.gguf`), for llama.cpp: names, layouts and facts as its converter writes them, and the vocabulary.

The low-rank matrices lie the other way round, the six vectors of the token shift are one tensor, and ``r_k`` is flat.
In block 0, which takes no other block's values, llama.cpp expects the tensors of that mix and never uses them.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from moxu.checkpoints import gguf_file
from moxu.checkpoints.assemble import check
from moxu.checkpoints.atomic import replacing
from moxu.checkpoints.checkpoint import WRITE_DEFAULTS, Checkpoint, ReadOptions, WriteOptions
from moxu.checkpoints.facts import same_sizes, settle
from moxu.checkpoints.foreign import check_for
from moxu.checkpoints.rules import TRANSPOSE, Change, Rule, apply, invert
from moxu.checkpoints.rwkv7 import ARCHITECTURE, sizes_of
from moxu.checkpoints.storage import stored
from moxu.checkpoints.vocabulary import find_tokenizer
from moxu.errors import CheckpointError
from moxu.text.chars import FIRST_BYTE_ID, FIRST_CHARACTER_ID, CharTokenizer
from moxu.text.rwkv_world import VOCAB_SIZE, RwkvWorldTokenizer
from moxu.text.tokenizer import Tokenizer

_FLAT = Change(lambda tensor: tensor, lambda tensor: tensor.reshape(-1))  # r_k; (H, N) once the head size is known
_FUSED = Change(lambda tensor: tensor.reshape(-1), lambda tensor: tensor.reshape(6, 1, 1, -1))  # six (C,), or one
_TIME, _MIX = "blk.{i}.time_mix_", "blocks.{i}.att."

RULES = [
    *(Rule(f"blk.0.time_mix_v{number}.weight", None) for number in range(3)),
    Rule("token_embd.weight", "emb.weight"),
    Rule("token_embd_norm.{kind}", "blocks.0.ln0.{kind}"),
    Rule("output_norm.{kind}", "ln_out.{kind}"),
    Rule("output.weight", "head.weight"),
    Rule("blk.{i}.attn_norm.{kind}", "blocks.{i}.ln1.{kind}"),
    Rule("blk.{i}.attn_norm_2.{kind}", "blocks.{i}.ln2.{kind}"),
    Rule(f"{_TIME}lerp_fused.weight", tuple(f"{_MIX}x_{name}" for name in "rwkvag"), _FUSED),
    *(Rule(f"{_TIME}{name}0.weight", f"{_MIX}{name}0") for name in "wav"),
    *(Rule(f"{_TIME}{name}{n}.weight", f"{_MIX}{name}{n}", TRANSPOSE) for name in "wavg" for n in (1, 2)),
    *(Rule(f"{_TIME}{name}.weight", f"{_MIX}{name}") for name in ("k_k", "k_a")),
    Rule(f"{_TIME}r_k.weight", f"{_MIX}r_k", _FLAT),
    *(Rule(f"{_TIME}{name}.weight", f"{_MIX}{name}.weight") for name in ("receptance", "key", "value", "output")),
    Rule(f"{_TIME}ln.{{kind}}", f"{_MIX}ln_x.{{kind}}"),
    Rule("blk.{i}.channel_mix_lerp_k.weight", "blocks.{i}.ffn.x_k"),
    *(Rule(f"blk.{{i}}.channel_mix_{name}.weight", f"blocks.{{i}}.ffn.{name}.weight") for name in ("key", "value")),
]

# What the sizes are called in the file, after "rwkv7.", and here.
_SIZES = {
    "embedding_length": "width",
    "block_count": "layers",
    "feed_forward_length": "hidden",
    "wkv.head_size": "head_size",
    "attention.decay_lora_rank": "decay_rank",
    "attention.iclr_lora_rank": "a_rank",
    "attention.value_residual_mix_lora_rank": "v_rank",
    "attention.gate_lora_rank": "gate_rank",
    "vocab_size": "vocab_size",
}
_EPS, _NORM_EPS = "attention.layer_norm_epsilon", 1e-5  # that of ``models.rwkv7``

_LARGE = re.compile(r"(token_embd|output|.*_mix_(receptance|key|value|output))\.weight")  # may have 16 bits
_ENDLESS = 2**20  # what llama.cpp's converter says for the context of a recurrent model
_NORMAL, _CONTROL = 1, 3  # types of tokens


def recognises(path: Path) -> bool:
    return gguf_file.looks_like_gguf(path)


def read(path: Path, options: ReadOptions) -> Checkpoint:
    """Read an unquantised `.gguf` of an RWKV-7, with its vocabulary."""
    facts, found = gguf_file.read(path)
    if (architecture := facts.get("general.architecture")) != ARCHITECTURE:
        raise CheckpointError(f"{path}: holds a {architecture!r} model; moxu reads GGUF files of rwkv7")
    tensors = apply(RULES, found, str(path))
    head_size = facts.get(f"{ARCHITECTURE}.wkv.head_size")
    for name in [name for name in tensors if name.endswith(".att.r_k")]:
        if not isinstance(head_size, int) or head_size < 1 or tensors[name].numel() % head_size:
            raise CheckpointError(f"{path}: {ARCHITECTURE}.wkv.head_size is {head_size!r}; expected a divisor of r_k")
        tensors[name] = tensors[name].reshape(-1, head_size)  # (H, N)
    sizes = sizes_of(tensors, path)
    same_sizes(facts, sizes, {f"{ARCHITECTURE}.{theirs}": ours for theirs, ours in _SIZES.items()}, path)
    _check_eps(facts, path)
    config = settle(sizes, {"v_rank": 0}, options, path)
    tokenizer = None if options.vocab else _tokenizer(facts, config["vocab_size"], path)
    tokenizer = tokenizer or find_tokenizer(path, options, config["vocab_size"])
    checkpoint = Checkpoint(ARCHITECTURE, config, tensors, tokenizer, {"source": path.name})
    check(checkpoint, str(path), RULES)
    return checkpoint


def write(checkpoint: Checkpoint, path: Path, options: WriteOptions = WRITE_DEFAULTS) -> None:
    """Write a file for llama.cpp: large matrices in 16 bits if they are or that is asked for, all else in F32."""
    config: Any = check_for(checkpoint, ARCHITECTURE, "GGUF files that moxu writes", path).config.resolved()
    tensors = apply(invert(RULES), stored(checkpoint.tensors, options.store), str(path))
    tensors = {name: tensor if _keeps_type(name, tensor) else tensor.float() for name, tensor in tensors.items()}
    for number in range(3):
        tensors[f"blk.0.time_mix_v{number}.weight"] = tensors[f"blk.0.time_mix_a{number}.weight"]
    with replacing(path) as file:
        gguf_file.write(_facts(checkpoint, config), tensors, file)


def _keeps_type(name: str, tensor: Tensor) -> bool:
    return _LARGE.fullmatch(name) is not None and tensor.dtype in (torch.float16, torch.bfloat16)


def _facts(checkpoint: Checkpoint, config: Any) -> dict[str, Any]:
    sizes = {
        "context_length": _ENDLESS,
        "attention.head_count": 0,  # asked for, and not used
        _EPS: _NORM_EPS,
        **{theirs: getattr(config, ours) for theirs, ours in _SIZES.items()},
    }
    name = checkpoint.card.get("name")
    facts = {"general.architecture": ARCHITECTURE, **({"general.name": name} if isinstance(name, str) else {})}
    return {**facts, **{f"{ARCHITECTURE}.{key}": value for key, value in sizes.items()}, **_words(checkpoint.tokenizer)}


def _check_eps(facts: Mapping[str, Any], path: Path) -> None:
    eps = facts.get(f"{ARCHITECTURE}.{_EPS}", _NORM_EPS)
    if not isinstance(eps, float) or not math.isclose(eps, _NORM_EPS, rel_tol=1e-6):  # it has 32 bits in the file
        raise CheckpointError(f"{path}: {ARCHITECTURE}.{_EPS} is {eps!r}; expected {_NORM_EPS}, as in RWKV-7")


def _words(tokenizer: Tokenizer | None) -> dict[str, Any]:
    """Return a vocabulary whose longest match llama.cpp finds as moxu does; one of another kind cannot be told."""
    if tokenizer is None or tokenizer.kind not in ("chars", "rwkv_world"):
        return {"tokenizer.ggml.model": "none"}
    words: dict[str, int] = {}
    for token_id in range(tokenizer.vocab_size):
        data = tokenizer.token_bytes(token_id)
        word = repr(data)[2:-1] if data else "<s>" if token_id == tokenizer.end_id else f"[PAD{token_id}]"
        if word in words:  # a byte and the character that it is: two spellings of the same
            word = "".join(f"\\x{byte:02x}" for byte in data)
        words[word] = _NORMAL if data else _CONTROL
    ends = {f"tokenizer.ggml.{mark}_token_id": tokenizer.end_id for mark in ("bos", "eos")}
    lists = {"tokenizer.ggml.tokens": list(words), "tokenizer.ggml.token_type": list(words.values())}
    return {"tokenizer.ggml.model": "rwkv", **lists, **ends}


def _tokenizer(facts: Mapping[str, Any], vocab_size: int, path: Path) -> Tokenizer | None:
    """Return the vocabulary in a file, if it is one of RWKV's or of moxu's characters."""
    spelled, types = facts.get("tokenizer.ggml.tokens"), facts.get("tokenizer.ggml.token_type")
    if facts.get("tokenizer.ggml.model") != "rwkv" or not isinstance(spelled, list) or not isinstance(types, list):
        return None
    if len(spelled) != vocab_size or len(types) != vocab_size or not all(isinstance(word, bytes) for word in spelled):
        raise CheckpointError(f"{path}: the vocabulary does not have the {vocab_size} words of the model")
    words = [_unescaped(word) if kind == _NORMAL else b"" for word, kind in zip(spelled, types, strict=True)]
    if words[FIRST_BYTE_ID:FIRST_CHARACTER_ID] == [bytes((byte,)) for byte in range(256)] and not words[0]:
        characters = b"".join(words[FIRST_CHARACTER_ID:]).decode("utf-8", "replace")
        if len(characters) == vocab_size - FIRST_CHARACTER_ID and len(set(characters)) == len(characters):
            return CharTokenizer(characters)
    if vocab_size == VOCAB_SIZE:
        return RwkvWorldTokenizer({token_id: word for token_id, word in enumerate(words) if word}, str(path))
    return None


_ESCAPES = {b"t": b"\t", b"n": b"\n", b"r": b"\r"}


def _unescaped(word: bytes) -> bytes:
    """Undo Python's spelling of bytes."""
    return re.sub(rb"\\(?:x([0-9a-fA-F]{2})|(.))", _escaped_byte, word, flags=re.DOTALL)


def _escaped_byte(match: re.Match[bytes]) -> bytes:
    return bytes.fromhex(match[1].decode()) if match[1] else _ESCAPES.get(match[2], match[2])
