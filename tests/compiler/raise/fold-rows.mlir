// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -fold-rows | FileCheck %s

// Layer scale and a sum: other weights, another bias.
// CHECK-LABEL: @scaled
// CHECK-DAG: %[[W:.*]] = nn.constant dense<{{\[\[}}2.000000e+00, 6.000000e+00], [2.000000e+00, 6.000000e+00]]>
// CHECK-DAG: %[[B:.*]] = nn.constant dense<[1.200000e+01, 2.600000e+01]>
// CHECK: %[[Y:.*]] = nn.linear %arg0, %[[W]], %[[B]]
// CHECK-NEXT: return %[[Y]]
func.func @scaled(%x: tensor<?x?x2xf32>) -> tensor<?x?x2xf32> {
  %w = nn.constant dense<[[1.0, 2.0], [1.0, 2.0]]> : tensor<2x2xf32>
  %b = nn.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %s = nn.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %p = nn.constant dense<[[[10.0, 20.0]]]> : tensor<1x1x2xf32>
  %l = nn.linear %x, %w, %b : (tensor<?x?x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<?x?x2xf32>
  %m = nn.mul %s, %l : (tensor<2xf32>, tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  %a = nn.add %m, %p : (tensor<?x?x2xf32>, tensor<1x1x2xf32>) -> tensor<?x?x2xf32>
  return %a : tensor<?x?x2xf32>
}

// -----

// A column is another row for each token; a result with two users stays.
// CHECK-LABEL: @others
// CHECK: nn.mul
// CHECK: nn.add
func.func @others(%x: tensor<?x2x2xf32>) -> (tensor<?x2x2xf32>, tensor<?x2x2xf32>, tensor<?x2x2xf32>) {
  %w = nn.constant dense<1.0> : tensor<2x2xf32>
  %c = nn.constant dense<1.0> : tensor<2x1xf32>
  %r = nn.constant dense<1.0> : tensor<2xf32>
  %l = nn.linear %x, %w : (tensor<?x2x2xf32>, tensor<2x2xf32>) -> tensor<?x2x2xf32>
  %m = nn.mul %l, %c : (tensor<?x2x2xf32>, tensor<2x1xf32>) -> tensor<?x2x2xf32>
  %k = nn.linear %x, %w : (tensor<?x2x2xf32>, tensor<2x2xf32>) -> tensor<?x2x2xf32>
  %a = nn.add %k, %r : (tensor<?x2x2xf32>, tensor<2xf32>) -> tensor<?x2x2xf32>
  return %m, %a, %k : tensor<?x2x2xf32>, tensor<?x2x2xf32>, tensor<?x2x2xf32>
}

// -----

// A row on one side of a sum is taken by the other: a bias that was added to
// the residual first, or behind the sum.
// CHECK-LABEL: @sums
// CHECK-DAG: %[[B:.*]] = nn.constant dense<[1.000000e+01, 2.000000e+01]>
// CHECK: %[[L:.*]] = nn.linear %arg0, %{{.*}}, %[[B]]
// CHECK-NEXT: %[[S:.*]] = nn.add %[[L]], %arg0
// CHECK: %[[M:.*]] = nn.linear %[[S]], %{{.*}}, %{{.*}}
// CHECK-NEXT: %[[T:.*]] = nn.add %[[S]], %[[M]]
// CHECK-NEXT: return %[[T]]
func.func @sums(%x: tensor<?x?x2xf32>) -> tensor<?x?x2xf32> {
  %w = nn.constant dense<1.0> : tensor<2x2xf32>
  %p = nn.constant dense<[10.0, 20.0]> : tensor<2xf32>
  %l = nn.linear %x, %w : (tensor<?x?x2xf32>, tensor<2x2xf32>) -> tensor<?x?x2xf32>
  %r = nn.add %p, %x : (tensor<2xf32>, tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  %s = nn.add %l, %r : (tensor<?x?x2xf32>, tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  %m = nn.linear %s, %w : (tensor<?x?x2xf32>, tensor<2x2xf32>) -> tensor<?x?x2xf32>
  %t = nn.add %s, %m : (tensor<?x?x2xf32>, tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  %y = nn.add %t, %p : (tensor<?x?x2xf32>, tensor<2xf32>) -> tensor<?x?x2xf32>
  return %y : tensor<?x?x2xf32>
}

// -----

// Of a norm it is beta. What others use, too, takes nothing.
// CHECK-LABEL: @norms
// CHECK-DAG: %[[B:.*]] = nn.constant dense<[1.100000e+01, 2.100000e+01]>
// CHECK: %[[N:.*]] = nn.layer_norm %arg0, %{{.*}}, %[[B]]
// CHECK: %[[K:.*]] = nn.layer_norm %arg0
// CHECK-NEXT: %[[A:.*]] = nn.add %[[K]], %{{.*}} : (tensor<?x?x2xf32>, tensor<2xf32>)
// CHECK-NEXT: return %[[N]], %[[A]], %[[K]]
func.func @norms(%x: tensor<?x?x2xf32>) -> (tensor<?x?x2xf32>, tensor<?x?x2xf32>, tensor<?x?x2xf32>) {
  %g = nn.constant dense<1.0> : tensor<2xf32>
  %p = nn.constant dense<[10.0, 20.0]> : tensor<2xf32>
  %n = nn.layer_norm %x, %g, %g {epsilon = 1.0e-05 : f32} : (tensor<?x?x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x?x2xf32>
  %y = nn.add %n, %p : (tensor<?x?x2xf32>, tensor<2xf32>) -> tensor<?x?x2xf32>
  %k = nn.layer_norm %x, %g {epsilon = 1.0e-05 : f32} : (tensor<?x?x2xf32>, tensor<2xf32>) -> tensor<?x?x2xf32>
  %a = nn.add %k, %p : (tensor<?x?x2xf32>, tensor<2xf32>) -> tensor<?x?x2xf32>
  return %y, %a, %k : tensor<?x?x2xf32>, tensor<?x?x2xf32>, tensor<?x?x2xf32>
}

// -----

// A column beside a layer of one output is no row.
// CHECK-LABEL: @column
// CHECK: nn.add
// CHECK: nn.mul
func.func @column(%x: tensor<5x2xf32>) -> (tensor<5x1xf32>, tensor<5x1xf32>) {
  %w = nn.constant dense<1.0> : tensor<2x1xf32>
  %b = nn.constant dense<1.0> : tensor<1xf32>
  %c = nn.constant dense<[[1.0], [2.0], [3.0], [4.0], [5.0]]> : tensor<5x1xf32>
  %l = nn.linear %x, %w, %b : (tensor<5x2xf32>, tensor<2x1xf32>, tensor<1xf32>) -> tensor<5x1xf32>
  %a = nn.add %l, %c : (tensor<5x1xf32>, tensor<5x1xf32>) -> tensor<5x1xf32>
  %k = nn.linear %x, %w, %b : (tensor<5x2xf32>, tensor<2x1xf32>, tensor<1xf32>) -> tensor<5x1xf32>
  %m = nn.mul %k, %c : (tensor<5x1xf32>, tensor<5x1xf32>) -> tensor<5x1xf32>
  return %a, %m : tensor<5x1xf32>, tensor<5x1xf32>
}
