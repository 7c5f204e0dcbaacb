// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations of Llama-like and GPT-J-like decoders; part of the nn dialect
// (NNOps.td has its notation). H heads of d columns lie side by side.

#ifndef DALBIT_COMPILER_DIALECT_NN_NNDECODEROPS_TD
#define DALBIT_COMPILER_DIALECT_NN_NNDECODEROPS_TD

def NN_RMSNormOp : NN_Op<"rms_norm", [AllTypesMatch<["x", "out"]>]> {
  let summary = "division by the root of the mean square";
  let description = [{
    The last dimension is cut into `groups` parts of equal size (heads of q or
    k; most often 1), and in each part
    `out = x / sqrt(mean(x^2) + epsilon) * gamma`.
    N17: groups is positive and divides the last dimension; gamma has the size
    of a part or of all of them.  N18: epsilon is not negative.
  }];
  let arguments = (ins NN_Float:$x, NN_Float:$gamma, F32Attr:$epsilon,
                       DefaultValuedAttr<I64Attr, "1">:$groups);
  let results = (outs NN_Float:$out);
  let assemblyFormat = [{
    $x `,` $gamma attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_RotaryOp : NN_Op<"rotary", [AllTypesMatch<["x", "out"]>]> {
  let summary = "rotary position embedding of heads side by side";
  let description = [{
    In each head pairs of columns are rotated by an angle that depends on the
    token's position p = ids[b, t] and the pair. With r pairs, pair i is
    (i, i + r), or with `interleaved` (2i, 2i + 1); columns from 2r on stay.

    ```
    out[a] = x[a] * cos[p, i] - x[b] * sin[p, i]
    out[b] = x[b] * cos[p, i] + x[a] * sin[p, i]
    ```
    N19: x is [B, T, H*d] with `heads` H; cos and sin are [N, r], 2r <= d.
    N20: ids is [B, T], or [1, T] for the same positions in every sequence.
  }];
  let arguments = (ins NN_Float:$x, NN_Float:$cos, NN_Float:$sin, NN_Ids:$ids,
                       I64Attr:$heads, UnitAttr:$interleaved);
  let results = (outs NN_Float:$out);
  let assemblyFormat = [{
    $x `,` $cos `,` $sin `at` $ids attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_MaskPositionsOp : NN_Op<"mask_positions"> {
  let summary = "positions counted by an attention mask, or by ids";
  let description = [{
    `out[b, t]` is the number of visible keys before key P + t, or `fill` if
    that key itself is hidden (sequences that are padded at the left). A key is
    hidden whose element is `hidden`: 0 of a mask, the padding id of ids.
    N21: mask is [B, S], out is [B, T] of i64.
  }];
  let arguments = (ins NN_Mask:$mask, I64Attr:$fill,
                       DefaultValuedAttr<I64Attr, "0">:$hidden);
  let results = (outs RankedTensorOf<[I64]>:$ids);
  let assemblyFormat = "$mask attr-dict `:` type($mask) `->` type($ids)";
  let hasVerifier = 1;
}

#endif // DALBIT_COMPILER_DIALECT_NN_NNDECODEROPS_TD
