// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What lies in DRAM between stages and at the border: inputs, rows that later
// stages take, caches of keys and values, outputs.

#include "compiler/schedule/Planner.h"

using namespace mlir;

namespace dalbit::schedule {

int64_t Planner::placeIn(isa::Region region, int64_t bytes) {
  int64_t &end = region == isa::Region::Input    ? plan.inputBytes
                 : region == isa::Region::Output ? plan.outputBytes
                 : region == isa::Region::Kv     ? plan.kvBytesPerSequence
                                                 : plan.workspaceBytes;
  int64_t at = roundUp(end, machine().dramAlignment());
  end = at + bytes;
  return at;
}

/// Rows before and after a value's own that windows look at; they stay zero.
static std::pair<int64_t, int64_t> borderOf(Value value, int64_t rows) {
  std::pair<int64_t, int64_t> border;
  for (Operation *user : value.getUsers())
    if (auto windows = dyn_cast<qnn::WindowsOp>(user)) {
      int64_t count = cast<RankedTensorType>(windows.getOut().getType())
                          .getDimSize(1),
              before = windows.getBefore();
      int64_t reach = (count - 1) * int64_t(windows.getStride()) +
                      int64_t(windows.getSize()) - before;
      border.first = std::max(border.first, before);
      border.second = std::max(border.second, reach - rows);
    }
  return border;
}

LogicalResult Planner::positions(qnn::PositionsOp op) {
  auto type = cast<ShapedType>(op.getTable().getType());
  int64_t count = type.getDimSize(0);
  if (!op.getRelative() && count < plan.context)
    return op.emitError() << "the position table has " << count
                          << " rows, fewer than the context of "
                          << plan.context;
  Place place;
  place.region = isa::Region::Const;
  place.offset = table(op.getTable(), op.getFraction());
  place.cols = type.getDimSize(1);
  place.rowStride = machine().rowBytes(place.cols);
  place.extent = count * place.rowStride;
  place.byPosition = !op.getRelative();
  plan.places[op.getOut()] = place;
  return success();
}

/// Ids [1]: every sequence's row is the same.
static bool isOneForAll(Value ids) {
  auto type = cast<RankedTensorType>(ids.getType());
  return type.getRank() == 1 && type.getDimSize(0) == 1;
}

/// Integers that the host writes: a row of them for each sequence.
LogicalResult Planner::inputs() {
  int64_t batch = plan.options.maxBatch;
  // Where any number of tokens can run, the program takes them all, though the
  // model fixes one.
  bool isOpen = isDecodable(function);
  auto most = [&](Value value, int64_t dim) {
    auto type = cast<RankedTensorType>(value.getType());
    if (dim == type.getRank())
      return int64_t(1); // ids of one row a sequence
    int64_t size = type.getDimSize(dim);
    if (ShapedType::isDynamic(size))
      return plan.context;
    return isOpen ? std::max(size, plan.context) : size;
  };
  auto put = [&](Value value, int64_t rows, int64_t cols, bool shared) {
    Place place;
    place.region = isa::Region::Input;
    place.cols = cols;
    place.rowStride = rows == 1 ? 0 : machine().rowBytes(cols);
    int64_t bytes = roundUp(rows == 1 ? cols * 4 : rows * place.rowStride,
                            machine().dramAlignment());
    place.sequenceStride = shared ? 0 : bytes;
    place.extent = bytes * (shared ? 1 : batch);
    place.offset = placeIn(isa::Region::Input, place.extent);
    plan.inputs[value] = place;
  };
  for (BlockArgument argument : function.getArguments())
    for (Operation *user : argument.getUsers()) {
      bool isIds =
          llvm::isa<qnn::EmbeddingOp, qnn::PickOp, qnn::MaskPositionsOp>(user);
      if (auto rotary = dyn_cast<qnn::RotaryOp>(user))
        isIds = rotary.getIds() == argument;
      if (isIds && !plan.inputs.contains(argument))
        put(argument, 1, most(argument, 1), isOneForAll(argument));
      if (auto counted = dyn_cast<qnn::MaskPositionsOp>(user))
        put(counted.getIds(), 1, most(counted.getIds(), 1), false);
      if (auto mask = dyn_cast<qnn::ImportMaskOp>(user))
        put(mask.getOut(), 1, most(mask.getOut(), 1), false);
      if (auto scores = dyn_cast<qnn::ImportScoresOp>(user))
        put(scores.getOut(), most(scores.getOut(), 1), most(scores.getOut(), 2),
            cast<RankedTensorType>(scores.getMask().getType()).getRank() == 2);
    }
  return success();
}

void Planner::store(Value value, const Place &place) {
  plan.stores[value].push_back(place);
  plan.places.try_emplace(value, place);
}

/// Gives \p value its place: a region of the input, a view of another place, or
/// memory of its own.
LogicalResult Planner::place(Value value) {
  if (plan.places.contains(value))
    return success();
  Operation *op = value.getDefiningOp();
  int64_t count = rows(value);
  auto found = columns.find(value);
  Place own;
  own.cols = found == columns.end() ? lastDimension(value)
                                    : int64_t(found->second.size());
  own.rowStride = machine().rowBytes(own.cols);
  auto [before, after] = borderOf(value, count);
  own.extent = count * own.rowStride;
  if (llvm::isa<qnn::ImportOp>(op)) {
    own.region = isa::Region::Input;
    // One sequence stands for all.
    bool shared = cast<RankedTensorType>(value.getType()).getDimSize(0) == 1;
    own.sequenceStride = shared ? 0 : (before + count + after) * own.rowStride;
    int64_t all = shared ? (before + count + after) * own.rowStride
                         : own.sequenceStride * plan.options.maxBatch;
    own.offset = placeIn(own.region, all) + before * own.rowStride;
    own.extent = all - before * own.rowStride;
    plan.places[value] = own;
    return success();
  }
  if (auto slice = dyn_cast<qnn::SliceOp>(op)) {
    if (failed(place(slice.getX())))
      return failure();
    Place view = plan.places[slice.getX()];
    int64_t first = slice.getFirst();
    if (first < 0 && rowsOf(function, slice.getX()) == TokenRows)
      view.fromEnd = true;
    else if (first < 0)
      first += rows(slice.getX());
    view.first += first;
    if (auto map = columns.find(slice.getX()); map != columns.end())
      columns[value] = map->second;
    plan.places[value] = view;
    return success();
  }
  if (auto windows = dyn_cast<qnn::WindowsOp>(op)) {
    Value x = windows.getX();
    if (llvm::isa_and_nonnull<qnn::SliceOp, qnn::ConcatOp, qnn::PositionsOp,
                              qnn::WindowsOp>(x.getDefiningOp()) ||
        rowsOf(function, x) == TokenRows)
      return op->emitError()
             << "a convolution over rows that are put together or of an open "
                "number is not supported on the NPU";
    if (failed(place(x)))
      return failure();
    Place view = plan.places[x];
    int64_t words = view.rowStride / 4, width = lastDimension(x);
    std::vector<int64_t> lanes(words * int64_t(windows.getSize()), -1);
    auto map = columns.find(x);
    for (int64_t k = 0; k < int64_t(windows.getSize()); ++k)
      for (int64_t c = 0; c < view.cols; ++c) {
        int64_t column = map == columns.end() ? c : map->second[c];
        if (column >= 0)
          lanes[k * words + c] = k * width + column;
      }
    view.offset -= int64_t(windows.getBefore()) * view.rowStride;
    view.extent += int64_t(windows.getBefore()) * view.rowStride;
    view.cols = int64_t(lanes.size());
    view.rowStride *= int64_t(windows.getStride());
    columns[value] = std::move(lanes);
    plan.places[value] = view;
    return success();
  }
  if (auto concat = dyn_cast<qnn::ConcatOp>(op)) {
    own.offset = placeIn(own.region, own.extent);
    Place slot = own;
    for (Value part : concat.getParts()) {
      if (rowsOf(function, part) == TokenRows || columns.contains(part))
        return op->emitError()
               << "rows of an open number are put together with others; the "
                  "NPU needs their number (--shape)";
      slot.extent = rows(part) * slot.rowStride;
      if (isPlace(part) && failed(place(part)))
        return failure();
      store(part, slot);
      slot.offset += slot.extent;
    }
    plan.places[value] = own;
    return success();
  }
  own.offset = placeIn(own.region, (before + count + after) * own.rowStride) +
               before * own.rowStride;
  own.extent += after * own.rowStride;
  store(value, own);
  return success();
}

LogicalResult Planner::places() {
  for (SmallVector<Stage> *stages : {&plan.prefill, &plan.decode})
    for (Stage &stage : *stages)
      for (Value value : stage.stores)
        if (failed(place(value)))
          return failure();
  return success();
}

LogicalResult Planner::outputs() {
  LogicalResult ok = success();
  function.walk([&](qnn::DequantizeOp op) {
    auto map = columns.find(op.getX());
    Place place;
    place.cols = lastDimension(op.getX());
    if (map != columns.end() &&
        map->second != identityMap(place.cols, place.cols)) {
      ok = op.emitError() << "a result of the graph is attention without a "
                             "linear layer behind it; its heads are padded on "
                             "this target";
      return;
    }
    place.region = isa::Region::Output;
    place.rowStride =
        roundUp(machine().rowBytes(place.cols), machine().dramAlignment());
    place.sequenceStride = rows(op.getX()) * place.rowStride;
    place.extent = place.sequenceStride * plan.options.maxBatch;
    place.offset = placeIn(place.region, place.extent);
    plan.outputs[op] = place;
  });
  return ok;
}

/// Room for the codes of keys or values of \p heads heads.
LogicalResult Planner::cache(Value codes, int64_t heads, int64_t size,
                             bool lasting) {
  if (plan.caches.contains(codes))
    return success();
  int64_t keys = cast<RankedTensorType>(codes.getType()).getDimSize(2);
  CachePlace place;
  place.region = lasting ? isa::Region::Kv : isa::Region::Workspace;
  place.heads = heads;
  place.size = size;
  place.paddedSize = paddedHead(size);
  place.order = identityMap(size, place.paddedSize);
  place.context =
      roundUp(ShapedType::isDynamic(keys) ? plan.context : keys, 64);
  place.codes = placeIn(place.region, heads * place.context * place.paddedSize);
  place.scales = placeIn(place.region, heads * place.context * 4);
  plan.caches[codes] = place;
  return success();
}

LogicalResult Planner::heads(qnn::HeadsOp op) {
  int64_t heads = op.getHeads(), size = lastDimension(op.getX()) / heads;
  bool isFixed = rowsOf(function, op.getX()) != TokenRows;
  bool exported = llvm::any_of(op.getCodes().getUsers(), [](Operation *user) {
    return llvm::isa<qnn::ExportCacheOp>(user);
  });
  std::vector<int64_t> order = headOrder(op.getX(), heads);
  if (order.empty())
    return op.emitError() << "keys or values do not come from a linear layer; "
                             "heads of "
                          << size << " columns have to be padded to "
                          << paddedHead(size) << " on this target";
  if (Value past = op.getPastCodes()) {
    if (failed(cache(past, heads, size, true)))
      return failure();
    CachePlace &held = plan.caches[past];
    held.order = order;
    CachePlace same = held;
    plan.caches[op.getCodes()] = std::move(same);
  } else if (failed(cache(op.getCodes(), heads, size,
                          exported || (isFixed && !plan.decode.empty())))) {
    return failure();
  }
  CachePlace &place = plan.caches[op.getCodes()];
  place.order = std::move(order);
  place.group =
      headsTogether(heads, plan.blockRows(rowsOf(function, op.getX())), 6);
  return success();
}

int64_t Planner::headsTogether(int64_t heads, int64_t rows,
                               int64_t scalars) const {
  int64_t group = heads;
  while (group > 1 &&
         (heads % group != 0 || group * rows * scalars > machine().rowScalars))
    --group;
  return group;
}

std::vector<int64_t> Planner::headColumns(Value value) {
  int64_t width = lastDimension(value);
  auto plain = [&](int64_t heads) {
    int64_t size = width / heads;
    return headMap(heads, size, identityMap(size, paddedHead(size)));
  };
  std::vector<int64_t> columns;
  for (Operation *user : value.getUsers()) {
    std::vector<int64_t> own;
    if (auto op = dyn_cast<qnn::HeadsOp>(user))
      own = plain(op.getHeads());
    if (auto op = dyn_cast<qnn::AttendOp>(user))
      own = plain(op.getHeads());
    if (auto op = dyn_cast<qnn::RotaryOp>(user)) {
      int64_t heads = op.getHeads(), size = width / heads;
      own = headMap(heads, size, rotaryOrder(op, size, paddedHead(size) / 2));
    }
    if (int64_t heads = qnn::groupsOf(user); heads > 1) {
      own = headColumns(user->getResult(0));
      if (own.empty())
        own = plain(heads);
    }
    if (own.empty() || (!columns.empty() && own != columns))
      return {};
    columns = std::move(own);
  }
  return columns;
}

std::vector<int64_t> Planner::headOrder(Value value, int64_t heads) const {
  int64_t size = lastDimension(value) / heads;
  auto map = columns.find(value);
  if (map == columns.end())
    return size == paddedHead(size) ? identityMap(size, size)
                                    : std::vector<int64_t>();
  std::vector<int64_t> order(map->second.begin(),
                             map->second.begin() +
                                 int64_t(map->second.size()) / heads);
  bool isHeads = int64_t(order.size()) == paddedHead(size) &&
                 headMap(heads, size, order) == map->second;
  return isHeads ? order : std::vector<int64_t>();
}

LogicalResult Planner::attend(qnn::AttendOp op) {
  const Machine &m = machine();
  AttentionPlan a;
  a.heads = op.getHeads();
  a.kvHeads = cast<RankedTensorType>(op.getKeys().getType()).getDimSize(1);
  a.size = lastDimension(op.getQuery()) / a.heads;
  a.paddedSize = paddedHead(a.size);
  a.numbers =
      quantise::attentionNumbers(a.size, op.getScale().convertToDouble());
  constants(a, op.getSinks().value_or(TypedAttr()));
  for (Value codes : {op.getKeys(), op.getValues()})
    if (failed(cache(codes, a.kvHeads, a.size, /*lasting=*/true)))
      return failure();
  int64_t keys = cast<RankedTensorType>(op.getKeys().getType()).getDimSize(2);
  a.maxKeys = ShapedType::isDynamic(keys) ? plan.context : keys;
  const CachePlace &keyPlace = plan.caches.find(op.getKeys())->second,
                   &valuePlace = plan.caches.find(op.getValues())->second;
  a.context = keyPlace.context;
  std::vector<int64_t> order = headOrder(op.getQuery(), a.heads);
  if (order.empty())
    return op.emitError() << "queries do not come from a linear layer; heads "
                             "of "
                          << a.size << " columns have to be padded to "
                          << a.paddedSize << " on this target";
  if (order != keyPlace.order)
    return op.emitError() << "queries and keys are turned by different columns";
  if (failed(bias(op, op.getBias().value_or(TypedAttr()), op.getBiasOrigin(),
                  rows(op.getQuery()), a.maxKeys, op.getCausal(), a)))
    return failure();
  int64_t half = m.accEntries / 2, headTiles = a.paddedSize / m.n;
  int64_t block = plan.blockRows(rowsOf(function, op.getQuery()));
  auto kvGroupOf = [&](int64_t group) { return a.sharesKeys() ? 1 : group; };
  auto shortage = [&](int64_t group) {
    Shortage shortage(m);
    shortage.accumulators(2 * group * block * headTiles);
    shortage.scratchpad(
        std::max(plan.grain.cacheParts * a.cacheBytes(kvGroupOf(group)),
                 4 * a.biasBytes(block)));
    shortage.rowScalars(group * block * 12);
    return shortage;
  };
  int64_t most = a.sharesKeys() ? a.heads / a.kvHeads : a.heads;
  for (a.group = std::min(most, plan.grain.heads); a.group > 1; --a.group)
    if (most % a.group == 0 && shortage(a.group).none())
      break;
  if (Shortage least = shortage(a.group); !least.none())
    return op.emitError() << "one head of " << a.size << " columns over "
                          << a.maxKeys << " keys does not fit the target: "
                          << least.message();
  a.kvGroup = kvGroupOf(a.group);
  a.keyChunk =
      std::min(half / (a.group * block) * m.n, roundUp(a.maxKeys, m.n));
  columns[op.getOut()] = headMap(a.heads, a.size, valuePlace.order);
  if (op.getWeights() && ShapedType::isDynamic(keys))
    return op.emitError() << "attention weights over an open number of keys "
                             "are not supported on the NPU";
  plan.decodeAttends[op] = forDecode(a);
  plan.attends[op] = std::move(a);
  return success();
}

} // namespace dalbit::schedule
