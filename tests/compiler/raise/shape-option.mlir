// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s "-onnx-bind-shapes=set=flag=true" -onnx-fold-shapes 2>&1 | FileCheck %s

// A given value is no input any more.
// An input that no role explains: its dimensions' names do, as far as they go.
// CHECK-LABEL: @names
// CHECK-SAME: dalbit.dims = ["B", "T", "8", "1"]
// CHECK-NOT: dalbit.name = "flag"
// CHECK: return %{{.*}}, %{{.*}} : tensor<?x?x8x1xf32>, tensor<i1>
func.func @names(%x: tensor<?x?x8x1xf32> {dalbit.name = "frames", dalbit.dims = ["batch_size", "seq_len", "8", "1"]},
                 %flag: tensor<i1> {dalbit.name = "flag"}) -> (tensor<?x?x8x1xf32>, tensor<i1>) {
  return %x, %flag : tensor<?x?x8x1xf32>, tensor<i1>
}
