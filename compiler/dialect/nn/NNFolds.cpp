// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Folds of the nn dialect: only what is exact in float.

#include "compiler/dialect/nn/NNOps.h"

using namespace mlir;
using namespace dalbit::nn;

Operation *NNDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                          Type type, Location loc) {
  auto typed = dyn_cast<TypedAttr>(value);
  if (!typed || typed.getType() != type)
    return nullptr;
  return builder.create<ConstantOp>(loc, type, typed);
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

OpFoldResult ScaleOp::fold(FoldAdaptor) {
  if (getFactor().isExactlyValue(1.0))
    return getX();
  return {};
}
