// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -onnx-bind-shapes -onnx-take-codes -onnx-fold-shapes -raise-linear | FileCheck %s

// Of a static pair the range stays, weights keep their integers, biases become
// floats.
// CHECK-LABEL: @static
// CHECK-DAG: %[[B:.*]] = nn.constant dense<[3.000000e+00, -1.500000e+00]> : tensor<2xf32>
// CHECK-DAG: %[[W:.*]] = nn.constant #onnx.codes<dense<{{\[\[}}1, -2], [3, 4]]> : tensor<2x2xi8>, scales = dense<[5.000000e-01, 2.500000e-01]> : tensor<2xf32>, axis = 1, block = 0>
// CHECK-DAG: %[[LOW:.*]] = onnx.constant dense<-1.600000e+01>
// CHECK-DAG: %[[HIGH:.*]] = onnx.constant dense<1.587500e+01>
// CHECK-DAG: %[[X:.*]] = onnx.node "Clip"(%arg0, %[[LOW]], %[[HIGH]])
// CHECK: nn.linear %[[X]], %[[W]], %[[B]]
func.func @static(%x: tensor<?x?x2xf32> {dalbit.name = "x"}) -> tensor<*xf32> {
  %s = onnx.constant dense<0.125> : tensor<f32>
  %z = onnx.constant dense<128> : tensor<ui8>
  %wq = onnx.constant dense<[[1, -2], [3, 4]]> : tensor<2x2xi8>
  %ws = onnx.constant dense<[0.5, 0.25]> : tensor<2xf32>
  %wz = onnx.constant dense<0> : tensor<2xi8>
  %bq = onnx.constant dense<[6, -3]> : tensor<2xi32>
  %bs = onnx.constant dense<0.5> : tensor<f32>
  %q = onnx.node "QuantizeLinear"(%x, %s, %z) opset 13 : (tensor<?x?x2xf32>, tensor<f32>, tensor<ui8>) -> tensor<*xui8>
  %d = onnx.node "DequantizeLinear"(%q, %s, %z) opset 13 : (tensor<*xui8>, tensor<f32>, tensor<ui8>) -> tensor<*xf32>
  %w = onnx.node "DequantizeLinear"(%wq, %ws, %wz) opset 13 attributes {axis = 1 : i64} : (tensor<2x2xi8>, tensor<2xf32>, tensor<2xi8>) -> tensor<*xf32>
  %b = onnx.node "DequantizeLinear"(%bq, %bs) opset 13 : (tensor<2xi32>, tensor<f32>) -> tensor<*xf32>
  %m = onnx.node "MatMul"(%d, %w) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Add"(%m, %b) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Another scale than the one of the quantiser means other numbers.
// CHECK-LABEL: @other_scale
// CHECK: "DequantizeLinear"
func.func @other_scale(%x: tensor<?x?x2xf32> {dalbit.name = "x"}) -> tensor<*xf32> {
  %s = onnx.constant dense<0.125> : tensor<f32>
  %t = onnx.constant dense<0.25> : tensor<f32>
  %q = onnx.node "QuantizeLinear"(%x, %s) opset 13 : (tensor<?x?x2xf32>, tensor<f32>) -> tensor<*xui8>
  %d = onnx.node "DequantizeLinear"(%q, %t) opset 13 : (tensor<*xui8>, tensor<f32>) -> tensor<*xf32>
  return %d : tensor<*xf32>
}

// -----

// The dynamic quantiser and both scales go; the zero points stay with the
// weight.
// CHECK-LABEL: @dynamic
// CHECK: %[[W:.*]] = nn.constant #onnx.codes<{{.*}}, scales = dense<2.500000e-01> : tensor<1xf32>, axis = 1, block = 0, zeros = dense<3> : tensor<1xui8>>
// CHECK: nn.linear %arg0, %[[W]]
func.func @dynamic(%x: tensor<?x?x2xf32> {dalbit.name = "x"}) -> tensor<*xf32> {
  %wq = onnx.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xui8>
  %ws = onnx.constant dense<0.25> : tensor<1xf32>
  %wz = onnx.constant dense<3> : tensor<1xui8>
  %q:3 = onnx.node "DynamicQuantizeLinear"(%x) opset 13 : (tensor<?x?x2xf32>) -> (tensor<*xui8>, tensor<f32>, tensor<ui8>)
  %s = onnx.node "Mul"(%q#1, %ws) opset 13 : (tensor<f32>, tensor<1xf32>) -> tensor<*xf32>
  %m = onnx.node "MatMulInteger"(%q#0, %wq, %q#2, %wz) opset 13 : (tensor<*xui8>, tensor<2x2xui8>, tensor<ui8>, tensor<1xui8>) -> tensor<*xi32>
  %c = onnx.node "Cast"(%m) opset 13 attributes {to = 1 : i64} : (tensor<*xi32>) -> tensor<*xf32>
  %y = onnx.node "Mul"(%c, %s) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Integers that are moved and multiplied stand for floats all the way.
// CHECK-LABEL: @operators
// CHECK-DAG: %[[W:.*]] = nn.constant #onnx.codes<
// CHECK-DAG: %[[X:.*]] = onnx.node "Clip"(%arg0
// CHECK: %[[L:.*]] = nn.linear %[[X]], %[[W]]
// CHECK: "Transpose"(%[[L]])
func.func @operators(%x: tensor<?x?x2xf32> {dalbit.name = "x"}) -> tensor<*xf32> {
  %s = onnx.constant dense<0.125> : tensor<f32>
  %t = onnx.constant dense<0.5> : tensor<f32>
  %z = onnx.constant dense<7> : tensor<i8>
  %wq = onnx.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi8>
  %wz = onnx.constant dense<0> : tensor<i8>
  %same = onnx.constant dense<[0, 0, 2]> : tensor<3xi64>
  %q = onnx.node "QuantizeLinear"(%x, %s, %z) opset 13 : (tensor<?x?x2xf32>, tensor<f32>, tensor<i8>) -> tensor<*xi8>
  %r = onnx.node "Reshape"(%q, %same) opset 13 : (tensor<*xi8>, tensor<3xi64>) -> tensor<*xi8>
  %m = onnx.node "QLinearMatMul"(%r, %s, %z, %wq, %t, %wz, %t, %z) opset 13 : (tensor<*xi8>, tensor<f32>, tensor<i8>, tensor<2x2xi8>, tensor<f32>, tensor<i8>, tensor<f32>, tensor<i8>) -> tensor<*xi8>
  %p = onnx.node "Transpose"(%m) opset 13 attributes {perm = [1, 0, 2]} : (tensor<*xi8>) -> tensor<*xi8>
  %y = onnx.node "DequantizeLinear"(%p, %t, %z) opset 13 : (tensor<*xi8>, tensor<f32>, tensor<i8>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Rows of a table of integers, which no quantiser cuts, and a weight that is
// turned and cut in two.
// CHECK-LABEL: @table_and_pieces
// CHECK: #onnx.codes<dense<{{\[\[}}1, -1], [2, -2], [3, -3]]> : tensor<3x2xi8>, scales = dense<5.000000e-01> : tensor<1xf32>, axis = 1
// CHECK: %[[X:.*]] = onnx.node "Gather"
// CHECK: nn.constant #onnx.codes<dense<{{\[\[}}1], [2]]> : tensor<2x1xi8>, scales = dense<5.000000e-01> : tensor<1xf32>, axis = 1, block = 0>
// CHECK: nn.linear %[[X]]
// CHECK: nn.constant #onnx.codes<dense<{{\[\[}}3], [4]]> : tensor<2x1xi8>, scales = dense<2.500000e-01> : tensor<1xf32>, axis = 1, block = 0>
func.func @table_and_pieces(%ids: tensor<?x?xi64> {dalbit.name = "input_ids"}) -> (tensor<*xf32>, tensor<*xf32>) {
  %tq = onnx.constant dense<[[1, -1], [2, -2], [3, -3]]> : tensor<3x2xi8>
  %ts = onnx.constant dense<0.5> : tensor<f32>
  %wq = onnx.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi8>
  %ws = onnx.constant dense<[0.5, 0.25]> : tensor<2xf32>
  %g = onnx.node "Gather"(%tq, %ids) opset 13 attributes {axis = 0 : i64} : (tensor<3x2xi8>, tensor<?x?xi64>) -> tensor<*xi8>
  %x = onnx.node "DequantizeLinear"(%g, %ts) opset 13 : (tensor<*xi8>, tensor<f32>) -> tensor<*xf32>
  %w = onnx.node "DequantizeLinear"(%wq, %ws) opset 13 attributes {axis = 0 : i64} : (tensor<2x2xi8>, tensor<2xf32>) -> tensor<*xf32>
  %t = onnx.node "Transpose"(%w) opset 13 attributes {perm = [1, 0]} : (tensor<*xf32>) -> tensor<*xf32>
  %m = onnx.node "MatMul"(%x, %t) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %one = onnx.constant dense<1> : tensor<2xi64>
  %p:2 = onnx.node "Split"(%m, %one) opset 13 attributes {axis = 2 : i64} : (tensor<*xf32>, tensor<2xi64>) -> (tensor<*xf32>, tensor<*xf32>)
  return %p#0, %p#1 : tensor<*xf32>, tensor<*xf32>
}

// -----

// A range that begins at 0 behind a sum is a Relu, whoever reads it; another
// one, or one of shares, is not imposed where no weight is met. One Clip serves
// several products, and stands in front of the matrix that rows become.
// CHECK-LABEL: @ranges
// CHECK: %[[A:.*]] = onnx.node "Add"
// CHECK: %[[R:.*]] = onnx.node "Clip"(%[[A]]
// CHECK: %[[S:.*]] = onnx.node "Softmax"(%[[R]])
// CHECK: %[[M:.*]] = onnx.node "Mul"(%[[S]], %[[R]])
// CHECK: %[[C:.*]] = onnx.node "Clip"(%[[M]]
// CHECK: nn.linear %[[C]]
// CHECK: nn.linear %[[C]]
// CHECK-NOT: "Clip"
func.func @ranges(%x: tensor<?x?x2xf32> {dalbit.name = "x"}) -> (tensor<*xf32>, tensor<*xf32>) {
  %s = onnx.constant dense<0.125> : tensor<f32>
  %z = onnx.constant dense<0> : tensor<ui8>
  %t = onnx.constant dense<0.00390625> : tensor<f32>
  %y = onnx.constant dense<100> : tensor<ui8>
  %w = onnx.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %v = onnx.constant dense<[[4.0, 3.0], [2.0, 1.0]]> : tensor<2x2xf32>
  %flat = onnx.constant dense<[-1, 2]> : tensor<2xi64>
  %a = onnx.node "Add"(%x, %x) opset 13 : (tensor<?x?x2xf32>, tensor<?x?x2xf32>) -> tensor<*xf32>
  %q = onnx.node "QuantizeLinear"(%a, %s, %z) opset 13 : (tensor<*xf32>, tensor<f32>, tensor<ui8>) -> tensor<*xui8>
  %d = onnx.node "DequantizeLinear"(%q, %s, %z) opset 13 : (tensor<*xui8>, tensor<f32>, tensor<ui8>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%d) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %pq = onnx.node "QuantizeLinear"(%p, %t, %z) opset 13 : (tensor<*xf32>, tensor<f32>, tensor<ui8>) -> tensor<*xui8>
  %pd = onnx.node "DequantizeLinear"(%pq, %t, %z) opset 13 : (tensor<*xui8>, tensor<f32>, tensor<ui8>) -> tensor<*xf32>
  %m = onnx.node "Mul"(%pd, %d) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %f = onnx.node "Reshape"(%m, %flat) opset 13 : (tensor<*xf32>, tensor<2xi64>) -> tensor<*xf32>
  %fq = onnx.node "QuantizeLinear"(%f, %s, %y) opset 13 : (tensor<*xf32>, tensor<f32>, tensor<ui8>) -> tensor<*xui8>
  %fd = onnx.node "DequantizeLinear"(%fq, %s, %y) opset 13 : (tensor<*xui8>, tensor<f32>, tensor<ui8>) -> tensor<*xf32>
  %fe = onnx.node "DequantizeLinear"(%fq, %s, %y) opset 13 : (tensor<*xui8>, tensor<f32>, tensor<ui8>) -> tensor<*xf32>
  %g = onnx.node "Gemm"(%fd, %w) opset 13 : (tensor<*xf32>, tensor<2x2xf32>) -> tensor<*xf32>
  %h = onnx.node "Gemm"(%fe, %v) opset 13 : (tensor<*xf32>, tensor<2x2xf32>) -> tensor<*xf32>
  return %g, %h : tensor<*xf32>, tensor<*xf32>
}

// -----

// A sum that cannot be negative is no Relu, whatever the range: the parts of a
// norm stay together.
// CHECK-LABEL: @never_negative
// CHECK-NOT: "Clip"
// CHECK: "Sqrt"
func.func @never_negative(%x: tensor<?x?x2xf32> {dalbit.name = "x"}) -> tensor<*xf32> {
  %s = onnx.constant dense<0.125> : tensor<f32>
  %z = onnx.constant dense<0> : tensor<ui8>
  %eps = onnx.constant dense<1> : tensor<ui8>
  %es = onnx.constant dense<0.001> : tensor<f32>
  %q = onnx.node "Mul"(%x, %x) opset 13 : (tensor<?x?x2xf32>, tensor<?x?x2xf32>) -> tensor<*xf32>
  %m = onnx.node "ReduceMean"(%q) opset 13 attributes {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %mq = onnx.node "QuantizeLinear"(%m, %s, %z) opset 13 : (tensor<*xf32>, tensor<f32>, tensor<ui8>) -> tensor<*xui8>
  %a = onnx.node "QLinearAdd"(%mq, %s, %z, %eps, %es, %z, %s, %z) opset 1 domain "com.microsoft" : (tensor<*xui8>, tensor<f32>, tensor<ui8>, tensor<ui8>, tensor<f32>, tensor<ui8>, tensor<f32>, tensor<ui8>) -> tensor<*xui8>
  %d = onnx.node "DequantizeLinear"(%a, %s, %z) opset 13 : (tensor<*xui8>, tensor<f32>, tensor<ui8>) -> tensor<*xf32>
  %y = onnx.node "Sqrt"(%d) opset 13 : (tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Operators on codes become the standard's, with their operands where each has
// them.
// CHECK-LABEL: @on_codes
// CHECK: %[[F:.*]] = onnx.node "Greater"
// CHECK: %[[N:.*]] = onnx.constant dense<2.000000e+00>
// CHECK: %[[W:.*]] = onnx.node "Where"(%[[F]], %arg0, %[[N]])
// CHECK: %[[C:.*]] = onnx.node "Concat"(%arg0, %[[W]]){{.*}}axis = -1
// CHECK: onnx.node "LeakyRelu"(%[[C]]){{.*}}alpha = 2.000000e-01
func.func @on_codes(%x: tensor<?x?x2xf32> {dalbit.name = "x"}) -> tensor<*xf32> {
  %zero = onnx.constant dense<0.0> : tensor<f32>
  %c = onnx.node "Greater"(%x, %zero) opset 13 : (tensor<?x?x2xf32>, tensor<f32>) -> tensor<*xi1>
  %s = onnx.constant dense<0.125> : tensor<f32>
  %t = onnx.constant dense<0.5> : tensor<f32>
  %z = onnx.constant dense<100> : tensor<ui8>
  %four = onnx.constant dense<104> : tensor<ui8>
  %q = onnx.node "QuantizeLinear"(%x, %s, %z) opset 13 : (tensor<?x?x2xf32>, tensor<f32>, tensor<ui8>) -> tensor<*xui8>
  %w = onnx.node "QLinearWhere"(%c, %q, %s, %z, %four, %t, %z, %t, %z) opset 1 domain "com.microsoft" : (tensor<*xi1>, tensor<*xui8>, tensor<f32>, tensor<ui8>, tensor<ui8>, tensor<f32>, tensor<ui8>, tensor<f32>, tensor<ui8>) -> tensor<*xui8>
  %k = onnx.node "QLinearConcat"(%s, %z, %q, %s, %z, %w, %t, %z) opset 1 domain "com.microsoft" attributes {axis = -1 : i64} : (tensor<f32>, tensor<ui8>, tensor<*xui8>, tensor<f32>, tensor<ui8>, tensor<*xui8>, tensor<f32>, tensor<ui8>) -> tensor<*xui8>
  %l = onnx.node "QLinearLeakyRelu"(%k, %s, %z, %s, %z) opset 1 domain "com.microsoft" attributes {alpha = 2.000000e-01 : f32} : (tensor<*xui8>, tensor<f32>, tensor<ui8>, tensor<f32>, tensor<ui8>) -> tensor<*xui8>
  %y = onnx.node "DequantizeLinear"(%l, %s, %z) opset 13 : (tensor<*xui8>, tensor<f32>, tensor<ui8>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// The projections inside an attention keep their codes.
// CHECK-LABEL: @attention
// CHECK: nn.constant #onnx.codes<{{.*}} : tensor<2x2xi8>, scales = dense<2.500000e-01>
// CHECK-COUNT-3: nn.linear
// CHECK: "Softmax"
func.func @attention(%x: tensor<?x?x2xf32> {dalbit.name = "x"}) -> tensor<*xf32> {
  %s = onnx.constant dense<0.125> : tensor<f32>
  %z = onnx.constant dense<128> : tensor<ui8>
  %w = onnx.constant dense<[[1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1]]> : tensor<2x6xi8>
  %ws = onnx.constant dense<0.25> : tensor<f32>
  %b = onnx.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : tensor<6xf32>
  %none = onnx.none
  %q = onnx.node "QuantizeLinear"(%x, %s, %z) opset 13 : (tensor<?x?x2xf32>, tensor<f32>, tensor<ui8>) -> tensor<*xui8>
  %y = onnx.node "QAttention"(%q, %w, %b, %s, %ws, %none, %z) opset 1 domain "com.microsoft" attributes {num_heads = 1 : i64, unidirectional = 0 : i64} : (tensor<*xui8>, tensor<2x6xi8>, tensor<6xf32>, tensor<f32>, tensor<f32>, none, tensor<ui8>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Tables of words, positions and segments as codes.
// CHECK-LABEL: @embedding
// CHECK: onnx.node "Gather"
// CHECK: onnx.node "Gather"
// CHECK: onnx.node "LayerNormalization"
// CHECK-NOT: QEmbed
func.func @embedding(%ids: tensor<?x?xi32> {dalbit.name = "input_ids"}) -> tensor<*xf32> {
  %s = onnx.constant dense<0.125> : tensor<f32>
  %z = onnx.constant dense<128> : tensor<ui8>
  %w = onnx.constant dense<[[1, 2], [6, 5], [3, 4]]> : tensor<3x2xui8>
  %p = onnx.constant dense<[[1, 2], [6, 5]]> : tensor<2x2xui8>
  %g = onnx.constant dense<[1, 2]> : tensor<2xui8>
  %none = onnx.none
  %y:2 = onnx.node "QEmbedLayerNormalization"(%ids, %none, %w, %p, %none, %g, %g, %none, %s, %s, %none, %s, %s, %z, %z, %none, %z, %z) opset 1 domain "com.microsoft" attributes {epsilon = 1.000000e-05 : f32} : (tensor<?x?xi32>, none, tensor<3x2xui8>, tensor<2x2xui8>, none, tensor<2xui8>, tensor<2xui8>, none, tensor<f32>, tensor<f32>, none, tensor<f32>, tensor<f32>, tensor<ui8>, tensor<ui8>, none, tensor<ui8>, tensor<ui8>) -> (tensor<*xf32>, tensor<*xi32>)
  return %y#0 : tensor<*xf32>
}
