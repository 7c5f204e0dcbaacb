// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef DALBIT_QUANTISE_PASSES
#define DALBIT_QUANTISE_PASSES

include "mlir/Pass/PassBase.td"

def ConvertNNToQNN : Pass<"nn-to-qnn", "mlir::ModuleOp"> {
  let summary = "gives every tensor its integer form";
  let description = [{
    Needs: a function of nn operations on constants and graph inputs (`raiseToNN`). Leaves: qnn
    operations; float appears only at the border (A9). Fails at the first operation that the NPU
    cannot run, naming it.
  }];
  let options = [Option<"weights", "weights", "std::string", "\"w8\"", "weight form: w8 or w4">,
                 ListOption<"int16", "int16", "std::string", "nodes whose linear layers take rows of 16 bits">];
  let dependentDialects = ["qnn::QNNDialect"];
}

#endif
