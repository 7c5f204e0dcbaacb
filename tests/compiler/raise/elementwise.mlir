// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -raise-elementwise | FileCheck %s

// CHECK-LABEL: @all
// CHECK: %[[A:.*]] = nn.add %arg0, %arg1
// CHECK: %[[B:.*]] = nn.scale %[[A]] {factor = 2.500000e-01 : f32}
// CHECK: %[[C:.*]] = nn.mul %[[B]], %[[A]]
// CHECK: %[[D:.*]] = nn.relu %[[C]]
// CHECK: %[[E:.*]] = nn.scale %[[D]] {factor = -1.000000e+00 : f32}
// CHECK: return %[[E]]
func.func @all(%a: tensor<?x8xf32>, %b: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %four = onnx.constant dense<4.0> : tensor<f32>
  %s = onnx.node "Add"(%a, %b) opset 13 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %d = onnx.node "Div"(%s, %four) opset 13 : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %m = onnx.node "Mul"(%d, %s) opset 13 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %r = onnx.node "Relu"(%m) opset 13 : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %n = onnx.node "Neg"(%r) opset 13 : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %n : tensor<?x8xf32>
}

// -----

// Integers, and a number divided by x, are none of nn's.
// CHECK-LABEL: @others
// CHECK: "Add"
// CHECK: "Div"
// CHECK-NOT: nn.
func.func @others(%a: tensor<?xi64>, %x: tensor<?xf32>) -> (tensor<?xi64>, tensor<?xf32>) {
  %one = onnx.constant dense<1.0> : tensor<f32>
  %s = onnx.node "Add"(%a, %a) opset 13 : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64>
  %d = onnx.node "Div"(%one, %x) opset 13 : (tensor<f32>, tensor<?xf32>) -> tensor<?xf32>
  return %s, %d : tensor<?xi64>, tensor<?xf32>
}

// -----

// Of rows; along another axis nothing is known.
// CHECK-LABEL: @classes
// CHECK: %[[P:.*]] = nn.softmax %arg0
// CHECK: %[[Q:.*]] = onnx.node "Softmax"(%[[P]])
func.func @classes(%x: tensor<?x?x8xf32>) -> tensor<?x?x8xf32> {
  %p = onnx.node "Softmax"(%x) opset 13 attributes {axis = 2 : i64} : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %q = onnx.node "Softmax"(%p) opset 13 attributes {axis = 1 : i64} : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  return %q : tensor<?x?x8xf32>
}

// -----

// A bound may be missing; where both are crossed the upper one counts. What is
// no number stays.
// CHECK-LABEL: @clip
// CHECK: %[[A:.*]] = nn.clip %arg0 {high = 1.000000e+00 : f32, low = -5.000000e-01 : f32}
// CHECK: %[[B:.*]] = nn.clip %[[A]] {high = 0x7F800000 : f32, low = 0.000000e+00 : f32}
// CHECK: %[[C:.*]] = nn.clip %[[B]] {high = -1.000000e+00 : f32, low = -1.000000e+00 : f32}
// CHECK: "Clip"(%[[C]], %arg1)
func.func @clip(%x: tensor<?x8xf32>, %bound: tensor<f32>) -> tensor<?x8xf32> {
  %one = onnx.constant dense<1.0> : tensor<f32>
  %zero = onnx.constant dense<0.0> : tensor<f32>
  %half = onnx.constant dense<-0.5> : tensor<f32>
  %minus = onnx.constant dense<-1.0> : tensor<f32>
  %a = onnx.node "Clip"(%x, %half, %one) opset 13 : (tensor<?x8xf32>, tensor<f32>, tensor<f32>) -> tensor<?x8xf32>
  %b = onnx.node "Clip"(%a, %zero) opset 13 : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %c = onnx.node "Clip"(%b, %zero, %minus) opset 13 : (tensor<?x8xf32>, tensor<f32>, tensor<f32>) -> tensor<?x8xf32>
  %d = onnx.node "Clip"(%c, %bound) opset 13 : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %d : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: @squared
// CHECK: %[[R:.*]] = nn.relu %arg0
// CHECK: nn.mul %[[R]], %[[R]]
// CHECK: onnx.node "Pow"
func.func @squared(%x: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %two = onnx.constant dense<2> : tensor<1xi32>
  %three = onnx.constant dense<3> : tensor<1xi32>
  %r = onnx.node "Relu"(%x) opset 13 : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = onnx.node "Pow"(%r, %two) opset 13 : (tensor<?x8xf32>, tensor<1xi32>) -> tensor<?x8xf32>
  %z = onnx.node "Pow"(%r, %three) opset 13 : (tensor<?x8xf32>, tensor<1xi32>) -> tensor<?x8xf32>
  return %y, %z : tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

// CHECK-LABEL: @difference
// CHECK: %[[M:.*]] = nn.scale %arg1 {factor = -1.000000e+00 : f32}
// CHECK: nn.add %arg0, %[[M]]
func.func @difference(%x: tensor<?x4xf32>, %y: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %d = onnx.node "Sub"(%x, %y) opset 13 : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %d : tensor<?x4xf32>
}
