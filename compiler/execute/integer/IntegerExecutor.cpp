// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/integer/IntegerExecutor.h"

#include "compiler/dialect/onnx/Weight.h"
#include "compiler/dialect/qnn/QNNOps.h"
#include "compiler/execute/integer/Attend.h"
#include "compiler/execute/integer/Decoder.h"
#include "compiler/execute/integer/Experts.h"
#include "compiler/execute/integer/Rows.h"
#include "compiler/execute/integer/Softmax.h"
#include "compiler/execute/nn/Decoder.h"
#include "compiler/execute/nn/Tokens.h"
#include "compiler/quantise/Decoder.h"
#include "compiler/quantise/LinearWeights.h"
#include "support/Error.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/TypeSwitch.h"

#include <algorithm>
#include <cmath>

using namespace mlir;

namespace dalbit::execute {

namespace {

using quantise::HiddenScore;
using quantise::ResidualFraction;

std::vector<float> floatsOf(Attribute attr) {
  SmallVector<float> values;
  if (attr)
    onnx::readWeight(attr, values);
  return {values.begin(), values.end()};
}

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
  void quantizeWide(qnn::QuantizeOp op);
  void linear(qnn::LinearOp op);
  void gate(qnn::GateOp op);
  std::pair<Tensor, Tensor> append(Value pastCodes, Value pastScales, Tensor &x,
                                   int64_t heads);
  void attention(qnn::AttentionOp op);
  void import(qnn::ImportOp op);
  void rescale(qnn::RescaleOp op);
  void bound(qnn::BoundOp op);
  void table(qnn::TableOp op);
  void heads(qnn::HeadsOp op);
  void attend(qnn::AttendOp op);
  void slice(qnn::SliceOp op);
  void windows(qnn::WindowsOp op);
  void importScores(qnn::ImportScoresOp op);
  void bindSymbol(StringRef dim, int64_t size) {
    if (dim == "T")
      tokens = size;
    if (dim == "P")
      past = size;
    if (dim == "B")
      batch = size;
  }
  int64_t batchOf(Value value) const {
    int64_t size = cast<RankedTensorType>(value.getType()).getDimSize(0);
    return ShapedType::isDynamic(size) ? batch : size;
  }
  /// The size of dimension \p dim of a value's type, T if that is open.
  int64_t rowsOf(Value value, int64_t dim = 1) const {
    int64_t size = cast<RankedTensorType>(value.getType()).getDimSize(dim);
    return ShapedType::isDynamic(size) ? tokens : size;
  }
  void importCache(qnn::ImportCacheOp op);
  void exportCache(qnn::ExportCacheOp op);
  void importMask(qnn::ImportMaskOp op);
  void dequantize(qnn::DequantizeOp op);
  void rotary(qnn::RotaryOp op);

  int64_t past, tokens = 0, batch = 1;
  std::function<void(Value, const Tensor &)> observer;
  llvm::DenseMap<Value, Tensor> values;
};

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
  set(op.getOut(), out);
}

void Executor::positions(qnn::PositionsOp op) {
  std::vector<float> table = floatsOf(op.getTable());
  auto type = cast<ShapedType>(op.getTable().getType());
  int64_t rows = type.getDimSize(0), cols = type.getDimSize(1);
  int64_t first = op.getRelative() ? 0 : past, count = rowsOf(op.getOut());
  if (first + count > rows)
    throw Error("position " + std::to_string(first + count - 1) +
                " is past the table of " + std::to_string(rows));
  Tensor out(ElementType::I32, {1, count, cols});
  for (int64_t i = 0; i < count * cols; ++i)
    out.data<int32_t>()[i] =
        quantise::toFixed(table[first * cols + i], int(op.getFraction()));
  set(op.getOut(), out);
}

void Executor::add(qnn::AddOp op) {
  Tensor a = get(op.getA()), b = get(op.getB());
  Tensor out(ElementType::I32, a.shape());
  // A single sequence or row of b is repeated.
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
  int64_t cols = x.dim(x.rank() - 1) / int64_t(op.getGroups());
  quantise::QuantisedNorm numbers =
      quantise::quantiseNorm(gamma, beta, op.getEpsilon().convertToFloat(),
                             int(op.getFraction()), cols);
  Tensor out(ElementType::I32, x.shape());
  std::vector<int32_t> centred(cols);
  for (int64_t at = 0; at < x.count(); at += cols) {
    const int32_t *in = x.data<int32_t>() + at;
    int64_t sum = 0, maximum = 0, squares = 0;
    for (int64_t c = 0; c < cols; ++c)
      sum += in[c];
    Scaled total = sumOf(sum);
    int32_t mean = requantise(total.m, scaledOf(numbers.inverseSize), total.e);
    for (int64_t c = 0; c < cols; ++c) {
      centred[c] = clamp32(int64_t(in[c]) - mean);
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
    for (int64_t c = 0; c < cols; ++c) {
      size_t own = size_t(at + c) % gamma.size();
      int32_t v = requantise(centred[c], root, numbers.adjust);
      v = requantise(v, scaledOf(numbers.gamma[own]), 0);
      out.data<int32_t>()[at + c] = clamp32(int64_t(v) + numbers.beta[own]);
    }
  }
  set(op.getOut(), out);
}

/// qnn.quantize of rows of 16 bits (A2).
void Executor::quantizeWide(qnn::QuantizeOp op) {
  Tensor x = get(op.getX());
  Shape rows(x.shape().drop_back());
  Tensor high(ElementType::I8, x.shape()), low(ElementType::I8, x.shape()),
      highScales(ElementType::I32, rows), lowScales(ElementType::I32, rows);
  RowsOf<int32_t> in(x);
  RowsOf<int8_t> highOut(high), lowOut(low);
  int fraction = int(op.getFraction());
  for (int64_t r = 0; r < in.count; ++r) {
    Scaled maximum = {absmaxOf(in[r], in.cols), 0};
    Scaled inverse =
        divide(scaledOf(quantise::makePair(quantise::WideMaximum)), maximum);
    for (int64_t c = 0; c < in.cols; ++c) {
      int v = std::clamp(requantise(in[r][c], inverse, 0), -32768, 32767);
      int upper = std::clamp((v + 128) >> 8, -128, 127);
      highOut[r][c] = int8_t(upper);
      lowOut[r][c] = int8_t(std::clamp(v - 256 * upper, -128, 127));
    }
    if (op.getRowScales()) // S7
      maximum = times(maximum,
                      scaleOfWord(get(op.getRowScales()).data<int32_t>()[r]));
    highScales.data<int32_t>()[r] = int32_t(
        wordOf(times(maximum, scaledOf(quantise::highCodeScale(fraction)))));
    lowScales.data<int32_t>()[r] = int32_t(
        wordOf(times(maximum, scaledOf(quantise::lowCodeScale(fraction)))));
  }
  set(op.getCodes(), high);
  set(op.getScales(), highScales);
  set(op.getLow()[0], low);
  set(op.getLow()[1], lowScales);
}

void Executor::quantize(qnn::QuantizeOp op) {
  if (!op.getLow().empty())
    return quantizeWide(op);
  Tensor x = get(op.getX());
  Tensor codes(ElementType::I8, x.shape()),
      scales(ElementType::I32, x.shape().drop_back());
  RowsOf<int32_t> in(x);
  RowsOf<int8_t> out(codes);
  quantise::Pair step = quantise::codeScale(int(op.getFraction()));
  for (int64_t r = 0; r < in.count; ++r) {
    Scaled scale = quantiseRow(in[r], in.cols, out[r], step);
    if (op.getRowScales()) // S7
      scale =
          times(times({absmaxOf(in[r], in.cols), 0},
                      scaleOfWord(get(op.getRowScales()).data<int32_t>()[r])),
                scaledOf(step));
    scales.data<int32_t>()[r] = int32_t(wordOf(scale));
  }
  set(op.getCodes(), codes);
  set(op.getScales(), scales);
}

void Executor::linear(qnn::LinearOp op) {
  Tensor codes = get(op.getCodes()), scales = get(op.getScales());
  auto type = cast<ShapedType>(op.getWeight().getType());
  int64_t k = type.getDimSize(0), n = type.getDimSize(1);
  quantise::QuantisedLinear q = quantise::quantiseLinear(
      op.getWeight(), op.getBias().value_or(TypedAttr()),
      quantise::weightForm(op.getForm().str()));
  Tensor out(ElementType::I32, shapeWith(codes.shape().drop_back(), n));
  RowsOf<int32_t> result(out);
  for (int64_t r = 0; r < result.count; ++r)
    std::copy(q.bias.begin(), q.bias.end(), result[r]);
  // Each product is added to what is there.
  auto multiply = [&](Tensor codes, Tensor scales) {
    RowsOf<int8_t> in(codes);
    for (int64_t r = 0; r < in.count; ++r) {
      Scaled rowScale = scaleOfWord(scales.data<int32_t>()[r]);
      for (int64_t c = 0; c < n; ++c) {
        int32_t sum = 0;
        for (int64_t i = 0; i < k; ++i)
          sum += int32_t(in[r][i]) * q.codes[c * k + i];
        int32_t v = requantise(sum, scaledOf(q.channels[c]), 0);
        v = requantise(v, rowScale, q.inner - ResidualFraction);
        result[r][c] = clamp32(int64_t(v) + result[r][c]);
      }
    }
  };
  if (!op.getLow().empty())
    multiply(get(op.getLow()[0]), get(op.getLow()[1]));
  multiply(codes, scales);
  set(op.getOut(), out);
}

void Executor::gate(qnn::GateOp op) {
  Tensor x = get(op.getX());
  const quantise::Table &table = *quantise::tableOf(op.getFunction().str());
  Tensor out(ElementType::I32, x.shape());
  for (int64_t i = 0; i < x.count(); ++i) {
    int32_t v = x.data<int32_t>()[i];
    int32_t y = interpolate(table.words.data(), v, table.shift, table.offset);
    out.data<int32_t>()[i] = requantise(v, {y, table.gateShift}, 0);
  }
  set(op.getOut(), out);
}

/// Codes [B, H, P + U, d] and scales of the rows \p x [B, U, H*d] after those
/// of a past (null: none).
std::pair<Tensor, Tensor> Executor::append(Value pastCodes, Value pastScales,
                                           Tensor &x, int64_t heads) {
  int64_t batch = x.dim(0), rows = x.dim(1), size = x.dim(2) / heads;
  int64_t held = pastCodes ? get(pastCodes).dim(2) : 0, keys = held + rows;
  Tensor codes(ElementType::I8, {batch, heads, keys, size}),
      scales(ElementType::I32, {batch, heads, keys});
  for (int64_t bh = 0; bh < batch * heads; ++bh) {
    if (pastCodes) {
      std::copy_n(get(pastCodes).data<int8_t>() + bh * held * size, held * size,
                  codes.data<int8_t>() + bh * keys * size);
      std::copy_n(get(pastScales).data<int32_t>() + bh * held, held,
                  scales.data<int32_t>() + bh * keys);
    }
    for (int64_t t = 0; t < rows; ++t) {
      const int32_t *row =
          x.data<int32_t>() +
          ((bh / heads * rows + t) * heads + bh % heads) * size;
      int64_t at = bh * keys + held + t;
      scales.data<int32_t>()[at] = int32_t(
          wordOf(quantiseRow(row, size, codes.data<int8_t>() + at * size,
                             quantise::codeScale(ResidualFraction))));
    }
  }
  return {codes, scales};
}

void Executor::attention(qnn::AttentionOp op) {
  Tensor q = get(op.getQuery()), k = get(op.getKey()), v = get(op.getValue());
  int64_t batch = q.dim(0), rows = q.dim(1), heads = op.getHeads(),
          kvHeads = op.getKvHeads(), size = q.dim(2) / heads;
  int64_t held = op.getPastKey() ? get(op.getPastKey()).dim(2) : past;
  int64_t keys = held + rows;
  quantise::AttentionNumbers numbers =
      quantise::attentionNumbers(size, op.getScale().convertToDouble());
  auto [keyCodes, keyScales] =
      append(op.getPastKey(), op.getPastKeyScales(), k, kvHeads);
  auto [valueCodes, valueScales] =
      append(op.getPastValue(), op.getPastValueScales(), v, kvHeads);
  quantise::Table softcap;
  if (op.getSoftcap().convertToDouble() > 0)
    softcap = quantise::softcapTable(op.getSoftcap().convertToDouble());
  Tensor out(ElementType::I32, q.shape());
  ScoreBias bias(op.getBias(), op.getBiasOrigin());
  std::vector<int32_t> sinks = sinkScores(op.getSinks());
  std::vector<int32_t> probabilities;
  for (int64_t qh = 0; qh < batch * heads; ++qh)
    for (int64_t t = 0; t < rows; ++t) {
      int64_t row = (qh / heads * rows + t) * heads + qh % heads;
      int64_t bh = qh / heads * kvHeads + qh % heads / (heads / kvHeads);
      HeadCache cache = {keyCodes.data<int8_t>() + bh * keys * size,
                         valueCodes.data<int8_t>() + bh * keys * size,
                         keyScales.data<int32_t>() + bh * keys,
                         valueScales.data<int32_t>() + bh * keys};
      View view;
      view.end = op.getCausal() ? held + t + 1 : keys;
      if (op.getWindow())
        view.first = std::max<int64_t>(0, view.end - *op.getWindow());
      view.bias = bias.row(qh % heads, t, held + t, view);
      if (op.getMask())
        view.mask = get(op.getMask()).data<int32_t>() + qh / heads * keys;
      if (!softcap.words.empty())
        view.softcap = &softcap;
      if (!sinks.empty())
        view.sink = &sinks[qh % heads];
      attendRow(q.data<int32_t>() + row * size, size, cache, view, numbers,
                out.data<int32_t>() + row * size, probabilities);
    }
  set(op.getOut(), out);
  set(op.getPresentKey(), keyCodes);
  set(op.getPresentKeyScales(), keyScales);
  set(op.getPresentValue(), valueCodes);
  set(op.getPresentValueScales(), valueScales);
}

void Executor::rotary(qnn::RotaryOp op) {
  Tensor x = get(op.getX());
  Tensor ids(ElementType::I64, {1, x.dim(1)});
  for (int64_t t = 0; t < x.dim(1); ++t)
    ids.data<int64_t>()[t] = past + t;
  if (op.getIds())
    ids = get(op.getIds()).cast(ElementType::I64);
  set(op.getOut(), rotaryInteger(x, ids, op));
}

void Executor::importCache(qnn::ImportCacheOp op) {
  Tensor x = cachePart(get(op.getCache()), op.getAt());
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
  auto sizeOr = [&](int64_t dim, int64_t open) {
    int64_t size =
        cast<RankedTensorType>(op.getOut().getType()).getDimSize(dim);
    return ShapedType::isDynamic(size) ? open : size;
  };
  bool isFlags = mask.rank() == 2;
  int64_t batch = sizeOr(0, mask.dim(0)),
          keys = sizeOr(1, isFlags ? mask.dim(1) : past + tokens);
  Tensor out(ElementType::I32, {batch, keys});
  std::fill_n(out.data<int32_t>(), out.count(), 0);
  if (!isFlags || op.getCounted()) {
    for (auto [i, visible] : llvm::enumerate(countedKeys(mask, batch, keys)))
      if (!visible)
        out.data<int32_t>()[i] = -HiddenScore;
    return set(op.getOut(), out);
  }
  int64_t columns = mask.dim(1);
  for (int64_t i = 0; i < mask.count(); ++i)
    if ((mask.data<float>()[i] != 0) == op.getInverted())
      out.data<int32_t>()[i / columns * keys + i % columns] = -HiddenScore;
  set(op.getOut(), out);
}

void Executor::importScores(qnn::ImportScoresOp op) {
  Tensor mask = get(op.getMask());
  Shape shape(mask.shape());
  if (shape.size() == 2)
    shape.insert(shape.begin(), 1);
  Tensor out(ElementType::I32, shape);
  for (int64_t i = 0; i < mask.count(); ++i)
    out.data<int32_t>()[i] = int32_t(
        std::clamp(std::nearbyint(std::ldexp(double(mask.data<float>()[i]),
                                             ResidualFraction)),
                   -double(HiddenScore), double(HiddenScore)));
  set(op.getOut(), out);
}

void Executor::import(qnn::ImportOp op) {
  Tensor x = get(op.getIn());
  if (!op.getView().empty())
    x = rearrange(x, op.getView(), op.getOrder(),
                  cast<ShapedType>(op.getOut().getType()).getShape());
  Tensor out(ElementType::I32, x.shape());
  // Halves go to the even neighbour, as at every border.
  for (int64_t i = 0; i < x.count(); ++i)
    out.data<int32_t>()[i] =
        int32_t(std::clamp(std::nearbyint(std::ldexp(double(x.data<float>()[i]),
                                                     int(op.getFraction()))),
                           -2147483648.0, 2147483647.0));
  set(op.getOut(), out);
}

void Executor::rescale(qnn::RescaleOp op) {
  Tensor x = get(op.getX());
  Tensor out(ElementType::I32, x.shape());
  // Sixteen bits with a sign, which the attribute has not.
  Scaled by = {int16_t(op.getMantissa()), op.getShift()};
  for (int64_t i = 0; i < x.count(); ++i)
    out.data<int32_t>()[i] = requantise(x.data<int32_t>()[i], by, 0);
  set(op.getOut(), out);
}

void Executor::bound(qnn::BoundOp op) {
  Tensor x = get(op.getX());
  Tensor out(ElementType::I32, x.shape());
  int64_t bound = int32_t(op.getBound());
  for (int64_t i = 0; i < x.count(); ++i) {
    int64_t v = x.data<int32_t>()[i];
    int32_t missing = clamp32(bound + clamp32(-v));
    out.data<int32_t>()[i] = clamp32(
        v + (op.getUpper() ? std::min(missing, 0) : std::max(missing, 0)));
  }
  set(op.getOut(), out);
}

void Executor::table(qnn::TableOp op) {
  Tensor x = get(op.getX());
  const quantise::Table &table = *quantise::tableOf(op.getFunction().str());
  Tensor out(ElementType::I32, x.shape());
  for (int64_t i = 0; i < x.count(); ++i)
    out.data<int32_t>()[i] = interpolate(
        table.words.data(), x.data<int32_t>()[i], table.shift, table.offset);
  set(op.getOut(), out);
}

void Executor::heads(qnn::HeadsOp op) {
  auto [codes, scales] = append(op.getPastCodes(), op.getPastScales(),
                                get(op.getX()), op.getHeads());
  set(op.getCodes(), codes);
  set(op.getScales(), scales);
}

void Executor::attend(qnn::AttendOp op) {
  Tensor q = get(op.getQuery()), keyCodes = get(op.getKeys()),
         keyScales = get(op.getKeyScales()), valueCodes = get(op.getValues()),
         valueScales = get(op.getValueScales());
  int64_t batch = q.dim(0), rows = q.dim(1), heads = op.getHeads(),
          kvHeads = keyCodes.dim(1), size = q.dim(2) / heads,
          keys = keyCodes.dim(2);
  quantise::AttentionNumbers numbers =
      quantise::attentionNumbers(size, op.getScale().convertToDouble());
  Tensor out(ElementType::I32, q.shape()),
      weights(ElementType::I32, {batch, rows, keys});
  std::fill_n(weights.data<int32_t>(), weights.count(), 0);
  ScoreBias bias(op.getBias(), op.getBiasOrigin());
  std::vector<int32_t> sinks = sinkScores(op.getSinks());
  std::vector<int32_t> probabilities;
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t h = 0; h < heads; ++h)
      for (int64_t t = 0; t < rows; ++t) {
        int64_t bh = b * kvHeads + h / (heads / kvHeads),
                row = (b * rows + t) * heads + h, self = keys - rows + t;
        HeadCache cache = {keyCodes.data<int8_t>() + bh * keys * size,
                           valueCodes.data<int8_t>() + bh * keys * size,
                           keyScales.data<int32_t>() + bh * keys,
                           valueScales.data<int32_t>() + bh * keys};
        View view;
        int64_t window = op.getWindow().value_or(keys);
        view.end = op.getCausal() ? self + 1 : std::min(keys, self + window);
        view.first = std::max<int64_t>(0, self + 1 - window);
        view.bias = bias.row(h, t, self, view);
        if (!sinks.empty())
          view.sink = &sinks[h];
        if (op.getMask()) {
          Tensor &all = get(op.getMask());
          view.mask = all.data<int32_t>() +
                      (all.dim(0) == 1 ? 0 : b) * (all.count() / all.dim(0));
          if (all.rank() == 3)
            view.mask += t * keys;
        }
        Scaled total =
            attendRow(q.data<int32_t>() + row * size, size, cache, view,
                      numbers, out.data<int32_t>() + row * size, probabilities);
        Scaled share =
            divide(scaledOf(quantise::makePair(1.0 / double(heads))), total);
        int32_t *mean = weights.data<int32_t>() + (b * rows + t) * keys;
        for (size_t s = 0; s < probabilities.size(); ++s)
          mean[s] = clamp32(
              int64_t(mean[s]) +
              requantise(probabilities[s], share, -quantise::WeightsFraction));
      }
  set(op.getOut(), out);
  if (op.getWeights())
    set(op.getWeights(), weights);
}

void Executor::slice(qnn::SliceOp op) {
  Tensor &x = get(op.getX());
  auto type = cast<RankedTensorType>(op.getOut().getType());
  bool keep = type.getRank() == 3;
  int64_t first = op.getFirst(), count = keep ? type.getDimSize(1) : 1;
  if (ShapedType::isDynamic(count))
    count = x.dim(1);
  set(op.getOut(), sliceTokens<int32_t>(x, first, count, keep));
}

void Executor::windows(qnn::WindowsOp op) {
  set(op.getOut(),
      tokenWindows<int32_t>(get(op.getX()), op.getSize(), op.getStride(),
                            op.getBefore(), rowsOf(op.getOut())));
}

void Executor::dequantize(qnn::DequantizeOp op) {
  Tensor x = get(op.getX());
  Tensor out(ElementType::F32, x.shape());
  for (int64_t i = 0; i < x.count(); ++i)
    out.data<float>()[i] =
        float(std::ldexp(double(x.data<int32_t>()[i]), -int(op.getFraction())));
  if (!op.getView().empty())
    out = rearrange(out, op.getView(), op.getOrder(),
                    cast<ShapedType>(op.getOut().getType()).getShape());
  set(op.getOut(), out);
}

std::vector<Tensor> Executor::run(func::FuncOp function,
                                  ArrayRef<Tensor> inputs) {
  // An image has four dimensions, too.
  if (function.getOps<qnn::ImportCacheOp>().empty())
    past = 0;
  for (auto [argument, tensor] : llvm::zip(function.getArguments(), inputs)) {
    values[argument] = tensor;
    auto dims = function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(),
                                                     "dalbit.dims");
    if (dims)
      for (auto [i, dim] : llvm::enumerate(dims))
        bindSymbol(cast<StringAttr>(dim).getValue(), tensor.dim(int64_t(i)));
    for (Operation *user : argument.getUsers())
      if (!dims && llvm::isa<qnn::ImportCacheOp>(user))
        past = tensor.dim(tensor.rank() - 2);
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
        .Case([&](qnn::RMSNormOp o) {
          set(o.getOut(), rmsNormInteger(get(o.getX()), o));
        })
        .Case([&](qnn::RotaryOp o) { rotary(o); })
        .Case([&](qnn::MaskPositionsOp o) {
          int64_t own = o.getIds().getType().getDimSize(1);
          set(o.getIds(),
              maskPositions(get(o.getMask()),
                            ShapedType::isDynamic(own) ? tokens : own,
                            int64_t(o.getFill()), int64_t(o.getHidden())));
        })
        .Case([&](qnn::ProductOp o) {
          auto [out, scales] = productInteger(get(o.getA()), get(o.getB()),
                                              int(o.getFraction()));
          set(o.getOut(), out);
          set(o.getScales(), scales);
        })
        .Case([&](qnn::SoftmaxOp o) {
          set(o.getOut(), softmaxInteger(get(o.getX())));
        })
        .Case([&](qnn::RouteOp o) {
          set(o.getGates(),
              routeInteger(get(o.getLogits()), int64_t(o.getChosen()),
                           o.getNormalised()));
        })
        .Case([&](qnn::WeighOp o) {
          set(o.getOut(), weighInteger(get(o.getX()), get(o.getGates()),
                                       int64_t(o.getExpert())));
        })
        .Case([&](qnn::ApplyScalesOp o) {
          set(o.getOut(), applyScales(get(o.getX()), get(o.getScales())));
        })
        .Case([&](qnn::ImportCacheOp o) { importCache(o); })
        .Case([&](qnn::ExportCacheOp o) { exportCache(o); })
        .Case([&](qnn::StackCachesOp o) {
          SmallVector<const Tensor *> parts;
          for (Value part : o.getParts())
            parts.push_back(&get(part));
          set(o.getOut(), stackCaches(parts, o.getOut().getType().getShape()));
        })
        .Case([&](qnn::ImportMaskOp o) { importMask(o); })
        .Case([&](qnn::ImportScoresOp o) { importScores(o); })
        .Case([&](qnn::DequantizeOp o) { dequantize(o); })
        .Case([&](qnn::TopKOp o) {
          auto [chosen, indices] =
              topK(get(o.getX()), int64_t(o.getK()), o.getSmallest(),
                   o.getIndices().getType());
          set(o.getValues(), chosen);
          set(o.getIndices(), indices);
        })
        .Case([&](qnn::ImportOp o) { import(o); })
        .Case([&](qnn::RescaleOp o) { rescale(o); })
        .Case([&](qnn::BoundOp o) { bound(o); })
        .Case([&](qnn::TableOp o) { table(o); })
        .Case([&](qnn::HeadsOp o) { heads(o); })
        .Case([&](qnn::AttendOp o) { attend(o); })
        .Case([&](qnn::SliceOp o) { slice(o); })
        .Case([&](qnn::PickOp o) {
          set(o.getOut(), pickToken<int32_t>(get(o.getX()), get(o.getFrom()),
                                             o.getTokenRule()));
        })
        .Case([&](qnn::TokenMaxOp o) {
          set(o.getOut(),
              tokenMax<int32_t>(get(o.getX()),
                                o.getMask() ? &get(o.getMask()) : nullptr));
        })
        .Case([&](qnn::ConcatOp o) {
          SmallVector<const Tensor *> parts;
          for (Value part : o.getParts())
            parts.push_back(&get(part));
          set(o.getOut(), concatTokens<int32_t>(parts, batchOf(o.getOut())));
        })
        .Case([&](qnn::WindowsOp o) { windows(o); })
        .Case([&](qnn::EmptyOp o) {
          set(o.getOut(),
              Tensor(ElementType::F32, o.getOut().getType().getShape()));
        })
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
