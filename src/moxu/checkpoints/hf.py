"""Folders of Hugging Face: config.json with a ``model_type``, the weights, and the files of a tokenizer.

GPT-2 is read as ``gpt``, BERT as ``unilm``, any other causal language model as ``hf``. What is written is loaded by
``from_pretrained`` of transformers, with nothing missing and nothing left over.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from torch import Tensor

from moxu.checkpoints import folder, hf_bert, hf_causal, hf_gpt2, safetensors_files
from moxu.checkpoints.assemble import check
from moxu.checkpoints.atomic import replacing_in
from moxu.checkpoints.checkpoint import WRITE_DEFAULTS, Checkpoint, ReadOptions, WriteOptions
from moxu.checkpoints.hf_weights import WEIGHTS, read_weights
from moxu.checkpoints.json_files import read_table, write_table
from moxu.checkpoints.storage import stored
from moxu.checkpoints.vocabulary import find_tokenizer
from moxu.errors import CheckpointError
from moxu.text.tokenizer import Tokenizer
from moxu.text.tokenizers import GPT2_FILES, KINDS, save_tokenizer

CONFIG = "config.json"

_FAMILIES: dict[str, ModuleType] = {hf_gpt2.MODEL_TYPE: hf_gpt2, hf_bert.MODEL_TYPE: hf_bert}
_BY_ARCHITECTURE: dict[str, ModuleType] = {family.ARCHITECTURE: family for family in (hf_gpt2, hf_bert, hf_causal)}

# What transformers calls the tokenizers of ours that it has, too.
_TOKENIZER_CLASSES = {"wordpiece": "BertTokenizer", "bpe": "PreTrainedTokenizerFast"}


def recognises(path: Path) -> bool:
    """Say whether ``path`` is a folder whose config.json names a type of model; moxu's own has none."""
    return (path / CONFIG).is_file() and "model_type" in read_table(path / CONFIG) and not folder.recognises(path)


def read(path: Path, options: ReadOptions) -> Checkpoint:
    """Read a folder; facts that apply: ``masked_score`` of GPT-2, ``target_type`` of BERT."""
    values = read_table(path / CONFIG)
    model_type = values.get("model_type")
    if not isinstance(model_type, str):
        raise CheckpointError(f"{path / CONFIG}: model_type is {model_type!r}; expected a name such as 'gpt2'")
    family = _FAMILIES.get(model_type, hf_causal)
    checkpoint: Checkpoint = family.read(values, read_weights(path), path, options)
    model = check(checkpoint, str(path), family.RULES)
    tensors = {name: checkpoint.tensors[name] for name in model.state_dict()}  # safetensors keeps its own order
    tokenizer = find_tokenizer(path, options, model.vocab_size)
    checkpoint = replace(checkpoint, tensors=tensors, tokenizer=tokenizer, card={"source": path.name})
    if family is hf_bert:
        checkpoint = hf_bert.with_end(checkpoint)
    check(checkpoint, str(path))
    return checkpoint


def write(checkpoint: Checkpoint, path: Path, options: WriteOptions = WRITE_DEFAULTS) -> None:
    """Write a folder, over an older one or anew; other files that lie there stay."""
    if checkpoint.architecture not in _BY_ARCHITECTURE:
        raise CheckpointError(f"{path}: Hugging Face folders cannot hold {checkpoint.architecture} models")
    if path.exists() and not path.is_dir():
        raise CheckpointError(f"{path}: is a file; a Hugging Face checkpoint is a folder, give another name")
    if (path / CONFIG).exists() and not recognises(path):
        raise CheckpointError(f"{path}: holds the {CONFIG} of another program; choose another folder")
    _check_no_other_vocabulary(path, checkpoint.tokenizer)
    if checkpoint.architecture == hf_bert.ARCHITECTURE:
        checkpoint = hf_bert.without_end(checkpoint)
    model = check(checkpoint, str(path))
    values, tensors = _BY_ARCHITECTURE[checkpoint.architecture].write(checkpoint, model.config, path)
    values.pop("torch_dtype", None)  # the older name of dtype
    tensors = stored(tensors, options.store)
    with replacing_in(path, last=CONFIG) as temporary:
        if checkpoint.tokenizer is not None:
            save_tokenizer(checkpoint.tokenizer, temporary)
            if name := _TOKENIZER_CLASSES.get(checkpoint.tokenizer.kind):
                write_table({"tokenizer_class": name}, temporary / "tokenizer_config.json")
        safetensors_files.save(tensors, temporary / WEIGHTS, path)
        write_table({**values, "dtype": _dtype(tensors)}, temporary / CONFIG)


def _check_no_other_vocabulary(path: Path, tokenizer: Tokenizer | None) -> None:
    """Raise CheckpointError where a vocabulary of another kind lies, which would be taken for that of the new model."""
    others = {*GPT2_FILES, *(kind.file for name, kind in KINDS.items() if tokenizer is None or name != tokenizer.kind)}
    for name in sorted(others):
        if (path / name).exists():
            raise CheckpointError(f"{path}: holds the vocabulary of another model, {name}; choose another folder")


def _dtype(tensors: Mapping[str, Tensor]) -> str:
    """Return the type of the numbers: all tensors of most models have one, else the first has to do."""
    return str(next(iter(tensors.values())).dtype).removeprefix("torch.")
