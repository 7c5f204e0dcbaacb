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

// -----

// Outside causal attention what turns or normalises heads stands behind a
// linear layer, too; who reads columns reads them behind another.
// CHECK-LABEL: @encoder
// CHECK: %[[N:.*]] = qnn.rms_norm %{{.*}}groups = 1
// CHECK: %[[C:.*]], %{{.*}} = qnn.quantize %[[N]]
// CHECK: %[[Q:.*]] = qnn.linear %[[C]]
// CHECK: %[[T:.*]] = qnn.rotary %[[Q]]
// CHECK: %[[TC:.*]], %{{.*}} = qnn.quantize %[[T]]
// CHECK: %[[S:.*]] = qnn.linear %[[TC]]
// CHECK: qnn.heads %{{.*}} {heads = 1 : i64}
// CHECK: qnn.attend %[[S]], {{.*}}window = 3 : i64
// CHECK: qnn.dequantize %[[S]]
func.func @encoder(%x: tensor<?x?x4xf32>) -> (tensor<?x?x4xf32>, tensor<?x?x4xf32>) {
  %g = nn.constant dense<1.0> : tensor<4xf32>
  %w = nn.constant dense<0.5> : tensor<4x4xf32>
  %u = nn.constant dense<0.5> : tensor<4x2xf32>
  %a = nn.constant dense<0.5> : tensor<9x1xf32>
  %p = nn.position_ids : tensor<1x?xi64>
  %l = nn.linear %x, %w : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
  %n = nn.rms_norm %l, %g {epsilon = 1.0e-5 : f32} : (tensor<?x?x4xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
  %q = nn.rotary %n, %a, %a at %p {heads = 2 : i64} : (tensor<?x?x4xf32>, tensor<9x1xf32>, tensor<9x1xf32>, tensor<1x?xi64>) -> tensor<?x?x4xf32>
  %k = nn.linear %x, %u : (tensor<?x?x4xf32>, tensor<4x2xf32>) -> tensor<?x?x2xf32>
  %v = nn.linear %x, %u : (tensor<?x?x4xf32>, tensor<4x2xf32>) -> tensor<?x?x2xf32>
  %o:3 = nn.attention %q, %k, %v {causal = false, heads = 2 : i64, kv_heads = 1 : i64, scale = 0.5 : f32, window = 3 : i64} : (tensor<?x?x4xf32>, tensor<?x?x2xf32>, tensor<?x?x2xf32>) -> (tensor<?x?x4xf32>, tensor<?x1x?x2xf32>, tensor<?x1x?x2xf32>)
  return %o#0, %q : tensor<?x?x4xf32>, tensor<?x?x4xf32>
}
