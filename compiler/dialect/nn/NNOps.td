// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The nn dialect: what a transformer is made of, in float.
//
// One module holds one func.func @main of straight-line ops with value
// semantics. Shapes: B batch, T new tokens, P length of the past, S = P + T,
// D model width, H query heads, G key/value heads, d head size. The rules
// N1..N26 (17 to 21 in NNDecoderOps.td, 24 and 25 in NNExpertOps.td) are what the verifiers check and what
// their messages cite.

#ifndef DALBIT_COMPILER_DIALECT_NN_NNOPS_TD
#define DALBIT_COMPILER_DIALECT_NN_NNOPS_TD

include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def NN_Dialect : Dialect {
  let name = "nn";
  let cppNamespace = "::dalbit::nn";
  let summary = "what a transformer is made of, in float";
  let description = [{
    Between the graph as exported ([onnx]) and exact integers ([qnn]). Values
    are ranked tensors; B, T and S are dynamic where the model leaves them
    open, and the function's `dalbit.dims` say which symbol a dimension is.
    Not here: layouts, tiles, memory; integers other than token ids and masks.
  }];
  let hasConstantMaterializer = 1;
}

class NN_Op<string mnemonic, list<Trait> traits = []>
    : Op<NN_Dialect, mnemonic, !listconcat(traits, [Pure])>;

def NN_Float : RankedTensorOf<[F32]>;
def NN_Ids : RankedTensorOf<[I32, I64]>;
def NN_Mask : RankedTensorOf<[I1, I8, I32, I64, F32]>;

def NN_ConstantOp
    : NN_Op<"constant", [ConstantLike, AllTypesMatch<["value", "result"]>]> {
  let summary = "a weight or a small constant";
  let description = [{
    `value` is `#onnx.weight` (a view of the mapped model file) or a dense
    attribute for what is small or computed. Users see no difference.
  }];
  let arguments = (ins TypedAttrInterface:$value);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

def NN_PositionIdsOp : NN_Op<"position_ids"> {
  let summary = "the positions P .. P+T-1 of the new tokens";
  let description = [{
    The result is [1, T]; P is the length of the past, the same for every
    sequence of the batch. N1: the result is [1, T] of i64.
  }];
  let results = (outs RankedTensorOf<[I64]>:$ids);
  let assemblyFormat = "attr-dict `:` type($ids)";
  let hasVerifier = 1;
}

def NN_EmbeddingOp : NN_Op<"embedding"> {
  let summary = "rows of a table";
  let description = [{
    `out[b, t, :] = table[ids[b, t], :]`. An id outside 0 .. V-1 is an error of
    the input, found where the input enters.
    N2: table is [V, D], ids is [B, T] (B = 1 for positions), out is [B, T, D];
        or, for one row a sequence, ids is [B or 1] and out has D behind it.
  }];
  let arguments = (ins NN_Float:$table, NN_Ids:$ids);
  let results = (outs NN_Float:$out);
  let assemblyFormat = [{
    $table `,` $ids attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

class NN_BinaryOp<string mnemonic> : NN_Op<mnemonic, [Commutative]> {
  let arguments = (ins NN_Float:$a, NN_Float:$b);
  let results = (outs NN_Float:$out);
  let assemblyFormat = [{
    $a `,` $b attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_AddOp : NN_BinaryOp<"add"> {
  let summary = "elementwise sum";
  let description = [{
    Residual additions. Sizes are aligned at the last dimension; a missing or
    1-sized dimension is repeated. N3: the operands broadcast to the result.
  }];
}

def NN_MulOp : NN_BinaryOp<"mul"> {
  let summary = "elementwise product";
  let description = [{ Gates. Broadcasting as in `nn.add` (N3). }];
}

class NN_UnaryOp<string mnemonic>
    : NN_Op<mnemonic, [SameOperandsAndResultType]> {
  let arguments = (ins NN_Float:$x);
  let results = (outs NN_Float:$out);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

def NN_ScaleOp : NN_UnaryOp<"scale"> {
  let summary = "product with one number";
  let description = [{ `out = x * factor`. }];
  let arguments = (ins NN_Float:$x, F32Attr:$factor);
  let hasFolder = 1;
}

def NN_ReluOp : NN_UnaryOp<"relu"> {
  let summary = "max(x, 0)";
}

def NN_ClipOp : NN_UnaryOp<"clip"> {
  let summary = "min(max(x, low), high)";
  let description = [{
    A bound may be infinite. N26: low <= high, one of them is finite.
  }];
  let arguments = (ins NN_Float:$x, F32Attr:$low, F32Attr:$high);
  let hasVerifier = 1;
}

def NN_TanhOp : NN_UnaryOp<"tanh"> {
  let summary = "hyperbolic tangent";
}

def NN_SigmoidOp : NN_UnaryOp<"sigmoid"> {
  let summary = "1 / (1 + exp(-x))";
}

def NN_SoftmaxOp : NN_UnaryOp<"softmax"> {
  let summary = "exp(x) over the sum of its row (the last dimension)";
}

def NN_SiluOp : NN_UnaryOp<"silu"> {
  let summary = "x / (1 + exp(-x))";
}

def NN_GeluOp : NN_UnaryOp<"gelu"> {
  let summary = "x times the normal distribution function of x";
  let description = [{
    `approximate = "none"`: `x/2 * (1 + erf(x / sqrt(2)))`.
    `approximate = "tanh"`:
    `x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))` (Hendrycks and Gimpel,
    arXiv 1606.08415).
    `approximate = "sigmoid"`: `x / (1 + exp(-1.702 x))` (the same paper).
    N4: approximate is one of the three.
  }];
  let arguments = (ins NN_Float:$x, StrAttr:$approximate);
  let hasVerifier = 1;
}

def NN_LayerNormOp : NN_Op<"layer_norm", [AllTypesMatch<["x", "out"]>]> {
  let summary = "normalisation over the last dimension";
  let description = [{
    The last dimension is cut into `groups` parts of equal size (heads of q or
    k; most often 1), and in each part
    `out = (x - mean) / sqrt(variance + epsilon) * gamma + beta`, the variance
    biased. Without beta nothing is added.
    N5: groups is positive and divides the last dimension; gamma has the size
    of a part or of all of them, beta that of gamma.
    N6: epsilon is not negative.
  }];
  let arguments = (ins NN_Float:$x, NN_Float:$gamma, Optional<NN_Float>:$beta,
                       F32Attr:$epsilon,
                       DefaultValuedAttr<I64Attr, "1">:$groups);
  let results = (outs NN_Float:$out);
  let assemblyFormat = [{
    $x `,` $gamma (`,` $beta^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_LinearOp : NN_Op<"linear"> {
  let summary = "x times weight, plus bias";
  let description = [{
    `out[.., n] = sum_k x[.., k] * weight[k, n] + bias[n]`. The weight is
    always contraction first; a file that holds [N, K] is viewed transposed.
    N7: weight is [K, N], K the last dimension of x; N the last of out.
    N8: bias is [N].  N9: the leading dimensions of x and out are equal.
  }];
  let arguments = (ins NN_Float:$x, NN_Float:$weight, Optional<NN_Float>:$bias);
  let results = (outs NN_Float:$out);
  let assemblyFormat = [{
    $x `,` $weight (`,` $bias^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_KeyMaskOp : NN_Op<"key_mask"> {
  let summary = "attention mask of the model's user, as numbers to add";
  let description = [{
    `out[b, s] = mask[b, s] != 0 ? 0 : hidden`; with `inverted`,
    `mask[b, s] == 0 ? 0 : hidden`. `hidden` is the exported model's own number,
    most often the lowest float. Keys past the mask's last column are visible.
    With `counted` as many keys as the mask has ones are visible, the first
    ones. A mask [B] holds these numbers themselves; one of [2 B] behind them
    the first visible key of each sequence.
    N10: mask is [B, M], out is [B, S], M not above S; or mask is [M], with M =
    B or both numbers and M at least B, without `counted` and `inverted`.
  }];
  let arguments = (ins NN_Mask:$mask,
                       DefaultValuedAttr<F32Attr, "-3.40282347E+38f">:$hidden,
                       UnitAttr:$inverted, UnitAttr:$counted);
  let results = (outs NN_Float:$out);
  let assemblyFormat = "$mask attr-dict `:` type($mask) `->` type($out)";
  let hasVerifier = 1;
}

def NN_AttentionOp : NN_Op<"attention", [AttrSizedOperandSegments]> {
  let summary = "multi-head attention with a growing key/value cache";
  let description = [{
    With q, k, v cut into heads of d columns, and head h of q reading head
    h / (H / G) of k and v:

    ```
    present_k = concat(past_k, heads(k)) along the tokens; present_v likewise
    score[b,h,t,s] = scale * q[b,h,t,:] . present_k[b,h,s,:]
    if softcap:  score = softcap * tanh(score / softcap)
    if bias:  score += bias[h, s - (t + S - T) + bias_origin], or bias[h, t, s]
    if causal and s > t + (S - T):  score = hidden_score
    if window and s <= t + (S - T) - window:  score = hidden_score
    if window and not causal and s >= t + (S - T) + window:
      score = hidden_score
    score += key_mask[b, s], or mask[b, t, s]
    out[b, t, h*d:(h+1)*d] = softmax_s(score) . present_v[b,h,:,:]
    ```

    A sink is the score of one more key of its head that has no value: it takes
    part in the softmax's maximum and sum, and that is all.

    All three results always exist; without uses they cost nothing. The order
    (replace, then add) is that of the exported models, so that a row that sees
    no key gives their numbers too. Defined for T > 0; P may be 0.
    N11: q is [B, T, H*d]; k and v are [B, U, G*d]. U is T, or with no past
         any length (cross attention, then not causal).
    N12: heads is a multiple of kv_heads, both positive, and divide the widths.
    N13: past_k and past_v come together, [B, G, P, d].
    N14: the mask is [B, S] or [B or 1, T, S].  N15: out is like q.
    N16: present_k and present_v are [B, G, S, d].
    N22: a window is positive; softcap is not negative, 0 is none.
    N23: a bias is [H, D], by distance of key and query with the distance 0 in
         column bias_origin below D, or without bias_origin [H, T, S].
    N27: sinks are [H].
  }];
  let arguments = (ins
    NN_Float:$query, NN_Float:$key, NN_Float:$value,
    Optional<NN_Float>:$past_key, Optional<NN_Float>:$past_value,
    Optional<NN_Float>:$key_mask, Optional<NN_Float>:$bias,
    Optional<NN_Float>:$sinks,
    I64Attr:$heads, I64Attr:$kv_heads, BoolAttr:$causal, F32Attr:$scale,
    DefaultValuedAttr<F32Attr, "-3.40282347E+38f">:$hidden_score,
    OptionalAttr<I64Attr>:$window,
    DefaultValuedAttr<F32Attr, "0.0f">:$softcap,
    OptionalAttr<I64Attr>:$bias_origin);
  let results = (outs NN_Float:$out, NN_Float:$present_key,
                      NN_Float:$present_value);
  let assemblyFormat = [{
    $query `,` $key `,` $value (`past` $past_key^ `,` $past_value)?
    (`mask` $key_mask^)? (`bias` $bias^)? (`sinks` $sinks^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

include "compiler/dialect/nn/NNDecoderOps.td"
include "compiler/dialect/nn/NNExpertOps.td"
include "compiler/dialect/nn/NNTokenOps.td"

#endif // DALBIT_COMPILER_DIALECT_NN_NNOPS_TD
