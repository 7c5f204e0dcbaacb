// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -onnx-bind-shapes -onnx-fold-shapes -raise-embedding -raise-elementwise | FileCheck %s

// Token rows plus the rows P .. P+T-1 of a position table, ids by Range.
// CHECK-LABEL: @gathered
// CHECK: %[[A:.*]] = nn.embedding %{{.*}}, %arg0 : (tensor<9x4xf32>, tensor<?x?xi64>)
// CHECK: %[[P:.*]] = nn.position_ids : tensor<1x?xi64>
// CHECK: %[[B:.*]] = nn.embedding %{{.*}}, %[[P]]
// CHECK: nn.add %[[A]], %[[B]] : (tensor<?x?x4xf32>, tensor<1x?x4xf32>)
// CHECK-NOT: onnx.node
func.func @gathered(%ids: tensor<?x?xi64> {dalbit.name = "input_ids"}, %past: tensor<?x2x?x4xf32> {dalbit.name = "past_key"}) -> tensor<*xf32> {
  %table = onnx.constant dense<1.0> : tensor<9x4xf32>
  %positions = onnx.constant dense<2.0> : tensor<64x4xf32>
  %i1 = onnx.constant dense<1> : tensor<i64>
  %i2 = onnx.constant dense<2> : tensor<i64>
  %shape = onnx.node "Shape"(%ids) opset 13 : (tensor<?x?xi64>) -> tensor<*xi64>
  %t = onnx.node "Gather"(%shape, %i1) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %pastShape = onnx.node "Shape"(%past) opset 13 : (tensor<?x2x?x4xf32>) -> tensor<*xi64>
  %p = onnx.node "Gather"(%pastShape, %i2) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %end = onnx.node "Add"(%t, %p) opset 13 : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %range = onnx.node "Range"(%p, %end, %i1) opset 13 : (tensor<*xi64>, tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %row = onnx.node "Unsqueeze"(%range) opset 13 attributes {axes = array<i64: 0>} : (tensor<*xi64>) -> tensor<*xi64>
  %a = onnx.node "Gather"(%table, %ids) opset 13 attributes {axis = 0 : i64} : (tensor<9x4xf32>, tensor<?x?xi64>) -> tensor<*xf32>
  %b = onnx.node "Gather"(%positions, %row) opset 13 attributes {axis = 0 : i64} : (tensor<64x4xf32>, tensor<*xi64>) -> tensor<*xf32>
  %y = onnx.node "Add"(%a, %b) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// The same rows cut out of the table; without a past, P is 0.
// CHECK-LABEL: @sliced
// CHECK: nn.position_ids : tensor<1x?xi64>
// CHECK: nn.add
// CHECK-NOT: onnx.node
func.func @sliced(%ids: tensor<?x?xi64> {dalbit.name = "input_ids"}) -> tensor<*xf32> {
  %table = onnx.constant dense<1.0> : tensor<9x4xf32>
  %positions = onnx.constant dense<2.0> : tensor<64x4xf32>
  %zero = onnx.constant dense<0> : tensor<1xi64>
  %one = onnx.constant dense<1> : tensor<1xi64>
  %shape = onnx.node "Shape"(%ids) opset 13 : (tensor<?x?xi64>) -> tensor<*xi64>
  %t = onnx.node "Gather"(%shape, %one) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %a = onnx.node "Gather"(%table, %ids) opset 13 attributes {axis = 0 : i64} : (tensor<9x4xf32>, tensor<?x?xi64>) -> tensor<*xf32>
  %b = onnx.node "Slice"(%positions, %zero, %t, %zero, %one) opset 13 : (tensor<64x4xf32>, tensor<1xi64>, tensor<*xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %y = onnx.node "Add"(%a, %b) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// index_select (M2M100): ids as one list, rows cut into [B, T, D] again.
// CHECK-LABEL: @selected
// CHECK: nn.embedding %{{.*}}, %arg0 : (tensor<9x4xf32>, tensor<2x3xi64>) -> tensor<2x3x4xf32>
// CHECK-NOT: onnx.node
func.func @selected(%ids: tensor<2x3xi64> {dalbit.name = "input_ids"}) -> tensor<2x3x4xf32> {
  %table = onnx.constant dense<1.0> : tensor<9x4xf32>
  %list = onnx.constant dense<-1> : tensor<1xi64>
  %target = onnx.constant dense<[2, 3, 4]> : tensor<3xi64>
  %flat = onnx.node "Reshape"(%ids, %list) opset 13 : (tensor<2x3xi64>, tensor<1xi64>) -> tensor<6xi64>
  %rows = onnx.node "Gather"(%table, %flat) opset 13 attributes {axis = 0 : i64} : (tensor<9x4xf32>, tensor<6xi64>) -> tensor<6x4xf32>
  %y = onnx.node "Reshape"(%rows, %target) opset 13 : (tensor<6x4xf32>, tensor<3xi64>) -> tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}

// -----

// Ids that are not the positions of the new tokens are an ordinary look-up.
// CHECK-LABEL: @other_ids
// CHECK-NOT: nn.position_ids
// CHECK: nn.embedding
func.func @other_ids(%ids: tensor<1x3xi64> {dalbit.name = "input_ids"}) -> tensor<*xf32> {
  %table = onnx.constant dense<1.0> : tensor<9x4xf32>
  %fixed = onnx.constant dense<[[0, 1, 3]]> : tensor<1x3xi64>
  %a = onnx.node "Gather"(%table, %ids) opset 13 attributes {axis = 0 : i64} : (tensor<9x4xf32>, tensor<1x3xi64>) -> tensor<*xf32>
  %b = onnx.node "Gather"(%table, %fixed) opset 13 attributes {axis = 0 : i64} : (tensor<9x4xf32>, tensor<1x3xi64>) -> tensor<*xf32>
  %y = onnx.node "Add"(%a, %b) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Positions of RoBERTa: the tokens that are no padding (1) are counted, from 2;
// padding has row 1. Row 0 is never read.
// CHECK-LABEL: @counted
// CHECK: %[[P:.*]] = nn.mask_positions %arg0 {fill = 3 : i64, hidden = 1 : i64} : tensor<?x?xi64> -> tensor<?x?xi64>
// CHECK: %[[T:.*]] = nn.constant dense<{{\[\[}}3.000000e+00], [4.000000e+00], [5.000000e+00], [2.000000e+00]]> : tensor<4x1xf32>
// CHECK: nn.embedding %[[T]], %[[P]]
func.func @counted(%ids: tensor<?x?xi64> {dalbit.name = "input_ids"}) -> tensor<*xf32> {
  %table = onnx.constant dense<[[1.0], [2.0], [3.0], [4.0], [5.0]]> : tensor<5x1xf32>
  %one = onnx.constant dense<1> : tensor<i64>
  %e = onnx.node "Equal"(%ids, %one) opset 13 : (tensor<?x?xi64>, tensor<i64>) -> tensor<*xi1>
  %n = onnx.node "Not"(%e) opset 13 : (tensor<*xi1>) -> tensor<*xi1>
  %i = onnx.node "Cast"(%n) opset 13 attributes {to = 6 : i64} : (tensor<*xi1>) -> tensor<*xi32>
  %c = onnx.node "CumSum"(%i, %one) opset 13 attributes {exclusive = 0 : i64, reverse = 0 : i64} : (tensor<*xi32>, tensor<i64>) -> tensor<*xi32>
  %m = onnx.node "Mul"(%c, %i) opset 13 : (tensor<*xi32>, tensor<*xi32>) -> tensor<*xi32>
  %l = onnx.node "Cast"(%m) opset 13 attributes {to = 7 : i64} : (tensor<*xi32>) -> tensor<*xi64>
  %p = onnx.node "Add"(%l, %one) opset 13 : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %y = onnx.node "Gather"(%table, %p) opset 13 attributes {axis = 0 : i64} : (tensor<5x1xf32>, tensor<*xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Token types that nobody gives are zeros: their row goes into the smallest
// table beside it. A tied table is the transposed weight of the head.
// CHECK-LABEL: @one_type
// CHECK-DAG: %[[W:.*]] = nn.constant dense<{{\[\[}}6.000000e+00, 8.000000e+00], [7.000000e+00, 9.000000e+00]]> : tensor<2x2xf32>
// CHECK-DAG: %[[P:.*]] = nn.constant dense<2.000000e+00> : tensor<64x2xf32>
// CHECK-DAG: nn.embedding %[[W]], %arg0
// CHECK-DAG: nn.embedding %[[P]]
// CHECK: nn.add
// CHECK-NOT: {{nn.add|onnx.node}}
func.func @one_type(%ids: tensor<?x?xi64> {dalbit.name = "input_ids"}) -> tensor<*xf32> {
  %head = onnx.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %types = onnx.constant dense<[[5.0, 5.0], [9.0, 9.0]]> : tensor<2x2xf32>
  %positions = onnx.constant dense<2.0> : tensor<64x2xf32>
  %zeros = onnx.constant dense<0> : tensor<1x64xi64>
  %i0 = onnx.constant dense<0> : tensor<i64>
  %i1 = onnx.constant dense<1> : tensor<i64>
  %zero = onnx.constant dense<0> : tensor<1xi64>
  %one = onnx.constant dense<1> : tensor<1xi64>
  %shape = onnx.node "Shape"(%ids) opset 18 : (tensor<?x?xi64>) -> tensor<*xi64>
  %t1 = onnx.node "Shape"(%ids) opset 18 attributes {start = 1 : i64} : (tensor<?x?xi64>) -> tensor<*xi64>
  %t = onnx.node "Squeeze"(%t1) opset 18 : (tensor<*xi64>) -> tensor<*xi64>
  %cut = onnx.node "Slice"(%zeros, %zero, %t1, %one) opset 18 : (tensor<1x64xi64>, tensor<1xi64>, tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %typeIds = onnx.node "Expand"(%cut, %shape) opset 18 : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %range = onnx.node "Range"(%i0, %t, %i1) opset 18 : (tensor<i64>, tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %row = onnx.node "Unsqueeze"(%range) opset 18 attributes {axes = array<i64: 0>} : (tensor<*xi64>) -> tensor<*xi64>
  %table = onnx.node "Transpose"(%head) opset 18 attributes {perm = array<i64: 1, 0>} : (tensor<2x2xf32>) -> tensor<*xf32>
  %a = onnx.node "Gather"(%table, %ids) opset 18 attributes {axis = 0 : i64} : (tensor<*xf32>, tensor<?x?xi64>) -> tensor<*xf32>
  %b = onnx.node "Gather"(%types, %typeIds) opset 18 attributes {axis = 0 : i64} : (tensor<2x2xf32>, tensor<*xi64>) -> tensor<*xf32>
  %c = onnx.node "Gather"(%positions, %row) opset 18 attributes {axis = 0 : i64} : (tensor<64x2xf32>, tensor<*xi64>) -> tensor<*xf32>
  %s = onnx.node "Add"(%a, %b) opset 18 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Add"(%s, %c) opset 18 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Places of an image are constants, not tokens: rows that are added.
// CHECK-LABEL: @places
// CHECK: %[[R:.*]] = nn.constant dense<{{\[\[\[}}2.000000e+00, 2.000000e+00], [1.000000e+00, 1.000000e+00]]]>
// CHECK: nn.add %arg0, %[[R]]
func.func @places(%x: tensor<?x2x2xf32> {dalbit.name = "x"}) -> tensor<*xf32> {
  %table = onnx.constant dense<[[1.0, 1.0], [2.0, 2.0]]> : tensor<2x2xf32>
  %ids = onnx.constant dense<[[1, 0]]> : tensor<1x2xi64>
  %rows = onnx.node "Gather"(%table, %ids) opset 13 attributes {axis = 0 : i64} : (tensor<2x2xf32>, tensor<1x2xi64>) -> tensor<*xf32>
  %y = onnx.node "Add"(%x, %rows) opset 13 : (tensor<?x2x2xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// A table whose first two rows are no positions begins behind them.
// CHECK-LABEL: @offset
// CHECK: %[[TABLE:.*]] = nn.constant dense<{{\[\[}}3.000000e+00], [4.000000e+00]]>
// CHECK: nn.embedding %[[TABLE]], %{{.*}} : (tensor<2x1xf32>, tensor<1x?xi64>)
// CHECK-NOT: onnx.node
func.func @offset(%ids: tensor<?x?xi64> {dalbit.name = "input_ids"}) -> tensor<*xf32> {
  %table = onnx.constant dense<1.0> : tensor<9x1xf32>
  %positions = onnx.constant dense<[[1.0], [2.0], [3.0], [4.0]]> : tensor<4x1xf32>
  %i0 = onnx.constant dense<0> : tensor<i64>
  %i1 = onnx.constant dense<1> : tensor<i64>
  %two = onnx.constant dense<2> : tensor<i64>
  %shape = onnx.node "Shape"(%ids) opset 13 : (tensor<?x?xi64>) -> tensor<*xi64>
  %t = onnx.node "Gather"(%shape, %i1) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %range = onnx.node "Range"(%i0, %t, %i1) opset 13 : (tensor<i64>, tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %all = onnx.node "Expand"(%range, %shape) opset 13 : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %at = onnx.node "Add"(%all, %two) opset 13 : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %a = onnx.node "Gather"(%table, %ids) opset 13 attributes {axis = 0 : i64} : (tensor<9x1xf32>, tensor<?x?xi64>) -> tensor<*xf32>
  %b = onnx.node "Gather"(%positions, %at) opset 13 attributes {axis = 0 : i64} : (tensor<4x1xf32>, tensor<*xi64>) -> tensor<*xf32>
  %y = onnx.node "Add"(%a, %b) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Positions of a fixed length that are written for every sequence are rows.
// CHECK-LABEL: @fixed_length
// CHECK: nn.constant dense<{{\[\[}}[2.000000e+00], [3.000000e+00], [4.000000e+00]]]> : tensor<1x3x1xf32>
// CHECK: nn.add %{{.*}}, %{{.*}} : (tensor<?x3x1xf32>, tensor<1x3x1xf32>)
// CHECK-NOT: onnx.node
func.func @fixed_length(%ids: tensor<?x?xi64> {dalbit.name = "decoder_input_ids"},
                        %source: tensor<?x3xi64> {dalbit.name = "input_ids"}) -> (tensor<*xf32>, tensor<*xf32>) {
  %table = onnx.constant dense<1.0> : tensor<9x1xf32>
  %positions = onnx.constant dense<[[1.0], [2.0], [3.0], [4.0]]> : tensor<4x1xf32>
  %row = onnx.constant dense<[1, 2, 3]> : tensor<3xi64>
  %shape = onnx.node "Shape"(%source) opset 13 : (tensor<?x3xi64>) -> tensor<*xi64>
  %all = onnx.node "Expand"(%row, %shape) opset 13 : (tensor<3xi64>, tensor<*xi64>) -> tensor<*xi64>
  %a = onnx.node "Gather"(%table, %source) opset 13 attributes {axis = 0 : i64} : (tensor<9x1xf32>, tensor<?x3xi64>) -> tensor<*xf32>
  %b = onnx.node "Gather"(%positions, %all) opset 13 attributes {axis = 0 : i64} : (tensor<4x1xf32>, tensor<*xi64>) -> tensor<*xf32>
  %y = onnx.node "Add"(%a, %b) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %d = onnx.node "Gather"(%table, %ids) opset 13 attributes {axis = 0 : i64} : (tensor<9x1xf32>, tensor<?x?xi64>) -> tensor<*xf32>
  return %y, %d : tensor<*xf32>, tensor<*xf32>
}
