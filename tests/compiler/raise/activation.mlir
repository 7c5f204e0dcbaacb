// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -raise-activation | FileCheck %s

// CHECK-LABEL: @gelu_power
// CHECK-NEXT: nn.gelu %arg0 {approximate = "tanh"}
// CHECK-NEXT: return
func.func @gelu_power(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %half = onnx.constant dense<0.5> : tensor<f32>
  %one = onnx.constant dense<1.0> : tensor<f32>
  %three = onnx.constant dense<3.0> : tensor<f32>
  %a = onnx.constant dense<0.044715> : tensor<f32>
  %c = onnx.constant dense<0.797884583> : tensor<f32>
  %h = onnx.node "Mul"(%x, %half) opset 13 : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %p = onnx.node "Pow"(%x, %three) opset 13 : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %q = onnx.node "Mul"(%p, %a) opset 13 : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %s = onnx.node "Add"(%x, %q) opset 13 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %i = onnx.node "Mul"(%s, %c) opset 13 : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %t = onnx.node "Tanh"(%i) opset 13 : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %u = onnx.node "Add"(%t, %one) opset 13 : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %y = onnx.node "Mul"(%h, %u) opset 13 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// x c (1 + a x x), and the half at the end.
// CHECK-LABEL: @gelu_products
// CHECK-NEXT: nn.gelu %arg0 {approximate = "tanh"}
// CHECK-NEXT: return
func.func @gelu_products(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %half = onnx.constant dense<0.5> : tensor<f32>
  %one = onnx.constant dense<1.0> : tensor<f32>
  %a = onnx.constant dense<0.044715> : tensor<f32>
  %c = onnx.constant dense<0.797884583> : tensor<f32>
  %ax = onnx.node "Mul"(%x, %a) opset 13 : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %axx = onnx.node "Mul"(%ax, %x) opset 13 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = onnx.node "Add"(%one, %axx) opset 13 : (tensor<f32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %cx = onnx.node "Mul"(%c, %x) opset 13 : (tensor<f32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %i = onnx.node "Mul"(%cx, %s) opset 13 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %t = onnx.node "Tanh"(%i) opset 13 : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %u = onnx.node "Add"(%t, %one) opset 13 : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %w = onnx.node "Mul"(%x, %u) opset 13 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = onnx.node "Mul"(%w, %half) opset 13 : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: @gelu_erf
// CHECK-NEXT: nn.gelu %arg0 {approximate = "none"}
// CHECK-NEXT: return
func.func @gelu_erf(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %half = onnx.constant dense<0.5> : tensor<f32>
  %one = onnx.constant dense<1.0> : tensor<f32>
  %root = onnx.constant dense<1.41421354> : tensor<f32>
  %d = onnx.node "Div"(%x, %root) opset 13 : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %t = onnx.node "Erf"(%d) opset 13 : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %u = onnx.node "Add"(%t, %one) opset 13 : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %w = onnx.node "Mul"(%x, %u) opset 13 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = onnx.node "Mul"(%w, %half) opset 13 : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: @silu
// CHECK-NEXT: nn.silu %arg0
// CHECK-NEXT: return
func.func @silu(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %s = onnx.node "Sigmoid"(%x) opset 13 : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = onnx.node "Mul"(%x, %s) opset 13 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// 1.702 x in the sigmoid approximates GELU; it is not SiLU.
// CHECK-LABEL: @quick_gelu
// CHECK-NEXT: nn.gelu %arg0 {approximate = "sigmoid"}
func.func @quick_gelu(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %c = onnx.constant dense<1.702> : tensor<f32>
  %i = onnx.node "Mul"(%x, %c) opset 13 : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %s = onnx.node "Sigmoid"(%i) opset 13 : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = onnx.node "Mul"(%x, %s) opset 13 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// Another factor is neither.
// CHECK-LABEL: @other_factor
// CHECK-NOT: nn.
func.func @other_factor(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %c = onnx.constant dense<1.6> : tensor<f32>
  %i = onnx.node "Mul"(%x, %c) opset 13 : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %s = onnx.node "Sigmoid"(%i) opset 13 : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = onnx.node "Mul"(%x, %s) opset 13 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
