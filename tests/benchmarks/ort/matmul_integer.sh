#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# onnxruntime's MatMulInteger on the layer of FunctionalSpeed: 128 tokens, 768 x 3072, one thread.
# Wants npm, python3-onnx and the npm registry (onnxruntime-node); nothing else of the project does.
# usage: tests/benchmarks/ort/matmul_integer.sh
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
/usr/bin/python3 - "$work/layer.onnx" <<'P'
import sys
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

weights = np.random.default_rng(1).integers(-128, 128, (768, 3072), np.int8)
zero = np.uint8(128)
graph = helper.make_graph(
    [helper.make_node("MatMulInteger", ["a", "w", "zero"], ["y"])], "layer",
    [helper.make_tensor_value_info("a", TensorProto.UINT8, [128, 768])],
    [helper.make_tensor_value_info("y", TensorProto.INT32, [128, 3072])],
    [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(zero, "zero")])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
model.ir_version = 8
onnx.save(model, sys.argv[1])
P
cp "$here/matmul_integer.mjs" "$work"
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts onnxruntime-node >/dev/null
node matmul_integer.mjs layer.onnx
