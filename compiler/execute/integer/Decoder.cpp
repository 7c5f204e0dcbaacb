// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/integer/Decoder.h"

#include "compiler/dialect/onnx/Weight.h"
#include "compiler/execute/integer/Attend.h"
#include "compiler/execute/integer/Rows.h"
#include "compiler/quantise/Decoder.h"
#include "support/Error.h"

namespace dalbit::execute {

namespace {

llvm::SmallVector<float> numbersOf(mlir::Attribute value) {
  llvm::SmallVector<float> numbers;
  onnx::readWeight(value, numbers);
  return numbers;
}

} // namespace

Tensor rmsNormInteger(Tensor x, qnn::RMSNormOp op) {
  llvm::SmallVector<float> gamma = numbersOf(op.getGamma());
  int64_t cols = x.dim(x.rank() - 1) / int64_t(op.getGroups());
  quantise::QuantisedNorm numbers = quantise::quantiseNorm(
      gamma, {}, op.getEpsilon().convertToFloat(), int(op.getFraction()), cols);
  Tensor out(ElementType::I32, x.shape());
  for (int64_t at = 0; at < x.count(); at += cols) {
    const int32_t *in = x.data<int32_t>() + at;
    int32_t *result = out.data<int32_t>() + at;
    int shift = squareShift(absmaxOf(in, cols));
    int64_t squares = 0;
    for (int64_t c = 0; c < cols; ++c) {
      int64_t u = shift
                      ? (int64_t(in[c]) + (int64_t(1) << (shift - 1))) >> shift
                      : in[c];
      squares += u * u;
    }
    Scaled square = sumOf(squares);
    square.e -= 2 * shift;
    Scaled root = inverseRoot(square, scaledOf(numbers.squareFactor),
                              scaledOf(numbers.epsilon));
    for (int64_t c = 0; c < cols; ++c)
      result[c] = requantise(
          requantise(in[c], root, numbers.adjust),
          scaledOf(numbers.gamma[(at + c) % int64_t(gamma.size())]), 0);
  }
  return out;
}

Tensor rotaryInteger(Tensor x, Tensor ids, qnn::RotaryOp op) {
  auto table = llvm::cast<mlir::ShapedType>(op.getCos().getType());
  int64_t positions = table.getDimSize(0), pairs = table.getDimSize(1);
  llvm::SmallVector<float> cos = numbersOf(op.getCos()),
                           sin = numbersOf(op.getSin());
  int64_t batch = x.dim(0), tokens = x.dim(1), heads = op.getHeads(),
          size = x.dim(2) / heads;
  Tensor out(ElementType::I32, x.shape());
  std::copy_n(x.data<int32_t>(), x.count(), out.data<int32_t>());
  auto times = [](int64_t value, float factor) {
    return int64_t(requantise(
        value, {quantise::rotaryFactor(factor), quantise::RotaryFraction}, 0));
  };
  for (int64_t row = 0; row < batch * tokens; ++row) {
    int64_t position =
        ids.data<int64_t>()[ids.dim(0) == 1 ? row % tokens : row];
    if (position < 0 || position >= positions)
      throw Error("position " + std::to_string(position) +
                  " is past the rotary table of " + std::to_string(positions));
    for (int64_t h = 0; h < heads; ++h) {
      const int32_t *in = x.data<int32_t>() + (row * heads + h) * size;
      int32_t *to = out.data<int32_t>() + (row * heads + h) * size;
      for (int64_t i = 0; i < pairs; ++i) {
        int64_t a = op.getInterleaved() ? 2 * i : i;
        int64_t b = op.getInterleaved() ? 2 * i + 1 : i + pairs;
        float c = cos[position * pairs + i], s = sin[position * pairs + i];
        to[a] = clamp32(times(clamp32(-int64_t(in[b])), s) + times(in[a], c));
        to[b] = clamp32(times(in[a], s) + times(in[b], c));
      }
    }
  }
  return out;
}

std::pair<Tensor, Tensor> productInteger(Tensor a, Tensor b, int fraction) {
  Tensor out(ElementType::I32, a.shape()),
      scales(ElementType::I32, a.shape().drop_back());
  RowsOf<int32_t> first(a), second(b), result(out);
  for (int64_t r = 0; r < first.count; ++r) {
    int64_t maximum = absmaxOf(second[r], second.cols);
    Scaled inverse = divide(scaledOf(quantise::makePair(32767)), {maximum, 0});
    for (int64_t c = 0; c < first.cols; ++c) {
      int32_t factor =
          std::clamp(requantise(second[r][c], inverse, 0), -32768, 32767);
      result[r][c] =
          requantise(first[r][c], {factor, quantise::ProductShift}, 0);
    }
    scales.data<int32_t>()[r] = int32_t(
        wordOf(times({maximum, 0}, scaledOf(quantise::productStep(fraction)))));
  }
  return {out, scales};
}

Tensor applyScales(Tensor x, Tensor scales) {
  Tensor out(ElementType::I32, x.shape());
  RowsOf<int32_t> in(x), result(out);
  for (int64_t r = 0; r < in.count; ++r)
    for (int64_t c = 0; c < in.cols; ++c)
      result[r][c] =
          requantise(in[r][c], scaleOfWord(scales.data<int32_t>()[r]), 0);
  return out;
}

} // namespace dalbit::execute
