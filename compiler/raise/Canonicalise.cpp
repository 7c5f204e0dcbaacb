// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that exporters and optimisers write in several ways, in one: what
// follows then knows one spelling of each. Rewrites keep the numbers but for a
// rounding of a quotient or a root; a division by a constant stays one, since
// T5's buckets are cut from its quotients.

#include "compiler/raise/Passes.h"

#include "compiler/raise/Graph.h"
#include "compiler/raise/NodeWriter.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_CANONICALISE
#include "compiler/raise/Passes.h.inc"

namespace {

class CanonicalisePass : public impl::CanonicaliseBase<CanonicalisePass> {
public:
  void runOnOperation() override;
};

/// One node in the spelling that we keep.
class Canonicaliser {
public:
  explicit Canonicaliser(onnx::NodeOp node)
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
  /// A new operator whose result is of type \p as, by default this node's.
  Value made(StringRef type, ValueRange inputs,
             NodeWriter::Attributes attributes = {}, Type as = {}) {
    Value value = write(type, inputs, attributes);
    value.setType(as ? as : result.getType());
    return value;
  }
  Value negated(Value constant);
  Value mean(Value sum, double count);
  Value centred(Value x, Value m);
  Value variance();
  Value normalised();

  Value power();
  Value quotient();
  Value difference();
  Value sum();
  Value product();
  Value negation();
  Value inverse();
  Value choice();
  Value transposition();
  Value squeezedElement();
  Value lookUp();

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

/// A constant with a number for each column.
static bool isRow(Value value) {
  return constantOf(value) && staticDim(value, -1) > 1;
}

static Value operandOf(Value value, StringRef type) {
  auto node = nodeOf(value, type);
  return node ? Value(node.getInputs()[0]) : Value();
}

/// A constant with the other sign, null if \p constant is none that is small.
Value Canonicaliser::negated(Value constant) {
  constexpr int64_t most = 1 << 16; // rows; a table of weights stays
  TypedAttr value = constantOf(constant);
  RankedTensorType type = value ? rankedType(constant) : RankedTensorType();
  auto numbers = type && type.getNumElements() <= most
                     ? floatsOf(value)
                     : std::optional<SmallVector<float>>();
  if (!numbers)
    return {};
  std::ranges::transform(*numbers, numbers->begin(), std::negate());
  return write.constant(
      DenseElementsAttr::get(type, ArrayRef<float>(*numbers)));
}

/// \p sum over the \p count elements that it adds up, as a mean.
Value Canonicaliser::mean(Value sum, double count) {
  auto reduction = nodeOf(sum, "ReduceSum");
  auto axes = reduction ? reduction.getOnnxInts("axes") : std::nullopt;
  if (!axes || axes->empty() || !keepsShape(sum))
    return {};
  double size = 1;
  for (int64_t axis : *axes)
    size *= double(staticDim(reduction.getInputs()[0], axis));
  // 1 / count may have been rounded.
  if (size <= 0 || std::abs(size - count) > 1e-6 * size)
    return {};
  return made("ReduceMean", {reduction.getInputs()[0]},
              {write.list("axes", *axes),
               write.attribute("keepdims",
                               reduction.getOnnxInt("keepdims").value_or(1))});
}

/// x - m, the one that there is already if there is.
Value Canonicaliser::centred(Value x, Value m) {
  for (Operation *user : m.getUsers())
    if (auto other = nodeOf(user, "Sub");
        other && other.getInputs()[0] == x && other.getInputs()[1] == m) {
      if (!other->isBeforeInBlock(node))
        other->moveBefore(node);
      return other->getResult(0);
    }
  return made("Sub", {x, m}, {}, x.getType());
}

/// mean(x^2) - mean(x)^2 as the mean square of x - mean(x).
Value Canonicaliser::variance() {
  auto squares = nodeOf(input(0), "ReduceMean"),
       square = nodeOf(input(1), "Mul");
  auto product =
      squares ? nodeOf(squares.getInputs()[0], "Mul") : onnx::NodeOp();
  if (!product || !square || product.getInputs()[0] != product.getInputs()[1] ||
      square.getInputs()[0] != square.getInputs()[1])
    return {};
  Value x = product.getInputs()[0], m = square.getInputs()[0];
  auto own = nodeOf(m, "ReduceMean");
  if (!own || own.getInputs()[0] != x || m.getType() != result.getType() ||
      own.getOnnxAttributesAttr() != squares.getOnnxAttributesAttr() ||
      own.getOnnxInt("keepdims").value_or(1) == 0)
    return {};
  Value difference = centred(x, m);
  Value again = made("Mul", {difference, difference}, {}, x.getType());
  return made("ReduceMean", {again},
              llvm::to_vector(own.getOnnxAttributesAttr()));
}

/// x * s + (beta - m * s) with s = gamma / deviation, as batch normalisations
/// have it: (x - m) / deviation * gamma + beta.
Value Canonicaliser::normalised() {
  for (unsigned i : {0u, 1u}) {
    auto scaled = nodeOf(input(i), "Mul");
    auto divided =
        scaled ? nodeOf(scaled.getInputs()[0], "Div") : onnx::NodeOp();
    auto shift = nodeOf(input(1 - i), "Sub");
    auto moved = shift ? nodeOf(shift.getInputs()[1], "Mul") : onnx::NodeOp();
    if (!divided || !moved || !keepsShape(divided.getInputs()[0]))
      continue;
    Value x = divided.getInputs()[0], deviation = divided.getInputs()[1],
          gamma = scaled.getInputs()[1], beta = shift.getInputs()[0];
    for (unsigned k : {0u, 1u}) {
      auto scale = nodeOf(moved.getInputs()[k], "Div");
      Value m = moved.getInputs()[1 - k];
      if (scale && scale.getInputs()[0] == gamma &&
          scale.getInputs()[1] == deviation &&
          m.getType() == deviation.getType())
        return made(
            "Add",
            {made("Mul", {made("Div", {centred(x, m), deviation}), gamma}),
             beta});
    }
  }
  return {};
}

Value Canonicaliser::power() {
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

Value Canonicaliser::quotient() {
  if (isNumber(1, 1) && keepsShape(input(0)))
    return input(0);
  if (isNumber(0, 1) && keepsShape(input(1)))
    return made("Reciprocal", {input(1)});
  if (auto count = scalarOf(input(1)))
    if (Value value = mean(input(0), *count))
      return value;
  if (Value z = logisticOperand(input(1)))
    return made("Mul",
                {input(0), made("Sigmoid", {z}, {}, input(1).getType())});
  // A row that was scaled before it is divided (x * gamma / deviation).
  auto scaled = nodeOf(input(0), "Mul");
  if (scaled && isRow(scaled.getInputs()[1]) && !constantOf(input(1)) &&
      keepsShape(scaled.getInputs()[0]))
    return made("Mul", {made("Div", {scaled.getInputs()[0], input(1)}),
                        scaled.getInputs()[1]});
  return {};
}

Value Canonicaliser::difference() {
  if (Value minus = negated(input(1)))
    return made("Add", {input(0), minus});
  if (Value y = operandOf(input(1), "Neg"))
    return made("Add", {input(0), y});
  if (isNumber(0, 0) && keepsShape(input(1)))
    return made("Neg", {input(1)});
  return variance();
}

Value Canonicaliser::sum() {
  if (constantOf(input(0)) && !constantOf(input(1)))
    return made("Add", {input(1), input(0)});
  if (isNumber(1, 0) && keepsShape(input(0)))
    return input(0);
  for (unsigned i : {1u, 0u})
    if (Value y = operandOf(input(i), "Neg"))
      return made("Sub", {input(1 - i), y});
  return normalised();
}

Value Canonicaliser::product() {
  if (constantOf(input(0)) && !constantOf(input(1)))
    return made("Mul", {input(1), input(0)});
  if (keepsShape(input(0)) && isNumber(1, 1))
    return input(0);
  if (keepsShape(input(0)) && isNumber(1, -1))
    return made("Neg", {input(0)});
  if (auto share = scalarOf(input(1)); share && *share != 0)
    if (Value value = mean(input(0), 1 / *share))
      return value;
  for (unsigned i : {1u, 0u}) {
    if (Value y = operandOf(input(i), "Reciprocal"))
      return made("Div", {input(1 - i), y});
    // A row's scale that was divided before it met the row (gamma / deviation).
    auto scale = nodeOf(input(i), "Div");
    if (scale && isRow(scale.getInputs()[0]) && keepsShape(input(1 - i)))
      return made("Mul", {made("Div", {input(1 - i), scale.getInputs()[1]}),
                          scale.getInputs()[0]});
  }
  return {};
}

/// One Transpose of two.
Value Canonicaliser::transposition() {
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
  return made("Transpose", {before.getInputs()[0]},
              {write.list("perm", order)});
}

/// An element cut out and its dimension dropped, as a Gather of one index.
Value Canonicaliser::squeezedElement() {
  auto slice = nodeOf(input(0), "Slice");
  RankedTensorType type = slice ? rankedType(slice.getInputs()[0]) : nullptr;
  auto dropped = integersOf(node, "axes", 1);
  auto range = type ? axisSlice(slice, type.getRank()) : std::nullopt;
  if (!range || !range->end || !dropped || dropped->size() != 1 ||
      range->axis != normaliseAxis(dropped->front(), type.getRank()))
    return {};
  constexpr int64_t behind = std::numeric_limits<int32_t>::max();
  bool isOne = *range->end == range->start + 1
                   ? *range->end != 0
                   : range->start == -1 && *range->end >= behind;
  return isOne ? made("Gather",
                      {slice.getInputs()[0], write.number(range->start)},
                      {write.attribute("axis", range->axis)})
               : Value();
}

/// Rows by ids as they came, whatever integers they were cast to.
Value Canonicaliser::lookUp() {
  auto cast = nodeOf(input(1), "Cast");
  auto isId = [](Value value) {
    Type element = getElementTypeOrSelf(value);
    return element.isSignlessInteger(32) || element.isSignlessInteger(64);
  };
  if (!cast || !isId(cast->getResult(0)) || !isId(cast.getInputs()[0]))
    return {};
  return made("Gather", {input(0), cast.getInputs()[0]},
              llvm::to_vector(node.getOnnxAttributesAttr()));
}

Value Canonicaliser::negation() { return operandOf(input(0), "Neg"); }

Value Canonicaliser::inverse() {
  Value z = logisticOperand(input(0));
  return z ? made("Sigmoid", {z}) : Value();
}

Value Canonicaliser::choice() {
  Value flags = operandOf(input(0), "Not");
  return flags ? made("Where", {flags, input(2), input(1)}) : Value();
}

Value Canonicaliser::run() {
  using Rule = Value (Canonicaliser::*)();
  static const llvm::StringMap<Rule> rules = {
      {"Add", &Canonicaliser::sum},
      {"Div", &Canonicaliser::quotient},
      {"Gather", &Canonicaliser::lookUp},
      {"Mul", &Canonicaliser::product},
      {"Neg", &Canonicaliser::negation},
      {"Pow", &Canonicaliser::power},
      {"Reciprocal", &Canonicaliser::inverse},
      {"Squeeze", &Canonicaliser::squeezedElement},
      {"Sub", &Canonicaliser::difference},
      {"Transpose", &Canonicaliser::transposition},
      {"Where", &Canonicaliser::choice}};
  auto rule = rules.find(node.getOpType());
  return rule == rules.end() ? Value() : (this->*rule->second)();
}

/// Counts the axis of \p node from the front.
static void countFromFront(onnx::NodeOp node) {
  static const llvm::StringSet<> known = {
      "ArgMax",          "ArgMin",  "Concat",     "Flatten",
      "Gather",          "Softmax", "LogSoftmax", "GatherElements",
      "ScatterElements", "Split",   "TopK"};
  auto axis = node.getOnnxInt("axis");
  if (!axis || *axis >= 0 || !node.getDomain().empty() ||
      !known.contains(node.getOpType()) || node.getInputs().empty())
    return;
  RankedTensorType type = rankedType(node.getInputs()[0]);
  int64_t front = type ? normaliseAxis(*axis, type.getRank()) : -1;
  if (front < 0)
    return;
  Builder builder(node.getContext());
  NamedAttrList attributes(node.getOnnxAttributesAttr());
  attributes.set("axis", builder.getI64IntegerAttr(front));
  node.setOnnxAttributesAttr(attributes.getDictionary(node.getContext()));
}

void CanonicalisePass::runOnOperation() {
  func::FuncOp function = getOperation();
  if (function.isDeclaration())
    return;
  for (onnx::NodeOp node : function.getOps<onnx::NodeOp>())
    countFromFront(node);
  for (onnx::NodeOp each : llvm::to_vector(function.getOps<onnx::NodeOp>()))
    for (onnx::NodeOp node = each; node && node.getDomain().empty() &&
                                   node->getNumResults() == 1 &&
                                   isFloat32(node->getResult(0));) {
      Value value = Canonicaliser(node).run();
      if (!value)
        break;
      node->getResult(0).replaceAllUsesWith(value);
      Operation *next = value.getDefiningOp();
      // What was there already is canonical; what was written may not be.
      bool isNew = next && next->getNextNode() == node;
      node->erase();
      node = isNew ? dyn_cast<onnx::NodeOp>(next) : onnx::NodeOp();
    }
  eraseDead(function);
}

} // namespace dalbit::raise
