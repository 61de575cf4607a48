"""Learned late interaction: a small network that reads the token vectors of a passage for a question.

Where MaxSim takes each token's best cosine, this asks what the passage says at the places a token looks at, and whether
that is what was asked (in the manner of learnable late interaction, arXiv:2406.17968). It sees token vectors only, so
a passage is not encoded again. Recipes train it; `export` writes the graph that `core.learned_interaction` runs.
"""

from collections.abc import Callable
from pathlib import Path

import onnx
import torch
from rich.progress import track
from torch import Tensor, nn
from torch.export import Dim
from torch.nn.functional import gelu, normalize
from torch.nn.utils.rnn import pad_sequence

from core.learned_interaction import ENCODER, MOST_ASKED, MOST_READ

DIM, HEADS, HEAD, VALUE, WIDTH = 384, 6, 32, 96, 128
UNSEEN = -1e4
RATE, WARM_UP, DECAY, LONGEST_STEP = 1e-3, 50, 0.05, 1.0


class Interaction(nn.Module):
    """Token vectors of texts `(batch, m, dim)` and of passages `(batch, n, dim)` to log-odds `(batch,)`."""

    def __init__(self, dropout: float = 0.3, input_dropout: float = 0.4) -> None:
        super().__init__()
        self.look = nn.Linear(DIM, HEADS * HEAD, bias=False)
        self.sharpness = nn.Parameter(torch.full((HEADS, 1, 1), 3.0))
        # Heads begin as soft MaxSim of different sharpness; the last two look where they like.
        self.by_cosine = nn.Parameter(torch.tensor([15.0, 8.0, 4.0, 15.0, 0.0, 0.0]).view(HEADS, 1, 1))
        self.value = nn.Linear(DIM, VALUE, bias=False)
        self.place = nn.Parameter(torch.randn(MOST_READ, VALUE) * 0.02)
        self.enter = nn.Linear(VALUE * (3 * HEADS + 1) + 2, WIDTH)
        self.position = nn.Parameter(torch.randn(MOST_ASKED, WIDTH) * 0.02)
        self.layer = _layer(dropout)
        self.importance = nn.Linear(WIDTH, 1)
        self.leave = nn.Linear(3 * WIDTH, 1)
        self.dropout, self.input_dropout = nn.Dropout(dropout), nn.Dropout(input_dropout)

    def forward(self, asked: Tensor, asked_mask: Tensor, passage: Tensor, passage_mask: Tensor) -> Tensor:
        """Masks are boolean `(batch, m)` and `(batch, n)`."""
        x = self.enter(self._met(asked, passage, passage_mask)) + self.position[: asked.shape[1]]
        x = self.layer(self.dropout(gelu(x)), src_key_padding_mask=~asked_mask)
        outside = ~asked_mask[..., None]
        weight = self.importance(x).masked_fill(outside, UNSEEN).softmax(1)
        mean = x.masked_fill(outside, 0).sum(1) / asked_mask.sum(1, keepdim=True)
        highest = x.masked_fill(outside, UNSEEN).amax(1)
        log_odds: Tensor = self.leave(torch.cat([(weight * x).sum(1), mean, highest], -1))[:, 0]
        return log_odds

    def _met(self, asked: Tensor, passage: Tensor, passage_mask: Tensor) -> Tensor:
        """What each token is met with: the values it looks at, their product with and distance from its own."""
        cosine = asked @ passage.transpose(1, 2)
        attention = (
            self._attention(asked, passage, cosine).masked_fill(~passage_mask[:, None, None], UNSEEN).softmax(-1)
        )
        values = self.value(self.input_dropout(passage)) + self.place[: passage.shape[1]]
        own = self.value(self.input_dropout(asked))[:, :, None]
        seen = (attention @ values[:, None]).transpose(1, 2)
        best = cosine.masked_fill(~passage_mask[:, None], -1).amax(-1, keepdim=True)
        usual = (attention * cosine[:, None]).sum(-1).mean(1)[..., None]
        return torch.cat(
            [own[:, :, 0], *(x.flatten(2) for x in (seen, seen * own, (seen - own).abs())), best, usual], -1
        )

    def _attention(self, asked: Tensor, passage: Tensor, cosine: Tensor) -> Tensor:
        queries, keys = (
            normalize(self.look(x).unflatten(-1, (HEADS, HEAD)), dim=-1).transpose(1, 2) for x in (asked, passage)
        )
        learned: Tensor = queries @ keys.transpose(2, 3) * self.sharpness.exp()
        return learned + cosine[:, None] * self.by_cosine


class Together(nn.Module):
    """The mean of the log-odds of networks that began differently: what one learned by chance, the others have not."""

    def __init__(self, networks: list[Interaction]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, asked: Tensor, asked_mask: Tensor, passage: Tensor, passage_mask: Tensor) -> Tensor:
        """As of each."""
        return torch.stack([each(asked, asked_mask, passage, passage_mask) for each in self.networks]).mean(0)


def _layer(dropout: float) -> nn.TransformerEncoderLayer:
    return nn.TransformerEncoderLayer(
        WIDTH, 4, 2 * WIDTH, dropout, activation="gelu", batch_first=True, norm_first=True
    )


def padded(vectors: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Texts of different lengths as one tensor `(batch, longest, dim)`, and the mask of what is text."""
    lengths = torch.tensor([len(each) for each in vectors])
    whole = pad_sequence(vectors, batch_first=True)
    return whole, torch.arange(whole.shape[1]) < lengths[:, None]


def fit(network: Interaction, steps: int, loss: Callable[[], Tensor]) -> None:
    """Lower the loss of one batch after another; the rate rises at first and then falls to nothing."""
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / WARM_UP, 1) * (1 - step / steps)
    )
    for _ in track(range(steps), "training"):
        optimiser.zero_grad()
        loss().backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), LONGEST_STEP)
        optimiser.step()
        schedule.step()


def export(network: nn.Module, encoder: str, path: Path) -> None:
    """Write the trained network as an ONNX graph with its weights and the fingerprint of its encoder."""
    batch = Dim("batch", min=1, max=4096)
    asked, read = Dim("asked", min=2, max=MOST_ASKED), Dim("read", min=2, max=MOST_READ)
    example = (torch.rand(3, 7, DIM), torch.ones(3, 7).bool(), torch.rand(3, 9, DIM), torch.ones(3, 9).bool())
    shapes = ({0: batch, 1: asked}, {0: batch, 1: asked}, {0: batch, 1: read}, {0: batch, 1: read})
    program = torch.onnx.export(
        network.eval(),
        example,
        input_names=["asked", "asked_mask", "passage", "passage_mask"],
        output_names=["log_odds"],
        dynamic_shapes=shapes,
        dynamo=True,
        optimize=True,
    )
    assert program is not None
    graph = program.model_proto
    graph.metadata_props.add(key=ENCODER, value=encoder)
    onnx.save(graph, path)
