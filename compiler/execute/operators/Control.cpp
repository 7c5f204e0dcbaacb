// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators with subgraphs. The importer takes the element types of their
// results from the subgraphs.

#include "compiler/execute/operators/Operator.h"

#include "support/Error.h"

namespace dalbit::execute {

namespace {

void evalIf(Call &call) {
  const Tensor &condition = call.input(0);
  if (condition.type() != ElementType::Bool || condition.count() != 1)
    throw Error("the condition must be one bool");
  std::vector<Tensor> outputs = call.runBody(*condition.data<bool>() ? 0 : 1);
  for (unsigned i = 0; i < outputs.size(); ++i)
    call.output(i, outputs[i]);
}

mlir::Type unknownElement(llvm::ArrayRef<mlir::Type>, mlir::DictionaryAttr,
                          unsigned) {
  return {};
}

} // namespace

Rows controlOperators() {
  return {
      {"",
       "If",
       {1, 11, 13, 16, 19, 21, 23, 24, 25},
       1,
       1,
       anyNumber,
       {{"then_branch", AttributeKind::Graph},
        {"else_branch", AttributeKind::Graph}},
       unknownElement,
       evalIf},
  };
}

} // namespace dalbit::execute
