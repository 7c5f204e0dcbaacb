// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows of a sequence as a whole: cut out, put together, seen through windows,
// attention over keys that are given, and the rearrangements at the border of a
// model. Rules K1..K12.

#ifndef DALBIT_COMPILER_DIALECT_NN_NNTOKENOPS_TD
#define DALBIT_COMPILER_DIALECT_NN_NNTOKENOPS_TD

def NN_RearrangeOp : NN_Op<"rearrange"> {
  let summary = "the same numbers in another order of dimensions";
  let description = [{
    x is looked at as `view` (each of its dimensions cut into one or more sizes,
    outermost first; -1 is a dimension that is left whole), these dimensions are
    put into the order `order`, and the result joins neighbours to its own
    shape. Images become rows of patches that way, and [B, C, T] becomes
    [B, T, C].
    K1: view cuts the dimensions of x; order is a permutation; the result joins
        the ordered sizes.
  }];
  let arguments = (ins NN_Float:$x, DenseI64ArrayAttr:$view,
                       DenseI64ArrayAttr:$order);
  let results = (outs NN_Float:$out);
  let assemblyFormat = [{
    $x `view` $view `order` $order attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_SliceOp : NN_Op<"slice"> {
  let summary = "some tokens of each sequence";
  let description = [{
    `out[b, i, :] = x[b, first + i, :]`; a negative `first` counts from the end.
    A result [B, D] is one token.
    K2: x is [B, U, D], the result [B, D] or [B, n, D], n not above U - first.
  }];
  let arguments = (ins NN_Float:$x, I64Attr:$first);
  let results = (outs NN_Float:$out);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def NN_PickOp : NN_Op<"pick"> {
  let summary = "one token of each sequence, found by ids or a mask";
  let description = [{
    `out[b, :] = x[b, i, :]`, i by `rule` (TokenRule.h): the place of the
    largest id (the end of text of CLIP), the `first` that is `id`, the one
    `before` that, the `last` that is not, or as many as a mask shows less one
    (`shown`; 0 in the mask is a token that it shows).
    K3: x is [B, U, D], from is [B, U], of integers unless the rule is shown,
        the result [B, D]; the rule is known and has an id if it needs one.
  }];
  let arguments = (ins NN_Float:$x, AnyTypeOf<[NN_Ids, NN_Float]>:$from,
                       DefaultValuedStrAttr<StrAttr, "largest">:$rule,
                       OptionalAttr<I64Attr>:$id);
  let results = (outs NN_Float:$out);
  let assemblyFormat = [{
    $x `,` $from attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::dalbit::nn::TokenRule getTokenRule() {
      return {getRule(), getId()};
    }
  }];
}

def NN_TokenMaxOp : NN_Op<"token_max"> {
  let summary = "each column's largest number of a sequence";
  let description = [{
    `out[b, c]` is the maximum over t of x[b, t, c] + mask[b, t], the mask's
    numbers 0 or so low that a hidden token is never the largest.
    K11: x is [B, U, D], a mask is [B, U], the result [B, D].
  }];
  let arguments = (ins NN_Float:$x, Optional<NN_Float>:$mask);
  let results = (outs NN_Float:$out);
  let assemblyFormat = [{
    $x (`mask` $mask^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_TopKOp : NN_Op<"top_k"> {
  let summary = "the largest numbers of each row and their columns, on the host";
  let description = [{
    `values[.., i]` is the largest but i of `x[.., :]`, the `smallest` if that
    is set, and `indices[.., i]` its column; of equal ones the lower column
    comes first. Only results of the graph are chosen so: x is a result too,
    which the NPU computes, and the host does the rest.
    K12: k is positive and not above x's last dimension, in whose place values
         and indices have k, or nothing if k is 1.
  }];
  let arguments = (ins NN_Float:$x, I64Attr:$k, UnitAttr:$smallest);
  let results = (outs NN_Float:$values, NN_Ids:$indices);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def NN_ConcatOp : NN_Op<"concat"> {
  let summary = "sequences one after the other";
  let description = [{
    Along the tokens. A part with one sequence is repeated for every sequence of
    the batch (class tokens); a part [B or 1, D] is one token.
    K4: parts are [B or 1, U_i, D] or [B or 1, D], the result is [B, sum of U_i, D].
  }];
  let arguments = (ins Variadic<NN_Float>:$parts);
  let results = (outs NN_Float:$out);
  let assemblyFormat = [{
    $parts attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_WindowsOp : NN_Op<"windows"> {
  let summary = "each token with its neighbours side by side";
  let description = [{
    `out[b, v, k*D + c] = x[b, v*stride + k - before, c]` for k = 0 .. size-1;
    0 where there is no such token. A linear layer on it is a convolution over
    time.
    K5: x is [B, U, D], the result [B, V, size*D],
        V = (U + before + after - size) / stride + 1.
    K6: size and stride are positive, before and after not negative.
  }];
  let arguments = (ins NN_Float:$x, I64Attr:$size, I64Attr:$stride,
                       I64Attr:$before, I64Attr:$after);
  let results = (outs NN_Float:$out);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def NN_CachePartOp : NN_Op<"cache_part"> {
  let summary = "keys or values of one layer, of an input that holds several";
  let description = [{
    `out[b, h, s, :] = past[at..., b, h, s, :]`.
    K9: past is [N_1, .., N_k, B, H, P, d] and `at` a number below each N, out
        is [B, H, P, d].
  }];
  let arguments = (ins NN_Float:$past, DenseI64ArrayAttr:$at);
  let results = (outs NN_Float:$out);
  let assemblyFormat = [{
    $past `at` $at attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_StackCachesOp : NN_Op<"stack_caches"> {
  let summary = "keys and values of layers as one result";
  let description = [{
    The reverse of `nn.cache_part`, the parts in the order of their indices.
    K10: parts are [B, H, S, d], out is [N_1, .., N_k, B, H, S, d], and there are
         N_1 * .. * N_k of them.
  }];
  let arguments = (ins Variadic<NN_Float>:$parts);
  let results = (outs NN_Float:$out);
  let assemblyFormat = [{
    $parts attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_CachedAttentionOp : NN_Op<"cached_attention"> {
  let summary = "attention over keys and values that are given";
  let description = [{
    As `nn.attention` without causality whose present keys and values are the
    operands: a decoder's step over what its encoder has left.
    K7: query and out are [B, T, H*d]; keys and values are [B, H, S, d]; a mask
        is [B, S] or [B or 1, T, S].
  }];
  let arguments = (ins NN_Float:$query, NN_Float:$keys, NN_Float:$values,
                       Optional<NN_Float>:$mask, I64Attr:$heads,
                       F32Attr:$scale);
  let results = (outs NN_Float:$out);
  let assemblyFormat = [{
    $query `,` $keys `,` $values (`mask` $mask^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_AttentionWeightsOp : NN_Op<"attention_weights"> {
  let summary = "probabilities of an attention, a mean over its heads";
  let description = [{
    `out[b, t, s]` is the mean over h of softmax_s(scale * q . k + mask): what
    nn.MultiheadAttention returns beside its output.
    K8: query is [B, T, H*d], key [B, S, H*d], out [B, T, S]; a mask is as in
        K7.
  }];
  let arguments = (ins NN_Float:$query, NN_Float:$key,
                       Optional<NN_Float>:$mask, I64Attr:$heads,
                       F32Attr:$scale);
  let results = (outs NN_Float:$out);
  let assemblyFormat = [{
    $query `,` $key (`mask` $mask^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif // DALBIT_COMPILER_DIALECT_NN_NNTOKENOPS_TD
