// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators of com.microsoft that are two or three of the standard's in one,
// as onnxruntime's optimiser and its model builders write them. Attention and
// quantised ones have files of their own.

#include "compiler/execute/ElementTypes.h"
#include "compiler/execute/operators/Activations.h"
#include "compiler/execute/operators/Broadcast.h"
#include "compiler/execute/operators/Layout.h"
#include "compiler/execute/operators/Matrix.h"
#include "compiler/execute/operators/Norm.h"
#include "compiler/execute/operators/Operator.h"
#include "compiler/execute/operators/Quantise.h"

#include "support/Error.h"

#include "mlir/IR/BuiltinTypes.h"

namespace dalbit::execute {

namespace {

Tensor inFloat(const Tensor &x) {
  if (!isFloat(x.type()))
    throw Error(std::string("not supported for elements of type ") +
                elementName(x.type()));
  return x.cast(ElementType::F32);
}

Tensor plus(const Tensor &a, const Tensor &b) {
  Tensor x = inFloat(a), y = inFloat(b);
  Tensor out(ElementType::F32, broadcastShape({x.shape(), y.shape()}));
  broadcastBinary<float, float, float>(x, y, out,
                                       [](float p, float q) { return p + q; });
  return out;
}

template <typename F> Tensor mapped(const Tensor &x, F f) {
  Tensor in = inFloat(x), out(ElementType::F32, x.shape());
  for (int64_t i = 0; i < x.count(); ++i)
    out.data<float>()[i] = f(in.data<float>()[i]);
  return out;
}

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

void evalGelu(Call &call) {
  const Tensor &x = call.input(0);
  call.output(0, mapped(x, gelu<float>).cast(x.type()));
}

void evalBiasGelu(Call &call) {
  const Tensor &x = call.input(0);
  call.output(0, mapped(plus(x, call.input(1)), gelu<float>).cast(x.type()));
}

void evalFastGelu(Call &call) {
  const Tensor &x = call.input(0), *bias = call.optional(1);
  call.output(
      0, mapped(bias ? plus(x, *bias) : x, geluTanh<float>).cast(x.type()));
}

void evalQuickGelu(Call &call) {
  const Tensor &x = call.input(0);
  float alpha = call.number("alpha");
  call.output(
      0, mapped(x, [=](float v) { return swish(v, alpha); }).cast(x.type()));
}

//===----------------------------------------------------------------------===//
// Normalisations
//===----------------------------------------------------------------------===//

/// norm(input + skip + bias) and the sum itself as result 3.
void skipNorm(Call &call, const Tensor *beta, const Tensor *bias, bool centre) {
  const Tensor &x = call.input(0);
  Tensor sum = plus(x, call.input(1));
  if (sum.shape() != x.shape())
    throw Error("a skip of shape " + shapeText(call.input(1).shape()) +
                " does not fit an input of shape " + shapeText(x.shape()));
  if (bias)
    sum = plus(sum, *bias);
  Tensor gamma = inFloat(call.input(2)),
         shift = beta ? inFloat(*beta) : Tensor();
  NormResult result = normaliseRows(sum, &gamma, beta ? &shift : nullptr, -1,
                                    call.number("epsilon"), centre);
  call.output(0, result.output.cast(x.type()));
  call.output(1, result.mean);
  call.output(2, result.inverse);
  call.output(3, sum.cast(x.type()));
}

void evalSkipLayerNormalization(Call &call) {
  skipNorm(call, call.optional(3), call.optional(4), /*centre=*/true);
}

void evalSkipSimplifiedLayerNormalization(Call &call) {
  skipNorm(call, nullptr, call.optional(3), /*centre=*/false);
}

Tensor rowsOf(const Tensor &table, const Tensor &ids) {
  if (table.rank() != 2)
    throw Error("an embedding table of shape " + shapeText(table.shape()));
  Tensor all = inFloat(table);
  int64_t width = table.dim(1);
  Shape shape(ids.shape());
  shape.push_back(width);
  Tensor out(ElementType::F32, shape);
  float *to = out.data<float>();
  for (int64_t id : ids.integers()) {
    if (id < 0 || id >= table.dim(0))
      throw Error("id " + std::to_string(id) + " is outside a table of " +
                  std::to_string(table.dim(0)) + " rows");
    std::copy_n(all.data<float>() + id * width, width, to);
    to += width;
  }
  return out;
}

/// Ids [B, S] of words and segments (null: none), tables, gamma and beta of
/// floats; positions are 0 .. S-1 if null. The sum is result 2, if asked for.
void embedNorm(Call &call, const Tensor *segments, const Tensor &words,
               const Tensor &places, const Tensor *kinds, const Tensor &gamma,
               const Tensor &beta, const Tensor *given) {
  const Tensor &ids = call.input(0);
  if (ids.rank() != 2)
    throw Error("needs ids [B, S]");
  int64_t batch = ids.dim(0), length = ids.dim(1);
  Tensor positions(ElementType::I64, {1, length});
  for (int64_t i = 0; i < length; ++i)
    positions.data<int64_t>()[i] = i;
  if (given)
    positions = *given;
  Tensor sum = plus(rowsOf(words, ids), rowsOf(places, positions));
  if (segments && kinds)
    sum = plus(sum, rowsOf(*kinds, *segments));
  NormResult result = normaliseRows(sum, &gamma, &beta, -1,
                                    call.number("epsilon"), /*centre=*/true);
  call.output(0, result.output.cast(words.type()));
  // How many positions of each row the mask lets through.
  Tensor lengths(ElementType::I32, {batch});
  llvm::SmallVector<int64_t> flags;
  if (const Tensor *mask = call.optional(7)) {
    flags = mask->integers();
    if (int64_t(flags.size()) != batch * length)
      throw Error("a mask of shape " + shapeText(mask->shape()) +
                  " does not fit");
  }
  for (int64_t b = 0; b < batch; ++b) {
    int32_t count = 0;
    for (int64_t i = 0; i < length && !flags.empty(); ++i)
      count += flags[b * length + i] != 0;
    lengths.data<int32_t>()[b] = count;
  }
  call.output(1, lengths);
  call.output(2, sum.cast(words.type()));
}

void evalEmbedLayerNormalization(Call &call) {
  Tensor gamma = inFloat(call.input(5)), beta = inFloat(call.input(6));
  embedNorm(call, call.optional(1), call.input(2), call.input(3),
            call.optional(4), gamma, beta, call.optional(8));
}

/// Tables, gamma and beta are codes: scales and zero points from input 8 and 13
/// on.
void evalQEmbedLayerNormalization(Call &call) {
  auto part = [&](unsigned index) {
    return dequantise(call.input(2 + index), call.input(8 + index),
                      call.optional(13 + index), ElementType::F32);
  };
  Tensor kinds = call.optional(4) ? part(2) : Tensor();
  embedNorm(call, call.optional(1), part(0), part(1),
            call.optional(4) ? &kinds : nullptr, part(3), part(4), nullptr);
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// The last two dimensions exchanged, or the first moved behind the others
/// but the last (transBatch).
Tensor turned(const Tensor &x, bool transpose, bool batch) {
  int64_t rank = x.rank();
  if (rank < 2 || (!transpose && !batch))
    return x;
  llvm::SmallVector<int64_t> order;
  for (int64_t i = 0; i < rank; ++i)
    order.push_back(i);
  if (batch)
    std::rotate(order.begin(), order.begin() + 1, order.end() - 1);
  if (transpose)
    std::swap(order[rank - 2], order[rank - 1]);
  return permute(x, order);
}

void evalFusedMatMul(Call &call) {
  const Tensor &x = call.input(0);
  Tensor a = turned(inFloat(x), call.integer("transA") != 0,
                    call.integer("transBatchA") != 0);
  Tensor b = turned(inFloat(call.input(1)), call.integer("transB") != 0,
                    call.integer("transBatchB") != 0);
  float alpha = call.number("alpha", 1);
  call.output(0, mapped(matMul(a, b), [=](float v) {
                   return alpha * v;
                 }).cast(x.type()));
}

float activated(const std::string &name, float x, float alpha, float beta) {
  if (name == "Relu")
    return std::max(x, 0.0f);
  if (name == "Tanh")
    return std::tanh(x);
  if (name == "Sigmoid")
    return sigmoid(x);
  if (name == "LeakyRelu")
    return x < 0 ? alpha * x : x;
  if (name == "HardSigmoid")
    return std::clamp(alpha * x + beta, 0.0f, 1.0f);
  if (name == "Elu")
    return x < 0 ? alpha * std::expm1(x) : x;
  throw Error("attribute activation=\"" + name + "\" is not known");
}

void evalFusedGemm(Call &call) {
  const Tensor &x = call.input(0);
  if (x.rank() != 2 || call.input(1).rank() != 2)
    throw Error("needs two matrices");
  Tensor a = turned(inFloat(x), call.integer("transA") != 0, false);
  Tensor b = turned(inFloat(call.input(1)), call.integer("transB") != 0, false);
  float alpha = call.number("alpha"), beta = call.number("beta");
  Tensor out = mapped(matMul(a, b), [=](float v) { return alpha * v; });
  if (const Tensor *c = call.optional(2)) {
    Tensor sum = plus(out, mapped(*c, [=](float v) { return beta * v; }));
    if (sum.shape() != out.shape())
      throw Error("C of shape " + shapeText(c->shape()) +
                  " does not broadcast to " + shapeText(out.shape()));
    out = sum;
  }
  std::string name = call.text("activation");
  float first =
      call.number("activation_alpha", name == "LeakyRelu" ? 0.01f : 0);
  float second = call.number("activation_beta");
  if (!name.empty())
    out =
        mapped(out, [&](float v) { return activated(name, v, first, second); });
  call.output(0, out.cast(x.type()));
}

mlir::Type skipNormElement(llvm::ArrayRef<mlir::Type> inputs,
                           mlir::DictionaryAttr attributes, unsigned result) {
  if (result == 0 || result == 3)
    return elementOfFirst(inputs, attributes, result);
  return mlirOfElement(attributes.getContext(), ElementType::F32);
}

mlir::Type embedElement(llvm::ArrayRef<mlir::Type> inputs,
                        mlir::DictionaryAttr attributes, unsigned result) {
  if (result == 1)
    return mlirOfElement(attributes.getContext(), ElementType::I32);
  return inputs.size() > 2 ? inputs[2] : mlir::Type();
}

mlir::Type quantisedEmbedElement(llvm::ArrayRef<mlir::Type>,
                                 mlir::DictionaryAttr attributes,
                                 unsigned result) {
  return mlirOfElement(attributes.getContext(),
                       result == 1 ? ElementType::I32 : ElementType::F32);
}

} // namespace

Rows fusedOperators() {
  using Kind = AttributeKind;
  const char *microsoft = "com.microsoft";
  std::vector<AttributeRow> matMulAttributes = {
      {"alpha", Kind::Float, "1"},
      {"transA", Kind::Int, "0"},
      {"transB", Kind::Int, "0"},
      {"transBatchA", Kind::Int, "0"},
      {"transBatchB", Kind::Int, "0"}};
  return {
      {microsoft, "Gelu", {1}, 1, 1, 1, {}, elementOfFirst, evalGelu},
      {microsoft, "BiasGelu", {1}, 2, 2, 1, {}, elementOfFirst, evalBiasGelu},
      {microsoft, "FastGelu", {1}, 1, 2, 1, {}, elementOfFirst, evalFastGelu},
      {microsoft,
       "QuickGelu",
       {1},
       1,
       1,
       1,
       {{"alpha", Kind::Float, "1.702"}},
       elementOfFirst,
       evalQuickGelu},
      {microsoft,
       "SkipLayerNormalization",
       {1},
       3,
       5,
       4,
       {{"epsilon", Kind::Float, "1e-12"}},
       skipNormElement,
       evalSkipLayerNormalization},
      {microsoft,
       "SkipSimplifiedLayerNormalization",
       {1},
       3,
       4,
       4,
       {{"epsilon", Kind::Float, "1e-12"}},
       skipNormElement,
       evalSkipSimplifiedLayerNormalization},
      {microsoft,
       "EmbedLayerNormalization",
       {1},
       1,
       9,
       3,
       {{"epsilon", Kind::Float, "1e-12"}, {"mask_index_type", Kind::Int, "0"}},
       embedElement,
       evalEmbedLayerNormalization},
      {microsoft,
       "QEmbedLayerNormalization",
       {1},
       1,
       18,
       2,
       {{"epsilon", Kind::Float, "1e-12"}},
       quantisedEmbedElement,
       evalQEmbedLayerNormalization},
      {microsoft,
       "FusedMatMul",
       {1},
       2,
       2,
       1,
       matMulAttributes,
       elementOfFirst,
       evalFusedMatMul},
      {microsoft,
       "TransposeMatMul",
       {1},
       2,
       2,
       1,
       matMulAttributes,
       elementOfFirst,
       evalFusedMatMul},
      {microsoft,
       "FusedGemm",
       {1},
       2,
       3,
       1,
       {{"alpha", Kind::Float, "1"},
        {"beta", Kind::Float, "1"},
        {"transA", Kind::Int, "0"},
        {"transB", Kind::Int, "0"},
        {"activation", Kind::String},
        {"activation_alpha", Kind::Float},
        {"activation_beta", Kind::Float},
        {"activation_gamma", Kind::Float}},
       elementOfFirst,
       evalFusedGemm},
  };
}

} // namespace dalbit::execute
