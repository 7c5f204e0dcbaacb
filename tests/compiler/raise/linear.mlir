// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -raise-linear | FileCheck %s

// CHECK-LABEL: @gemm_between_reshapes
// CHECK: %[[W:.*]] = nn.constant #onnx.weight<{{.*}}permutation = [1, 0]> : tensor<8x4xf32>
// CHECK: %[[Y:.*]] = nn.linear %arg0, %[[W]], %{{.*}} : (tensor<?x?x8xf32>, tensor<8x4xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
// CHECK-NEXT: return %[[Y]]
func.func @gemm_between_reshapes(%x: tensor<?x?x8xf32> {dalbit.dims = ["B", "T", "8"]}) -> tensor<?x?x4xf32> {
  %w = onnx.constant #onnx.weight<"w.bin", offset = 0, length = 128, element = f32, shape = [4, 8], starts = [0, 0], sizes = [4, 8], permutation = [0, 1]> : tensor<4x8xf32>
  %b = onnx.constant dense<1.0> : tensor<4xf32>
  %flat = onnx.constant dense<[-1, 8]> : tensor<2xi64>
  %last = onnx.constant dense<4> : tensor<1xi64>
  %two = onnx.constant dense<2> : tensor<1xi64>
  %zero = onnx.constant dense<0> : tensor<1xi64>
  %m = onnx.node "Reshape"(%x, %flat) opset 13 : (tensor<?x?x8xf32>, tensor<2xi64>) -> tensor<?x8xf32>
  %g = onnx.node "Gemm"(%m, %w, %b) opset 13 attributes {alpha = 1.0 : f32, beta = 1.0 : f32, transA = 0 : i64, transB = 1 : i64} : (tensor<?x8xf32>, tensor<4x8xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %shape = onnx.node "Shape"(%x) opset 13 : (tensor<?x?x8xf32>) -> tensor<3xi64>
  %front = onnx.node "Slice"(%shape, %zero, %two) opset 13 : (tensor<3xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %target = onnx.node "Concat"(%front, %last) opset 13 attributes {axis = 0 : i64} : (tensor<2xi64>, tensor<1xi64>) -> tensor<3xi64>
  %y = onnx.node "Reshape"(%g, %target) opset 13 : (tensor<?x4xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// A tied head: the product with a transposed table.
// CHECK-LABEL: @transposed_table
// CHECK: nn.constant #onnx.weight<{{.*}}permutation = [1, 0]> : tensor<8x9xf32>
// CHECK: nn.linear %arg0, %{{[0-9]+}} : (tensor<?x?x8xf32>, tensor<8x9xf32>) -> tensor<?x?x9xf32>
// CHECK-NOT: onnx.node
func.func @transposed_table(%x: tensor<?x?x8xf32> {dalbit.dims = ["B", "T", "8"]}) -> tensor<?x?x9xf32> {
  %w = onnx.constant #onnx.weight<"w.bin", offset = 0, length = 288, element = f32, shape = [9, 8], starts = [0, 0], sizes = [9, 8], permutation = [0, 1]> : tensor<9x8xf32>
  %t = onnx.node "Transpose"(%w) opset 13 attributes {perm = array<i64: 1, 0>} : (tensor<9x8xf32>) -> tensor<8x9xf32>
  %y = onnx.node "MatMul"(%x, %t) opset 13 : (tensor<?x?x8xf32>, tensor<8x9xf32>) -> tensor<?x?x9xf32>
  return %y : tensor<?x?x9xf32>
}

// -----

// CHECK-LABEL: @split
// CHECK: #onnx.weight<{{.*}}starts = [0, 0], sizes = [8, 4]
// CHECK: %[[A:.*]] = nn.linear
// CHECK: #onnx.weight<{{.*}}starts = [0, 4], sizes = [8, 2]
// CHECK: nn.constant dense<[5.000000e+00, 6.000000e+00]> : tensor<2xf32>
// CHECK: %[[B:.*]] = nn.linear
// CHECK-NEXT: return %[[A]], %[[B]]
func.func @split(%x: tensor<?x?x8xf32> {dalbit.dims = ["B", "T", "8"]}) -> (tensor<?x?x4xf32>, tensor<?x?x2xf32>) {
  %w = onnx.constant #onnx.weight<"w.bin", offset = 0, length = 192, element = f32, shape = [8, 6], starts = [0, 0], sizes = [8, 6], permutation = [0, 1]> : tensor<8x6xf32>
  %b = onnx.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : tensor<6xf32>
  %m = onnx.node "MatMul"(%x, %w) opset 13 : (tensor<?x?x8xf32>, tensor<8x6xf32>) -> tensor<?x?x6xf32>
  %a = onnx.node "Add"(%b, %m) opset 13 : (tensor<6xf32>, tensor<?x?x6xf32>) -> tensor<?x?x6xf32>
  %p:2 = onnx.node "Split"(%a) opset 13 attributes {axis = 2 : i64, split = array<i64: 4, 2>} : (tensor<?x?x6xf32>) -> (tensor<?x?x4xf32>, tensor<?x?x2xf32>)
  return %p#0, %p#1 : tensor<?x?x4xf32>, tensor<?x?x2xf32>
}

// -----

// Query and key stacked: [B, T, 2, H, d] permuted to [2, B, H, T, d], gathered.
// CHECK-LABEL: @stacked
// CHECK-DAG: #onnx.weight<{{.*}}starts = [0, 0], sizes = [8, 6]
// CHECK-DAG: #onnx.weight<{{.*}}starts = [0, 6], sizes = [8, 6]
// CHECK-NOT: "Gather"
// CHECK: return
func.func @stacked(%x: tensor<?x?x8xf32> {dalbit.dims = ["B", "T", "8"]}) -> (tensor<?x3x?x2xf32>, tensor<?x3x?x2xf32>) {
  %w = onnx.constant #onnx.weight<"w.bin", offset = 0, length = 384, element = f32, shape = [8, 12], starts = [0, 0], sizes = [8, 12], permutation = [0, 1]> : tensor<8x12xf32>
  %target = onnx.constant dense<[0, 0, 2, 3, 2]> : tensor<5xi64>
  %i0 = onnx.constant dense<0> : tensor<i64>
  %i1 = onnx.constant dense<1> : tensor<i64>
  %m = onnx.node "MatMul"(%x, %w) opset 13 : (tensor<?x?x8xf32>, tensor<8x12xf32>) -> tensor<?x?x12xf32>
  %r = onnx.node "Reshape"(%m, %target) opset 13 : (tensor<?x?x12xf32>, tensor<5xi64>) -> tensor<?x?x2x3x2xf32>
  %t = onnx.node "Transpose"(%r) opset 13 attributes {perm = array<i64: 2, 0, 3, 1, 4>} : (tensor<?x?x2x3x2xf32>) -> tensor<2x?x3x?x2xf32>
  %q = onnx.node "Gather"(%t, %i0) opset 13 attributes {axis = 0 : i64} : (tensor<2x?x3x?x2xf32>, tensor<i64>) -> tensor<?x3x?x2xf32>
  %k = onnx.node "Gather"(%t, %i1) opset 13 attributes {axis = 0 : i64} : (tensor<2x?x3x?x2xf32>, tensor<i64>) -> tensor<?x3x?x2xf32>
  return %q, %k : tensor<?x3x?x2xf32>, tensor<?x3x?x2xf32>
}

// -----

// Falcon's queries with one key head behind them: a Slice, and a list of one.
// CHECK-LABEL: @listed
// CHECK-DAG: #onnx.weight<{{.*}}starts = [0, 0], sizes = [8, 6]
// CHECK-DAG: #onnx.weight<{{.*}}starts = [0, 6], sizes = [8, 2]
// CHECK-NOT: "Gather"
// CHECK: return
func.func @listed(%x: tensor<?x?x8xf32> {dalbit.dims = ["B", "T", "8"]}) -> (tensor<?x?x3x2xf32>, tensor<?x?x1x2xf32>) {
  %w = onnx.constant #onnx.weight<"w.bin", offset = 0, length = 256, element = f32, shape = [8, 8], starts = [0, 0], sizes = [8, 8], permutation = [0, 1]> : tensor<8x8xf32>
  %target = onnx.constant dense<[0, 0, 4, 2]> : tensor<4xi64>
  %start = onnx.constant dense<0> : tensor<1xi64>
  %end = onnx.constant dense<-1> : tensor<1xi64>
  %axis = onnx.constant dense<2> : tensor<1xi64>
  %last = onnx.constant dense<[-1]> : tensor<1xi64>
  %m = onnx.node "MatMul"(%x, %w) opset 13 : (tensor<?x?x8xf32>, tensor<8x8xf32>) -> tensor<?x?x8xf32>
  %r = onnx.node "Reshape"(%m, %target) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x?x4x2xf32>
  %q = onnx.node "Slice"(%r, %start, %end, %axis) opset 13 : (tensor<?x?x4x2xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x3x2xf32>
  %k = onnx.node "Gather"(%r, %last) opset 13 attributes {axis = 2 : i64} : (tensor<?x?x4x2xf32>, tensor<1xi64>) -> tensor<?x?x1x2xf32>
  return %q, %k : tensor<?x?x3x2xf32>, tensor<?x?x1x2xf32>
}

// -----

// A piece that is used beside the whole: nothing is split.
// CHECK-LABEL: @whole_used
// CHECK: nn.linear
// CHECK: "Split"
func.func @whole_used(%x: tensor<?x?x8xf32> {dalbit.dims = ["B", "T", "8"]}) -> (tensor<?x?x6xf32>, tensor<?x?x3xf32>) {
  %w = onnx.constant dense<1.0> : tensor<8x6xf32>
  %m = onnx.node "MatMul"(%x, %w) opset 13 : (tensor<?x?x8xf32>, tensor<8x6xf32>) -> tensor<?x?x6xf32>
  %p:2 = onnx.node "Split"(%m) opset 13 attributes {axis = 2 : i64, split = array<i64: 3, 3>} : (tensor<?x?x6xf32>) -> (tensor<?x?x3xf32>, tensor<?x?x3xf32>)
  return %m, %p#1 : tensor<?x?x6xf32>, tensor<?x?x3xf32>
}

// -----

// Columns that stand side by side are multiplied one by one.
// CHECK-LABEL: @side_by_side
// CHECK: %[[A:.*]] = nn.linear %arg0, %{{.*}}, %{{.*}} : (tensor<2x1xf32>, tensor<1x2xf32>, tensor<2xf32>)
// CHECK: %[[B:.*]] = nn.linear %arg1, %{{.*}} : (tensor<2x2xf32>, tensor<2x2xf32>)
// CHECK: %[[S:.*]] = nn.add %[[A]], %[[B]]
// CHECK: return %[[S]]
func.func @side_by_side(%a: tensor<2x1xf32>, %b: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = onnx.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %z = onnx.constant dense<[7.0, 8.0]> : tensor<2xf32>
  %c = onnx.node "Concat"(%a, %b) opset 13 attributes {axis = -1 : i64} : (tensor<2x1xf32>, tensor<2x2xf32>) -> tensor<2x3xf32>
  %y = onnx.node "MatMul"(%c, %w) opset 13 : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  %s = onnx.node "Add"(%y, %z) opset 13 : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  return %s : tensor<2x2xf32>
}

// -----

// Halves that meet in a sum are the rotary embedding of a single head: whole.
// Halves that meet in a product are a gate: two products.
// CHECK-LABEL: @halves
// CHECK: nn.linear {{.*}} (tensor<1x3x4xf32>, tensor<4x4xf32>)
// CHECK: nn.linear {{.*}} (tensor<1x3x4xf32>, tensor<4x2xf32>)
// CHECK: nn.linear {{.*}} (tensor<1x3x4xf32>, tensor<4x2xf32>)
// CHECK-NOT: nn.linear
func.func @halves(%x: tensor<1x3x4xf32> {dalbit.dims = ["1", "3", "4"]}) -> (tensor<1x3x2xf32>, tensor<1x3x2xf32>) {
  %w = onnx.constant dense<2.0> : tensor<4x4xf32>
  %v = onnx.constant dense<3.0> : tensor<4x4xf32>
  %c = onnx.constant dense<0.5> : tensor<2xf32>
  %i0 = onnx.constant dense<0> : tensor<1xi64>
  %i2 = onnx.constant dense<2> : tensor<1xi64>
  %i4 = onnx.constant dense<4> : tensor<1xi64>
  %last = onnx.constant dense<-1> : tensor<1xi64>
  %k = onnx.node "MatMul"(%x, %w) opset 18 : (tensor<1x3x4xf32>, tensor<4x4xf32>) -> tensor<1x3x4xf32>
  %a = onnx.node "Slice"(%k, %i0, %i2, %last) opset 18 : (tensor<1x3x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x3x2xf32>
  %b = onnx.node "Slice"(%k, %i2, %i4, %last) opset 18 : (tensor<1x3x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x3x2xf32>
  %ac = onnx.node "Mul"(%a, %c) opset 18 : (tensor<1x3x2xf32>, tensor<2xf32>) -> tensor<1x3x2xf32>
  %bc = onnx.node "Mul"(%b, %c) opset 18 : (tensor<1x3x2xf32>, tensor<2xf32>) -> tensor<1x3x2xf32>
  %turned = onnx.node "Sub"(%ac, %bc) opset 18 : (tensor<1x3x2xf32>, tensor<1x3x2xf32>) -> tensor<1x3x2xf32>
  %g = onnx.node "MatMul"(%x, %v) opset 18 : (tensor<1x3x4xf32>, tensor<4x4xf32>) -> tensor<1x3x4xf32>
  %d:2 = onnx.node "Split"(%g) opset 18 attributes {axis = -1 : i64, num_outputs = 2 : i64} : (tensor<1x3x4xf32>) -> (tensor<1x3x2xf32>, tensor<1x3x2xf32>)
  %s = onnx.node "Sigmoid"(%d#0) opset 18 : (tensor<1x3x2xf32>) -> tensor<1x3x2xf32>
  %gated = onnx.node "Mul"(%s, %d#1) opset 18 : (tensor<1x3x2xf32>, tensor<1x3x2xf32>) -> tensor<1x3x2xf32>
  %sum = onnx.node "Add"(%gated, %c) opset 18 : (tensor<1x3x2xf32>, tensor<2xf32>) -> tensor<1x3x2xf32>
  return %turned, %sum : tensor<1x3x2xf32>, tensor<1x3x2xf32>
}
