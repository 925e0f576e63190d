"""The course's character GPT: its state dictionary in and out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from moxu.checkpoints import chargpt
from moxu.checkpoints.assemble import assemble
from moxu.checkpoints.checkpoint import Checkpoint, ReadOptions, WriteOptions
from moxu.checkpoints.convert import convert
from moxu.errors import CheckpointError
from moxu.text.turns import SPECIAL, TurnsTokenizer

MakeCheckpoint = Callable[..., Checkpoint]
TWO_HEADS = ReadOptions(facts={"heads": 2})


class Attention(nn.Module):
    """The course's attention of two heads: names and order of steps are its own."""

    def __init__(self, norms: bool) -> None:
        super().__init__()
        self.W_Q, self.W_K, self.W_V = (nn.Linear(8, 6, bias=False) for _ in range(3))
        self.fc = nn.Linear(6, 8, bias=False)
        self.layernorm = nn.LayerNorm(8, elementwise_affine=norms)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (w(x).view(*x.shape[:2], 2, 3).transpose(1, 2) for w in (self.W_Q, self.W_K, self.W_V))
        scores = q @ k.transpose(-1, -2) / 3**0.5
        hidden = torch.ones(x.shape[1], x.shape[1]).triu(1).bool()
        mixed = (scores.masked_fill(hidden, -1e9).softmax(-1) @ v).transpose(1, 2).reshape(*x.shape[:2], 6)
        return self.layernorm(self.fc(mixed) + x)  # type: ignore[no-any-return]


class FeedForward(nn.Module):
    def __init__(self, norms: bool) -> None:
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(8, 10, bias=False), nn.ReLU(), nn.Linear(10, 8, bias=False))
        self.layernorm = nn.LayerNorm(8, elementwise_affine=norms)

    def forward(self, x: Tensor) -> Tensor:
        return self.layernorm(self.fc(x) + x)  # type: ignore[no-any-return]


class Layer(nn.Module):
    def __init__(self, norms: bool) -> None:
        super().__init__()
        self.dec_self_attn, self.pos_ffn = Attention(norms), FeedForward(norms)


class Decoder(nn.Module):
    def __init__(self, norms: bool) -> None:
        super().__init__()
        self.tgt_emb, self.pos_emb = nn.Embedding(11, 8), nn.Embedding(7, 8)
        self.layers = nn.ModuleList(Layer(norms) for _ in range(2))


class CourseGpt(nn.Module):
    """A model as the course defines it, cut to two layers."""

    def __init__(self, norms: bool = True) -> None:
        super().__init__()
        self.decoder, self.projection = Decoder(norms), nn.Linear(8, 11)
        generator = torch.Generator().manual_seed(4)
        for parameter in self.parameters():
            nn.init.normal_(parameter, generator=generator)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.decoder.tgt_emb(ids) + self.decoder.pos_emb(torch.arange(ids.shape[1]))
        for layer in self.decoder.layers:
            assert isinstance(layer, Layer)
            x = layer.pos_ffn(layer.dec_self_attn(x))
        return self.projection(x)  # type: ignore[no-any-return]


@pytest.mark.parametrize("norms", [True, False])
def test_model_of_the_course_is_read_and_takes_back_what_is_written(tmp_path: Path, norms: bool) -> None:
    original, ids = CourseGpt(norms), torch.tensor([[1, 4, 2, 9, 3]])
    torch.save(original.state_dict(), tmp_path / "GPT2.pt")
    convert(tmp_path / "GPT2.pt", tmp_path / "folder", options=TWO_HEADS)
    convert(tmp_path / "folder", tmp_path / "back.pt")
    back = torch.load(tmp_path / "back.pt", weights_only=True)
    assert back.keys() == original.state_dict().keys()
    assert all(torch.equal(back[name], tensor) for name, tensor in original.state_dict().items())
    CourseGpt(norms).load_state_dict(back, strict=True)
    found = chargpt.read(tmp_path / "GPT2.pt", TWO_HEADS)
    with torch.no_grad():
        torch.testing.assert_close(assemble(found, tmp_path).model(ids), original(ids), rtol=0, atol=1e-4)


def test_sizes_are_read_off_the_tensors(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    sizes: dict[str, Any] = {"width": 16, "heads": 2, "head_size": 64, "hidden": 10, "positions": 9}
    kinds: dict[str, Any] = {"norm": "post", "activation": "relu", "bias": False, "tied": False, "head_bias": True}
    chargpt.write(random_checkpoint("gpt", **sizes, **kinds), tmp_path / "model.pt")
    config = chargpt.read(tmp_path / "model.pt", ReadOptions()).config
    assert config == {"vocab_size": 11, "layers": 2, **sizes, **kinds, "norm_eps": 1e-5}


def test_norms_that_were_trained_are_written_though_the_file_had_none(tmp_path: Path) -> None:
    torch.save(CourseGpt(norms=False).state_dict(), tmp_path / "model.pt")
    found = chargpt.read(tmp_path / "model.pt", TWO_HEADS)
    found.tensors["blocks.1.ln2.bias"] = torch.full((8,), 0.5)
    chargpt.write(found, tmp_path / "trained.pt")
    written = torch.load(tmp_path / "trained.pt", weights_only=True)
    assert torch.equal(written["decoder.layers.1.pos_ffn.layernorm.bias"], torch.full((8,), 0.5))
    assert len(written) == len(CourseGpt().state_dict())


def test_dictionary_of_the_course_is_found_beside_the_file(tmp_path: Path) -> None:
    torch.save(CourseGpt().state_dict(), tmp_path / "GPT2.pt")
    TurnsTokenizer([*SPECIAL, *"一二三四五六七八"]).save(tmp_path / "dict_datas.json")
    tokenizer = chargpt.read(tmp_path / "GPT2.pt", TWO_HEADS).tokenizer
    assert tokenizer is not None
    assert tokenizer.kind == "turns"


@pytest.mark.parametrize("heads", [None, 4, 0, -2, "two", 2.0])
def test_heads_that_cannot_be_are_named(tmp_path: Path, heads: Any) -> None:
    torch.save(CourseGpt().state_dict(), tmp_path / "model.pt")
    facts = {} if heads is None else {"heads": heads}
    with pytest.raises(CheckpointError, match=r"model\.pt: heads is .*; say with --set heads=N how many share the 6"):
        chargpt.read(tmp_path / "model.pt", ReadOptions(facts=facts))


@pytest.mark.parametrize(
    ("drop", "add", "message"),
    [
        (
            "decoder.layers.1.dec_self_attn.W_K.weight",
            {},
            r"'decoder\.layers\.1\.dec_self_attn\.W_K\.weight' is missing",
        ),
        ("projection.bias", {"projection.b": torch.ones(11)}, r"unexpected tensor 'head\.b'|unexpected tensor"),
        ("decoder.pos_emb.weight", {}, r"'decoder\.pos_emb\.weight' is missing"),
        (
            "decoder.layers.0.pos_ffn.layernorm.bias",
            {},
            r"'decoder\.layers\.0\.pos_ffn\.layernorm\.bias' \(here 'blocks\.0\.ln2\.bias'\) is missing",
        ),
    ],
)
def test_odd_tensor_is_named(tmp_path: Path, drop: str, add: dict[str, Tensor], message: str) -> None:
    tensors = {name: tensor for name, tensor in CourseGpt().state_dict().items() if name != drop}
    torch.save({**tensors, **add}, tmp_path / "model.pt")
    with pytest.raises(CheckpointError, match=f"model.pt: .*({message})"):
        chargpt.read(tmp_path / "model.pt", TWO_HEADS)


def test_other_transformers_are_refused(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    with pytest.raises(CheckpointError, match="character GPT cannot hold this model: its norm is 'pre'"):
        chargpt.write(random_checkpoint("gpt"), tmp_path / "model.pt")
    with pytest.raises(CheckpointError, match="character GPT cannot hold rwkv7 models"):
        chargpt.write(random_checkpoint("rwkv7"), tmp_path / "model.pt")


def test_bfloat16_is_written_when_asked_for(tmp_path: Path) -> None:
    torch.save(CourseGpt().state_dict(), tmp_path / "model.pt")
    chargpt.write(chargpt.read(tmp_path / "model.pt", TWO_HEADS), tmp_path / "small.pt", WriteOptions("bfloat16"))
    written = torch.load(tmp_path / "small.pt", weights_only=True)
    assert {tensor.dtype for tensor in written.values()} == {torch.bfloat16}
