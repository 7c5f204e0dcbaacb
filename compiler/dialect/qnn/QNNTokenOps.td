// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations on whole rows of other tokens, and what encoders need beside them: attention over keys
// that are complete before the first query, tokens cut out and put together, windows of tokens.
// Shapes: B batch, U rows (tokens, frames, patches), S keys, H heads of d columns.

#ifndef DALBIT_QNN_TOKEN_OPS
#define DALBIT_QNN_TOKEN_OPS

def QNN_ImportOp : QNN_Op<"import"> {
  let summary = "border: a float tensor to fixed point, its dimensions rearranged (A9)";
  let description = [{
    `view` and `order` as in nn.rearrange; without a view nothing moves. The host writes the elements where the result has them, so
    the NPU moves nothing.
  }];
  let arguments = (ins QNN_Float:$in, I64Attr:$fraction,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$view,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$order);
  let results = (outs QNN_Fixed:$out);
  let assemblyFormat = "$in attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def QNN_RescaleOp : QNN_Op<"rescale", [AllTypesMatch<["x", "out"]>]> {
  let summary = "product with one number: another factor, or another number of fraction bits";
  let description = [{ `out = rq(x, mantissa, shift)` (A3). }];
  let arguments = (ins QNN_Fixed:$x, I16Attr:$mantissa, I8Attr:$shift);
  let results = (outs QNN_Fixed:$out);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

def QNN_BoundOp : QNN_Op<"bound", [AllTypesMatch<["x", "out"]>]> {
  let summary = "cut to a range with one end (A17)";
  let description = [{
    d = sat32(bound - x), -x being sat32(-x); out = sat32(x + max(d, 0)), which is at least the
    bound, or with `upper` sat32(x + min(d, 0)), at most the bound.
  }];
  let arguments = (ins QNN_Fixed:$x, I32Attr:$bound, UnitAttr:$upper);
  let results = (outs QNN_Fixed:$out);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

def QNN_TableOp : QNN_Op<"table", [AllTypesMatch<["x", "out"]>]> {
  let summary = "a function of x by a piecewise-linear table (V4)";
  let description = [{ `function`: tanh, sigmoid. x has 16 fraction bits, out has 15. }];
  let arguments = (ins QNN_Fixed:$x, StrAttr:$function);
  let results = (outs QNN_Fixed:$out);
  let assemblyFormat = "$x attr-dict `:` type($x)";
  let hasVerifier = 1;
}

def QNN_SoftmaxOp : QNN_Op<"softmax", [AllTypesMatch<["x", "out"]>]> {
  let summary = "probabilities of a row's columns, 24 fraction bits";
  let description = [{
    In each row, which has 16 fraction bits: p = exp table(sat32(x - max)), int16; out = rq(p, recip(z, 1)), z the
    sum of p (A6).
  }];
  let arguments = (ins QNN_Fixed:$x);
  let results = (outs QNN_Fixed:$out);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

def QNN_HeadsOp : QNN_Op<"heads", [AttrSizedOperandSegments]> {
  let summary = "keys or values as int8 codes with a scale a token and head, after those of a past";
  let description = [{
    x is [B, U, H*d] with 16 fraction bits; each head of a row is quantised as qnn.quantize does. The
    results are [B, H, P + U, d] and [B, H, P + U]. All rows are there before the first user begins.
  }];
  let arguments = (ins QNN_Fixed:$x, Optional<QNN_Codes>:$past_codes,
                       Optional<QNN_Pairs>:$past_scales, I64Attr:$heads);
  let results = (outs QNN_Codes:$codes, QNN_Pairs:$scales);
  let assemblyFormat = [{
    $x (`past` $past_codes^ `,` $past_scales)? attr-dict `:` functional-type(operands, results) }];
  let hasVerifier = 1;
}

def QNN_AttendOp : QNN_Op<"attend"> {
  let summary = "attention of queries over keys and values that are complete";
  let description = [{
    The arithmetic is that of qnn.attention; keys and values are [B, G, S, d] codes with [B, G, S]
    scales. A mask is added to the scores: [B, S] the same for all queries, or [1 or B, U, S]. With
    `causal`, query t of U sees the keys up to t + S - U; with a window those less than so many from
    there, on both sides unless causal. A bias is that of qnn.attention, the position
    of query t being t + S - U. Sinks are those of qnn.attention, without weights. `weights`, if asked for, are the
    probabilities, a mean over the heads: for each head w = rq(p, recip(z, 1 / H)) with 24 fraction
    bits, the heads added in order.
  }];
  let arguments = (ins QNN_Fixed:$query, QNN_Codes:$keys, QNN_Pairs:$key_scales,
                       QNN_Codes:$values, QNN_Pairs:$value_scales, Optional<QNN_Fixed>:$mask,
                       I64Attr:$heads, BoolAttr:$causal, F32Attr:$scale,
                       OptionalAttr<I64Attr>:$window,
                       OptionalAttr<TypedAttrInterface>:$bias, OptionalAttr<I64Attr>:$bias_origin,
                       OptionalAttr<TypedAttrInterface>:$sinks);
  let results = (outs QNN_Fixed:$out, Optional<QNN_Fixed>:$weights);
  let assemblyFormat = [{
    $query `,` $keys `,` $key_scales `,` $values `,` $value_scales (`mask` $mask^)? attr-dict
    `:` functional-type(operands, results) }];
  let hasVerifier = 1;
}

def QNN_SliceOp : QNN_Op<"slice"> {
  let summary = "some of a sequence's rows";
  let description = [{
    `out[b, i] = x[b, first + i]`; a negative `first` counts from the end. A result without the
    dimension of rows is one row.
  }];
  let arguments = (ins QNN_Fixed:$x, I64Attr:$first);
  let results = (outs QNN_Fixed:$out);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def QNN_TokenMaxOp : QNN_Op<"token_max"> {
  let summary = "each column's largest number of a sequence (A18)";
  let arguments = (ins QNN_Fixed:$x, Optional<QNN_Fixed>:$mask);
  let results = (outs QNN_Fixed:$out);
  let assemblyFormat = "$x (`mask` $mask^)? attr-dict `:` functional-type(operands, results)";
}

def QNN_TopKOp : QNN_Op<"top_k"> {
  let summary = "the largest numbers of each row of a result, on the host";
  let description = [{ As nn.top_k; x is what a qnn.dequantize gives. }];
  let arguments = (ins QNN_Float:$x, I64Attr:$k, UnitAttr:$smallest);
  let results = (outs QNN_Float:$values, RankedTensorOf<[I32, I64]>:$indices);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def QNN_PickOp : QNN_Op<"pick"> {
  let summary = "the row at a token found by ids or a mask";
  let description = [{
    `out[b] = x[b, i]`, i by the rule of nn.pick from ids[b], or from mask numbers (0: shown).
  }];
  let arguments = (ins QNN_Fixed:$x, RankedTensorOf<[I32, I64]>:$from,
                       DefaultValuedStrAttr<StrAttr, "largest">:$rule, OptionalAttr<I64Attr>:$id);
  let results = (outs QNN_Fixed:$out);
  let assemblyFormat = "$x `,` $from attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = [{
    ::dalbit::nn::TokenRule getTokenRule() { return {getRule(), getId()}; }
  }];
}

def QNN_ConcatOp : QNN_Op<"concat"> {
  let summary = "sequences one after the other";
  let description = [{ Along the rows; an operand with one sequence is repeated for all, one of [B, D] is one row. }];
  let arguments = (ins Variadic<QNN_Fixed>:$parts);
  let results = (outs QNN_Fixed:$out);
  let assemblyFormat = "$parts attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def QNN_WindowsOp : QNN_Op<"windows"> {
  let summary = "each row with its neighbours, side by side (a convolution's operand)";
  let description = [{
    `out[b, u, k*D + c] = x[b, u*stride + k - before, c]` for k = 0 .. size-1, 0 where there is no such
    row.
  }];
  let arguments = (ins QNN_Fixed:$x, I64Attr:$size, I64Attr:$stride, I64Attr:$before);
  let results = (outs QNN_Fixed:$out);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def QNN_ImportScoresOp : QNN_Op<"import_scores"> {
  let summary = "border: a float mask to numbers to add to scores";
  let description = [{
    16 fraction bits, cut to +-2^29; infinities are allowed. [T, S] or [B, T, S].
  }];
  let arguments = (ins QNN_Float:$mask);
  let results = (outs QNN_Fixed:$out);
  let assemblyFormat = "$mask attr-dict `:` functional-type(operands, results)";
}

#endif
