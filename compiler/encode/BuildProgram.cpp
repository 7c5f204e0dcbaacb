// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/encode/BuildProgram.h"

#include "compiler/dialect/nn/Rearrangement.h"
#include "compiler/encode/Lower.h"
#include "compiler/quantise/Weights.h"

#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/TypeSwitch.h"

#include <nlohmann/json.hpp>

using namespace mlir;

namespace dalbit::encode {

namespace {

using binary::Tensor;

std::string onnxTypeOf(Type element) {
  if (element.isF32())
    return "float";
  if (element.isF16())
    return "float16";
  if (element.isInteger(1))
    return "bool";
  std::string name;
  llvm::raw_string_ostream(name)
      << (element.isUnsignedInteger() ? "uint" : "int")
      << element.getIntOrFloatBitWidth();
  return name;
}

/// A cache that is a tensor, or part of one, with its index.
struct CachePart {
  SmallVector<int64_t> at;
  Tensor tensor;
};

/// Strides along the leading dimensions \p sizes of an offset of \p parts;
/// nothing if they do not lie at equal distances, or not all are there.
std::optional<std::vector<int64_t>>
stridesOf(ArrayRef<CachePart> parts, ArrayRef<int64_t> sizes,
          llvm::function_ref<uint64_t(const Tensor &)> offset) {
  auto find = [&](ArrayRef<int64_t> at) {
    return llvm::find_if(
        parts, [&](const CachePart &part) { return ArrayRef(part.at) == at; });
  };
  SmallVector<int64_t> at(sizes.size(), 0);
  const CachePart *origin = find(at);
  if (origin == parts.end())
    return std::nullopt;
  std::vector<int64_t> strides(sizes.size(), 0);
  int64_t count = 1;
  for (size_t i = 0; i < sizes.size(); ++i) {
    count *= sizes[i];
    if (sizes[i] == 1)
      continue;
    at[i] = 1;
    const CachePart *next = find(at);
    at[i] = 0;
    if (next == parts.end())
      return std::nullopt;
    strides[i] = int64_t(offset(next->tensor) - offset(origin->tensor));
    if (strides[i] < 0)
      return std::nullopt;
  }
  for (const CachePart &part : parts) {
    int64_t place = int64_t(offset(origin->tensor));
    for (auto [index, stride] : llvm::zip(part.at, strides))
      place += index * stride;
    if (place != int64_t(offset(part.tensor)) || find(part.at) != &part)
      return std::nullopt;
  }
  if (count != int64_t(parts.size()))
    return std::nullopt;
  return strides;
}

/// Puts \p parts together as the tensor of which each is one. Nothing if they
/// do not lie so in memory.
std::optional<Tensor> joined(ArrayRef<CachePart> parts,
                             ArrayRef<int64_t> sizes) {
  if (sizes.empty())
    return parts.front().tensor;
  auto codes =
      stridesOf(parts, sizes, [](const Tensor &part) { return part.offset; });
  auto scales = stridesOf(parts, sizes,
                          [](const Tensor &part) { return part.scaleOffset; });
  if (!codes || !scales)
    return std::nullopt;
  std::vector<const CachePart *> ordered;
  for (const CachePart &part : parts)
    ordered.push_back(&part);
  llvm::sort(ordered, [](const CachePart *a, const CachePart *b) {
    return std::lexicographical_compare(a->at.begin(), a->at.end(),
                                        b->at.begin(), b->at.end());
  });
  Tensor whole = ordered.front()->tensor;
  std::vector<std::string> shape;
  for (int64_t size : sizes)
    shape.push_back(std::to_string(size));
  whole.shape.insert(whole.shape.begin(), shape.begin(), shape.end());
  whole.strides.insert(whole.strides.begin(), codes->begin(), codes->end());
  whole.scaleStrides.insert(whole.scaleStrides.begin(), scales->begin(),
                            scales->end());
  // Lists of columns, unless all are in order.
  whole.columns.clear();
  if (llvm::any_of(parts, [](const CachePart &part) {
        return !part.tensor.columns.empty();
      }))
    for (const CachePart *part : ordered) {
      const std::vector<int64_t> &own = part->tensor.columns;
      int64_t size = std::stoll(whole.shape.back());
      for (int64_t i = 0; i < size; ++i)
        whole.columns.push_back(own.empty() ? i : own[size_t(i)]);
    }
  return whole;
}

class Builder {
public:
  Builder(func::FuncOp function, const schedule::Plan &plan)
      : function(function), plan(plan) {}

  std::vector<Tensor> tensors() {
    for (BlockArgument argument : function.getArguments())
      input(argument);
    for (qnn::MaskPositionsOp op : counting)
      counted(op);
    for (OpOperand &result :
         function.getBody().front().getTerminator()->getOpOperands())
      output(result);
    return std::move(list);
  }
  int64_t vocabulary = 0;
  bool hasLogits = false;
  /// Why no program can be made of it; empty if one can.
  std::string problem;

private:
  std::vector<std::string> dims(DictionaryAttr attrs, Type type,
                                StringRef key) {
    std::vector<std::string> result;
    if (attrs)
      if (auto names = attrs.getAs<ArrayAttr>(key))
        for (Attribute name : names)
          result.push_back(cast<StringAttr>(name).getValue().str());
    if (result.empty())
      for (int64_t size : cast<RankedTensorType>(type).getShape())
        result.push_back(std::to_string(size));
    return result;
  }
  Tensor start(DictionaryAttr attrs, Type type, StringRef fallback) {
    Tensor tensor;
    auto name = attrs ? attrs.getAs<StringAttr>("dalbit.name") : StringAttr();
    tensor.name = name ? name.getValue().str() : fallback.str();
    tensor.shape = dims(attrs, type, "dalbit.dims");
    tensor.onnxShape = dims(attrs, type, "dalbit.onnx_dims");
    tensor.onnxType = onnxTypeOf(cast<RankedTensorType>(type).getElementType());
    if (auto name =
            attrs ? attrs.getAs<StringAttr>("dalbit.type") : StringAttr())
      tensor.onnxType = name.str();
    return tensor;
  }

  /// Notes where the columns of a head went, unless all stay.
  static void columns(Tensor &tensor, ArrayRef<int64_t> order, int64_t size) {
    std::vector<int64_t> places(size_t(size), -1);
    for (size_t at = 0; at < order.size(); ++at)
      if (order[at] >= 0)
        places[size_t(order[at])] = int64_t(at);
    if (!llvm::equal(places, llvm::seq<int64_t>(0, size)))
      tensor.columns = places;
  }

  /// The same place, of keys or values whose heads are stored one by one.
  void cache(Tensor &tensor, Value codes) {
    const schedule::CachePlace &place = plan.caches.find(codes)->second;
    int64_t sequence = place.perSequence() ? plan.kvBytesPerSequence : 0;
    tensor.shape[0] = "B";
    tensor.region = place.region;
    tensor.type = binary::ElementType::I8;
    tensor.offset = uint64_t(place.codes);
    tensor.strides = {sequence, place.context * place.paddedSize,
                      place.paddedSize, 1};
    tensor.scale = binary::ScaleKind::Row;
    tensor.scaleRegion = place.region;
    tensor.scaleOffset = uint64_t(place.scales);
    tensor.scaleStrides = {sequence, place.context * 4, 4};
    columns(tensor, place.order, place.size);
  }

  void cache(Tensor &tensor, qnn::AttentionOp op, bool value) {
    const schedule::AttentionPlan &a = plan.attentions.find(op)->second;
    int64_t context = plan.paddedContext;
    tensor.shape = {"B", std::to_string(a.kvHeads),
                    tensor.kind == binary::TensorKind::Past ? "P" : "P+T",
                    std::to_string(a.size)};
    tensor.region = isa::Region::Kv;
    tensor.type = binary::ElementType::I8;
    tensor.offset = uint64_t(value ? a.valueCodes : a.keyCodes);
    tensor.strides = {plan.kvBytesPerSequence, context * a.paddedSize,
                      a.paddedSize, 1};
    tensor.scale = binary::ScaleKind::Row;
    tensor.scaleRegion = isa::Region::Kv;
    tensor.scaleOffset = uint64_t(value ? a.valueScales : a.keyScales);
    tensor.scaleStrides = {plan.kvBytesPerSequence, context * 4, 4};
    if (!value)
      columns(tensor, a.keyOrder, a.size);
  }

  void ids(Tensor &tensor, Value value, binary::Role role, int64_t limit) {
    const schedule::Place &at = plan.inputs.find(value)->second;
    tensor.kind = binary::TensorKind::Input;
    tensor.role = role;
    tensor.limit = uint64_t(limit);
    tensor.offset = uint64_t(at.offset);
    tensor.strides = {at.sequenceStride, 4};
    bool isMask = role == binary::Role::Mask;
    if (tensor.shape.size() == 1 &&
        !isMask) { // one for each sequence, or one for all
      // Of one for all the stride is never taken; 0 would say that nothing
      // reads.
      tensor.strides = {std::max<int64_t>(at.sequenceStride, 4)};
      if (at.sequenceStride != 0)
        tensor.shape = {"B"};
      return;
    }
    if (isMask)
      tensor.scale = binary::ScaleKind::Visible;
    // The symbols stand also where the file fixes a size, if the program takes
    // any; a mask of an encoder's keys keeps its own columns.
    auto type = cast<RankedTensorType>(value.getType());
    bool grows = type.isDynamicDim(1) ||
                 llvm::any_of(value.getUsers(), [](Operation *user) {
                   return llvm::isa<qnn::AttentionOp>(user);
                 });
    bool isOpen = tokensAreOpen && grows;
    std::string columns = isMask && isOpen ? "P+T" : rows(value, 1);
    if (isMask && !isOpen && tensor.shape.size() == 2)
      columns = tensor.shape[1];
    if (tensor.shape.size() == 1) { // numbers of keys
      tensor.view = {"B", columns};
      if (tensor.shape[0] == std::to_string(type.getDimSize(0)))
        tensor.shape[0] = "B";
      return;
    }
    tensor.shape = {"B", columns};
  }

  /// Whether ids in \p argument are the text that the program continues: those
  /// with a row for each new token, if there are any.
  bool isText(BlockArgument argument) {
    auto grows = [&](BlockArgument ids) {
      auto type = dyn_cast<RankedTensorType>(ids.getType());
      return type && type.getRank() == 2 && rows(ids, 1) == "T" &&
             llvm::any_of(ids.getUsers(), [](Operation *user) {
               return llvm::isa<qnn::EmbeddingOp>(user);
             });
    };
    return grows(argument) || llvm::none_of(function.getArguments(), grows);
  }

  void input(BlockArgument argument) {
    Tensor tensor = start(function.getArgAttrDict(argument.getArgNumber()),
                          argument.getType(),
                          "input" + std::to_string(argument.getArgNumber()));
    std::vector<CachePart> pasts;
    for (Operation *user : argument.getUsers()) {
      if (auto embedding = dyn_cast<qnn::EmbeddingOp>(user)) {
        int64_t rows =
            cast<ShapedType>(embedding.getTable().getType()).getDimSize(0);
        bool isRow = tensor.shape.size() == 1;
        bool first = vocabulary == 0 && !isRow && isText(argument);
        if (first)
          vocabulary = rows;
        // Ids of an encoder beside a text that goes on are data like others.
        bool isSource = !first && vocabulary == 0 && !isRow;
        bool isPositions =
            StringRef(tensor.name).contains_insensitive("position");
        if (tensor.role == binary::Role::None)
          ids(tensor, argument,
              first                   ? binary::Role::Tokens
              : isPositions && !isRow ? binary::Role::Positions
              : isSource              ? binary::Role::None
                                      : binary::Role::Types,
              rows);
      } else if (auto mask = dyn_cast<qnn::ImportMaskOp>(user)) {
        ids(tensor, mask.getOut(), binary::Role::Mask, 0);
        if (mask.getInverted())
          tensor.scale = binary::ScaleKind::Hidden;
        if (mask.getCounted() || tensor.shape.size() == 1)
          tensor.scale = binary::ScaleKind::Counted;
      } else if (auto scores = dyn_cast<qnn::ImportScoresOp>(user)) {
        place(tensor, plan.inputs.find(scores.getOut())->second);
        tensor.role = binary::Role::Mask;
        tensor.scale = binary::ScaleKind::Score;
        tensor.fractionBits = quantise::ResidualFraction;
      } else if (auto import = dyn_cast<qnn::ImportOp>(user)) {
        imported(tensor, import);
      } else if (auto rotary = dyn_cast<qnn::RotaryOp>(user)) {
        ids(tensor, argument, binary::Role::Positions, rowsOf(rotary));
      } else if (auto counted = dyn_cast<qnn::MaskPositionsOp>(user)) {
        counting.push_back(counted);
      } else if (auto past = dyn_cast<qnn::ImportCacheOp>(user)) {
        pasts.push_back(pastPart(tensor, past));
      }
    }
    if (!pasts.empty())
      join(tensor, pasts, argument.getType());
    // A mask of which only positions are counted.
    bool isCounted = llvm::any_of(argument.getUsers(), [](Operation *user) {
      return llvm::isa<qnn::MaskPositionsOp>(user);
    });
    if (tensor.strides.empty() && isCounted)
      ids(tensor, argument, binary::Role::Mask, 0);
    // Ids that only choose a token.
    if (tensor.strides.empty() && plan.inputs.contains(argument))
      ids(tensor, argument, binary::Role::Types, 0);
    // Numbers of keys are only checked.
    auto less = function.getArgAttrOfType<IntegerAttr>(argument.getArgNumber(),
                                                       "dalbit.keys_less");
    if (less) {
      if (!tensor.strides.empty())
        problem = "input '" + tensor.name +
                  "' is read both as numbers of keys and as something else";
      tensor.role =
          function.getArgAttr(argument.getArgNumber(), "dalbit.keys_total")
              ? binary::Role::Total
              : binary::Role::Lengths;
      tensor.fill = less.getInt();
    }
    // What nothing reads has a place all the same: any.
    if (tensor.strides.empty())
      tensor.strides.assign(tensor.shape.size(), 0);
    list.push_back(tensor);
  }

  /// The numbers in front of the dimensions of a cache.
  static SmallVector<int64_t> leadingSizes(Type type) {
    return SmallVector<int64_t>(
        cast<RankedTensorType>(type).getShape().drop_back(4));
  }

  /// Makes \p tensor of \p parts, all caches that it is to hold.
  void join(Tensor &tensor, ArrayRef<CachePart> parts, Type type) {
    bool oneAlias = llvm::all_of(parts, [&](const CachePart &part) {
      return part.tensor.alias == parts.front().tensor.alias;
    });
    if (auto whole = joined(parts, leadingSizes(type))) {
      tensor = *whole;
      if (!oneAlias)
        tensor.alias.clear();
      return;
    }
    if (problem.empty())
      problem = "'" + tensor.name +
                "' holds caches of which the NPU uses only some, or that do "
                "not lie at equal distances in its memory";
  }

  /// What \p past makes of an input, named \p tensor.
  CachePart pastPart(Tensor tensor, qnn::ImportCacheOp past) {
    tensor.kind = binary::TensorKind::Past;
    PastPlace place{tensor.name, SmallVector<int64_t>(past.getAt())};
    tensor.shape.erase(tensor.shape.begin(),
                       tensor.shape.begin() + int64_t(place.at.size()));
    auto attention = dyn_cast<qnn::AttentionOp>(*past.getCodes().user_begin());
    if (!attention) {
      cache(tensor, past.getCodes());
      pastPlaces[past.getCodes()] = place;
    } else {
      bool value = attention.getPastValue() == past.getCodes();
      cache(tensor, attention, value);
      pastOf[{attention, value}] = place;
    }
    return {place.at, tensor};
  }

  /// What goes out as \p value, index \p at of the result \p tensor; its alias
  /// is the past with the same index.
  CachePart presentPart(Tensor tensor, Value value, ArrayRef<int64_t> at) {
    auto present = value.getDefiningOp<qnn::ExportCacheOp>();
    tensor.kind = binary::TensorKind::Present;
    tensor.shape.erase(tensor.shape.begin(),
                       tensor.shape.begin() + int64_t(at.size()));
    PastPlace past;
    if (auto heads = present.getCodes().getDefiningOp<qnn::HeadsOp>()) {
      cache(tensor, heads.getCodes());
      past = pastPlaces.lookup(heads.getPastCodes());
    } else if (auto attention =
                   present.getCodes().getDefiningOp<qnn::AttentionOp>()) {
      bool isValue = attention.getPresentValue() == present.getCodes();
      cache(tensor, attention, isValue);
      if (auto found = pastOf.find({attention, isValue}); found != pastOf.end())
        past = found->second;
    } else { // a past that goes out as it came in
      cache(tensor, present.getCodes());
      past = pastPlaces.lookup(present.getCodes());
    }
    if (ArrayRef(past.at) == at)
      tensor.alias = past.name;
    return {SmallVector<int64_t>(at), tensor};
  }

  /// Rows of a place; the sequences first.
  void place(Tensor &tensor, const schedule::Place &place) {
    tensor.kind = binary::TensorKind::Input;
    tensor.region = place.region;
    tensor.offset = uint64_t(place.offset);
    tensor.strides.assign(tensor.shape.size(), 0);
    if (tensor.shape.size() >= 1)
      tensor.strides[0] = place.sequenceStride;
    if (tensor.shape.size() >= 2) {
      tensor.strides[tensor.shape.size() - 2] = place.rowStride;
      tensor.strides.back() = 4;
      if (tensor.shape.size() == 2 && place.rowStride == 0)
        tensor.strides[0] = place.sequenceStride;
    }
  }

  /// A float input in fixed point, its dimensions in the order of the rows.
  void imported(Tensor &tensor, qnn::ImportOp op) {
    const schedule::Place &place = plan.places.find(op.getOut())->second;
    auto type = cast<RankedTensorType>(op.getOut().getType());
    tensor.kind = binary::TensorKind::Input;
    tensor.region = place.region;
    tensor.offset = uint64_t(place.offset);
    tensor.scale = binary::ScaleKind::Fixed;
    tensor.fractionBits = int(op.getFraction());
    if (place.sequenceStride != 0)
      tensor.shape[0] = "B";
    // Bytes from neighbour to neighbour along each dimension of the rows.
    SmallVector<int64_t> rows(type.getRank(), place.rowStride);
    rows.front() = place.sequenceStride;
    rows.back() = 4;
    if (op.getView().empty()) {
      tensor.strides.assign(rows.begin(), rows.end());
      return;
    }
    // The view's dimensions, in their order, make up those of the rows.
    auto sizes = nn::Rearrangement::of(
        cast<RankedTensorType>(op.getIn().getType()).getShape(), op.getView(),
        op.getOrder(), type.getShape());
    ArrayRef<int64_t> order = op.getOrder();
    tensor.strides.assign(order.size(), 0);
    size_t next = order.size();
    for (int64_t dim = type.getRank(); dim-- > 0;) {
      int64_t inner = 1, all = type.getDimSize(dim);
      do {
        int64_t viewDim = order[--next];
        tensor.strides[size_t(viewDim)] = rows[dim] * inner;
        inner *= std::max<int64_t>(sizes->view[viewDim], 1);
      } while (next > size_t(dim) && inner < all);
    }
    // Sizes of the view as text: a dimension that is left whole has its own.
    auto in = cast<RankedTensorType>(op.getIn().getType());
    size_t source = 0;
    int64_t left = 0;
    bool begun = false;
    for (auto [size, written] : llvm::zip(sizes->view, op.getView())) {
      bool whole = !begun && written == -1;
      if (!begun && source < tensor.shape.size()) {
        left = in.getDimSize(int64_t(source));
        whole |= size == left;
      }
      tensor.view.push_back(whole ? tensor.shape[source]
                                  : std::to_string(size));
      begun = !whole && (left /= size) != 1;
      source += begun ? 0 : 1;
    }
  }

  /// Rows as the host counts them: T where the program takes any number.
  std::string rows(Value value, int64_t dim) {
    int64_t size = cast<RankedTensorType>(value.getType()).getDimSize(dim);
    bool open =
        ShapedType::isDynamic(size) || (tokensAreOpen && size == fixedTokens);
    return open ? "T" : std::to_string(size);
  }
  static int64_t rowsOf(qnn::RotaryOp op) {
    return cast<ShapedType>(op.getCos().getType()).getDimSize(0);
  }

  /// Positions that the host counts from a mask.
  void counted(qnn::MaskPositionsOp op) {
    Tensor tensor;
    for (const Tensor &mask : list)
      if (mask.name == nameOf(op.getMask()))
        tensor.source = mask.name;
    tensor.name = tensor.source + ".positions";
    for (int i = 2; llvm::any_of(
             list,
             [&](const Tensor &other) { return other.name == tensor.name; });
         ++i)
      tensor.name = tensor.source + ".positions" + std::to_string(i);
    tensor.onnxType = "int64";
    int64_t limit = 0;
    for (Operation *user : op.getIds().getUsers())
      if (auto rotary = dyn_cast<qnn::RotaryOp>(user))
        limit = rowsOf(rotary);
      else if (auto embedding = dyn_cast<qnn::EmbeddingOp>(user))
        limit = cast<ShapedType>(embedding.getTable().getType()).getDimSize(0);
    // Its own shape: the keys may be more than the tokens.
    tensor.shape = {"B", rows(op.getIds(), 1)};
    ids(tensor, op.getIds(), binary::Role::Positions, limit);
    tensor.fill = op.getFill();
    tensor.hidden = op.getHidden();
    list.push_back(tensor);
  }

  std::string nameOf(Value argument) {
    unsigned index = cast<BlockArgument>(argument).getArgNumber();
    auto name = function.getArgAttrOfType<StringAttr>(index, "dalbit.name");
    return name ? name.str() : "input" + std::to_string(index);
  }

  void output(OpOperand &result) {
    Value value = result.get();
    Tensor tensor = start(function.getResultAttrDict(result.getOperandNumber()),
                          value.getType(),
                          "output" + std::to_string(result.getOperandNumber()));
    if (value.getDefiningOp<qnn::ExportCacheOp>()) {
      std::vector<CachePart> parts = {presentPart(tensor, value, {})};
      join(tensor, parts, value.getType());
    } else if (auto stack = value.getDefiningOp<qnn::StackCachesOp>()) {
      SmallVector<int64_t> sizes = leadingSizes(value.getType()),
                           at(sizes.size(), 0);
      std::vector<CachePart> parts;
      for (Value part : stack.getParts()) {
        parts.push_back(presentPart(tensor, part, at));
        for (size_t i = at.size(); i-- > 0;) {
          if (++at[i] < sizes[i])
            break;
          at[i] = 0;
        }
      }
      join(tensor, parts, value.getType());
    } else if (auto choice = value.getDefiningOp<qnn::TopKOp>()) {
      topK(tensor, choice, value);
    } else if (value.getDefiningOp<qnn::EmptyOp>()) {
      tensor.kind = binary::TensorKind::Output;
      tensor.region = isa::Region::Output;
      tensor.scale = binary::ScaleKind::Fixed;
      tensor.strides.assign(tensor.shape.size(), 0);
    } else if (auto result = value.getDefiningOp<qnn::DequantizeOp>()) {
      const schedule::Place &own = plan.outputs.find(result)->second;
      place(tensor, own);
      // The symbols stand also where the file fixes a size: the program is the
      // same for every length.
      bool isMoved = !result.getView().empty();
      if (isMoved) {
        moved(tensor, result, own);
      } else {
        tensor.shape[0] = "B";
        if (tensor.shape.size() == 3)
          tensor.shape[1] = rows(result.getX(), 1);
        else
          tensor.strides[0] = own.sequenceStride;
      }
      bool isLogits = !isMoved && tokensAreOpen && !hasLogits &&
                      tensor.shape.size() == 3 && tensor.shape[1] == "T";
      tensor.kind =
          isLogits ? binary::TensorKind::Logits : binary::TensorKind::Output;
      hasLogits |= isLogits;
      tensor.scale = binary::ScaleKind::Fixed;
      tensor.fractionBits = int(result.getFraction());
    }
    list.push_back(tensor);
  }

  /// What the host chooses of another result; the binary has no place for it.
  void topK(Tensor &tensor, qnn::TopKOp op, Value value) {
    tensor.kind = binary::TensorKind::Output;
    tensor.region = isa::Region::Output;
    tensor.strides.assign(tensor.shape.size(), 0);
    tensor.role = value == op.getValues() ? binary::Role::TopKValues
                                          : binary::Role::TopKIndices;
    tensor.limit = op.getK();
    tensor.fill = op.getSmallest() ? 1 : 0;
    for (OpOperand &use : op.getX().getUses())
      if (llvm::isa<func::ReturnOp>(use.getOwner()))
        if (auto name = function.getResultAttrOfType<StringAttr>(
                use.getOperandNumber(), "dalbit.name"))
          tensor.source = name.str();
  }

  /// A result whose dimensions are rows seen in another order.
  void moved(Tensor &tensor, qnn::DequantizeOp op,
             const schedule::Place &place) {
    auto type = cast<RankedTensorType>(op.getX().getType());
    auto sizes = nn::Rearrangement::of(
        type.getShape(), op.getView(), op.getOrder(),
        cast<RankedTensorType>(op.getOut().getType()).getShape());
    // For each dimension of the view its size as text and its stride.
    std::vector<std::string> texts;
    std::vector<int64_t> strides;
    for (int64_t dim = 0; dim < type.getRank(); ++dim) {
      int64_t stride = dim == 0                   ? place.sequenceStride
                       : dim + 1 < type.getRank() ? place.rowStride
                                                  : 4;
      std::string whole = dim == 0                   ? "B"
                          : dim + 1 < type.getRank() ? rows(op.getX(), dim)
                                                     : "";
      size_t first = texts.size();
      int64_t product = 1, all = type.getDimSize(dim);
      do {
        int64_t size = sizes->view[texts.size()];
        bool isWhole = !whole.empty() && size == all;
        texts.push_back(isWhole ? whole : std::to_string(size));
        product = isWhole ? all : product * size;
      } while (texts.size() < sizes->view.size() &&
               !ShapedType::isDynamic(all) && product < all);
      strides.resize(texts.size(), stride);
      for (size_t i = texts.size() - 1; i-- > first;)
        strides[i] = strides[i + 1] * sizes->view[i + 1];
    }
    for (size_t i = texts.size(); i < sizes->view.size(); ++i) {
      texts.push_back("1");
      strides.push_back(4);
    }
    tensor.view.clear();
    tensor.strides.clear();
    for (int64_t dim : op.getOrder()) {
      tensor.view.push_back(texts[size_t(dim)]);
      tensor.strides.push_back(strides[size_t(dim)]);
    }
    // A dimension of the result that is one of the view's has its size.
    size_t next = 0;
    for (auto [size, number] : llvm::zip(tensor.shape, sizes->out)) {
      while (next + 1 < tensor.view.size() && tensor.view[next] == "1" &&
             number != 1)
        ++next;
      if (next == tensor.view.size())
        break;
      int64_t product = sizes->view[op.getOrder()[next]];
      if (product == number)
        size = tensor.view[next];
      ++next;
      while (!ShapedType::isDynamic(product) && product < number &&
             next < tensor.view.size())
        product *= sizes->view[op.getOrder()[next++]];
    }
  }

  func::FuncOp function;
  const schedule::Plan &plan;
  std::vector<Tensor> list;
  /// An input, and which of its caches.
  struct PastPlace {
    std::string name;
    SmallVector<int64_t> at;
  };
  std::map<std::pair<Operation *, bool>, PastPlace> pastOf;
  std::vector<qnn::MaskPositionsOp> counting;
  llvm::DenseMap<Value, PastPlace> pastPlaces;
  /// The program generates: T is open even where the file fixes it.
  bool tokensAreOpen = !plan.decode.empty();
  int64_t fixedTokens = schedule::fixedTokensOf(function);
};

/// Facts of a layer for reports.
std::pair<uint64_t, uint64_t> weightFacts(Operation *op,
                                          const schedule::Plan &plan) {
  uint64_t bytes = 0, macs = 0;
  auto add = [&](const schedule::LinearPlan &linear) {
    for (const schedule::WeightChunk &chunk : linear.decodeChunks)
      bytes += uint64_t(chunk.bytes);
  };
  if (auto found = plan.linears.find(op); found != plan.linears.end())
    add(found->second);
  if (auto found = plan.attentions.find(op); found != plan.attentions.end()) {
    for (const schedule::LinearPlan &linear : found->second.linears)
      add(linear);
    for (const schedule::Projection &projection : found->second.projections) {
      qnn::LinearOp linear = projection.linear;
      macs += uint64_t(
          cast<ShapedType>(linear.getWeight().getType()).getNumElements());
    }
  }
  if (plan.linears.contains(op))
    macs =
        uint64_t(cast<ShapedType>(cast<qnn::LinearOp>(op).getWeight().getType())
                     .getNumElements());
  return {bytes, macs};
}

/// Empty for an operation that no node stands for: its place is the function's.
std::string nodeNameOf(Operation *op) {
  std::string name;
  if (op->getLoc() == op->getParentOp()->getLoc())
    return name;
  op->getLoc()->walk([&](Location loc) {
    if (auto named = dyn_cast<NameLoc>(loc)) {
      name = named.getName().getValue().str();
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return name;
}

} // namespace

FailureOr<binary::Program> buildProgram(ModuleOp source,
                                        const schedule::Schedule &schedule,
                                        const target::Target &target) {
  const schedule::Plan &plan = schedule.plan;
  binary::Program program;
  program.target = target::printToml(target);
  program.limits.context = program.limits.tokens = uint32_t(plan.context);
  program.limits.batch = uint32_t(plan.options.maxBatch);

  std::vector<LoweredInstruction> code;
  size_t decodeStart = 0;
  for (auto function : schedule.module.get().getOps<func::FuncOp>()) {
    decodeStart = code.size();
    binary::EntryPoint entry;
    entry.name = function.getName().str();
    entry.pc = uint32_t(code.size());
    entry.arguments = {"tokens", "position", "batch", "all_rows"};
    program.entries.push_back(entry);
    if (failed(lower(function, code)))
      return failure();
  }
  std::map<int32_t, std::pair<uint32_t, uint32_t>> ranges;
  for (size_t pc = 0; pc < code.size(); ++pc) {
    program.code.push_back(isa::encode(code[pc].instruction));
    if (pc < decodeStart)
      continue;
    auto [range, isNew] =
        ranges.try_emplace(code[pc].tag & 0xff, uint32_t(pc), uint32_t(pc + 1));
    range->second.second = uint32_t(pc + 1);
  }

  auto function = *source.getOps<func::FuncOp>().begin();
  Builder builder(function, plan);
  program.tensors = builder.tensors();
  if (!builder.problem.empty())
    return function.emitError() << builder.problem;
  std::map<int32_t, binary::Layer> layers;
  uint64_t parameters = 0, macs = 0;
  for (auto &[op, tag] : plan.tags) {
    auto [bytes, layerMacs] = weightFacts(op, plan);
    parameters += layerMacs;
    macs += layerMacs;
    auto range = ranges.find(tag);
    if (range == ranges.end())
      continue;
    binary::Layer &layer = layers[tag];
    layer.tag = uint32_t(tag);
    std::string node = nodeNameOf(op);
    if (!node.empty())
      layer.nodes.push_back(node);
    if (layer.name.empty()) {
      layer.kind = op->getName().stripDialect().str();
      layer.name = node.empty() ? layer.kind + "." + std::to_string(tag) : node;
    }
    layer.first = range->second.first;
    layer.last = range->second.second;
    layer.weightBytes += bytes;
    layer.macsPerToken += layerMacs;
  }
  for (auto &[tag, layer] : layers)
    program.layers.push_back(layer);

  std::vector<uint8_t> constants(
      size_t(schedule::roundUp(plan.constBytes, 64))),
      weights(size_t(schedule::roundUp(plan.weightBytes, 64)));
  for (const auto &fill : plan.fills)
    fill(constants, weights);
  uint64_t constantBytes = constants.size(), weightBytes = weights.size();
  program.constants = binary::Bytes(std::move(constants));
  program.weights = binary::Bytes(std::move(weights));
  auto region = [&](isa::Region kind, uint64_t size) {
    program.regions.push_back({kind, size});
  };
  region(isa::Region::Code, program.code.size() * 8);
  region(isa::Region::Const, constantBytes);
  region(isa::Region::Weights, weightBytes);
  region(isa::Region::Kv,
         uint64_t(plan.kvBytesPerSequence * plan.options.maxBatch));
  region(isa::Region::Input, uint64_t(plan.inputBytes));
  region(isa::Region::Output, uint64_t(plan.outputBytes));
  region(isa::Region::Workspace,
         uint64_t(schedule::roundUp(plan.workspaceBytes, 64)));

  // Turns of loops over rows whose number the model fixes.
  int64_t rounds = 0;
  for (const schedule::Stage &stage : plan.prefill)
    if (stage.rows != schedule::TokenRows)
      rounds += (stage.rows + plan.grain.block - 1) / plan.grain.block;
  nlohmann::json model = {{"max_context", plan.context},
                          {"max_batch", plan.options.maxBatch},
                          {"vocabulary", builder.vocabulary},
                          {"parameters_linear", parameters},
                          {"macs_per_token", macs},
                          {"weight_bytes", weightBytes},
                          {"kv_bytes_per_sequence", plan.kvBytesPerSequence},
                          {"prefill_block", plan.grain.block},
                          {"rounds", rounds}};
  if (auto metadata = source->getAttrOfType<DictionaryAttr>("dalbit.metadata"))
    if (auto tokenizer = metadata.getAs<StringAttr>("dalbit.tokenizer"))
      model["tokenizer"] = tokenizer.getValue().str();
  program.model = model.dump();
  return program;
}

} // namespace dalbit::encode
