// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/PositionTables.h"

#include "compiler/raise/Graph.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"

#include <cmath>

using namespace mlir;

namespace dalbit::raise {

namespace {

using Row = std::vector<double>;

bool closeTo(const Row &a, const Row &b) {
  for (size_t i = 0; i < a.size(); ++i)
    if (!(std::abs(a[i] - b[i]) <= 1e-5 * (1 + std::abs(a[i]))))
      return false;
  return a.size() == b.size();
}

/// The size that \p symbol has in this function, if it is a number.
std::optional<int64_t> fixedSize(func::FuncOp function, StringRef symbol) {
  auto sizes = function->getAttrOfType<DictionaryAttr>("dalbit.sizes");
  auto number = sizes ? sizes.getAs<IntegerAttr>(symbol) : IntegerAttr();
  return number ? std::optional<int64_t>(number.getInt()) : std::nullopt;
}

} // namespace

/// The elements of \p value at \p sizes in rows of \p width: one for each
/// token of each sequence that the value tells apart.
std::optional<std::vector<Row>>
PositionTables::rowsAt(Value value, const Leaves &leaves, const Sizes &sizes,
                       const PositionSource &source, const Row &given) {
  llvm::DenseMap<Value, Numbers> inputs;
  if (source.argument) {
    Numbers numbers;
    for (const SymbolicExpr &dim : *shapes.dims(source.argument))
      numbers.shape.push_back(dim.evaluate(sizes));
    numbers.values = given;
    inputs[source.argument] = std::move(numbers);
  }
  auto numbers = evaluateAt(value, leaves, sizes, shapes, inputs);
  if (!numbers)
    return std::nullopt;
  size_t count = numbers->values.size() / width;
  if (count * width != numbers->values.size() || count % sizes.tokens != 0)
    return std::nullopt;
  std::vector<Row> rows;
  for (size_t r = 0; r < count; ++r)
    rows.emplace_back(numbers->values.begin() + r * width,
                      numbers->values.begin() + (r + 1) * width);
  return rows;
}

/// Numbers of rows to try: what the graph's own tables hold, largest first,
/// then the context.
SmallVector<int64_t> PositionTables::rowCounts(Value value) {
  llvm::SetVector<Value> cone;
  cone.insert(value);
  SmallVector<int64_t> counts;
  for (size_t i = 0; i < cone.size() && i < 400; ++i) {
    TypedAttr constant = constantOf(cone[i]);
    if (constant) {
      auto type = cast<RankedTensorType>(constant.getType());
      for (int64_t size : type.getShape())
        if (size > 1 && isa<FloatType>(type.getElementType()))
          counts.push_back(size);
      continue;
    }
    if (Operation *op = cone[i].getDefiningOp()) {
      cone.insert(op->operand_begin(), op->operand_end());
      // Bodies of loops take values of the graph around them.
      getUsedValuesDefinedAbove(op->getRegions(), cone);
    }
  }
  counts.push_back(context);
  llvm::sort(counts, std::greater<>());
  counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
  // A graph that computes its angles runs at any size; its constants are
  // frequencies, not tables.
  auto at = llvm::find(counts, context);
  counts.erase(at);
  counts.insert(counts.begin(), context);
  return counts;
}

bool PositionTables::fill(Value value, const Leaves &leaves, int64_t rows,
                          PositionTable &table) {
  auto tokens = fixedSize(function, "T"), past = fixedSize(function, "P");
  Sizes sizes{fixedSize(function, "B").value_or(1), tokens.value_or(rows), 0};
  table.rows.assign(rows, {});
  int64_t first = 0, last = rows - sizes.tokens;
  if (past && table.source.kind != PositionSource::Input) {
    first = last = *past;
  }
  if (past)
    sizes.past = *past;
  if (first > last)
    return false;
  for (int64_t start = first; start <= last; start += sizes.tokens) {
    if (!past)
      sizes.past = start;
    Row given;
    if (table.source.kind == PositionSource::Input)
      for (int64_t b = 0; b < sizes.batch; ++b)
        for (int64_t t = 0; t < sizes.tokens; ++t)
          given.push_back(double(start + t));
    if (table.source.kind == PositionSource::Mask)
      given.assign(sizes.batch * (sizes.past + sizes.tokens), 1.0);
    auto part = rowsAt(value, leaves, sizes, table.source, given);
    if (!part || int64_t(part->size()) < sizes.tokens)
      return false;
    for (int64_t t = 0; t < sizes.tokens && start + t < rows; ++t)
      table.rows[start + t] = (*part)[t];
  }
  for (Row &row : table.rows)
    if (row.empty())
      row.assign(width, 0); // positions that a graph of fixed sizes never has
  return true;
}

/// Tries the table at other sizes, positions and masks.
bool PositionTables::check(Value value, const Leaves &leaves,
                           PositionTable &table) {
  std::mt19937 random(7);
  int64_t count = int64_t(table.rows.size());
  bool knowsFill = false, isTried = false;
  for (const Sizes &sizes : probeSizes(function)) {
    if (sizes.past + sizes.tokens > count)
      continue;
    isTried = true;
    int64_t all = sizes.past + sizes.tokens;
    int64_t sequences = 1;
    Row given;
    if (table.source.kind == PositionSource::Input) {
      sequences = shapes.dims(table.source.argument)->front().evaluate(sizes);
      if (shapes.dims(table.source.argument)->size() == 1)
        sequences = 1;
      for (int64_t i = 0; i < sequences * sizes.tokens; ++i)
        given.push_back(double(random() % uint64_t(all)));
    } else if (table.source.kind == PositionSource::Mask) {
      sequences = sizes.batch;
      for (int64_t i = 0; i < sequences * all; ++i)
        given.push_back(double(random() & 1));
    }
    auto rows = rowsAt(value, leaves, sizes, table.source, given);
    if (!rows)
      return false;
    for (size_t r = 0; r < rows->size(); ++r) {
      int64_t b = int64_t(r) / sizes.tokens, t = int64_t(r) % sizes.tokens;
      int64_t position = sizes.past + t;
      bool hidden = false;
      if (table.source.kind == PositionSource::Input) {
        if (r >= given.size())
          return false;
        position = int64_t(given[r]);
      } else if (table.source.kind == PositionSource::Mask) {
        if (b >= sequences)
          return false;
        auto from = given.begin() + b * all;
        position = int64_t(std::count(from, from + sizes.past + t, 1.0));
        hidden = from[sizes.past + t] == 0;
      }
      if (hidden && !knowsFill) {
        auto found = llvm::find_if(table.rows, [&](const Row &row) {
          return closeTo(row, (*rows)[r]);
        });
        if (found == table.rows.end())
          return false;
        table.source.fill = found - table.rows.begin();
        knowsFill = true;
      }
      if (hidden)
        position = table.source.fill;
      if (!closeTo(table.rows[position], (*rows)[r]))
        return false;
    }
  }
  return isTried;
}

/// A table that depends on nothing: a row for each patch of an image.
std::optional<PositionTable> PositionTables::fixedRows(Value value,
                                                       const Leaves &leaves) {
  PositionTable table;
  table.source.kind = PositionSource::Fixed;
  if (!leaves.arguments.empty() || !rankedType(value) ||
      !rankedType(value).hasStaticShape())
    return std::nullopt;
  auto rows = rowsAt(value, leaves, Sizes(), table.source, Row());
  if (!rows || rows->size() < 2)
    return std::nullopt;
  table.rows = std::move(*rows);
  return table;
}

std::optional<PositionTable> PositionTables::make(Value value) {
  const Dims *dims = shapes.dims(value);
  if (!dims || width == 0)
    return std::nullopt;
  Leaves leaves = leavesOf(value, Value(), shapes);
  PositionTable table;
  if (leaves.arguments.size() > 1)
    return std::nullopt;
  if (!leaves.arguments.empty()) {
    BlockArgument argument = leaves.arguments.front();
    const Dims *given = shapes.dims(argument);
    if (!given || given->empty() || given->size() > 2)
      return std::nullopt;
    table.source.argument = argument;
    bool isMask = given->back() != SymbolicExpr(Symbol::T);
    if (auto tokens = fixedSize(function, "T"))
      isMask = given->back() != SymbolicExpr(*tokens);
    table.source.kind = isMask ? PositionSource::Mask : PositionSource::Input;
  }
  auto tokens = fixedSize(function, "T"), past = fixedSize(function, "P");
  SmallVector<int64_t> counts = rowCounts(value);
  if (tokens && past && table.source.kind != PositionSource::Input)
    counts = {*tokens + *past};
  for (int64_t rows : counts)
    if (fill(value, leaves, rows, table) && check(value, leaves, table))
      return table;
  // Without a past, a mask of as many keys as tokens looks like ids.
  if (table.source.kind == PositionSource::Input) {
    table.source.kind = PositionSource::Mask;
    for (int64_t rows : counts)
      if (fill(value, leaves, rows, table) && check(value, leaves, table))
        return table;
  }
  return fixedRows(value, leaves);
}

const PositionTable *PositionTables::of(Value value, int64_t columns) {
  width = size_t(columns);
  auto found = made.find({value, columns});
  if (found == made.end())
    found = made.try_emplace({value, columns}, make(value)).first;
  return found->second ? &*found->second : nullptr;
}

} // namespace dalbit::raise
