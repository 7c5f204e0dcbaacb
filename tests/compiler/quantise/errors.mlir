// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -verify-diagnostics -nn-to-qnn

func.func @infinite_weight(%x: tensor<?x?x2xf32>) -> tensor<?x?x2xf32> {
  %w = nn.constant dense<[[1.0, 2.0], [0x7F800000, 3.0]]> : tensor<2x2xf32>
  %g = nn.constant dense<1.0> : tensor<2xf32>
  %n = nn.layer_norm %x, %g {epsilon = 0.0 : f32} : (tensor<?x?x2xf32>, tensor<2xf32>) -> tensor<?x?x2xf32>
  // expected-error @+1 {{weight element 2 is infinite; the NPU needs finite weights}}
  %y = nn.linear %n, %w : (tensor<?x?x2xf32>, tensor<2x2xf32>) -> tensor<?x?x2xf32>
  return %y : tensor<?x?x2xf32>
}

// -----

func.func @nan_gamma(%x: tensor<?x?x2xf32>) -> tensor<?x?x2xf32> {
  %w = nn.constant dense<1.0> : tensor<2x2xf32>
  %g = nn.constant dense<[1.0, 0x7FC00000]> : tensor<2xf32>
  // expected-error @+1 {{gamma element 1 is nan; the NPU needs finite weights}}
  %n = nn.layer_norm %x, %g {epsilon = 0.0 : f32} : (tensor<?x?x2xf32>, tensor<2xf32>) -> tensor<?x?x2xf32>
  %y = nn.linear %n, %w : (tensor<?x?x2xf32>, tensor<2x2xf32>) -> tensor<?x?x2xf32>
  return %y : tensor<?x?x2xf32>
}

// -----

func.func @repeated_row(%x: tensor<?x?x8xf32>) -> tensor<?x?x8xf32> {
  %v = nn.constant dense<1.0> : tensor<8xf32>
  // expected-error @+1 {{summands are repeated in a way that the NPU cannot follow}}
  %y = nn.add %x, %v : (tensor<?x?x8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}
