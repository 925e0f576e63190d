"""A linear layer that decodes at the speed of memory on the processor."""

import torch
import torch.nn.functional as F
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
        return linear(x, self.weight, self.bias)


def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return x W + b as ``Linear`` computes it: x (..., I), weight (O, I), bias (O,) -> (..., O)."""
    few, large = x.numel() <= FEW_ROWS * x.shape[-1], weight.numel() >= LARGE
    if not (few and large and weight.is_contiguous() and _onednn_takes(x, weight)):
        return F.linear(x, weight, bias)
    output: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return output


def _onednn_takes(x: Tensor, weight: Tensor) -> bool:
    """Whether the kernel, which knows neither gradients nor autocast, may be used here."""
    on_processor = ONEDNN and x.device.type == "cpu" and x.dtype == weight.dtype == torch.float32
    return on_processor and not torch.is_grad_enabled() and not torch.is_autocast_enabled("cpu")


class SharedInput:
    """Layers that read the same input: applied one by one, or once ``join`` has been called to few rows as one product.

    It is no module, so that parameters keep the names of their layers.
    """

    def __init__(self, *layers: Linear) -> None:
        self.layers = layers
        self._sizes = [layer.out_features for layer in layers]
        self._joint: Linear | None = None

    def __call__(self, x: Tensor) -> tuple[Tensor, ...]:
        few = x.numel() <= FEW_ROWS * x.shape[-1]
        if self._joint is None or not few or torch.is_grad_enabled():
            return tuple(layer(x) for layer in self.layers)
        return torch.split(self._joint(x), self._sizes, dim=-1)

    def join(self) -> None:
        """Put the weights side by side in one memory, of which the layers keep their parts.

        One large product reads memory faster than several small ones, above all with several threads. To be called
        when the model is where it will decode: what moves it afterwards takes the layers apart.
        """
        biased = self.layers[0].bias is not None
        joint = Linear(self.layers[0].in_features, sum(self._sizes), bias=biased, device="meta")
        for name in ("weight", "bias") if biased else ("weight",):
            together = torch.cat([getattr(layer, name).detach() for layer in self.layers])
            setattr(joint, name, nn.Parameter(together, requires_grad=False))
            for layer, part in zip(self.layers, torch.split(together, self._sizes), strict=True):
                setattr(layer, name, nn.Parameter(part, getattr(layer, name).requires_grad))
        self._joint = joint


def join_shared_inputs(model: nn.Module) -> None:
    """Join all layers of a model that read the same input and say so."""
    for module in model.modules():
        for part in vars(module).values():
            if isinstance(part, SharedInput):
                part.join()


def turn_wide_weights(model: nn.Module) -> None:
    """Store the weights of layers that widen (out > in) column by column: the same values in another order.

    Then one thread multiplies a single row by running along memory, two to four times as fast as in torch's own order;
    for layers that narrow it is the other way round. Several threads are better served by the kernel above.
    """
    for layer in model.modules():
        if isinstance(layer, nn.Linear) and layer.out_features > layer.in_features:
            layer.weight = nn.Parameter(layer.weight.detach().t().contiguous().t(), layer.weight.requires_grad)
