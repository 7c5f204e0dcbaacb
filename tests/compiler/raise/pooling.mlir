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

// A mean or maximum of something else than tokens stays.
// CHECK-LABEL: @others
// CHECK-NOT: nn.
// CHECK: "GlobalMaxPool"(%arg0)
// CHECK: "GlobalAveragePool"(%arg0)
func.func @others(%x: tensor<?x?x96xf32> {dalbit.dims = ["B", "T", "96"]}) -> (tensor<?x?x1xf32>, tensor<?x?x1xf32>) {
  %p = onnx.node "GlobalMaxPool"(%x) opset 13 : (tensor<?x?x96xf32>) -> tensor<?x?x1xf32>
  %q = onnx.node "GlobalAveragePool"(%x) opset 13 : (tensor<?x?x96xf32>) -> tensor<?x?x1xf32>
  return %p, %q : tensor<?x?x1xf32>, tensor<?x?x1xf32>
}

// -----

// The largest of the tokens that a mask shows, as sentence-transformers has it.
// CHECK-LABEL: @masked_max
// CHECK: %[[M:.*]] = nn.key_mask %arg1 : tensor<2x6xi64> -> tensor<2x6xf32>
// CHECK: nn.token_max %arg0 mask %[[M]] : (tensor<2x6x8xf32>, tensor<2x6xf32>) -> tensor<2x8xf32>
func.func @masked_max(%x: tensor<2x6x8xf32> {dalbit.dims = ["2", "6", "8"]}, %mask: tensor<2x6xi64> {dalbit.dims = ["2", "6"]}) -> tensor<2x8xf32> {
  %axes = onnx.constant dense<2> : tensor<1xi64>
  %zero = onnx.constant dense<0> : tensor<i64>
  %low = onnx.constant dense<-1.0e+09> : tensor<f32>
  %u = onnx.node "Unsqueeze"(%mask, %axes) opset 13 : (tensor<2x6xi64>, tensor<1xi64>) -> tensor<2x6x1xi64>
  %e = onnx.node "Equal"(%u, %zero) opset 13 : (tensor<2x6x1xi64>, tensor<i64>) -> tensor<2x6x1xi1>
  %w = onnx.node "Where"(%e, %low, %x) opset 13 : (tensor<2x6x1xi1>, tensor<f32>, tensor<2x6x8xf32>) -> tensor<2x6x8xf32>
  %y = onnx.node "ReduceMax"(%w) opset 13 attributes {axes = array<i64: 1>, keepdims = 0 : i64} : (tensor<2x6x8xf32>) -> tensor<2x8xf32>
  return %y : tensor<2x8xf32>
}

// -----

// Numbers times a mask are 0 where it hides: no maximum of what is shown.
// CHECK-LABEL: @product_max
// CHECK-NOT: nn.token_max %arg0
func.func @product_max(%x: tensor<2x6x8xf32> {dalbit.dims = ["2", "6", "8"]}, %mask: tensor<2x6xf32> {dalbit.dims = ["2", "6"]}) -> tensor<2x1x8xf32> {
  %axes = onnx.constant dense<2> : tensor<1xi64>
  %u = onnx.node "Unsqueeze"(%mask, %axes) opset 13 : (tensor<2x6xf32>, tensor<1xi64>) -> tensor<2x6x1xf32>
  %w = onnx.node "Mul"(%u, %x) opset 13 : (tensor<2x6x1xf32>, tensor<2x6x8xf32>) -> tensor<2x6x8xf32>
  %y = onnx.node "ReduceMax"(%w) opset 13 attributes {axes = array<i64: 1>, keepdims = 1 : i64} : (tensor<2x6x8xf32>) -> tensor<2x1x8xf32>
  return %y : tensor<2x1x8xf32>
}

// -----

// Columns that are tokens: a pool of one dimension.
// CHECK-LABEL: @column_max
// CHECK: nn.token_max %arg0 : (tensor<?x6x8xf32>) -> tensor<?x8xf32>
func.func @column_max(%x: tensor<?x6x8xf32> {dalbit.dims = ["B", "6", "8"]}) -> tensor<?x8xf32> {
  %axes = onnx.constant dense<2> : tensor<1xi64>
  %t = onnx.node "Transpose"(%x) opset 13 attributes {perm = array<i64: 0, 2, 1>} : (tensor<?x6x8xf32>) -> tensor<?x8x6xf32>
  %m = onnx.node "GlobalMaxPool"(%t) opset 13 : (tensor<?x8x6xf32>) -> tensor<?x8x1xf32>
  %y = onnx.node "Squeeze"(%m, %axes) opset 13 : (tensor<?x8x1xf32>, tensor<1xi64>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
