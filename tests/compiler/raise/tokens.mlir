// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -raise-tokens | FileCheck %s

// CHECK-LABEL: @first
// CHECK-NEXT: %[[Y:.*]] = nn.slice %arg0 {first = 0 : i64} : (tensor<?x?x8xf32>) -> tensor<?x8xf32>
// CHECK-NEXT: return %[[Y]]
func.func @first(%x: tensor<?x?x8xf32> {dalbit.dims = ["B", "T", "8"]}) -> tensor<?x8xf32> {
  %i = onnx.constant dense<0> : tensor<i64>
  %y = onnx.node "Gather"(%x, %i) opset 13 attributes {axis = 1 : i64} : (tensor<?x?x8xf32>, tensor<i64>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// T - 1, computed from the shape, is the last token.
// CHECK-LABEL: @last
// CHECK-NEXT: nn.slice %arg0 {first = -1 : i64} : (tensor<?x?x8xf32>) -> tensor<?x8xf32>
func.func @last(%x: tensor<?x?x8xf32> {dalbit.dims = ["B", "T", "8"]}) -> tensor<?x8xf32> {
  %one = onnx.constant dense<1> : tensor<i64>
  %s = onnx.node "Shape"(%x) opset 13 : (tensor<?x?x8xf32>) -> tensor<3xi64>
  %t = onnx.node "Gather"(%s, %one) opset 13 attributes {axis = 0 : i64} : (tensor<3xi64>, tensor<i64>) -> tensor<i64>
  %i = onnx.node "Sub"(%t, %one) opset 13 : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %y = onnx.node "Gather"(%x, %i) opset 13 attributes {axis = 1 : i64} : (tensor<?x?x8xf32>, tensor<i64>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: @cut
// CHECK: nn.slice %arg0 {first = 2 : i64} : (tensor<?x6x8xf32>) -> tensor<?x3x8xf32>
func.func @cut(%x: tensor<?x6x8xf32> {dalbit.dims = ["B", "6", "8"]}) -> tensor<?x3x8xf32> {
  %a = onnx.constant dense<2> : tensor<1xi64>
  %b = onnx.constant dense<5> : tensor<1xi64>
  %axis = onnx.constant dense<1> : tensor<1xi64>
  %y = onnx.node "Slice"(%x, %a, %b, %axis) opset 13 : (tensor<?x6x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x3x8xf32>
  return %y : tensor<?x3x8xf32>
}

// -----

// A class token that is expanded for the batch, and a row that was given a
// dimension.
// CHECK-LABEL: @concat
// CHECK: %[[C:.*]] = nn.constant dense<1.000000e+00> : tensor<1x1x8xf32>
// CHECK: nn.concat %[[C]], %arg1, %arg0 : (tensor<1x1x8xf32>, tensor<?x8xf32>, tensor<?x6x8xf32>) -> tensor<?x8x8xf32>
func.func @concat(%x: tensor<?x6x8xf32> {dalbit.dims = ["B", "6", "8"]}, %r: tensor<?x8xf32> {dalbit.dims = ["B", "8"]}) -> tensor<?x8x8xf32> {
  %c = onnx.constant dense<1.0> : tensor<1x1x8xf32>
  %zero = onnx.constant dense<0> : tensor<1xi64>
  %one = onnx.constant dense<1> : tensor<1xi64>
  %minus = onnx.constant dense<[1, 1]> : tensor<2xi64>
  %s = onnx.node "Shape"(%x) opset 13 : (tensor<?x6x8xf32>) -> tensor<3xi64>
  %b = onnx.node "Gather"(%s, %zero) opset 13 attributes {axis = 0 : i64} : (tensor<3xi64>, tensor<1xi64>) -> tensor<1xi64>
  %t = onnx.node "Concat"(%b, %minus) opset 13 attributes {axis = 0 : i64} : (tensor<1xi64>, tensor<2xi64>) -> tensor<3xi64>
  %e = onnx.node "Expand"(%c, %t) opset 13 : (tensor<1x1x8xf32>, tensor<3xi64>) -> tensor<?x1x8xf32>
  %u = onnx.node "Unsqueeze"(%r) opset 13 attributes {axes = array<i64: 1>} : (tensor<?x8xf32>) -> tensor<?x1x8xf32>
  %y = onnx.node "Concat"(%e, %u, %x) opset 13 attributes {axis = 1 : i64} : (tensor<?x1x8xf32>, tensor<?x1x8xf32>, tensor<?x6x8xf32>) -> tensor<?x8x8xf32>
  return %y : tensor<?x8x8xf32>
}

// -----

// The end-of-text token of CLIP: pairs of a sequence and its largest id.
// CHECK-LABEL: @pick
// CHECK: nn.pick %arg0, %arg1 : (tensor<2x6x8xf32>, tensor<2x6xi64>) -> tensor<2x8xf32>
func.func @pick(%x: tensor<2x6x8xf32> {dalbit.dims = ["2", "6", "8"]}, %ids: tensor<2x6xi64> {dalbit.dims = ["2", "6"]}) -> tensor<2x8xf32> {
  %b = onnx.constant dense<[[0], [1]]> : tensor<2x1xi64>
  %m = onnx.node "ArgMax"(%ids) opset 13 attributes {axis = -1 : i64, keepdims = 1 : i64, select_last_index = 0 : i64} : (tensor<2x6xi64>) -> tensor<2x1xi64>
  %p = onnx.node "Concat"(%b, %m) opset 13 attributes {axis = 1 : i64} : (tensor<2x1xi64>, tensor<2x1xi64>) -> tensor<2x2xi64>
  %y = onnx.node "GatherND"(%x, %p) opset 13 attributes {batch_dims = 0 : i64} : (tensor<2x6x8xf32>, tensor<2x2xi64>) -> tensor<2x8xf32>
  return %y : tensor<2x8xf32>
}

// -----

// The first place of a certain id, as newer exports of CLIP have it.
// CHECK-LABEL: @pick_id
// CHECK: nn.pick %arg0, %arg1 {id = 7 : i64, rule = "first"} : (tensor<2x6x8xf32>, tensor<2x6xi64>) -> tensor<2x8xf32>
func.func @pick_id(%x: tensor<2x6x8xf32> {dalbit.dims = ["2", "6", "8"]}, %ids: tensor<2x6xi64> {dalbit.dims = ["2", "6"]}) -> tensor<2x8xf32> {
  %b = onnx.constant dense<[[0], [1]]> : tensor<2x1xi64>
  %eos = onnx.constant dense<7> : tensor<i32>
  %c = onnx.node "Cast"(%ids) opset 13 attributes {to = 6 : i64} : (tensor<2x6xi64>) -> tensor<2x6xi32>
  %e = onnx.node "Equal"(%c, %eos) opset 13 : (tensor<2x6xi32>, tensor<i32>) -> tensor<2x6xi1>
  %i = onnx.node "Cast"(%e) opset 13 attributes {to = 6 : i64} : (tensor<2x6xi1>) -> tensor<2x6xi32>
  %m = onnx.node "ArgMax"(%i) opset 13 attributes {axis = -1 : i64, keepdims = 1 : i64, select_last_index = 0 : i64} : (tensor<2x6xi32>) -> tensor<2x1xi64>
  %p = onnx.node "Concat"(%b, %m) opset 13 attributes {axis = 1 : i64} : (tensor<2x1xi64>, tensor<2x1xi64>) -> tensor<2x2xi64>
  %y = onnx.node "GatherND"(%x, %p) opset 13 attributes {batch_dims = 0 : i64} : (tensor<2x6x8xf32>, tensor<2x2xi64>) -> tensor<2x8xf32>
  return %y : tensor<2x8xf32>
}

// -----

// The place before the first padding, as classifiers behind a decoder had it.
// CHECK-LABEL: @pick_before
// CHECK: nn.pick %arg0, %arg1 {id = 7 : i64, rule = "before"} : (tensor<2x6x8xf32>, tensor<2x6xi64>) -> tensor<2x8xf32>
func.func @pick_before(%x: tensor<2x6x8xf32> {dalbit.dims = ["2", "6", "8"]}, %ids: tensor<2x6xi64> {dalbit.dims = ["2", "6"]}) -> tensor<2x8xf32> {
  %b = onnx.constant dense<[[0], [1]]> : tensor<2x1xi64>
  %pad = onnx.constant dense<7> : tensor<i64>
  %one = onnx.constant dense<1> : tensor<i64>
  %six = onnx.constant dense<6> : tensor<i64>
  %e = onnx.node "Equal"(%ids, %pad) opset 13 : (tensor<2x6xi64>, tensor<i64>) -> tensor<2x6xi1>
  %i = onnx.node "Cast"(%e) opset 13 attributes {to = 6 : i64} : (tensor<2x6xi1>) -> tensor<2x6xi32>
  %m = onnx.node "ArgMax"(%i) opset 13 attributes {axis = -1 : i64, keepdims = 1 : i64, select_last_index = 0 : i64} : (tensor<2x6xi32>) -> tensor<2x1xi64>
  %l = onnx.node "Sub"(%m, %one) opset 13 : (tensor<2x1xi64>, tensor<i64>) -> tensor<2x1xi64>
  %r = onnx.node "Mod"(%l, %six) opset 13 attributes {fmod = 0 : i64} : (tensor<2x1xi64>, tensor<i64>) -> tensor<2x1xi64>
  %p = onnx.node "Concat"(%b, %r) opset 13 attributes {axis = 1 : i64} : (tensor<2x1xi64>, tensor<2x1xi64>) -> tensor<2x2xi64>
  %y = onnx.node "GatherND"(%x, %p) opset 13 attributes {batch_dims = 0 : i64} : (tensor<2x6x8xf32>, tensor<2x2xi64>) -> tensor<2x8xf32>
  return %y : tensor<2x8xf32>
}

// -----

// The last token that is no padding, as they have it now.
// CHECK-LABEL: @pick_last
// CHECK: nn.pick %arg0, %arg1 {id = 7 : i64, rule = "last"} : (tensor<2x6x8xf32>, tensor<2x6xi64>) -> tensor<2x8xf32>
func.func @pick_last(%x: tensor<2x6x8xf32> {dalbit.dims = ["2", "6", "8"]}, %ids: tensor<2x6xi64> {dalbit.dims = ["2", "6"]}) -> tensor<2x8xf32> {
  %b = onnx.constant dense<[[0], [1]]> : tensor<2x1xi64>
  %pad = onnx.constant dense<7> : tensor<i64>
  %range = onnx.constant dense<[0, 1, 2, 3, 4, 5]> : tensor<6xi32>
  %e = onnx.node "Equal"(%ids, %pad) opset 13 : (tensor<2x6xi64>, tensor<i64>) -> tensor<2x6xi1>
  %n = onnx.node "Not"(%e) opset 13 : (tensor<2x6xi1>) -> tensor<2x6xi1>
  %i = onnx.node "Cast"(%n) opset 13 attributes {to = 6 : i64} : (tensor<2x6xi1>) -> tensor<2x6xi32>
  %k = onnx.node "Mul"(%range, %i) opset 13 : (tensor<6xi32>, tensor<2x6xi32>) -> tensor<2x6xi32>
  %m = onnx.node "ArgMax"(%k) opset 13 attributes {axis = -1 : i64, keepdims = 1 : i64, select_last_index = 0 : i64} : (tensor<2x6xi32>) -> tensor<2x1xi64>
  %p = onnx.node "Concat"(%b, %m) opset 13 attributes {axis = 1 : i64} : (tensor<2x1xi64>, tensor<2x1xi64>) -> tensor<2x2xi64>
  %y = onnx.node "GatherND"(%x, %p) opset 13 attributes {batch_dims = 0 : i64} : (tensor<2x6x8xf32>, tensor<2x2xi64>) -> tensor<2x8xf32>
  return %y : tensor<2x8xf32>
}

// -----

// As many tokens as the mask shows, less one; the place for each column.
// CHECK-LABEL: @pick_shown
// CHECK: %[[M:.*]] = nn.key_mask %arg1 : tensor<2x6xi64> -> tensor<2x6xf32>
// CHECK: nn.pick %arg0, %[[M]] {rule = "shown"} : (tensor<2x6x8xf32>, tensor<2x6xf32>) -> tensor<2x8xf32>
func.func @pick_shown(%x: tensor<2x6x8xf32> {dalbit.dims = ["2", "6", "8"]}, %mask: tensor<2x6xi64> {dalbit.dims = ["2", "6"]}) -> tensor<2x8xf32> {
  %one = onnx.constant dense<1> : tensor<i64>
  %axis = onnx.constant dense<1> : tensor<1xi64>
  %last = onnx.constant dense<[1, 2]> : tensor<2xi64>
  %wide = onnx.constant dense<[2, 1, 8]> : tensor<3xi64>
  %s = onnx.node "ReduceSum"(%mask, %axis) opset 13 attributes {keepdims = 0 : i64} : (tensor<2x6xi64>, tensor<1xi64>) -> tensor<2xi64>
  %l = onnx.node "Sub"(%s, %one) opset 13 : (tensor<2xi64>, tensor<i64>) -> tensor<2xi64>
  %u = onnx.node "Unsqueeze"(%l, %last) opset 13 : (tensor<2xi64>, tensor<2xi64>) -> tensor<2x1x1xi64>
  %w = onnx.node "Expand"(%u, %wide) opset 13 : (tensor<2x1x1xi64>, tensor<3xi64>) -> tensor<2x1x8xi64>
  %g = onnx.node "GatherElements"(%x, %w) opset 13 attributes {axis = 1 : i64} : (tensor<2x6x8xf32>, tensor<2x1x8xi64>) -> tensor<2x1x8xf32>
  %y = onnx.node "Squeeze"(%g, %axis) opset 13 : (tensor<2x1x8xf32>, tensor<1xi64>) -> tensor<2x8xf32>
  return %y : tensor<2x8xf32>
}

// -----

// The last of several with an id is none of them.
// CHECK-LABEL: @no_pick
// CHECK-NOT: nn.pick
// CHECK: "GatherND"
func.func @no_pick(%x: tensor<2x6x8xf32> {dalbit.dims = ["2", "6", "8"]}, %ids: tensor<2x6xi64> {dalbit.dims = ["2", "6"]}) -> tensor<2x8xf32> {
  %b = onnx.constant dense<[[0], [1]]> : tensor<2x1xi64>
  %eos = onnx.constant dense<7> : tensor<i64>
  %e = onnx.node "Equal"(%ids, %eos) opset 13 : (tensor<2x6xi64>, tensor<i64>) -> tensor<2x6xi1>
  %i = onnx.node "Cast"(%e) opset 13 attributes {to = 6 : i64} : (tensor<2x6xi1>) -> tensor<2x6xi32>
  %m = onnx.node "ArgMax"(%i) opset 13 attributes {axis = -1 : i64, keepdims = 1 : i64, select_last_index = 1 : i64} : (tensor<2x6xi32>) -> tensor<2x1xi64>
  %p = onnx.node "Concat"(%b, %m) opset 13 attributes {axis = 1 : i64} : (tensor<2x1xi64>, tensor<2x1xi64>) -> tensor<2x2xi64>
  %y = onnx.node "GatherND"(%x, %p) opset 13 attributes {batch_dims = 0 : i64} : (tensor<2x6x8xf32>, tensor<2x2xi64>) -> tensor<2x8xf32>
  return %y : tensor<2x8xf32>
}

// -----

// A constant that is repeated for every sequence, put beside nothing: the query
// of a pooling head.
// CHECK-LABEL: @repeat
// CHECK: %[[C:.*]] = nn.constant dense<1.000000e+00> : tensor<1x1x8xf32>
// CHECK: nn.concat %[[C]] : (tensor<1x1x8xf32>) -> tensor<?x1x8xf32>
func.func @repeat(%x: tensor<?x6x8xf32> {dalbit.dims = ["B", "6", "8"]}) -> tensor<?x1x8xf32> {
  %c = onnx.constant dense<1.0> : tensor<1x1x8xf32>
  %zero = onnx.constant dense<0> : tensor<1xi64>
  %ones = onnx.constant dense<[1, 1]> : tensor<2xi64>
  %s = onnx.node "Shape"(%x) opset 13 : (tensor<?x6x8xf32>) -> tensor<3xi64>
  %b = onnx.node "Gather"(%s, %zero) opset 13 attributes {axis = 0 : i64} : (tensor<3xi64>, tensor<1xi64>) -> tensor<1xi64>
  %t = onnx.node "Concat"(%b, %ones) opset 13 attributes {axis = 0 : i64} : (tensor<1xi64>, tensor<2xi64>) -> tensor<3xi64>
  %y = onnx.node "Tile"(%c, %t) opset 13 : (tensor<1x1x8xf32>, tensor<3xi64>) -> tensor<?x1x8xf32>
  return %y : tensor<?x1x8xf32>
}

// -----

// What only moves an input becomes its layout.
// CHECK-LABEL: @border
// CHECK: nn.rearrange %arg0 view [-1, 4, 6] order [0, 2, 1] : (tensor<?x4x6xf32>) -> tensor<?x6x4xf32>
func.func @border(%x: tensor<?x4x6xf32> {dalbit.dims = ["B", "4", "6"]}) -> tensor<?x6x4xf32> {
  %t = onnx.node "Transpose"(%x) opset 13 attributes {perm = array<i64: 0, 2, 1>} : (tensor<?x4x6xf32>) -> tensor<?x6x4xf32>
  %y = nn.relu %t : tensor<?x6x4xf32>
  return %y : tensor<?x6x4xf32>
}

// -----

// A move of unknown sizes stays.
// CHECK-LABEL: @unknown
// CHECK: onnx.node "Reshape"
func.func @unknown(%x: tensor<?x?x8xf32> {dalbit.dims = ["B", "T", "8"]}, %shape: tensor<2xi64>) -> tensor<*xf32> {
  %y = onnx.node "Reshape"(%x, %shape) opset 13 : (tensor<?x?x8xf32>, tensor<2xi64>) -> tensor<*xf32>
  %z = onnx.node "Flatten"(%y) opset 13 : (tensor<*xf32>) -> tensor<*xf32>
  return %z : tensor<*xf32>
}

// -----

// A class token of one dimension; copies that a fixed batch has in its constant.
// CHECK-LABEL: @class_tokens
// CHECK-DAG: nn.constant dense<3.000000e+00> : tensor<1x1x4xf32>
// CHECK-DAG: nn.constant dense<5.000000e+00> : tensor<1x1x4xf32>
// CHECK: nn.concat %{{.*}}, %arg0, %{{.*}} : (tensor<1x1x4xf32>, tensor<2x3x4xf32>, tensor<1x1x4xf32>) -> tensor<2x5x4xf32>
func.func @class_tokens(%x: tensor<2x3x4xf32> {dalbit.dims = ["2", "3", "4"]}) -> tensor<2x5x4xf32> {
  %c = onnx.constant dense<3.0> : tensor<4xf32>
  %shape = onnx.constant dense<[2, 1, 4]> : tensor<3xi64>
  %a = onnx.node "Expand"(%c, %shape) opset 13 : (tensor<4xf32>, tensor<3xi64>) -> tensor<2x1x4xf32>
  %b = onnx.constant dense<5.0> : tensor<2x1x4xf32>
  %y = onnx.node "Concat"(%a, %x, %b) opset 13 attributes {axis = 1 : i64} : (tensor<2x1x4xf32>, tensor<2x3x4xf32>, tensor<2x1x4xf32>) -> tensor<2x5x4xf32>
  return %y : tensor<2x5x4xf32>
}

// -----

// Of one number a token the last dimension goes; the open ones stay apart.
// CHECK-LABEL: @one_number
// CHECK: nn.rearrange %{{.*}} view [-1, -1, 1] order [0, 1, 2] : (tensor<?x?x1xf32>) -> tensor<?x?xf32>
func.func @one_number(%x: tensor<?x?x4xf32> {dalbit.dims = ["B", "T", "4"]}) -> tensor<?x?xf32> {
  %axes = onnx.constant dense<-1> : tensor<1xi64>
  %w = nn.constant dense<1.0> : tensor<4x1xf32>
  %y = nn.linear %x, %w : (tensor<?x?x4xf32>, tensor<4x1xf32>) -> tensor<?x?x1xf32>
  %s = onnx.node "Squeeze"(%y, %axes) opset 13 : (tensor<?x?x1xf32>, tensor<1xi64>) -> tensor<?x?xf32>
  return %s : tensor<?x?xf32>
}

// -----

// The token with the largest id as a row of all tokens.
// CHECK-LABEL: @flat_pick
// CHECK: nn.pick %arg0, %arg1
func.func @flat_pick(%x: tensor<?x5x4xf32> {dalbit.dims = ["B", "5", "4"]}, %ids: tensor<?x5xi64> {dalbit.dims = ["B", "5"]}) -> tensor<?x4xf32> {
  %zero = onnx.constant dense<0> : tensor<i64>
  %one = onnx.constant dense<1> : tensor<i64>
  %five = onnx.constant dense<5> : tensor<i64>
  %i = onnx.node "Cast"(%ids) opset 13 attributes {to = 6 : i64} : (tensor<?x5xi64>) -> tensor<?x5xi32>
  %a = onnx.node "ArgMax"(%i) opset 13 attributes {axis = -1 : i64, keepdims = 0 : i64, select_last_index = 0 : i64} : (tensor<?x5xi32>) -> tensor<?xi64>
  %shape = onnx.node "Shape"(%ids) opset 13 : (tensor<?x5xi64>) -> tensor<2xi64>
  %b = onnx.node "Gather"(%shape, %zero) opset 13 attributes {axis = 0 : i64} : (tensor<2xi64>, tensor<i64>) -> tensor<i64>
  %r = onnx.node "Range"(%zero, %b, %one) opset 13 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %m = onnx.node "Mul"(%r, %five) opset 13 : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
  %p = onnx.node "Add"(%a, %m) opset 13 : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64>
  %f = onnx.node "Flatten"(%x) opset 13 attributes {axis = 2 : i64} : (tensor<?x5x4xf32>) -> tensor<?x4xf32>
  %y = onnx.node "Gather"(%f, %p) opset 13 attributes {axis = 0 : i64} : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// Sizes that are known but not in the types: nn needs types with a rank.
// CHECK-LABEL: @without_rank
// CHECK: "Gather"
// CHECK-NOT: nn.slice
func.func @without_rank(%x: tensor<?x6x4xf32> {dalbit.dims = ["B", "6", "4"]}) -> (tensor<*xf32>, tensor<?x4xf32>) {
  %two = onnx.constant dense<2> : tensor<i64>
  %r = onnx.node "Relu"(%x) opset 13 : (tensor<?x6x4xf32>) -> tensor<*xf32>
  %g = onnx.node "Gather"(%r, %two) opset 13 attributes {axis = 1 : i64} : (tensor<*xf32>, tensor<i64>) -> tensor<*xf32>
  %h = onnx.node "Gather"(%r, %two) opset 13 attributes {axis = 1 : i64} : (tensor<*xf32>, tensor<i64>) -> tensor<?x4xf32>
  return %g, %h : tensor<*xf32>, tensor<?x4xf32>
}

// -----

// Of an open number of tokens: the last three may be fewer, the first four too,
// and all but one are no number that a program knows.
// CHECK-LABEL: @open_slices
// CHECK-COUNT-3: onnx.node "Slice"
func.func @open_slices(%x: tensor<?x?x4xf32> {dalbit.dims = ["B", "T", "4"]}) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %zero = onnx.constant dense<0> : tensor<1xi64>
  %one = onnx.constant dense<1> : tensor<1xi64>
  %four = onnx.constant dense<4> : tensor<1xi64>
  %less = onnx.constant dense<-1> : tensor<1xi64>
  %three = onnx.constant dense<-3> : tensor<1xi64>
  %end = onnx.constant dense<9223372036854775807> : tensor<1xi64>
  %a = onnx.node "Slice"(%x, %three, %end, %one) opset 13 : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %b = onnx.node "Slice"(%x, %zero, %four, %one) opset 13 : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %c = onnx.node "Slice"(%x, %zero, %less, %one) opset 13 : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return %a, %b, %c : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}
