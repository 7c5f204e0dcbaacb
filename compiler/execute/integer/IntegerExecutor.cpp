// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/integer/IntegerExecutor.h"

#include "compiler/dialect/onnx/Weight.h"
#include "compiler/dialect/qnn/QNNOps.h"
#include "compiler/execute/integer/Rules.h"
#include "compiler/quantise/Weights.h"
#include "support/Error.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/TypeSwitch.h"

#include <algorithm>
#include <cmath>

using namespace mlir;

namespace dalbit::execute {

namespace {

using quantise::ResidualFraction;

std::vector<float> floatsOf(Attribute attr) {
  SmallVector<float> values;
  if (attr)
    onnx::readWeight(attr, values);
  return {values.begin(), values.end()};
}

/// Rows of the last dimension.
template <typename T> struct RowsOf {
  explicit RowsOf(Tensor &tensor)
      : cols(tensor.shape().back()), count(cols ? tensor.count() / cols : 0),
        base(tensor.data<T>()) {}
  T *operator[](int64_t row) const { return base + row * cols; }
  int64_t cols, count;
  T *base;
};

class Executor {
public:
  Executor(int64_t past, std::function<void(Value, const Tensor &)> observer)
      : past(past), observer(std::move(observer)) {}

  std::vector<Tensor> run(func::FuncOp function, ArrayRef<Tensor> inputs);

private:
  Tensor &get(Value value) { return values.find(value)->second; }
  void set(Value value, Tensor tensor) {
    if (observer)
      observer(value, tensor);
    values[value] = std::move(tensor);
  }
  static Shape shapeWith(ArrayRef<int64_t> leading, int64_t last) {
    Shape shape(leading.begin(), leading.end());
    shape.push_back(last);
    return shape;
  }

  void embedding(qnn::EmbeddingOp op);
  void positions(qnn::PositionsOp op);
  void add(qnn::AddOp op);
  void norm(qnn::LayerNormOp op);
  void quantize(qnn::QuantizeOp op);
  void linear(qnn::LinearOp op);
  void gate(qnn::GateOp op);
  void attention(qnn::AttentionOp op);
  void importCache(qnn::ImportCacheOp op);
  void exportCache(qnn::ExportCacheOp op);
  void importMask(qnn::ImportMaskOp op);
  void dequantize(qnn::DequantizeOp op);

  int64_t past, tokens = 0;
  std::function<void(Value, const Tensor &)> observer;
  llvm::DenseMap<Value, Tensor> values;
};

/// qnn.quantize of one row: codes, and its scale \p factor * maximum.
Scaled quantiseRow(const int32_t *x, int64_t cols, int8_t *codes,
                   quantise::Pair factor) {
  int64_t maximum = 0;
  for (int64_t c = 0; c < cols; ++c)
    maximum = std::max(maximum,
                       std::min<int64_t>(std::abs(int64_t(x[c])), INT32_MAX));
  Scaled inverse = divide(scaledOf(quantise::makePair(127)), {maximum, 0});
  for (int64_t c = 0; c < cols; ++c)
    codes[c] = int8_t(std::clamp(requantise(x[c], inverse, 0), -128, 127));
  return times({maximum, 0}, scaledOf(factor));
}

uint32_t wordOf(Scaled scale) {
  return uint16_t(scale.m) | uint32_t(uint8_t(scale.e)) << 16;
}

Scaled scaleOfWord(int32_t word) {
  return {int16_t(word & 0xffff), int8_t(word >> 16)};
}

void Executor::embedding(qnn::EmbeddingOp op) {
  Tensor ids = get(op.getIds());
  std::vector<float> table = floatsOf(op.getTable());
  auto type = cast<ShapedType>(op.getTable().getType());
  int64_t rows = type.getDimSize(0), cols = type.getDimSize(1);
  Tensor out(ElementType::I32, shapeWith(ids.shape(), cols));
  SmallVector<int64_t> numbers = ids.integers();
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] < 0 || numbers[i] >= rows)
      throw Error("id " + std::to_string(numbers[i]) +
                  " is outside the vocabulary of " + std::to_string(rows));
    for (int64_t c = 0; c < cols; ++c)
      out.data<int32_t>()[int64_t(i) * cols + c] = quantise::toFixed(
          table[numbers[i] * cols + c], int(op.getFraction()));
  }
  tokens = ids.shape().back();
  set(op.getOut(), out);
}

void Executor::positions(qnn::PositionsOp op) {
  std::vector<float> table = floatsOf(op.getTable());
  auto type = cast<ShapedType>(op.getTable().getType());
  int64_t rows = type.getDimSize(0), cols = type.getDimSize(1);
  int64_t first = op.getRelative() ? 0 : past;
  if (first + tokens > rows)
    throw Error("position " + std::to_string(first + tokens - 1) +
                " is past the table of " + std::to_string(rows));
  Tensor out(ElementType::I32, {1, tokens, cols});
  for (int64_t i = 0; i < tokens * cols; ++i)
    out.data<int32_t>()[i] =
        quantise::toFixed(table[first * cols + i], int(op.getFraction()));
  set(op.getOut(), out);
}

void Executor::add(qnn::AddOp op) {
  Tensor a = get(op.getA()), b = get(op.getB());
  Tensor out(ElementType::I32, a.shape());
  for (int64_t i = 0; i < a.count(); ++i)
    out.data<int32_t>()[i] =
        clamp32(int64_t(a.data<int32_t>()[i]) +
                b.data<int32_t>()[i % std::max<int64_t>(b.count(), 1)]);
  set(op.getOut(), out);
}

void Executor::norm(qnn::LayerNormOp op) {
  Tensor x = get(op.getX());
  std::vector<float> gamma = floatsOf(op.getGamma()),
                     beta = floatsOf(op.getBeta().value_or(TypedAttr()));
  quantise::QuantisedNorm numbers = quantise::quantiseNorm(
      gamma, beta, op.getEpsilon().convertToFloat(), int(op.getFraction()));
  Tensor out(ElementType::I32, x.shape());
  RowsOf<int32_t> in(x), result(out);
  std::vector<int32_t> centred(in.cols);
  for (int64_t r = 0; r < in.count; ++r) {
    int64_t sum = 0, maximum = 0, squares = 0;
    for (int64_t c = 0; c < in.cols; ++c)
      sum += in[r][c];
    Scaled total = sumOf(sum);
    int32_t mean = requantise(total.m, scaledOf(numbers.inverseSize), total.e);
    for (int64_t c = 0; c < in.cols; ++c) {
      centred[c] = clamp32(int64_t(in[r][c]) - mean);
      maximum = std::max(
          maximum, std::min<int64_t>(std::abs(int64_t(centred[c])), INT32_MAX));
    }
    int shift = squareShift(maximum);
    for (int32_t v : centred) {
      int64_t u =
          shift ? (int64_t(v) + (int64_t(1) << (shift - 1))) >> shift : v;
      squares += u * u;
    }
    Scaled square = sumOf(squares);
    square.e -= 2 * shift;
    Scaled root = inverseRoot(square, scaledOf(numbers.squareFactor),
                              scaledOf(numbers.epsilon));
    for (int64_t c = 0; c < in.cols; ++c) {
      int32_t v = requantise(centred[c], root, numbers.adjust);
      v = requantise(v, scaledOf(numbers.gamma[c]), 0);
      result[r][c] = clamp32(int64_t(v) + numbers.beta[c]);
    }
  }
  set(op.getOut(), out);
}

void Executor::quantize(qnn::QuantizeOp op) {
  Tensor x = get(op.getX());
  Tensor codes(ElementType::I8, x.shape()),
      scales(ElementType::I32, x.shape().drop_back());
  RowsOf<int32_t> in(x);
  RowsOf<int8_t> out(codes);
  for (int64_t r = 0; r < in.count; ++r)
    scales.data<int32_t>()[r] = int32_t(wordOf(quantiseRow(
        in[r], in.cols, out[r], quantise::codeScale(int(op.getFraction())))));
  set(op.getCodes(), codes);
  set(op.getScales(), scales);
}

void Executor::linear(qnn::LinearOp op) {
  Tensor codes = get(op.getCodes()), scales = get(op.getScales());
  auto type = cast<ShapedType>(op.getWeight().getType());
  int64_t k = type.getDimSize(0), n = type.getDimSize(1);
  quantise::QuantisedLinear q = quantise::quantiseLinear(
      floatsOf(op.getWeight()), floatsOf(op.getBias().value_or(TypedAttr())), k,
      n,
      op.getForm() == "w4" ? quantise::WeightForm::W4
                           : quantise::WeightForm::W8);
  Tensor out(ElementType::I32, shapeWith(codes.shape().drop_back(), n));
  RowsOf<int8_t> in(codes);
  RowsOf<int32_t> result(out);
  for (int64_t r = 0; r < in.count; ++r) {
    Scaled rowScale = scaleOfWord(scales.data<int32_t>()[r]);
    for (int64_t c = 0; c < n; ++c) {
      int32_t sum = 0;
      for (int64_t i = 0; i < k; ++i)
        sum += int32_t(in[r][i]) * q.codes[c * k + i];
      int32_t v = requantise(sum, scaledOf(q.channels[c]), 0);
      v = requantise(v, rowScale, q.inner - ResidualFraction);
      result[r][c] = clamp32(int64_t(v) + q.bias[c]);
    }
  }
  set(op.getOut(), out);
}

void Executor::gate(qnn::GateOp op) {
  Tensor x = get(op.getX());
  const quantise::Table &table =
      quantise::geluTable(op.getFunction() == "gelu_tanh");
  Tensor out(ElementType::I32, x.shape());
  for (int64_t i = 0; i < x.count(); ++i) {
    int32_t v = x.data<int32_t>()[i];
    int32_t y = interpolate(table.words.data(), v, table.shift, table.offset);
    out.data<int32_t>()[i] = requantise(v, {y, table.gateShift}, 0);
  }
  set(op.getOut(), out);
}

void Executor::attention(qnn::AttentionOp op) {
  Tensor q = get(op.getQuery()), k = get(op.getKey()), v = get(op.getValue());
  int64_t batch = q.dim(0), rows = q.dim(1), heads = op.getHeads(),
          size = q.dim(2) / heads;
  int64_t held = op.getPastKey() ? get(op.getPastKey()).dim(2) : past;
  int64_t keys = held + rows;
  quantise::AttentionNumbers numbers =
      quantise::attentionNumbers(size, op.getScale().convertToDouble());
  Tensor keyCodes(ElementType::I8, {batch, heads, keys, size}),
      keyScales(ElementType::I32, {batch, heads, keys});
  Tensor valueCodes(ElementType::I8, {batch, heads, keys, size}),
      valueScales(ElementType::I32, {batch, heads, keys});
  auto fill = [&](Value pastCodes, Value pastScales, Tensor &fresh,
                  Tensor &codes, Tensor &scales) {
    for (int64_t bh = 0; bh < batch * heads; ++bh) {
      if (pastCodes) {
        std::copy_n(get(pastCodes).data<int8_t>() + bh * held * size,
                    held * size, codes.data<int8_t>() + bh * keys * size);
        std::copy_n(get(pastScales).data<int32_t>() + bh * held, held,
                    scales.data<int32_t>() + bh * keys);
      }
      for (int64_t t = 0; t < rows; ++t) {
        const int32_t *x =
            fresh.data<int32_t>() +
            ((bh / heads * rows + t) * heads + bh % heads) * size;
        int64_t at = bh * keys + held + t;
        scales.data<int32_t>()[at] = int32_t(
            wordOf(quantiseRow(x, size, codes.data<int8_t>() + at * size,
                               quantise::codeScale(ResidualFraction))));
      }
    }
  };
  fill(op.getPastKey(), op.getPastKeyScales(), k, keyCodes, keyScales);
  fill(op.getPastValue(), op.getPastValueScales(), v, valueCodes, valueScales);

  const quantise::Table &exponential = quantise::exponentialTable();
  Tensor out(ElementType::I32, q.shape());
  std::vector<int8_t> query(size), weights(keys);
  std::vector<int32_t> scores(keys), probabilities(keys);
  for (int64_t bh = 0; bh < batch * heads; ++bh)
    for (int64_t t = 0; t < rows; ++t) {
      int64_t row = (bh / heads * rows + t) * heads + bh % heads;
      Scaled queryScale = quantiseRow(q.data<int32_t>() + row * size, size,
                                      query.data(), numbers.queryScale);
      int64_t visible = op.getCausal() ? held + t + 1 : keys;
      int32_t maximum = INT32_MIN;
      for (int64_t s = 0; s < visible; ++s) {
        int32_t sum = 0;
        for (int64_t i = 0; i < size; ++i)
          sum += int32_t(query[i]) *
                 keyCodes.data<int8_t>()[(bh * keys + s) * size + i];
        int32_t x = requantise(
            sum, scaleOfWord(keyScales.data<int32_t>()[bh * keys + s]),
            -numbers.scoreInner);
        x = requantise(x, queryScale, numbers.scoreInner - ResidualFraction);
        if (op.getMask())
          x = clamp32(int64_t(x) +
                      get(op.getMask()).data<int32_t>()[bh / heads * keys + s]);
        scores[s] = x;
        maximum = std::max(maximum, x);
      }
      int64_t total = 0;
      for (int64_t s = 0; s < visible; ++s) {
        int32_t p = interpolate(exponential.words.data(),
                                clamp32(int64_t(scores[s]) - maximum),
                                exponential.shift, exponential.offset);
        total += p;
        probabilities[s] = requantise(
            p, scaleOfWord(valueScales.data<int32_t>()[bh * keys + s]),
            -numbers.probabilityInner);
      }
      quantiseRow(probabilities.data(), visible, weights.data(),
                  quantise::codeScale(numbers.probabilityInner));
      int64_t largest = 0;
      for (int64_t s = 0; s < visible; ++s)
        largest = std::max(largest, std::abs(int64_t(probabilities[s])));
      // S7: (maximum * 1/total) * 2^-inner/127.
      Scaled share = divide(scaledOf(quantise::makePair(1)), sumOf(total));
      Scaled scale =
          times(times({largest, 0}, share),
                scaledOf(quantise::codeScale(numbers.probabilityInner)));
      for (int64_t i = 0; i < size; ++i) {
        int32_t sum = 0;
        for (int64_t s = 0; s < visible; ++s)
          sum += int32_t(weights[s]) *
                 valueCodes.data<int8_t>()[(bh * keys + s) * size + i];
        out.data<int32_t>()[row * size + i] =
            requantise(sum, scale, -ResidualFraction);
      }
    }
  set(op.getOut(), out);
  set(op.getPresentKey(), keyCodes);
  set(op.getPresentKeyScales(), keyScales);
  set(op.getPresentValue(), valueCodes);
  set(op.getPresentValueScales(), valueScales);
}

void Executor::importCache(qnn::ImportCacheOp op) {
  Tensor x = get(op.getCache());
  Tensor codes(ElementType::I8, x.shape()),
      scales(ElementType::I32, x.shape().drop_back());
  RowsOf<float> in(x);
  RowsOf<int8_t> out(codes);
  for (int64_t r = 0; r < in.count; ++r) {
    double maximum = 0;
    for (int64_t c = 0; c < in.cols; ++c)
      maximum = std::max(maximum, std::fabs(double(in[r][c])));
    quantise::Pair scale = quantise::makePair(maximum / 127);
    double step = scale.value();
    for (int64_t c = 0; c < in.cols; ++c)
      out[r][c] = int8_t(step == 0 ? 0
                                   : std::clamp(std::nearbyint(in[r][c] / step),
                                                -128.0, 127.0));
    scales.data<int32_t>()[r] = int32_t(scale.word());
  }
  set(op.getCodes(), codes);
  set(op.getScales(), scales);
}

void Executor::exportCache(qnn::ExportCacheOp op) {
  Tensor codes = get(op.getCodes()), scales = get(op.getScales());
  Tensor out(ElementType::F32, codes.shape());
  RowsOf<int8_t> in(codes);
  RowsOf<float> result(out);
  for (int64_t r = 0; r < in.count; ++r) {
    Scaled scale = scaleOfWord(scales.data<int32_t>()[r]);
    for (int64_t c = 0; c < in.cols; ++c)
      result[r][c] = float(in[r][c] * std::ldexp(double(scale.m), -scale.e));
  }
  set(op.getCache(), out);
}

void Executor::importMask(qnn::ImportMaskOp op) {
  Tensor mask = get(op.getMask()).cast(ElementType::F32);
  Tensor out(ElementType::I32, mask.shape());
  for (int64_t i = 0; i < mask.count(); ++i)
    out.data<int32_t>()[i] = mask.data<float>()[i] != 0 ? 0 : -(1 << 29);
  set(op.getOut(), out);
}

void Executor::dequantize(qnn::DequantizeOp op) {
  Tensor x = get(op.getX());
  Tensor out(ElementType::F32, x.shape());
  for (int64_t i = 0; i < x.count(); ++i)
    out.data<float>()[i] =
        float(std::ldexp(double(x.data<int32_t>()[i]), -int(op.getFraction())));
  set(op.getOut(), out);
}

std::vector<Tensor> Executor::run(func::FuncOp function,
                                  ArrayRef<Tensor> inputs) {
  for (auto [argument, tensor] : llvm::zip(function.getArguments(), inputs)) {
    values[argument] = tensor;
    for (Operation *user : argument.getUsers())
      if (llvm::isa<qnn::ImportCacheOp>(user))
        past = tensor.dim(2);
  }
  std::vector<Tensor> results;
  for (Operation &op : function.getBody().front())
    llvm::TypeSwitch<Operation *>(&op)
        .Case([&](qnn::EmbeddingOp o) { embedding(o); })
        .Case([&](qnn::PositionsOp o) { positions(o); })
        .Case([&](qnn::AddOp o) { add(o); })
        .Case([&](qnn::LayerNormOp o) { norm(o); })
        .Case([&](qnn::QuantizeOp o) { quantize(o); })
        .Case([&](qnn::LinearOp o) { linear(o); })
        .Case([&](qnn::GateOp o) { gate(o); })
        .Case([&](qnn::AttentionOp o) { attention(o); })
        .Case([&](qnn::ImportCacheOp o) { importCache(o); })
        .Case([&](qnn::ExportCacheOp o) { exportCache(o); })
        .Case([&](qnn::ImportMaskOp o) { importMask(o); })
        .Case([&](qnn::DequantizeOp o) { dequantize(o); })
        .Case([&](func::ReturnOp o) {
          for (Value value : o.getOperands())
            results.push_back(get(value));
        });
  return results;
}

} // namespace

std::vector<Tensor>
runInteger(ModuleOp module, ArrayRef<Tensor> inputs, int64_t past,
           std::function<void(Value, const Tensor &)> observer) {
  auto functions = module.getOps<func::FuncOp>();
  if (functions.empty())
    throw Error("the module has no function");
  return Executor(past, std::move(observer)).run(*functions.begin(), inputs);
}

} // namespace dalbit::execute
