// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -onnx-bind-shapes -onnx-fold-shapes | FileCheck %s

// Roles: ids [B, T], past [B, H, P, d], mask [B, P+T].
// CHECK-LABEL: @roles
// CHECK-SAME: dalbit.dims = ["B", "T"]
// CHECK-SAME: dalbit.dims = ["B", "P+T"]
// CHECK-SAME: dalbit.dims = ["B", "2", "P", "4"]
// CHECK-SAME: -> (tensor<?x2x?x4xf32> {dalbit.dims = ["B", "2", "P+T", "4"]})
// CHECK-SAME: attributes {dalbit.sizes = {}}
func.func @roles(%ids: tensor<?x?xi64> {dalbit.name = "input_ids"},
                 %mask: tensor<?x?xi64> {dalbit.name = "attention_mask"},
                 %past: tensor<?x2x?x4xf32> {dalbit.name = "past_key_values.0.key"}) -> tensor<*xf32> {
  %target = onnx.constant dense<[2, 4]> : tensor<2xi64>
  %one = onnx.constant dense<1.0> : tensor<f32>
  %shape = onnx.node "Shape"(%ids) opset 13 : (tensor<?x?xi64>) -> tensor<*xi64>
  %i0 = onnx.constant dense<0> : tensor<1xi64>
  %i1 = onnx.constant dense<1> : tensor<1xi64>
  %b = onnx.node "Gather"(%shape, %i0) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %t = onnx.node "Gather"(%shape, %i1) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %two = onnx.constant dense<2> : tensor<1xi64>
  %four = onnx.constant dense<4> : tensor<1xi64>
  %all = onnx.node "Concat"(%b, %two, %t, %four) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<1xi64>, tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  // CHECK: "Expand"{{.*}} -> tensor<?x2x?x4xf32>
  %new = onnx.node "Expand"(%one, %all) opset 13 : (tensor<f32>, tensor<*xi64>) -> tensor<*xf32>
  // CHECK: "Concat"{{.*}} -> tensor<?x2x?x4xf32>
  %y = onnx.node "Concat"(%past, %new) opset 13 attributes {axis = -2 : i64} : (tensor<?x2x?x4xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Fixed sizes are the symbols' values, sizes computed from them are constants.
// CHECK-LABEL: @fixed
// CHECK-SAME: dalbit.sizes = {B = 1 : i64, P = 31 : i64, T = 1 : i64}
// CHECK-NEXT: %[[C:.*]] = onnx.constant dense<[1, 31]> : tensor<2xi64>
// CHECK-NEXT: return %[[C]] : tensor<2xi64>
func.func @fixed(%ids: tensor<1x1xi64> {dalbit.name = "input_ids"},
                 %past: tensor<1x2x31x4xf32> {dalbit.name = "past_key_values.0.key"}) -> tensor<*xi64> {
  %i = onnx.constant dense<[0, -2]> : tensor<2xi64>
  %shape = onnx.node "Shape"(%past) opset 13 : (tensor<1x2x31x4xf32>) -> tensor<*xi64>
  %y = onnx.node "Gather"(%shape, %i) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<2xi64>) -> tensor<*xi64>
  return %y : tensor<*xi64>
}

// -----

// A reshape to the sizes that its input has changes nothing, even when the
// target is computed; so does a cast to the type that is there.
// CHECK-LABEL: @nothing_changes
// CHECK-NEXT: return %arg0
func.func @nothing_changes(%ids: tensor<?x?xi64> {dalbit.name = "input_ids"}) -> tensor<*xi64> {
  %i1 = onnx.constant dense<1> : tensor<1xi64>
  %minus = onnx.constant dense<-1> : tensor<1xi64>
  %shape = onnx.node "Shape"(%ids) opset 13 : (tensor<?x?xi64>) -> tensor<*xi64>
  %t = onnx.node "Gather"(%shape, %i1) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %target = onnx.node "Concat"(%minus, %t) opset 13 attributes {axis = 0 : i64} : (tensor<1xi64>, tensor<*xi64>) -> tensor<*xi64>
  %r = onnx.node "Reshape"(%ids, %target) opset 13 : (tensor<?x?xi64>, tensor<*xi64>) -> tensor<*xi64>
  %y = onnx.node "Cast"(%r) opset 13 attributes {to = 7 : i64} : (tensor<*xi64>) -> tensor<*xi64>
  return %y : tensor<*xi64>
}

// -----

// An If whose condition follows from sizes is its branch.
// CHECK-LABEL: @branch
// CHECK-NOT: "If"
// CHECK: "Abs"
// CHECK-NOT: "Neg"
func.func @branch(%x: tensor<?x?x3xf32> {dalbit.name = "x"}) -> tensor<*xf32> {
  %shape = onnx.node "Shape"(%x) opset 13 : (tensor<?x?x3xf32>) -> tensor<*xi64>
  %i2 = onnx.constant dense<2> : tensor<i64>
  %one = onnx.constant dense<1> : tensor<i64>
  %d = onnx.node "Gather"(%shape, %i2) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %c = onnx.node "Equal"(%d, %one) opset 13 : (tensor<*xi64>, tensor<i64>) -> tensor<*xi1>
  %y = onnx.node "If"(%c) opset 13 {
    %t = onnx.node "Neg"(%x) opset 13 : (tensor<?x?x3xf32>) -> tensor<*xf32>
    onnx.yield %t : tensor<*xf32>
  }, {
    %e = onnx.node "Abs"(%x) opset 13 : (tensor<?x?x3xf32>) -> tensor<*xf32>
    onnx.yield %e : tensor<*xf32>
  } : (tensor<*xi1>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// From INT64_MIN is from the beginning, to INT64_MAX to the end: sizes of
// PyTorch's newer exporter, and a cut that cuts nothing off.
// CHECK-LABEL: @whole
// CHECK-SAME: -> (tensor<2xi64>
// CHECK: return %{{.*}}, %arg0
func.func @whole(%x: tensor<?x6x?x4xf32> {dalbit.name = "past_key"}) -> (tensor<*xi64>, tensor<*xf32>) {
  %first = onnx.constant dense<-9223372036854775808> : tensor<1xi64>
  %last = onnx.constant dense<9223372036854775807> : tensor<1xi64>
  %two = onnx.constant dense<-2> : tensor<1xi64>
  %zero = onnx.constant dense<0> : tensor<1xi64>
  %one = onnx.constant dense<1> : tensor<1xi64>
  %shape = onnx.node "Shape"(%x) opset 18 : (tensor<?x6x?x4xf32>) -> tensor<*xi64>
  %head = onnx.node "Slice"(%shape, %first, %two) opset 18 : (tensor<*xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
  %y = onnx.node "Slice"(%x, %zero, %last, %one, %one) opset 18 : (tensor<?x6x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return %head, %y : tensor<*xi64>, tensor<*xf32>
}

// Rows of numbers in a batch that the file fixes: tokens, whatever their name.
// CHECK-LABEL: @rows
// CHECK-SAME: dalbit.dims = ["1", "T", "8"]
func.func @rows(%x: tensor<1x?x8xf32> {dalbit.name = "x", dalbit.dims = ["1", "s", "8"]}) -> tensor<1x?x8xf32> {
  return %x : tensor<1x?x8xf32>
}

// -----

// Values of pixels are no past: the mask has as many columns as there are
// tokens.
// CHECK-LABEL: @text_and_image
// CHECK-SAME: dalbit.dims = ["B", "T"]
// CHECK-SAME: dalbit.dims = ["B", "3", "32", "32"]
// CHECK-SAME: dalbit.dims = ["B", "T"]
// CHECK-SAME: attributes {dalbit.sizes = {P = 0 : i64}}
func.func @text_and_image(%ids: tensor<?x?xi64> {dalbit.name = "input_ids"},
                          %image: tensor<?x3x32x32xf32> {dalbit.name = "pixel_values"},
                          %mask: tensor<?x?xi64> {dalbit.name = "attention_mask"}) -> (tensor<?x?xi64>, tensor<?x3x32x32xf32>, tensor<?x?xi64>) {
  return %ids, %image, %mask : tensor<?x?xi64>, tensor<?x3x32x32xf32>, tensor<?x?xi64>
}

// -----

// What is taken of what was put together comes from before it (queries, keys
// and values that are turned in one tensor).
// CHECK-LABEL: @parts
// CHECK-NOT: "Concat"
// CHECK: %[[B:.*]] = onnx.node "Unsqueeze"(%arg1)
// CHECK: %[[P:.*]] = onnx.node "Squeeze"(%[[B]]) opset 17 attributes {axes = array<i64: 2>} : (tensor<?x?x1x4xf32>) -> tensor<?x?x4xf32>
// CHECK: return %[[P]], %arg0, %[[B]]
func.func @parts(%a: tensor<?x?x4xf32> {dalbit.name = "a"}, %b: tensor<?x?x4xf32> {dalbit.name = "b"}) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %one = onnx.constant dense<1> : tensor<i64>
  %first = onnx.constant dense<-2> : tensor<1xi64>
  %last = onnx.constant dense<1> : tensor<1xi64>
  %end = onnx.constant dense<2> : tensor<1xi64>
  %axis = onnx.constant dense<2> : tensor<1xi64>
  %size = onnx.constant dense<4> : tensor<1xi64>
  %x = onnx.node "Unsqueeze"(%a) opset 11 attributes {axes = array<i64: 2>} : (tensor<?x?x4xf32>) -> tensor<*xf32>
  %y = onnx.node "Unsqueeze"(%b) opset 11 attributes {axes = array<i64: 2>} : (tensor<?x?x4xf32>) -> tensor<*xf32>
  %all = onnx.node "Concat"(%x, %y) opset 13 attributes {axis = 2 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Gather"(%all, %one) opset 13 attributes {axis = 2 : i64} : (tensor<*xf32>, tensor<i64>) -> tensor<*xf32>
  %s = onnx.node "Slice"(%all, %last, %end, %axis) opset 13 : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %row = onnx.node "Concat"(%a, %b) opset 13 attributes {axis = -1 : i64} : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<*xf32>
  %h:2 = onnx.node "Split"(%row) opset 11 attributes {axis = -1 : i64} : (tensor<*xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %p, %h#0, %s : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// The last T rows of a table of a bias (MPT).
// CHECK-LABEL: @last_rows
// CHECK: "Slice"{{.*}} -> tensor<2x1x?xf32>
func.func @last_rows(%ids: tensor<?x?xi64> {dalbit.name = "input_ids"}) -> tensor<*xf32> {
  %table = onnx.constant dense<1.0> : tensor<2x1x64xf32>
  %all = onnx.constant dense<64> : tensor<1xi64>
  %one = onnx.constant dense<1> : tensor<1xi64>
  %axis = onnx.constant dense<2> : tensor<1xi64>
  %end = onnx.constant dense<9223372036854775807> : tensor<1xi64>
  %shape = onnx.node "Shape"(%ids) opset 13 : (tensor<?x?xi64>) -> tensor<*xi64>
  %t = onnx.node "Gather"(%shape, %one) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %from = onnx.node "Sub"(%all, %t) opset 13 : (tensor<1xi64>, tensor<*xi64>) -> tensor<*xi64>
  %y = onnx.node "Slice"(%table, %from, %end, %axis) opset 13 : (tensor<2x1x64xf32>, tensor<*xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// A past by its use, whatever its name: [B, heads, P, d] in front of new keys.
// What goes into a convolution is none.
// CHECK-LABEL: @unnamed_past
// CHECK-SAME: %arg1: tensor<?x2x?x4xf32> {dalbit.dims = ["B", "2", "P", "4"]
// CHECK: "Concat"{{.*}} -> tensor<?x2x?x4xf32>
func.func @unnamed_past(%ids: tensor<?x?xi64> {dalbit.name = "ids"}, %pk: tensor<?x2x?x4xf32> {dalbit.name = "pk"}, %new: tensor<?x2x?x4xf32> {dalbit.name = "new_key"}) -> tensor<*xf32> {
  %c = onnx.node "Cast"(%pk) opset 13 attributes {to = 1 : i64} : (tensor<?x2x?x4xf32>) -> tensor<*xf32>
  %y = onnx.node "Concat"(%c, %new) opset 13 attributes {axis = -2 : i64} : (tensor<*xf32>, tensor<?x2x?x4xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
