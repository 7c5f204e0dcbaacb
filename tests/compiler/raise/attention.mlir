// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -onnx-bind-shapes -onnx-fold-shapes -raise-attention -nn-mark-aliases 2>/dev/null | FileCheck %s

// No mask, scores divided, keys made by one transposition.
// CHECK-LABEL: @plain
// CHECK-NEXT: nn.attention %arg0, %arg1, %arg2 {causal = false, heads = 2 : i64, kv_heads = 2 : i64, scale = 5.000000e-01 : f32}
// CHECK-NEXT: return
func.func @plain(%xq: tensor<?x?x8xf32> {dalbit.name = "q"}, %xk: tensor<?x?x8xf32> {dalbit.name = "k"}, %xv: tensor<?x?x8xf32> {dalbit.name = "v"}) -> tensor<*xf32> {
  %cut = onnx.constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %two = onnx.constant dense<2.0> : tensor<f32>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %kr = onnx.node "Reshape"(%xk, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%xv, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %kt) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %d = onnx.node "Div"(%s, %two) opset 13 : (tensor<*xf32>, tensor<f32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%d) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// As GPT-2 exports it: a cache, a buffer cut to the sizes for Where, a mask of
// keys that is added, queries scaled before the product.
// CHECK-LABEL: @cached
// CHECK-SAME: dalbit.aliases = {{\[\[4, 1\], \[5, 2\]\]}}
// CHECK-NEXT: %[[M:.*]] = nn.key_mask %arg3 {hidden = -1.000000e+04 : f32} : tensor<?x?xi64> -> tensor<?x?xf32>
// CHECK-NEXT: %[[A:.*]], %[[K:.*]], %[[V:.*]] = nn.attention %arg0, %arg1, %arg2 past %arg4, %arg5 mask %[[M]] {causal = true, heads = 2 : i64, hidden_score = -1.000000e+09 : f32, kv_heads = 2 : i64, scale = 5.000000e-01 : f32}
// CHECK-NEXT: return %[[A]], %[[K]], %[[V]]
func.func @cached(%xq: tensor<?x?x8xf32> {dalbit.name = "q"}, %xk: tensor<?x?x8xf32> {dalbit.name = "k"}, %xv: tensor<?x?x8xf32> {dalbit.name = "v"},
    %mask: tensor<?x?xi64> {dalbit.name = "attention_mask"}, %pk: tensor<?x2x?x4xf32> {dalbit.name = "past_key"}, %pv: tensor<?x2x?x4xf32> {dalbit.name = "past_value"}) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %cut = onnx.constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %half = onnx.constant dense<0.5> : tensor<f32>
  %one = onnx.constant dense<1.0> : tensor<f32>
  %lowest = onnx.constant dense<-1.0e9> : tensor<f32>
  %low = onnx.constant dense<-1.0e4> : tensor<f32>
  %buffer = onnx.constant dense<[[[[true, false, false, false, false, false, false, false, false, false, false, false, false, false, false, false], [true, true, false, false, false, false, false, false, false, false, false, false, false, false, false, false], [true, true, true, false, false, false, false, false, false, false, false, false, false, false, false, false], [true, true, true, true, false, false, false, false, false, false, false, false, false, false, false, false], [true, true, true, true, true, false, false, false, false, false, false, false, false, false, false, false], [true, true, true, true, true, true, false, false, false, false, false, false, false, false, false, false], [true, true, true, true, true, true, true, false, false, false, false, false, false, false, false, false], [true, true, true, true, true, true, true, true, false, false, false, false, false, false, false, false], [true, true, true, true, true, true, true, true, true, false, false, false, false, false, false, false], [true, true, true, true, true, true, true, true, true, true, false, false, false, false, false, false], [true, true, true, true, true, true, true, true, true, true, true, false, false, false, false, false], [true, true, true, true, true, true, true, true, true, true, true, true, false, false, false, false], [true, true, true, true, true, true, true, true, true, true, true, true, true, false, false, false], [true, true, true, true, true, true, true, true, true, true, true, true, true, true, false, false], [true, true, true, true, true, true, true, true, true, true, true, true, true, true, true, false], [true, true, true, true, true, true, true, true, true, true, true, true, true, true, true, true]]]]> : tensor<1x1x16x16xi1>
  %i2 = onnx.constant dense<2> : tensor<1xi64>
  %i3 = onnx.constant dense<3> : tensor<1xi64>
  %i0 = onnx.constant dense<0> : tensor<1xi64>
  %q0r = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q0 = onnx.node "Transpose"(%q0r) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %q = onnx.node "Mul"(%q0, %half) opset 13 : (tensor<*xf32>, tensor<f32>) -> tensor<*xf32>
  %knr = onnx.node "Reshape"(%xk, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %kn = onnx.node "Transpose"(%knr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %vnr = onnx.node "Reshape"(%xv, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %vn = onnx.node "Transpose"(%vnr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %k = onnx.node "Concat"(%pk, %kn) opset 13 attributes {axis = -2 : i64} : (tensor<?x2x?x4xf32>, tensor<*xf32>) -> tensor<*xf32>
  %v = onnx.node "Concat"(%pv, %vn) opset 13 attributes {axis = 2 : i64} : (tensor<?x2x?x4xf32>, tensor<*xf32>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%k) opset 13 attributes {perm = array<i64: 0, 1, 3, 2>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %kt) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ks = onnx.node "Shape"(%k) opset 13 : (tensor<*xf32>) -> tensor<*xi64>
  %S = onnx.node "Gather"(%ks, %i2) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %qs = onnx.node "Shape"(%q) opset 13 : (tensor<*xf32>) -> tensor<*xi64>
  %T = onnx.node "Gather"(%qs, %i2) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %P = onnx.node "Sub"(%S, %T) opset 13 : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %c1 = onnx.node "Slice"(%buffer, %P, %S, %i2) opset 13 : (tensor<1x1x16x16xi1>, tensor<*xi64>, tensor<*xi64>, tensor<1xi64>) -> tensor<*xi1>
  %c2 = onnx.node "Slice"(%c1, %i0, %S, %i3) opset 13 : (tensor<*xi1>, tensor<1xi64>, tensor<*xi64>, tensor<1xi64>) -> tensor<*xi1>
  %w = onnx.node "Where"(%c2, %s, %lowest) opset 13 : (tensor<*xi1>, tensor<*xf32>, tensor<f32>) -> tensor<*xf32>
  %m4 = onnx.node "Unsqueeze"(%mask) opset 13 attributes {axes = array<i64: 1, 2>} : (tensor<?x?xi64>) -> tensor<*xi64>
  %mf = onnx.node "Cast"(%m4) opset 13 attributes {to = 1 : i64} : (tensor<*xi64>) -> tensor<*xf32>
  %mi = onnx.node "Sub"(%one, %mf) opset 13 : (tensor<f32>, tensor<*xf32>) -> tensor<*xf32>
  %mm = onnx.node "Mul"(%mi, %low) opset 13 : (tensor<*xf32>, tensor<f32>) -> tensor<*xf32>
  %a = onnx.node "Add"(%w, %mm) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%a) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y, %k, %v : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// Heads folded into the batch, the present kept beside the product.
// CHECK-LABEL: @folded
// CHECK: %[[A:.*]], %[[K:.*]], %{{.*}} = nn.attention %arg0, %arg1, %arg2 {causal = false
// CHECK-NEXT: return %[[A]], %[[K]]
func.func @folded(%xq: tensor<?x5x8xf32> {dalbit.name = "q"}, %xk: tensor<?x5x8xf32> {dalbit.name = "k"}, %xv: tensor<?x5x8xf32> {dalbit.name = "v"}) -> (tensor<*xf32>, tensor<*xf32>) {
  %cut = onnx.constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %flat = onnx.constant dense<[-1, 5, 4]> : tensor<3xi64>
  %back = onnx.constant dense<[-1, 2, 5, 4]> : tensor<4xi64>
  %q4r = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<?x5x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q4 = onnx.node "Transpose"(%q4r) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %k4r = onnx.node "Reshape"(%xk, %cut) opset 13 : (tensor<?x5x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %k4 = onnx.node "Transpose"(%k4r) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %v4r = onnx.node "Reshape"(%xv, %cut) opset 13 : (tensor<?x5x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v4 = onnx.node "Transpose"(%v4r) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %q = onnx.node "Reshape"(%q4, %flat) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  %k = onnx.node "Reshape"(%k4, %flat) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  %v = onnx.node "Reshape"(%v4, %flat) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%k) opset 13 attributes {perm = array<i64: 0, 2, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %kt) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%s) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o3 = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "Reshape"(%o3, %back) opset 13 : (tensor<*xf32>, tensor<4xi64>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y, %k4 : tensor<*xf32>, tensor<*xf32>
}

// -----

// Two query heads share a key head that was repeated by Expand.
// CHECK-LABEL: @grouped
// CHECK-NEXT: nn.attention %arg0, %arg1, %arg2 {causal = false, heads = 2 : i64, kv_heads = 1 : i64
// CHECK-NEXT: return
func.func @grouped(%xq: tensor<?x?x8xf32> {dalbit.name = "q"}, %xk: tensor<?x?x4xf32> {dalbit.name = "k"}, %xv: tensor<?x?x4xf32> {dalbit.name = "v"}) -> tensor<*xf32> {
  %cut = onnx.constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %cut1 = onnx.constant dense<[0, 0, 1, 4]> : tensor<4xi64>
  %twice = onnx.constant dense<[1, 1, 2, 1, 1]> : tensor<5xi64>
  %merge = onnx.constant dense<[0, 2, -1, 4]> : tensor<4xi64>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %k1r = onnx.node "Reshape"(%xk, %cut1) opset 13 : (tensor<?x?x4xf32>, tensor<4xi64>) -> tensor<*xf32>
  %k1 = onnx.node "Transpose"(%k1r) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %ku = onnx.node "Unsqueeze"(%k1) opset 13 attributes {axes = array<i64: 2>} : (tensor<*xf32>) -> tensor<*xf32>
  %ke = onnx.node "Expand"(%ku, %twice) opset 13 : (tensor<*xf32>, tensor<5xi64>) -> tensor<*xf32>
  %k = onnx.node "Reshape"(%ke, %merge) opset 13 : (tensor<*xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v1r = onnx.node "Reshape"(%xv, %cut1) opset 13 : (tensor<?x?x4xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v1 = onnx.node "Transpose"(%v1r) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %vu = onnx.node "Unsqueeze"(%v1) opset 13 attributes {axes = array<i64: 2>} : (tensor<*xf32>) -> tensor<*xf32>
  %ve = onnx.node "Expand"(%vu, %twice) opset 13 : (tensor<*xf32>, tensor<5xi64>) -> tensor<*xf32>
  %v = onnx.node "Reshape"(%ve, %merge) opset 13 : (tensor<*xf32>, tensor<4xi64>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%k) opset 13 attributes {perm = array<i64: 0, 1, 3, 2>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %kt) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%s) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// nn.MultiheadAttention's key_padding_mask: what is not zero hides.
// CHECK-LABEL: @padding
// CHECK-NEXT: %[[M:.*]] = nn.key_mask %arg3 {hidden = 0xFF800000 : f32, inverted} : tensor<?x?xi1> -> tensor<?x?xf32>
// CHECK-NEXT: nn.attention %arg0, %arg1, %arg2 mask %[[M]] {causal = false
func.func @padding(%xq: tensor<?x?x8xf32> {dalbit.name = "q"}, %xk: tensor<?x?x8xf32> {dalbit.name = "k"}, %xv: tensor<?x?x8xf32> {dalbit.name = "v"}, %mask: tensor<?x?xi1> {dalbit.name = "pad_mask"}) -> tensor<*xf32> {
  %cut = onnx.constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %kr = onnx.node "Reshape"(%xk, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%xv, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %kt) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %zero = onnx.constant dense<0.0> : tensor<f32>
  %never = onnx.constant dense<0xFF800000> : tensor<f32>
  %w = onnx.node "Where"(%mask, %never, %zero) opset 13 : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  %u = onnx.node "Unsqueeze"(%w) opset 13 attributes {axes = array<i64: 1, 2>} : (tensor<*xf32>) -> tensor<*xf32>
  %l = onnx.node "Add"(%s, %u) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%l) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// A mask of numbers, one for each query and key; cross attention.
// CHECK-LABEL: @scores
// CHECK-NEXT: %[[M:.*]] = nn.rearrange %arg3 view [1, 3, 5] order [0, 1, 2] : (tensor<3x5xf32>) -> tensor<1x3x5xf32>
// CHECK-NEXT: nn.attention %arg0, %arg1, %arg2 mask %[[M]] {causal = false
func.func @scores(%xq: tensor<1x3x8xf32> {dalbit.name = "q"}, %xk: tensor<1x5x8xf32> {dalbit.name = "k"}, %xv: tensor<1x5x8xf32> {dalbit.name = "v"}, %mask: tensor<3x5xf32> {dalbit.name = "attn_mask"}) -> tensor<*xf32> {
  %cut = onnx.constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %kr = onnx.node "Reshape"(%xk, %cut) opset 13 : (tensor<1x5x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%xv, %cut) opset 13 : (tensor<1x5x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %kt) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %l = onnx.node "Add"(%s, %mask) opset 13 : (tensor<*xf32>, tensor<3x5xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%l) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// nn.MultiheadAttention returns the mean of its probabilities too.
// CHECK-LABEL: @weights
// CHECK-NEXT: %[[M:.*]] = nn.rearrange %arg3 view [1, 3, 5] order [0, 1, 2] : (tensor<3x5xf32>) -> tensor<1x3x5xf32>
// CHECK-NEXT: %[[A:.*]], %{{.*}}, %{{.*}} = nn.attention %arg0, %arg1, %arg2 mask %[[M]] {causal = false
// CHECK-NEXT: %[[W:.*]] = nn.attention_weights %arg0, %arg1 mask %[[M]] {heads = 2 : i64, scale =
// CHECK-NEXT: return %[[A]], %[[W]]
func.func @weights(%xq: tensor<1x3x8xf32> {dalbit.name = "q"}, %xk: tensor<1x5x8xf32> {dalbit.name = "k"}, %xv: tensor<1x5x8xf32> {dalbit.name = "v"}, %mask: tensor<3x5xf32> {dalbit.name = "attn_mask"}) -> (tensor<*xf32>, tensor<*xf32>) {
  %cut = onnx.constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %kr = onnx.node "Reshape"(%xk, %cut) opset 13 : (tensor<1x5x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%xv, %cut) opset 13 : (tensor<1x5x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %kt) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %l = onnx.node "Add"(%s, %mask) opset 13 : (tensor<*xf32>, tensor<3x5xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%l) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  %two = onnx.constant dense<2.0> : tensor<f32>
  %sum = onnx.node "ReduceSum"(%p) opset 13 attributes {axes = array<i64: 1>, keepdims = 0 : i64, noop_with_empty_axes = 0 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %mean = onnx.node "Div"(%sum, %two) opset 13 : (tensor<*xf32>, tensor<f32>) -> tensor<*xf32>
  return %y, %mean : tensor<*xf32>, tensor<*xf32>
}

// -----

// A decoder's step over keys and values that its encoder has left.
// CHECK-LABEL: @given
// CHECK-NEXT: nn.cached_attention %arg0, %arg1, %arg2 {heads = 2 : i64, scale = 1.000000e+00 : f32} : (tensor<?x?x8xf32>, tensor<?x2x5x4xf32>, tensor<?x2x5x4xf32>) -> tensor<?x?x8xf32>
func.func @given(%xq: tensor<?x?x8xf32> {dalbit.name = "q"}, %k: tensor<?x2x5x4xf32> {dalbit.name = "encoder.key"}, %v: tensor<?x2x5x4xf32> {dalbit.name = "encoder.value"}) -> tensor<*xf32> {
  %cut = onnx.constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%k) opset 13 attributes {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x2x5x4xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %kt) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%s) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<?x2x5x4xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// As torchlib writes it: the scale computed from the queries' sizes, its root
// on queries and on transposed keys, a mask of booleans, rows without a key
// guarded. The mask is causal, a window, and one of keys, whose elements are
// taken by their indices.
// CHECK-LABEL: @dynamo
// CHECK: %[[M:.*]] = nn.key_mask %arg3
// CHECK: nn.attention %arg0, %arg1, %arg2 mask %[[M]] {causal = true, heads = 2 : i64, kv_heads = 2 : i64, scale = {{0.4999.*}} : f32, window = 3 : i64}
// CHECK-NOT: onnx.node
func.func @dynamo(%xq: tensor<?x?x8xf32> {dalbit.name = "q"}, %xk: tensor<?x?x8xf32> {dalbit.name = "k"}, %xv: tensor<?x?x8xf32> {dalbit.name = "v"},
                  %mask: tensor<?x?xi64> {dalbit.name = "attention_mask"}) -> tensor<*xf32> {
  %i0 = onnx.constant dense<0> : tensor<i64>
  %i1 = onnx.constant dense<1> : tensor<i64>
  %three = onnx.constant dense<3> : tensor<i64>
  %last = onnx.constant dense<-1> : tensor<1xi64>
  %second = onnx.constant dense<-2> : tensor<1xi64>
  %lowest = onnx.constant dense<-9223372036854775808> : tensor<1xi64>
  %largest = onnx.constant dense<9223372036854775807> : tensor<1xi64>
  %size = onnx.constant dense<4> : tensor<1xi64>
  %one = onnx.constant dense<1.0> : tensor<f32>
  %zero = onnx.constant dense<0.0> : tensor<f32>
  %min = onnx.constant dense<0xFF7FFFFF> : tensor<f32>
  %asRows = onnx.constant dense<[1, 1, -1, 1]> : tensor<4xi64>
  %asColumns = onnx.constant dense<[1, 1, 1, -1]> : tensor<4xi64>
  %asBatch = onnx.constant dense<[-1, 1, 1, 1]> : tensor<4xi64>
  %shape = onnx.node "Shape"(%xq) opset 18 : (tensor<?x?x8xf32>) -> tensor<*xi64>
  %b1 = onnx.node "Shape"(%xq) opset 18 attributes {start = 0 : i64, end = 1 : i64} : (tensor<?x?x8xf32>) -> tensor<*xi64>
  %t1 = onnx.node "Shape"(%xq) opset 18 attributes {start = 1 : i64, end = 2 : i64} : (tensor<?x?x8xf32>) -> tensor<*xi64>
  %b = onnx.node "Squeeze"(%b1) opset 18 : (tensor<*xi64>) -> tensor<*xi64>
  %t = onnx.node "Squeeze"(%t1) opset 18 : (tensor<*xi64>) -> tensor<*xi64>
  %cut = onnx.node "Concat"(%b1, %t1, %last, %size) opset 18 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<*xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
  %join = onnx.node "Concat"(%b1, %t1, %last) opset 18 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 18 attributes {allowzero = 1 : i64} : (tensor<?x?x8xf32>, tensor<*xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 18 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %kr = onnx.node "Reshape"(%xk, %cut) opset 18 attributes {allowzero = 1 : i64} : (tensor<?x?x8xf32>, tensor<*xi64>) -> tensor<*xf32>
  %k = onnx.node "Transpose"(%kr) opset 18 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%xv, %cut) opset 18 attributes {allowzero = 1 : i64} : (tensor<?x?x8xf32>, tensor<*xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 18 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  // The scale.
  %qs = onnx.node "Shape"(%q) opset 18 : (tensor<*xf32>) -> tensor<*xi64>
  %e = onnx.node "Gather"(%qs, %last) opset 18 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %ef = onnx.node "CastLike"(%e, %q) opset 18 : (tensor<*xi64>, tensor<*xf32>) -> tensor<*xf32>
  %root = onnx.node "Sqrt"(%ef) opset 18 : (tensor<*xf32>) -> tensor<*xf32>
  %onef = onnx.node "CastLike"(%one, %q) opset 18 : (tensor<f32>, tensor<*xf32>) -> tensor<*xf32>
  %scale = onnx.node "Div"(%onef, %root) opset 18 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %half = onnx.node "Sqrt"(%scale) opset 18 : (tensor<*xf32>) -> tensor<*xf32>
  // Keys as three dimensions, turned, as four again.
  %ks = onnx.node "Shape"(%k) opset 18 : (tensor<*xf32>) -> tensor<*xi64>
  %kl = onnx.node "Slice"(%ks, %last, %largest) opset 18 : (tensor<*xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
  %k2 = onnx.node "Slice"(%ks, %second, %last) opset 18 : (tensor<*xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
  %kf = onnx.node "Slice"(%ks, %lowest, %second) opset 18 : (tensor<*xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
  %three3 = onnx.node "Concat"(%last, %k2, %kl) opset 18 attributes {axis = 0 : i64} : (tensor<1xi64>, tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %four4 = onnx.node "Concat"(%kf, %kl, %k2) opset 18 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %k3 = onnx.node "Reshape"(%k, %three3) opset 18 : (tensor<*xf32>, tensor<*xi64>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%k3) opset 18 attributes {perm = array<i64: 0, 2, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %k4 = onnx.node "Reshape"(%kt, %four4) opset 18 : (tensor<*xf32>, tensor<*xi64>) -> tensor<*xf32>
  %qm = onnx.node "Mul"(%q, %half) opset 18 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %km = onnx.node "Mul"(%k4, %half) opset 18 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%qm, %km) opset 18 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  // The mask.
  %range = onnx.node "Range"(%i0, %t, %i1) opset 18 : (tensor<i64>, tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %batches = onnx.node "Range"(%i0, %b, %i1) opset 18 : (tensor<i64>, tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %row = onnx.node "Reshape"(%range, %asRows) opset 18 : (tensor<*xi64>, tensor<4xi64>) -> tensor<*xi64>
  %column = onnx.node "Reshape"(%range, %asColumns) opset 18 : (tensor<*xi64>, tensor<4xi64>) -> tensor<*xi64>
  %batch = onnx.node "Reshape"(%batches, %asBatch) opset 18 : (tensor<*xi64>, tensor<4xi64>) -> tensor<*xi64>
  %past = onnx.node "LessOrEqual"(%column, %row) opset 18 : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi1>
  %begin = onnx.node "Sub"(%row, %three) opset 18 : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %near = onnx.node "Greater"(%column, %begin) opset 18 : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi1>
  %flags = onnx.node "Cast"(%mask) opset 18 attributes {to = 9 : i64} : (tensor<?x?xi64>) -> tensor<*xi1>
  %bs = onnx.node "Shape"(%batch) opset 18 : (tensor<*xi64>) -> tensor<*xi64>
  %cs = onnx.node "Shape"(%column) opset 18 : (tensor<*xi64>) -> tensor<*xi64>
  %both = onnx.node "Max"(%bs, %cs) opset 18 : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %bx = onnx.node "Expand"(%batch, %both) opset 18 : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %cx = onnx.node "Expand"(%column, %both) opset 18 : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %bu = onnx.node "Unsqueeze"(%bx) opset 18 attributes {axes = array<i64: -1>} : (tensor<*xi64>) -> tensor<*xi64>
  %cu = onnx.node "Unsqueeze"(%cx) opset 18 attributes {axes = array<i64: -1>} : (tensor<*xi64>) -> tensor<*xi64>
  %at = onnx.node "Concat"(%bu, %cu) opset 18 attributes {axis = -1 : i64} : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %shown = onnx.node "GatherND"(%flags, %at) opset 18 attributes {batch_dims = 0 : i64} : (tensor<*xi1>, tensor<*xi64>) -> tensor<*xi1>
  %and1 = onnx.node "And"(%past, %near) opset 18 : (tensor<*xi1>, tensor<*xi1>) -> tensor<*xi1>
  %and2 = onnx.node "And"(%and1, %shown) opset 18 : (tensor<*xi1>, tensor<*xi1>) -> tensor<*xi1>
  %added = onnx.node "Where"(%and2, %zero, %min) opset 18 : (tensor<*xi1>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  %masked = onnx.node "Add"(%s, %added) opset 18 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%masked) opset 18 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %isnan = onnx.node "IsNaN"(%p) opset 18 : (tensor<*xf32>) -> tensor<*xi1>
  %pg = onnx.node "Where"(%isnan, %zero, %p) opset 18 : (tensor<*xi1>, tensor<f32>, tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%pg, %v) opset 18 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 18 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 18 attributes {allowzero = 1 : i64} : (tensor<*xf32>, tensor<*xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// nn.MultiheadAttention with add_bias_kv: refused by that name.
// CHECK-LABEL: @constant_row
// CHECK: onnx.node "MatMul"{{.*}} because "a row that is no token's stands among its keys (add_bias_kv of nn.MultiheadAttention)"
func.func @constant_row(%xq: tensor<1x?x8xf32> {dalbit.name = "q"}, %xk: tensor<1x?x8xf32> {dalbit.name = "k"}, %xv: tensor<1x?x8xf32> {dalbit.name = "v"}) -> tensor<*xf32> {
  %cut = onnx.constant dense<[0, -1, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %row = onnx.constant dense<0.5> : tensor<1x1x8xf32>
  %kb = onnx.node "Concat"(%xk, %row) opset 13 attributes {axis = 1 : i64} : (tensor<1x?x8xf32>, tensor<1x1x8xf32>) -> tensor<1x?x8xf32>
  %vb = onnx.node "Concat"(%xv, %row) opset 13 attributes {axis = 1 : i64} : (tensor<1x?x8xf32>, tensor<1x1x8xf32>) -> tensor<1x?x8xf32>
  %kr = onnx.node "Reshape"(%kb, %cut) opset 13 : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%vb, %cut) opset 13 : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %kt) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%s) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Rows of zeros behind keys and values (add_zero_attn): a key with the score 0
// and no value.
// CHECK-LABEL: @zero_rows
// CHECK: %[[S:.*]] = nn.constant dense<0.000000e+00> : tensor<2xf32>
// CHECK: nn.attention %arg0, %arg1, %arg2 sinks %[[S]] {causal = false, heads = 2 : i64
// CHECK-NOT: onnx.node "Softmax"
func.func @zero_rows(%xq: tensor<1x?x8xf32> {dalbit.name = "q"}, %xk: tensor<1x?x8xf32> {dalbit.name = "k"}, %xv: tensor<1x?x8xf32> {dalbit.name = "v"}) -> tensor<*xf32> {
  %cut = onnx.constant dense<[0, -1, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %row = onnx.constant dense<0.0> : tensor<1x1x8xf32>
  %kb = onnx.node "Concat"(%xk, %row) opset 13 attributes {axis = 1 : i64} : (tensor<1x?x8xf32>, tensor<1x1x8xf32>) -> tensor<1x?x8xf32>
  %vb = onnx.node "Concat"(%xv, %row) opset 13 attributes {axis = 1 : i64} : (tensor<1x?x8xf32>, tensor<1x1x8xf32>) -> tensor<1x?x8xf32>
  %kr = onnx.node "Reshape"(%kb, %cut) opset 13 : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%vb, %cut) opset 13 : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %kt) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%s) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// They stay where no attention was found.
// CHECK-LABEL: @zero_rows_kept
// CHECK-NOT: onnx.node "Pad"
// CHECK: onnx.node "Concat"
// CHECK: onnx.node "Softmax"
// CHECK-NOT: onnx.node "Pad"
func.func @zero_rows_kept(%xq: tensor<1x?x8xf32> {dalbit.name = "q"}, %xk: tensor<1x?x8xf32> {dalbit.name = "k"}, %xv: tensor<1x?x8xf32> {dalbit.name = "v"}) -> tensor<*xf32> {
  %cut = onnx.constant dense<[0, -1, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %row = onnx.constant dense<0.0> : tensor<1x1x8xf32>
  %kb = onnx.node "Concat"(%xk, %row) opset 13 attributes {axis = 1 : i64} : (tensor<1x?x8xf32>, tensor<1x1x8xf32>) -> tensor<1x?x8xf32>
  %vb = onnx.node "Concat"(%xv, %row) opset 13 attributes {axis = 1 : i64} : (tensor<1x?x8xf32>, tensor<1x1x8xf32>) -> tensor<1x?x8xf32>
  %kr = onnx.node "Reshape"(%kb, %cut) opset 13 : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%vb, %cut) opset 13 : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %kt) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%s) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Scores that are a result as well keep their type.
// CHECK-LABEL: @zero_rows_scores
// CHECK: nn.attention %arg0, %arg1, %arg2 sinks
// CHECK: return %{{.*}} : tensor<1x?x8xf32>, tensor<1x2x?x?xf32>
func.func @zero_rows_scores(%xq: tensor<1x?x8xf32> {dalbit.name = "q"}, %xk: tensor<1x?x8xf32> {dalbit.name = "k"}, %xv: tensor<1x?x8xf32> {dalbit.name = "v"}) -> (tensor<*xf32>, tensor<*xf32>) {
  %cut = onnx.constant dense<[0, -1, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %row = onnx.constant dense<0.0> : tensor<1x1x8xf32>
  %kb = onnx.node "Concat"(%xk, %row) opset 13 attributes {axis = 1 : i64} : (tensor<1x?x8xf32>, tensor<1x1x8xf32>) -> tensor<1x?x8xf32>
  %vb = onnx.node "Concat"(%xv, %row) opset 13 attributes {axis = 1 : i64} : (tensor<1x?x8xf32>, tensor<1x1x8xf32>) -> tensor<1x?x8xf32>
  %kr = onnx.node "Reshape"(%kb, %cut) opset 13 : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%vb, %cut) opset 13 : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %kt) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%s) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y, %s : tensor<*xf32>, tensor<*xf32>
}

// -----

// Masks of the other keys are added to them.
// CHECK-LABEL: @masked_zero_rows
// CHECK: %[[M:.*]] = nn.key_mask %arg3 {hidden = -1.000000e+04 : f32, inverted}
// CHECK: nn.attention %arg0, %arg1, %arg2 mask %[[M]] sinks
func.func @masked_zero_rows(%xq: tensor<1x?x8xf32> {dalbit.name = "q"}, %xk: tensor<1x?x8xf32> {dalbit.name = "k"}, %xv: tensor<1x?x8xf32> {dalbit.name = "v"}, %keep: tensor<1x?xf32> {dalbit.name = "keep", dalbit.dims = ["1", "T"]}) -> tensor<*xf32> {
  %cut = onnx.constant dense<[0, -1, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %row = onnx.constant dense<0.0> : tensor<1x1x8xf32>
  %kb = onnx.node "Concat"(%xk, %row) opset 13 attributes {axis = 1 : i64} : (tensor<1x?x8xf32>, tensor<1x1x8xf32>) -> tensor<1x?x8xf32>
  %vb = onnx.node "Concat"(%xv, %row) opset 13 attributes {axis = 1 : i64} : (tensor<1x?x8xf32>, tensor<1x1x8xf32>) -> tensor<1x?x8xf32>
  %kr = onnx.node "Reshape"(%kb, %cut) opset 13 : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%vb, %cut) opset 13 : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %kt) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %pads = onnx.constant dense<[0, 0, 0, 1]> : tensor<4xi64>
  %fill = onnx.constant dense<0.0> : tensor<f32>
  %low = onnx.constant dense<-10000.0> : tensor<f32>
  %gone = onnx.node "Mul"(%keep, %low) opset 13 : (tensor<1x?xf32>, tensor<f32>) -> tensor<*xf32>
  %wide = onnx.node "Pad"(%gone, %pads, %fill) opset 13 attributes {mode = "constant"} : (tensor<*xf32>, tensor<4xi64>, tensor<f32>) -> tensor<*xf32>
  %m = onnx.node "Add"(%s, %wide) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%m) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// One that is hidden is no sink of 0.
// CHECK-LABEL: @hidden_zero_rows
// CHECK: onnx.node "MatMul"{{.*}} because "a row that is no token's stands among its keys
func.func @hidden_zero_rows(%xq: tensor<1x?x8xf32> {dalbit.name = "q"}, %xk: tensor<1x?x8xf32> {dalbit.name = "k"}, %xv: tensor<1x?x8xf32> {dalbit.name = "v"}, %keep: tensor<1x?xf32> {dalbit.name = "keep", dalbit.dims = ["1", "T"]}) -> tensor<*xf32> {
  %cut = onnx.constant dense<[0, -1, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %row = onnx.constant dense<0.0> : tensor<1x1x8xf32>
  %kb = onnx.node "Concat"(%xk, %row) opset 13 attributes {axis = 1 : i64} : (tensor<1x?x8xf32>, tensor<1x1x8xf32>) -> tensor<1x?x8xf32>
  %vb = onnx.node "Concat"(%xv, %row) opset 13 attributes {axis = 1 : i64} : (tensor<1x?x8xf32>, tensor<1x1x8xf32>) -> tensor<1x?x8xf32>
  %kr = onnx.node "Reshape"(%kb, %cut) opset 13 : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%vb, %cut) opset 13 : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %kt) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %pads = onnx.constant dense<[0, 0, 0, 1]> : tensor<4xi64>
  %fill = onnx.constant dense<1.0> : tensor<f32>
  %low = onnx.constant dense<-10000.0> : tensor<f32>
  %gone = onnx.node "Mul"(%keep, %low) opset 13 : (tensor<1x?xf32>, tensor<f32>) -> tensor<*xf32>
  %wide = onnx.node "Pad"(%gone, %pads, %fill) opset 13 attributes {mode = "constant"} : (tensor<*xf32>, tensor<4xi64>, tensor<f32>) -> tensor<*xf32>
  %m = onnx.node "Add"(%s, %wide) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%m) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Attention sinks as gpt-oss has them.
// CHECK-LABEL: @sinks
// CHECK: %[[S:.*]] = nn.constant dense<[5.000000e-01, -2.500000e+00]> : tensor<2xf32>
// CHECK: nn.attention %arg0, %arg1, %arg2 sinks %[[S]] {causal = false, heads = 2 : i64, kv_heads = 2 : i64, scale = 1.000000e+00 : f32}
// CHECK-NOT: onnx.node "Softmax"
func.func @sinks(%xq: tensor<?x?x8xf32> {dalbit.name = "q"}, %xk: tensor<?x?x8xf32> {dalbit.name = "k"}, %xv: tensor<?x?x8xf32> {dalbit.name = "v"}) -> tensor<*xf32> {
  %cut = onnx.constant dense<[0, -1, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %kr = onnx.node "Reshape"(%xk, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%xv, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %kt) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %sinks = onnx.constant dense<[[[[0.5]], [[-2.5]]]]> : tensor<1x2x1x1xf32>
  %shape = onnx.node "Shape"(%s) opset 13 : (tensor<*xf32>) -> tensor<*xi64>
  %first = onnx.constant dense<[0, 1, 2]> : tensor<3xi64>
  %rows = onnx.node "Gather"(%shape, %first) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<3xi64>) -> tensor<*xi64>
  %one = onnx.constant dense<1> : tensor<1xi64>
  %all = onnx.node "Concat"(%rows, %one) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %sunk = onnx.node "Expand"(%sinks, %all) opset 13 : (tensor<1x2x1x1xf32>, tensor<*xi64>) -> tensor<*xf32>
  %more = onnx.node "Concat"(%s, %sunk) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %max = onnx.node "ReduceMax"(%more) opset 13 attributes {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %less = onnx.node "Sub"(%more, %max) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %pm = onnx.node "Softmax"(%less) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %zero = onnx.constant dense<0> : tensor<1xi64>
  %minus = onnx.constant dense<-1> : tensor<1xi64>
  %p = onnx.node "Slice"(%pm, %zero, %minus, %minus) opset 13 : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// One more than the sum of the exponentials, less the maximum.
// CHECK-LABEL: @off_by_one
// CHECK: %[[S:.*]] = nn.constant dense<0.000000e+00> : tensor<2xf32>
// CHECK: nn.attention %arg0, %arg1, %arg2 sinks %[[S]] {causal = false,
func.func @off_by_one(%xq: tensor<?x?x8xf32> {dalbit.name = "q"}, %xk: tensor<?x?x8xf32> {dalbit.name = "k"}, %xv: tensor<?x?x8xf32> {dalbit.name = "v"}) -> tensor<*xf32> {
  %cut = onnx.constant dense<[0, -1, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %kr = onnx.node "Reshape"(%xk, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%xv, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %kt) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %max = onnx.node "ReduceMax"(%s) opset 13 attributes {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %less = onnx.node "Sub"(%s, %max) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %e = onnx.node "Exp"(%less) opset 13 : (tensor<*xf32>) -> tensor<*xf32>
  %last = onnx.constant dense<-1> : tensor<1xi64>
  %sum = onnx.node "ReduceSum"(%e, %last) opset 13 attributes {keepdims = 1 : i64} : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
  %neg = onnx.node "Neg"(%max) opset 13 : (tensor<*xf32>) -> tensor<*xf32>
  %one = onnx.node "Exp"(%neg) opset 13 : (tensor<*xf32>) -> tensor<*xf32>
  %den = onnx.node "Add"(%one, %sum) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Div"(%e, %den) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// A softmax in nodes of its own.
// CHECK-LABEL: @no_sink
// CHECK: nn.attention %arg0, %arg1, %arg2 {causal = false,
func.func @no_sink(%xq: tensor<?x?x8xf32> {dalbit.name = "q"}, %xk: tensor<?x?x8xf32> {dalbit.name = "k"}, %xv: tensor<?x?x8xf32> {dalbit.name = "v"}) -> tensor<*xf32> {
  %cut = onnx.constant dense<[0, -1, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %kr = onnx.node "Reshape"(%xk, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%xv, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %kt) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %max = onnx.node "ReduceMax"(%s) opset 13 attributes {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %less = onnx.node "Sub"(%s, %max) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %e = onnx.node "Exp"(%less) opset 13 : (tensor<*xf32>) -> tensor<*xf32>
  %last = onnx.constant dense<-1> : tensor<1xi64>
  %sum = onnx.node "ReduceSum"(%e, %last) opset 13 attributes {keepdims = 1 : i64} : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
  %p = onnx.node "Div"(%e, %sum) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// As much as the largest of the scores: no number of a head.
// CHECK-LABEL: @own_maximum
// CHECK: onnx.node "MatMul"{{.*}} because "what stands beside its scores in the softmax is no constant number of each head (an attention sink)"
func.func @own_maximum(%xq: tensor<?x?x8xf32> {dalbit.name = "q"}, %xk: tensor<?x?x8xf32> {dalbit.name = "k"}, %xv: tensor<?x?x8xf32> {dalbit.name = "v"}) -> tensor<*xf32> {
  %cut = onnx.constant dense<[0, -1, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %kr = onnx.node "Reshape"(%xk, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%xv, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %kt) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %max = onnx.node "ReduceMax"(%s) opset 13 attributes {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %less = onnx.node "Sub"(%s, %max) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %e = onnx.node "Exp"(%less) opset 13 : (tensor<*xf32>) -> tensor<*xf32>
  %last = onnx.constant dense<-1> : tensor<1xi64>
  %sum = onnx.node "ReduceSum"(%e, %last) opset 13 attributes {keepdims = 1 : i64} : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
  %unit = onnx.constant dense<1.0> : tensor<f32>
  %den = onnx.node "Add"(%sum, %unit) opset 13 : (tensor<*xf32>, tensor<f32>) -> tensor<*xf32>
  %p = onnx.node "Div"(%e, %den) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// A column that pads the scores.
// CHECK-LABEL: @padded_column
// CHECK: %[[S:.*]] = nn.constant dense<1.500000e+00> : tensor<2xf32>
// CHECK: nn.attention %arg0, %arg1, %arg2 sinks %[[S]] {causal = false,
func.func @padded_column(%xq: tensor<?x?x8xf32> {dalbit.name = "q"}, %xk: tensor<?x?x8xf32> {dalbit.name = "k"}, %xv: tensor<?x?x8xf32> {dalbit.name = "v"}) -> tensor<*xf32> {
  %cut = onnx.constant dense<[0, -1, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %kr = onnx.node "Reshape"(%xk, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%xv, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %kt) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %pads = onnx.constant dense<[0, 0, 0, 0, 0, 0, 0, 1]> : tensor<8xi64>
  %fill = onnx.constant dense<1.5> : tensor<f32>
  %more = onnx.node "Pad"(%s, %pads, %fill) opset 13 attributes {mode = "constant"} : (tensor<*xf32>, tensor<8xi64>, tensor<f32>) -> tensor<*xf32>
  %pm = onnx.node "Softmax"(%more) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %zero = onnx.constant dense<0> : tensor<1xi64>
  %minus = onnx.constant dense<-1> : tensor<1xi64>
  %p = onnx.node "Slice"(%pm, %zero, %minus, %minus) opset 13 : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// The column that is cut off is not the one that was added.
// CHECK-LABEL: @wrong_column
// CHECK: onnx.node "MatMul"{{.*}} because "what stands beside its scores
func.func @wrong_column(%xq: tensor<?x?x8xf32> {dalbit.name = "q"}, %xk: tensor<?x?x8xf32> {dalbit.name = "k"}, %xv: tensor<?x?x8xf32> {dalbit.name = "v"}) -> tensor<*xf32> {
  %cut = onnx.constant dense<[0, -1, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %kr = onnx.node "Reshape"(%xk, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%xv, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %kt) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %pads = onnx.constant dense<[0, 0, 0, 0, 0, 0, 0, 1]> : tensor<8xi64>
  %fill = onnx.constant dense<1.5> : tensor<f32>
  %more = onnx.node "Pad"(%s, %pads, %fill) opset 13 attributes {mode = "constant"} : (tensor<*xf32>, tensor<8xi64>, tensor<f32>) -> tensor<*xf32>
  %pm = onnx.node "Softmax"(%more) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %zero = onnx.constant dense<0> : tensor<1xi64>
  %minus = onnx.constant dense<-1> : tensor<1xi64>
  %first = onnx.constant dense<1> : tensor<1xi64>
  %end = onnx.constant dense<9223372036854775807> : tensor<1xi64>
  %p = onnx.node "Slice"(%pm, %first, %end, %minus) opset 13 : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// A window of an encoder (ModernBERT): keys up to two away, on both sides.
// CHECK-LABEL: @window_to_both_sides
// CHECK: nn.attention {{.*}} mask %{{.*}} {causal = false, {{.*}}window = 3 : i64}
// CHECK-NOT: onnx.node
func.func @window_to_both_sides(%xq: tensor<?x?x8xf32> {dalbit.name = "q"}, %xk: tensor<?x?x8xf32> {dalbit.name = "k"}, %xv: tensor<?x?x8xf32> {dalbit.name = "v"}, %mask: tensor<?x?xi64> {dalbit.name = "attention_mask"}) -> tensor<*xf32> {
  %i0 = onnx.constant dense<0> : tensor<i64>
  %i1 = onnx.constant dense<1> : tensor<i64>
  %two = onnx.constant dense<2> : tensor<i64>
  %three = onnx.constant dense<-3> : tensor<i64>
  %zero = onnx.constant dense<0.0> : tensor<f32>
  %min = onnx.constant dense<0xFF7FFFFF> : tensor<f32>
  %cut = onnx.constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %column = onnx.constant dense<[-1, 1]> : tensor<2xi64>
  %front = onnx.constant dense<[1, 2]> : tensor<2xi64>
  %shape = onnx.node "Shape"(%xq) opset 13 : (tensor<?x?x8xf32>) -> tensor<*xi64>
  %t = onnx.node "Gather"(%shape, %i1) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %range = onnx.node "Range"(%i0, %t, %i1) opset 13 : (tensor<i64>, tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %rows = onnx.node "Reshape"(%range, %column) opset 13 : (tensor<*xi64>, tensor<2xi64>) -> tensor<*xi64>
  %d = onnx.node "Sub"(%range, %rows) opset 13 : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %far = onnx.node "Abs"(%d) opset 13 : (tensor<*xi64>) -> tensor<*xi64>
  %near = onnx.node "LessOrEqual"(%far, %two) opset 13 : (tensor<*xi64>, tensor<i64>) -> tensor<*xi1>
  %maskb = onnx.node "Cast"(%mask) opset 13 attributes {to = 9 : i64} : (tensor<?x?xi64>) -> tensor<*xi1>
  %mask4 = onnx.node "Unsqueeze"(%maskb, %front) opset 13 : (tensor<*xi1>, tensor<2xi64>) -> tensor<*xi1>
  %both = onnx.node "And"(%near, %mask4) opset 13 : (tensor<*xi1>, tensor<*xi1>) -> tensor<*xi1>
  %added = onnx.node "Where"(%both, %zero, %min) opset 13 : (tensor<*xi1>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %kr = onnx.node "Reshape"(%xk, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %k = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%xv, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %k) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %masked = onnx.node "Add"(%s, %added) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%masked) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// A window that only many tokens show (EmbeddingGemma).
// CHECK-LABEL: @far_window
// CHECK: nn.attention {{.*}} {causal = false, {{.*}}window = 601 : i64}
func.func @far_window(%xq: tensor<?x?x8xf32> {dalbit.name = "q"}, %xk: tensor<?x?x8xf32> {dalbit.name = "k"}, %xv: tensor<?x?x8xf32> {dalbit.name = "v"}, %mask: tensor<?x?xi64> {dalbit.name = "attention_mask"}) -> tensor<*xf32> {
  %i0 = onnx.constant dense<0> : tensor<i64>
  %i1 = onnx.constant dense<1> : tensor<i64>
  %two = onnx.constant dense<600> : tensor<i64>
  %three = onnx.constant dense<-3> : tensor<i64>
  %zero = onnx.constant dense<0.0> : tensor<f32>
  %min = onnx.constant dense<0xFF7FFFFF> : tensor<f32>
  %cut = onnx.constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %column = onnx.constant dense<[-1, 1]> : tensor<2xi64>
  %front = onnx.constant dense<[1, 2]> : tensor<2xi64>
  %shape = onnx.node "Shape"(%xq) opset 13 : (tensor<?x?x8xf32>) -> tensor<*xi64>
  %t = onnx.node "Gather"(%shape, %i1) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %range = onnx.node "Range"(%i0, %t, %i1) opset 13 : (tensor<i64>, tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %rows = onnx.node "Reshape"(%range, %column) opset 13 : (tensor<*xi64>, tensor<2xi64>) -> tensor<*xi64>
  %d = onnx.node "Sub"(%range, %rows) opset 13 : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %far = onnx.node "Abs"(%d) opset 13 : (tensor<*xi64>) -> tensor<*xi64>
  %near = onnx.node "LessOrEqual"(%far, %two) opset 13 : (tensor<*xi64>, tensor<i64>) -> tensor<*xi1>
  %maskb = onnx.node "Cast"(%mask) opset 13 attributes {to = 9 : i64} : (tensor<?x?xi64>) -> tensor<*xi1>
  %mask4 = onnx.node "Unsqueeze"(%maskb, %front) opset 13 : (tensor<*xi1>, tensor<2xi64>) -> tensor<*xi1>
  %both = onnx.node "And"(%near, %mask4) opset 13 : (tensor<*xi1>, tensor<*xi1>) -> tensor<*xi1>
  %added = onnx.node "Where"(%both, %zero, %min) opset 13 : (tensor<*xi1>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %kr = onnx.node "Reshape"(%xk, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %k = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%xv, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %k) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %masked = onnx.node "Add"(%s, %added) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%masked) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// CHECK-LABEL: @uneven_window
// CHECK: because "a window reaches further to one side than to the other"
func.func @uneven_window(%xq: tensor<?x?x8xf32> {dalbit.name = "q"}, %xk: tensor<?x?x8xf32> {dalbit.name = "k"}, %xv: tensor<?x?x8xf32> {dalbit.name = "v"}, %mask: tensor<?x?xi64> {dalbit.name = "attention_mask"}) -> tensor<*xf32> {
  %i0 = onnx.constant dense<0> : tensor<i64>
  %i1 = onnx.constant dense<1> : tensor<i64>
  %two = onnx.constant dense<2> : tensor<i64>
  %three = onnx.constant dense<-3> : tensor<i64>
  %zero = onnx.constant dense<0.0> : tensor<f32>
  %min = onnx.constant dense<0xFF7FFFFF> : tensor<f32>
  %cut = onnx.constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %column = onnx.constant dense<[-1, 1]> : tensor<2xi64>
  %front = onnx.constant dense<[1, 2]> : tensor<2xi64>
  %shape = onnx.node "Shape"(%xq) opset 13 : (tensor<?x?x8xf32>) -> tensor<*xi64>
  %t = onnx.node "Gather"(%shape, %i1) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %range = onnx.node "Range"(%i0, %t, %i1) opset 13 : (tensor<i64>, tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %rows = onnx.node "Reshape"(%range, %column) opset 13 : (tensor<*xi64>, tensor<2xi64>) -> tensor<*xi64>
  %d = onnx.node "Sub"(%range, %rows) opset 13 : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %left = onnx.node "LessOrEqual"(%d, %two) opset 13 : (tensor<*xi64>, tensor<i64>) -> tensor<*xi1>
  %right = onnx.node "GreaterOrEqual"(%d, %three) opset 13 : (tensor<*xi64>, tensor<i64>) -> tensor<*xi1>
  %near = onnx.node "And"(%left, %right) opset 13 : (tensor<*xi1>, tensor<*xi1>) -> tensor<*xi1>
  %maskb = onnx.node "Cast"(%mask) opset 13 attributes {to = 9 : i64} : (tensor<?x?xi64>) -> tensor<*xi1>
  %mask4 = onnx.node "Unsqueeze"(%maskb, %front) opset 13 : (tensor<*xi1>, tensor<2xi64>) -> tensor<*xi1>
  %both = onnx.node "And"(%near, %mask4) opset 13 : (tensor<*xi1>, tensor<*xi1>) -> tensor<*xi1>
  %added = onnx.node "Where"(%both, %zero, %min) opset 13 : (tensor<*xi1>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %kr = onnx.node "Reshape"(%xk, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %k = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%xv, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %k) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %masked = onnx.node "Add"(%s, %added) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%masked) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Keys and values that are repeated before they go into the cache (Falcon).
// CHECK-LABEL: @repeated_into_cache
// CHECK-DAG: %[[W:.*]] = nn.constant dense<{{\[\[}}1.000000e+00, 0.000000e+00, 1.000000e+00, 0.000000e+00], [0.000000e+00, 1.000000e+00, 0.000000e+00, 1.000000e+00]]>
// CHECK-DAG: %[[K:.*]] = nn.linear %arg1, %{{.*}} {dalbit.moves_columns} : (tensor<?x?x2xf32>, tensor<2x4xf32>) -> tensor<?x?x4xf32>
// CHECK: %[[A:.*]], %[[PK:.*]], %[[PV:.*]] = nn.attention %arg0, %{{.*}}, %{{.*}} past %arg2, %arg3 {causal = false, heads = 2 : i64, kv_heads = 2 : i64
// CHECK-NEXT: return %[[A]], %[[PK]], %[[PV]]
func.func @repeated_into_cache(%xq: tensor<?x?x4xf32> {dalbit.name = "q"}, %xk: tensor<?x?x2xf32> {dalbit.name = "k"}, %pk: tensor<?x2x?x2xf32> {dalbit.name = "past.key"}, %pv: tensor<?x2x?x2xf32> {dalbit.name = "past.value"}) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %cut = onnx.constant dense<[0, 0, 2, 2]> : tensor<4xi64>
  %one = onnx.constant dense<[0, 0, 1, 2]> : tensor<4xi64>
  %twice = onnx.constant dense<[1, 1, 2, 1]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 4]> : tensor<3xi64>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<?x?x4xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %kr = onnx.node "Reshape"(%xk, %one) opset 13 : (tensor<?x?x2xf32>, tensor<4xi64>) -> tensor<*xf32>
  %ke = onnx.node "Expand"(%kr, %twice) opset 13 : (tensor<*xf32>, tensor<4xi64>) -> tensor<*xf32>
  %k = onnx.node "Transpose"(%ke) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %kc = onnx.node "Concat"(%pk, %k) opset 13 attributes {axis = 2 : i64} : (tensor<?x2x?x2xf32>, tensor<*xf32>) -> tensor<*xf32>
  %vc = onnx.node "Concat"(%pv, %k) opset 13 attributes {axis = 2 : i64} : (tensor<?x2x?x2xf32>, tensor<*xf32>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%kc) opset 13 attributes {perm = array<i64: 0, 1, 3, 2>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %kt) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%s) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %vc) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y, %kc, %vc : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// Heads as rows beside the tokens (GPT-BigCode) are named.
// CHECK-LABEL: @heads_in_rows
// CHECK: because "the heads of its queries are rows beside the tokens
func.func @heads_in_rows(%xq: tensor<?x?x4xf32> {dalbit.name = "q"}, %k: tensor<?x?x2xf32> {dalbit.name = "k"}) -> tensor<*xf32> {
  %cut = onnx.constant dense<[0, -1, 2]> : tensor<3xi64>
  %q = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<?x?x4xf32>, tensor<3xi64>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%k) opset 13 attributes {perm = array<i64: 0, 2, 1>} : (tensor<?x?x2xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %kt) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%s) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %k) opset 13 : (tensor<*xf32>, tensor<?x?x2xf32>) -> tensor<*xf32>
  return %o : tensor<*xf32>
}

// -----

// Of a factor alone nothing is tried: 68 billion scores would not fit memory.
// CHECK-LABEL: @many_tokens
// CHECK-NEXT: nn.attention %arg0, %arg1, %arg2 {causal = false, heads = 4 : i64, kv_heads = 4 : i64, scale = 2.500000e-01 : f32}
func.func @many_tokens(%xq: tensor<1x131072x8xf32> {dalbit.name = "q"}, %xk: tensor<1x131072x8xf32> {dalbit.name = "k"}, %xv: tensor<1x131072x8xf32> {dalbit.name = "v"}) -> tensor<*xf32> {
  %cut = onnx.constant dense<[0, 0, 4, 2]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %two = onnx.constant dense<2.0> : tensor<f32>
  %half = onnx.constant dense<0.5> : tensor<1xf32>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<1x131072x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %kr = onnx.node "Reshape"(%xk, %cut) opset 13 : (tensor<1x131072x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%xv, %cut) opset 13 : (tensor<1x131072x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %kt) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %d = onnx.node "Div"(%s, %two) opset 13 : (tensor<*xf32>, tensor<f32>) -> tensor<*xf32>
  %m = onnx.node "Mul"(%half, %d) opset 13 : (tensor<1xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%m) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
