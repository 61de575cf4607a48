"""The product of uint8 and int8 matrices as an ONNX graph: `python -m recipes.int8_product`.

ONNX Runtime computes it with the processor's integer dot products, some sixteen times faster than NumPy computes the
same in float32 (14,000 × 384 by 384 × 16 on two cores). Writes data/models/int8_product.onnx. Needs the `dev` extra.
"""

import onnx
from onnx import TensorProto, helper

from core.late_interaction import GRAPH, ZERO_POINT


def main() -> None:
    a = helper.make_tensor_value_info("a", TensorProto.UINT8, ["rows", "dim"])
    b = helper.make_tensor_value_info("b", TensorProto.INT8, ["dim", "columns"])
    product = helper.make_tensor_value_info("product", TensorProto.INT32, ["rows", "columns"])
    zero = helper.make_tensor("zero_point", TensorProto.UINT8, [], [ZERO_POINT])
    node = helper.make_node("MatMulInteger", ["a", "b", "zero_point"], ["product"])
    graph = helper.make_graph([node], "int8_product", [a, b], [product], [zero])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, GRAPH)


if __name__ == "__main__":
    main()
