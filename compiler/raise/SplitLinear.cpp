// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/SplitLinear.h"

#include "compiler/raise/Graph.h"
#include "compiler/raise/Layout.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace dalbit::raise {

static Value makeNode(OpBuilder &builder, Location loc, StringRef type,
                      ValueRange inputs, RankedTensorType result,
                      ArrayRef<NamedAttribute> attributes = {}) {
  auto node = builder.create<onnx::NodeOp>(
      loc, TypeRange(result), builder.getStringAttr(type), inputs,
      builder.getI64IntegerAttr(17), StringAttr(), StringAttr(),
      builder.getDictionaryAttr(attributes), 0u);
  return node->getResult(0);
}

/// A Reshape whose target is constant: 0 copies a size, -1 is the one open.
static Value reshape(OpBuilder &builder, Value value, ArrayRef<int64_t> target,
                     Dims dims, SymbolicShapes &shapes) {
  Location loc = value.getLoc();
  auto list = DenseElementsAttr::get(
      RankedTensorType::get({static_cast<int64_t>(target.size())},
                            builder.getI64Type()),
      target);
  auto constant = builder.create<onnx::ConstantOp>(loc, list);
  shapes.infer(constant);
  Value result = makeNode(
      builder, loc, "Reshape", {value, constant.getResult()},
      tensorType(dims, cast<ShapedType>(value.getType()).getElementType()));
  shapes.setDims(result, dims);
  return result;
}

Value flatten(OpBuilder &builder, Value value, Dims dims,
              SymbolicShapes &shapes) {
  int64_t last = *dims.back().constant();
  return reshape(builder, value, {-1, last}, std::move(dims), shapes);
}

namespace {

/// One piece of a product's columns: of each block of `block` columns those
/// from `start` on. (Fused query, key and value head by head have many blocks.)
struct Piece {
  Value result; // what the graph calls the piece
  int64_t start = 0, size = 0, block = 0;
  int64_t stride = 1; // columns that one index of the cut axis stands for
  SmallVector<onnx::NodeOp> moves; // between the product and the cut
  int64_t droppedAxis = -1;        // axis that Gather removes after the moves
  int64_t cutAxis = -1;            // axis that Split or Slice shortens
};

class Splitter {
public:
  Splitter(nn::LinearOp linear, SymbolicShapes &shapes)
      : linear(linear), shapes(shapes) {}

  void run();

private:
  bool collect(Value value, SmallVectorImpl<Atoms> &axes,
               SmallVectorImpl<onnx::NodeOp> &moves);
  bool collectUser(Operation *user, Value value, ArrayRef<Atoms> axes,
                   ArrayRef<onnx::NodeOp> moves);
  bool addPiece(Value result, const Atoms &atoms, int64_t start, int64_t size,
                int64_t axis, bool drops, ArrayRef<onnx::NodeOp> moves);
  bool comeTogether(bool inBlocks);
  Value build(const Piece &piece, OpBuilder &builder);
  Value moveAgain(const Piece &piece, Value value, OpBuilder &builder);

  nn::LinearOp linear;
  SymbolicShapes &shapes;
  SmallVector<Piece> pieces;
};

} // namespace

/// Adds the piece that takes [start, start + size) of an axis made of
/// \p atoms. Equal parts of equal blocks of columns are one.
bool Splitter::addPiece(Value result, const Atoms &atoms, int64_t start,
                        int64_t size, int64_t axis, bool drops,
                        ArrayRef<onnx::NodeOp> moves) {
  int64_t last = rankedType(linear.getOut()).getRank() - 1;
  int64_t columns = staticDim(linear.getOut(), -1);
  Atoms joined = canonical(ArrayRef<Atom>(atoms));
  if (joined.size() != 1 || joined[0].dim != last)
    return false;
  auto stride = joined[0].stride.constant(), count = joined[0].size.constant();
  // What lies further in comes along whole, what lies further out is repeated.
  if (!stride || !count || columns % (*stride * *count) != 0 || start < 0 ||
      size <= 0 || start + size > *count)
    return false;
  Piece piece;
  piece.result = result;
  piece.start = start * *stride;
  piece.size = size * *stride;
  piece.block = *stride * *count;
  piece.stride = *stride;
  piece.moves.assign(moves.begin(), moves.end());
  (drops ? piece.droppedAxis : piece.cutAxis) = axis;
  pieces.push_back(std::move(piece));
  return true;
}

bool Splitter::collectUser(Operation *user, Value value, ArrayRef<Atoms> axes,
                           ArrayRef<onnx::NodeOp> moves) {
  auto node = dyn_cast<onnx::NodeOp>(user);
  if (!node || node.getInputs()[0] != value || !node.getDomain().empty())
    return false;
  int64_t rank = axes.size();
  StringRef type = node.getOpType();
  if (type == "Shape" && shapes.contents(node->getResult(0)))
    return true; // reads no element
  if (type == "Split") {
    int64_t axis = normaliseAxis(node.getOnnxInt("axis").value_or(0), rank);
    int64_t start = 0;
    for (OpResult result : node->getResults()) {
      const Dims *dims = shapes.dims(result);
      auto size = dims && axis >= 0 ? (*dims)[axis].constant() : std::nullopt;
      if (!size ||
          !addPiece(result, axes[axis], start, *size, axis, false, moves))
        return false;
      start += *size;
    }
    return true;
  }
  if (type == "Slice") {
    auto range = axisSlice(node, rank);
    const Dims *dims = shapes.dims(node->getResult(0));
    const Dims *before = shapes.dims(value);
    if (!range || !dims || !before)
      return false;
    int64_t axis = range->axis;
    auto full = (*before)[axis].constant();
    auto size = full ? (*dims)[axis].constant() : std::nullopt;
    if (!size)
      return false;
    int64_t start = range->start < 0 ? range->start + *full : range->start;
    return addPiece(node->getResult(0), axes[axis], start, *size, axis, false,
                    moves);
  }
  if (type == "Gather") {
    auto index = integersOf(node.getInputs()[1]);
    RankedTensorType indexType = rankedType(node.getInputs()[1]);
    int64_t axis = normaliseAxis(node.getOnnxInt("axis").value_or(0), rank);
    const Dims *before = shapes.dims(value);
    auto full = axis >= 0 && before ? (*before)[axis].constant() : std::nullopt;
    if (!index || !full || index->empty() || indexType.getRank() > 1)
      return false;
    int64_t start = normaliseAxis(index->front(), *full);
    // A list takes neighbours, as a Slice does ([-1] keeps the axis).
    for (auto [i, each] : llvm::enumerate(*index))
      if (start < 0 || normaliseAxis(each, *full) != start + int64_t(i))
        return false;
    return addPiece(node->getResult(0), axes[axis], start, index->size(), axis,
                    indexType.getRank() == 0, moves);
  }
  SmallVector<Atoms, 4> moved(axes.begin(), axes.end());
  if (node->getNumResults() != 1 || !applyMove(node, shapes, moved))
    return false;
  SmallVector<onnx::NodeOp> longer(moves.begin(), moves.end());
  longer.push_back(node);
  return collect(node->getResult(0), moved, longer);
}

bool Splitter::collect(Value value, SmallVectorImpl<Atoms> &axes,
                       SmallVectorImpl<onnx::NodeOp> &moves) {
  if (value.use_empty())
    return true;
  for (Operation *user : value.getUsers())
    if (!collectUser(user, value, axes, moves))
      return false;
  return true;
}

/// Repeats the moves on a product that has only the piece's columns: the
/// dimension that was cut is shorter, everything else is as before.
Value Splitter::moveAgain(const Piece &piece, Value value, OpBuilder &builder) {
  const Dims whole = *shapes.dims(linear.getOut()); // the map may grow
  SmallVector<Atoms, 4> axes = identityAxes(whole);
  int64_t last = whole.size() - 1;
  for (onnx::NodeOp move : piece.moves) {
    applyMove(move, shapes, axes);
    // Where is the part of the columns that is cut now?
    Dims dims = *shapes.dims(move->getResult(0));
    int64_t cut = -1;
    for (size_t i = 0; i < axes.size(); ++i)
      for (const Atom &atom : axes[i]) {
        auto stride = atom.stride.constant(), count = atom.size.constant();
        if (atom.dim == last && stride && count && *stride <= piece.stride &&
            *stride * *count >= piece.block)
          cut = i;
      }
    if (cut < 0)
      return {};
    auto size = dims[cut].constant();
    if (!size || *size * piece.size % piece.block != 0)
      return {};
    dims[cut] = *size * piece.size / piece.block;
    if (move.isOnnx("Transpose")) {
      value = makeNode(builder, value.getLoc(), "Transpose", value,
                       tensorType(dims, builder.getF32Type()),
                       move.getOnnxAttributesAttr().getValue());
      shapes.setDims(value, dims);
      continue;
    }
    // Dimensions of 1 come and go wherever the cut one is.
    auto ones = integersOf(move, "axes", 1);
    if (ones && (move.isOnnx("Squeeze") || move.isOnnx("Unsqueeze"))) {
      value = makeNode(
          builder, value.getLoc(), move.getOpType(), value,
          tensorType(dims, builder.getF32Type()),
          builder.getNamedAttr("axes", builder.getDenseI64ArrayAttr(*ones)));
      shapes.setDims(value, dims);
      continue;
    }
    // Leading sizes that do not change are copied, one other may be open.
    const Dims &before = *shapes.dims(value);
    SmallVector<int64_t> target;
    int open = 0;
    for (size_t i = 0; i < dims.size(); ++i) {
      auto number = dims[i].constant();
      if (i < before.size() && before[i] == dims[i])
        target.push_back(0);
      else if (number)
        target.push_back(*number);
      else
        target.push_back(open++ ? -2 : -1);
    }
    if (open > 1)
      return {};
    value = reshape(builder, value, target, dims, shapes);
  }
  return value;
}

Value Splitter::build(const Piece &piece, OpBuilder &builder) {
  Location loc = linear.getLoc();
  auto take = [&](Value value, int64_t dim) {
    return sliceBlocks(constantOf(value), dim, piece.block, piece.start,
                       piece.size);
  };
  TypedAttr weight = take(linear.getWeight(), 1);
  TypedAttr bias = linear.getBias() ? take(linear.getBias(), 0) : TypedAttr();
  if (!weight || (linear.getBias() && !bias))
    return {};
  Dims dims = *shapes.dims(linear.getOut());
  dims.back() = cast<RankedTensorType>(weight.getType()).getDimSize(1);
  Value weightValue = makeConstant(builder, loc, weight);
  Value biasValue = bias ? makeConstant(builder, loc, bias) : Value();
  Value part =
      builder.create<nn::LinearOp>(loc, tensorType(dims, builder.getF32Type()),
                                   linear.getX(), weightValue, biasValue);
  shapes.setDims(part, dims);
  part = moveAgain(piece, part, builder);
  if (!part || piece.droppedAxis < 0)
    return part;
  // Gather took one element of an axis that now has size 1.
  return makeNode(builder, loc, "Squeeze", part, rankedType(piece.result),
                  builder.getNamedAttr("axes", builder.getDenseI64ArrayAttr(
                                                   {piece.droppedAxis})));
}

/// True if pieces are parts of one thing. Parts of heads are if something other
/// than a product of matrices reads two of them (rotary embeddings turn a part
/// of each head's columns and leave the others); halves of the whole are if
/// they meet in a sum or side by side (the rotary embedding of a single head),
/// not in a product (a gate).
bool Splitter::comeTogether(bool inBlocks) {
  llvm::DenseMap<Value, uint64_t> from; // which pieces a value depends on
  llvm::SetVector<Operation *> readers;
  for (auto [number, piece] : llvm::enumerate(pieces)) {
    llvm::SetVector<Value> seen;
    seen.insert(piece.result);
    for (size_t i = 0; i < seen.size() && seen.size() < 200; ++i) {
      from[seen[i]] |= uint64_t(1) << number % 64;
      for (Operation *user : seen[i].getUsers()) {
        auto node = dyn_cast<onnx::NodeOp>(user);
        if (!node || node.isOnnx("MatMul") || node.isOnnx("Shape"))
          continue;
        readers.insert(user);
        seen.insert(user->result_begin(), user->result_end());
      }
    }
  }
  return llvm::any_of(readers, [&](Operation *reader) {
    uint64_t before = 0;
    bool meet = false;
    for (Value operand : reader->getOperands()) {
      uint64_t own = from.lookup(operand);
      // Where they met before, they are one already.
      meet |= own && before && !(own & before);
      before |= own;
    }
    return meet && (inBlocks ||
                    llvm::is_contained({"Add", "Sub", "Concat"},
                                       cast<onnx::NodeOp>(reader).getOpType()));
  });
}

void Splitter::run() {
  if (!constantOf(linear.getWeight()) ||
      (linear.getBias() && !constantOf(linear.getBias())))
    return;
  const Dims *dims = shapes.dims(linear.getOut());
  if (!dims || !dims->back().isConstant())
    return;
  SmallVector<Atoms, 4> axes = identityAxes(*dims);
  SmallVector<onnx::NodeOp> moves;
  if (!collect(linear.getOut(), axes, moves) || pieces.size() < 2)
    return;
  bool inBlocks = llvm::any_of(pieces, [&](const Piece &piece) {
    return piece.block != dims->back().constant();
  });
  if (comeTogether(inBlocks))
    return;
  OpBuilder builder(linear);
  SmallVector<Value> built;
  for (const Piece &piece : pieces) {
    built.push_back(build(piece, builder));
    if (!built.back() || built.back().getType() != piece.result.getType())
      return; // what was built has no use and is erased with the dead
  }
  for (auto [piece, value] : llvm::zip(pieces, built))
    piece.result.replaceAllUsesWith(value);
}

void splitLinears(func::FuncOp function) {
  SymbolicShapes shapes(function);
  SmallVector<nn::LinearOp> linears(function.getOps<nn::LinearOp>());
  for (nn::LinearOp linear : linears)
    Splitter(linear, shapes).run();
}

} // namespace dalbit::raise
