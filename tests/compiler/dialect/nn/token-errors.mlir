// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -verify-diagnostics

// One case a rule of NNTokenOps.td.

func.func @k1_view(%x: tensor<?x3x8xf32>) {
  // expected-error @+1 {{has a view, order or result that do not fit x (K1)}}
  %0 = nn.rearrange %x view [-1, 3, 2, 5] order [0, 1, 2, 3] : (tensor<?x3x8xf32>) -> tensor<?x3x10xf32>
  return
}

// -----

func.func @k1_order(%x: tensor<?x3x8xf32>) {
  // expected-error @+1 {{has a view, order or result that do not fit x (K1)}}
  %0 = nn.rearrange %x view [-1, 3, 8] order [0, 2, 2] : (tensor<?x3x8xf32>) -> tensor<?x8x8xf32>
  return
}

// -----

func.func @k2(%x: tensor<?x5x8xf32>) {
  // expected-error @+1 {{takes tokens that x does not have (K2)}}
  %0 = nn.slice %x {first = 4 : i64} : (tensor<?x5x8xf32>) -> tensor<?x2x8xf32>
  return
}

// -----

func.func @k3(%x: tensor<?x5x8xf32>, %ids: tensor<?x4xi64>) {
  // expected-error @+1 {{ids is tensor<?x4xi64>, expected ?x5 (K3)}}
  %0 = nn.pick %x, %ids : (tensor<?x5x8xf32>, tensor<?x4xi64>) -> tensor<?x8xf32>
  return
}

// -----

func.func @k3_rule(%x: tensor<?x5x8xf32>, %ids: tensor<?x5xi64>) {
  // expected-error @+1 {{has no such rule, or an id is missing or idle (K3)}}
  %0 = nn.pick %x, %ids {rule = "last"} : (tensor<?x5x8xf32>, tensor<?x5xi64>) -> tensor<?x8xf32>
  return
}

// -----

func.func @k3_mask(%x: tensor<?x5x8xf32>, %ids: tensor<?x5xi64>) {
  // expected-error @+1 {{needs a mask for the rule shown, ids for others (K3)}}
  %0 = nn.pick %x, %ids {rule = "shown"} : (tensor<?x5x8xf32>, tensor<?x5xi64>) -> tensor<?x8xf32>
  return
}

// -----

func.func @k11(%x: tensor<?x5x8xf32>, %m: tensor<?x4xf32>) {
  // expected-error @+1 {{the mask is tensor<?x4xf32>, expected ?x5 (K11)}}
  %0 = nn.token_max %x mask %m : (tensor<?x5x8xf32>, tensor<?x4xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @k4(%a: tensor<1x1x8xf32>, %b: tensor<?x5x8xf32>) {
  // expected-error @+1 {{has parts that do not add up to the result (K4)}}
  %0 = nn.concat %a, %b : (tensor<1x1x8xf32>, tensor<?x5x8xf32>) -> tensor<?x5x8xf32>
  return
}

// -----

func.func @k5(%x: tensor<?x8x4xf32>) {
  // expected-error @+1 {{the result is tensor<?x8x12xf32>, expected ?x4x12 (K5)}}
  %0 = nn.windows %x {size = 3 : i64, stride = 2 : i64, before = 1 : i64, after = 1 : i64} : (tensor<?x8x4xf32>) -> tensor<?x8x12xf32>
  return
}

// -----

func.func @k6(%x: tensor<?x8x4xf32>) {
  // expected-error @+1 {{has a size, stride or border that is not positive (K6)}}
  %0 = nn.windows %x {size = 3 : i64, stride = 0 : i64, before = 1 : i64, after = 1 : i64} : (tensor<?x8x4xf32>) -> tensor<?x8x12xf32>
  return
}

// -----

func.func @k7(%q: tensor<?x2x8xf32>, %k: tensor<?x2x5x3xf32>) {
  // expected-error @+1 {{keys is tensor<?x2x5x3xf32>, expected ?x2x5x4 (K7)}}
  %0 = nn.cached_attention %q, %k, %k {heads = 2 : i64, scale = 1.0 : f32} : (tensor<?x2x8xf32>, tensor<?x2x5x3xf32>, tensor<?x2x5x3xf32>) -> tensor<?x2x8xf32>
  return
}

// -----

func.func @k8(%q: tensor<?x2x8xf32>, %k: tensor<?x5x8xf32>) {
  // expected-error @+1 {{the result is tensor<?x2x4xf32>, expected ?x2x5 (K8)}}
  %0 = nn.attention_weights %q, %k {heads = 2 : i64, scale = 1.0 : f32} : (tensor<?x2x8xf32>, tensor<?x5x8xf32>) -> tensor<?x2x4xf32>
  return
}
