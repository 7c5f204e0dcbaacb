// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows of a sequence as a whole: cut out, put together, seen through windows,
// and the rearrangements at the border of a model. Rules K1..K6.

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
  let summary = "the token with the largest id of each sequence";
  let description = [{
    `out[b, :] = x[b, i, :]`, i the first place of the largest ids[b, :]: the
    end-of-text token of CLIP.
    K3: x is [B, U, D], ids is [B, U], the result [B, D].
  }];
  let arguments = (ins NN_Float:$x, NN_Ids:$ids);
  let results = (outs NN_Float:$out);
  let assemblyFormat = [{
    $x `,` $ids attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_ConcatOp : NN_Op<"concat"> {
  let summary = "sequences one after the other";
  let description = [{
    Along the tokens. A part with one sequence is repeated for every sequence of
    the batch (class tokens).
    K4: parts are [B or 1, U_i, D], the result is [B, sum of U_i, D].
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

#endif // DALBIT_COMPILER_DIALECT_NN_NNTOKENOPS_TD
