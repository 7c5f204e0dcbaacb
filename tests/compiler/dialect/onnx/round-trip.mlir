// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s | dalbit-opt | FileCheck %s

// What is printed can be read again and prints the same.

// CHECK-LABEL: func.func @main
func.func @main(%x: tensor<?x4xf32>, %flag: tensor<i1>) -> tensor<*xf32> {
  // CHECK: onnx.constant dense<1.000000e+00> : tensor<4xf32>
  %one = onnx.constant dense<1.0> : tensor<4xf32>
  // CHECK: onnx.constant #onnx.weight<"w.bin", offset = 16, length = 96, element = f16, shape = [6, 8], starts = [0, 4], sizes = [6, 4], permutation = [1, 0]> : tensor<4x6xf32>
  %w = onnx.constant #onnx.weight<"w.bin", offset = 16, length = 96, element = f16, shape = [6, 8], starts = [0, 4], sizes = [6, 4], permutation = [1, 0]> : tensor<4x6xf32>
  // CHECK: onnx.constant #onnx.weight<"s.bin", offset = 0, length = 8, element = i64, shape = [], starts = [], sizes = [], permutation = []> : tensor<i64>
  %s = onnx.constant #onnx.weight<"s.bin", offset = 0, length = 8, element = i64, shape = [], starts = [], sizes = [], permutation = []> : tensor<i64>
  // CHECK: onnx.constant #onnx.codes<dense<[1, -2]> : tensor<2xi8>, scales = dense<5.000000e-01> : tensor<1xf32>, axis = 0, block = 0> : tensor<2xf32>
  %c1 = onnx.constant #onnx.codes<dense<[1, -2]> : tensor<2xi8>, scales = dense<0.5> : tensor<1xf32>, axis = 0, block = 0> : tensor<2xf32>
  // CHECK: axis = 0, block = 16, zeros = dense<{{\[\[}}8, 7]]> : tensor<1x2xui8>> : tensor<2x2xf32>
  %c2 = onnx.constant #onnx.codes<dense<[[1, 2], [3, 4]]> : tensor<2x2xui8>, scales = dense<[[0.5, 0.25]]> : tensor<1x2xf32>, axis = 0, block = 16, zeros = dense<[[8, 7]]> : tensor<1x2xui8>> : tensor<2x2xf32>
  // CHECK: %[[NONE:.*]] = onnx.none
  %none = onnx.none
  // CHECK: onnx.node "Clip"(%{{.*}}, %[[NONE]], %{{.*}}) opset 13 : (tensor<?x4xf32>, none, tensor<4xf32>) -> tensor<*xf32>
  %c = onnx.node "Clip"(%x, %none, %one) opset 13 : (tensor<?x4xf32>, none, tensor<4xf32>) -> tensor<*xf32>
  // CHECK: onnx.node "BiasGelu"(%{{.*}}, %{{.*}}) opset 1 domain "com.microsoft" name "/h.0/act" attributes {alpha = 2 : i64}
  %g = onnx.node "BiasGelu"(%c, %one) opset 1 domain "com.microsoft" name "/h.0/act" attributes {alpha = 2 : i64} : (tensor<*xf32>, tensor<4xf32>) -> tensor<*xf32>
  // CHECK: onnx.node "If"(%{{.*}}) opset 13 name "branch" {
  // CHECK: onnx.yield %{{.*}} : tensor<*xf32>
  // CHECK: }, {
  %r = onnx.node "If"(%flag) opset 13 name "branch" {
    onnx.yield %g : tensor<*xf32>
  }, {
    %n = onnx.node "Neg"(%g) opset 13 : (tensor<*xf32>) -> tensor<*xf32>
    onnx.yield %n : tensor<*xf32>
  } : (tensor<i1>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}
