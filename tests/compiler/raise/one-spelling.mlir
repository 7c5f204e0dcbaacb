// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -onnx-one-spelling | FileCheck %s

// CHECK-LABEL: @powers
// CHECK: %[[S:.*]] = onnx.node "Mul"(%arg0, %arg0)
// CHECK: %[[R:.*]] = onnx.node "Sqrt"(%[[S]])
// CHECK: %[[Y:.*]] = onnx.node "Div"(%arg0, %[[R]])
// CHECK-NEXT: return %[[Y]]
func.func @powers(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %two = onnx.constant dense<2.0> : tensor<f32>
  %one = onnx.constant dense<1.0> : tensor<f32>
  %back = onnx.constant dense<-0.5> : tensor<f32>
  %s = onnx.node "Pow"(%x, %two) opset 13 : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %r = onnx.node "Pow"(%s, %back) opset 13 : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %o = onnx.node "Mul"(%one, %r) opset 13 : (tensor<f32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = onnx.node "Mul"(%o, %x) opset 13 : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: @signs
// CHECK: %[[C:.*]] = onnx.constant dense<-3.0{{.*}}> : tensor<4xf32>
// CHECK: %[[A:.*]] = onnx.node "Add"(%arg0, %[[C]])
// CHECK: %[[B:.*]] = onnx.node "Sub"(%[[A]], %arg0)
// CHECK-NEXT: return %[[B]]
func.func @signs(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %three = onnx.constant dense<3.0> : tensor<4xf32>
  %less = onnx.constant dense<-1.0> : tensor<1xf32>
  %zero = onnx.constant dense<0.0> : tensor<f32>
  %a = onnx.node "Sub"(%x, %three) opset 13 : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %n = onnx.node "Mul"(%x, %less) opset 13 : (tensor<?x4xf32>, tensor<1xf32>) -> tensor<?x4xf32>
  %m = onnx.node "Sub"(%zero, %n) opset 13 : (tensor<f32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %k = onnx.node "Sub"(%zero, %m) opset 13 : (tensor<f32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %b = onnx.node "Add"(%k, %a) opset 13 : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = onnx.node "Add"(%zero, %b) opset 13 : (tensor<f32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// SiLU as a quotient, and a logistic function alone.
// CHECK-LABEL: @logistic
// CHECK: %[[S:.*]] = onnx.node "Sigmoid"(%arg0)
// CHECK: onnx.node "Mul"(%arg0, %[[S]])
// CHECK: onnx.node "Sigmoid"(%arg0)
func.func @logistic(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %one = onnx.constant dense<1.0> : tensor<f32>
  %n = onnx.node "Neg"(%x) opset 13 : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %e = onnx.node "Exp"(%n) opset 13 : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %s = onnx.node "Add"(%one, %e) opset 13 : (tensor<f32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = onnx.node "Div"(%x, %s) opset 13 : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %z = onnx.node "Div"(%one, %s) opset 13 : (tensor<f32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y, %z : tensor<?x4xf32>, tensor<?x4xf32>
}

// -----

// CHECK-LABEL: @moves
// CHECK: %[[T:.*]] = onnx.node "Transpose"(%arg0) {{.*}}perm = array<i64: 2, 1, 0>
// CHECK: %[[W:.*]] = onnx.node "Where"(%arg1, %[[T]], %arg2)
// CHECK: return %[[W]], %arg0
func.func @moves(%x: tensor<2x3x4xf32>, %f: tensor<4x3x2xi1>, %z: tensor<4x3x2xf32>) -> (tensor<4x3x2xf32>, tensor<2x3x4xf32>) {
  %a = onnx.node "Transpose"(%x) opset 13 attributes {perm = array<i64: 1, 2, 0>} : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
  %b = onnx.node "Transpose"(%a) opset 13 attributes {perm = array<i64: 1, 0, 2>} : (tensor<3x4x2xf32>) -> tensor<4x3x2xf32>
  %n = onnx.node "Not"(%f) opset 13 : (tensor<4x3x2xi1>) -> tensor<4x3x2xi1>
  %w = onnx.node "Where"(%n, %z, %b) opset 13 : (tensor<4x3x2xi1>, tensor<4x3x2xf32>, tensor<4x3x2xf32>) -> tensor<4x3x2xf32>
  %c = onnx.node "Transpose"(%b) opset 13 attributes {perm = array<i64: 2, 1, 0>} : (tensor<4x3x2xf32>) -> tensor<2x3x4xf32>
  return %w, %c : tensor<4x3x2xf32>, tensor<2x3x4xf32>
}

// -----

// What would change a shape or a number stays.
// CHECK-LABEL: @stays
// CHECK: onnx.node "Add"(%arg0, %{{.*}}) {{.*}} -> tensor<1x4xf32>
// CHECK: onnx.node "Mul"(%arg0, %{{.*}}) {{.*}} -> tensor<1x4xf32>
// CHECK: onnx.node "Div"(%arg0, %{{.*}}) {{.*}} -> tensor<4xf32>
func.func @stays(%x: tensor<4xf32>) -> (tensor<1x4xf32>, tensor<1x4xf32>, tensor<4xf32>) {
  %zero = onnx.constant dense<0.0> : tensor<1x1xf32>
  %one = onnx.constant dense<1.0> : tensor<1x1xf32>
  %three = onnx.constant dense<3.0> : tensor<f32>
  %a = onnx.node "Add"(%x, %zero) opset 13 : (tensor<4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %b = onnx.node "Mul"(%x, %one) opset 13 : (tensor<4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %c = onnx.node "Div"(%x, %three) opset 13 : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return %a, %b, %c : tensor<1x4xf32>, tensor<1x4xf32>, tensor<4xf32>
}

// -----

// gamma over the deviation before it meets the row.
// CHECK-LABEL: @scaled_first
// CHECK: %[[N:.*]] = onnx.node "Div"(%arg0, %arg1) {{.*}} -> tensor<?x4xf32>
// CHECK: %[[Y:.*]] = onnx.node "Mul"(%[[N]], %{{.*}})
// CHECK: return %[[Y]]
func.func @scaled_first(%x: tensor<?x4xf32>, %s: tensor<?x1xf32>) -> tensor<?x4xf32> {
  %g = onnx.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %r = onnx.node "Reciprocal"(%s) opset 13 : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %m = onnx.node "Mul"(%r, %g) opset 13 : (tensor<?x1xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %y = onnx.node "Mul"(%m, %x) opset 13 : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
