"""Any other causal model of transformers: as it is, in and out."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from moxu.checkpoints import hf
from moxu.checkpoints.assemble import assemble
from moxu.checkpoints.checkpoint import ReadOptions
from moxu.checkpoints.convert import convert
from moxu.checkpoints.formats import load
from moxu.errors import CheckpointError

OPTIONS = ReadOptions()
IDS = torch.tensor([[1, 4, 2, 9, 3]])


def save(path: Path, **changes: Any) -> Any:
    sizes: dict[str, Any] = {"vocab_size": 11, "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 2}
    heads: dict[str, Any] = {"num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 16}
    torch.manual_seed(3)
    model: Any = transformers.LlamaForCausalLM(transformers.LlamaConfig(**sizes, **heads, **changes))
    model.eval().save_pretrained(path)
    return model


@pytest.mark.parametrize("tied", [True, False])
def test_model_goes_through_a_moxu_folder_and_agrees_with_transformers(tmp_path: Path, tied: bool) -> None:
    model = save(tmp_path / "original", tie_word_embeddings=tied)
    convert(tmp_path / "original", tmp_path / "folder")
    convert(tmp_path / "folder", tmp_path / "back", to_kind="hf")
    there, back = (load_file(tmp_path / name / "model.safetensors") for name in ("original", "back"))
    assert there.keys() == back.keys()
    assert all(torch.equal(there[name], back[name]) for name in there)
    model_class: Any = transformers.LlamaForCausalLM
    again, info = model_class.from_pretrained(tmp_path / "back", output_loading_info=True)
    assert not any(info.values()), info
    with torch.no_grad():
        expected = model(IDS).logits
        torch.testing.assert_close(again(IDS).logits, expected, rtol=0, atol=1e-6)
        torch.testing.assert_close(load(tmp_path / "folder").model(IDS), expected, rtol=0, atol=1e-6)


def test_head_beside_a_tied_embedding_must_be_it(tmp_path: Path) -> None:
    model = save(tmp_path / "model", tie_word_embeddings=True)
    tensors = load_file(tmp_path / "model" / "model.safetensors")
    for head in (tensors["model.embed_tokens.weight"].clone(), torch.rand(11, 8)):
        save_file({**tensors, "lm_head.weight": head}, tmp_path / "changed")
        (tmp_path / "changed").replace(tmp_path / "model" / "model.safetensors")
        if torch.equal(head, tensors["model.embed_tokens.weight"]):
            with torch.no_grad():
                logits = assemble(hf.read(tmp_path / "model", OPTIONS), tmp_path).model(IDS)
                torch.testing.assert_close(logits, model(IDS).logits, rtol=0, atol=1e-6)
        else:
            with pytest.raises(CheckpointError, match=r"'lm_head\.weight' differs from 'model\.embed_tokens\.weight'"):
                hf.read(tmp_path / "model", OPTIONS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_hidden_layers": 10**9}, "num_hidden_layers is 1000000000, but there are 21 tensors"),
        ({"num_hidden_layers": 3}, r"the tensor 'model\.layers\.2\..*' and \d+ more are missing"),
        ({"hidden_size": 16}, "has the shape"),
        ({"hidden_size": "wide"}, "hidden_size"),
        ({"hidden_size": float("nan")}, "model: "),
        ({"model_type": "nonsense"}, "knows no model_type 'nonsense'"),
        ({"model_type": 3}, "model_type is 3; expected a name such as 'gpt2'"),
        ({"model_type": "vit"}, "model: "),
        ({"quantization_config": {"quant_method": "gptq"}}, "quantised; moxu needs its plain weights"),
    ],
)
def test_configuration_that_cannot_be_is_one_line(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    save(tmp_path / "model", tie_word_embeddings=False)
    values = json.loads((tmp_path / "model" / "config.json").read_text("utf-8"))
    (tmp_path / "model" / "config.json").write_text(json.dumps({**values, **changes}))
    with pytest.raises(CheckpointError, match=message) as raised:
        hf.read(tmp_path / "model", OPTIONS)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_numbers_keep_their_type_and_are_computed_with_in_32_bits(tmp_path: Path, dtype: torch.dtype) -> None:
    save(tmp_path / "original").to(dtype).save_pretrained(tmp_path / "original")
    convert(tmp_path / "original", tmp_path / "folder")
    convert(tmp_path / "folder", tmp_path / "back", to_kind="hf")
    there, back = (load_file(tmp_path / name / "model.safetensors") for name in ("original", "back"))
    assert {tensor.dtype for tensor in back.values()} == {dtype}
    assert all(torch.equal(there[name], back[name]) for name in there)
    assert {parameter.dtype for parameter in load(tmp_path / "folder").model.parameters()} == {torch.float32}


def test_older_name_of_the_type_is_not_left_with_the_older_type(tmp_path: Path) -> None:
    save(tmp_path / "original").half().save_pretrained(tmp_path / "original")
    values = json.loads((tmp_path / "original" / "config.json").read_text("utf-8"))
    values["torch_dtype"] = values.pop("dtype")
    (tmp_path / "original" / "config.json").write_text(json.dumps(values))
    convert(tmp_path / "original", tmp_path / "wide", to_kind="hf", store="float32")
    written = json.loads((tmp_path / "wide" / "config.json").read_text("utf-8"))
    assert written["dtype"] == "float32"
    assert "torch_dtype" not in written


def test_odd_tensor_is_named(tmp_path: Path) -> None:
    save(tmp_path / "model")
    tensors = load_file(tmp_path / "model" / "model.safetensors")
    save_file({**tensors, "model.norm.bias": torch.ones(8)}, tmp_path / "model" / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"unexpected tensor 'model\.norm\.bias'"):
        hf.read(tmp_path / "model", OPTIONS)


@pytest.mark.parametrize("dtype", [torch.int8, torch.bool, torch.complex64, torch.float8_e4m3fn])
def test_numbers_that_transformers_would_convert_in_silence_are_refused(tmp_path: Path, dtype: torch.dtype) -> None:
    save(tmp_path / "model")
    tensors = load_file(tmp_path / "model" / "model.safetensors")
    name = "model.layers.1.mlp.up_proj.weight"
    save_file({**tensors, name: tensors[name].to(dtype)}, tmp_path / "model" / "model.safetensors")
    with pytest.raises(CheckpointError, match=rf"model: the tensor '{name}' holds {dtype}; expected floating numbers"):
        hf.read(tmp_path / "model", OPTIONS)


def test_facts_do_not_apply(tmp_path: Path) -> None:
    save(tmp_path / "model")
    with pytest.raises(CheckpointError, match="unknown fact 'heads'"):
        hf.read(tmp_path / "model", ReadOptions(facts={"heads": 2}))
