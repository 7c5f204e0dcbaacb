// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -nn-to-qnn | FileCheck %s
// What causal attention computes of a few heads at a time: a linear layer, a
// norm of each head, angles. Another linear layer brings what is made before.

// A norm over all heads together (OLMo 2) is none of each head.
// CHECK-LABEL: @norm_of_all_heads
// CHECK: %[[N:.*]] = qnn.rms_norm %{{.*}}groups = 1
// CHECK: %[[C:.*]], %{{.*}} = qnn.quantize %[[N]]
// CHECK: %[[Q:.*]] = qnn.linear %[[C]]
// CHECK: qnn.attention %[[Q]]
func.func @norm_of_all_heads(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %g = nn.constant dense<1.0> : tensor<4xf32>
  %w = nn.constant dense<0.5> : tensor<4x4xf32>
  %l = nn.linear %x, %w : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
  %q = nn.rms_norm %l, %g {epsilon = 1.0e-5 : f32} : (tensor<?x?x4xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
  %k = nn.linear %x, %w : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
  %v = nn.linear %x, %w : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
  %o:3 = nn.attention %q, %k, %v {causal = true, heads = 2 : i64, kv_heads = 2 : i64, scale = 0.5 : f32} : (tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> (tensor<?x?x4xf32>, tensor<?x2x?x2xf32>, tensor<?x2x?x2xf32>)
  return %o#0 : tensor<?x?x4xf32>
}

// -----

// The norm of each head stays where it is.
// CHECK-LABEL: @norm_of_each_head
// CHECK: %[[N:.*]] = qnn.rms_norm %{{.*}}groups = 2
// CHECK: qnn.attention %[[N]]
func.func @norm_of_each_head(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %g = nn.constant dense<1.0> : tensor<2xf32>
  %w = nn.constant dense<0.5> : tensor<4x4xf32>
  %l = nn.linear %x, %w : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
  %q = nn.rms_norm %l, %g {epsilon = 1.0e-5 : f32, groups = 2 : i64} : (tensor<?x?x4xf32>, tensor<2xf32>) -> tensor<?x?x4xf32>
  %k = nn.linear %x, %w : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
  %v = nn.linear %x, %w : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
  %o:3 = nn.attention %q, %k, %v {causal = true, heads = 2 : i64, kv_heads = 2 : i64, scale = 0.5 : f32} : (tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> (tensor<?x?x4xf32>, tensor<?x2x?x2xf32>, tensor<?x2x?x2xf32>)
  return %o#0 : tensor<?x?x4xf32>
}
