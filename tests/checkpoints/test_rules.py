"""Conversions as data: applied, inverted, and every tensor accounted for."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from moxu.checkpoints.rules import FLATTEN, TRANSPOSE, Rule, account, apply, invert, names
from moxu.errors import CheckpointError

RULES = [
    Rule("mask", None),
    Rule("h.{i}.fc.{kind}", "blocks.{i}.{kind}.up", TRANSPOSE),
    Rule("h.{i}.mix_{m}", change=FLATTEN),
    Rule(("h.{i}.attn.W_q", "h.{i}.attn.W_k", "h.{i}.attn.W_v"), "blocks.{i}.qkv", TRANSPOSE),
    Rule("h.{i}.gate_up", ("blocks.{i}.gate", "blocks.{i}.up")),
    *names("emb.weight"),
]


def test_rules_rename_reshape_drop_and_keep_the_order() -> None:
    tensors = {
        "h.10.fc.weight": torch.arange(6).reshape(2, 3),
        "mask": torch.ones(1),
        "h.10.mix_k": torch.arange(3).reshape(1, 1, 3),
        "emb.weight": torch.zeros(2, 2),
    }
    result = apply(RULES, tensors, "file")
    assert list(result) == ["blocks.10.weight.up", "h.10.mix_k", "emb.weight"]
    assert torch.equal(result["blocks.10.weight.up"], torch.arange(6).reshape(2, 3).t())
    assert result["h.10.mix_k"].shape == (3,)


@given(layer=st.integers(0, 200), rows=st.integers(1, 4), columns=st.integers(1, 4))
def test_inverted_rules_lead_back(layer: int, rows: int, columns: int) -> None:
    tensors = {
        f"h.{layer}.fc.weight": torch.rand(rows, columns),
        f"h.{layer}.mix_r": torch.rand(1, 1, columns),
        "emb.weight": torch.rand(rows),
        **{f"h.{layer}.attn.W_{part}": torch.rand(rows, columns) for part in "qkv"},
        f"h.{layer}.gate_up": torch.rand(2 * rows, columns),
    }
    back = apply(invert(RULES), apply(RULES, tensors, "there"), "back")
    assert list(back) == list(tensors)
    assert all(torch.equal(back[name], tensors[name]) for name in tensors)


def test_parts_are_joined_in_the_order_of_the_rule_where_the_first_of_them_stood() -> None:
    parts = {
        "h.0.attn.W_k": torch.full((1, 2), 2.0),
        "emb.weight": torch.ones(1),
        "h.0.attn.W_v": torch.full((1, 2), 3.0),
    }
    result = apply(RULES, {**parts, "h.0.attn.W_q": torch.full((1, 2), 1.0)}, "file")
    assert list(result) == ["blocks.0.qkv", "emb.weight"]
    assert torch.equal(result["blocks.0.qkv"], torch.tensor([[1.0, 2.0, 3.0]] * 2))


def test_tensor_of_several_parts_is_cut_along_its_rows() -> None:
    result = apply(RULES, {"h.0.gate_up": torch.arange(4)}, "file")
    assert {name: tensor.tolist() for name, tensor in result.items()} == {
        "blocks.0.gate": [0, 1],
        "blocks.0.up": [2, 3],
    }


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"h.0.attn.W_q": (2, 2), "h.0.attn.W_v": (2, 2)}, r"the tensor 'h\.0\.attn\.W_k' is missing"),
        (
            {"h.0.attn.W_q": (2, 2), "h.0.attn.W_k": (1, 2), "h.0.attn.W_v": (2, 2)},
            r"'h\.0\.attn\.W_q' and 'h\.0\.attn\.W_k' have the shapes .*equal parts",
        ),
        ({"h.0.gate_up": (3, 2)}, r"'h\.0\.gate_up' has the shape \(3, 2\); expected 2 equal parts of its rows"),
        ({"h.0.gate_up": ()}, "expected 2 equal parts"),
    ],
)
def test_parts_that_do_not_fit_together_are_named(tensors: dict[str, tuple[int, ...]], message: str) -> None:
    with pytest.raises(CheckpointError, match=f"file: .*{message}"):
        apply(RULES, {name: torch.ones(shape) for name, shape in tensors.items()}, "file")


def test_tensor_without_a_rule_is_named_with_the_nearest_name() -> None:
    with pytest.raises(CheckpointError, match=r"file: unexpected tensor 'h\.7\.mux_k'; did you mean 'h\.7\.mix_"):
        apply(RULES, {"h.7.mux_k": torch.ones(1)}, "file")


def test_number_in_a_name_is_a_number() -> None:
    with pytest.raises(CheckpointError, match="unexpected tensor"):
        apply(RULES, {"h.x.mix_k": torch.ones(1)}, "file")


def test_two_tensors_of_one_name_are_an_error() -> None:
    rules = [Rule("old", "new"), Rule("new")]
    with pytest.raises(CheckpointError, match="both become 'new'"):
        apply(rules, {"old": torch.ones(1), "new": torch.ones(1)}, "file")


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"a": (2,)}, "the tensor 'bias' and 1 more are missing"),
        ({"a": (2,), "bias": (1,), "c": (1,), "d": (3,)}, "unexpected tensor 'd'"),
        ({"a": (2,), "bais": (1,)}, "unexpected tensor 'bais'; did you mean 'bias'"),
        ({"a": (2, 1), "bias": (1,), "c": (1,)}, r"'a' has the shape \(2, 1\); expected \(2,\)"),
    ],
)
def test_tensors_that_differ_from_the_model_are_named(found: dict[str, tuple[int, ...]], message: str) -> None:
    expected = {name: torch.empty(size, device="meta") for name, size in (("a", 2), ("bias", 1), ("c", 1))}
    with pytest.raises(CheckpointError, match=f"file: .*{message}"):
        account({name: torch.ones(shape) for name, shape in found.items()}, expected, "file")


@pytest.mark.parametrize("rules", [RULES, RULES[::-1]])
def test_tensor_that_does_not_fit_is_called_as_in_the_file(rules: list[Rule]) -> None:
    expected = {"blocks.3.qkv": torch.empty(6, 2, device="meta")}
    with pytest.raises(CheckpointError, match=r"'h\.3\.attn\.W_q' and .*W_k' and .*W_v' \(here 'blocks\.3\.qkv'\)"):
        account({}, expected, "file", rules)
    with pytest.raises(CheckpointError, match=r"\(here 'blocks\.3\.qkv'\) has the shape \(5, 2\)"):
        account({"blocks.3.qkv": torch.ones(5, 2)}, expected, "file", rules)
    with pytest.raises(CheckpointError, match=r"the tensor 'emb\.weight' is missing"):
        account({}, {"emb.weight": torch.empty(1)}, "file", rules)


@pytest.mark.parametrize("dtype", [torch.int64, torch.int8, torch.bool, torch.complex64, torch.float8_e4m3fn])
def test_numbers_a_model_cannot_compute_with_are_refused(dtype: torch.dtype) -> None:
    with pytest.raises(CheckpointError, match=f"'a' holds {dtype}; expected floating numbers of 16, 32 or 64 bits"):
        account({"a": torch.zeros(2, dtype=dtype)}, {"a": torch.empty(2, device="meta")}, "file")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_floating_numbers_of_any_usual_width_are_taken(dtype: torch.dtype) -> None:
    account({"a": torch.zeros(2, dtype=dtype)}, {"a": torch.empty(2, device="meta")}, "file")


def test_whole_numbers_are_taken_where_the_model_counts() -> None:
    expected = {"places": torch.empty(2, dtype=torch.int64, device="meta")}
    account({"places": torch.zeros(2, dtype=torch.int64)}, expected, "file")
    with pytest.raises(CheckpointError, match=r"'places' holds torch\.float32; expected torch\.int64"):
        account({"places": torch.zeros(2)}, expected, "file")
