// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -nn-to-qnn | FileCheck %s
// What encoders need of [qnn]: residual sums of normalised rows, attention over
// complete keys, masks, pooling.

// CHECK-LABEL: @post_norm
// A norm that is added again has the residual stream's 16 bits, the last one,
// which only becomes codes, as many as cannot saturate.
// CHECK: qnn.layer_norm {{.*}}fraction = 16
// CHECK: qnn.linear
// CHECK: qnn.add
// CHECK: qnn.layer_norm {{.*}}fraction = 20
func.func @post_norm(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %g = nn.constant dense<1.0> : tensor<4xf32>
  %w = nn.constant dense<0.5> : tensor<4x4xf32>
  %n = nn.layer_norm %x, %g {epsilon = 0.0 : f32} : (tensor<?x?x4xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
  %l = nn.linear %n, %w : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
  %s = nn.add %l, %n : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %m = nn.layer_norm %s, %g {epsilon = 0.0 : f32} : (tensor<?x?x4xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
  %y = nn.linear %m, %w : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// Tables give 15 bits; a sum with 16 bits has the smaller number.
// CHECK-LABEL: @mixed
// CHECK: %[[T:.*]] = qnn.table %[[X:.*]] {function = "tanh"}
// CHECK: %[[R:.*]] = qnn.rescale %[[X]] {mantissa = 16384 : i16, shift = 15 : i8}
// CHECK: %[[S:.*]] = qnn.add %[[T]], %[[R]]
// CHECK: qnn.dequantize %[[S]] {fraction = 15 : i64}
func.func @mixed(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %t = nn.tanh %x : tensor<?x4xf32>
  %s = nn.add %t, %x : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %s : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: @numbers
// CHECK: qnn.import_mask %arg1 : (tensor<?xi64>) -> tensor<?x?xi32>
// CHECK: qnn.attend
func.func @numbers(%x: tensor<?x?x4xf32>, %m: tensor<?xi64>) -> tensor<?x?x4xf32> {
  %k = nn.key_mask %m : tensor<?xi64> -> tensor<?x?xf32>
  %o:3 = nn.attention %x, %x, %x mask %k {causal = false, heads = 2 : i64, kv_heads = 2 : i64, scale = 0.5 : f32} : (tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?xf32>) -> (tensor<?x?x4xf32>, tensor<?x2x?x2xf32>, tensor<?x2x?x2xf32>)
  return %o#0 : tensor<?x?x4xf32>
}

// -----

// A mask that layers make each for itself has one place.
// CHECK-LABEL: @one_mask
// CHECK-COUNT-1: qnn.import_mask
// CHECK-NOT: qnn.import_mask
// CHECK: return
func.func @one_mask(%x: tensor<?x?x4xf32>, %m: tensor<?x?xi64>) -> tensor<?x?x4xf32> {
  %k = nn.key_mask %m : tensor<?x?xi64> -> tensor<?x?xf32>
  %o:3 = nn.attention %x, %x, %x mask %k {causal = false, heads = 2 : i64, kv_heads = 2 : i64, scale = 0.5 : f32} : (tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?xf32>) -> (tensor<?x?x4xf32>, tensor<?x2x?x2xf32>, tensor<?x2x?x2xf32>)
  %l = nn.key_mask %m : tensor<?x?xi64> -> tensor<?x?xf32>
  %p:3 = nn.attention %o#0, %o#0, %o#0 mask %l {causal = false, heads = 2 : i64, kv_heads = 2 : i64, scale = 0.5 : f32} : (tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?xf32>) -> (tensor<?x?x4xf32>, tensor<?x2x?x2xf32>, tensor<?x2x?x2xf32>)
  return %p#0 : tensor<?x?x4xf32>
}

// -----

// CHECK-LABEL: @attend
// CHECK: %[[M:.*]] = qnn.import_mask %arg1 {inverted}
// CHECK: %[[K:.*]], %[[KS:.*]] = qnn.heads
// CHECK: %[[V:.*]], %[[VS:.*]] = qnn.heads
// CHECK: qnn.attend %{{.*}}, %[[K]], %[[KS]], %[[V]], %[[VS]] mask %[[M]]
func.func @attend(%x: tensor<?x?x4xf32>, %m: tensor<?x?xi1>) -> tensor<?x?x4xf32> {
  %k = nn.key_mask %m {inverted} : tensor<?x?xi1> -> tensor<?x?xf32>
  %o:3 = nn.attention %x, %x, %x mask %k {causal = false, heads = 2 : i64, kv_heads = 2 : i64, scale = 0.5 : f32} : (tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?xf32>) -> (tensor<?x?x4xf32>, tensor<?x2x?x2xf32>, tensor<?x2x?x2xf32>)
  return %o#0 : tensor<?x?x4xf32>
}

// -----

// A mask of numbers, one row a query, is an input too.
// CHECK-LABEL: @scores
// CHECK: qnn.import_scores %arg1 : (tensor<5x5xf32>) -> tensor<1x5x5xi32>
func.func @scores(%x: tensor<?x5x4xf32>, %m: tensor<5x5xf32>) -> tensor<?x5x4xf32> {
  %r = nn.rearrange %m view [1, 5, 5] order [0, 1, 2] : (tensor<5x5xf32>) -> tensor<1x5x5xf32>
  %o:3 = nn.attention %x, %x, %x mask %r {causal = false, heads = 2 : i64, kv_heads = 2 : i64, scale = 0.5 : f32} : (tensor<?x5x4xf32>, tensor<?x5x4xf32>, tensor<?x5x4xf32>, tensor<1x5x5xf32>) -> (tensor<?x5x4xf32>, tensor<?x2x5x2xf32>, tensor<?x2x5x2xf32>)
  return %o#0 : tensor<?x5x4xf32>
}

// -----

// CHECK-LABEL: @tokens
// CHECK: %[[I:.*]] = qnn.import %arg0 {fraction = 16 : i64, order = array<i64: 0, 2, 1>, view = array<i64: -1, 4, 6>}
// CHECK: %[[C:.*]] = qnn.positions {{.*}}relative{{.*}}tensor<1x1x4xi32>
// CHECK: %[[A:.*]] = qnn.concat %[[C]], %[[I]]
// CHECK: %[[W:.*]] = qnn.windows %[[A]] {before = 1 : i64, size = 3 : i64, stride = 2 : i64}
// CHECK: qnn.slice %[[W]] {first = -1 : i64}
func.func @tokens(%x: tensor<?x4x6xf32>) -> tensor<?x12xf32> {
  %r = nn.rearrange %x view [-1, 4, 6] order [0, 2, 1] : (tensor<?x4x6xf32>) -> tensor<?x6x4xf32>
  %c = nn.constant dense<1.0> : tensor<1x1x4xf32>
  %a = nn.concat %c, %r : (tensor<1x1x4xf32>, tensor<?x6x4xf32>) -> tensor<?x7x4xf32>
  %w = nn.windows %a {size = 3 : i64, stride = 2 : i64, before = 1 : i64, after = 1 : i64} : (tensor<?x7x4xf32>) -> tensor<?x4x12xf32>
  %s = nn.slice %w {first = -1 : i64} : (tensor<?x4x12xf32>) -> tensor<?x12xf32>
  return %s : tensor<?x12xf32>
}
