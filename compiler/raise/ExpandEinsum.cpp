// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Einsum of two tensors that is a product of matrices as Transpose and MatMul:
// queries and keys, probabilities and values, and projections by weights whose
// heads are dimensions of their own (Keras, Flax).

#include "compiler/raise/Passes.h"

#include "compiler/execute/operators/Einsum.h"
#include "compiler/raise/Graph.h"
#include "compiler/raise/Moves.h"

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_EXPANDEINSUM
#include "compiler/raise/Passes.h.inc"

namespace {

class ExpandEinsumPass : public impl::ExpandEinsumBase<ExpandEinsumPass> {
public:
  void runOnOperation() override;
};

/// The labels of an equation, one letter a dimension.
struct Equation {
  std::string a, b, out;
};

/// An Einsum of two operands whose labels and sizes are known.
class Product {
public:
  Product(onnx::NodeOp node, const Equation &equation, SymbolicShapes &shapes)
      : result(node->getResult(0)), node(node), equation(equation),
        shapes(shapes), builder(node) {}

  /// Writes the product in front of the node; null if it is none.
  Value expand();

  Value result; ///< whose place it takes

private:
  Value ofMatrices();
  Value ofWeight();
  TypedAttr takeBias(int64_t width);
  Value ordered(Value value, StringRef labels, StringRef wanted);
  Dims sizesOf(StringRef labels);

  onnx::NodeOp node;
  const Equation &equation;
  SymbolicShapes &shapes;
  OpBuilder builder;
  /// Labels of both and the result, of one operand alone, and of a sum.
  std::string batch, rows, inner, columns;
};

} // namespace

/// "ab,bc->ac" for operands of \p rankA and \p rankB dimensions; nothing for
/// other numbers of operands, or with a diagonal.
static std::optional<Equation> parseEquation(StringRef text, size_t rankA,
                                             size_t rankB) {
  std::string plain;
  for (char c : text)
    if (c != ' ')
      plain += c;
  auto [left, right] = StringRef(plain).split("->");
  auto [a, b] = left.split(',');
  if (a.empty() || b.empty() || right.empty() || b.contains(','))
    return std::nullopt;
  auto dotsA = execute::ellipsisDims(a, rankA),
       dotsB = execute::ellipsisDims(b, rankB);
  if (!dotsA || !dotsB)
    return std::nullopt;
  Equation equation{execute::expandEllipsis(a, *dotsA),
                    execute::expandEllipsis(b, *dotsB),
                    execute::expandEllipsis(right, std::max(*dotsA, *dotsB))};
  for (StringRef labels : {StringRef(equation.a), StringRef(equation.b),
                           StringRef(equation.out)}) // a diagonal
    for (size_t i = 0; i < labels.size(); ++i)
      if (labels.substr(i + 1).contains(labels[i]))
        return std::nullopt;
  return equation;
}

/// \p value with its dimensions in the order of \p wanted.
Value Product::ordered(Value value, StringRef labels, StringRef wanted) {
  SmallVector<int64_t> order;
  for (char label : wanted)
    order.push_back(static_cast<int64_t>(labels.find(label)));
  return makeTranspose(builder, value, order, shapes);
}

Dims Product::sizesOf(StringRef labels) {
  Dims sizes;
  for (char label : labels) {
    size_t at = equation.a.find(label);
    bool isFirst = at != std::string::npos;
    sizes.push_back((*shapes.dims(
        node.getInputs()[isFirst ? 0 : 1]))[isFirst ? at
                                                    : equation.b.find(label)]);
  }
  return sizes;
}

/// One dimension each of rows, columns and the sum, the others in common.
Value Product::ofMatrices() {
  if (rows.size() != 1 || inner.size() != 1 || columns.size() != 1 ||
      batch.empty())
    return {};
  Value a = node.getInputs()[0], b = node.getInputs()[1];
  // Rows are what the result has first: keys may be written before queries.
  std::string left = equation.a, right = equation.b;
  if (equation.out.find(columns) < equation.out.find(rows)) {
    std::swap(a, b);
    std::swap(left, right);
    std::swap(rows, columns);
  }
  std::string product = batch + rows + columns;
  a = ordered(a, left, batch + rows + inner);
  b = ordered(b, right, batch + inner + columns);
  Value made = makeNode(builder, node.getLoc(), "MatMul", {a, b},
                        sizesOf(product), {}, shapes);
  return ordered(made, product, equation.out);
}

/// Rows times a constant whose dimensions are those of the sum and the
/// result's own, in this order or the other.
Value Product::ofWeight() {
  TypedAttr weight = constantOf(node.getInputs()[1]);
  bool turned = equation.b == columns + inner;
  if (!weight || !batch.empty() || rows.empty() || inner.empty() ||
      columns.empty() || (!turned && equation.b != inner + columns))
    return {};
  auto count = [](const Dims &sizes) {
    int64_t product = 1;
    for (const SymbolicExpr &size : sizes)
      product *= size.constant().value_or(0);
    return product;
  };
  int64_t depth = count(sizesOf(inner)), width = count(sizesOf(columns));
  weight = reshapeConstant(weight, turned ? ArrayRef<int64_t>{width, depth}
                                          : ArrayRef<int64_t>{depth, width});
  if (weight && turned)
    weight = transposeConstant(weight);
  if (!weight)
    return {};
  Value x = ordered(node.getInputs()[0], equation.a, rows + inner);
  Dims flat = sizesOf(rows), wide = flat;
  flat.push_back(depth);
  wide.push_back(width);
  if (*shapes.dims(x) != flat)
    x = makeReshape(builder, x, flat, shapes);
  if (!x)
    return {};
  Value matrix =
      builder.create<onnx::ConstantOp>(node.getLoc(), weight).getResult();
  shapes.infer(matrix.getDefiningOp());
  Value made =
      makeNode(builder, node.getLoc(), "MatMul", {x, matrix}, wide, {}, shapes);
  if (TypedAttr bias = takeBias(width)) {
    Value row =
        builder.create<onnx::ConstantOp>(node.getLoc(), bias).getResult();
    shapes.infer(row.getDefiningOp());
    made =
        makeNode(builder, node.getLoc(), "Add", {made, row}, wide, {}, shapes);
  }
  if (columns.size() > 1)
    made = makeReshape(builder, made, sizesOf(rows + columns), shapes);
  return made ? ordered(made, rows + columns, equation.out) : Value();
}

/// A constant of the result's own dimensions that is all that is done with it,
/// as a row of \p width; the result is then that of the sum. Null if none is.
TypedAttr Product::takeBias(int64_t width) {
  auto add = nodeOf(shapes.soleReader(result), "Add");
  if (!add || equation.out != rows + columns)
    return {};
  TypedAttr bias =
      constantOf(add.getInputs()[add.getInputs()[0] == result ? 1 : 0]);
  auto type =
      bias ? cast<RankedTensorType>(bias.getType()) : RankedTensorType();
  if (!type || type.getNumElements() != width)
    return {};
  ArrayRef<int64_t> sizes = type.getShape();
  Dims own = sizesOf(columns);
  if (sizes.size() < own.size() ||
      !std::equal(own.begin(), own.end(), sizes.take_back(own.size()).begin(),
                  [](const SymbolicExpr &a, int64_t b) {
                    return a == SymbolicExpr(b);
                  }))
    return {};
  bias = reshapeConstant(bias, {width});
  if (bias)
    result = add->getResult(0);
  return bias;
}

Value Product::expand() {
  StringRef left = equation.a, right = equation.b, out = equation.out;
  for (char label : left)
    (right.contains(label) ? out.contains(label) ? batch : inner : rows) +=
        label;
  for (char label : right)
    if (!left.contains(label))
      columns += label;
  // In the order of the weight, so that it need not be turned.
  std::string sum;
  for (char label : right)
    if (StringRef(inner).contains(label))
      sum += label;
  inner = sum;
  for (char label : batch + inner) // repeated along a dimension of size 1
    if ((*shapes.dims(node.getInputs()[0]))[left.find(label)] !=
        (*shapes.dims(node.getInputs()[1]))[right.find(label)])
      return {};
  // Every label that is left must be one of the result.
  if (out.size() != batch.size() + rows.size() + columns.size() ||
      llvm::any_of(rows + columns,
                   [&](char label) { return !out.contains(label); }))
    return {};
  Value made = ofMatrices();
  return made ? made : ofWeight();
}

static void expandEinsum(onnx::NodeOp node, SymbolicShapes &shapes) {
  const Dims *a = shapes.dims(node.getInputs()[0]),
             *b = shapes.dims(node.getInputs()[1]);
  if (!a || !b || !shapes.dims(node->getResult(0)))
    return;
  auto equation = parseEquation(node.getOnnxString("equation").value_or(""),
                                a->size(), b->size());
  if (!equation)
    return;
  Product product(node, *equation, shapes);
  Value made = product.expand();
  if (made && made.getType() == product.result.getType())
    product.result.replaceAllUsesWith(made);
}

void ExpandEinsumPass::runOnOperation() {
  func::FuncOp function = getOperation();
  if (function.isDeclaration())
    return;
  SymbolicShapes shapes(function);
  SmallVector<onnx::NodeOp> nodes(function.getOps<onnx::NodeOp>());
  for (onnx::NodeOp node : nodes)
    if (node.isOnnx("Einsum") && node.getInputs().size() == 2 &&
        isFloat32(node->getResult(0)))
      expandEinsum(node, shapes);
  eraseDead(function);
}

} // namespace dalbit::raise
