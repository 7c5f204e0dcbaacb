#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes docs/families.md: which exports of which transformer families run, from a run over a folder of cases.

usage: tools/families.py CORPUS [--dalbit PATH] [--output docs/families.md]

A case is a folder FAMILY_DETAILS_opSET with model.onnx and test_data_set_K/ in ONNX's own layout. Each model is run
on the float engine and on the functional one (target edge) with the first data set; a cell holds the lowest
signal-to-noise ratio over the outputs of floating point, or what refused the model. Debian's python3-onnx and
python3-numpy are needed.
"""

import argparse
import os
import pathlib
import re
import subprocess
import tempfile

import numpy
import onnx
from onnx import numpy_helper

# How a name says who made the file; the first that fits.
EXPORTERS = (
    ("ortfused", "onnxruntime's transformer optimiser"),
    ("genai", "onnxruntime-genai"),
    ("quantized", "onnxruntime, dynamic quantisation"),
    ("qdq", "onnxruntime, static quantisation (QDQ)"),
    ("merged_if", "Optimum, merged decoder"),
    ("fp16", "float16 conversion"),
    ("external", "PyTorch, external data"),
)
PYTORCH = "PyTorch"


def tensors(folder, kind):
    for path in sorted(folder.glob(f"{kind}_*.pb")):
        proto = onnx.TensorProto()
        proto.ParseFromString(path.read_bytes())
        yield proto.name, path, numpy_helper.to_array(proto)


def visible(inputs, name, shape):
    """Rows of padding have no defined output."""
    mask = inputs.get("attention_mask")
    if mask is None or mask.ndim != 2 or mask.all():
        return numpy.ones((), bool)
    batch, keys = mask.shape
    mask = mask.astype(bool)
    if name.startswith("present") and len(shape) == 4 and shape[0] == batch and shape[2] <= keys:
        return mask[:, None, keys - shape[2] :, None]
    if len(shape) == 3 and shape[0] == batch and shape[1] <= keys:
        return mask[:, keys - shape[1] :, None]
    return numpy.ones((), bool)


def decibels(expected, got, keep):
    if got.shape != expected.shape or got.dtype != expected.dtype:
        raise ValueError("another shape or type")
    keep = numpy.broadcast_to(keep, expected.shape) & (numpy.abs(expected) < 1e30)
    x, y = expected[keep].astype(float), got[keep].astype(float)
    noise = numpy.sum((x - y) ** 2)
    return 200.0 if noise == 0 else 10 * numpy.log10(max(numpy.sum(x**2), 1e-30) / noise)


def run(case, engine, dalbit):
    """The lowest SNR in dB, or the message that refused the model."""
    data = case / "test_data_set_0"
    with tempfile.TemporaryDirectory() as out:
        command = [dalbit, "run", case / "model.onnx", "--engine", engine, "--target", "edge", "--output", out]
        inputs = {}
        for name, path, value in tensors(data, "input"):
            command += ["--input", f"{name}={path}"]
            inputs[name] = value
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode:
            lines = [line for line in result.stderr.splitlines() if line.startswith("error:")]
            return None, re.sub(r"^error: (\S+model\.onnx: )?", "", lines[-1] if lines else "crash")
        worst = 200.0
        for name, _, expected in tensors(data, "output"):
            if expected.dtype.kind == "f":
                got = numpy.load(os.path.join(out, name.replace("/", "_") + ".npy"))
                worst = min(worst, decibels(expected, got, visible(inputs, name, expected.shape)))
        return worst, ""


def describe(name):
    opset = re.search(r"_op(\d+)", name)
    exporter = next((text for mark, text in EXPORTERS if mark in name), PYTORCH)
    family = re.match(r"(?:genai_)?([a-z0-9]+?)(?:v\d+)?(?:_|$)", name)[1]
    return family, exporter, opset[1] if opset else "-"


def main():
    root = pathlib.Path(__file__).resolve().parents[1]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("--dalbit", default=root / "build/release/bin/dalbit")
    parser.add_argument("--output", type=pathlib.Path, default=root / "docs/families.md")
    args = parser.parse_args()
    rows, floats, npus = [], 0, 0
    for case in sorted(args.corpus.iterdir()):
        if not (case / "model.onnx").exists():
            continue
        family, exporter, opset = describe(case.name)
        exact, reason = run(case, "float", args.dalbit)
        noise, refusal = run(case, "functional", args.dalbit)
        floats += exact is not None
        npus += noise is not None
        cells = [family, f"`{case.name}`", exporter, opset, "✓" if exact is not None else "✗ " + reason]
        cells.append(f"✓ {noise:.1f} dB" if noise is not None else "✗ " + refusal.replace("|", "\\|")[:110])
        rows.append("| " + " | ".join(cells) + " |")
        print(rows[-1], flush=True)
    args.output.write_text(
        "# Families, exporters, opsets\n\n"
        f"Generated by `tools/families.py CORPUS`; do not edit. Of {len(rows)} exports the float engine runs {floats}, the NPU\n"
        f"(functional engine, `edge`, int8) {npus}. The figure is the lowest signal-to-noise ratio of an output against the\n"
        "exporter's float results; a refusal is the message that the compiler gives. The files are small models of each\n"
        "family's architecture with random weights and no part of this repository.\n\n"
        "| family | export | exporter | opset | float | NPU |\n| --- | --- | --- | --- | --- | --- |\n" + "\n".join(rows) + "\n"
    )


if __name__ == "__main__":
    main()
