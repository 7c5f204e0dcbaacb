// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -nn-to-qnn -verify-diagnostics

func.func @main(%x: tensor<?x?x8xf32>) -> tensor<?x?x8xf32> {
  %v = nn.constant dense<1.0> : tensor<8xf32>
  // expected-error @+1 {{summands are repeated in a way that the NPU cannot follow}}
  %y = nn.add %x, %v : (tensor<?x?x8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}
