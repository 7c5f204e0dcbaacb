// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations of Llama-like and GPT-J-like decoders; part of the qnn dialect
// (QNNOps.td has its notation).

#ifndef DALBIT_QNN_DECODER_OPS
#define DALBIT_QNN_DECODER_OPS

def QNN_RMSNormOp : QNN_Op<"rms_norm"> {
  let summary = "division by the root of the mean square, in each of `groups` parts of a row";
  let description = [{
    In each part, of D columns: q = sum of squares (A4);
    r = rsqrt(q, pair(2^(-2*16)/D), pair(epsilon)) with the adjust that makes x * r have `fraction`
    bits; out = rq(rq(x, r), gamma pair). x has 16 fraction bits; `fraction` is chosen so that no
    value can saturate. gamma has the size of a part or of all of them.
  }];
  let arguments = (ins QNN_Fixed:$x, TypedAttrInterface:$gamma, F32Attr:$epsilon, I64Attr:$groups,
                       I64Attr:$fraction);
  let results = (outs QNN_Fixed:$out);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def QNN_RotaryOp : QNN_Op<"rotary"> {
  let summary = "rotary position embedding of heads side by side";
  let description = [{
    Pairs (a, b) of columns of each head as in nn.rotary; c and s are cos and sin of the pair at the
    token's position, rounded to 14 fraction bits (int16):
      out[a] = sat32(rq(-x[b], s, 14) + rq(x[a], c, 14))
      out[b] = sat32(rq(x[a], s, 14) + rq(x[b], c, 14))
    The position is ids[b, t], or P + t without ids.
  }];
  let arguments = (ins QNN_Fixed:$x, Optional<RankedTensorOf<[I32, I64]>>:$ids,
                       TypedAttrInterface:$cos, TypedAttrInterface:$sin,
                       I64Attr:$heads, UnitAttr:$interleaved);
  let results = (outs QNN_Fixed:$out);
  let assemblyFormat = "$x (`at` $ids^)? attr-dict `:` functional-type(operands, results)";
}

def QNN_MaskPositionsOp : QNN_Op<"mask_positions"> {
  let summary = "border: positions counted by the attention mask, as nn.mask_positions";
  let arguments = (ins AnyRankedTensor:$mask, I64Attr:$fill,
                       DefaultValuedAttr<I64Attr, "0">:$hidden);
  let results = (outs RankedTensorOf<[I64]>:$ids);
  let assemblyFormat = "$mask attr-dict `:` functional-type(operands, results)";
}

def QNN_ProductOp : QNN_Op<"product"> {
  let summary = "elementwise product of two fixed-point tensors, one scale a row";
  let description = [{
    m = absmax(row of b); b16 = sat16(rq(b, recip(m, 32767))); out = rq(a, b16, 15);
    scales = pair(m * 2^(15 - f) / 32767), f the fraction bits of b. The product is out * scales, out
    having the fraction bits of a.
  }];
  let arguments = (ins QNN_Fixed:$a, QNN_Fixed:$b, I64Attr:$fraction);
  let results = (outs QNN_Fixed:$out, QNN_Pairs:$scales);
  let assemblyFormat = "$a `,` $b attr-dict `:` functional-type(operands, results)";
}

def QNN_ApplyScalesOp : QNN_Op<"apply_scales"> {
  let summary = "fixed point again: out = rq(x, scale of the row)";
  let arguments = (ins QNN_Fixed:$x, QNN_Pairs:$scales);
  let results = (outs QNN_Fixed:$out);
  let assemblyFormat = "$x `,` $scales attr-dict `:` functional-type(operands, results)";
}

#endif
