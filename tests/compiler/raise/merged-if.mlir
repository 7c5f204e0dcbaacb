// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s "-onnx-bind-shapes=set=use_cache_branch=false" -onnx-fold-shapes | FileCheck %s --check-prefix=FIRST
// RUN: dalbit-opt %s "-onnx-bind-shapes=set=use_cache_branch=true" -onnx-fold-shapes | FileCheck %s --check-prefix=NEXT

// Two models in the branches of one If. The first one takes a past and reads it
// not: there is none then.
// FIRST: attributes {dalbit.sizes = {P = 0 : i64}}
// FIRST: "Cast"
// FIRST-NOT: "Concat"
// NEXT: -> (tensor<?x2x?x4xf32> {dalbit.dims = ["B", "2", "P+T", "4"]})
// NEXT-SAME: attributes {dalbit.sizes = {}}
// NEXT: "Concat"
func.func @merged(%ids: tensor<?x?xi64> {dalbit.name = "input_ids"},
                  %past: tensor<?x2x?x4xf32> {dalbit.name = "past_key_values.0.key"},
                  %flag: tensor<1xi1> {dalbit.name = "use_cache_branch"}) -> tensor<*xf32> {
  %target = onnx.constant dense<[0, 1, -1, 1]> : tensor<4xi64>
  %repeat = onnx.constant dense<[1, 2, 1, 4]> : tensor<4xi64>
  %present = onnx.node "If"(%flag) opset 13 {
    %r = onnx.node "Reshape"(%ids, %target) opset 13 : (tensor<?x?xi64>, tensor<4xi64>) -> tensor<*xi64>
    %t = onnx.node "Tile"(%r, %repeat) opset 13 : (tensor<*xi64>, tensor<4xi64>) -> tensor<*xi64>
    %new = onnx.node "Cast"(%t) opset 13 attributes {to = 1 : i64} : (tensor<*xi64>) -> tensor<*xf32>
    %all = onnx.node "Concat"(%past, %new) opset 13 attributes {axis = 2 : i64} : (tensor<?x2x?x4xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.yield %all : tensor<*xf32>
  }, {
    %r = onnx.node "Reshape"(%ids, %target) opset 13 : (tensor<?x?xi64>, tensor<4xi64>) -> tensor<*xi64>
    %t = onnx.node "Tile"(%r, %repeat) opset 13 : (tensor<*xi64>, tensor<4xi64>) -> tensor<*xi64>
    %new = onnx.node "Cast"(%t) opset 13 attributes {to = 1 : i64} : (tensor<*xi64>) -> tensor<*xf32>
    onnx.yield %new : tensor<*xf32>
  } : (tensor<1xi1>) -> tensor<*xf32>
  return %present : tensor<*xf32>
}
