// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -raise-top-k | FileCheck %s

// What ArgMax chooses from becomes a result; the Cast goes with it.
// CHECK-LABEL: @argmax
// CHECK-SAME: -> (tensor<?x?xi32> {dalbit.dims = ["B", "T"], dalbit.name = "ids"},
// CHECK-SAME: tensor<?x?x8xf32> {dalbit.dims = ["B", "T", "8"], dalbit.made, dalbit.name = "ids.scores"})
// CHECK-NEXT: %[[X:.*]] = nn.relu %arg0
// CHECK-NEXT: %values, %[[I:.*]] = nn.top_k %[[X]] {k = 1 : i64} : (tensor<?x?x8xf32>) -> (tensor<?x?xf32>, tensor<?x?xi32>)
// CHECK-NEXT: return %[[I]], %[[X]]
func.func @argmax(%x: tensor<?x?x8xf32> {dalbit.dims = ["B", "T", "8"]}) -> (tensor<?x?xi32> {dalbit.name = "ids", dalbit.dims = ["B", "T"]}) {
  %r = nn.relu %x : tensor<?x?x8xf32>
  %i = onnx.node "ArgMax"(%r) opset 13 attributes {axis = -1 : i64, keepdims = 0 : i64} : (tensor<?x?x8xf32>) -> tensor<?x?xi64>
  %y = onnx.node "Cast"(%i) opset 13 attributes {to = 6 : i64} : (tensor<?x?xi64>) -> tensor<?x?xi32>
  return %y : tensor<?x?xi32>
}

// -----

// It is one already.
// CHECK-LABEL: @topk
// CHECK: %[[X:.*]] = nn.relu
// CHECK: %[[V:.*]], %[[I:.*]] = nn.top_k %[[X]] {k = 3 : i64, smallest}
// CHECK-NEXT: return %[[X]], %[[I]], %[[V]] : tensor<?x8xf32>, tensor<?x3xi64>, tensor<?x3xf32>
func.func @topk(%x: tensor<?x8xf32> {dalbit.dims = ["B", "8"]}) -> (tensor<?x8xf32> {dalbit.name = "p"}, tensor<?x3xi64>, tensor<?x3xf32>) {
  %k = onnx.constant dense<3> : tensor<1xi64>
  %r = nn.relu %x : tensor<?x8xf32>
  %v, %i = onnx.node "TopK"(%r, %k) opset 13 attributes {largest = 0 : i64} : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x3xf32>, tensor<?x3xi64>)
  return %r, %i, %v : tensor<?x8xf32>, tensor<?x3xi64>, tensor<?x3xf32>
}

// -----

// Of another dimension than the last, or for the graph itself.
// CHECK-LABEL: @stays
// CHECK: "ArgMax"{{.*}} because "it chooses along dimension 0 of 2, and the host chooses along the last one"
// CHECK: "ArgMax"{{.*}} because "the host chooses what the graph returns as it is, in int32 or int64, and the graph computes with the result"
func.func @stays(%x: tensor<?x8xf32> {dalbit.dims = ["B", "8"]}) -> (tensor<8xi64>, tensor<?xi64>) {
  %r = nn.relu %x : tensor<?x8xf32>
  %i = onnx.node "ArgMax"(%r) opset 13 attributes {axis = 0 : i64, keepdims = 0 : i64} : (tensor<?x8xf32>) -> tensor<8xi64>
  %j = onnx.node "ArgMax"(%r) opset 13 attributes {axis = 1 : i64, keepdims = 0 : i64} : (tensor<?x8xf32>) -> tensor<?xi64>
  %k = onnx.node "Add"(%j, %j) opset 13 : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64>
  return %i, %k : tensor<8xi64>, tensor<?xi64>
}

// -----

// Unsigned columns are no result that the host knows.
// CHECK-LABEL: @unsigned
// CHECK: "ArgMax"{{.*}} because "the host chooses what
func.func @unsigned(%x: tensor<?x8xf32> {dalbit.dims = ["B", "8"]}) -> tensor<?xui32> {
  %r = nn.relu %x : tensor<?x8xf32>
  %j = onnx.node "ArgMax"(%r) opset 13 attributes {axis = 1 : i64, keepdims = 0 : i64} : (tensor<?x8xf32>) -> tensor<?xi64>
  %k = onnx.node "Cast"(%j) opset 13 attributes {to = 12 : i64} : (tensor<?xi64>) -> tensor<?xui32>
  return %k : tensor<?xui32>
}
