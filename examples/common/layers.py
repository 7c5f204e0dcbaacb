# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the examples' models have in common, written as Hugging Face writes it."""

import math

import torch
from torch.nn import functional as F


def gelu_new(x):
    if not torch.onnx.is_in_onnx_export():
        # The same function in one kernel: training spends much less time in it.
        return F.gelu(x, approximate="tanh")
    inner = math.sqrt(2.0 / math.pi) * (x + 0.044715 * torch.pow(x, 3.0))
    return 0.5 * x * (1.0 + torch.tanh(inner))


def causal_attention(query, key, value, past, mask):
    """Attention of `query` to the past (a pair, or None), to `key` and to what precedes it.

    All are [batch, heads, sequence, head width]; `mask` is [1, 1, context, context], true on and
    below the diagonal. Returns [batch, sequence, width] and the keys and values with the past.
    """
    if past is not None:
        key = torch.cat((past[0], key), dim=-2)
        value = torch.cat((past[1], value), dim=-2)
    present = (key, value)

    scores = torch.matmul(query, key.transpose(-1, -2)) / math.sqrt(query.size(-1))
    queries, keys = query.size(-2), key.size(-2)
    allowed = mask[:, :, keys - queries : keys, :keys]
    lowest = torch.tensor(torch.finfo(scores.dtype).min, dtype=scores.dtype)
    weights = torch.softmax(torch.where(allowed, scores, lowest), dim=-1)

    mixed = torch.matmul(weights, value).permute(0, 2, 1, 3).contiguous()
    return mixed.view(mixed.size()[:-2] + (-1,)), present
