// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products with a stack of matrices, one an expert, and what is computed from
// them, expert by expert: [E, N, F] becomes E values [N, F] up to the sum over
// the experts.

#include "compiler/raise/Passes.h"

#include "compiler/raise/ExpertNodes.h"
#include "compiler/raise/Graph.h"
#include "compiler/raise/SymbolicShapes.h"

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_SPLITEXPERTS
#include "compiler/raise/Passes.h.inc"

namespace {

/// Beyond it a stack is no list of experts.
constexpr int64_t MostExperts = 512;

class ExpertSplitter {
public:
  explicit ExpertSplitter(func::FuncOp function)
      : function(function), shapes(function) {}

  void run();

private:
  using Pieces = SmallVector<Value>;
  std::optional<Pieces> split(onnx::NodeOp node);
  std::optional<Pieces> product(onnx::NodeOp node);
  std::optional<Pieces> elementwise(onnx::NodeOp node);
  void sum(onnx::NodeOp node);
  void dropZeros(onnx::NodeOp node);
  /// Piece \p index of an operand of a stack of \p count; null if it has none.
  Value pieceOf(NodeWriter &write, Value operand, int64_t count, int64_t index);

  func::FuncOp function;
  SymbolicShapes shapes;
  llvm::DenseMap<Value, Pieces> pieces;
};

class SplitExpertsPass : public impl::SplitExpertsBase<SplitExpertsPass> {
public:
  void runOnOperation() override {
    if (!getOperation().isDeclaration())
      ExpertSplitter(getOperation()).run();
  }
};

} // namespace

/// Matrix \p index of a constant stack behind \p value, perhaps each of them
/// transposed; null if it is none.
static TypedAttr matrixOf(Value value, int64_t index) {
  if (auto transpose = nodeOf(value, "Transpose")) {
    auto order = transpose.getOnnxInts("perm");
    if (!order || ArrayRef<int64_t>(*order) != ArrayRef<int64_t>({0, 2, 1}))
      return {};
    TypedAttr plane = matrixOf(transpose.getInputs()[0], index);
    return plane ? transposeConstant(plane) : TypedAttr();
  }
  TypedAttr constant = constantOf(value);
  constant = constant ? floatConstant(constant) : TypedAttr();
  auto type = constant ? cast<RankedTensorType>(constant.getType())
                       : RankedTensorType();
  return type && type.getRank() == 3 ? planeOf(constant, index) : TypedAttr();
}

Value ExpertSplitter::pieceOf(NodeWriter &write, Value operand, int64_t count,
                              int64_t index) {
  if (auto found = pieces.find(operand); found != pieces.end())
    return int64_t(found->second.size()) == count ? found->second[index]
                                                  : Value();
  // Rows that are the same for every expert.
  if (auto expand = nodeOf(operand, "Expand"))
    if (const Dims *narrow = shapes.dims(expand.getInputs()[0]),
        *wide = shapes.dims(operand);
        narrow && wide && wide->size() == 3 && narrow->size() == 3 &&
        narrow->front() == SymbolicExpr(1) &&
        ArrayRef(*narrow).drop_front() == ArrayRef(*wide).drop_front())
      operand = expand.getInputs()[0];
  const Dims *dims = shapes.dims(operand);
  if (!dims || !isFloat32(operand))
    return {};
  if (dims->size() < 3)
    return operand;
  if (auto unsqueeze = nodeOf(operand, "Unsqueeze"))
    if (auto axes = integersOf(unsqueeze, "axes", 1);
        axes && dims->size() == 3 &&
        ArrayRef<int64_t>(*axes) == ArrayRef<int64_t>({0}))
      return unsqueeze.getInputs()[0];
  auto first = dims->front().constant();
  if (dims->size() > 3 || !first || (*first != 1 && *first != count))
    return {};
  int64_t plane = *first == 1 ? 0 : index;
  if (constantOf(operand)) {
    TypedAttr matrix = matrixOf(operand, plane);
    if (!matrix)
      return {};
    Value constant = write.constant(matrix);
    shapes.infer(constant.getDefiningOp());
    return constant;
  }
  Value number = write.number(plane);
  shapes.infer(number.getDefiningOp());
  return writeSized(write, shapes, "Gather", {operand, number},
                    write.attribute("axis", 0));
}

std::optional<ExpertSplitter::Pieces>
ExpertSplitter::product(onnx::NodeOp node) {
  Value stack = node.getInputs()[1];
  const Dims *dims = shapes.dims(stack);
  auto count = dims && dims->size() == 3 ? dims->front().constant()
                                         : std::optional<int64_t>();
  if (!count || *count < 2 || *count > MostExperts || !matrixOf(stack, 0))
    return std::nullopt;
  NodeWriter write(node);
  Pieces made;
  for (int64_t e = 0; e < *count; ++e) {
    Value x = pieceOf(write, node.getInputs()[0], *count, e);
    Value matrix = x ? pieceOf(write, stack, *count, e) : Value();
    if (!matrix && x) {
      matrix = write.constant(matrixOf(stack, e));
      shapes.infer(matrix.getDefiningOp());
    }
    if (!x)
      return std::nullopt;
    made.push_back(writeSized(write, shapes, "MatMul", {x, matrix}));
  }
  return made;
}

std::optional<ExpertSplitter::Pieces>
ExpertSplitter::elementwise(onnx::NodeOp node) {
  int64_t count = 0;
  for (Value operand : node.getInputs())
    if (auto found = pieces.find(operand); found != pieces.end())
      count = found->second.size();
  const Dims *dims = shapes.dims(node->getResult(0));
  if (count == 0 || !dims || dims->size() != 3)
    return std::nullopt;
  NodeWriter write(node);
  DictionaryAttr attributes = node.getOnnxAttributesAttr();
  Pieces made;
  for (int64_t e = 0; e < count; ++e) {
    SmallVector<Value> operands;
    for (Value operand : node.getInputs()) {
      Value piece = pieceOf(write, operand, count, e);
      if (!piece)
        return std::nullopt;
      operands.push_back(piece);
    }
    made.push_back(writeSized(write, shapes, node.getOpType(), operands,
                              attributes ? attributes.getValue()
                                         : ArrayRef<NamedAttribute>()));
  }
  return made;
}

/// The sum over the experts.
void ExpertSplitter::sum(onnx::NodeOp node) {
  auto found = pieces.find(node.getInputs()[0]);
  auto axes = integersOf(node, "axes", 1);
  if (found == pieces.end() || !axes ||
      ArrayRef<int64_t>(*axes) != ArrayRef<int64_t>({0}) ||
      node.getOnnxInt("keepdims").value_or(1) != 0)
    return;
  NodeWriter write(node);
  Value all = found->second.front();
  for (Value piece : llvm::drop_begin(found->second))
    all = writeSized(write, shapes, "Add", {all, piece});
  node->getResult(0).replaceAllUsesWith(all);
}

/// Sums over experts begin with zeros.
void ExpertSplitter::dropZeros(onnx::NodeOp node) {
  for (unsigned i : {0u, 1u}) {
    Value other = node.getInputs()[1 - i];
    if (isZeros(node.getInputs()[i]) &&
        shapes.sameDims(other, node->getResult(0))) {
      node->getResult(0).replaceAllUsesWith(other);
      return;
    }
  }
}

std::optional<ExpertSplitter::Pieces> ExpertSplitter::split(onnx::NodeOp node) {
  if (node.isOnnx("MatMul"))
    return product(node);
  if (isElementwise(node))
    return elementwise(node);
  return std::nullopt;
}

void ExpertSplitter::run() {
  SmallVector<onnx::NodeOp> nodes(function.getOps<onnx::NodeOp>());
  for (onnx::NodeOp node : nodes) {
    if (!node.getDomain().empty() || node->getNumResults() != 1)
      continue;
    if (node.isOnnx("Add"))
      dropZeros(node);
    if (node.isOnnx("ReduceSum"))
      sum(node);
    else if (auto made = split(node))
      pieces[node->getResult(0)] = std::move(*made);
  }
  eraseDead(function);
}

} // namespace dalbit::raise
