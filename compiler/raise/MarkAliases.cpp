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
  for (auto attention : function.getOps<nn::AttentionOp>()) {
    pair(attention.getPastKey(), attention.getPresentKey());
    pair(attention.getPastValue(), attention.getPresentValue());
  }
  function->setAttr("dalbit.aliases", builder.getArrayAttr(pairs));
}

} // namespace dalbit::raise
