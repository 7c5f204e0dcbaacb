// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Experts that are computed for the rows that chose them alone: rows gathered
// by a list, worked on one by one, weighed, and added where they came from. The
// same for all rows, with weights that are 0 elsewhere: the number of rows no
// longer depends on the data.

#include "compiler/raise/Passes.h"

#include "compiler/raise/ExpertNodes.h"
#include "compiler/raise/Graph.h"
#include "compiler/raise/SymbolicShapes.h"

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_DENSEEXPERTS
#include "compiler/raise/Passes.h.inc"

namespace {

class Densifier {
public:
  explicit Densifier(func::FuncOp function)
      : function(function), shapes(function) {}

  void run();

private:
  Value dense(NodeWriter &write, Value value, int depth = 0);
  bool replace(onnx::NodeOp scatter);

  func::FuncOp function;
  SymbolicShapes shapes;
  Value list; ///< of the rows
  Value rows; ///< what they are taken from, once it is known
  llvm::DenseMap<Value, Value> made; ///< for all rows, by the value for some
};

class DenseExpertsPass : public impl::DenseExpertsBase<DenseExpertsPass> {
public:
  void runOnOperation() override {
    if (!getOperation().isDeclaration())
      Densifier(getOperation()).run();
  }
};

} // namespace

/// The list of row numbers that \p indices repeats along the columns, or null.
static Value listOf(Value indices) {
  if (auto expand = nodeOf(indices, "Expand"))
    indices = expand.getInputs()[0];
  auto unsqueeze = nodeOf(indices, "Unsqueeze");
  auto axes = unsqueeze ? integersOf(unsqueeze, "axes", 1)
                        : std::optional<SmallVector<int64_t>>();
  if (!axes || axes->size() != 1 || ((*axes)[0] != 1 && (*axes)[0] != -1))
    return {};
  return unsqueeze.getInputs()[0];
}

/// Floats stay floats; rows that are expanded to their own sizes stay.
static Value throughCasts(Value value) {
  while (true) {
    auto node = nodeOf(value);
    bool passes = node && (node.isOnnx("Expand") ||
                           (node.isOnnx("Cast") && isFloat32(value) &&
                            isFloat32(node.getInputs()[0])));
    if (!passes)
      return value;
    value = node.getInputs()[0];
  }
}

/// \p value, whose rows are those of the list, for all rows; null if it is not
/// computed row by row.
Value Densifier::dense(NodeWriter &write, Value value, int depth) {
  value = throughCasts(value);
  onnx::NodeOp node = nodeOf(value);
  if (!node || depth > 40)
    return {};
  if (Value known = made.lookup(value))
    return known;
  StringRef type = node.getOpType();
  if (type == "Gather") {
    int64_t axis = node.getOnnxInt("axis").value_or(0);
    Value source = node.getInputs()[0];
    if (axis == 1)
      if (auto unsqueeze = nodeOf(source, "Unsqueeze"))
        if (auto axes = integersOf(unsqueeze, "axes", 1);
            axes && ArrayRef<int64_t>(*axes) == ArrayRef<int64_t>({0})) {
          source = unsqueeze.getInputs()[0];
          axis = 0;
        }
    const Dims *dims = shapes.dims(source);
    if (axis != 0 || node.getInputs()[1] != list || !dims ||
        dims->size() != 2 || (rows && rows != source))
      return {};
    return rows = source;
  }
  if (type == "Reshape") {
    // A dimension of 1 in front goes.
    auto target = integersOf(node.getInputs()[1]);
    Value inner = dense(write, node.getInputs()[0], depth + 1);
    const Dims *dims = inner ? shapes.dims(inner) : nullptr;
    bool same = dims && target && target->size() == 2 && (*target)[0] == -1 &&
                dims->back() == SymbolicExpr((*target)[1]);
    return same ? inner : Value();
  }
  bool isProduct = type == "MatMul" || type == "Gemm";
  if (!isProduct && !isElementwise(node))
    return {};
  SmallVector<Value> operands;
  for (auto [i, operand] : llvm::enumerate(node.getInputs())) {
    auto constant = rankedType(operand);
    // Weights, biases and numbers are the same for all rows.
    bool shared = constantOf(operand) && constant &&
                  (isProduct ? i > 0 : constant.getRank() <= 1);
    if (!shared && isProduct && i > 0 && nodeOf(operand, "Transpose"))
      shared = bool(constantOf(nodeOf(operand, "Transpose").getInputs()[0]));
    Value all = shared ? operand : dense(write, operand, depth + 1);
    if (!all)
      return {};
    operands.push_back(all);
  }
  DictionaryAttr attributes = node.getOnnxAttributesAttr();
  return made[value] = writeSized(write, shapes, type, operands,
                                  attributes ? attributes.getValue()
                                             : ArrayRef<NamedAttribute>());
}

bool Densifier::replace(onnx::NodeOp scatter) {
  bool adds = scatter.getOnnxString("reduction").value_or("none") == "add";
  Value data = scatter.getInputs()[0];
  bool zeros = isZeros(data);
  if (scatter.getOnnxInt("axis").value_or(0) != 0 || (!adds && !zeros))
    return false;
  list = listOf(scatter.getInputs()[1]);
  auto product = nodeOf(throughCasts(scatter.getInputs()[2]), "Mul");
  if (!list || !product)
    return false;
  NodeWriter write(scatter);
  for (unsigned i : {0u, 1u}) {
    rows = {};
    made.clear();
    Value all = dense(write, product.getInputs()[i]);
    if (!all || !rows)
      continue;
    // The weights alone go where the rows would have gone.
    Type i64 = write.builder.getI64Type();
    Value zero = write.integers({0}), one = write.integers({1});
    Value sizes = write("Shape", rows, {}, i64);
    Value count =
        write("Gather", {sizes, zero}, write.attribute("axis", 0), i64);
    Value shape =
        write("Concat", {count, one}, write.attribute("axis", 0), i64);
    for (Value value : {zero, one, sizes, count, shape})
      shapes.infer(value.getDefiningOp());
    Value column = writeSized(write, shapes, "ConstantOfShape", shape);
    Value places = write("Unsqueeze", list, write.list("axes", {1}), i64);
    NamedAttribute attributes[] = {
        write.attribute("axis", 0),
        write.builder.getNamedAttr(
            "reduction", write.builder.getStringAttr(adds ? "add" : "none"))};
    Value gate =
        writeSized(write, shapes, "ScatterElements",
                   {column, places, product.getInputs()[1 - i]}, attributes);
    Value weighed = writeSized(write, shapes, "Mul", {all, gate});
    if (adds && !zeros)
      weighed = writeSized(write, shapes, "Add", {data, weighed});
    scatter->getResult(0).replaceAllUsesWith(weighed);
    return true;
  }
  return false;
}

void Densifier::run() {
  SmallVector<onnx::NodeOp> nodes(function.getOps<onnx::NodeOp>());
  for (onnx::NodeOp node : nodes)
    if (node.isOnnx("ScatterElements"))
      replace(node);
  eraseDead(function);
}

} // namespace dalbit::raise
