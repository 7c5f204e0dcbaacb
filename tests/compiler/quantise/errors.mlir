// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -verify-diagnostics -nn-to-qnn

func.func @infinite_weight(%x: tensor<?x?x2xf32>) -> tensor<?x?x2xf32> {
  %w = nn.constant dense<[[1.0, 2.0], [0x7F800000, 3.0]]> : tensor<2x2xf32>
  %g = nn.constant dense<1.0> : tensor<2xf32>
  %n = nn.layer_norm %x, %g {epsilon = 0.0 : f32} : (tensor<?x?x2xf32>, tensor<2xf32>) -> tensor<?x?x2xf32>
  // expected-error @+1 {{weight element 2 is infinite; the NPU needs finite weights}}
  %y = nn.linear %n, %w : (tensor<?x?x2xf32>, tensor<2x2xf32>) -> tensor<?x?x2xf32>
  return %y : tensor<?x?x2xf32>
}

// -----

func.func @two_ways(%x: tensor<?x?x4xf32>, %m: tensor<?x?xi1>) -> tensor<?x?x4xf32> {
  %k = nn.key_mask %m : tensor<?x?xi1> -> tensor<?x?xf32>
  %c = nn.key_mask %m {counted} : tensor<?x?xi1> -> tensor<?x?xf32>
  %o:3 = nn.attention %x, %x, %x mask %k {causal = false, heads = 2 : i64, kv_heads = 2 : i64, scale = 0.5 : f32} : (tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?xf32>) -> (tensor<?x?x4xf32>, tensor<?x2x?x2xf32>, tensor<?x2x?x2xf32>)
  // expected-error @+1 {{one input hides keys in two ways}}
  %p:3 = nn.attention %o#0, %x, %x mask %c {causal = false, heads = 2 : i64, kv_heads = 2 : i64, scale = 0.5 : f32} : (tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?xf32>) -> (tensor<?x?x4xf32>, tensor<?x2x?x2xf32>, tensor<?x2x?x2xf32>)
  return %p#0 : tensor<?x?x4xf32>
}

// -----

func.func @nan_gamma(%x: tensor<?x?x2xf32>) -> tensor<?x?x2xf32> {
  %w = nn.constant dense<1.0> : tensor<2x2xf32>
  %g = nn.constant dense<[1.0, 0x7FC00000]> : tensor<2xf32>
  // expected-error @+1 {{gamma element 1 is nan; the NPU needs finite weights}}
  %n = nn.layer_norm %x, %g {epsilon = 0.0 : f32} : (tensor<?x?x2xf32>, tensor<2xf32>) -> tensor<?x?x2xf32>
  %y = nn.linear %n, %w : (tensor<?x?x2xf32>, tensor<2x2xf32>) -> tensor<?x?x2xf32>
  return %y : tensor<?x?x2xf32>
}

// -----

func.func @repeated_row(%x: tensor<?x?x8xf32>) -> tensor<?x?x8xf32> {
  %v = nn.constant dense<1.0> : tensor<8xf32>
  // expected-error @+1 {{summands are repeated in a way that the NPU cannot follow}}
  %y = nn.add %x, %v : (tensor<?x?x8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// -----

// Of nodes that stay, the one that says most is named.
func.func @chief(%x: tensor<?x?x8xf32>) -> (tensor<3xi64>, tensor<?x?x8xf32>) {
  %s = onnx.node "Shape"(%x) opset 13 : (tensor<?x?x8xf32>) -> tensor<3xi64>
  %a = onnx.node "Abs"(%x) opset 13 : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  // expected-error @+3 {{the NPU cannot run this operation yet: Softmax}}
  // expected-note @+2 {{the first in front of it is Abs}}
  // expected-note @+1 {{compile --explain lists what was recognised}}
  %y = onnx.node "Softmax"(%a) opset 13 : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  return %s, %y : tensor<3xi64>, tensor<?x?x8xf32>
}

// -----

// What it waits for may be the reason.
func.func @before(%x: tensor<?x?x8xf32>) -> tensor<?x?x8xf32> {
  %a = onnx.node "Tan"(%x) opset 13 name "first" : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %b = onnx.node "Abs"(%a) opset 13 : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  // expected-error @+3 {{the NPU cannot run this operation yet: Softmax}}
  // expected-note @+2 {{the first in front of it is Tan 'first'}}
  // expected-note @+1 {{compile --explain lists what was recognised}}
  %y = onnx.node "Softmax"(%b) opset 13 : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// -----

func.func @bias_of_data(%q: tensor<1x2x8xf32>, %b: tensor<2x3xf32>) -> tensor<1x2x8xf32> {
  // expected-error @+1 {{the bias of the scores is not a constant}}
  %0:3 = nn.attention %q, %q, %q bias %b {causal = true, heads = 2 : i64, kv_heads = 2 : i64, scale = 1.0 : f32, bias_origin = 2 : i64} : (tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<2x3xf32>) -> (tensor<1x2x8xf32>, tensor<1x2x2x4xf32>, tensor<1x2x2x4xf32>)
  return %0#0 : tensor<1x2x8xf32>
}

// -----

func.func @sinks_of_data(%q: tensor<1x2x8xf32>, %s: tensor<2xf32>) -> tensor<1x2x8xf32> {
  // expected-error @+1 {{its sinks are not a constant}}
  %0:3 = nn.attention %q, %q, %q sinks %s {causal = true, heads = 2 : i64, kv_heads = 2 : i64, scale = 1.0 : f32} : (tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<2xf32>) -> (tensor<1x2x8xf32>, tensor<1x2x2x4xf32>, tensor<1x2x2x4xf32>)
  return %0#0 : tensor<1x2x8xf32>
}

// -----

// A reason that raising left is told.
func.func @why(%x: tensor<?x?x8xf32>) -> tensor<?x?x8xf32> {
  %a = onnx.node "Abs"(%x) opset 13 : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  // expected-error @+3 {{the NPU cannot run this operation yet: MatMul; the attention around it was not recognised: a window without a causal mask}}
  // expected-note @+2 {{the first in front of it is Abs}}
  // expected-note @+1 {{compile --explain lists what was recognised}}
  %b = onnx.node "MatMul"(%a, %a) opset 13 because "a window without a causal mask" : (tensor<?x?x8xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  return %b : tensor<?x?x8xf32>
}

// -----

// Numbers that fixed point cuts.
func.func @cut(%ids: tensor<?x?xi64>) -> tensor<?x?x2xf32> {
  %t = nn.constant dense<[[1.0, 40000.0], [-2.0, 3.0]]> : tensor<2x2xf32>
  %w = nn.constant dense<1.0> : tensor<2x2xf32>
  %b = nn.constant dense<[-50000.0, 1.0]> : tensor<2xf32>
  // expected-warning @+1 {{table has numbers up to 4.000000e+04; the NPU holds those below 3.276800e+04 and cuts the others}}
  %x = nn.embedding %t, %ids : (tensor<2x2xf32>, tensor<?x?xi64>) -> tensor<?x?x2xf32>
  // expected-warning @+1 {{bias has numbers up to 5.000000e+04; the NPU holds those below 3.276800e+04}}
  %y = nn.linear %x, %w, %b : (tensor<?x?x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<?x?x2xf32>
  return %y : tensor<?x?x2xf32>
}

// -----

// Results that do not need what is refused are named.
func.func @both_towers(%x: tensor<2x4xf32>, %y: tensor<3x4xf32>) -> (tensor<2x3xf32> {dalbit.name = "logits"}, tensor<2x4xf32> {dalbit.name = "text"}, tensor<3x4xf32> {dalbit.name = "image"}) {
  %a = nn.tanh %x : tensor<2x4xf32>
  %b = nn.tanh %y : tensor<3x4xf32>
  %t = onnx.node "Transpose"(%b) opset 13 attributes {perm = array<i64: 1, 0>} : (tensor<3x4xf32>) -> tensor<4x3xf32>
  // expected-error @+3 {{the NPU cannot run this operation yet: MatMul; it multiplies rows of all sequences with each other, and the NPU runs one sequence after the other}}
  // expected-note @+2 {{--results text,image leaves it out: these results do not need it}}
  // expected-note @+1 {{compile --explain lists what was recognised}}
  %l = onnx.node "MatMul"(%a, %t) opset 13 : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  return %l, %a, %b : tensor<2x3xf32>, tensor<2x4xf32>, tensor<3x4xf32>
}

// -----

// What the host chooses is named, not the scores that only we return.
func.func @chosen(%x: tensor<2x4xf32>) -> (tensor<2x1xi64> {dalbit.name = "ids"}, tensor<2x4xf32> {dalbit.name = "other"}, tensor<2x4xf32> {dalbit.made, dalbit.name = "ids.scores"}) {
  %a = nn.tanh %x : tensor<2x4xf32>
  %v, %i = nn.top_k %a {k = 1 : i64} : (tensor<2x4xf32>) -> (tensor<2x1xf32>, tensor<2x1xi64>)
  // expected-error @+3 {{the NPU cannot run this operation yet: Cos}}
  // expected-note @+2 {{--results ids leaves it out}}
  // expected-note @+1 {{compile --explain lists what was recognised}}
  %o = onnx.node "Cos"(%x) opset 13 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %i, %o, %a : tensor<2x1xi64>, tensor<2x4xf32>, tensor<2x4xf32>
}

// -----

// Caches are not worth naming, nor results that need something refused.
func.func @no_caches(%x: tensor<1x2x8xf32>, %p: tensor<1x2x3x4xf32>) -> (tensor<1x2x8xf32> {dalbit.name = "logits"}, tensor<1x2x5x4xf32> {dalbit.name = "present_key"}, tensor<1x2x5x4xf32> {dalbit.name = "present_value"}, tensor<1x2x5x4xi8> {dalbit.name = "codes"}, tensor<1x2x8xf32> {dalbit.name = "hidden"}, tensor<1x2x8xf32> {dalbit.name = "other"}) {
  %a, %k, %v = nn.attention %x, %x, %x past %p, %p {causal = true, heads = 2 : i64, kv_heads = 2 : i64, scale = 1.0 : f32} : (tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> (tensor<1x2x8xf32>, tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>)
  %s = onnx.constant dense<0.5> : tensor<f32>
  %c = onnx.node "QuantizeLinear"(%k, %s) opset 13 : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xi8>
  %o = onnx.node "Cos"(%a) opset 13 : (tensor<1x2x8xf32>) -> tensor<1x2x8xf32>
  // expected-error @+4 {{the NPU cannot run this operation yet: Softmax}}
  // expected-note @+3 {{--results hidden leaves it out}}
  // expected-note @+2 {{the first in front of it is Cos}}
  // expected-note @+1 {{compile --explain lists what was recognised}}
  %y = onnx.node "Softmax"(%o) opset 13 because "tried" : (tensor<1x2x8xf32>) -> tensor<1x2x8xf32>
  return %y, %k, %v, %c, %a, %o : tensor<1x2x8xf32>, tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>, tensor<1x2x5x4xi8>, tensor<1x2x8xf32>, tensor<1x2x8xf32>
}

// -----

func.func @nan_sinks(%q: tensor<1x2x8xf32>) -> tensor<1x2x8xf32> {
  %s = nn.constant dense<[1.0, 0x7FC00000]> : tensor<2xf32>
  // expected-error @+1 {{sinks element 1 is nan; the NPU needs finite weights}}
  %0:3 = nn.attention %q, %q, %q sinks %s {causal = true, heads = 2 : i64, kv_heads = 2 : i64, scale = 1.0 : f32} : (tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<2xf32>) -> (tensor<1x2x8xf32>, tensor<1x2x2x4xf32>, tensor<1x2x2x4xf32>)
  return %0#0 : tensor<1x2x8xf32>
}

// -----

// The NPU has codes of its own.
func.func @codes(%x: tensor<1x2x3x4xi8> {dalbit.name = "past_key"}) -> tensor<1x2x3x4xf32> {
  %s = onnx.constant dense<0.5> : tensor<f32>
  // expected-error @+3 {{the NPU cannot run this operation yet: DequantizeLinear}}
  // expected-note @+2 {{input 'past_key' is a cache of 8-bit codes, and the NPU keeps keys and values as int8 with scales of its own; export the model with a cache of floats}}
  // expected-note @+1 {{compile --explain lists what was recognised}}
  %y = onnx.node "DequantizeLinear"(%x, %s) opset 13 : (tensor<1x2x3x4xi8>, tensor<f32>) -> tensor<1x2x3x4xf32>
  return %y : tensor<1x2x3x4xf32>
}

// -----

// What only prepares an operand says of what.
func.func @taker(%x: tensor<?x?x8xf32>, %m: tensor<?x?xi64>) -> tensor<?x?x8xf32> {
  // expected-error @+2 {{the NPU cannot run this operation yet: Unsqueeze; it prepares what 'mask' (nn.mul) takes, which the NPU has as rows that it computes or as an input of floats alone}}
  // expected-note @+1 {{compile --explain lists what was recognised}}
  %u = onnx.node "Unsqueeze"(%m) opset 11 attributes {axes = array<i64: 2>} : (tensor<?x?xi64>) -> tensor<?x?x1xi64>
  %f = onnx.node "Cast"(%u) opset 13 attributes {to = 1 : i64} : (tensor<?x?x1xi64>) -> tensor<?x?x1xf32>
  %y = nn.mul %x, %f : (tensor<?x?x8xf32>, tensor<?x?x1xf32>) -> tensor<?x?x8xf32> loc("mask")
  return %y : tensor<?x?x8xf32>
}
