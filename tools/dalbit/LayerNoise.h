// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How much of the quantisation's noise each layer makes, and how much has
// gathered when its result is there.

#pragma once

#include "compiler/execute/Tensor.h"

#include "mlir/IR/BuiltinOps.h"

#include <string>
#include <vector>

namespace dalbit::tool {

/// Decibels of \p reference over its difference to \p got; 200 if equal, -200
/// if their sizes differ.
double snr(const execute::Tensor &reference, const execute::Tensor &got);

/// "41.3"; "equal" without a difference, "-" for NaN.
std::string decibels(double value);

/// How near \p got is: "41.3 dB", or of integers such as the columns that a
/// TopK chose, "equal in 15 of 16".
std::string nearness(const execute::Tensor &reference,
                     const execute::Tensor &got);

/// Values of an integer result that did not fit and saturated.
struct Saturation {
  std::string node, kind; ///< kind is the operation's name in [qnn]
  int64_t count, of;
  double limit; ///< numbers are below it
};

/// Collects them from what the integer executor shows.
class SaturationWatch {
public:
  void see(mlir::Value value, const execute::Tensor &tensor);
  std::vector<Saturation> found;
};

/// "'/h.0/Add' (add): 3 of 128 numbers are beyond 32768 and were cut".
std::string textOf(const Saturation &layer);

struct LayerNoise {
  std::string node, kind;
  /// SNR in dB of the layer alone, on exact inputs: rows in int8 and weights as
  /// stored; the same with rows in int16. Linear layers only, else NaN.
  double int8Rows, int16Rows;
  /// SNR in dB of its result in the whole integer model.
  double whole;
};

/// The matrix products and attentions of a raised model in order. \p integer is
/// the same model in [qnn], \p inputs those of both; \p past is P. \p watch
/// sees the integer model's values.
std::vector<LayerNoise> layerNoise(mlir::ModuleOp raised,
                                   mlir::ModuleOp integer,
                                   llvm::ArrayRef<execute::Tensor> inputs,
                                   int64_t past, bool fourBits,
                                   SaturationWatch &watch);

} // namespace dalbit::tool
