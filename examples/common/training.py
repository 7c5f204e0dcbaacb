# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains the model of an example on its text and writes a checkpoint."""

import argparse
import math
import time

import torch
from torch.nn import functional as F

from common.checkpoint import save
from common.evaluation import bits_per_byte

WARM_UP = 0.03
FINAL_RATE = 0.02
REPORT_EVERY = 100
CHECKPOINT_EVERY = 500


def rate(progress):
    """The learning rate at `progress` in [0, 1], as a fraction of its peak."""
    if progress < WARM_UP:
        return progress / WARM_UP
    decayed = (progress - WARM_UP) / (1.0 - WARM_UP)
    return FINAL_RATE + (1.0 - FINAL_RATE) * 0.5 * (1.0 + math.cos(math.pi * min(decayed, 1.0)))


def make_optimizer(model, peak):
    # Weight decay belongs to the matrices; it would only pull biases and LayerNorm gains off.
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    vectors = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=peak, betas=(0.9, 0.95))


def train(example, arguments):
    context = example.model.CONTEXT
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    training, held_out = example.text.split()
    data = torch.frombuffer(bytearray(training), dtype=torch.uint8)
    model = example.model.Model()
    optimizer = make_optimizer(model, arguments.rate)
    parameters = sum(p.numel() for p in model.parameters())
    print(f"{parameters} parameters, {len(training)} bytes to train on, {len(held_out)} held out")

    start = time.monotonic()
    offsets = torch.arange(context + 1)
    step, progress = 0, 0.0
    while progress < 1.0:
        for group in optimizer.param_groups:
            group["lr"] = arguments.rate * rate(progress)
        crops = torch.randint(len(data) - context, (arguments.batch, 1))
        batch = data[crops + offsets].long()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=arguments.bf16):
            logits, _ = model(batch[:, :-1])
        loss = F.cross_entropy(logits.float().flatten(0, 1), batch[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

        step += 1
        seconds = time.monotonic() - start
        # On a machine too slow for all the steps the clock drives the schedule to its end instead,
        # so that the learning rate has decayed by the time the budget is spent.
        progress = max(step / arguments.steps, seconds / (60.0 * arguments.minutes))
        if step % REPORT_EVERY == 0:
            bits = loss.item() / math.log(2)
            print(f"step {step}  {seconds:.0f} s  {bits:.3f} bits per byte (batch)", flush=True)
        if step % CHECKPOINT_EVERY == 0 or progress >= 1.0:
            bits = bits_per_byte(model, context, held_out)
            save(model, arguments.checkpoint, step=step, seconds=seconds, held_out=bits)
            print(f"step {step}  {seconds:.0f} s  {bits:.4f} bits per byte held out", flush=True)


def main(example, steps):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--checkpoint", default=example.checkpoint, help="where to write the checkpoint"
    )
    parser.add_argument("--steps", type=int, default=steps, help="optimizer steps")
    parser.add_argument("--batch", type=int, default=16, help="crops of a whole context per step")
    parser.add_argument("--rate", type=float, default=2.5e-3, help="peak learning rate")
    parser.add_argument(
        "--minutes",
        type=float,
        default=55.0,
        help="wall-clock budget; a run that reaches it is cut short and is not reproducible",
    )
    parser.add_argument("--threads", type=int, default=2, help="threads that torch uses")
    parser.add_argument("--seed", type=int, default=1, help="seed of the weights and the crops")
    parser.add_argument(
        "--bf16",
        action="store_true",
        help="multiply matrices in bfloat16 (3 times as fast on a CPU with AMX)",
    )
    train(example, parser.parse_args())
