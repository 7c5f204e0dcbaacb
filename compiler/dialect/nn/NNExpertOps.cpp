// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of NNExpertOps.td: rules N24 and N25.

#include "compiler/dialect/nn/NNChecks.h"

using namespace mlir;
using namespace dalbit::nn;

LogicalResult RouteOp::verify() {
  RankedTensorType type = tensorType(getLogits());
  int64_t chosen = getChosen();
  if (type.getRank() < 2 || chosen < 1 ||
      (!type.isDynamicDim(type.getRank() - 1) &&
       chosen > type.getShape().back()))
    return fails(*this, "N24",
                 Twine("chooses ") + Twine(chosen) + " of the columns of " +
                     "its logits");
  return success();
}

LogicalResult WeighOp::verify() {
  RankedTensorType x = tensorType(getX()), gates = tensorType(getGates());
  bool alike = x.getRank() == gates.getRank();
  for (int64_t i = 0; alike && i + 1 < x.getRank(); ++i)
    alike = agree(x.getDimSize(i), gates.getDimSize(i));
  if (!alike)
    return fails(*this, "N25", "has other rows than its gates");
  int64_t expert = getExpert(), experts = gates.getShape().back();
  if (expert < 0 || (!ShapedType::isDynamic(experts) && expert >= experts))
    return fails(*this, "N25",
                 Twine("has no column ") + Twine(expert) + " of gates");
  return success();
}
