// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -raise-elementwise -raise-report -verify-diagnostics

// expected-remark @+1 {{raised 2 relu, 1 add; stays as in the file: 1 Sin (such as '/wave')}}
func.func @some(%a: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %r = onnx.node "Relu"(%a) opset 13 : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %q = onnx.node "Relu"(%r) opset 13 : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = onnx.node "Sin"(%q) opset 13 name "/wave" : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = onnx.node "Add"(%s, %r) opset 13 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// expected-remark @+1 {{raised nothing; nothing stays as in the file}}
func.func @none(%a: tensor<?x8xf32>) -> tensor<?x8xf32> {
  return %a : tensor<?x8xf32>
}
