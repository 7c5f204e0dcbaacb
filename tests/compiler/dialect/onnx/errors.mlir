// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -verify-diagnostics

func.func @f(%x: tensor<f32>) {
  // expected-error @+1 {{needs the name of an operator}}
  onnx.node ""(%x) opset 13 : (tensor<f32>) -> tensor<f32>
  return
}

// -----

func.func @f(%x: tensor<f32>) {
  // expected-error @+1 {{has operator set version 0, versions start at 1}}
  onnx.node "Neg"(%x) opset 0 : (tensor<f32>) -> tensor<f32>
  return
}

// -----

func.func @f(%x: tensor<i1>) {
  // expected-error @+1 {{is an If with 0 bodies instead of 2}}
  onnx.node "If"(%x) opset 13 : (tensor<i1>) -> tensor<f32>
  return
}

// -----

func.func @f(%x: tensor<i1>, %y: tensor<f32>) {
  // expected-error @+1 {{has 1 results, a branch yields 0}}
  onnx.node "If"(%x) opset 13 {
    onnx.yield %y : tensor<f32>
  }, {
    onnx.yield
  } : (tensor<i1>) -> tensor<f32>
  return
}

// -----

func.func @f(%x: tensor<i1>) {
  // expected-error @+1 {{needs bodies that end with onnx.yield}}
  onnx.node "Scan"(%x) opset 13 {
    %n = onnx.none
  } : (tensor<i1>) -> tensor<f32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{the view [2, +3) leaves stored dimension 0 of size 4}}
  onnx.constant #onnx.weight<"w", offset = 0, length = 16, element = f32, shape = [4], starts = [2], sizes = [3], permutation = [0]> : tensor<3xf32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{a weight of 12 bytes at offset 0 does not fit its stored shape}}
  onnx.constant #onnx.weight<"w", offset = 0, length = 12, element = f32, shape = [4], starts = [0], sizes = [4], permutation = [0]> : tensor<4xf32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{entry 1 of the permutation is 0, out of range or repeated}}
  onnx.constant #onnx.weight<"w", offset = 0, length = 16, element = f32, shape = [2, 2], starts = [0, 0], sizes = [2, 2], permutation = [0, 0]> : tensor<2x2xf32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{dimension 0 of the type is 3, the view has 2}}
  onnx.constant #onnx.weight<"w", offset = 0, length = 24, element = f32, shape = [3, 2], starts = [0, 0], sizes = [3, 2], permutation = [1, 0]> : tensor<3x2xf32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{a weight of 1 stored dimensions needs as many}}
  onnx.constant #onnx.weight<"w", offset = 0, length = 16, element = f32, shape = [4], starts = [], sizes = [4], permutation = [0]> : tensor<4xf32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{a weight cannot have elements of type 'i4'}}
  onnx.constant #onnx.weight<"w", offset = 0, length = 16, element = i4, shape = [4], starts = [0], sizes = [4], permutation = [0]> : tensor<4xf32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{a weight needs a tensor type of static shape}}
  onnx.constant #onnx.weight<"w", offset = 0, length = 16, element = f32, shape = [4], starts = [0], sizes = [4], permutation = [0]> : tensor<?xf32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{3 scales for 2 places}}
  %c = onnx.constant #onnx.codes<dense<[[1, 2]]> : tensor<1x2xi8>, scales = dense<[0.5, 1.0, 2.0]> : tensor<3xf32>, axis = 1, block = 0> : tensor<1x2xf32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{zero points have the shape of the scales}}
  %c = onnx.constant #onnx.codes<dense<[[1, 2]]> : tensor<1x2xi8>, scales = dense<[0.5, 1.0]> : tensor<2xf32>, axis = 1, block = 0, zeros = dense<[1]> : tensor<1xi8>> : tensor<1x2xf32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{the scales are not one a block}}
  %c = onnx.constant #onnx.codes<dense<[[1, 2]]> : tensor<1x2xi8>, scales = dense<[[0.5], [1.0]]> : tensor<2x1xf32>, axis = 1, block = 2> : tensor<1x2xf32>
  return
}
