// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -verify-diagnostics

// One case a rule of NNOps.td.

func.func @n1() {
  // expected-error @+1 {{the result is tensor<2x?xi64>, expected 1x? (N1)}}
  %0 = nn.position_ids : tensor<2x?xi64>
  return
}

// -----

func.func @n2(%table: tensor<9x8xf32>, %ids: tensor<1x4xi64>) {
  // expected-error @+1 {{the result is tensor<1x4x7xf32>, expected 1x4x8 (N2)}}
  %0 = nn.embedding %table, %ids : (tensor<9x8xf32>, tensor<1x4xi64>) -> tensor<1x4x7xf32>
  return
}

// -----

func.func @n3(%a: tensor<2x4x8xf32>, %b: tensor<3x4x8xf32>) {
  // expected-error @+1 {{do not broadcast to the result (N3)}}
  %0 = nn.add %a, %b : (tensor<2x4x8xf32>, tensor<3x4x8xf32>) -> tensor<2x4x8xf32>
  return
}

// -----

func.func @n4(%x: tensor<8xf32>) {
  // expected-error @+1 {{has approximate = "erf2", expected "none", "tanh" or "sigmoid" (N4)}}
  %0 = nn.gelu %x {approximate = "erf2"} : tensor<8xf32>
  return
}

// -----

func.func @n5(%x: tensor<2x8xf32>, %gamma: tensor<7xf32>) {
  // expected-error @+1 {{gamma is tensor<7xf32>, expected 8 (N5)}}
  %0 = nn.layer_norm %x, %gamma {epsilon = 0.0 : f32} : (tensor<2x8xf32>, tensor<7xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @n6(%x: tensor<2x8xf32>, %gamma: tensor<8xf32>) {
  // expected-error @+1 {{has a negative epsilon (N6)}}
  %0 = nn.layer_norm %x, %gamma {epsilon = -1.0 : f32} : (tensor<2x8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @n7(%x: tensor<1x2x8xf32>, %w: tensor<4x8xf32>) {
  // expected-error @+1 {{weight is tensor<4x8xf32>, expected 8x4 (N7)}}
  %0 = nn.linear %x, %w : (tensor<1x2x8xf32>, tensor<4x8xf32>) -> tensor<1x2x4xf32>
  return
}

// -----

func.func @n8(%x: tensor<1x2x8xf32>, %w: tensor<8x4xf32>, %b: tensor<8xf32>) {
  // expected-error @+1 {{bias is tensor<8xf32>, expected 4 (N8)}}
  %0 = nn.linear %x, %w, %b : (tensor<1x2x8xf32>, tensor<8x4xf32>, tensor<8xf32>) -> tensor<1x2x4xf32>
  return
}

// -----

func.func @n9(%x: tensor<1x2x8xf32>, %w: tensor<8x4xf32>) {
  // expected-error @+1 {{the result is tensor<1x3x4xf32>, expected 1x2x4 (N9)}}
  %0 = nn.linear %x, %w : (tensor<1x2x8xf32>, tensor<8x4xf32>) -> tensor<1x3x4xf32>
  return
}

// -----

func.func @n10(%m: tensor<1x5xi64>) {
  // expected-error @+1 {{the result is tensor<1x4xf32>, expected 1x5 (N10)}}
  %0 = nn.key_mask %m : tensor<1x5xi64> -> tensor<1x4xf32>
  return
}

// -----

func.func @n10_numbers(%m: tensor<3xi64>) {
  // expected-error @+1 {{needs a mask [B, S] or numbers of keys [B] (N10)}}
  %0 = nn.key_mask %m {counted} : tensor<3xi64> -> tensor<3x4xf32>
  return
}

// -----

func.func @n10_few(%m: tensor<2xi64>) {
  // expected-error @+1 {{needs a mask [B, S] or numbers of keys [B] (N10)}}
  %0 = nn.key_mask %m : tensor<2xi64> -> tensor<3x4xf32>
  return
}

// -----

func.func @k9(%p: tensor<2x1x2x3x4xf32>) {
  // expected-error @+1 {{has an index that is none of its input (K9)}}
  %0 = nn.cache_part %p at [2] : (tensor<2x1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  return
}

// -----

func.func @k10(%p: tensor<1x2x3x4xf32>) {
  // expected-error @+1 {{has another number of parts than its result (K10)}}
  %0 = nn.stack_caches %p : (tensor<1x2x3x4xf32>) -> tensor<2x1x2x3x4xf32>
  return
}

// -----

func.func @n11(%q: tensor<1x2x8xf32>, %k: tensor<1x3x8xf32>) {
  // expected-error @+1 {{only without a past and without causal (N11)}}
  %0:3 = nn.attention %q, %k, %k {causal = true, heads = 2 : i64, kv_heads = 2 : i64, scale = 1.0 : f32} : (tensor<1x2x8xf32>, tensor<1x3x8xf32>, tensor<1x3x8xf32>) -> (tensor<1x2x8xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>)
  return
}

// -----

func.func @n12(%q: tensor<1x2x8xf32>) {
  // expected-error @+1 {{has 3 heads for 2 key/value heads (N12)}}
  %0:3 = nn.attention %q, %q, %q {causal = true, heads = 3 : i64, kv_heads = 2 : i64, scale = 1.0 : f32} : (tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>) -> (tensor<1x2x8xf32>, tensor<1x2x2x4xf32>, tensor<1x2x2x4xf32>)
  return
}

// -----

func.func @n13(%q: tensor<1x2x8xf32>, %p: tensor<1x4x5x2xf32>) {
  // expected-error @+1 {{past_k is tensor<1x4x5x2xf32>, expected 1x2x?x4 (N13)}}
  %0:3 = nn.attention %q, %q, %q past %p, %p {causal = true, heads = 2 : i64, kv_heads = 2 : i64, scale = 1.0 : f32} : (tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x4x5x2xf32>, tensor<1x4x5x2xf32>) -> (tensor<1x2x8xf32>, tensor<1x2x7x4xf32>, tensor<1x2x7x4xf32>)
  return
}

// -----

func.func @n14(%q: tensor<1x2x8xf32>, %m: tensor<1x3xf32>) {
  // expected-error @+1 {{key_mask is tensor<1x3xf32>, expected 1x2 (N14)}}
  %0:3 = nn.attention %q, %q, %q mask %m {causal = true, heads = 2 : i64, kv_heads = 2 : i64, scale = 1.0 : f32} : (tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x3xf32>) -> (tensor<1x2x8xf32>, tensor<1x2x2x4xf32>, tensor<1x2x2x4xf32>)
  return
}

// -----

func.func @n15(%q: tensor<1x2x8xf32>) {
  // expected-error @+1 {{the result is tensor<1x2x4xf32>, expected 1x2x8 (N15)}}
  %0:3 = nn.attention %q, %q, %q {causal = true, heads = 2 : i64, kv_heads = 2 : i64, scale = 1.0 : f32} : (tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>) -> (tensor<1x2x4xf32>, tensor<1x2x2x4xf32>, tensor<1x2x2x4xf32>)
  return
}

// -----

func.func @n16(%q: tensor<1x2x8xf32>) {
  // expected-error @+1 {{present is tensor<1x2x3x4xf32>, expected 1x2x2x4 (N16)}}
  %0:3 = nn.attention %q, %q, %q {causal = true, heads = 2 : i64, kv_heads = 2 : i64, scale = 1.0 : f32} : (tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>) -> (tensor<1x2x8xf32>, tensor<1x2x2x4xf32>, tensor<1x2x3x4xf32>)
  return
}

// -----

func.func @n17(%x: tensor<1x2x8xf32>, %g: tensor<3xf32>) {
  // expected-error @+1 {{cuts 8 columns into 3 groups (N17)}}
  %0 = nn.rms_norm %x, %g {epsilon = 1.0 : f32, groups = 3 : i64} : (tensor<1x2x8xf32>, tensor<3xf32>) -> tensor<1x2x8xf32>
  return
}

// -----

func.func @n18(%x: tensor<1x2x8xf32>, %g: tensor<8xf32>) {
  // expected-error @+1 {{has a negative epsilon (N18)}}
  %0 = nn.rms_norm %x, %g {epsilon = -1.0 : f32} : (tensor<1x2x8xf32>, tensor<8xf32>) -> tensor<1x2x8xf32>
  return
}

// -----

func.func @n19(%x: tensor<1x2x8xf32>, %c: tensor<9x3xf32>, %i: tensor<1x2xi64>) {
  // expected-error @+1 {{rotates 3 pairs in heads of 8 / 2 columns (N19)}}
  %0 = nn.rotary %x, %c, %c at %i {heads = 2 : i64} : (tensor<1x2x8xf32>, tensor<9x3xf32>, tensor<9x3xf32>, tensor<1x2xi64>) -> tensor<1x2x8xf32>
  return
}

// -----

func.func @n20(%x: tensor<3x2x8xf32>, %c: tensor<9x2xf32>, %i: tensor<2x2xi64>) {
  // expected-error @+1 {{ids is tensor<2x2xi64>, expected 3x2 (N20)}}
  %0 = nn.rotary %x, %c, %c at %i {heads = 2 : i64} : (tensor<3x2x8xf32>, tensor<9x2xf32>, tensor<9x2xf32>, tensor<2x2xi64>) -> tensor<3x2x8xf32>
  return
}

// -----

func.func @n21(%m: tensor<2x7xi64>) {
  // expected-error @+1 {{the result is tensor<1x3xi64>, expected 2x? (N21)}}
  %0 = nn.mask_positions %m {fill = 1 : i64} : tensor<2x7xi64> -> tensor<1x3xi64>
  return
}

// -----

func.func @n22(%q: tensor<1x2x8xf32>) {
  // expected-error @+1 {{has a window that is not positive (N22)}}
  %0:3 = nn.attention %q, %q, %q {causal = false, heads = 2 : i64, kv_heads = 2 : i64, scale = 1.0 : f32, window = 0 : i64} : (tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>) -> (tensor<1x2x8xf32>, tensor<1x2x2x4xf32>, tensor<1x2x2x4xf32>)
  return
}

// -----

func.func @n23_origin(%q: tensor<1x2x8xf32>, %b: tensor<2x3xf32>) {
  // expected-error @+1 {{has a bias without a column for distance 0 (N23)}}
  %0:3 = nn.attention %q, %q, %q bias %b {causal = false, heads = 2 : i64, kv_heads = 2 : i64, scale = 1.0 : f32, bias_origin = 3 : i64} : (tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<2x3xf32>) -> (tensor<1x2x8xf32>, tensor<1x2x2x4xf32>, tensor<1x2x2x4xf32>)
  return
}

// -----

func.func @n23_queries(%q: tensor<1x2x8xf32>, %b: tensor<2x3x2xf32>) {
  // expected-error @+1 {{(N23)}}
  %0:3 = nn.attention %q, %q, %q bias %b {causal = false, heads = 2 : i64, kv_heads = 2 : i64, scale = 1.0 : f32} : (tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<2x3x2xf32>) -> (tensor<1x2x8xf32>, tensor<1x2x2x4xf32>, tensor<1x2x2x4xf32>)
  return
}

// -----

func.func @n27(%q: tensor<1x2x8xf32>, %s: tensor<3xf32>) {
  // expected-error @+1 {{sinks is tensor<3xf32>, expected 2 (N27)}}
  %0:3 = nn.attention %q, %q, %q sinks %s {causal = true, heads = 2 : i64, kv_heads = 2 : i64, scale = 1.0 : f32} : (tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<3xf32>) -> (tensor<1x2x8xf32>, tensor<1x2x2x4xf32>, tensor<1x2x2x4xf32>)
  return
}

// -----

func.func @n24(%x: tensor<1x2x4xf32>) {
  // expected-error @+1 {{chooses 5 of the columns of its logits (N24)}}
  %0 = nn.route %x {chosen = 5 : i64, normalised = true} : tensor<1x2x4xf32>
  return
}

// -----

func.func @n25_rows(%x: tensor<1x2x8xf32>, %g: tensor<1x3x4xf32>) {
  // expected-error @+1 {{has other rows than its gates (N25)}}
  %0 = nn.weigh %x, %g {expert = 0 : i64} : (tensor<1x2x8xf32>, tensor<1x3x4xf32>) -> tensor<1x2x8xf32>
  return
}

// -----

func.func @n25_expert(%x: tensor<1x2x8xf32>, %g: tensor<1x2x4xf32>) {
  // expected-error @+1 {{has no column 4 of gates (N25)}}
  %0 = nn.weigh %x, %g {expert = 4 : i64} : (tensor<1x2x8xf32>, tensor<1x2x4xf32>) -> tensor<1x2x8xf32>
  return
}
