# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A GPT-J decoder over bytes, written operation by operation as Hugging Face writes GPT-J.

KoGPT, the Korean language model, is a GPT-J. The point is the exported graph: rotary embedding of
pairs of neighbours in the first part of each head, one LayerNorm in front of attention and
feed-forward alike, matrices without bias in the attention, and an output layer of its own.
"""

import math

import torch
from torch import nn

from common.layers import causal_attention, gelu_new

VOCABULARY = 256
CONTEXT = 256
WIDTH = 192
LAYERS = 4
HEADS = 3
HEAD_WIDTH = WIDTH // HEADS
ROTARY_WIDTH = 32
HIDDEN = 4 * WIDTH


def rotary_tables():
    """Sine and cosine [CONTEXT, ROTARY_WIDTH] of each position, each value twice in a row."""
    frequencies = 1.0 / 10000 ** (torch.arange(0, ROTARY_WIDTH, 2) / ROTARY_WIDTH)
    angles = torch.outer(torch.arange(CONTEXT).float(), frequencies).repeat_interleave(2, dim=1)
    return torch.sin(angles), torch.cos(angles)


def rotate_every_two(x):
    return torch.stack((-x[..., 1::2], x[..., ::2]), dim=-1).flatten(-2)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        mask = torch.tril(torch.ones(CONTEXT, CONTEXT, dtype=torch.bool))
        self.register_buffer("mask", mask.view(1, 1, CONTEXT, CONTEXT), persistent=False)
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            setattr(self, name, nn.Linear(WIDTH, WIDTH, bias=False))

    @staticmethod
    def rotate(x, sine, cosine):
        """Rotates the first part of each head of `x` [batch, sequence, heads, width]."""
        turned, rest = x[..., :ROTARY_WIDTH], x[..., ROTARY_WIDTH:]
        turned = turned * cosine + rotate_every_two(turned) * sine
        return torch.cat((turned, rest), dim=-1)

    def forward(self, x, sine, cosine, past):
        split = x.size()[:-1] + (HEADS, HEAD_WIDTH)
        query = self.rotate(self.q_proj(x).view(split), sine, cosine).permute(0, 2, 1, 3)
        key = self.rotate(self.k_proj(x).view(split), sine, cosine).permute(0, 2, 1, 3)
        value = self.v_proj(x).view(split).permute(0, 2, 1, 3)
        mixed, present = causal_attention(query, key, value, past, self.mask)
        return self.out_proj(mixed), present


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1 = nn.LayerNorm(WIDTH)
        self.attn = Attention()
        self.fc_in = nn.Linear(WIDTH, HIDDEN)
        self.fc_out = nn.Linear(HIDDEN, WIDTH)

    def forward(self, x, sine, cosine, past):
        normal = self.ln_1(x)
        mixed, present = self.attn(normal, sine, cosine, past)
        return mixed + self.fc_out(gelu_new(self.fc_in(normal))) + x, present


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte = nn.Embedding(VOCABULARY, WIDTH)
        self.h = nn.ModuleList(Block() for _ in range(LAYERS))
        self.ln_f = nn.LayerNorm(WIDTH)
        self.lm_head = nn.Linear(WIDTH, VOCABULARY)
        for name, table in zip(("sine", "cosine"), rotary_tables()):
            self.register_buffer(name, table, persistent=False)
        for name, parameter in self.named_parameters():
            if parameter.dim() >= 2:
                last = name.endswith(("out_proj.weight", "fc_out.weight"))
                nn.init.normal_(parameter, std=0.02 / (math.sqrt(2 * LAYERS) if last else 1.0))
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, input_ids, past_key_values=None):
        """Returns the logits and, per layer, the keys and values including the past ones."""
        past_length = 0 if past_key_values is None else past_key_values[0][0].size(-2)
        total = past_length + input_ids.size(-1)
        positions = torch.arange(past_length, total, dtype=torch.long)
        # [1, sequence, 1, ROTARY_WIDTH]: the same for every head.
        sine = self.sine[positions][None, :, None, :]
        cosine = self.cosine[positions][None, :, None, :]
        x = self.wte(input_ids)
        presents = []
        for index, block in enumerate(self.h):
            past = None if past_key_values is None else past_key_values[index]
            x, present = block(x, sine, cosine, past)
            presents.append(present)
        return self.lm_head(self.ln_f(x)), presents
