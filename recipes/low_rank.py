"""Low-rank changes of an encoder's linear layers (LoRA, arXiv:2106.09685), the form in which adapters are kept."""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

CLS, SEP = 101, 102


def add_changes(encoder: nn.Module, rank: int) -> None:
    """Give each linear layer trainable matrices `a (rank, in)` and `b (out, rank)`: it becomes `W + b @ a`."""
    for layer in [each for each in encoder.modules() if isinstance(each, nn.Linear)]:
        on = layer.weight.device
        layer.a = nn.Parameter(torch.randn(rank, layer.in_features, device=on) / layer.in_features**0.5)
        layer.b = nn.Parameter(torch.zeros(layer.out_features, rank, device=on))
        layer.register_forward_hook(lambda layer, x, output: output + linear(linear(x[0], layer.a), layer.b))


def trained(model: nn.Module) -> dict[str, Tensor]:
    """What training changes, by name, in half precision."""
    changed = {name: each for name, each in model.named_parameters() if each.requires_grad}
    return {name: each.detach().half().cpu().contiguous() for name, each in changed.items()}


def device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"
