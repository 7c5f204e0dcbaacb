// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/dalbit/LayerNoise.h"

#include "compiler/dialect/nn/NNOps.h"
#include "compiler/dialect/onnx/Weight.h"
#include "compiler/dialect/qnn/QNNOps.h"
#include "compiler/execute/FloatExecutor.h"
#include "compiler/execute/integer/IntegerExecutor.h"
#include "compiler/execute/operators/Matrix.h"
#include "compiler/quantise/Weights.h"
#include "simulator/functional/VectorStages.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>

using namespace mlir;

namespace dalbit::tool {

using execute::Tensor;

double snr(const Tensor &reference, const Tensor &got) {
  Tensor x = reference.cast(execute::ElementType::F64),
         y = got.cast(execute::ElementType::F64);
  if (x.count() != y.count())
    return -200;
  double signal = 0, noise = 0;
  for (int64_t i = 0; i < x.count(); ++i) {
    double a = x.data<double>()[i], b = y.data<double>()[i];
    signal += a * a;
    noise += (a - b) * (a - b);
  }
  return noise == 0 ? 200 : 10 * std::log10(signal / noise);
}

std::string decibels(double value) {
  if (std::isnan(value))
    return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return value >= 200 ? "equal" : text;
}

std::string nearness(const Tensor &reference, const Tensor &got) {
  double value = snr(reference, got);
  if (isFloat(reference.type()) || value >= 200 || value <= -200)
    return decibels(value) + (value >= 200 ? "" : " dB");
  auto a = reference.integers(), b = got.integers();
  int64_t same = 0;
  for (auto [x, y] : llvm::zip(a, b))
    same += x == y;
  return "equal in " + std::to_string(same) + " of " + std::to_string(a.size());
}

namespace {

constexpr double NaN = std::numeric_limits<double>::quiet_NaN();

std::string nodeOf(Operation *op) {
  auto named = dyn_cast<NameLoc>(op->getLoc());
  return named ? named.getName().str() : "";
}

/// Each row rounded to integers up to \p most in steps of its own (A1).
Tensor roundRows(const Tensor &x, double most) {
  Tensor rounded(execute::ElementType::F32, x.shape());
  int64_t columns = x.shape().back();
  const float *from = x.data<float>();
  float *to = rounded.data<float>();
  for (int64_t at = 0; at < x.count(); at += columns) {
    float largest = 0;
    for (int64_t i = at; i < at + columns; ++i)
      largest = std::max(largest, std::fabs(from[i]));
    double step = largest > 0 ? largest / most : 1;
    for (int64_t i = at; i < at + columns; ++i)
      to[i] = float(std::nearbyint(from[i] / step) * step);
  }
  return rounded;
}

/// The weights of the codes that the array multiplies with, [k][n].
std::vector<float> storedWeights(TypedAttr weight, bool fourBits) {
  auto type = cast<RankedTensorType>(weight.getType());
  int64_t k = type.getDimSize(0), n = type.getDimSize(1);
  SmallVector<float> exact;
  onnx::readWeight(weight, exact);
  quantise::QuantisedLinear q = quantise::quantiseLinear(
      exact, {}, k, n,
      fourBits ? quantise::WeightForm::W4 : quantise::WeightForm::W8);
  std::vector<float> stored(size_t(k * n));
  for (int64_t c = 0; c < n; ++c) {
    double scale = std::ldexp(q.channels[size_t(c)].value(), -q.inner);
    for (int64_t i = 0; i < k; ++i)
      stored[size_t(i * n + c)] =
          float(double(q.codes[size_t(c * k + i)]) * scale);
  }
  return stored;
}

Tensor product(const Tensor &x, ArrayRef<float> weight, int64_t n) {
  int64_t k = x.shape().back(), rows = x.count() / k;
  Tensor out(execute::ElementType::F32, {rows, n});
  execute::multiply(x.data<float>(), k, weight.data(), n, out.data<float>(),
                    rows, n, k);
  return out;
}

/// Fraction bits of the results that are compared here.
int64_t fractionOf(Operation *op) {
  auto fraction = op->getAttrOfType<IntegerAttr>("fraction");
  return fraction ? fraction.getInt() : quantise::ResidualFraction;
}

Tensor toReal(const Tensor &fixed, int64_t fraction) {
  Tensor real = fixed.cast(execute::ElementType::F64);
  for (int64_t i = 0; i < real.count(); ++i)
    real.data<double>()[i] = std::ldexp(real.data<double>()[i], -int(fraction));
  return real;
}

class Listener {
public:
  void see(Value value, const Tensor &tensor) {
    if (llvm::any_of(value.getUsers(), [](Operation *user) {
          return mlir::isa<nn::LinearOp>(user);
        }))
      values[value] = tensor;
    Operation *op = value.getDefiningOp();
    if (!op || value != op->getResult(0))
      return;
    if (auto linear = dyn_cast<nn::LinearOp>(op))
      add(op, "linear", tensor, linear);
    else if (mlir::isa<nn::AttentionOp>(op))
      add(op, "attention", tensor, {});
  }

  std::vector<LayerNoise> layers;
  std::vector<Tensor> exact;
  bool fourBits = false;

private:
  void add(Operation *op, const char *kind, const Tensor &result,
           nn::LinearOp linear) {
    LayerNoise layer{nodeOf(op), kind, NaN, NaN, NaN};
    auto constant = linear ? linear.getWeight().getDefiningOp<nn::ConstantOp>()
                           : nn::ConstantOp();
    auto x = linear ? values.find(linear.getX()) : values.end();
    if (constant && x != values.end() &&
        x->second.type() == execute::ElementType::F32) {
      auto type = cast<RankedTensorType>(constant.getType());
      int64_t n = type.getDimSize(1);
      SmallVector<float> weight;
      onnx::readWeight(constant.getValue(), weight);
      std::vector<float> stored =
          storedWeights(cast<TypedAttr>(constant.getValue()), fourBits);
      Tensor reference = product(x->second, weight, n);
      layer.int8Rows =
          snr(reference, product(roundRows(x->second, 127), stored, n));
      layer.int16Rows =
          snr(reference, product(roundRows(x->second, 32767), stored, n));
    }
    layers.push_back(layer);
    exact.push_back(result);
  }

  llvm::DenseMap<Value, Tensor> values;
};

} // namespace

/// Numbers, not pairs of scales; what is added to choose or hide is no number
/// of the model's.
static bool isFixed(Value value) {
  Operation *op = value.getDefiningOp();
  return op && value == op->getResult(0) &&
         cast<ShapedType>(value.getType()).getElementType().isInteger(32) &&
         mlir::isa<qnn::EmbeddingOp, qnn::PositionsOp, qnn::AddOp,
                   qnn::LayerNormOp, qnn::RMSNormOp, qnn::LinearOp, qnn::GateOp,
                   qnn::AttentionOp, qnn::AttendOp, qnn::RescaleOp,
                   qnn::ProductOp, qnn::RotaryOp, qnn::WeighOp,
                   qnn::ApplyScalesOp, qnn::BoundOp>(op);
}

void SaturationWatch::see(Value value, const Tensor &tensor) {
  if (!isFixed(value) || tensor.type() != execute::ElementType::I32)
    return;
  int64_t count = functional::saturatedCount(tensor.values<int32_t>());
  Operation *op = value.getDefiningOp();
  if (count)
    found.push_back({nodeOf(op), op->getName().stripDialect().str(), count,
                     tensor.count(),
                     std::ldexp(1.0, 31 - int(fractionOf(op)))});
}

std::string textOf(const Saturation &layer) {
  char limit[32];
  std::snprintf(limit, sizeof limit, "%g", layer.limit);
  return "'" + layer.node + "' (" + layer.kind +
         "): " + std::to_string(layer.count) + " of " +
         std::to_string(layer.of) + " numbers are beyond " + limit +
         " and were cut";
}

std::vector<LayerNoise> layerNoise(ModuleOp raised, ModuleOp integer,
                                   ArrayRef<Tensor> inputs, int64_t past,
                                   bool fourBits, SaturationWatch &watch) {
  Listener listener;
  listener.fourBits = fourBits;
  execute::FloatExecutor floats(raised);
  floats.observer = [&](Value value, const Tensor &tensor) {
    listener.see(value, tensor);
  };
  floats.run(inputs);
  // The integer model keeps the places of nodes. Of several results of one
  // kind at a place the first that fits counts.
  std::vector<LayerNoise> &layers = listener.layers;
  execute::runInteger(
      integer, inputs, past, [&](Value value, const Tensor &tensor) {
        watch.see(value, tensor);
        Operation *op = value.getDefiningOp();
        if (!op || value != op->getResult(0) ||
            !mlir::isa<qnn::LinearOp, qnn::AttentionOp, qnn::AttendOp>(op))
          return;
        bool isLinear = mlir::isa<qnn::LinearOp>(op);
        std::string node = nodeOf(op);
        for (size_t i = 0; i < layers.size(); ++i)
          if (std::isnan(layers[i].whole) && layers[i].node == node &&
              isLinear == (layers[i].kind == "linear") &&
              listener.exact[i].count() == tensor.count()) {
            layers[i].whole =
                snr(listener.exact[i], toReal(tensor, fractionOf(op)));
            break;
          }
      });
  return layers;
}

} // namespace dalbit::tool
