// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/SymbolicShapes.h"

#include "compiler/raise/Graph.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace dalbit::raise {

bool Contents::allConstant() const {
  return llvm::all_of(elements,
                      [](const SymbolicExpr &e) { return e.isConstant(); });
}

SymbolicShapes::SymbolicShapes(func::FuncOp function) {
  readArguments(function);
  for (Operation &op : function.getBody().front())
    infer(&op);
}

SymbolicShapes SymbolicShapes::ofArguments(func::FuncOp function) {
  SymbolicShapes shapes;
  shapes.readArguments(function);
  return shapes;
}

/// Sizes as texts; nothing if one of them is no expression.
static std::optional<Dims> parseDims(ArrayAttr texts) {
  Dims dims;
  for (Attribute text : texts) {
    auto string = dyn_cast<StringAttr>(text);
    auto expr = string ? SymbolicExpr::parse(string) : std::nullopt;
    if (!expr)
      return std::nullopt;
    dims.push_back(*expr);
  }
  return dims;
}

void SymbolicShapes::readArguments(func::FuncOp function) {
  for (BlockArgument argument : function.getArguments()) {
    auto texts = function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(),
                                                      "dalbit.dims");
    if (!texts)
      continue;
    if (auto dims = parseDims(texts))
      setDims(argument, std::move(*dims));
  }
}

const Dims *SymbolicShapes::dims(Value value) const {
  auto found = knownDims.find(value);
  return found == knownDims.end() ? nullptr : &found->second;
}

const Contents *SymbolicShapes::contents(Value value) const {
  auto found = knownContents.find(value);
  return found == knownContents.end() ? nullptr : &found->second;
}

void SymbolicShapes::setDims(Value value, Dims dims) {
  knownDims[value] = std::move(dims);
}

void SymbolicShapes::setContents(Value value, Contents contents) {
  knownContents[value] = std::move(contents);
}

Operation *SymbolicShapes::soleReader(Value value) const {
  Operation *reader = nullptr;
  for (Operation *user : value.getUsers()) {
    if (nodeOf(user, "Shape") && contents(user->getResult(0)))
      continue;
    if (reader)
      return nullptr;
    reader = user;
  }
  return reader;
}

bool SymbolicShapes::sameDims(Value a, Value b) const {
  const Dims *first = dims(a), *second = dims(b);
  return first && second && *first == *second;
}

static Dims staticDims(RankedTensorType type) {
  Dims dims;
  for (int64_t dim : type.getShape())
    dims.push_back(dim);
  return dims;
}

/// Results of the operations on tokens (NNTokenOps.td): numbers are those of
/// the type, what is open comes from the operands.
static std::optional<Dims> tokenDims(Operation *op, const Dims &first,
                                     const SymbolicShapes &shapes) {
  RankedTensorType type = rankedType(op->getResult(0));
  Dims dims;
  for (int64_t size : type.getShape())
    dims.push_back(ShapedType::isDynamic(size) ? 0 : size);
  if (auto moved = dyn_cast<nn::RearrangeOp>(op)) {
    // An open size is one whole dimension of the operand.
    SmallVector<int64_t> source(moved.getView().size(), -1);
    size_t dim = 0;
    int64_t left = 0;
    for (auto [i, size] : llvm::enumerate(moved.getView())) {
      if (dim == first.size())
        break;
      if (left == 0)
        left = first[dim].constant().value_or(-1);
      if (size == -1)
        source[i] = static_cast<int64_t>(dim);
      left = size == -1 || left == size ? 0 : left / size;
      dim += left == 0 ? 1 : 0;
    }
    size_t next = 0;
    for (auto [i, size] : llvm::enumerate(type.getShape())) {
      if (ShapedType::isDynamic(size)) {
        int64_t from = source[moved.getOrder()[next]];
        if (from < 0)
          return std::nullopt;
        dims[i] = first[from];
      }
      int64_t product = 1;
      do {
        int64_t part = moved.getView()[moved.getOrder()[next++]];
        product = part == -1 ? size : product * part;
      } while (!ShapedType::isDynamic(size) && product < size &&
               next < moved.getOrder().size());
    }
    return dims;
  }
  for (auto [i, size] : llvm::enumerate(type.getShape())) {
    if (!ShapedType::isDynamic(size))
      continue;
    if (i == 0) { // the sequences, by the operand that has them all
      dims[0] = first[0];
      for (Value operand : op->getOperands())
        if (const Dims *other = shapes.dims(operand);
            other && !(*other)[0].isConstant())
          dims[0] = (*other)[0];
      continue;
    }
    auto concat = dyn_cast<nn::ConcatOp>(op);
    if (!concat) {
      if (i >= first.size())
        return std::nullopt;
      dims[i] = first[i]; // a slice from the first token, a mask as wide
      continue;
    }
    for (Value part : concat.getParts()) {
      const Dims *own = shapes.dims(part);
      if (!own)
        return std::nullopt;
      dims[i] = dims[i] + (own->size() == 2 ? SymbolicExpr(1) : (*own)[1]);
    }
  }
  return dims;
}

/// Results of nn operations follow from their operands (NNOps.td).
static std::optional<Dims> nnDims(Operation *op, unsigned result,
                                  const SymbolicShapes &shapes) {
  auto first = [&]() -> std::optional<Dims> {
    const Dims *dims = shapes.dims(op->getOperand(0));
    return dims ? std::optional<Dims>(*dims) : std::nullopt;
  };
  if (isa<nn::PositionIdsOp>(op)) {
    // What T is when it is a number, only the type knows.
    int64_t tokens = rankedType(op->getResult(0)).getDimSize(1);
    return Dims{1, ShapedType::isDynamic(tokens) ? SymbolicExpr(Symbol::T)
                                                 : SymbolicExpr(tokens)};
  }
  if (auto positions = dyn_cast<nn::MaskPositionsOp>(op)) {
    int64_t tokens = rankedType(positions.getIds()).getDimSize(1);
    auto mask = first();
    if (!mask)
      return std::nullopt;
    return Dims{(*mask)[0], ShapedType::isDynamic(tokens)
                                ? SymbolicExpr(Symbol::T)
                                : SymbolicExpr(tokens)};
  }
  if (auto embedding = dyn_cast<nn::EmbeddingOp>(op)) {
    const Dims *ids = shapes.dims(embedding.getIds());
    const Dims *table = shapes.dims(embedding.getTable());
    if (!ids || !table)
      return std::nullopt;
    Dims dims = *ids;
    dims.push_back((*table)[1]);
    return dims;
  }
  if (auto mask = dyn_cast<nn::KeyMaskOp>(op);
      mask && rankedType(mask.getMask()).getRank() == 1) {
    auto numbers = first();
    if (!numbers)
      return std::nullopt;
    auto function = op->getParentOfType<func::FuncOp>();
    auto type = rankedType(mask.getOut());
    Dims dims = {(*numbers)[0],
                 sizeIn(function, Symbol::P) + sizeIn(function, Symbol::T)};
    for (auto [dim, size] : llvm::zip(dims, type.getShape()))
      if (!ShapedType::isDynamic(size))
        dim = size;
    return dims;
  }
  if (isa<nn::RearrangeOp, nn::SliceOp, nn::PickOp, nn::TokenMaxOp,
          nn::ConcatOp, nn::WindowsOp, nn::KeyMaskOp>(op)) {
    auto dims = first();
    return dims ? tokenDims(op, *dims, shapes) : std::nullopt;
  }
  if (isa<nn::AddOp, nn::MulOp>(op)) {
    const Dims *b = shapes.dims(op->getOperand(1));
    auto a = first();
    return a && b ? broadcast(*a, *b) : std::nullopt;
  }
  if (auto linear = dyn_cast<nn::LinearOp>(op)) {
    const Dims *weight = shapes.dims(linear.getWeight());
    auto dims = first();
    if (!dims || !weight)
      return std::nullopt;
    dims->back() = weight->back();
    return dims;
  }
  if (auto part = dyn_cast<nn::CachePartOp>(op)) {
    auto dims = first();
    if (dims)
      dims->erase(dims->begin(), dims->begin() + part.getAt().size());
    return dims;
  }
  if (auto stack = dyn_cast<nn::StackCachesOp>(op)) {
    auto part = first();
    if (!part)
      return std::nullopt;
    Dims dims;
    for (int64_t size : rankedType(stack.getOut()).getShape().drop_back(4))
      dims.push_back(size);
    dims.append(*part);
    return dims;
  }
  if (auto weights = dyn_cast<nn::AttentionWeightsOp>(op)) {
    const Dims *key = shapes.dims(weights.getKey());
    auto query = first();
    if (!key || !query)
      return std::nullopt;
    return Dims{(*query)[0], (*query)[1], (*key)[1]};
  }
  if (auto attention = dyn_cast<nn::AttentionOp>(op)) {
    const Dims *key = shapes.dims(attention.getKey());
    auto query = first();
    if (!key || !query || result == 0)
      return query;
    auto size = query->back().constant();
    if (!size)
      return std::nullopt;
    SymbolicExpr all = (*key)[1];
    if (attention.getPastKey()) {
      const Dims *past = shapes.dims(attention.getPastKey());
      if (!past)
        return std::nullopt;
      all = all + (*past)[2];
    }
    return Dims{(*key)[0], static_cast<int64_t>(attention.getKvHeads()), all,
                *size / static_cast<int64_t>(attention.getHeads())};
  }
  return first();
}

void SymbolicShapes::infer(Operation *op) {
  // The place of a value that was erased may have been taken by this one.
  for (Value result : op->getResults()) {
    knownDims.erase(result);
    knownContents.erase(result);
  }
  for (Value result : op->getResults())
    if (auto type = rankedType(result); type && type.hasStaticShape())
      setDims(result, staticDims(type));
  // What onnx-fold-shapes found by trying.
  if (auto found = op->getAttrOfType<ArrayAttr>("dalbit.dims"))
    for (auto [result, texts] : llvm::zip(op->getResults(), found))
      if (auto list = dyn_cast<ArrayAttr>(texts); list && !list.empty())
        if (auto dims = parseDims(list))
          setDims(result, std::move(*dims));
  if (auto node = dyn_cast<onnx::NodeOp>(op)) {
    if (!node.getDomain().empty() || node->getNumRegions() != 0)
      return;
    // Sequences have neither.
    if (!llvm::all_of(node->getResultTypes(), llvm::IsaPred<ShapedType>))
      return;
    inferNodeDims(node, *this);
    inferNodeContents(node, *this);
    return;
  }
  if (auto constant = dyn_cast<onnx::ConstantOp>(op)) {
    auto numbers = integersOf(constant.getResult());
    auto type = rankedType(constant.getResult());
    if (!numbers || !type)
      return;
    Contents contents;
    contents.shape.assign(type.getShape().begin(), type.getShape().end());
    contents.elements.assign(numbers->begin(), numbers->end());
    setContents(constant.getResult(), std::move(contents));
    return;
  }
  if (op->getDialect() && isa<nn::NNDialect>(op->getDialect()) &&
      !isa<nn::ConstantOp>(op))
    for (OpResult result : op->getResults())
      if (auto dims = nnDims(op, result.getResultNumber(), *this))
        setDims(result, std::move(*dims));
}

std::optional<Dims> broadcast(const Dims &a, const Dims &b) {
  const Dims &wide = a.size() >= b.size() ? a : b;
  const Dims &narrow = a.size() >= b.size() ? b : a;
  Dims dims = wide;
  size_t offset = wide.size() - narrow.size();
  for (size_t i = 0; i < narrow.size(); ++i) {
    SymbolicExpr &dim = dims[offset + i];
    if (dim == narrow[i] || narrow[i] == SymbolicExpr(1))
      continue;
    // A fixed size stands against an open one, which must then be equal at
    // run time; two open or two fixed ones do not fit.
    bool fixed = dim.isConstant();
    if (dim != SymbolicExpr(1) && fixed == narrow[i].isConstant())
      return std::nullopt;
    if (dim == SymbolicExpr(1) || !fixed)
      dim = narrow[i];
  }
  return dims;
}

SymbolicExpr sizeIn(func::FuncOp function, Symbol symbol) {
  auto fixed = function->getAttrOfType<DictionaryAttr>("dalbit.sizes");
  auto number = fixed ? fixed.getAs<IntegerAttr>(SymbolicExpr(symbol).str())
                      : IntegerAttr();
  return number ? SymbolicExpr(number.getInt()) : SymbolicExpr(symbol);
}

RankedTensorType tensorType(const Dims &dims, Type element) {
  SmallVector<int64_t> shape;
  for (const SymbolicExpr &dim : dims) {
    auto size = dim.constant();
    shape.push_back(size && *size >= 0 ? *size : ShapedType::kDynamic);
  }
  return RankedTensorType::get(shape, element);
}

} // namespace dalbit::raise
