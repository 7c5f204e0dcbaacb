// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which result is the successor of which past: what lets the cache stay where
// it is.

#include "compiler/raise/Passes.h"

#include "compiler/raise/Graph.h"

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_MARKALIASES
#include "compiler/raise/Passes.h.inc"

namespace {

class MarkAliasesPass : public impl::MarkAliasesBase<MarkAliasesPass> {
public:
  void runOnOperation() override;
};

} // namespace

/// Which of the caches of its input \p part is, counted in order.
static int64_t indexOf(nn::CachePartOp part) {
  int64_t index = 0;
  for (auto [at, size] :
       llvm::zip(part.getAt(), part.getPast().getType().getShape()))
    index = index * size + at;
  return index;
}

void MarkAliasesPass::runOnOperation() {
  func::FuncOp function = getOperation();
  if (function.isDeclaration())
    return;
  Builder builder(&getContext());
  SmallVector<Attribute> pairs;
  auto pair = [&](Value past, Value present) {
    auto argument = dyn_cast_or_null<BlockArgument>(past);
    if (!argument)
      return;
    for (OpOperand &use : present.getUses())
      if (isa<func::ReturnOp>(use.getOwner()))
        pairs.push_back(builder.getI64ArrayAttr(
            {argument.getArgNumber(), use.getOperandNumber()}));
  };
  llvm::DenseMap<Value, Value> pasts; // of what is present
  for (auto attention : function.getOps<nn::AttentionOp>()) {
    pair(attention.getPastKey(), attention.getPresentKey());
    pair(attention.getPastValue(), attention.getPresentValue());
    pasts[attention.getPresentKey()] = attention.getPastKey();
    pasts[attention.getPresentValue()] = attention.getPastValue();
  }
  // Of several caches together, if they stand in the same order.
  for (auto stack : function.getOps<nn::StackCachesOp>()) {
    Value all;
    bool same = true;
    for (auto [i, part] : llvm::enumerate(stack.getParts())) {
      Value past = pasts.lookup(part);
      auto own =
          past ? past.getDefiningOp<nn::CachePartOp>() : nn::CachePartOp();
      same &=
          own && (!all || own.getPast() == all) && indexOf(own) == int64_t(i);
      all = own ? Value(own.getPast()) : Value();
    }
    if (same)
      pair(all, stack.getOut());
  }
  function->setAttr("dalbit.aliases", builder.getArrayAttr(pairs));
}

} // namespace dalbit::raise
