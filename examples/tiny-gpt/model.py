# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A GPT-2 decoder over bytes, written operation by operation as Hugging Face writes GPT-2.

The point is the exported graph: it has the shapes, the mask and the key-value cache that a GPT-2
exported from Hugging Face has, only smaller.
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
HIDDEN = 4 * WIDTH


class Conv1D(nn.Module):
    """GPT-2's linear layer: the weight is stored [in, out], so that it exports as Gemm."""

    def __init__(self, inputs, outputs, std=0.02):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inputs, outputs) * std)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        shape = x.size()[:-1] + (self.bias.size(0),)
        return torch.addmm(self.bias, x.view(-1, x.size(-1)), self.weight).view(shape)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        mask = torch.tril(torch.ones(CONTEXT, CONTEXT, dtype=torch.bool))
        self.register_buffer("mask", mask.view(1, 1, CONTEXT, CONTEXT), persistent=False)
        self.c_attn = Conv1D(WIDTH, 3 * WIDTH)
        self.c_proj = Conv1D(WIDTH, WIDTH, std=0.02 / math.sqrt(2 * LAYERS))

    @staticmethod
    def split_heads(x):
        return x.view(x.size()[:-1] + (HEADS, HEAD_WIDTH)).permute(0, 2, 1, 3)

    def forward(self, x, past):
        query, key, value = map(self.split_heads, self.c_attn(x).split(WIDTH, dim=2))
        mixed, present = causal_attention(query, key, value, past, self.mask)
        return self.c_proj(mixed), present


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1 = nn.LayerNorm(WIDTH)
        self.attn = Attention()
        self.ln_2 = nn.LayerNorm(WIDTH)
        self.c_fc = Conv1D(WIDTH, HIDDEN)
        self.c_proj = Conv1D(HIDDEN, WIDTH, std=0.02 / math.sqrt(2 * LAYERS))

    def forward(self, x, past):
        mixed, present = self.attn(self.ln_1(x), past)
        x = x + mixed
        return x + self.c_proj(gelu_new(self.c_fc(self.ln_2(x)))), present


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte = nn.Embedding(VOCABULARY, WIDTH)
        self.wpe = nn.Embedding(CONTEXT, WIDTH)
        for table in (self.wte, self.wpe):
            nn.init.normal_(table.weight, std=0.02)
        self.h = nn.ModuleList(Block() for _ in range(LAYERS))
        self.ln_f = nn.LayerNorm(WIDTH)

    def forward(self, input_ids, past_key_values=None):
        """Returns the logits and, per layer, the keys and values including the past ones."""
        past_length = 0 if past_key_values is None else past_key_values[0][0].size(-2)
        total = past_length + input_ids.size(-1)
        positions = torch.arange(past_length, total, dtype=torch.long).unsqueeze(0)
        x = self.wte(input_ids) + self.wpe(positions)
        presents = []
        for index, block in enumerate(self.h):
            past = None if past_key_values is None else past_key_values[index]
            x, present = block(x, past)
            presents.append(present)
        # The output layer is the embedding table, transposed: one table serves both.
        return torch.matmul(self.ln_f(x), self.wte.weight.t()), presents
