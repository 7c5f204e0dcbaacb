// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// TopK and ArgMax at the end of a graph: what they choose from becomes a result
// too, and the host chooses.

#include "compiler/raise/Passes.h"

#include "compiler/raise/Graph.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_RAISETOPK
#include "compiler/raise/Passes.h.inc"

namespace {

class RaiseTopKPass : public impl::RaiseTopKBase<RaiseTopKPass> {
public:
  void runOnOperation() override;

private:
  std::string raise(onnx::NodeOp node);
  void makeResult(Value scores, unsigned choice, bool keeps);

  func::FuncOp function;
};

} // namespace

/// What the graph returns of \p indices: the value, or what a Cast to other
/// integers makes of it; null if it is used in another way.
static Value returnedIndices(Value indices) {
  if (indices.hasOneUse())
    if (auto cast = nodeOf(*indices.user_begin(), "Cast"))
      return isOnlyReturned(cast->getResult(0)) ? cast->getResult(0) : Value();
  return isOnlyReturned(indices) ? indices : Value();
}

/// Integers as nn.top_k gives them.
static bool isIndices(Value value) {
  RankedTensorType type = rankedType(value);
  return type && (type.getElementType().isSignlessInteger(32) ||
                  type.getElementType().isSignlessInteger(64));
}

/// Dimensions of the scores of result \p choice: its own and all columns.
static ArrayAttr widened(ArrayAttr dims, bool keeps, int64_t columns) {
  SmallVector<Attribute> list(dims.begin(), dims.end());
  if (keeps && !list.empty())
    list.pop_back();
  list.push_back(StringAttr::get(dims.getContext(), std::to_string(columns)));
  return ArrayAttr::get(dims.getContext(), list);
}

/// Makes \p scores a result behind all others, called after result \p choice
/// that is chosen of them. `dalbit.made`: the file has no such result.
void RaiseTopKPass::makeResult(Value scores, unsigned choice, bool keeps) {
  Operation *end = function.getBody().front().getTerminator();
  if (llvm::is_contained(end->getOperands(), scores))
    return;
  llvm::StringSet<> names;
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    if (auto name = function.getResultAttrOfType<StringAttr>(i, "dalbit.name"))
      names.insert(name.getValue());
  auto own = function.getResultAttrOfType<StringAttr>(choice, "dalbit.name");
  std::string name = ((own ? own.getValue() : "chosen") + ".scores").str();
  while (names.contains(name))
    name += "_";
  NamedAttrList attributes;
  attributes.set("dalbit.name", StringAttr::get(&getContext(), name));
  attributes.set("dalbit.made", UnitAttr::get(&getContext()));
  int64_t columns = rankedType(scores).getShape().back();
  for (const char *key : {"dalbit.dims", "dalbit.onnx_dims"})
    if (auto dims = function.getResultAttrOfType<ArrayAttr>(choice, key))
      attributes.set(key, widened(dims, keeps, columns));
  end->insertOperands(end->getNumOperands(), scores);
  function.insertResult(function.getNumResults(), scores.getType(),
                        attributes.getDictionary(&getContext()));
}

/// Makes \p node the host's. Why it stays, empty if it does not or if there is
/// nothing to say.
std::string RaiseTopKPass::raise(onnx::NodeOp node) {
  bool isTopK = node.isOnnx("TopK");
  Value scores = node.getInputs()[0];
  Operation *made = scores.getDefiningOp();
  if (!made || made->hasTrait<OpTrait::ConstantLike>())
    return "it chooses of what the NPU does not compute";
  auto type = rankedType(scores);
  if (!type)
    return "";
  if (!isFloat32(scores) || type.getRank() < 2 ||
      type.isDynamicDim(type.getRank() - 1))
    return "the host chooses of rows of floats whose length is known, which "
           "its input does not have";
  int64_t columns = type.getShape().back(), k = 1,
          axis =
              normaliseAxis(node.getOnnxInt("axis").value_or(isTopK ? -1 : 0),
                            type.getRank());
  if (axis != type.getRank() - 1)
    return "it chooses along dimension " + std::to_string(axis) + " of " +
           std::to_string(type.getRank()) +
           ", and the host chooses along the last one";
  if (node.getOnnxInt("select_last_index").value_or(0) != 0)
    return "it wants the last of equal numbers (select_last_index), and the "
           "host takes the first";
  if (isTopK) {
    auto numbers = integersOf(node, "k", 1);
    if (!numbers || numbers->size() != 1)
      return "its k is no constant";
    k = numbers->front();
  }
  if (k < 1 || k > columns)
    return "its k is " + std::to_string(k) + " of " + std::to_string(columns) +
           " columns";
  Value found = node->getResult(isTopK && node->getNumResults() > 1 ? 1 : 0),
        indices = returnedIndices(found),
        values = isTopK ? node->getResult(0) : Value();
  if (!indices || !isIndices(indices) ||
      (isTopK && node->getNumResults() != 2) ||
      (values && !isOnlyReturned(values)))
    return "the host chooses what the graph returns as it is, in int32 or "
           "int64, and the graph computes with the result";
  Operation *end = function.getBody().front().getTerminator();
  std::optional<unsigned> choice;
  for (OpOperand &result : end->getOpOperands())
    if (result.get() == indices || (values && result.get() == values))
      choice = choice.value_or(result.getOperandNumber());
  if (!choice)
    return "";
  auto shape = rankedType(indices);
  bool keeps = shape.getRank() == type.getRank();
  makeResult(scores, *choice, keeps);
  OpBuilder builder(node);
  builder.setInsertionPoint(end);
  bool smallest = node.isOnnx("ArgMin") ||
                  (isTopK && node.getOnnxInt("largest").value_or(1) == 0);
  auto op = builder.create<nn::TopKOp>(
      node.getLoc(),
      RankedTensorType::get(shape.getShape(), type.getElementType()), shape,
      scores, builder.getI64IntegerAttr(k),
      smallest ? builder.getUnitAttr() : UnitAttr());
  indices.replaceAllUsesWith(op.getIndices());
  if (values)
    values.replaceAllUsesWith(op.getValues());
  return "";
}

void RaiseTopKPass::runOnOperation() {
  function = getOperation();
  if (function.isDeclaration())
    return;
  for (onnx::NodeOp node : llvm::to_vector(function.getOps<onnx::NodeOp>()))
    if (node.isOnnx("TopK") || node.isOnnx("ArgMax") || node.isOnnx("ArgMin"))
      if (std::string why = raise(node); !why.empty())
        node.setWhyAttr(StringAttr::get(&getContext(), why));
  eraseDead(function);
}

} // namespace dalbit::raise
