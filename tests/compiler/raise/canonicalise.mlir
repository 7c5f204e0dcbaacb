// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -onnx-canonicalise | FileCheck %s

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

// CHECK-LABEL: @picked
// CHECK: %[[L:.*]] = onnx.constant dense<-1> : tensor<i64>
// CHECK: onnx.node "Gather"(%arg0, %[[L]]) {{.*}}axis = 1
// CHECK: %[[F:.*]] = onnx.constant dense<0> : tensor<i64>
// CHECK: onnx.node "Gather"(%arg0, %[[F]]) {{.*}}axis = 1
// CHECK: onnx.node "Squeeze"
func.func @picked(%x: tensor<?x3x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>) {
  %last = onnx.constant dense<-1> : tensor<1xi64>
  %first = onnx.constant dense<0> : tensor<1xi64>
  %second = onnx.constant dense<1> : tensor<1xi64>
  %end = onnx.constant dense<9223372036854775807> : tensor<1xi64>
  %s = onnx.node "Slice"(%x, %last, %end, %second) opset 13 : (tensor<?x3x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x1x4xf32>
  %y = onnx.node "Squeeze"(%s) opset 13 attributes {axes = array<i64: -2>} : (tensor<?x1x4xf32>) -> tensor<?x4xf32>
  %t = onnx.node "Slice"(%x, %first, %second, %second) opset 13 : (tensor<?x3x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x1x4xf32>
  %z = onnx.node "Squeeze"(%t) opset 13 attributes {axes = array<i64: 1>} : (tensor<?x1x4xf32>) -> tensor<?x4xf32>
  // Elements 1 and 2, of which there is one less.
  %u = onnx.node "Slice"(%x, %second, %end, %second) opset 13 : (tensor<?x3x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x1x4xf32>
  %w = onnx.node "Squeeze"(%u) opset 13 attributes {axes = array<i64: 1>} : (tensor<?x1x4xf32>) -> tensor<?x4xf32>
  return %y, %z, %w : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>
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

// gamma over the deviation before it meets the row, and after.
// CHECK-LABEL: @scaled_last
// CHECK: %[[N:.*]] = onnx.node "Div"(%arg0, %arg1) {{.*}} -> tensor<?x4xf32>
// CHECK: %[[Y:.*]] = onnx.node "Mul"(%[[N]], %{{.*}})
// CHECK: return %[[Y]]
func.func @scaled_last(%x: tensor<?x4xf32>, %s: tensor<?x1xf32>) -> tensor<?x4xf32> {
  %g = onnx.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %m = onnx.node "Mul"(%x, %g) opset 13 : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %y = onnx.node "Div"(%m, %s) opset 13 : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
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

// -----

// A layer normalisation as flax and TensorFlow write it: the variance by the
// mean square, scale and shift together.
// CHECK-LABEL: @fused
// CHECK: %[[M:.*]] = onnx.node "ReduceMean"(%arg0)
// CHECK: %[[D:.*]] = onnx.node "Sub"(%arg0, %[[M]])
// CHECK: %[[S:.*]] = onnx.node "Mul"(%[[D]], %[[D]])
// CHECK: %[[V:.*]] = onnx.node "ReduceMean"(%[[S]])
// CHECK: %[[E:.*]] = onnx.node "Add"(%[[V]], %{{.*}})
// CHECK: %[[R:.*]] = onnx.node "Sqrt"(%[[E]])
// CHECK: %[[N:.*]] = onnx.node "Div"(%[[D]], %[[R]])
// CHECK: %[[G:.*]] = onnx.node "Mul"(%[[N]], %{{.*}})
// CHECK: %[[Y:.*]] = onnx.node "Add"(%[[G]], %{{.*}})
// CHECK-NEXT: return %[[Y]]
func.func @fused(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %g = onnx.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %b = onnx.constant dense<[5.0, 6.0, 7.0, 8.0]> : tensor<4xf32>
  %e = onnx.constant dense<1.0e-5> : tensor<f32>
  %four = onnx.constant dense<4.0> : tensor<f32>
  %quarter = onnx.constant dense<0.25> : tensor<f32>
  %t = onnx.node "ReduceSum"(%x) opset 13 attributes {axes = array<i64: -1>} : (tensor<?x4xf32>) -> tensor<?x1xf32>
  %m = onnx.node "Div"(%t, %four) opset 13 : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %q = onnx.node "Mul"(%x, %x) opset 13 : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %u = onnx.node "ReduceSum"(%q) opset 13 attributes {axes = array<i64: -1>} : (tensor<?x4xf32>) -> tensor<?x1xf32>
  %s = onnx.node "Mul"(%u, %quarter) opset 13 : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %n = onnx.node "Mul"(%m, %m) opset 13 : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %v = onnx.node "Sub"(%s, %n) opset 13 : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %w = onnx.node "Add"(%v, %e) opset 13 : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %r = onnx.node "Sqrt"(%w) opset 13 : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %i = onnx.node "Reciprocal"(%r) opset 13 : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %k = onnx.node "Mul"(%i, %g) opset 13 : (tensor<?x1xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %a = onnx.node "Mul"(%x, %k) opset 13 : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %c = onnx.node "Mul"(%m, %k) opset 13 : (tensor<?x1xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %d = onnx.node "Sub"(%b, %c) opset 13 : (tensor<4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = onnx.node "Add"(%a, %d) opset 13 : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: @axes
// CHECK: onnx.node "Gather"{{.*}}axis = 0 : i64
// CHECK: onnx.node "Concat"{{.*}}axis = 1 : i64
func.func @axes(%t: tensor<9x4xf32>, %ids: tensor<?xi64>) -> tensor<?x8xf32> {
  %g = onnx.node "Gather"(%t, %ids) opset 13 attributes {axis = -2 : i64} : (tensor<9x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
  %y = onnx.node "Concat"(%g, %g) opset 13 attributes {axis = -1 : i64} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
