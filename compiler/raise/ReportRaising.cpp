// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/Passes.h"

#include "compiler/raise/Graph.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_REPORTRAISING
#include "compiler/raise/Passes.h.inc"

namespace {

class ReportRaisingPass : public impl::ReportRaisingBase<ReportRaisingPass> {
public:
  void runOnOperation() override;
};

} // namespace

static void join(std::string &list, const std::string &item) {
  list += (list.empty() ? "" : ", ") + item;
}

void ReportRaisingPass::runOnOperation() {
  func::FuncOp function = getOperation();
  llvm::MapVector<StringRef, int> raised, stayed;
  llvm::MapVector<StringRef, StringRef> example;
  for (Operation &op : function.getBody().front()) {
    if (auto node = dyn_cast<onnx::NodeOp>(op)) {
      ++stayed[node.getOpType()];
      example.insert({node.getOpType(), node.getNodeName()});
    } else if (isa<nn::NNDialect>(op.getDialect()) &&
               !isa<nn::ConstantOp>(op)) {
      ++raised[op.getName().stripDialect()];
    }
  }
  std::string done, left;
  for (auto [name, count] : raised)
    join(done, std::to_string(count) + " " + name.str());
  for (auto [name, count] : stayed)
    join(left, std::to_string(count) + " " + name.str() + " (such as '" +
                   example[name].str() + "')");
  InFlightDiagnostic remark = emitRemark(function.getLoc());
  remark << "raised " << (done.empty() ? "nothing" : done);
  remark << (left.empty() ? "; nothing stays as in the file"
                          : "; stays as in the file: " + left);
}

} // namespace dalbit::raise
