// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/NormParts.h"

using namespace mlir;

namespace dalbit::raise {

/// The operand of a reduction \p type over the last dimension, dimension kept.
static Value reducedOperand(Value value, StringRef type) {
  auto node = nodeOf(value, type);
  if (!node || node.getOnnxInt("keepdims").value_or(1) == 0)
    return {};
  Value operand = node.getInputs()[0];
  RankedTensorType shape = rankedType(operand);
  auto axes = integersOf(node, "axes", 1);
  if (!shape || !axes || axes->size() != 1 ||
      normaliseAxis(axes->front(), shape.getRank()) != shape.getRank() - 1)
    return {};
  return operand;
}

Value meanOperand(Value value) { return reducedOperand(value, "ReduceMean"); }

/// The value that \p value is the square of.
static Value squareOperand(Value value) {
  auto product = nodeOf(value, "Mul");
  if (product && product.getInputs()[0] == product.getInputs()[1])
    return product.getInputs()[0];
  return {};
}

Value lengthOperand(Value value) {
  if (Value operand = reducedOperand(value, "ReduceL2"))
    return operand;
  auto root = nodeOf(value, "Sqrt");
  Value sum = root ? reducedOperand(root.getInputs()[0], "ReduceSum") : Value();
  if (sum)
    return squareOperand(sum);
  return root ? reducedOperand(root.getInputs()[0], "ReduceSumSquare")
              : Value();
}

/// \p value as mean(x^2) + epsilon.
static std::optional<Normalised> matchMeanSquare(Value value) {
  auto add = nodeOf(value, "Add");
  auto number = add ? scalarOf(add.getInputs()[1]) : std::nullopt;
  Value mean = number ? meanOperand(add.getInputs()[0]) : Value();
  Value x = mean ? squareOperand(mean) : Value();
  return x ? std::optional(Normalised{x, *number}) : std::nullopt;
}

std::optional<Normalised> matchNormalised(Value value) {
  auto division = nodeOf(value, "Div");
  auto root =
      division ? nodeOf(division.getInputs()[1], "Sqrt") : onnx::NodeOp();
  auto found = root ? matchMeanSquare(root.getInputs()[0]) : std::nullopt;
  return found && found->numerator == division.getInputs()[0] ? found
                                                              : std::nullopt;
}

/// The constant row that \p user, an operator \p type, joins with \p value.
static TypedAttr rowOf(Operation *user, StringRef type, Value value) {
  auto node = nodeOf(user, type);
  if (!node)
    return {};
  Value other = node.getInputs()[node.getInputs()[0] == value ? 1 : 0];
  TypedAttr constant = constantOf(other);
  if (!constant || other == value)
    return {};
  RankedTensorType shape = rankedType(other), whole = rankedType(value);
  // A [D, 1] column would be joined along another dimension.
  if (shape.getRank() == 0 ||
      shape.getShape().back() != whole.getShape().back() ||
      shape.getRank() > whole.getRank())
    return {};
  return vectorConstant(constant);
}

SmallVector<ScaledNorm> scaledNorms(Value normalised, bool wantBeta) {
  auto takeBeta = [&](ScaledNorm &norm) {
    if (!wantBeta || !norm.result.hasOneUse())
      return;
    Operation *user = *norm.result.user_begin();
    if (TypedAttr row = rowOf(user, "Add", norm.result)) {
      norm.beta = row;
      norm.result = user->getResult(0);
    }
  };
  SmallVector<ScaledNorm> norms;
  bool others = false;
  for (Operation *user : normalised.getUsers()) {
    TypedAttr gamma = rowOf(user, "Mul", normalised);
    if (!gamma) {
      others = true;
      continue;
    }
    ScaledNorm norm{user->getResult(0), gamma, {}};
    takeBeta(norm);
    norms.push_back(norm);
  }
  if (others || norms.empty()) {
    ScaledNorm plain{normalised, {}, {}};
    takeBeta(plain);
    norms.push_back(plain);
  }
  return norms;
}

} // namespace dalbit::raise
