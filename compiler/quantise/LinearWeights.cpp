// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/quantise/LinearWeights.h"

#include "compiler/dialect/onnx/Codes.h"
#include "compiler/dialect/onnx/Weight.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

using namespace mlir;

namespace dalbit::quantise {

WeightForm weightForm(std::string_view name) {
  return name == "w4" ? WeightForm::W4 : WeightForm::W8;
}

/// The integers of \p weight with positive scales, if int8 holds them all.
static std::optional<onnx::Grid> usableGrid(TypedAttr weight) {
  std::optional<onnx::Grid> grid = onnx::gridOf(weight);
  bool fits = grid &&
              std::all_of(grid->codes.begin(), grid->codes.end(),
                          [](int32_t c) { return c >= -128 && c <= 127; }) &&
              std::all_of(grid->scales.begin(), grid->scales.end(),
                          [](float s) { return s > 0 && std::isfinite(s); });
  return fits ? std::move(grid) : std::nullopt;
}

QuantisedLinear quantiseLinear(TypedAttr weight, TypedAttr bias,
                               WeightForm form) {
  SmallVector<float> w, b;
  onnx::readWeight(weight, w);
  if (bias)
    onnx::readWeight(bias, b);
  auto type = cast<ShapedType>(weight.getType());
  std::optional<onnx::Grid> grid;
  if (form == WeightForm::W8)
    grid = usableGrid(weight);
  WeightGrid view;
  if (grid)
    view = {grid->codes, grid->scales};
  return quantiseLinear(w, b, type.getDimSize(0), type.getDimSize(1), form,
                        grid ? &view : nullptr);
}

/// Power of \p weight over that of its error in form w4, in dB.
static double progressiveFit(TypedAttr weight) {
  SmallVector<float> w;
  onnx::readWeight(weight, w);
  auto type = cast<ShapedType>(weight.getType());
  int64_t k = type.getDimSize(0), n = type.getDimSize(1);
  QuantisedLinear q = quantiseLinear(w, {}, k, n, WeightForm::W4);
  double power = 0, error = 0;
  for (int64_t c = 0; c < n; ++c) {
    double scale = std::ldexp(q.channels[c].value(), -q.inner);
    for (int64_t i = 0; i < k; ++i) {
      double exact = w[i * n + c], made = q.codes[c * k + i] * scale;
      power += exact * exact;
      error += (exact - made) * (exact - made);
    }
  }
  return error == 0 ? INFINITY : 10 * std::log10(power / error);
}

/// Codes of at most 4 bits in blocks with scales of their own.
static bool isNibbles(onnx::CodesAttr weight) {
  SmallVector<int64_t> codes;
  if (weight.getBlock() == 0 || weight.isSingle())
    return false;
  onnx::readWeight(weight.getCodes(), codes);
  auto [low, high] = std::minmax_element(codes.begin(), codes.end());
  return !codes.empty() && *high - *low < 16;
}

KeptCodes keepCodes(TypedAttr weight) {
  auto codes = dyn_cast<onnx::CodesAttr>(weight);
  if (!codes || usableGrid(weight))
    return {};
  if (!isNibbles(codes))
    return {WeightForm::W8, "its integers do not fit int8 with one scale a "
                            "column; quantised anew"};
  double fit = progressiveFit(weight);
  if (fit >= ProgressiveFit)
    return {WeightForm::W4, ""};
  char text[96];
  std::snprintf(text, sizeof(text),
                "blocks of 4 bits keep %.1f dB as w4, less than %.0f; int8 "
                "instead",
                fit, ProgressiveFit);
  return {WeightForm::W8, text};
}

} // namespace dalbit::quantise
