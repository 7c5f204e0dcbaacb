// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s "-onnx-bind-shapes=actual=features=7" -onnx-fold-shapes 2>&1 | FileCheck %s

// The sizes of a run's inputs decide where neither role nor name says anything
// (M2).
// CHECK-LABEL: @names
// CHECK-SAME: dalbit.dims = ["7"]
func.func @names(%x: tensor<?xf32> {dalbit.name = "features", dalbit.dims = ["n"]}) -> tensor<?xf32> {
  %0 = onnx.node "Neg"(%x) opset 13 : (tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
