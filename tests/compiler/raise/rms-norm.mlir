// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -onnx-canonicalise -raise-layer-norm -raise-rms-norm | FileCheck %s

// As Llama is exported: a power, one over the root, gamma first.
// CHECK-LABEL: @llama
// CHECK: %[[G:.*]] = nn.constant dense<2.000000e+00> : tensor<8xf32>
// CHECK: nn.rms_norm %arg0, %[[G]] {epsilon = 9.99999997E-7 : f32}
// CHECK-NOT: onnx.node
func.func @llama(%x: tensor<?x?x8xf32>) -> tensor<?x?x8xf32> {
  %two = onnx.constant dense<2.0> : tensor<f32>
  %one = onnx.constant dense<1.0> : tensor<f32>
  %epsilon = onnx.constant dense<1.0e-6> : tensor<f32>
  %gamma = onnx.constant dense<2.0> : tensor<8xf32>
  %s = onnx.node "Pow"(%x, %two) opset 13 : (tensor<?x?x8xf32>, tensor<f32>) -> tensor<?x?x8xf32>
  %v = onnx.node "ReduceMean"(%s) opset 13 attributes {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<?x?x8xf32>) -> tensor<?x?x1xf32>
  %a = onnx.node "Add"(%v, %epsilon) opset 13 : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %r = onnx.node "Sqrt"(%a) opset 13 : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %i = onnx.node "Div"(%one, %r) opset 13 : (tensor<f32>, tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %d = onnx.node "Mul"(%x, %i) opset 13 : (tensor<?x?x8xf32>, tensor<?x?x1xf32>) -> tensor<?x?x8xf32>
  %y = onnx.node "Mul"(%gamma, %d) opset 13 : (tensor<8xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// -----

// Another spelling, no gamma: that of ones.
// CHECK-LABEL: @power_of_minus_half
// CHECK: %[[G:.*]] = nn.constant dense<1.000000e+00> : tensor<8xf32>
// CHECK: nn.rms_norm %arg0, %[[G]] {epsilon = 0.00999999977 : f32}
// CHECK-NOT: onnx.node
func.func @power_of_minus_half(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %epsilon = onnx.constant dense<0.01> : tensor<1xf32>
  %half = onnx.constant dense<-0.5> : tensor<f32>
  %s = onnx.node "Mul"(%x, %x) opset 13 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %v = onnx.node "ReduceMean"(%s) opset 13 attributes {axes = array<i64: 1>, keepdims = 1 : i64} : (tensor<?x8xf32>) -> tensor<?x1xf32>
  %a = onnx.node "Add"(%epsilon, %v) opset 13 : (tensor<1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %r = onnx.node "Pow"(%a, %half) opset 13 : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %d = onnx.node "Mul"(%r, %x) opset 13 : (tensor<?x1xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %d : tensor<?x8xf32>
}

// -----

// One normalised row scaled twice is two norms (GPT-NeoX's two branches).
// CHECK-LABEL: @two_gammas
// CHECK: %[[A:.*]] = nn.constant dense<2.000000e+00>
// CHECK: nn.rms_norm %arg0, %[[A]]
// CHECK: %[[B:.*]] = nn.constant dense<3.000000e+00>
// CHECK: nn.rms_norm %arg0, %[[B]]
// CHECK-NOT: onnx.node
func.func @two_gammas(%x: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %epsilon = onnx.constant dense<0.01> : tensor<1xf32>
  %two = onnx.constant dense<2.0> : tensor<8xf32>
  %three = onnx.constant dense<3.0> : tensor<8xf32>
  %s = onnx.node "Mul"(%x, %x) opset 13 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %v = onnx.node "ReduceMean"(%s) opset 13 attributes {axes = array<i64: 1>, keepdims = 1 : i64} : (tensor<?x8xf32>) -> tensor<?x1xf32>
  %a = onnx.node "Add"(%epsilon, %v) opset 13 : (tensor<1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %r = onnx.node "Sqrt"(%a) opset 13 : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %d = onnx.node "Div"(%x, %r) opset 13 : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  %p = onnx.node "Mul"(%d, %two) opset 13 : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %q = onnx.node "Mul"(%three, %d) opset 13 : (tensor<8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %p, %q : tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

// The root of another value's mean square stays.
// CHECK-LABEL: @other_value
// CHECK-NOT: nn.rms_norm
func.func @other_value(%x: tensor<?x8xf32>, %z: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %epsilon = onnx.constant dense<0.01> : tensor<1xf32>
  %s = onnx.node "Mul"(%x, %x) opset 13 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %v = onnx.node "ReduceMean"(%s) opset 13 attributes {axes = array<i64: 1>, keepdims = 1 : i64} : (tensor<?x8xf32>) -> tensor<?x1xf32>
  %a = onnx.node "Add"(%epsilon, %v) opset 13 : (tensor<1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %r = onnx.node "Sqrt"(%a) opset 13 : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %d = onnx.node "Div"(%z, %r) opset 13 : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  return %d : tensor<?x8xf32>
}

// -----

// A row over its length: gamma is one over the root of the columns.
// CHECK-LABEL: @unit_length
// CHECK: %[[G:.*]] = nn.constant dense<5.000000e-01> : tensor<4xf32>
// CHECK: nn.rms_norm %arg0, %[[G]] {epsilon = 0.000000e+00 : f32}
func.func @unit_length(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %l = onnx.node "ReduceL2"(%x) opset 13 attributes {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<?x4xf32>) -> tensor<?x1xf32>
  %y = onnx.node "Div"(%x, %l) opset 13 : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// torch's normalize keeps the length away from 0.
// CHECK-LABEL: @normalize
// CHECK: nn.rms_norm %arg0, %{{.*}} {epsilon = 2.500000e-01 : f32}
func.func @normalize(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %least = onnx.constant dense<1.0> : tensor<f32>
  %l = onnx.node "ReduceL2"(%x) opset 13 attributes {axes = array<i64: 1>, keepdims = 1 : i64} : (tensor<?x4xf32>) -> tensor<?x1xf32>
  %c = onnx.node "Clip"(%l, %least) opset 13 : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %s = onnx.node "Shape"(%x) opset 13 : (tensor<?x4xf32>) -> tensor<2xi64>
  %e = onnx.node "Expand"(%c, %s) opset 13 : (tensor<?x1xf32>, tensor<2xi64>) -> tensor<?x4xf32>
  %y = onnx.node "Div"(%x, %e) opset 13 : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
