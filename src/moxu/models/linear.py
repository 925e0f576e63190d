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
        few, large = x.numel() <= FEW_ROWS * self.in_features, self.weight.numel() >= LARGE
        if not (few and large and self.weight.is_contiguous() and _onednn_takes(x, self.weight)):
            return super().forward(x)
        output: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, "none", [], "")
        return output


def _onednn_takes(x: Tensor, weight: Tensor) -> bool:
    """Whether the kernel, which knows neither gradients nor autocast, may be used here."""
    on_processor = ONEDNN and x.device.type == "cpu" and x.dtype == weight.dtype == torch.float32
    return on_processor and not torch.is_grad_enabled() and not torch.is_autocast_enabled("cpu")


def turn_wide_weights(model: nn.Module) -> None:
    """Store the weights of layers that widen (out > in) column by column: the same values in another order.

    Then one thread multiplies a single row by running along memory, two to four times as fast as in torch's own order;
    for layers that narrow it is the other way round. Several threads are better served by the kernel above.
    """
    for layer in model.modules():
        if isinstance(layer, nn.Linear) and layer.out_features > layer.in_features:
            layer.weight = nn.Parameter(layer.weight.detach().t().contiguous().t(), layer.weight.requires_grad)
