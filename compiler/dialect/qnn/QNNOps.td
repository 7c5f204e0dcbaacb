// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The qnn dialect: the graph of [nn] in exact integers. It is the one definition of the result: every
// schedule on every engine gives these bytes. Rule numbers are those of docs/arithmetic.md.
//
// A fixed-point tensor is int32 with `fraction` fraction bits. Row scales are pairs (A3), one word a
// row. Shapes: B batch, T new tokens, S = past + T keys, H heads of d columns.

#ifndef DALBIT_QNN_OPS
#define DALBIT_QNN_OPS

include "mlir/IR/OpBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def QNN_Dialect : Dialect {
  let name = "qnn";
  let cppNamespace = "::dalbit::qnn";
  let summary = "transformer operations in exact integers";
}

class QNN_Op<string mnemonic, list<Trait> traits = []>
    : Op<QNN_Dialect, mnemonic, !listconcat(traits, [Pure])>;

def QNN_Fixed : RankedTensorOf<[I32]>;
def QNN_Codes : RankedTensorOf<[I8]>;
def QNN_Pairs : RankedTensorOf<[I32]>;
def QNN_Float : RankedTensorOf<[F32]>;

def QNN_EmbeddingOp : QNN_Op<"embedding"> {
  let summary = "rows of a fixed-point table";
  let description = [{ `out[b, t, :] = table[ids[b, t], :]`, the table rounded to `fraction` bits. }];
  let arguments = (ins RankedTensorOf<[I32, I64]>:$ids, TypedAttrInterface:$table,
                       I64Attr:$fraction);
  let results = (outs QNN_Fixed:$out);
  let assemblyFormat = "$ids attr-dict `:` functional-type(operands, results)";
}

def QNN_PositionsOp : QNN_Op<"positions"> {
  let summary = "rows P .. P+T-1 of a fixed-point table";
  let description = [{
    The result is [1, T, D]. With `relative` the table holds the rows of the new tokens themselves: row t
    is row t (graphs exported at one fixed length).
  }];
  let arguments = (ins TypedAttrInterface:$table, I64Attr:$fraction, UnitAttr:$relative);
  let results = (outs QNN_Fixed:$out);
  let assemblyFormat = "attr-dict `:` type($out)";
}

def QNN_AddOp : QNN_Op<"add"> {
  let summary = "saturating sum of two fixed-point tensors of one fraction (V3); dimension 0 may be 1 in b";
  let arguments = (ins QNN_Fixed:$a, QNN_Fixed:$b);
  let results = (outs QNN_Fixed:$out);
  let assemblyFormat = "$a `,` $b attr-dict `:` functional-type(operands, results)";
}

def QNN_LayerNormOp : QNN_Op<"layer_norm"> {
  let summary = "normalisation of each of `groups` parts of a row";
  let description = [{
    In each part, of D columns: mean = fix(sum(x), pair(1/D)); c = x - mean; q = sum of squares of c (A4);
    r = rsqrt(q, pair(2^(-2*16)/D), pair(epsilon)) with the adjust that makes c * r have `fraction` bits;
    out = rq(rq(c, r), gamma pair) + beta. `fraction` is chosen so that no value can saturate. gamma and
    beta have the size of a part or of all of them.
  }];
  let arguments = (ins QNN_Fixed:$x, TypedAttrInterface:$gamma,
                       OptionalAttr<TypedAttrInterface>:$beta, F32Attr:$epsilon,
                       DefaultValuedAttr<I64Attr, "1">:$groups, I64Attr:$fraction);
  let results = (outs QNN_Fixed:$out);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def QNN_QuantizeOp : QNN_Op<"quantize"> {
  let summary = "int8 codes with a scale a row";
  let description = [{
    m = absmax(row); codes = sat8(rq(x, recip(m, 127))); scales = pair(m * 2^-fraction / 127) (S3, S5).
    If the rows have scales of their own: scales = pair(m * row scale * 2^-fraction / 127) (S7).
    With the results `low`, which are codes and scales, the row has 16 bits (A2):
      v = sat16(rq(x, recip(m, 32639))); codes = sat8((v + 128) >> 8); low = sat8(v - 256 * codes),
    and 256 / 32639 stands for 1 / 127 in scales, 1 / 32639 in those of low.
  }];
  let arguments = (ins QNN_Fixed:$x, Optional<QNN_Pairs>:$row_scales, I64Attr:$fraction);
  let results = (outs QNN_Codes:$codes, QNN_Pairs:$scales, Variadic<RankedTensorOf<[I8, I32]>>:$low);
  let hasVerifier = 1;
  let assemblyFormat = "$x (`scaled` $row_scales^)? attr-dict `:` functional-type(operands, results)";
}

def QNN_LinearOp : QNN_Op<"linear"> {
  let summary = "int8 product with weights of one scale a channel";
  let description = [{
    acc = codes * W; out = rq(rq(acc, channel pair), row scale) + bias. The channel pairs carry
    `inner` fraction bits more than the weights' scales, chosen so that rq(acc, .) cannot saturate.
    W is [K, N] float; its codes follow from `form` (compiler/quantise/Weights.h).
    With `low`, codes and scales of the low bytes of 16-bit rows (A2):
      out = rq(rq(acc, channel pair), row scale) + (rq(rq(low * W, channel pair), low scale) + bias).
  }];
  let arguments = (ins QNN_Codes:$codes, QNN_Pairs:$scales,
                       Variadic<RankedTensorOf<[I8, I32]>>:$low, TypedAttrInterface:$weight,
                       OptionalAttr<TypedAttrInterface>:$bias, StrAttr:$form, I64Attr:$fraction);
  let results = (outs QNN_Fixed:$out);
  let assemblyFormat = [{
    $codes `,` $scales (`low` $low^)? attr-dict `:` functional-type(operands, results) }];
  let hasVerifier = 1;
}

def QNN_GateOp : QNN_Op<"gate"> {
  let summary = "x times a function of x, by a piecewise-linear table (A5, V4)";
  let description = [{
    `function`: gelu_tanh, gelu_erf, gelu_sigmoid, silu, relu. x and out have 16 fraction bits.
  }];
  let arguments = (ins QNN_Fixed:$x, StrAttr:$function);
  let results = (outs QNN_Fixed:$out);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def QNN_AttentionOp : QNN_Op<"attention", [AttrSizedOperandSegments]> {
  let summary = "multi-head attention over a quantised cache";
  let description = [{
    q, k, v (16 fraction bits) are quantised by token and head as qnn.quantize does; the new rows of k
    and v are appended to the past codes and scales (A8). Then for each head and token:
      s = rq(rq(q8 . k8[n], k scale[n]), q scale) (+ mask[n]), 16 fraction bits; with a softcap, s is
          then multiplied by the gate softcap * tanh(s / softcap) / s (V4), before bias and mask
      p = exp table(s - max s), int16; z = sum p; columns outside the valid range are 0 (A6)
      p' = rq(p, v scale[n]); p8 = quantised by its own maximum (A7)
      out = rq(p8 . v8, max p' / 127 / z), 16 fraction bits
    A bias (A15) is added before the mask: bias[h, n - (P + t) + bias_origin], without bias_origin
    bias[h, t, n]. Sinks (A19) are one more score for each head, without a value. Head h reads head h / (heads / kv_heads) of k and v. Token t sees keys lo <= n < hi: all; causal:
    hi = P + t + 1; with a window also lo = max(0, hi - window).
  }];
  let arguments = (ins QNN_Fixed:$query, QNN_Fixed:$key, QNN_Fixed:$value,
                       Optional<QNN_Codes>:$past_key, Optional<QNN_Pairs>:$past_key_scales,
                       Optional<QNN_Codes>:$past_value, Optional<QNN_Pairs>:$past_value_scales,
                       Optional<QNN_Fixed>:$mask,
                       I64Attr:$heads, I64Attr:$kv_heads, BoolAttr:$causal, F32Attr:$scale,
                       OptionalAttr<I64Attr>:$window,
                       DefaultValuedAttr<F32Attr, "0.0f">:$softcap,
                       OptionalAttr<TypedAttrInterface>:$bias, OptionalAttr<I64Attr>:$bias_origin,
                       OptionalAttr<TypedAttrInterface>:$sinks);
  let results = (outs QNN_Fixed:$out, QNN_Codes:$present_key, QNN_Pairs:$present_key_scales,
                      QNN_Codes:$present_value, QNN_Pairs:$present_value_scales);
  let assemblyFormat = [{
    $query `,` $key `,` $value
    (`past` $past_key^ `,` $past_key_scales `,` $past_value `,` $past_value_scales)?
    (`mask` $mask^)? attr-dict `:` functional-type(operands, results) }];
}

def QNN_ImportCacheOp : QNN_Op<"import_cache"> {
  let summary = "border: float cache rows to codes and scales (A9)";
  let description = [{
    With `at`, those of one of the caches that the input holds (nn.cache_part).
  }];
  let arguments = (ins QNN_Float:$cache, DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$at);
  let results = (outs QNN_Codes:$codes, QNN_Pairs:$scales);
  let assemblyFormat = "$cache attr-dict `:` functional-type(operands, results)";
}

def QNN_ExportCacheOp : QNN_Op<"export_cache"> {
  let summary = "border: codes and scales to float cache rows (A9)";
  let arguments = (ins QNN_Codes:$codes, QNN_Pairs:$scales);
  let results = (outs QNN_Float:$cache);
  let assemblyFormat = "$codes `,` $scales attr-dict `:` functional-type(operands, results)";
}

def QNN_StackCachesOp : QNN_Op<"stack_caches"> {
  let summary = "border: several caches as one result (nn.stack_caches)";
  let arguments = (ins Variadic<QNN_Float>:$parts);
  let results = (outs QNN_Float:$out);
  let assemblyFormat = "$parts attr-dict `:` functional-type(operands, results)";
}

def QNN_ImportMaskOp : QNN_Op<"import_mask"> {
  let summary = "border: user's mask to numbers to add to scores: visible 0, hidden -2^29";
  let description = [{
    A key is visible where the mask is not 0; with `inverted`, where it is 0; with `counted`, before the number of
    ones. Keys past the mask's columns are visible. A mask of one dimension holds numbers of keys, as that of nn.key_mask.
  }];
  let arguments = (ins AnyRankedTensor:$mask, UnitAttr:$inverted, UnitAttr:$counted);
  let results = (outs QNN_Fixed:$out);
  let assemblyFormat = "$mask attr-dict `:` functional-type(operands, results)";
}

def QNN_DequantizeOp : QNN_Op<"dequantize"> {
  let summary = "border: fixed point to float, its dimensions rearranged (A9)";
  let description = [{
    `view` and `order` as in nn.rearrange; without a view nothing moves. The host reads the elements in the result's
    order, so the NPU moves nothing.
  }];
  let arguments = (ins QNN_Fixed:$x, I64Attr:$fraction,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$view,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$order);
  let results = (outs QNN_Float:$out);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def QNN_EmptyOp : QNN_Op<"empty"> {
  let summary = "border: a result of the graph that has no elements";
  let description = [{
    Exporters that put two graphs into the branches of one If fill the results that one of them does not have with
    such. The host makes it; the NPU does nothing.
  }];
  let results = (outs QNN_Float:$out);
  let assemblyFormat = "attr-dict `:` type($out)";
  let hasVerifier = 1;
}

include "compiler/dialect/qnn/QNNDecoderOps.td"
include "compiler/dialect/qnn/QNNExpertOps.td"
include "compiler/dialect/qnn/QNNTokenOps.td"

#endif
