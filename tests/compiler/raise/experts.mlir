// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -onnx-bind-shapes -onnx-fold-shapes -split-experts -raise-activation -raise-linear -sink-moves -raise-elementwise -sink-moves -raise-routing -sink-moves -order-experts | FileCheck %s

// A stack of matrices, rows flattened, the largest two of three by TopK and
// ScatterElements, normalised: a chain an expert, in order.
// CHECK-LABEL: @stack
// CHECK: %[[L:.*]] = nn.linear %arg0, {{.*}} -> tensor<?x?x3xf32>
// CHECK-NEXT: %[[G:.*]] = nn.route %[[L]] {chosen = 2 : i64, normalised = true}
// CHECK: nn.linear %arg0, {{.*}} -> tensor<?x?x2xf32>
// CHECK: nn.silu
// CHECK: %[[Y0:.*]] = nn.linear
// CHECK-NEXT: %[[W0:.*]] = nn.weigh %[[Y0]], %[[G]] {expert = 0 : i64}
// CHECK: nn.silu
// CHECK: %[[Y1:.*]] = nn.linear
// CHECK-NEXT: %[[W1:.*]] = nn.weigh %[[Y1]], %[[G]] {expert = 1 : i64}
// CHECK-NEXT: %[[S1:.*]] = nn.add %[[W0]], %[[W1]]
// CHECK: %[[W2:.*]] = nn.weigh %{{.*}}, %[[G]] {expert = 2 : i64}
// CHECK-NEXT: %[[S2:.*]] = nn.add %[[S1]], %[[W2]]
// CHECK-NOT: onnx.node
// CHECK: return %[[S2]]
func.func @stack(%x: tensor<?x?x4xf32> {dalbit.name = "x"}) -> tensor<*xf32> {
  %rows = onnx.constant dense<[-1, 4]> : tensor<2xi64>
  %router = onnx.constant dense<[[1.0, 2.0, -1.0], [0.5, -1.0, 0.25], [0.0, 1.0, 2.0], [1.0, 0.0, -2.0]]> : tensor<4x3xf32>
  %up = onnx.constant dense<[[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]], [[2.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]], [[3.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]]> : tensor<3x4x2xf32>
  %down = onnx.constant dense<[[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]], [[2.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]], [[3.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]]> : tensor<3x2x4xf32>
  %k = onnx.constant dense<2> : tensor<1xi64>
  %last = onnx.constant dense<-1> : tensor<1xi64>
  %f = onnx.node "Reshape"(%x, %rows) opset 13 : (tensor<?x?x4xf32>, tensor<2xi64>) -> tensor<*xf32>
  %l = onnx.node "MatMul"(%f, %router) opset 13 : (tensor<*xf32>, tensor<4x3xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%l) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %t:2 = onnx.node "TopK"(%p, %k) opset 13 attributes {axis = -1 : i64, largest = 1 : i64, sorted = 1 : i64} : (tensor<*xf32>, tensor<1xi64>) -> (tensor<*xf32>, tensor<*xi64>)
  %sum = onnx.node "ReduceSum"(%t#0) opset 13 attributes {axes = array<i64: -1>, keepdims = 1 : i64, noop_with_empty_axes = 0 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %share = onnx.node "Div"(%t#0, %sum) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %shape = onnx.node "Shape"(%p) opset 13 : (tensor<*xf32>) -> tensor<*xi64>
  %zeros = onnx.node "ConstantOfShape"(%shape) opset 13 attributes {value = dense<0.0> : tensor<1xf32>} : (tensor<*xi64>) -> tensor<*xf32>
  %g = onnx.node "ScatterElements"(%zeros, %t#1, %share) opset 13 attributes {axis = 1 : i64} : (tensor<*xf32>, tensor<*xi64>, tensor<*xf32>) -> tensor<*xf32>
  %h = onnx.node "MatMul"(%f, %up) opset 13 : (tensor<*xf32>, tensor<3x4x2xf32>) -> tensor<*xf32>
  %s = onnx.node "Sigmoid"(%h) opset 13 : (tensor<*xf32>) -> tensor<*xf32>
  %a = onnx.node "Mul"(%h, %s) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "MatMul"(%a, %down) opset 13 : (tensor<*xf32>, tensor<3x2x4xf32>) -> tensor<*xf32>
  %gt = onnx.node "Transpose"(%g) opset 13 attributes {perm = array<i64: 1, 0>} : (tensor<*xf32>) -> tensor<*xf32>
  %gu = onnx.node "Unsqueeze"(%gt) opset 13 attributes {axes = array<i64: -1>} : (tensor<*xf32>) -> tensor<*xf32>
  %w = onnx.node "Mul"(%y, %gu) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %all = onnx.node "ReduceSum"(%w) opset 13 attributes {axes = array<i64: 0>, keepdims = 0 : i64, noop_with_empty_axes = 0 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %xs = onnx.node "Shape"(%x) opset 13 : (tensor<?x?x4xf32>) -> tensor<*xi64>
  %z = onnx.node "Reshape"(%all, %xs) opset 13 : (tensor<*xf32>, tensor<*xi64>) -> tensor<*xf32>
  return %z : tensor<*xf32>
}
