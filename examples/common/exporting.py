# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Exports a checkpoint to ONNX, as a decoder with a key-value cache, and checks the result."""

import argparse
import collections
import warnings
from pathlib import Path

import onnx
import torch
from torch import nn

from common.checkpoint import load

OPSET = 13
PARTS = ("key", "value")


class Decoder(nn.Module):
    """The model with its keys and values as a flat list, as an ONNX graph has to take them."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, *past):
        logits, presents = self.model(input_ids, list(zip(past[::2], past[1::2])))
        return (logits, *(tensor for present in presents for tensor in present))


def export(sizes, model, path):
    """Writes `model`, of the module `sizes`, to `path` and returns the graph."""
    past_names = [f"past_key_values.{i}.{part}" for i in range(sizes.LAYERS) for part in PARTS]
    present_names = [f"present.{i}.{part}" for i in range(sizes.LAYERS) for part in PARTS]
    axes = {name: {0: "batch", 1: "sequence"} for name in ("input_ids", "logits")}
    axes.update({name: {0: "batch", 2: "past_sequence"} for name in past_names})
    axes.update({name: {0: "batch", 2: "total_sequence"} for name in present_names})
    # The mask's lowest number is meant to become a constant in the trace.
    warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)
    # All sizes differ, so that the trace cannot take one of them for another.
    past = [torch.zeros(2, sizes.HEADS, 5, sizes.HEAD_WIDTH) for _ in past_names]
    torch.onnx.export(
        Decoder(model),
        (torch.zeros(2, 7, dtype=torch.long), *past),
        str(path),
        opset_version=OPSET,
        input_names=["input_ids", *past_names],
        output_names=["logits", *present_names],
        dynamic_axes=axes,
    )
    exported = onnx.load(str(path))
    onnx.helper.set_model_props(exported, {"dalbit.tokenizer": "bytes"})
    onnx.checker.check_model(exported, full_check=True)
    onnx.save(exported, str(path))
    return exported


@torch.no_grad()
def check_cache(sizes, model, sample):
    """The largest difference that computing the last byte from the cache makes to its logits."""
    text = torch.tensor([list(sample)])
    empty = [(torch.zeros(1, sizes.HEADS, 0, sizes.HEAD_WIDTH),) * 2] * sizes.LAYERS
    whole, _ = model(text, empty)
    _, past = model(text[:, :-1], empty)
    last, _ = model(text[:, -1:], past)
    return (whole[:, -1:] - last).abs().max().item()


def main(example):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--checkpoint", default=example.checkpoint, help="checkpoint that train.py wrote"
    )
    parser.add_argument("--output", type=Path, default=example.onnx, help="ONNX file to write")
    arguments = parser.parse_args()

    sizes, model = example.model, load(example, arguments.checkpoint)
    difference = check_cache(sizes, model, example.heldout.read_bytes()[:64])
    if difference > 1e-3:
        parser.exit(1, f"logits with and without the cache differ by {difference:.2e}\n")
    exported = export(sizes, model, arguments.output)

    counts = collections.Counter(node.op_type for node in exported.graph.node)
    print(f"{arguments.output}: {arguments.output.stat().st_size} bytes, opset {OPSET}")
    print(f"logits with and without the cache differ by at most {difference:.2e}")
    print(", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
