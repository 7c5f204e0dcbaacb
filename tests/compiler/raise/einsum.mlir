// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -expand-einsum | FileCheck %s

// Queries and keys.
// CHECK-LABEL: @scores
// CHECK: %[[K:.*]] = onnx.node "Transpose"(%arg1) {{.*}}perm = array<i64: 0, 1, 3, 2>
// CHECK: %[[S:.*]] = onnx.node "MatMul"(%arg0, %[[K]])
// CHECK: return %[[S]]
func.func @scores(%q: tensor<?x2x?x4xf32> {dalbit.dims = ["B", "2", "T", "4"]}, %k: tensor<?x2x?x4xf32> {dalbit.dims = ["B", "2", "P+T", "4"]}) -> tensor<?x2x?x?xf32> {
  %s = onnx.node "Einsum"(%q, %k) opset 13 attributes {equation = "b h i d, b h j d -> b h i j"} : (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x?xf32>
  return %s : tensor<?x2x?x?xf32>
}

// -----

// Heads in between, and a result in another order.
// CHECK-LABEL: @heads_inside
// CHECK: %[[A:.*]] = onnx.node "Transpose"(%arg0) {{.*}}perm = array<i64: 0, 2, 1, 3>
// CHECK: %[[B:.*]] = onnx.node "Transpose"(%arg1) {{.*}}perm = array<i64: 0, 2, 3, 1>
// CHECK: %[[S:.*]] = onnx.node "MatMul"(%[[A]], %[[B]])
// CHECK: onnx.node "Transpose"(%[[S]]) {{.*}}perm = array<i64: 0, 2, 1, 3>
func.func @heads_inside(%q: tensor<1x5x2x4xf32> {dalbit.dims = ["1", "5", "2", "4"]}, %k: tensor<1x7x2x4xf32> {dalbit.dims = ["1", "7", "2", "4"]}) -> tensor<1x5x2x7xf32> {
  %s = onnx.node "Einsum"(%q, %k) opset 13 attributes {equation = "bqhd,bkhd->bqhk"} : (tensor<1x5x2x4xf32>, tensor<1x7x2x4xf32>) -> tensor<1x5x2x7xf32>
  return %s : tensor<1x5x2x7xf32>
}

// -----

// Outer products and sums of one operand stay.
// CHECK-LABEL: @others
// CHECK-COUNT-3: onnx.node "Einsum"
func.func @others(%a: tensor<3xf32>, %b: tensor<4xf32>, %c: tensor<2x3x4xf32>) -> (tensor<3x4xf32>, tensor<2x3xf32>, tensor<2x3xf32>) {
  %x = onnx.node "Einsum"(%a, %b) opset 13 attributes {equation = "i,j->ij"} : (tensor<3xf32>, tensor<4xf32>) -> tensor<3x4xf32>
  %y = onnx.node "Einsum"(%c) opset 13 attributes {equation = "bij->bi"} : (tensor<2x3x4xf32>) -> tensor<2x3xf32>
  %z = onnx.node "Einsum"(%c, %c) opset 13 attributes {equation = "bij,bij->bi"} : (tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3xf32>
  return %x, %y, %z : tensor<3x4xf32>, tensor<2x3xf32>, tensor<2x3xf32>
}

// -----

// An ellipsis is the dimensions that the letters leave.
// CHECK-LABEL: @ellipsis
// CHECK: %[[A:.*]] = onnx.node "Transpose"(%arg0) {{.*}}perm = array<i64: 0, 2, 1, 3>
// CHECK: %[[B:.*]] = onnx.node "Transpose"(%arg1) {{.*}}perm = array<i64: 0, 2, 3, 1>
// CHECK: %[[S:.*]] = onnx.node "MatMul"(%[[A]], %[[B]])
// CHECK: return %[[S]]
func.func @ellipsis(%q: tensor<1x5x2x4xf32> {dalbit.dims = ["1", "5", "2", "4"]}, %k: tensor<1x7x2x4xf32> {dalbit.dims = ["1", "7", "2", "4"]}) -> tensor<1x2x5x7xf32> {
  %s = onnx.node "Einsum"(%q, %k) opset 13 attributes {equation = "...qhd,...khd->...hqk"} : (tensor<1x5x2x4xf32>, tensor<1x7x2x4xf32>) -> tensor<1x2x5x7xf32>
  return %s : tensor<1x2x5x7xf32>
}

// -----

// A projection by a weight with heads, and its bias: rows times a matrix.
// CHECK-LABEL: @projection
// CHECK: %[[W:.*]] = onnx.constant {{.*}}tensor<4x6xf32>
// CHECK: %[[P:.*]] = onnx.node "MatMul"(%arg0, %[[W]]) {{.*}} -> tensor<?x?x6xf32>
// CHECK: %[[S:.*]] = onnx.node "Add"(%[[P]], %{{.*}}) {{.*}}tensor<6xf32>
// CHECK: %[[R:.*]] = onnx.node "Reshape"(%[[S]]
// CHECK: return %[[R]] : tensor<?x?x2x3xf32>
func.func @projection(%x: tensor<?x?x4xf32> {dalbit.dims = ["B", "T", "4"]}) -> tensor<?x?x2x3xf32> {
  %w = onnx.constant dense<1.0> : tensor<4x2x3xf32>
  %b = onnx.constant dense<2.0> : tensor<2x3xf32>
  %s = onnx.node "Einsum"(%x, %w) opset 13 attributes {equation = "abc,cde->abde"} : (tensor<?x?x4xf32>, tensor<4x2x3xf32>) -> tensor<?x?x2x3xf32>
  %y = onnx.node "Add"(%s, %b) opset 13 : (tensor<?x?x2x3xf32>, tensor<2x3xf32>) -> tensor<?x?x2x3xf32>
  return %y : tensor<?x?x2x3xf32>
}

// -----

// Heads come together in a product with a weight whose rows are theirs.
// CHECK-LABEL: @joined
// CHECK: %[[R:.*]] = onnx.node "Reshape"(%arg0
// CHECK: %[[W:.*]] = onnx.constant {{.*}}tensor<6x4xf32>
// CHECK: onnx.node "MatMul"(%[[R]], %[[W]]) {{.*}} -> tensor<?x?x4xf32>
func.func @joined(%x: tensor<?x?x2x3xf32> {dalbit.dims = ["B", "T", "2", "3"]}) -> tensor<?x?x4xf32> {
  %w = onnx.constant dense<1.0> : tensor<2x3x4xf32>
  %s = onnx.node "Einsum"(%x, %w) opset 13 attributes {equation = "abcd,cde->abe"} : (tensor<?x?x2x3xf32>, tensor<2x3x4xf32>) -> tensor<?x?x4xf32>
  return %s : tensor<?x?x4xf32>
}
