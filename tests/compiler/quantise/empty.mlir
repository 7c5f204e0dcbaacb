// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -nn-to-qnn | FileCheck %s

// What one branch of a merged decoder does not have is a result without
// elements.
// CHECK: %[[E:.*]] = qnn.empty : tensor<0x3x1x16xf32>
// CHECK: return %{{.*}}, %[[E]]
func.func @main(%x: tensor<?x?x8xf32>) -> (tensor<?x?x8xf32>, tensor<0x3x1x16xf32>) {
  %none = nn.constant dense<> : tensor<0x3x1x16xf32>
  %y = nn.add %x, %x : (tensor<?x?x8xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  return %y, %none : tensor<?x?x8xf32>, tensor<0x3x1x16xf32>
}
