// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Keys and values of layers that are one input or one result, and keys that are
// kept the other way round.

#include "compiler/raise/Passes.h"

#include "compiler/raise/Evaluate.h"
#include "compiler/raise/Graph.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_RAISECACHES
#include "compiler/raise/Passes.h.inc"

namespace {

/// Dimensions of one cache, [B, H, P, d].
constexpr size_t CacheRank = 4;
/// Elements of an input that are tried: a model of many layers at small sizes.
constexpr int64_t MostTried = 1 << 22;

class RaiseCachesPass : public impl::RaiseCachesBase<RaiseCachesPass> {
public:
  void runOnOperation() override;

private:
  void findParts(BlockArgument past);
  std::optional<SmallVector<int64_t>> partIndex(Value value,
                                                BlockArgument past);
  void turnConcat(onnx::NodeOp concat);
  bool collect(Value value, SmallVectorImpl<Value> &parts);
  void stackResult(OpOperand &result);

  SymbolicShapes *shapes = nullptr;
};

} // namespace

/// The sizes in front of those of a cache, if all are numbers.
static std::optional<SmallVector<int64_t>> leadingSizes(const Dims &dims) {
  SmallVector<int64_t> sizes;
  for (const SymbolicExpr &dim : ArrayRef(dims).drop_back(CacheRank)) {
    auto size = dim.constant();
    if (!size || *size <= 0)
      return std::nullopt;
    sizes.push_back(*size);
  }
  return sizes;
}

/// Which of the caches in \p past \p value is, found by trying.
std::optional<SmallVector<int64_t>>
RaiseCachesPass::partIndex(Value value, BlockArgument past) {
  const Dims &dims = *shapes->dims(past);
  Leaves leaves = leavesOf(value, past, *shapes);
  if (!leaves.arguments.empty())
    return std::nullopt;
  std::optional<int64_t> part;
  for (const Sizes &sizes : probeSizes(getOperation())) {
    int64_t count = 1, next = 0;
    for (const SymbolicExpr &dim : dims)
      if ((count *= dim.evaluate(sizes)) > MostTried)
        return std::nullopt;
    Numbers numbers = numbersOf(dims, sizes, [&] { return double(next++); });
    llvm::DenseMap<Value, Numbers> given;
    given[past] = std::move(numbers);
    auto result = evaluateAt(value, leaves, sizes, *shapes, given);
    if (!result)
      return std::nullopt;
    auto size = int64_t(result->values.size());
    if (size == 0)
      continue;
    auto first = int64_t(result->values.front());
    part = part.value_or(first / size);
    for (int64_t i = 0; i < size; ++i)
      if (result->values[size_t(i)] != double(*part * size + i))
        return std::nullopt;
  }
  if (!part)
    return std::nullopt;
  SmallVector<int64_t> sizes = *leadingSizes(dims), at(sizes.size());
  for (size_t i = sizes.size(); i-- > 0; *part /= sizes[i])
    at[i] = *part % sizes[i];
  return at;
}

void RaiseCachesPass::findParts(BlockArgument past) {
  const Dims *dims = shapes->dims(past);
  if (!isFloat32(past) || !dims || dims->size() <= CacheRank ||
      !leadingSizes(*dims))
    return;
  Dims own;
  own.append(dims->end() - CacheRank, dims->end());
  llvm::SetVector<Value> moved;
  moved.insert(past);
  for (size_t i = 0; i < moved.size(); ++i) {
    Value value = moved[i];
    const Dims *found = shapes->dims(value);
    if (found && *found == own)
      if (auto at = partIndex(value, past)) {
        OpBuilder builder(value.getDefiningOp());
        auto part = builder.create<nn::CachePartOp>(
            value.getLoc(), tensorType(own, builder.getF32Type()), past, *at);
        shapes->setDims(part, own);
        value.replaceAllUsesWith(part);
        continue;
      }
    for (Operation *user : value.getUsers())
      if (auto node = dyn_cast<onnx::NodeOp>(user);
          node && node.getDomain().empty() && node.getInputs()[0] == value &&
          llvm::is_contained({"Gather", "Split", "Slice", "Squeeze", "Reshape",
                              "Transpose", "Unsqueeze"},
                             node.getOpType()))
        moved.insert(node->result_begin(), node->result_end());
  }
}

/// The operand of a transposition of the last two of four dimensions, or null.
static Value turned(Value value) {
  auto node = nodeOf(value, "Transpose");
  auto perm = node ? node.getOnnxInts("perm") : std::nullopt;
  return perm && ArrayRef(*perm) == ArrayRef<int64_t>({0, 1, 3, 2})
             ? node.getInputs()[0]
             : Value();
}

/// Keys that grow along the last dimension, because their past is transposed
/// for the product first, grow before that.
void RaiseCachesPass::turnConcat(onnx::NodeOp concat) {
  const Dims *dims = shapes->dims(concat->getResult(0));
  if (!dims || dims->size() != CacheRank || concat.getInputs().size() != 2 ||
      normaliseAxis(concat.getOnnxInt("axis").value_or(0), CacheRank) !=
          int64_t(CacheRank) - 1)
    return;
  Value past = turned(concat.getInputs()[0]);
  if (!past ||
      !(isa<BlockArgument>(past) || past.getDefiningOp<nn::CachePartOp>()))
    return;
  OpBuilder builder(concat);
  Location loc = concat.getLoc();
  auto make = [&](StringRef type, ValueRange inputs, NamedAttribute attribute) {
    auto made = builder.create<onnx::NodeOp>(
        loc, TypeRange(UnrankedTensorType::get(builder.getF32Type())),
        builder.getStringAttr(type), inputs, builder.getI64IntegerAttr(17),
        StringAttr(), concat.getNodeNameAttr(),
        builder.getDictionaryAttr({attribute}), 0u);
    shapes->infer(made);
    Value result = made->getResult(0);
    result.setType(tensorType(*shapes->dims(result), builder.getF32Type()));
    return result;
  };
  auto turn = [&](Value value) {
    return make("Transpose", value,
                builder.getNamedAttr(
                    "perm", builder.getDenseI64ArrayAttr({0, 1, 3, 2})));
  };
  Value whole = make(
      "Concat", {past, turn(concat.getInputs()[1])},
      builder.getNamedAttr("axis", builder.getI64IntegerAttr(CacheRank - 2)));
  Value old = concat->getResult(0), back = turn(whole);
  old.replaceAllUsesWith(back);
  for (Operation *user : llvm::make_early_inc_range(back.getUsers()))
    if (user->getNumResults() == 1 && turned(user->getResult(0)) == back)
      user->getResult(0).replaceAllUsesWith(whole);
}

/// The caches that \p value puts together along new first dimensions.
bool RaiseCachesPass::collect(Value value, SmallVectorImpl<Value> &parts) {
  const Dims *dims = shapes->dims(value);
  if (!dims || !isFloat32(value))
    return false;
  if (dims->size() == CacheRank) {
    parts.push_back(value);
    return true;
  }
  auto concat = nodeOf(value, "Concat");
  if (!concat || normaliseAxis(concat.getOnnxInt("axis").value_or(0),
                               int64_t(dims->size())) != 0)
    return false;
  for (Value input : concat.getInputs()) {
    onnx::NodeOp node = nodeOf(input);
    const Dims *own = shapes->dims(input);
    if (!node || !own || (*own)[0] != SymbolicExpr(1) ||
        !llvm::is_contained({"Unsqueeze", "Reshape"}, node.getOpType()))
      return false;
    // One dimension of 1 in front is all that is new.
    const Dims *inner = shapes->dims(node.getInputs()[0]);
    if (!inner || ArrayRef(*own).drop_front() != ArrayRef(*inner) ||
        !collect(node.getInputs()[0], parts))
      return false;
  }
  return true;
}

void RaiseCachesPass::stackResult(OpOperand &result) {
  const Dims *dims = shapes->dims(result.get());
  SmallVector<Value> parts;
  if (!dims || dims->size() <= CacheRank || !collect(result.get(), parts))
    return;
  // Behind all that may make the parts.
  OpBuilder builder(result.getOwner());
  auto stack = builder.create<nn::StackCachesOp>(result.get().getLoc(),
                                                 result.get().getType(), parts);
  result.set(stack);
}

void RaiseCachesPass::runOnOperation() {
  func::FuncOp function = getOperation();
  if (function.isDeclaration())
    return;
  SymbolicShapes known(function);
  shapes = &known;
  for (BlockArgument argument : function.getArguments())
    findParts(argument);
  SmallVector<onnx::NodeOp> nodes(function.getOps<onnx::NodeOp>());
  for (onnx::NodeOp node : nodes)
    if (node.isOnnx("Concat"))
      turnConcat(node);
  for (OpOperand &result :
       function.getBody().front().getTerminator()->getOpOperands())
    stackResult(result);
  eraseDead(function);
}

} // namespace dalbit::raise
