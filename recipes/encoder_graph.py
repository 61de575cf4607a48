"""The encoder's computation as an ONNX graph without weights: `python -m recipes.encoder_graph`.

Writes data/models/encoder.onnx (35 kB). Its initialisers are named as in model.safetensors, with `.T` where the graph
wants a matrix transposed; `core.onnx_encoder` hands them in when it opens a session. Needs the `dev` extra.
"""

import onnx
import torch
from onnx import ModelProto, TensorProto
from torch.export import Dim
from transformers import AutoModel, BertModel

from core.onnx_encoder import GRAPH
from core.weights import packaged_model


class LastHiddenState(torch.nn.Module):
    """Token vectors only: pooling happens outside the graph."""

    def __init__(self, model: BertModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        hidden: torch.Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return hidden


def exported() -> ModelProto:
    """The graph as PyTorch's exporter writes it, weights inside."""
    model = AutoModel.from_pretrained(packaged_model(), attn_implementation="eager").eval()
    ids = torch.randint(5, 1000, (2, 9))
    shape = {0: Dim("batch", min=1, max=1024), 1: Dim("length", min=2, max=512)}
    program = torch.onnx.export(
        LastHiddenState(model),
        (ids, torch.ones_like(ids)),
        input_names=["input_ids", "attention_mask"],
        output_names=["tokens"],
        dynamic_shapes=(shape, shape),
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
    proto = exported()
    name_by_weight(proto)
    strip(proto)
    onnx.save(proto, GRAPH)


if __name__ == "__main__":
    main()
