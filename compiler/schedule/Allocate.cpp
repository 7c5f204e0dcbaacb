// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gives every buffer its address. Buffers that stream while others are in use
// (weights, caches) begin at banks of their own from the top of the scratchpad;
// the others share the rest by their life times.

#include "compiler/schedule/Schedule.h"

#include "compiler/dialect/npu/NPUOps.h"

#include <algorithm>
#include <climits>

using namespace mlir;

namespace dalbit::schedule {

namespace {

struct Placed {
  int64_t first, end;
  int start, stop;
};

struct Item {
  npu::BufferOp op;
  int64_t size;
  int start = INT_MAX, stop = -1;
};

class Allocator {
public:
  explicit Allocator(int64_t capacity) : capacity(capacity) {}

  bool free(int64_t first, int64_t size, const Item &item) const {
    return first >= 0 && first + size <= capacity &&
           llvm::none_of(placed, [&](const Placed &p) {
             return p.start <= item.stop && item.start <= p.stop &&
                    first < p.end && p.first < first + size;
           });
  }
  void put(int64_t first, Item &item) {
    placed.push_back({first, first + item.size, item.start, item.stop});
    Builder builder(item.op.getContext());
    item.op.setAddressAttr(builder.getI64IntegerAttr(first));
  }
  /// The lowest address that is free.
  bool putLowest(Item &item) {
    int64_t alignment = std::max<int64_t>(int64_t(item.op.getAlignment()), 1);
    std::vector<int64_t> candidates = {0};
    for (const Placed &p : placed)
      candidates.push_back(roundUp(p.end, alignment));
    llvm::sort(candidates);
    for (int64_t first : candidates)
      if (free(first, item.size, item)) {
        put(first, item);
        return true;
      }
    return false;
  }
  /// The highest bank border from which the item is free.
  bool putAtBank(Item &item, int64_t bank) {
    for (int64_t first = capacity - bank; first >= 0; first -= bank) {
      bool untouched = llvm::none_of(placed, [&](const Placed &p) {
        return first < roundUp(p.end, bank) && p.first < first + item.size;
      });
      if (untouched && free(first, item.size, item)) {
        put(first, item);
        return true;
      }
    }
    return false;
  }

private:
  int64_t capacity;
  std::vector<Placed> placed;
};

} // namespace

/// More than any buffer needs.
constexpr int64_t Unlimited = int64_t(1) << 30;

/// With \p spread, streams begin at banks of their own.
static LogicalResult placeBuffers(func::FuncOp function, const Machine &machine,
                                  bool spread) {
  // Life times in program order; what crosses into a loop lives as long as the
  // loop.
  llvm::DenseMap<Operation *, int> number, last; ///< own, largest inside
  int count = 0;
  function.walk<WalkOrder::PreOrder>(
      [&](Operation *op) { number[op] = count++; });
  function.walk<WalkOrder::PostOrder>([&](Operation *op) {
    int end = std::max(last[op], number[op]);
    last[op] = end;
    int &outer = last[op->getParentOp()];
    outer = std::max(outer, end);
  });
  std::vector<Item> items;
  function.walk([&](npu::BufferOp op) {
    if (op.getAddress())
      return;
    Item item{op, op.getExtent()};
    for (Operation *user : op->getUsers()) {
      Operation *outer = user;
      while (outer->getBlock() != op->getBlock())
        outer = outer->getParentOp();
      item.start = std::min(item.start, number[outer]);
      item.stop =
          std::max(item.stop, outer == user ? number[user] : last[outer]);
    }
    if (item.stop >= 0)
      items.push_back(item);
    else
      op.setAddress(0);
  });

  Allocator spm(machine.spmBytes), scalars(machine.rowScalars);
  // Large ones first: they need whole banks in a row.
  std::stable_sort(
      items.begin(), items.end(), [](const Item &a, const Item &b) {
        npu::BufferOp x = a.op, y = b.op;
        return (x.getStream() ? a.size : 0) > (y.getStream() ? b.size : 0);
      });
  for (Item &item : items)
    if (item.op.getStream()) {
      item.start = 0;
      item.stop = INT_MAX;
      if (!(spread && spm.putAtBank(item, machine.bankBytes())) &&
          !spm.putLowest(item))
        return failure();
    }
  for (Item &item : items) {
    if (item.op.getStream())
      continue;
    bool ok = item.op.getSpace() == npu::Space::spm ? spm.putLowest(item)
                                                    : scalars.putLowest(item);
    if (!ok)
      return failure();
  }
  return success();
}

LogicalResult allocate(func::FuncOp function, const Machine &machine,
                       bool quiet) {
  SmallVector<npu::BufferOp> open;
  function.walk([&](npu::BufferOp op) {
    if (!op.getAddress())
      open.push_back(op);
  });
  auto tries = [&](const Machine &size, bool spread) {
    for (npu::BufferOp op : open)
      op.removeAddressAttr();
    return succeeded(placeBuffers(function, size, spread));
  };
  // Close together costs stalls where streams meet in a bank, but may fit.
  if (tries(machine, /*spread=*/true) || tries(machine, /*spread=*/false))
    return success();
  if (quiet)
    return failure();
  // What would hold them says what is small.
  Machine enough = machine;
  enough.spmBytes = Unlimited;
  for (enough.rowScalars = machine.rowScalars;
       !tries(enough, /*spread=*/false) && enough.rowScalars < Unlimited;)
    enough.rowScalars *= 2;
  for (enough.spmBytes = machine.spmBytes;
       !tries(enough, /*spread=*/false) && enough.spmBytes < Unlimited;)
    enough.spmBytes *= 2;
  Shortage shortage(machine);
  shortage.scratchpad(enough.spmBytes);
  shortage.rowScalars(enough.rowScalars);
  return function.emitError()
         << "the buffers of a block of rows do not fit the target: "
         << shortage.message();
}

} // namespace dalbit::schedule
