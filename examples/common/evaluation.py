# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Bits per byte of a checkpoint on the held-out text, and greedy text from it."""

import argparse
import math

import torch
from torch.nn import functional as F

from common.checkpoint import load


@torch.no_grad()
def bits_per_byte(model, context, data):
    """Scores `data` in separate windows: the context starts empty every `context` bytes."""
    length = (len(data) - 1) // context * context
    inputs = torch.tensor(list(data[:length])).view(-1, context)
    targets = torch.tensor(list(data[1 : length + 1])).view(-1, context)
    nats = 0.0
    for x, y in zip(inputs.split(16), targets.split(16)):
        logits, _ = model(x)
        nats += F.cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="sum").item()
    return nats / length / math.log(2)


@torch.no_grad()
def generate(model, prompt, count):
    """The `count` most likely bytes after `prompt`, one at a time with the key-value cache."""
    step, past, output = torch.tensor([list(prompt)]), None, []
    for _ in range(count):
        logits, past = model(step, past)
        step = logits[:, -1:].argmax(-1)
        output.append(step.item())
    return bytes(output)


def main(example):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--checkpoint", default=example.checkpoint, help="checkpoint that train.py wrote"
    )
    parser.add_argument("--prompt", help="print greedy text after this prompt as well")
    parser.add_argument(
        "--generate", type=int, default=48, metavar="N", help="bytes of text to print"
    )
    arguments = parser.parse_args()

    model = load(example, arguments.checkpoint)
    context, file = example.model.CONTEXT, example.heldout
    held_out = file.read_bytes()
    print(f"{bits_per_byte(model, context, held_out):.4f} bits per byte on {file.name}")
    if arguments.prompt is not None:
        prompt = arguments.prompt.encode()
        if len(prompt) + arguments.generate > context:
            parser.error(f"prompt and generated text must fit in {context} bytes")
        generated = generate(model, prompt, arguments.generate)
        print((prompt + generated).decode(errors="replace"))
