// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/encode/LocaliseScalars.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace dalbit::encode {

static void localise(Block &block, int64_t distance) {
  llvm::DenseMap<Operation *, int64_t> places;
  SmallVector<Operation *> computed;
  for (Operation &op : block) {
    places[&op] = int64_t(places.size());
    if (llvm::isa<arith::ArithDialect>(op.getDialect()) &&
        !llvm::isa<arith::ConstantOp>(op))
      computed.push_back(&op);
  }
  // Last ones first: a copy's operands are uses that count for them.
  for (Operation *op : llvm::reverse(computed)) {
    struct Use {
      int64_t place;
      Operation *before;
      OpOperand *operand;
    };
    SmallVector<Use> uses;
    for (OpOperand &operand : op->getUses()) {
      Operation *before = block.findAncestorOpInBlock(*operand.getOwner());
      uses.push_back({places.lookup(before), before, &operand});
    }
    llvm::stable_sort(uses, [](const Use &a, const Use &b) {
      return a.place != b.place
                 ? a.place < b.place
                 : a.before != b.before && a.before->isBeforeInBlock(b.before);
    });
    int64_t last = places.lookup(op);
    Operation *current = op;
    for (const Use &use : uses) {
      if (use.place - last > distance) {
        OpBuilder builder(use.before);
        current = builder.clone(*op);
        places[current] = use.place;
      }
      use.operand->set(current->getResult(0));
      last = use.place;
    }
    if (op->use_empty())
      op->erase();
  }
}

void localiseScalars(func::FuncOp function, int64_t distance) {
  SmallVector<Block *> blocks;
  function.walk([&](Block *block) { blocks.push_back(block); });
  for (Block *block : blocks)
    localise(*block, distance);
}

} // namespace dalbit::encode
