"""A linear layer that decodes at the speed of memory on the processor."""

import torch
from torch import Tensor, nn

FEW_ROWS = 8  # up to which a product takes about as long as reading its weights does
LARGE = 1 << 18  # weights; below, the call costs more than a better kernel saves
ONEDNN: bool = torch._C._has_mkldnn and hasattr(torch.ops.mkldnn, "_linear_pointwise")


class Linear(nn.Linear):
    """``nn.Linear`` with another kernel for single steps: same parameters, same result to rounding.

    A step is nothing but reading weights. Torch gives float32 products on the processor to a BLAS whose matrix-vector
    product may keep to one thread and to half of the memory's speed; oneDNN, which torch carries too, does not.
    """

    def forward(self, x: Tensor) -> Tensor:
        if x.numel() > FEW_ROWS * self.in_features or self.weight.numel() < LARGE or not _onednn_takes(x, self.weight):
            return super().forward(x)
        output: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, "none", [], "")
        return output


def _onednn_takes(x: Tensor, weight: Tensor) -> bool:
    """Whether the kernel, which knows neither gradients nor autocast, may be used here."""
    on_processor = ONEDNN and x.device.type == "cpu" and x.dtype == weight.dtype == torch.float32
    return on_processor and not torch.is_grad_enabled() and not torch.is_autocast_enabled("cpu")
