// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that exporters and optimisers write in several ways, in one: what
// follows then knows one spelling of each. Rewrites keep the numbers but for a
// rounding of a quotient or a root; a division by a constant stays one, since
// T5's buckets are cut from its quotients.

#include "compiler/raise/Passes.h"

#include "compiler/dialect/onnx/Weight.h"
#include "compiler/raise/Graph.h"
#include "compiler/raise/NodeWriter.h"

#include <algorithm>

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_ONESPELLING
#include "compiler/raise/Passes.h.inc"

namespace {

class OneSpellingPass : public impl::OneSpellingBase<OneSpellingPass> {
public:
  void runOnOperation() override;
};

/// What one node is in the spelling that we keep.
class Speller {
public:
  explicit Speller(onnx::NodeOp node)
      : node(node), write(node), result(node->getResult(0)) {}

  /// The value in the place of the node's result; null if it stays.
  Value run();

private:
  Value input(unsigned index) { return node.getInputs()[index]; }
  /// A number without influence on the shape has one element.
  bool isNumber(unsigned index, double number) {
    return scalarOf(input(index)) == number;
  }
  bool keepsShape(Value value) const {
    return rankedType(value) && value.getType() == result.getType();
  }
  Value made(StringRef type, ValueRange inputs, Type as) {
    Value value = write(type, inputs);
    value.setType(as);
    return value;
  }
  Value made(StringRef type, ValueRange inputs) {
    return made(type, inputs, result.getType());
  }
  Value negated(Value constant);

  Value power();
  Value quotient();
  Value difference();
  Value sum();
  Value product();
  Value transposed();

  onnx::NodeOp node;
  NodeWriter write;
  Value result;
};

} // namespace

/// z where \p value is 1 + exp(-z), or null.
static Value logisticOperand(Value value) {
  auto sum = nodeOf(value, "Add");
  for (unsigned i : {0u, 1u}) {
    if (!sum || scalarOf(sum.getInputs()[i]) != 1.0)
      continue;
    auto power = nodeOf(sum.getInputs()[1 - i], "Exp");
    auto minus = power ? nodeOf(power.getInputs()[0], "Neg") : onnx::NodeOp();
    if (minus && minus->getResult(0).getType() == value.getType())
      return minus.getInputs()[0];
  }
  return {};
}

static Value operandOf(Value value, StringRef type) {
  auto node = nodeOf(value, type);
  return node ? Value(node.getInputs()[0]) : Value();
}

/// A constant with the other sign, null if \p constant is none that is small.
Value Speller::negated(Value constant) {
  constexpr int64_t most = 1 << 16; // rows; a table of weights stays
  TypedAttr value = constantOf(constant);
  auto type = value ? cast<RankedTensorType>(value.getType()) : nullptr;
  if (!type || type.getNumElements() > most)
    return {};
  SmallVector<float> numbers;
  onnx::readWeight(value, numbers);
  std::ranges::transform(numbers, numbers.begin(), std::negate());
  return write.constant(DenseElementsAttr::get(type, ArrayRef<float>(numbers)));
}

Value Speller::power() {
  Value x = input(0);
  if (!keepsShape(x))
    return {};
  if (isNumber(1, 1))
    return x;
  if (isNumber(1, 2))
    return made("Mul", {x, x});
  if (isNumber(1, 0.5))
    return made("Sqrt", {x});
  if (isNumber(1, -0.5))
    return made("Reciprocal", {made("Sqrt", {x})});
  return isNumber(1, -1) ? made("Reciprocal", {x}) : Value();
}

Value Speller::quotient() {
  if (isNumber(1, 1) && keepsShape(input(0)))
    return input(0);
  if (isNumber(0, 1) && keepsShape(input(1)))
    return made("Reciprocal", {input(1)});
  if (Value z = logisticOperand(input(1)))
    return made("Mul", {input(0), made("Sigmoid", {z}, input(1).getType())});
  return {};
}

Value Speller::difference() {
  if (Value minus = negated(input(1)))
    return made("Add", {input(0), minus});
  if (Value y = operandOf(input(1), "Neg"))
    return made("Add", {input(0), y});
  if (isNumber(0, 0) && keepsShape(input(1)))
    return made("Neg", {input(1)});
  return {};
}

Value Speller::sum() {
  if (constantOf(input(0)) && !constantOf(input(1)))
    return made("Add", {input(1), input(0)});
  if (isNumber(1, 0) && keepsShape(input(0)))
    return input(0);
  for (unsigned i : {1u, 0u})
    if (Value y = operandOf(input(i), "Neg"))
      return made("Sub", {input(1 - i), y});
  return {};
}

Value Speller::product() {
  if (constantOf(input(0)) && !constantOf(input(1)))
    return made("Mul", {input(1), input(0)});
  if (keepsShape(input(0)) && isNumber(1, 1))
    return input(0);
  if (keepsShape(input(0)) && isNumber(1, -1))
    return made("Neg", {input(0)});
  for (unsigned i : {1u, 0u}) {
    if (Value y = operandOf(input(i), "Reciprocal"))
      return made("Div", {input(1 - i), y});
    // A row's scale that was divided before it met the row (gamma / deviation).
    auto scale = nodeOf(input(i), "Div");
    if (scale && constantOf(scale.getInputs()[0]) && keepsShape(input(1 - i)))
      return made("Mul", {made("Div", {input(1 - i), scale.getInputs()[1]}),
                          scale.getInputs()[0]});
  }
  return {};
}

/// One Transpose of two.
Value Speller::transposed() {
  auto before = nodeOf(input(0), "Transpose");
  auto own = node.getOnnxInts("perm");
  auto first = before ? before.getOnnxInts("perm") : std::nullopt;
  RankedTensorType type = before ? rankedType(before.getInputs()[0]) : nullptr;
  if (!own || !first || !type || own->size() != first->size())
    return {};
  SmallVector<int64_t> order;
  for (int64_t axis : *own) {
    if (axis < 0 || axis >= int64_t(first->size()))
      return {};
    order.push_back((*first)[axis]);
  }
  if (llvm::equal(order, llvm::seq<int64_t>(0, order.size())))
    return before.getInputs()[0];
  Value value =
      write("Transpose", {before.getInputs()[0]}, {write.list("perm", order)});
  value.setType(result.getType());
  return value;
}

Value Speller::run() {
  StringRef type = node.getOpType();
  if (type == "Pow")
    return power();
  if (type == "Div")
    return quotient();
  if (type == "Sub")
    return difference();
  if (type == "Add")
    return sum();
  if (type == "Mul")
    return product();
  if (type == "Transpose")
    return transposed();
  if (type == "Neg")
    return operandOf(input(0), "Neg");
  if (type == "Reciprocal")
    if (Value z = logisticOperand(input(0)))
      return made("Sigmoid", {z});
  if (type == "Where")
    if (Value flags = operandOf(input(0), "Not"))
      return made("Where", {flags, input(2), input(1)});
  return {};
}

void OneSpellingPass::runOnOperation() {
  func::FuncOp function = getOperation();
  if (function.isDeclaration())
    return;
  for (onnx::NodeOp each : llvm::to_vector(function.getOps<onnx::NodeOp>()))
    for (onnx::NodeOp node = each; node && node.getDomain().empty() &&
                                   node->getNumResults() == 1 &&
                                   isFloat32(node->getResult(0));) {
      Value value = Speller(node).run();
      if (!value)
        break;
      node->getResult(0).replaceAllUsesWith(value);
      Operation *next = value.getDefiningOp();
      // What was there already is spelt; what was written may have others.
      bool isNew = next && next->getNextNode() == node;
      node->erase();
      node = isNew ? dyn_cast<onnx::NodeOp>(next) : onnx::NodeOp();
    }
  eraseDead(function);
}

} // namespace dalbit::raise
