// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The steps from [onnx] to [nn], in the order in which they run.

#ifndef DALBIT_COMPILER_RAISE_PASSES_TD
#define DALBIT_COMPILER_RAISE_PASSES_TD

include "mlir/Pass/PassBase.td"

class RaisePass<string name> : Pass<name, "mlir::func::FuncOp"> {
  let dependentDialects = ["nn::NNDialect", "onnx::OnnxDialect"];
}

def BindShapes : RaisePass<"onnx-bind-shapes"> {
  let summary = "says which symbol every dimension of the inputs is";
  let description = [{
    B is the batch, T the new tokens, P the length of the past; everything else
    is a number. What an input is follows from its type and rank first, from
    its name second: token ids [B, T], past keys and values [B, H, P, d], an
    attention mask [B, P+T]. The length of an encoder-decoder's source is a
    number (SourceInputs.h). A dimension that the file fixes binds its symbol.
    Leaves: `dalbit.dims` on every argument, `dalbit.sizes` (symbols that are
    numbers) on the function, argument types to match, and no argument for an
    input whose value is given. An open dimension that
    nothing explains is an error that names `--shape`. The text form of a pass
    pipeline splits lists at commas, so DIMS of more than one dimension come
    through the C++ options only.
  }];
  let options = [
    ListOption<"shapes", "shape", "std::string",
               "NAME=DIMS: dimensions of an input, such as mask=B,P+T">,
    ListOption<"values", "set", "std::string",
               "NAME=VALUE: number of an integer or boolean input">,
    ListOption<"actual", "actual", "std::string",
               "NAME=DIMS: sizes of an input that is given; where they say that "
               "one symbol is two sizes, the later one is a number (M2)">];
}

def WidenFloats : RaisePass<"onnx-widen-floats"> {
  let summary = "halves and doubles become f32";
  let description = [{
    Leaves: no float type but f32. `dalbit.type` on arguments and results that
    had another keeps its name for the host.
  }];
}

def TakeCodes : RaisePass<"onnx-take-codes"> {
  let summary = "graphs that are quantised already, in floats";
  let description = [{
    Constants of DequantizeLinear, MatMulInteger, QLinearMatMul and their like
    become `#onnx.codes`, pairs of QuantizeLinear and DequantizeLinear and the
    dynamic quantisers go; of a static pair in front of a product with a weight
    a Clip to its range is left (rule A13 of docs/arithmetic.md). Needs: floats
    widened. An operator whose integers come from elsewhere stays.
  }];
}

def FoldShapes : RaisePass<"onnx-fold-shapes"> {
  let summary = "computes what depends on sizes and constants only";
  let description = [{
    Needs: `dalbit.dims` (`onnx-bind-shapes`). Leaves: every result with the
    sizes that are known, shape arithmetic that comes out as numbers replaced by
    constants, an If whose condition is then known replaced by its branch,
    operators of onnxruntime written in other words (ExpandContrib.h),
    Identity and reshapes that change nothing removed, parts of a Concat taken
    from before it, equal nodes merged, `dalbit.dims` on the results.
  }];
}

def Canonicalise : RaisePass<"onnx-canonicalise"> {
  let summary = "operators that are written in several ways, in one";
  let description = [{
    Needs: shapes folded. Leaves axes counted from the front and, of floats,
    - x * x for a square, Sqrt and Reciprocal for other powers;
    - a / b for a * (1 / b), a / b * c for a * (c / b) and a * c / b of a
      constant row c;
    - differences without Neg, what is added for a constant that is taken away,
      constants on the right;
    - Sigmoid for 1 / (1 + exp(-x)), means for sums over a number,
      mean((x - m)^2) for mean(x^2) - m^2;
    - Where without Not, one Transpose for two, Gather for a Slice of one element
      that is squeezed, ids as they came for ids that were cast;
    - no x + 0, x * 1, x / 1.
  }];
}

def DenseExperts : RaisePass<"dense-experts"> {
  let summary = "experts on the rows that chose them, on all rows";
  let description = [{
    ScatterElements along the rows of what was computed row by row from rows
    gathered by the same list, times a weight a row: for all rows, times the
    weights scattered alone. Needs: shapes folded.
  }];
}

def SplitExperts : RaisePass<"split-experts"> {
  let summary = "products with a stack of matrices, expert by expert";
  let description = [{
    MatMul with a constant [E, K, N] and elementwise operations on its results
    become E of each, the sum over the experts a chain of additions. Needs:
    shapes folded.
  }];
}

def RaiseRouting : RaisePass<"raise-routing"> {
  let summary = "weights of experts by a router's logits to nn.route, nn.weigh";
  let description = [{
    A factor a row that follows from the rows of a linear layer alone is
    evaluated for many of these; it must be one column of the softmax of which
    the k largest are kept, normalised or not. Needs: products raised, moves
    sunk.
  }];
}

def OrderExperts : RaisePass<"order-experts"> {
  let summary = "operations of one expert together";
  let description = [{
    What only one nn.weigh needs stands in front of it, and sums stand where
    their operands are made, so that the rows of one expert are alive at a time.
    Needs: routing raised, moves sunk.
  }];
}

def ExpandEinsum : RaisePass<"expand-einsum"> {
  let summary = "Einsum that is a product of matrices to MatMul";
  let description = [{
    Two operands with dimensions in common that stay, one that is summed over,
    and one of each operand's own; or rows and a constant whose dimensions are
    heads (Keras, Flax), with its bias. Needs: sizes known.
  }];
}

def RaiseLayerNorm : RaisePass<"raise-layer-norm"> {
  let summary = "LayerNormalization and its parts to nn.layer_norm";
  let description = [{
    x - mean over the root of the mean square plus epsilon, times gamma, plus
    beta; gamma and beta may be missing. Needs: nodes canonical.
  }];
}

def RaiseRMSNorm : RaisePass<"raise-rms-norm"> {
  let summary = "RMSNormalization and its parts to nn.rms_norm";
  let description = [{
    x over the root of its mean square plus epsilon, times gamma, which may be
    missing. Needs: nodes canonical; layer norms raised, whose inner part looks
    the same.
  }];
}

def RaiseActivation : RaisePass<"raise-activation"> {
  let summary = "GELU and SiLU in any spelling to nn.gelu, nn.silu";
  let description = [{
    Multiplies the graph around a Tanh, Erf or Sigmoid out to a polynomial in
    its input and output, and compares coefficients; so the order of factors
    and the way a cube is written do not matter.
  }];
}

def RaiseLinear : RaisePass<"raise-linear"> {
  let summary = "MatMul and Gemm with constant weights to nn.linear";
  let description = [{
    Bias additions join, transposed weights become transposed views, reshapes
    to a matrix and back disappear, and a product whose result is cut along the
    last dimension (fused query, key, value) becomes one product a piece.
  }];
}

def RaiseRotary : RaisePass<"raise-rotary"> {
  let summary = "rotary embeddings in any spelling to nn.rotary";
  let description = [{
    Every column of a candidate is written as a sum of columns of one value
    times elements of tables that depend on the position only; the tables are
    evaluated, and if pairs of columns turn by one angle the result is an
    nn.rotary on [B, T, H*d], whatever computed the angles and cut the columns.
    Norms of single heads move to [B, T, H*d] likewise. Needs: linear layers
    and norms raised.
  }];
  let options = [
    Option<"context", "context", "int64_t", "2048",
           "positions for which angles that the graph computes are tabulated">];
}

def RaiseConv : RaisePass<"raise-conv"> {
  let summary = "Conv of transformers' stems to nn.linear on patches or windows";
  let description = [{
    Two dimensions with kernels as large as their strides (patch embedding), or
    one dimension with any kernel, stride and padding; constant weights, no
    groups, no dilation. The channels become the last dimension; transposes
    around it stay for `sink-moves`.
  }];
}

def SinkMoves : RaisePass<"sink-moves"> {
  let summary = "exchanges moves of elements with operations on rows";
  let description = [{
    Reshape, Transpose and their kin in front of a row-wise operation go behind
    it, so that they meet what undoes them and disappear: sequence-first models
    become batch-first inside, flattened rows whole again.
  }];
}

def RaiseTokens : RaisePass<"raise-tokens"> {
  let summary = "tokens cut out and put together, and moves of inputs, to nn";
  let description = [{
    Gather and Slice of tokens (pooling) to nn.slice, Concat (class tokens) to
    nn.concat, GatherND at the largest id to nn.pick, and inputs that are only
    moved to nn.rearrange. Needs: attention and embeddings raised.
  }];
}

def RaiseCaches : RaisePass<"raise-caches"> {
  let summary = "keys and values that are one input or result to nn.cache_part, "
                "nn.stack_caches";
  let description = [{
    Values that are one of the caches in an input of five dimensions or more,
    tried at several sizes, and results that put caches together along new first
    dimensions, so that nobody takes the keys and values in one for parts of one
    thing. Keys that grow transposed grow before they are. Needs: shapes folded.
  }];
}

def RaiseAttention : RaisePass<"raise-attention"> {
  let summary = "softmax(q k^T) v with its masks and cache to nn.attention";
  let description = [{
    Heads are recognised by where elements go, not by the operators that move
    them. The mask is recognised by what it does: the graph from q k^T to the
    softmax is evaluated at several sizes and masks, and must come out as
    nothing, causal, a mask of keys, or both, perhaps with numbers for each head
    that depend on the distance of query and key, or at one size on both. So is
    the softmax, which may have a sink for each head.
    Anything else stays, with a remark that says why. Needs: linear layers
    raised.
  }];
  let options = [
    Option<"context", "context", "int64_t", "2048",
           "keys for whose distances from a query biases are tabulated">];
}

def RaiseEmbedding : RaisePass<"raise-embedding"> {
  let summary = "table look-ups to nn.embedding, nn.position_ids";
  let description = [{
    Ids that evaluate to P .. P+T-1 at several sizes are positions, however the
    graph computes them.
  }];
}

def RaiseElementwise : RaisePass<"raise-elementwise"> {
  let summary = "what is left of sums, products and activations to nn";
}

def RaisePooling : RaisePass<"raise-pooling"> {
  let summary = "means over tokens to nn.attention that weighs all alike, maxima to nn.token_max";
  let description = [{
    ReduceMean over the tokens, or sums over a mask of the user divided by what
    the mask shows, tried at several sizes; ReduceMax likewise. Needs: attention
    raised, whose mask is taken again.
  }];
}

def FoldRows : RaisePass<"fold-rows"> {
  let summary = "products and sums with constant rows into linear layers";
  let description = [{
    A linear layer's result times a constant row (layer scale) or plus one is a
    linear layer with other numbers. Needs: elementwise operations raised.
  }];
}

def RaiseSteps : RaisePass<"raise-steps"> {
  let summary = "what depends on one integer alone to rows of a table";
  let description = [{
    An integer input of one element, or of one for each sequence, from which a
    row is computed (the step of a diffusion: angles, their sines, the layers
    behind them) becomes the id of an nn.embedding whose table is evaluated.
    Needs: tokens raised.
  }];
  let options = [Option<"steps", "steps", "int64_t", "1000",
                        "rows of the table: 0 and up">];
}

def ReportRaising : RaisePass<"raise-report"> {
  let summary = "remarks what was raised and what stayed";
  let description = [{
    One remark a function: how many of each nn operation, then the onnx.node
    operators that stayed, with an example each.
  }];
}

def RaiseTopK : RaisePass<"raise-top-k"> {
  let summary = "TopK and ArgMax of a result's rows to nn.top_k";
  let description = [{
    Of the last dimension, and only where the graph returns them. What they
    choose from becomes a result behind the others, called NAME.scores, unless
    it is one.
  }];
}

def MarkAliases : RaisePass<"nn-mark-aliases"> {
  let summary = "says which result is the successor of which past";
  let description = [{
    Leaves: `dalbit.aliases`, an array of [argument, result] (contracts M3).
  }];
}

#endif // DALBIT_COMPILER_RAISE_PASSES_TD
