// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -raise-steps="steps=4" | FileCheck %s

// One step for all sequences, repeated and turned into sines; the layer behind
// them depends on nothing else.
// CHECK-LABEL: @shared
// CHECK: %[[T:.*]] = nn.constant dense<{{.*}}> : tensor<4x2xf32>
// CHECK: %[[E:.*]] = nn.embedding %[[T]], %arg1 : (tensor<4x2xf32>, tensor<1xi64>) -> tensor<1x2xf32>
// CHECK-NEXT: %[[C:.*]] = nn.concat %arg0, %[[E]] : (tensor<?x3x2xf32>, tensor<1x2xf32>) -> tensor<?x4x2xf32>
// CHECK-NEXT: return %[[C]]
func.func @shared(%x: tensor<?x3x2xf32> {dalbit.dims = ["B", "3", "2"]}, %step: tensor<1xi64> {dalbit.dims = ["1"]}) -> tensor<?x4x2xf32> {
  %zero = onnx.constant dense<0> : tensor<i64>
  %first = onnx.constant dense<[0]> : tensor<1xi64>
  %shape = onnx.node "Shape"(%x) opset 13 : (tensor<?x3x2xf32>) -> tensor<3xi64>
  %b = onnx.node "Gather"(%shape, %first) opset 13 attributes {axis = 0 : i64} : (tensor<3xi64>, tensor<1xi64>) -> tensor<1xi64>
  %all = onnx.node "Expand"(%step, %b) opset 13 : (tensor<1xi64>, tensor<1xi64>) -> tensor<?xi64>
  %column = onnx.node "Unsqueeze"(%all) opset 11 attributes {axes = array<i64: 1>} : (tensor<?xi64>) -> tensor<?x1xi64>
  %float = onnx.node "Cast"(%column) opset 13 attributes {to = 1 : i64} : (tensor<?x1xi64>) -> tensor<?x1xf32>
  %f = nn.constant dense<[[1.0, 0.1]]> : tensor<1x2xf32>
  %angle = nn.mul %float, %f : (tensor<?x1xf32>, tensor<1x2xf32>) -> tensor<?x2xf32>
  %sin = onnx.node "Sin"(%angle) opset 13 : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %w = nn.constant dense<0.5> : tensor<2x2xf32>
  %l = nn.linear %sin, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %y = nn.concat %x, %l : (tensor<?x3x2xf32>, tensor<?x2xf32>) -> tensor<?x4x2xf32>
  return %y : tensor<?x4x2xf32>
}

// -----

// One for each sequence: row s of the table is [s, 2 s].
// CHECK-LABEL: @each
// CHECK: nn.constant dense<{{\[\[}}0.000000e+00, 0.000000e+00], [1.000000e+00, 2.000000e+00], [2.000000e+00, 4.000000e+00], [3.000000e+00, 6.000000e+00]]>
// CHECK: nn.embedding %{{.*}}, %arg0 : (tensor<4x2xf32>, tensor<?xi32>) -> tensor<?x2xf32>
func.func @each(%step: tensor<?xi32> {dalbit.dims = ["B"]}) -> tensor<?x2xf32> {
  %column = onnx.node "Unsqueeze"(%step) opset 11 attributes {axes = array<i64: 1>} : (tensor<?xi32>) -> tensor<?x1xi32>
  %float = onnx.node "Cast"(%column) opset 13 attributes {to = 1 : i64} : (tensor<?x1xi32>) -> tensor<?x1xf32>
  %f = nn.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %y = nn.mul %float, %f : (tensor<?x1xf32>, tensor<1x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// A row that mixes sequences is none of a table.
// CHECK-LABEL: @mixed
// CHECK-NOT: nn.embedding
func.func @mixed(%step: tensor<?xi64> {dalbit.dims = ["B"]}) -> tensor<?x2xf32> {
  %axes = onnx.constant dense<[0]> : tensor<1xi64>
  %sum = onnx.node "ReduceSum"(%step, %axes) opset 13 attributes {keepdims = 1 : i64} : (tensor<?xi64>, tensor<1xi64>) -> tensor<1xi64>
  %with = onnx.node "Add"(%step, %sum) opset 13 : (tensor<?xi64>, tensor<1xi64>) -> tensor<?xi64>
  %column = onnx.node "Unsqueeze"(%with) opset 11 attributes {axes = array<i64: 1>} : (tensor<?xi64>) -> tensor<?x1xi64>
  %float = onnx.node "Cast"(%column) opset 13 attributes {to = 1 : i64} : (tensor<?x1xi64>) -> tensor<?x1xf32>
  %f = nn.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %y = nn.mul %float, %f : (tensor<?x1xf32>, tensor<1x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
