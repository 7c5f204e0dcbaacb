// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -onnx-bind-shapes -onnx-fold-shapes -dense-experts -split-experts -raise-activation -raise-linear -sink-moves -raise-elementwise -sink-moves -raise-routing -sink-moves -order-experts | FileCheck %s

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

// -----

// Rows that chose an expert are gathered, worked on and added back: all rows
// are, times the weights scattered alone, which are 0 elsewhere.
// CHECK-LABEL: @gathered
// CHECK: %[[L:.*]] = nn.linear %arg0, {{.*}} -> tensor<6x2xf32>
// CHECK-NEXT: %[[G:.*]] = nn.route %[[L]] {chosen = 1 : i64, normalised = false}
// CHECK: %[[Y0:.*]] = nn.linear %arg0
// CHECK-NEXT: %[[W0:.*]] = nn.weigh %[[Y0]], %[[G]] {expert = 0 : i64}
// CHECK: %[[Y1:.*]] = nn.linear %arg0
// CHECK-NEXT: %[[W1:.*]] = nn.weigh %[[Y1]], %[[G]] {expert = 1 : i64}
// CHECK-NEXT: %[[S:.*]] = nn.add %[[W0]], %[[W1]]
// CHECK-NEXT: return %[[S]]
func.func @gathered(%x: tensor<6x4xf32> {dalbit.name = "x"}) -> tensor<*xf32> {
  %router = onnx.constant dense<[[1.0, 2.0], [0.5, -1.0], [0.0, 1.0], [1.0, 0.0]]> : tensor<4x2xf32>
  %m0 = onnx.constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [1.0, 1.0, 1.0, 1.0], [2.0, 2.0, 2.0, 2.0]]> : tensor<4x4xf32>
  %m1 = onnx.constant dense<[[2.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [1.0, 1.0, 1.0, 1.0], [2.0, 2.0, 2.0, 2.0]]> : tensor<4x4xf32>
  %k = onnx.constant dense<1> : tensor<1xi64>
  %i0 = onnx.constant dense<0> : tensor<i64>
  %i1 = onnx.constant dense<1> : tensor<i64>
  %l = onnx.node "MatMul"(%x, %router) opset 16 : (tensor<6x4xf32>, tensor<4x2xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%l) opset 16 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %t:2 = onnx.node "TopK"(%p, %k) opset 16 attributes {axis = -1 : i64, largest = 1 : i64, sorted = 1 : i64} : (tensor<*xf32>, tensor<1xi64>) -> (tensor<*xf32>, tensor<*xi64>)
  %w = onnx.node "Squeeze"(%t#0) opset 16 attributes {axes = array<i64: 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %e = onnx.node "Squeeze"(%t#1) opset 16 attributes {axes = array<i64: 1>} : (tensor<*xi64>) -> tensor<*xi64>
  %shape = onnx.node "Shape"(%x) opset 16 : (tensor<6x4xf32>) -> tensor<*xi64>
  %zeros = onnx.node "ConstantOfShape"(%shape) opset 16 attributes {value = dense<0.0> : tensor<1xf32>} : (tensor<*xi64>) -> tensor<*xf32>
  %c0 = onnx.node "Equal"(%e, %i0) opset 16 : (tensor<*xi64>, tensor<i64>) -> tensor<*xi1>
  %n0 = onnx.node "NonZero"(%c0) opset 16 : (tensor<*xi1>) -> tensor<*xi64>
  %r0 = onnx.node "Squeeze"(%n0) opset 16 attributes {axes = array<i64: 0>} : (tensor<*xi64>) -> tensor<*xi64>
  %x0 = onnx.node "Gather"(%x, %r0) opset 16 attributes {axis = 0 : i64} : (tensor<6x4xf32>, tensor<*xi64>) -> tensor<*xf32>
  %y0 = onnx.node "MatMul"(%x0, %m0) opset 16 : (tensor<*xf32>, tensor<4x4xf32>) -> tensor<*xf32>
  %g0 = onnx.node "Gather"(%w, %r0) opset 16 attributes {axis = 0 : i64} : (tensor<*xf32>, tensor<*xi64>) -> tensor<*xf32>
  %u0 = onnx.node "Unsqueeze"(%g0) opset 16 attributes {axes = array<i64: 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %z0 = onnx.node "Mul"(%y0, %u0) opset 16 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %s0 = onnx.node "Shape"(%z0) opset 16 : (tensor<*xf32>) -> tensor<*xi64>
  %a0 = onnx.node "Unsqueeze"(%r0) opset 16 attributes {axes = array<i64: 1>} : (tensor<*xi64>) -> tensor<*xi64>
  %b0 = onnx.node "Expand"(%a0, %s0) opset 16 : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %o0 = onnx.node "ScatterElements"(%zeros, %b0, %z0) opset 16 attributes {axis = 0 : i64, reduction = "none"} : (tensor<*xf32>, tensor<*xi64>, tensor<*xf32>) -> tensor<*xf32>
  %c1 = onnx.node "Equal"(%e, %i1) opset 16 : (tensor<*xi64>, tensor<i64>) -> tensor<*xi1>
  %n1 = onnx.node "NonZero"(%c1) opset 16 : (tensor<*xi1>) -> tensor<*xi64>
  %r1 = onnx.node "Squeeze"(%n1) opset 16 attributes {axes = array<i64: 0>} : (tensor<*xi64>) -> tensor<*xi64>
  %x1 = onnx.node "Gather"(%x, %r1) opset 16 attributes {axis = 0 : i64} : (tensor<6x4xf32>, tensor<*xi64>) -> tensor<*xf32>
  %y1 = onnx.node "MatMul"(%x1, %m1) opset 16 : (tensor<*xf32>, tensor<4x4xf32>) -> tensor<*xf32>
  %g1 = onnx.node "Gather"(%w, %r1) opset 16 attributes {axis = 0 : i64} : (tensor<*xf32>, tensor<*xi64>) -> tensor<*xf32>
  %u1 = onnx.node "Unsqueeze"(%g1) opset 16 attributes {axes = array<i64: 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %z1 = onnx.node "Mul"(%u1, %y1) opset 16 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %s1 = onnx.node "Shape"(%z1) opset 16 : (tensor<*xf32>) -> tensor<*xi64>
  %a1 = onnx.node "Unsqueeze"(%r1) opset 16 attributes {axes = array<i64: 1>} : (tensor<*xi64>) -> tensor<*xi64>
  %b1 = onnx.node "Expand"(%a1, %s1) opset 16 : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %o1 = onnx.node "ScatterElements"(%o0, %b1, %z1) opset 16 attributes {axis = 0 : i64, reduction = "add"} : (tensor<*xf32>, tensor<*xi64>, tensor<*xf32>) -> tensor<*xf32>
  return %o1 : tensor<*xf32>
}
