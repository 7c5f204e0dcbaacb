// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -onnx-bind-shapes -onnx-fold-shapes -raise-attention=context=9 2>%t | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t

// Relative positions in buckets, as T5 has them: further than the sizes that are
// tried, the table follows from the distances that are given.
// CHECK-LABEL: @buckets
// CHECK: %[[B:.*]] = nn.constant dense<{{\[\[}}1.000000e+00, 1.000000e+00, 1.000000e+00, 1.000000e+00, 1.000000e+00, 1.000000e+00, 1.000000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00, 5.000000e+00, 5.000000e+00, 5.000000e+00, 5.000000e+00, 5.000000e+00, 5.000000e+00, 5.000000e+00], [-1.000000e+00,
// CHECK-SAME: tensor<2x17xf32>
// CHECK: nn.attention %arg0, %arg1, %arg2 bias %[[B]] {bias_origin = 8 : i64, causal = false, heads = 2 : i64, kv_heads = 2 : i64, scale = 1.000000e+00 : f32}
func.func @buckets(%xq: tensor<?x?x8xf32> {dalbit.name = "q"}, %xk: tensor<?x?x8xf32> {dalbit.name = "k"}, %xv: tensor<?x?x8xf32> {dalbit.name = "v"}) -> tensor<*xf32> {
  %cut = onnx.constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %kr = onnx.node "Reshape"(%xk, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %k = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%xv, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %k) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %i0 = onnx.constant dense<0> : tensor<i64>
  %i1 = onnx.constant dense<1> : tensor<i64>
  %shape = onnx.node "Shape"(%xk) opset 13 : (tensor<?x?x8xf32>) -> tensor<*xi64>
  %S = onnx.node "Gather"(%shape, %i1) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %keys = onnx.node "Range"(%i0, %S, %i1) opset 13 : (tensor<i64>, tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %queries = onnx.node "Unsqueeze"(%keys) opset 13 attributes {axes = array<i64: 1>} : (tensor<*xi64>) -> tensor<*xi64>
  %m2 = onnx.constant dense<-2> : tensor<i64>
  %p2 = onnx.constant dense<2> : tensor<i64>
  %table = onnx.constant dense<[[1.0, -1.0], [2.0, -2.0], [3.0, -3.0], [4.0, -4.0], [5.0, -5.0]]> : tensor<5x2xf32>
  %d = onnx.node "Sub"(%keys, %queries) opset 13 : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %c = onnx.node "Clip"(%d, %m2, %p2) opset 13 : (tensor<*xi64>, tensor<i64>, tensor<i64>) -> tensor<*xi64>
  %bucket = onnx.node "Add"(%c, %p2) opset 13 : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %rows = onnx.node "Gather"(%table, %bucket) opset 13 attributes {axis = 0 : i64} : (tensor<5x2xf32>, tensor<*xi64>) -> tensor<*xf32>
  %first = onnx.node "Transpose"(%rows) opset 13 attributes {perm = array<i64: 2, 0, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %bias = onnx.node "Unsqueeze"(%first) opset 13 attributes {axes = array<i64: 0>} : (tensor<*xf32>) -> tensor<*xf32>
  %l = onnx.node "Add"(%s, %bias) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%l) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Slopes times the number of the key (ALiBi): the same by distance but for what
// all keys of a query share.
// CHECK-LABEL: @slopes
// CHECK: %[[B:.*]] = nn.constant dense<{{\[\[}}-4.000000e+00, -3.500000e+00,
// CHECK-SAME: tensor<2x17xf32>
// CHECK: nn.attention %arg0, %arg1, %arg2 bias %[[B]] {bias_origin = 8 : i64, causal = false
func.func @slopes(%xq: tensor<?x?x8xf32> {dalbit.name = "q"}, %xk: tensor<?x?x8xf32> {dalbit.name = "k"}, %xv: tensor<?x?x8xf32> {dalbit.name = "v"}) -> tensor<*xf32> {
  %cut = onnx.constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %kr = onnx.node "Reshape"(%xk, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %k = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%xv, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %k) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %i0 = onnx.constant dense<0> : tensor<i64>
  %i1 = onnx.constant dense<1> : tensor<i64>
  %shape = onnx.node "Shape"(%xk) opset 13 : (tensor<?x?x8xf32>) -> tensor<*xi64>
  %S = onnx.node "Gather"(%shape, %i1) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %keys = onnx.node "Range"(%i0, %S, %i1) opset 13 : (tensor<i64>, tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %queries = onnx.node "Unsqueeze"(%keys) opset 13 attributes {axes = array<i64: 1>} : (tensor<*xi64>) -> tensor<*xi64>
  %slopes = onnx.constant dense<[[[[0.5]], [[0.25]]]]> : tensor<1x2x1x1xf32>
  %f = onnx.node "Cast"(%keys) opset 13 attributes {to = 1 : i64} : (tensor<*xi64>) -> tensor<*xf32>
  %bias = onnx.node "Mul"(%slopes, %f) opset 13 : (tensor<1x2x1x1xf32>, tensor<*xf32>) -> tensor<*xf32>
  %l = onnx.node "Add"(%s, %bias) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%l) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// A number for each query and key, at the one size that the graph has (BEiT).
// CHECK-LABEL: @image
// CHECK: %[[B:.*]] = nn.constant dense<{{.*}}> : tensor<2x3x3xf32>
// CHECK: nn.attention %arg0, %arg1, %arg2 bias %[[B]] {causal = false, heads
func.func @image(%xq: tensor<1x3x8xf32> {dalbit.name = "q"}, %xk: tensor<1x3x8xf32> {dalbit.name = "k"}, %xv: tensor<1x3x8xf32> {dalbit.name = "v"}) -> tensor<*xf32> {
  %cut = onnx.constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %kr = onnx.node "Reshape"(%xk, %cut) opset 13 : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %k = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%xv, %cut) opset 13 : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %k) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %bias = onnx.constant dense<[[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.5]], [[-1.0, -2.0, -3.0], [-4.0, -5.0, -6.0], [-7.0, -8.0, -9.0]]]]> : tensor<1x2x3x3xf32>
  %l = onnx.node "Add"(%s, %bias) opset 13 : (tensor<*xf32>, tensor<1x2x3x3xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%l) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// What depends on more than the distance stays, if sizes are open.
// CHECK-LABEL: @products
// CHECK-NOT: nn.attention
// CHECK: onnx.node "Softmax"
// REMARK: stays as it is: something other than a mask or a bias by distance is added to the scores
func.func @products(%xq: tensor<?x?x8xf32> {dalbit.name = "q"}, %xk: tensor<?x?x8xf32> {dalbit.name = "k"}, %xv: tensor<?x?x8xf32> {dalbit.name = "v"}) -> tensor<*xf32> {
  %cut = onnx.constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %qr = onnx.node "Reshape"(%xq, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%qr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %kr = onnx.node "Reshape"(%xk, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %k = onnx.node "Transpose"(%kr) opset 13 attributes {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %vr = onnx.node "Reshape"(%xv, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v = onnx.node "Transpose"(%vr) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "MatMul"(%q, %k) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %i0 = onnx.constant dense<0> : tensor<i64>
  %i1 = onnx.constant dense<1> : tensor<i64>
  %shape = onnx.node "Shape"(%xk) opset 13 : (tensor<?x?x8xf32>) -> tensor<*xi64>
  %S = onnx.node "Gather"(%shape, %i1) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %keys = onnx.node "Range"(%i0, %S, %i1) opset 13 : (tensor<i64>, tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %queries = onnx.node "Unsqueeze"(%keys) opset 13 attributes {axes = array<i64: 1>} : (tensor<*xi64>) -> tensor<*xi64>
  %d = onnx.node "Mul"(%keys, %queries) opset 13 : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %bias = onnx.node "Cast"(%d) opset 13 attributes {to = 1 : i64} : (tensor<*xi64>) -> tensor<*xf32>
  %l = onnx.node "Add"(%s, %bias) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%l) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
