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

struct LayerNoise {
  std::string node, kind;
  /// SNR in dB of the layer alone, on exact inputs: rows in int8 and weights as
  /// stored; the same with rows in int16. Linear layers only, else NaN.
  double int8Rows, int16Rows;
  /// SNR in dB of its result in the whole integer model.
  double whole;

  /// Whether 16-bit rows would take away most of what the layer adds, and that
  /// is much.
  bool wantsInt16() const { return int8Rows < 35 && int16Rows > int8Rows + 6; }
};

/// The matrix products and attentions of a raised model in order. \p integer is
/// the same model in [qnn], \p inputs those of both; \p past is P.
std::vector<LayerNoise> layerNoise(mlir::ModuleOp raised,
                                   mlir::ModuleOp integer,
                                   llvm::ArrayRef<execute::Tensor> inputs,
                                   int64_t past, bool fourBits);

} // namespace dalbit::tool
