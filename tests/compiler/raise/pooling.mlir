// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -raise-pooling | FileCheck %s

// A mean is attention that weighs all keys alike.
// CHECK-LABEL: @mean
// CHECK: %[[K:.*]] = nn.linear %arg0
// CHECK: %[[S:.*]] = nn.slice %arg0 {first = 0 : i64} : (tensor<?x?x96xf32>) -> tensor<?x1x96xf32>
// CHECK: %[[Q:.*]] = nn.linear %[[S]]
// CHECK: %[[A:.*]], %{{.*}}, %{{.*}} = nn.attention %[[Q]], %[[K]], %[[K]] {causal = false, heads = 2 : i64, kv_heads = 2 : i64, scale = 0.000000e+00 : f32}
// CHECK: %[[Y:.*]] = nn.slice %[[A]] {first = 0 : i64} : (tensor<?x1x96xf32>) -> tensor<?x96xf32>
// CHECK: return %[[Y]]
func.func @mean(%x: tensor<?x?x96xf32> {dalbit.dims = ["B", "T", "96"]}) -> tensor<?x96xf32> {
  %y = onnx.node "ReduceMean"(%x) opset 13 attributes {axes = array<i64: 1>, keepdims = 0 : i64} : (tensor<?x?x96xf32>) -> tensor<?x96xf32>
  return %y : tensor<?x96xf32>
}

// -----

// Sentence embeddings: the sum of what a mask shows over their number.
// CHECK-LABEL: @masked
// CHECK: %[[M:.*]] = nn.key_mask %arg1
// CHECK: nn.attention %{{.*}}, %{{.*}}, %{{.*}} mask %[[M]] {causal = false, heads = 1 : i64
func.func @masked(%x: tensor<?x?x8xf32> {dalbit.dims = ["B", "T", "8"]}, %mask: tensor<?x?xi64> {dalbit.dims = ["B", "T"]}) -> tensor<?x8xf32> {
  %least = onnx.constant dense<1.0e-9> : tensor<f32>
  %u = onnx.node "Unsqueeze"(%mask) opset 11 attributes {axes = array<i64: 2>} : (tensor<?x?xi64>) -> tensor<?x?x1xi64>
  %f = onnx.node "Cast"(%u) opset 13 attributes {to = 1 : i64} : (tensor<?x?x1xi64>) -> tensor<?x?x1xf32>
  %p = onnx.node "Mul"(%x, %f) opset 13 : (tensor<?x?x8xf32>, tensor<?x?x1xf32>) -> tensor<?x?x8xf32>
  %s = onnx.node "ReduceSum"(%p) opset 11 attributes {axes = array<i64: 1>, keepdims = 0 : i64} : (tensor<?x?x8xf32>) -> tensor<?x8xf32>
  %n = onnx.node "ReduceSum"(%f) opset 11 attributes {axes = array<i64: 1>, keepdims = 0 : i64} : (tensor<?x?x1xf32>) -> tensor<?x1xf32>
  %c = onnx.node "Clip"(%n, %least) opset 13 : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %y = onnx.node "Div"(%s, %c) opset 13 : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// A sum over all tokens by what the mask shows is no mean.
// CHECK-LABEL: @other_sum
// CHECK-NOT: nn.attention
func.func @other_sum(%x: tensor<?x?x8xf32> {dalbit.dims = ["B", "T", "8"]}, %mask: tensor<?x?xi64> {dalbit.dims = ["B", "T"]}) -> tensor<?x8xf32> {
  %two = onnx.constant dense<2.0> : tensor<f32>
  %u = onnx.node "Unsqueeze"(%mask) opset 11 attributes {axes = array<i64: 2>} : (tensor<?x?xi64>) -> tensor<?x?x1xi64>
  %f = onnx.node "Cast"(%u) opset 13 attributes {to = 1 : i64} : (tensor<?x?x1xi64>) -> tensor<?x?x1xf32>
  %p = onnx.node "Mul"(%x, %f) opset 13 : (tensor<?x?x8xf32>, tensor<?x?x1xf32>) -> tensor<?x?x8xf32>
  %s = onnx.node "ReduceSum"(%p) opset 11 attributes {axes = array<i64: 1>, keepdims = 0 : i64} : (tensor<?x?x8xf32>) -> tensor<?x8xf32>
  %n = onnx.node "ReduceSum"(%f) opset 11 attributes {axes = array<i64: 1>, keepdims = 0 : i64} : (tensor<?x?x1xf32>) -> tensor<?x1xf32>
  %d = onnx.node "Mul"(%n, %two) opset 13 : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %y = onnx.node "Div"(%s, %d) opset 13 : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// A pool of one dimension has the tokens as columns.
// CHECK-LABEL: @pool
// CHECK: %[[A:.*]], %{{.*}}, %{{.*}} = nn.attention
// CHECK: %[[Y:.*]] = nn.slice %[[A]] {first = 0 : i64} : (tensor<?x1x96xf32>) -> tensor<?x96xf32>
// CHECK-NOT: onnx.node
// CHECK: return %[[Y]]
func.func @pool(%x: tensor<?x?x96xf32> {dalbit.dims = ["B", "T", "96"]}) -> tensor<?x96xf32> {
  %t = onnx.node "Transpose"(%x) opset 13 attributes {perm = array<i64: 0, 2, 1>} : (tensor<?x?x96xf32>) -> tensor<?x96x?xf32>
  %p = onnx.node "GlobalAveragePool"(%t) opset 13 : (tensor<?x96x?xf32>) -> tensor<?x96x1xf32>
  %y = onnx.node "Squeeze"(%p) opset 13 attributes {axes = array<i64: 2>} : (tensor<?x96x1xf32>) -> tensor<?x96xf32>
  return %y : tensor<?x96xf32>
}

// -----

// The largest of columns is no mean; a mean of something else than tokens
// stays.
// CHECK-LABEL: @others
// CHECK-NOT: nn.attention
// CHECK: "GlobalMaxPool"
// CHECK: "GlobalAveragePool"(%arg0)
func.func @others(%x: tensor<?x?x96xf32> {dalbit.dims = ["B", "T", "96"]}) -> (tensor<?x96x1xf32>, tensor<?x?x1xf32>) {
  %t = onnx.node "Transpose"(%x) opset 13 attributes {perm = array<i64: 0, 2, 1>} : (tensor<?x?x96xf32>) -> tensor<?x96x?xf32>
  %p = onnx.node "GlobalMaxPool"(%t) opset 13 : (tensor<?x96x?xf32>) -> tensor<?x96x1xf32>
  %q = onnx.node "GlobalAveragePool"(%x) opset 13 : (tensor<?x?x96xf32>) -> tensor<?x?x1xf32>
  return %p, %q : tensor<?x96x1xf32>, tensor<?x?x1xf32>
}
