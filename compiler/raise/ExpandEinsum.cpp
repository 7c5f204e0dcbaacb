// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Einsum of two tensors that is a product of matrices (queries and keys,
// probabilities and values) as Transpose and MatMul.

#include "compiler/raise/Passes.h"

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

} // namespace

/// "ab,bc->ac"; nothing for other numbers of operands, or with an ellipsis.
static std::optional<Equation> parseEquation(StringRef text) {
  std::string plain;
  for (char c : text)
    if (c != ' ')
      plain += c;
  auto [left, right] = StringRef(plain).split("->");
  auto [a, b] = left.split(',');
  if (a.empty() || b.empty() || right.empty() || b.contains(',') ||
      plain.find('.') != std::string::npos)
    return std::nullopt;
  for (StringRef labels : {a, b, right}) // a diagonal
    for (size_t i = 0; i < labels.size(); ++i)
      if (labels.substr(i + 1).contains(labels[i]))
        return std::nullopt;
  return Equation{a.str(), b.str(), right.str()};
}

/// \p value with its dimensions in the order of \p wanted.
static Value ordered(OpBuilder &builder, Value value, StringRef labels,
                     StringRef wanted, SymbolicShapes &shapes) {
  SmallVector<int64_t> order;
  for (char label : wanted)
    order.push_back(static_cast<int64_t>(labels.find(label)));
  return makeTranspose(builder, value, order, shapes);
}

static void expandEinsum(onnx::NodeOp node, SymbolicShapes &shapes) {
  auto equation = parseEquation(node.getOnnxString("equation").value_or(""));
  Value a = node.getInputs()[0], b = node.getInputs()[1];
  const Dims *dimsA = shapes.dims(a), *dimsB = shapes.dims(b),
             *dims = shapes.dims(node->getResult(0));
  if (!equation || !dimsA || !dimsB || !dims ||
      dimsA->size() != equation->a.size() ||
      dimsB->size() != equation->b.size())
    return;
  StringRef left = equation->a, right = equation->b, out = equation->out;
  std::string batch, rows, inner, columns;
  for (char label : left)
    (right.contains(label) ? out.contains(label) ? batch : inner : rows) +=
        label;
  for (char label : right)
    if (!left.contains(label))
      columns += label;
  // One dimension each, or it is another operation.
  if (rows.size() != 1 || inner.size() != 1 || columns.size() != 1 ||
      batch.empty() || out.size() != batch.size() + 2 ||
      !out.contains(rows[0]) || !out.contains(columns[0]))
    return;
  OpBuilder builder(node);
  std::string product = batch + rows + columns;
  Dims productDims;
  for (char label : product)
    productDims.push_back((*dims)[out.find(label)]);
  a = ordered(builder, a, left, batch + rows + inner, shapes);
  b = ordered(builder, b, right, batch + inner + columns, shapes);
  Value made = makeNode(builder, node.getLoc(), "MatMul", {a, b}, productDims,
                        {}, shapes);
  made = ordered(builder, made, product, out, shapes);
  if (made.getType() == node->getResult(0).getType())
    node->getResult(0).replaceAllUsesWith(made);
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
