"""The encoder's computation as ONNX graphs without weights: `python -m recipes.encoder_graph`.

Writes data/models/encoder.onnx, and pair_encoder.onnx for two texts of which one sees the other (35 kB each). Their
initialisers are named as in model.safetensors, with `.T` where the graph wants a matrix transposed;
`core.weighted_graph` hands them in when it opens a session. Needs the `dev` extra.
"""

import onnx
import torch
from onnx import ModelProto, TensorProto
from torch import Tensor
from torch.export import Dim
from transformers import AutoModel, BertModel

from core import onnx_encoder, pair_encoder
from core.weights import packaged_model

UNSEEN = 1e9


class LastHiddenState(torch.nn.Module):
    """Token vectors only: pooling happens outside the graph."""

    def __init__(self, model: BertModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        hidden: Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return hidden


class LastHiddenStateOfPairs(LastHiddenState):
    """The same where the caller says which token sees which `(batch, length, length)`."""

    def forward(self, input_ids: Tensor, position_ids: Tensor, token_type_ids: Tensor, sees: Tensor) -> Tensor:  # type: ignore[override]
        hidden: Tensor = self.model(
            input_ids=input_ids,
            position_ids=position_ids,
            token_type_ids=token_type_ids,
            attention_mask=(sees[:, None].float() - 1) * UNSEEN,
        ).last_hidden_state
        return hidden


def exported(form: type[LastHiddenState], **given: Tensor) -> ModelProto:
    """The graph as PyTorch's exporter writes it, weights inside, from an example of what is given."""
    model = AutoModel.from_pretrained(packaged_model(), attn_implementation="eager").eval()
    batch, length = Dim("batch", min=1, max=1024), Dim("length", min=2, max=512)
    shapes = {name: dict(enumerate([batch, length, length][: each.ndim])) for name, each in given.items()}
    program = torch.onnx.export(
        form(model),
        kwargs=given,
        input_names=[*given],
        output_names=["tokens"],
        dynamic_shapes=shapes,
        dynamo=True,
        optimize=True,
    )
    assert program is not None
    proto: ModelProto = program.model_proto
    return proto


def name_by_weight(proto: ModelProto) -> None:
    """Rename initialisers to the names in model.safetensors; a transposed one is found by the bias added after it."""
    producers = {node.input[1]: node for node in proto.graph.node if node.op_type == "MatMul"}
    adders = {name: node for node in proto.graph.node if node.op_type == "Add" for name in node.input}
    renamed: dict[str, str] = {}
    for weight in proto.graph.initializer:
        name = weight.name.removeprefix("model.")
        if name == weight.name and weight.name in producers:
            bias = adders[producers[weight.name].output[0]].input
            name = next(n for n in bias if n.endswith(".bias")).removeprefix("model.").replace(".bias", ".weight.T")
        renamed[weight.name] = name
    for node in proto.graph.node:
        for position, name in enumerate(node.input):
            node.input[position] = renamed.get(name, name)
    for weight in proto.graph.initializer:
        weight.name = renamed[weight.name]


def strip(proto: ModelProto) -> None:
    """Leave out the weights' bytes and the exporter's notes."""
    for weight in proto.graph.initializer:
        if weight.data_type == TensorProto.FLOAT and len(weight.raw_data) > 1024:
            weight.ClearField("raw_data")
            weight.data_location = TensorProto.EXTERNAL
            weight.external_data.add(key="location", value="model.safetensors")
    for part in (
        *proto.graph.node,
        *proto.graph.input,
        *proto.graph.output,
        *proto.graph.value_info,
        proto.graph,
        proto,
    ):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    proto.graph.ClearField("value_info")


def main() -> None:
    ids = torch.randint(5, 1000, (2, 9))
    plain = exported(LastHiddenState, input_ids=ids, attention_mask=torch.ones_like(ids))
    # No two examples are the same tensor: the exporter would take the inputs for one.
    pairs = {"position_ids": torch.arange(9).repeat(2, 1), "token_type_ids": torch.ones_like(ids)}
    square = torch.ones(2, 9, 9, dtype=torch.int64)
    of_pairs = exported(LastHiddenStateOfPairs, input_ids=ids, **pairs, sees=square)
    for proto, path in ((plain, onnx_encoder.GRAPH), (of_pairs, pair_encoder.GRAPH)):
        name_by_weight(proto)
        strip(proto)
        onnx.save(proto, path)


if __name__ == "__main__":
    main()
