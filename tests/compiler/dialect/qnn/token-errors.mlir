// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -verify-diagnostics

// One case a verifier line of QNNTokenOps.cpp.

func.func @import(%x: tensor<?x3x8xf32>) {
  // expected-error @+1 {{has a view, order or result that do not fit}}
  %0 = qnn.import %x {fraction = 16 : i64, view = array<i64: -1, 3, 8>, order = array<i64: 0, 2, 1>} : (tensor<?x3x8xf32>) -> tensor<?x3x8xi32>
  return
}

// -----

func.func @table(%x: tensor<?x8xi32>) {
  // expected-error @+1 {{function is "cos", expected tanh or sigmoid}}
  %0 = qnn.table %x {function = "cos"} : tensor<?x8xi32>
  return
}

// -----

func.func @heads(%x: tensor<?x5x8xi32>) {
  // expected-error @+1 {{needs x of [B, U, heads * d]}}
  %0:2 = qnn.heads %x {heads = 3 : i64} : (tensor<?x5x8xi32>) -> (tensor<?x3x5x2xi8>, tensor<?x3x5xi32>)
  return
}

// -----

func.func @heads_results(%x: tensor<?x5x8xi32>) {
  // expected-error @+1 {{needs codes of [B, H, P + U, d] and scales of [B, H, P + U]}}
  %0:2 = qnn.heads %x {heads = 2 : i64} : (tensor<?x5x8xi32>) -> (tensor<?x2x6x4xi8>, tensor<?x2x5xi32>)
  return
}

// -----

func.func @attend(%q: tensor<?x5x8xi32>, %k: tensor<?x2x7x3xi8>, %s: tensor<?x2x7xi32>) {
  // expected-error @+1 {{needs queries of [B, U, H*d] and keys of [B, G, S, d], G a divisor of H}}
  %0 = qnn.attend %q, %k, %s, %k, %s {heads = 2 : i64, causal = false, scale = 1.0 : f32} : (tensor<?x5x8xi32>, tensor<?x2x7x3xi8>, tensor<?x2x7xi32>, tensor<?x2x7x3xi8>, tensor<?x2x7xi32>) -> tensor<?x5x8xi32>
  return
}

// -----

func.func @attend_mask(%q: tensor<?x5x8xi32>, %k: tensor<?x2x7x4xi8>, %s: tensor<?x2x7xi32>, %m: tensor<1x7x7xi32>) {
  // expected-error @+1 {{needs a mask of [B, S] or [1 or B, U, S]}}
  %0 = qnn.attend %q, %k, %s, %k, %s mask %m {heads = 2 : i64, causal = false, scale = 1.0 : f32} : (tensor<?x5x8xi32>, tensor<?x2x7x4xi8>, tensor<?x2x7xi32>, tensor<?x2x7x4xi8>, tensor<?x2x7xi32>, tensor<1x7x7xi32>) -> tensor<?x5x8xi32>
  return
}

// -----

func.func @slice(%x: tensor<?x?x8xi32>) {
  // expected-error @+1 {{takes an open number of rows from row 1}}
  %0 = qnn.slice %x {first = 1 : i64} : (tensor<?x?x8xi32>) -> tensor<?x?x8xi32>
  return
}

// -----

func.func @concat(%x: tensor<?x5x8xi32>, %y: tensor<?x5x4xi32>) {
  // expected-error @+1 {{has a part that is not [B, U, D] or [B, D] of its width}}
  %0 = qnn.concat %x, %y : (tensor<?x5x8xi32>, tensor<?x5x4xi32>) -> tensor<?x10x8xi32>
  return
}

// -----

func.func @windows(%x: tensor<?x5x8xi32>) {
  // expected-error @+1 {{needs x of [B, U, D] and a result of [B, V, size * D]}}
  %0 = qnn.windows %x {size = 3 : i64, stride = 1 : i64, before = 1 : i64} : (tensor<?x5x8xi32>) -> tensor<?x5x16xi32>
  return
}

// -----

func.func @attend_sinks(%q: tensor<?x5x8xi32>, %k: tensor<?x2x7x4xi8>, %s: tensor<?x2x7xi32>) {
  // expected-error @+1 {{'qnn.attend' op has weights beside sinks}}
  %0:2 = qnn.attend %q, %k, %s, %k, %s {heads = 2 : i64, causal = false, scale = 1.0 : f32, sinks = dense<0.0> : tensor<2xf32>} : (tensor<?x5x8xi32>, tensor<?x2x7x4xi8>, tensor<?x2x7xi32>, tensor<?x2x7x4xi8>, tensor<?x2x7xi32>) -> (tensor<?x5x8xi32>, tensor<?x5x7xi32>)
  return
}

// -----

func.func @attend_shared(%q: tensor<?x5x8xi32>, %k: tensor<?x1x7x4xi8>, %s: tensor<?x1x7xi32>) {
  // expected-error @+1 {{has weights beside shared keys}}
  %0:2 = qnn.attend %q, %k, %s, %k, %s {heads = 2 : i64, causal = false, scale = 1.0 : f32} : (tensor<?x5x8xi32>, tensor<?x1x7x4xi8>, tensor<?x1x7xi32>, tensor<?x1x7x4xi8>, tensor<?x1x7xi32>) -> (tensor<?x5x8xi32>, tensor<?x5x7xi32>)
  return
}
