// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -onnx-bind-shapes -onnx-fold-shapes -raise-caches -raise-linear -raise-attention -nn-mark-aliases 2>/dev/null | FileCheck %s

// GPT-2 as onnxruntime's converter had it: one past a layer, whose keys are
// transposed for the product before the new ones come behind them.
// CHECK-LABEL: @transposed
// CHECK-SAME: %arg3: tensor<2x?x2x?x4xf32> {dalbit.dims = ["2", "B", "2", "P", "4"], dalbit.name = "past_0"}
// CHECK-SAME: dalbit.aliases = {{\[\[}}3, 1]]
// CHECK-DAG: %[[K:.*]] = nn.cache_part %arg3 at [0]
// CHECK-DAG: %[[V:.*]] = nn.cache_part %arg3 at [1]
// CHECK: %[[OUT:.*]], %[[PK:.*]], %[[PV:.*]] = nn.attention %arg0, %arg1, %arg2 past %[[K]], %[[V]]
// CHECK: nn.stack_caches %[[PK]], %[[PV]] : (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> tensor<2x?x2x?x4xf32>
// CHECK-NOT: onnx.node
func.func @transposed(%xq: tensor<?x1x8xf32> {dalbit.name = "q"}, %xk: tensor<?x1x8xf32> {dalbit.name = "k"}, %xv: tensor<?x1x8xf32> {dalbit.name = "v"},
                      %past: tensor<2x?x2x?x4xf32> {dalbit.name = "past_0"}) -> (tensor<*xf32>, tensor<*xf32>) {
  %cut = onnx.constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %two = onnx.constant dense<2.0> : tensor<f32>
  %zero = onnx.constant dense<0> : tensor<i64>
  %one = onnx.constant dense<1> : tensor<i64>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<?x1x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %kr = onnx.node "Reshape"(%xk, %cut) opset 13 : (tensor<?x1x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%xv, %cut) opset 13 : (tensor<?x1x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %vt = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %pk = onnx.node "Gather"(%past, %zero) opset 13 attributes {axis = 0 : i64} : (tensor<2x?x2x?x4xf32>, tensor<i64>) -> tensor<*xf32>
  %pt = onnx.node "Transpose"(%pk) opset 13 attributes {perm = array<i64: 0, 1, 3, 2>} : (tensor<*xf32>) -> tensor<*xf32>
  %pv = onnx.node "Gather"(%past, %one) opset 13 attributes {axis = 0 : i64} : (tensor<2x?x2x?x4xf32>, tensor<i64>) -> tensor<*xf32>
  %k = onnx.node "Concat"(%pt, %kt) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %v = onnx.node "Concat"(%pv, %vt) opset 13 attributes {axis = -2 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %kb = onnx.node "Transpose"(%k) opset 13 attributes {perm = array<i64: 0, 1, 3, 2>} : (tensor<*xf32>) -> tensor<*xf32>
  %k5 = onnx.node "Unsqueeze"(%kb) opset 11 attributes {axes = array<i64: 0>} : (tensor<*xf32>) -> tensor<*xf32>
  %v5 = onnx.node "Unsqueeze"(%v) opset 11 attributes {axes = array<i64: 0>} : (tensor<*xf32>) -> tensor<*xf32>
  %present = onnx.node "Concat"(%k5, %v5) opset 13 attributes {axis = 0 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %k) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %d = onnx.node "Div"(%s, %two) opset 13 : (tensor<*xf32>, tensor<f32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%d) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y, %present : tensor<*xf32>, tensor<*xf32>
}

// -----

// onnxruntime's own operator has such a past; all layers may be one input.
// CHECK-LABEL: @projected
// CHECK-DAG: %[[K:.*]] = nn.cache_part %arg1 at [1, 0]
// CHECK-DAG: %[[V:.*]] = nn.cache_part %arg1 at [1, 1]
// CHECK: nn.attention %{{.*}}, %{{.*}}, %{{.*}} past %[[K]], %[[V]] {causal = true
// CHECK: nn.stack_caches
// CHECK-NOT: onnx.node
func.func @projected(%x: tensor<?x?x6xf32> {dalbit.name = "x"}, %past: tensor<3x2x?x3x?x2xf32> {dalbit.name = "past"}) -> (tensor<*xf32>, tensor<*xf32>) {
  %none = onnx.none
  %one = onnx.constant dense<1> : tensor<i64>
  %w = onnx.constant dense<0.5> : tensor<6x18xf32>
  %b = onnx.constant dense<2.0> : tensor<18xf32>
  %own = onnx.node "Gather"(%past, %one) opset 13 attributes {axis = 0 : i64} : (tensor<3x2x?x3x?x2xf32>, tensor<i64>) -> tensor<*xf32>
  %y:2 = onnx.node "Attention"(%x, %w, %b, %none, %own) opset 1 domain "com.microsoft" attributes {num_heads = 3 : i64, unidirectional = 1 : i64} : (tensor<?x?x6xf32>, tensor<6x18xf32>, tensor<18xf32>, none, tensor<*xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %y#0, %y#1 : tensor<*xf32>, tensor<*xf32>
}
