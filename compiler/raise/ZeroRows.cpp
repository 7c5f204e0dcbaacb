// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/ZeroRows.h"

#include "compiler/raise/Evaluate.h"
#include "compiler/raise/Graph.h"
#include "compiler/raise/NodeWriter.h"

#include <random>

using namespace mlir;

namespace dalbit::raise {

namespace {

class ZeroRows {
public:
  ZeroRows(func::FuncOp function, SymbolicShapes &shapes)
      : function(function), shapes(shapes) {}

  /// \p value without its last row along \p axis, if all of that is 0; or null.
  Value without(Value value, int64_t axis);
  /// \p scores with a column of zeros behind it.
  Value padded(Value scores, NodeWriter &write);
  /// \p value without its last column.
  Value narrowed(Value value, NodeWriter &write) {
    return known(write.columns(value, 0, -1));
  }
  /// Whether the last column of \p logits is 0 if that of \p scores is,
  /// whatever the others and masks are.
  bool endsWithZero(Value logits, Value scores);

private:
  bool isZeros(Value value);
  /// A copy of \p node on another first or second input.
  Value copy(onnx::NodeOp node, unsigned input, Value on);
  Value reshaped(onnx::NodeOp node, int64_t axis);
  /// What was written, with its sizes and those of its constants.
  Value known(Value made) {
    Operation *op = made.getDefiningOp();
    for (Value operand : op->getOperands())
      if (auto constant = operand.getDefiningOp<onnx::ConstantOp>())
        shapes.infer(constant);
    shapes.infer(op);
    return made;
  }

  func::FuncOp function;
  SymbolicShapes &shapes;
};

} // namespace

bool ZeroRows::isZeros(Value value) {
  Leaves leaves = leavesOf(value, Value(), shapes);
  if (!leaves.arguments.empty())
    return false;
  return llvm::all_of(probeSizes(function), [&](const Sizes &sizes) {
    auto numbers = evaluateAt(value, leaves, sizes, shapes,
                              llvm::DenseMap<Value, Numbers>());
    return numbers && llvm::all_of(numbers->values,
                                   [](double number) { return number == 0; });
  });
}

Value ZeroRows::copy(onnx::NodeOp node, unsigned input, Value on) {
  OpBuilder builder(node);
  Operation *made = builder.clone(*node);
  made->setOperand(input, on);
  made->removeAttr("dalbit.dims");
  auto type = cast<ShapedType>(node->getResult(0).getType());
  made->getResult(0).setType(UnrankedTensorType::get(type.getElementType()));
  return known(made->getResult(0));
}

/// A Reshape that leaves the dimension of the rows as it is: to what it was,
/// less one row.
Value ZeroRows::reshaped(onnx::NodeOp node, int64_t axis) {
  if (!shapes.dims(node->getResult(0)))
    return {};
  // Copies: what is inferred moves the others.
  const Dims to = *shapes.dims(node->getResult(0)),
             from = *shapes.dims(node.getInputs()[0]);
  auto before = [](const Dims &dims, int64_t end) {
    SymbolicExpr product(1);
    for (const SymbolicExpr &size :
         ArrayRef<SymbolicExpr>(dims).take_front(end))
      product = product * size;
    return product;
  };
  for (auto [at, size] : llvm::enumerate(from)) {
    if (size != to[axis] || before(from, int64_t(at)) != before(to, axis))
      continue;
    Value rows = without(node.getInputs()[0], int64_t(at));
    if (!rows)
      return {};
    NodeWriter write(node);
    write.builder.setInsertionPointAfter(node);
    Type i64 = write.builder.getI64Type();
    SmallVector<int64_t> less(to.size(), 0);
    less[axis] = 1;
    Value whole = known(write("Shape", node->getResult(0), {}, i64));
    Value shape = known(write("Sub", {whole, write.integers(less)}, {}, i64));
    return known(write("Reshape", {rows, shape}));
  }
  return {};
}

Value ZeroRows::without(Value value, int64_t axis) {
  onnx::NodeOp node = nodeOf(value);
  if (!node || node.getInputs().empty())
    return {};
  const Dims *dims = shapes.dims(node.getInputs()[0]);
  auto hasRank = [&](Value other) {
    const Dims *own = shapes.dims(other);
    return own && own->size() == dims->size();
  };
  if (!dims)
    return {};
  if (node.isOnnx("Reshape"))
    return reshaped(node, axis);
  if (!hasRank(value))
    return {};
  if (node.isOnnx("Concat")) {
    if (node.getInputs().size() != 2 || !hasRank(node.getInputs()[1]) ||
        normaliseAxis(node.getOnnxInt("axis").value_or(0),
                      int64_t(dims->size())) != axis ||
        (*shapes.dims(node.getInputs()[1]))[axis] != SymbolicExpr(1) ||
        !isZeros(node.getInputs()[1]))
      return {};
    return node.getInputs()[0];
  }
  unsigned input = 0;
  if (node.isOnnx("Transpose")) {
    auto order = node.getOnnxInts("perm");
    if (order && order->size() != dims->size())
      return {};
    axis = order ? (*order)[axis] : int64_t(dims->size()) - 1 - axis;
  } else if (node.isOnnx("Mul") || node.isOnnx("Div")) {
    input = node.isOnnx("Mul") && scalarOf(node.getInputs()[0]) ? 1 : 0;
    if (!scalarOf(node.getInputs()[1 - input]))
      return {};
  } else {
    return {};
  }
  Value rows = without(node.getInputs()[input], axis);
  return rows ? copy(node, input, rows) : Value();
}

Value ZeroRows::padded(Value scores, NodeWriter &write) {
  int64_t rank = int64_t(shapes.dims(scores)->size());
  SmallVector<int64_t> pads(2 * rank, 0);
  pads.back() = 1;
  return known(write("Pad", {scores, write.integers(pads), write.number(0.0f)},
                     {write.builder.getNamedAttr(
                         "mode", write.builder.getStringAttr("constant"))}));
}

bool ZeroRows::endsWithZero(Value logits, Value scores) {
  Leaves leaves = leavesOf(logits, scores, shapes);
  std::mt19937 random{19};
  for (const Sizes &sizes : probeSizes(function)) {
    llvm::DenseMap<Value, Numbers> given;
    int64_t columns = shapes.dims(scores)->back().evaluate(sizes), at = 0;
    given[scores] = numbersOf(*shapes.dims(scores), sizes, [&] {
      return ++at % std::max<int64_t>(columns, 1) ? double(random() % 7) : 0.0;
    });
    for (BlockArgument argument : leaves.arguments) {
      const Dims *dims = shapes.dims(argument);
      if (!dims)
        return false;
      given[argument] =
          numbersOf(*dims, sizes, [&] { return double(random() & 1); });
    }
    auto made = evaluateAt(logits, leaves, sizes, shapes, given);
    if (!made || columns < 1 || made->shape.empty() ||
        made->shape.back() != columns)
      return false;
    for (size_t i = columns - 1; i < made->values.size(); i += columns)
      if (made->values[i] != 0)
        return false;
  }
  return true;
}

void ZeroRowsCut::undo() {
  product->setOperand(1, v);
  product->setOperand(0, probabilities);
  softmax->setOperand(0, logits);
  // The logits may be the padded scores themselves.
  padded.replaceAllUsesWith(scores->getResult(0));
}

std::optional<ZeroRowsCut> cutZeroRows(func::FuncOp function,
                                       onnx::NodeOp scores,
                                       onnx::NodeOp softmax,
                                       SymbolicShapes &shapes) {
  Value probabilities = softmax->getResult(0);
  auto product = nodeOf(shapes.soleReader(probabilities), "MatMul");
  if (!product || product.getInputs()[0] != probabilities)
    return std::nullopt;
  ZeroRows zeros(function, shapes);
  auto rank = [&](Value value) {
    const Dims *dims = shapes.dims(value);
    return dims ? int64_t(dims->size()) : 0;
  };
  Value k = scores.getInputs()[1], v = product.getInputs()[1];
  Value keys = rank(k) > 2 ? zeros.without(k, rank(k) - 1) : Value();
  Value values = keys && rank(v) > 2 ? zeros.without(v, rank(v) - 2) : Value();
  Value logits = softmax.getInputs()[0];
  // Masks of that column are 0, whoever adds them.
  if (!values || !rank(scores->getResult(0)) ||
      !zeros.endsWithZero(logits, scores->getResult(0)))
    return std::nullopt;
  NodeWriter atScores(scores), atSoftmax(softmax), atProduct(product);
  Value narrow = atScores("MatMul", {scores.getInputs()[0], keys});
  shapes.infer(narrow.getDefiningOp());
  if (!rank(narrow) || !rank(logits))
    return std::nullopt;
  Value padded = zeros.padded(narrow, atScores);
  // The graph's own results have the types that were known.
  padded.setType(scores->getResult(0).getType());
  scores->getResult(0).replaceAllUsesWith(padded);
  ZeroRowsCut done = {
      scores,        softmax, product, padded, softmax.getInputs()[0],
      probabilities, v};
  Value cut = zeros.narrowed(softmax.getInputs()[0], atSoftmax);
  softmax->setOperand(0, zeros.padded(cut, atSoftmax));
  product->setOperand(0, zeros.narrowed(probabilities, atProduct));
  product->setOperand(1, values);
  return done;
}

} // namespace dalbit::raise
