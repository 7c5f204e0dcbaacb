// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Weights of a linear layer as they stand in the IR: floats become codes,
// integers of the model's own are kept where an int8 holds them (A13).

#pragma once

#include "compiler/quantise/Weights.h"
#include "mlir/IR/BuiltinAttributeInterfaces.h"

#include <string>

namespace dalbit::quantise {

WeightForm weightForm(std::string_view name);

/// \p weight is [K, N], \p bias null or [N]. Throws dalbit::Error if a file
/// cannot be read.
QuantisedLinear quantiseLinear(mlir::TypedAttr weight, mlir::TypedAttr bias,
                               WeightForm form);

/// What becomes of weights that are integers in the model (A13).
struct KeptCodes {
  WeightForm form = WeightForm::W8;
  /// What a user should know; empty if the integers are kept.
  std::string remark;
};

/// \p weight in int8. Blocks of 4 bits take the progressive form if that costs
/// less than ProgressiveFit.
KeptCodes keepCodes(mlir::TypedAttr weight);

/// Least power of a weight over that of its error, in dB, in form w4 (A13).
constexpr double ProgressiveFit = 35;

} // namespace dalbit::quantise
