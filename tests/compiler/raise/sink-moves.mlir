// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -sink-moves | FileCheck %s

// A sequence-first layer in a batch-first model: the transposes meet.
// CHECK-LABEL: @sequence_first
// CHECK: %[[L:.*]] = nn.linear %arg0
// CHECK-NEXT: %[[G:.*]] = nn.relu %[[L]]
// CHECK-NEXT: return %[[G]]
func.func @sequence_first(%x: tensor<?x?x8xf32> {dalbit.dims = ["B", "T", "8"]}) -> tensor<?x?x4xf32> {
  %w = nn.constant dense<1.0> : tensor<8x4xf32>
  %t = onnx.node "Transpose"(%x) opset 13 attributes {perm = array<i64: 1, 0, 2>} : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %l = nn.linear %t, %w : (tensor<?x?x8xf32>, tensor<8x4xf32>) -> tensor<?x?x4xf32>
  %g = nn.relu %l : tensor<?x?x4xf32>
  %y = onnx.node "Transpose"(%g) opset 13 attributes {perm = array<i64: 1, 0, 2>} : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// Both summands are moved alike.
// CHECK-LABEL: @sum
// CHECK: %[[S:.*]] = nn.add %arg0, %arg1
// CHECK-NEXT: %[[T:.*]] = onnx.node "Transpose"(%[[S]])
// CHECK-NEXT: return %[[T]]
func.func @sum(%a: tensor<?x6x8xf32> {dalbit.dims = ["B", "6", "8"]}, %b: tensor<?x6x8xf32> {dalbit.dims = ["B", "6", "8"]}) -> tensor<?x8x6xf32> {
  %s = onnx.node "Transpose"(%a) opset 13 attributes {perm = array<i64: 0, 2, 1>} : (tensor<?x6x8xf32>) -> tensor<?x8x6xf32>
  %t = onnx.node "Transpose"(%b) opset 13 attributes {perm = array<i64: 0, 2, 1>} : (tensor<?x6x8xf32>) -> tensor<?x8x6xf32>
  %y = nn.add %s, %t : (tensor<?x8x6xf32>, tensor<?x8x6xf32>) -> tensor<?x8x6xf32>
  return %y : tensor<?x8x6xf32>
}

// -----

// Columns that become rows stay in front of a linear layer.
// CHECK-LABEL: @columns
// CHECK: onnx.node "Transpose"
// CHECK: nn.linear
func.func @columns(%x: tensor<?x6x8xf32> {dalbit.dims = ["B", "6", "8"]}) -> tensor<?x8x4xf32> {
  %w = nn.constant dense<1.0> : tensor<6x4xf32>
  %t = onnx.node "Transpose"(%x) opset 13 attributes {perm = array<i64: 0, 2, 1>} : (tensor<?x6x8xf32>) -> tensor<?x8x6xf32>
  %y = nn.linear %t, %w : (tensor<?x8x6xf32>, tensor<6x4xf32>) -> tensor<?x8x4xf32>
  return %y : tensor<?x8x4xf32>
}
