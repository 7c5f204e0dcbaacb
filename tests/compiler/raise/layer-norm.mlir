// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -onnx-canonicalise -raise-layer-norm | FileCheck %s

// CHECK-LABEL: @power
// CHECK: %[[G:.*]] = nn.constant dense<2.000000e+00> : tensor<8xf32>
// CHECK: nn.layer_norm %arg0, %{{.*}}, %{{.*}} {epsilon = 9.99999974E-6 : f32}
// CHECK-NOT: onnx.node
func.func @power(%x: tensor<?x?x8xf32>) -> tensor<?x?x8xf32> {
  %two = onnx.constant dense<2.0> : tensor<f32>
  %epsilon = onnx.constant dense<1.0e-5> : tensor<f32>
  %gamma = onnx.constant dense<2.0> : tensor<8xf32>
  %beta = onnx.constant dense<3.0> : tensor<8xf32>
  %mean = onnx.node "ReduceMean"(%x) opset 13 attributes {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<?x?x8xf32>) -> tensor<?x?x1xf32>
  %c = onnx.node "Sub"(%x, %mean) opset 13 : (tensor<?x?x8xf32>, tensor<?x?x1xf32>) -> tensor<?x?x8xf32>
  %s = onnx.node "Pow"(%c, %two) opset 13 : (tensor<?x?x8xf32>, tensor<f32>) -> tensor<?x?x8xf32>
  %v = onnx.node "ReduceMean"(%s) opset 13 attributes {axes = array<i64: 2>, keepdims = 1 : i64} : (tensor<?x?x8xf32>) -> tensor<?x?x1xf32>
  %a = onnx.node "Add"(%v, %epsilon) opset 13 : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %r = onnx.node "Sqrt"(%a) opset 13 : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %d = onnx.node "Div"(%c, %r) opset 13 : (tensor<?x?x8xf32>, tensor<?x?x1xf32>) -> tensor<?x?x8xf32>
  %m = onnx.node "Mul"(%d, %gamma) opset 13 : (tensor<?x?x8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
  %y = onnx.node "Add"(%m, %beta) opset 13 : (tensor<?x?x8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// -----

// The square as a product, a reciprocal, operands the other way round, no beta.
// CHECK-LABEL: @product
// CHECK: nn.layer_norm %arg0, %{{[0-9a-z]*}} {epsilon = 0.00999999977 : f32}
// CHECK-NOT: onnx.node
func.func @product(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %epsilon = onnx.constant dense<0.01> : tensor<1xf32>
  %gamma = onnx.constant dense<2.0> : tensor<1x8xf32>
  %mean = onnx.node "ReduceMean"(%x) opset 13 attributes {axes = array<i64: 1>, keepdims = 1 : i64} : (tensor<?x8xf32>) -> tensor<?x1xf32>
  %c = onnx.node "Sub"(%x, %mean) opset 13 : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  %s = onnx.node "Mul"(%c, %c) opset 13 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %v = onnx.node "ReduceMean"(%s) opset 13 attributes {axes = array<i64: 1>, keepdims = 1 : i64} : (tensor<?x8xf32>) -> tensor<?x1xf32>
  %a = onnx.node "Add"(%epsilon, %v) opset 13 : (tensor<1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %r = onnx.node "Sqrt"(%a) opset 13 : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %i = onnx.node "Reciprocal"(%r) opset 13 : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %d = onnx.node "Mul"(%i, %c) opset 13 : (tensor<?x1xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = onnx.node "Mul"(%gamma, %d) opset 13 : (tensor<1x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: @whole
// CHECK: nn.layer_norm %arg0, %{{.*}}, %{{.*}} {epsilon = 9.99999974E-6 : f32}
func.func @whole(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %gamma = onnx.constant dense<2.0> : tensor<8xf32>
  %y = onnx.node "LayerNormalization"(%x, %gamma, %gamma) opset 17 attributes {axis = -1 : i64, epsilon = 1.0e-5 : f32} : (tensor<?x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// Without the mean it is another normalisation, and stays.
// CHECK-LABEL: @root_mean_square
// CHECK-NOT: nn.layer_norm
func.func @root_mean_square(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %epsilon = onnx.constant dense<0.01> : tensor<f32>
  %s = onnx.node "Mul"(%x, %x) opset 13 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %v = onnx.node "ReduceMean"(%s) opset 13 attributes {axes = array<i64: 1>, keepdims = 1 : i64} : (tensor<?x8xf32>) -> tensor<?x1xf32>
  %a = onnx.node "Add"(%v, %epsilon) opset 13 : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %r = onnx.node "Sqrt"(%a) opset 13 : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %d = onnx.node "Div"(%x, %r) opset 13 : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  return %d : tensor<?x8xf32>
}

// -----

// Heads that are cut out one by one, each with its own numbers (StableLM).
// CHECK-LABEL: @slices
// CHECK: %[[N:.*]] = nn.layer_norm %arg0
// CHECK: %[[M:.*]] = onnx.node "Mul"(%[[N]], %{{.*}}) {{.*}}tensor<2x1x4xf32>
// CHECK: return %[[M]]
func.func @slices(%x: tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32> {
  %g0 = onnx.constant dense<2.0> : tensor<4xf32>
  %g1 = onnx.constant dense<3.0> : tensor<4xf32>
  %at = onnx.constant dense<1> : tensor<1xi64>
  %end = onnx.constant dense<9223372036854775807> : tensor<1xi64>
  %p:2 = onnx.node "Split"(%x) opset 11 attributes {axis = 1 : i64} : (tensor<?x2x?x4xf32>) -> (tensor<?x1x?x4xf32>, tensor<?x1x?x4xf32>)
  %s = onnx.node "Slice"(%x, %at, %end, %at) opset 13 : (tensor<?x2x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x1x?x4xf32>
  %a = onnx.node "LayerNormalization"(%p#0, %g0) opset 17 : (tensor<?x1x?x4xf32>, tensor<4xf32>) -> tensor<?x1x?x4xf32>
  %b = onnx.node "LayerNormalization"(%s, %g1) opset 17 : (tensor<?x1x?x4xf32>, tensor<4xf32>) -> tensor<?x1x?x4xf32>
  %y = onnx.node "Concat"(%a, %b) opset 13 attributes {axis = 1 : i64} : (tensor<?x1x?x4xf32>, tensor<?x1x?x4xf32>) -> tensor<?x2x?x4xf32>
  return %y : tensor<?x2x?x4xf32>
}
