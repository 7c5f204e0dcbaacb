// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -onnx-widen-floats | FileCheck %s

// CHECK-LABEL: @halves
// CHECK-SAME: %arg0: tensor<?x4xf32> {dalbit.type = "float16"}
// CHECK-SAME: -> (tensor<?x4xf32> {dalbit.type = "float16"})
// CHECK: onnx.constant dense<5.000000e-01> : tensor<4xf32>
// CHECK: "Cast"(%arg0) opset 13 attributes {to = 1 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: "ConstantOfShape"{{.*}}value = dense<1.500000e+00> : tensor<1xf32>{{.*}} -> tensor<4xf32>
// CHECK-NOT: f16{{$}}
func.func @halves(%x: tensor<?x4xf16>) -> tensor<?x4xf16> {
  %half = onnx.constant dense<0.5> : tensor<4xf16>
  %four = onnx.constant dense<4> : tensor<1xi64>
  %c = onnx.node "Cast"(%x) opset 13 attributes {to = 10 : i64} : (tensor<?x4xf16>) -> tensor<?x4xf16>
  %f = onnx.node "ConstantOfShape"(%four) opset 13 attributes {value = dense<1.5> : tensor<1xf16>} : (tensor<1xi64>) -> tensor<4xf16>
  %m = onnx.node "Mul"(%c, %half) opset 13 : (tensor<?x4xf16>, tensor<4xf16>) -> tensor<?x4xf16>
  %y = onnx.node "Add"(%m, %f) opset 13 : (tensor<?x4xf16>, tensor<4xf16>) -> tensor<?x4xf16>
  return %y : tensor<?x4xf16>
}
