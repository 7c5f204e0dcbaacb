#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Import and raising of a GPT-J-shaped model of 6 billion parameters, with 24 GB of external data in a
sparse file: time and anonymous memory until quantisation would start. Wants python3-onnx.

  tests/benchmarks/import_6b.py build/release/bin/dalbit [--fp16]
"""

import argparse
import pathlib
import re
import subprocess
import tempfile
import time

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LAYERS, WIDTH, HEADS, HIDDEN, WORDS, TOKENS = 28, 4096, 16, 16384, 64512, 16


class Writer:
    """Nodes with weights that lie one behind the other in weights.bin."""

    def __init__(self, half):
        self.type = TensorProto.FLOAT16 if half else TensorProto.FLOAT
        self.numpy = np.float16 if half else np.float32
        self.nodes, self.initializers, self.bytes = [], [], 0

    def weight(self, name, *shape):
        tensor = TensorProto(name=name, dims=shape, data_type=self.type,
                             data_location=TensorProto.EXTERNAL)
        length = int(np.prod(shape)) * self.numpy().itemsize
        for key, value in (("location", "weights.bin"), ("offset", self.bytes), ("length", length)):
            tensor.external_data.add(key=key, value=str(value))
        self.bytes += length
        self.initializers.append(tensor)
        return name

    def constant(self, name, value, dtype=None):
        self.initializers.append(numpy_helper.from_array(np.asarray(value, dtype or self.numpy), name))
        return name

    def node(self, operator, inputs, output, **attributes):
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def product(self, x, name, *shape):
        return self.node("MatMul", [x, self.weight(name + ".weight", *shape)], name)

    def norm(self, x, name):
        return self.node("LayerNormalization", [x, self.constant(name + ".g", np.ones(WIDTH)),
                                                self.constant(name + ".b", np.zeros(WIDTH))], name, axis=-1)

    def attention(self, x, p):
        turned = {}
        for part, order in (("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3])):
            heads = self.node("Reshape", [self.product(x, p + part, WIDTH, WIDTH), "heads"], p + part + ".heads")
            turned[part] = self.node("Transpose", [heads], p + part + ".turned", perm=order)
        scores = self.node("MatMul", [turned["q"], turned["k"]], p + "scores")
        scores = self.node("Add", [self.node("Mul", [scores, "scale"], p + "scaled"), "mask"], p + "masked")
        shares = self.node("Softmax", [scores], p + "shares", axis=-1)
        mixed = self.node("MatMul", [shares, turned["v"]], p + "mixed")
        rows = self.node("Reshape", [self.node("Transpose", [mixed], p + "back", perm=[0, 2, 1, 3]), "rows"], p + "rows")
        return self.product(rows, p + "out", WIDTH, WIDTH)

    def block(self, x, p):
        n = self.norm(x, p + "norm")
        hidden = self.product(n, p + "up", WIDTH, HIDDEN)
        hidden = self.node("Mul", [hidden, self.node("Sigmoid", [hidden], p + "gate")], p + "silu")
        both = self.node("Add", [self.attention(n, p), self.product(hidden, p + "down", HIDDEN, WIDTH)], p + "both")
        return self.node("Add", [both, x], p + "sum")


def write_model(folder, half):
    w = Writer(half)
    w.constant("heads", [1, TOKENS, HEADS, WIDTH // HEADS], np.int64)
    w.constant("rows", [1, TOKENS, WIDTH], np.int64)
    w.constant("scale", (WIDTH // HEADS) ** -0.5)
    w.constant("mask", np.triu(np.full((1, 1, TOKENS, TOKENS), -60000.0), 1))
    x = w.node("Gather", [w.weight("words", WORDS, WIDTH), "input_ids"], "embedded")
    for layer in range(LAYERS):
        x = w.block(x, f"h.{layer}.")
    w.product(w.norm(x, "norm"), "logits", WIDTH, WORDS)
    graph = helper.make_graph(
        w.nodes, "gptj-6b", [helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, TOKENS])],
        [helper.make_tensor_value_info("logits", w.type, [1, TOKENS, WORDS])], w.initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    with open(folder / "weights.bin", "wb") as data:
        data.truncate(w.bytes)
    return w.bytes


def anonymous_kib(pid):
    try:
        return int(re.search(r"RssAnon:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])
    except (OSError, TypeError):
        return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dalbit")
    parser.add_argument("--fp16", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        size = write_model(folder, args.fp16)
        begin, most = time.monotonic(), 0
        process = subprocess.Popen([args.dalbit, "compile", str(folder / "model.onnx"), "--emit", "nn"],
                                   stdout=subprocess.DEVNULL)
        while process.poll() is None:
            most = max(most, anonymous_kib(process.pid))
            time.sleep(0.01)
        seconds = time.monotonic() - begin
    print(f"{size / 1e9:.1f} GB of weights: {seconds:.1f} s, at most {most / 1024:.0f} MiB of anonymous memory")
    return process.returncode


if __name__ == "__main__":
    raise SystemExit(main())
