// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matrix products of quantised operands, as written: sums of products of codes
// are exact (in double), scales come after, in float.

#include "compiler/execute/ElementTypes.h"
#include "compiler/execute/operators/Broadcast.h"
#include "compiler/execute/operators/Layout.h"
#include "compiler/execute/operators/Matrix.h"
#include "compiler/execute/operators/Operator.h"
#include "compiler/execute/operators/Quantise.h"

#include "support/Error.h"

#include "mlir/IR/BuiltinTypes.h"

#include <cmath>

namespace dalbit::execute {

namespace {

/// A parameter of the left operand: one a row.
Tensor byRow(const Tensor &parameter) {
  if (parameter.rank() == 1 && parameter.count() > 1)
    return parameter.reshaped({parameter.dim(0), 1});
  return parameter.count() == 1 ? parameter.reshaped({}) : parameter;
}

/// A parameter of the right operand: one a column, which broadcasts as it is.
Tensor byColumn(const Tensor &parameter) {
  return parameter.count() == 1 ? parameter.reshaped({}) : parameter;
}

/// Sums of (a - za) (b - zb), exact, as doubles.
Tensor exactProduct(const Tensor &a, const Tensor *zeroA, const Tensor &b,
                    const Tensor *zeroB) {
  if (isFloat(a.type()) || isFloat(b.type()))
    throw Error("integers are needed");
  Tensor rows = zeroA ? byRow(*zeroA) : Tensor();
  Tensor columns = zeroB ? byColumn(*zeroB) : Tensor();
  return matMul(centred(a, zeroA ? &rows : nullptr),
                centred(b, zeroB ? &columns : nullptr));
}

/// Combines floats with broadcasting.
template <typename F> Tensor combine(const Tensor &a, const Tensor &b, F f) {
  Tensor x = a.cast(ElementType::F32), y = b.cast(ElementType::F32);
  Tensor out(ElementType::F32, broadcastShape({x.shape(), y.shape()}));
  broadcastBinary<float, float, float>(x, y, out, f);
  return out;
}

Tensor times(const Tensor &a, const Tensor &b) {
  return combine(a, b, [](float x, float y) { return x * y; });
}

Tensor plus(const Tensor &a, const Tensor &b) {
  return combine(a, b, [](float x, float y) { return x + y; });
}

Tensor scaleOfProduct(const Tensor &scaleA, const Tensor &scaleB) {
  return times(byRow(scaleA), byColumn(scaleB));
}

/// Float values as codes: x * factor, rounded and shifted.
Tensor requantise(const Tensor &sums, const Tensor &factor,
                  const Tensor &zero) {
  Tensor one = Tensor::scalar<float>(1);
  Tensor shift = zero.count() == 1 ? zero.reshaped({}) : zero;
  return quantise(times(sums, factor), one, &shift, zero.type());
}

void evalMatMulInteger(Call &call) {
  call.output(0, exactProduct(call.input(0), call.optional(2), call.input(1),
                              call.optional(3))
                     .cast(ElementType::I32));
}

void evalQLinearMatMul(Call &call) {
  Tensor sums = exactProduct(call.input(0), call.optional(2), call.input(3),
                             call.optional(5));
  Tensor factor =
      combine(scaleOfProduct(call.input(1), call.input(4)),
              byRow(call.input(6)), [](float x, float y) { return x / y; });
  call.output(0, requantise(sums, factor, byRow(call.input(7))));
}

void evalMatMulIntegerToFloat(Call &call) {
  Tensor out = times(exactProduct(call.input(0), call.optional(4),
                                  call.input(1), call.optional(5)),
                     scaleOfProduct(call.input(2), call.input(3)));
  call.output(0, call.optional(6) ? plus(out, call.input(6)) : out);
}

void evalDynamicQuantizeMatMul(Call &call) {
  DynamicCodes a = quantiseDynamically(call.input(0));
  Tensor out =
      times(exactProduct(a.codes, &a.zero, call.input(1), call.optional(3)),
            scaleOfProduct(a.scale, call.input(2)));
  call.output(0, call.optional(4) ? plus(out, call.input(4)) : out);
}

void evalQGemm(Call &call) {
  Tensor a = call.input(0), b = call.input(3);
  if (a.rank() != 2 || b.rank() != 2)
    throw Error("needs two matrices");
  if (call.integer("transA") != 0)
    a = permute(a, {1, 0});
  Tensor shiftA = call.input(2), shiftB = call.input(5);
  Tensor left = centred(a, &shiftA), right = centred(b, nullptr);
  // A zero point a column of B is a row of what is stored if transposed.
  if (call.integer("transB") != 0)
    right = permute(right, {1, 0});
  shiftB = byColumn(shiftB);
  right = centred(right, &shiftB);
  Tensor sums = matMul(left, right);
  if (const Tensor *c = call.optional(6)) {
    Tensor addend = c->cast(ElementType::F64);
    Tensor out(ElementType::F64, sums.shape());
    if (broadcastShape({sums.shape(), addend.shape()}) != Shape(sums.shape()))
      throw Error("C does not broadcast to the product");
    broadcastBinary<double, double, double>(
        sums, addend, out, [](double x, double y) { return x + y; });
    sums = out;
  }
  Tensor factor = times(scaleOfProduct(call.input(1), call.input(4)),
                        Tensor::scalar(call.number("alpha")));
  const Tensor *scale = call.optional(7);
  if (!scale) {
    call.output(0, times(sums, factor));
    return;
  }
  factor =
      combine(factor, byColumn(*scale), [](float x, float y) { return x / y; });
  Tensor none = Tensor::scalar<uint8_t>(0).cast(a.type());
  call.output(
      0, requantise(sums, factor, call.optional(8) ? call.input(8) : none));
}

/// Code \p index of codes of \p bits packed from the low bits on.
int codeAt(const uint8_t *packed, int64_t index, int64_t bits) {
  int64_t bit = index * bits;
  return packed[bit / 8] >> (bit % 8) & ((1 << bits) - 1);
}

/// A times the transposed of B, which is [N, blocks, codes of a block]: each
/// block of K has a scale and a zero point.
void evalMatMulNBits(Call &call) {
  const Tensor &a = call.input(0), &b = call.input(1);
  int64_t k = call.integer("K"), n = call.integer("N");
  int64_t bits = call.integer("bits", 4), block = call.integer("block_size");
  if ((bits != 2 && bits != 4 && bits != 8) || block < 16 || k < 1 || n < 1 ||
      k > INT32_MAX || n > INT32_MAX || block > 1 << 20)
    throw Error("bits=" + std::to_string(bits) + " and block_size=" +
                std::to_string(block) + " are not supported");
  int64_t blocks = (k - 1) / block + 1, blob = block * bits / 8, total;
  if (__builtin_mul_overflow(n * blocks, blob, &total) ||
      b.type() != ElementType::U8 || b.count() != total)
    throw Error("B of shape " + shapeText(b.shape()) + " does not hold " +
                std::to_string(n) + " x " + std::to_string(k) + " codes");
  Tensor scales = call.input(2).cast(ElementType::F32);
  const Tensor *zeros = call.optional(3);
  if (call.optional(4))
    throw Error("g_idx is not supported");
  int64_t zeroBytes = (blocks * bits + 7) / 8;
  bool packed = zeros && zeros->type() == ElementType::U8;
  if (scales.count() != n * blocks ||
      (zeros && zeros->count() != n * (packed ? zeroBytes : blocks)))
    throw Error("scales or zero points do not fit N, K and block_size");
  Tensor given = zeros && !packed ? zeros->cast(ElementType::F32) : Tensor();
  Tensor weight(ElementType::F32, {n, k});
  for (int64_t row = 0; row < n; ++row)
    for (int64_t j = 0; j < blocks; ++j) {
      const uint8_t *codes = b.data<uint8_t>() + (row * blocks + j) * blob;
      float scale = scales.data<float>()[row * blocks + j];
      float zero = float(1 << (bits - 1));
      if (packed)
        zero = float(codeAt(zeros->data<uint8_t>() + row * zeroBytes, j, bits));
      else if (zeros)
        zero = given.data<float>()[row * blocks + j];
      float *to = weight.data<float>() + row * k + j * block;
      for (int64_t i = 0, count = std::min(block, k - j * block); i < count;
           ++i)
        to[i] = (float(codeAt(codes, i, bits)) - zero) * scale;
    }
  if (a.rank() < 1 || a.dim(a.rank() - 1) != k)
    throw Error("A of shape " + shapeText(a.shape()) +
                " does not end in K=" + std::to_string(k));
  int64_t rows = a.count() / k;
  Tensor in = a.cast(ElementType::F32);
  Shape shape(a.shape());
  shape.back() = n;
  Tensor out(ElementType::F32, shape);
  if (std::max({rows, n, k}) > INT32_MAX)
    throw Error("a matrix dimension is beyond 2^31");
  multiply(in.data<float>(), k, false, weight.data<float>(), k, true,
           out.data<float>(), n, rows, n, k);
  if (const Tensor *bias = call.optional(5))
    out = plus(out, *bias);
  call.output(0, out.cast(a.type()));
}

mlir::Type elementInt32(llvm::ArrayRef<mlir::Type>,
                        mlir::DictionaryAttr attributes, unsigned) {
  return mlirOfElement(attributes.getContext(), ElementType::I32);
}

mlir::Type elementFloat(llvm::ArrayRef<mlir::Type>,
                        mlir::DictionaryAttr attributes, unsigned) {
  return mlirOfElement(attributes.getContext(), ElementType::F32);
}

mlir::Type elementOfLast(llvm::ArrayRef<mlir::Type> inputs,
                         mlir::DictionaryAttr, unsigned) {
  return inputs.size() == 8 ? inputs[7] : mlir::Type();
}

mlir::Type gemmElement(llvm::ArrayRef<mlir::Type> inputs,
                       mlir::DictionaryAttr attributes, unsigned result) {
  if (inputs.size() > 8 && inputs[8])
    return inputs[8];
  if (inputs.size() > 7 && inputs[7])
    return inputs[0];
  return elementFloat(inputs, attributes, result);
}

} // namespace

Rows quantisedMatrixOperators() {
  using Kind = AttributeKind;
  const char *microsoft = "com.microsoft";
  return {
      {"", "MatMulInteger", {10}, 2, 4, 1, {}, elementInt32, evalMatMulInteger},
      {"",
       "QLinearMatMul",
       {10, 21},
       8,
       8,
       1,
       {},
       elementOfLast,
       evalQLinearMatMul},
      {microsoft,
       "MatMulIntegerToFloat",
       {1},
       4,
       7,
       1,
       {},
       elementFloat,
       evalMatMulIntegerToFloat},
      {microsoft,
       "DynamicQuantizeMatMul",
       {1},
       3,
       5,
       1,
       {},
       elementFloat,
       evalDynamicQuantizeMatMul},
      {microsoft,
       "QGemm",
       {1},
       6,
       9,
       1,
       {{"alpha", Kind::Float, "1"},
        {"transA", Kind::Int, "0"},
        {"transB", Kind::Int, "0"}},
       gemmElement,
       evalQGemm},
      {microsoft,
       "MatMulNBits",
       {1},
       3,
       6,
       1,
       {{"K", Kind::Int},
        {"N", Kind::Int},
        {"bits", Kind::Int, "4"},
        {"block_size", Kind::Int},
        {"accuracy_level", Kind::Int, "0"}},
       elementOfFirst,
       evalMatMulNBits},
  };
}

} // namespace dalbit::execute
