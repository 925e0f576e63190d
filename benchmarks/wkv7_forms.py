"""The recurrence of RWKV-7, forward and backward: chunks of several sizes against one step at a time.

    python benchmarks/wkv7_forms.py [--threads 1] [--device cpu] [--width 256] [--length 512]

On CUDA the fused kernel of flash-linear-attention is measured too where it is installed.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

import torch
from torch import Tensor

from moxu.models.wkv7 import Wkv7Inputs, wkv7_chunked, wkv7_fused, wkv7_step

Form = Callable[[Wkv7Inputs, Tensor], tuple[Tensor, Tensor]]


def stepped(inputs: Wkv7Inputs, state: Tensor) -> tuple[Tensor, Tensor]:
    outputs = []
    for place in range(inputs.r.shape[1]):
        y, state = wkv7_step(Wkv7Inputs(*(x[:, place : place + 1] for x in inputs)), state)
        outputs.append(y)
    return torch.cat(outputs, dim=1), state


def seconds(form: Form, inputs: Wkv7Inputs, state: Tensor) -> float:
    began = time.perf_counter()
    y, _ = form(inputs, state)
    torch.autograd.grad(y.sum(), [*inputs, state])
    if y.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--length", type=int, default=512)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    shape = (arguments.batch, arguments.length, arguments.width // 64, 64)
    make = {"device": arguments.device}
    r, k, v = (torch.randn(shape, **make) for _ in range(3))
    kappa = torch.nn.functional.normalize(torch.randn(shape, **make), dim=-1)
    state = torch.zeros(shape[0], shape[2], 64, 64, **make).requires_grad_()
    made = (r, -0.6 * torch.rand(shape, **make), k, v, -kappa, kappa * torch.rand(shape, **make))
    inputs = Wkv7Inputs(*(x.detach().requires_grad_() for x in made))

    forms: dict[str, Form] = {"one step at a time": stepped}
    for chunk in (16, 32, 64):
        forms[f"chunks of {chunk}"] = partial(wkv7_chunked, chunk=chunk)
    if arguments.device == "cuda" and find_spec("fla"):
        forms["fused kernel"] = wkv7_fused
    places = shape[0] * shape[1]
    times: dict[str, list[float]] = {name: [] for name in forms}
    for _ in range(arguments.rounds + 1):
        for name, form in forms.items():
            times[name].append(seconds(form, inputs, state))
    slowest = statistics.median(times["one step at a time"][1:])
    print(f"{'form':<24}{'places/s':>12}{'against steps':>16}")
    for name, values in times.items():
        median = statistics.median(values[1:])
        print(f"{name:<24}{places / median:>12,.0f}{slowest / median:>15.1f}x")


if __name__ == "__main__":
    main()
