// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -onnx-bind-shapes -onnx-fold-shapes -raise-linear -raise-rotary=context=8 2>/dev/null | FileCheck %s
// Values without a type of known sizes are left alone.
// RUN: dalbit-opt %s -split-input-file -onnx-bind-shapes -raise-rotary=context=8 2>/dev/null | FileCheck %s --check-prefix=UNTYPED
// UNTYPED-NOT: nn.rotary

// Halves, rows of a table by an input of positions, heads before tokens.
// CHECK-LABEL: @halves
// CHECK-DAG: %[[C:.*]] = nn.constant dense<{{\[\[}}1.000000e+00, 5.000000e-01], [0.000000e+00, -5.000000e-01]]> : tensor<2x2xf32>
// CHECK-DAG: %[[S:.*]] = nn.constant dense<2.500000e-01> : tensor<2x2xf32>
// CHECK: nn.rotary %{{.*}}, %[[C]], %[[S]] at %arg1 {heads = 2 : i64}
// CHECK-NEXT: {{.*}}"Reshape"
// CHECK-NEXT: {{.*}}"Transpose"
// CHECK-NEXT: return
func.func @halves(%x: tensor<?x?x8xf32> {dalbit.name = "x"}, %ids: tensor<?x?xi64> {dalbit.name = "position_ids"}) -> tensor<*xf32> {
  %w = onnx.constant dense<1.0> : tensor<8x8xf32>
  %cut = onnx.constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %ct = onnx.constant dense<[[1.0, 0.5, 1.0, 0.5], [0.0, -0.5, 0.0, -0.5]]> : tensor<2x4xf32>
  %st = onnx.constant dense<0.25> : tensor<2x4xf32>
  %zero = onnx.constant dense<0> : tensor<1xi64>
  %one = onnx.constant dense<1> : tensor<1xi64>
  %two = onnx.constant dense<2> : tensor<1xi64>
  %end = onnx.constant dense<9223372036854775807> : tensor<1xi64>
  %last = onnx.constant dense<3> : tensor<1xi64>
  %q = onnx.node "MatMul"(%x, %w) opset 13 : (tensor<?x?x8xf32>, tensor<8x8xf32>) -> tensor<*xf32>
  %r = onnx.node "Reshape"(%q, %cut) opset 13 : (tensor<*xf32>, tensor<4xi64>) -> tensor<*xf32>
  %h = onnx.node "Transpose"(%r) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %cg = onnx.node "Gather"(%ct, %ids) opset 13 attributes {axis = 0 : i64} : (tensor<2x4xf32>, tensor<?x?xi64>) -> tensor<*xf32>
  %sg = onnx.node "Gather"(%st, %ids) opset 13 attributes {axis = 0 : i64} : (tensor<2x4xf32>, tensor<?x?xi64>) -> tensor<*xf32>
  %c = onnx.node "Unsqueeze"(%cg) opset 13 attributes {axes = array<i64: 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "Unsqueeze"(%sg) opset 13 attributes {axes = array<i64: 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %a = onnx.node "Slice"(%h, %zero, %two, %last, %one) opset 13 : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %b = onnx.node "Slice"(%h, %two, %end, %last, %one) opset 13 : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %n = onnx.node "Neg"(%b) opset 13 : (tensor<*xf32>) -> tensor<*xf32>
  %t = onnx.node "Concat"(%n, %a) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %hc = onnx.node "Mul"(%h, %c) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ts = onnx.node "Mul"(%t, %s) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Add"(%hc, %ts) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Key heads that are repeated first turn before that (Falcon).
// CHECK-LABEL: @repeated
// CHECK: nn.rotary %{{.*}} at %arg1 {heads = 2 : i64} : (tensor<?x?x8xf32>
// CHECK: "Expand"
// CHECK: return
func.func @repeated(%x: tensor<?x?x8xf32> {dalbit.name = "x"}, %ids: tensor<?x?xi64> {dalbit.name = "position_ids"}) -> tensor<*xf32> {
  %w = onnx.constant dense<1.0> : tensor<8x8xf32>
  %cut = onnx.constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %ct = onnx.constant dense<[[1.0, 0.5, 1.0, 0.5], [0.0, -0.5, 0.0, -0.5]]> : tensor<2x4xf32>
  %st = onnx.constant dense<0.25> : tensor<2x4xf32>
  %zero = onnx.constant dense<0> : tensor<1xi64>
  %one = onnx.constant dense<1> : tensor<1xi64>
  %two = onnx.constant dense<2> : tensor<1xi64>
  %end = onnx.constant dense<9223372036854775807> : tensor<1xi64>
  %last = onnx.constant dense<3> : tensor<1xi64>
  %q = onnx.node "MatMul"(%x, %w) opset 13 : (tensor<?x?x8xf32>, tensor<8x8xf32>) -> tensor<*xf32>
  %r = onnx.node "Reshape"(%q, %cut) opset 13 : (tensor<*xf32>, tensor<4xi64>) -> tensor<*xf32>
  %five = onnx.constant dense<[0, 0, 2, 1, 4]> : tensor<5xi64>
  %twice = onnx.constant dense<[1, 1, 1, 2, 1]> : tensor<5xi64>
  %four = onnx.constant dense<[0, 0, 4, 4]> : tensor<4xi64>
  %r5 = onnx.node "Reshape"(%r, %five) opset 13 : (tensor<*xf32>, tensor<5xi64>) -> tensor<*xf32>
  %re = onnx.node "Expand"(%r5, %twice) opset 13 : (tensor<*xf32>, tensor<5xi64>) -> tensor<*xf32>
  %r4 = onnx.node "Reshape"(%re, %four) opset 13 : (tensor<*xf32>, tensor<4xi64>) -> tensor<*xf32>
  %h = onnx.node "Transpose"(%r4) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %cg = onnx.node "Gather"(%ct, %ids) opset 13 attributes {axis = 0 : i64} : (tensor<2x4xf32>, tensor<?x?xi64>) -> tensor<*xf32>
  %sg = onnx.node "Gather"(%st, %ids) opset 13 attributes {axis = 0 : i64} : (tensor<2x4xf32>, tensor<?x?xi64>) -> tensor<*xf32>
  %c = onnx.node "Unsqueeze"(%cg) opset 13 attributes {axes = array<i64: 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "Unsqueeze"(%sg) opset 13 attributes {axes = array<i64: 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %a = onnx.node "Slice"(%h, %zero, %two, %last, %one) opset 13 : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %b = onnx.node "Slice"(%h, %two, %end, %last, %one) opset 13 : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %n = onnx.node "Neg"(%b) opset 13 : (tensor<*xf32>) -> tensor<*xf32>
  %t = onnx.node "Concat"(%n, %a) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %hc = onnx.node "Mul"(%h, %c) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ts = onnx.node "Mul"(%t, %s) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Add"(%hc, %ts) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// A sequence that is repeated may have other positions each time.
// CHECK-LABEL: @repeated_sequence
// CHECK-NOT: nn.rotary
// CHECK: return
func.func @repeated_sequence(%x: tensor<1x?x8xf32> {dalbit.name = "x"}, %ids: tensor<?x?xi64> {dalbit.name = "position_ids"}) -> tensor<*xf32> {
  %w = onnx.constant dense<1.0> : tensor<8x8xf32>
  %cut = onnx.constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %ct = onnx.constant dense<[[1.0, 0.5, 1.0, 0.5], [0.0, -0.5, 0.0, -0.5]]> : tensor<2x4xf32>
  %st = onnx.constant dense<0.25> : tensor<2x4xf32>
  %zero = onnx.constant dense<0> : tensor<1xi64>
  %one = onnx.constant dense<1> : tensor<1xi64>
  %two = onnx.constant dense<2> : tensor<1xi64>
  %end = onnx.constant dense<9223372036854775807> : tensor<1xi64>
  %last = onnx.constant dense<3> : tensor<1xi64>
  %q = onnx.node "MatMul"(%x, %w) opset 13 : (tensor<1x?x8xf32>, tensor<8x8xf32>) -> tensor<*xf32>
  %r = onnx.node "Reshape"(%q, %cut) opset 13 : (tensor<*xf32>, tensor<4xi64>) -> tensor<*xf32>
  %five = onnx.constant dense<[0, 0, 2, 1, 4]> : tensor<5xi64>
  %twice = onnx.constant dense<[3, 1, 1, 1, 1]> : tensor<5xi64>
  %four = onnx.constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %r5 = onnx.node "Reshape"(%r, %five) opset 13 : (tensor<*xf32>, tensor<5xi64>) -> tensor<*xf32>
  %re = onnx.node "Expand"(%r5, %twice) opset 13 : (tensor<*xf32>, tensor<5xi64>) -> tensor<*xf32>
  %r4 = onnx.node "Reshape"(%re, %four) opset 13 : (tensor<*xf32>, tensor<4xi64>) -> tensor<*xf32>
  %h = onnx.node "Transpose"(%r4) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %cg = onnx.node "Gather"(%ct, %ids) opset 13 attributes {axis = 0 : i64} : (tensor<2x4xf32>, tensor<?x?xi64>) -> tensor<*xf32>
  %sg = onnx.node "Gather"(%st, %ids) opset 13 attributes {axis = 0 : i64} : (tensor<2x4xf32>, tensor<?x?xi64>) -> tensor<*xf32>
  %c = onnx.node "Unsqueeze"(%cg) opset 13 attributes {axes = array<i64: 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "Unsqueeze"(%sg) opset 13 attributes {axes = array<i64: 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %a = onnx.node "Slice"(%h, %zero, %two, %last, %one) opset 13 : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %b = onnx.node "Slice"(%h, %two, %end, %last, %one) opset 13 : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %n = onnx.node "Neg"(%b) opset 13 : (tensor<*xf32>) -> tensor<*xf32>
  %t = onnx.node "Concat"(%n, %a) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %hc = onnx.node "Mul"(%h, %c) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ts = onnx.node "Mul"(%t, %s) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Add"(%hc, %ts) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Every second column of the first half of each head, by Slice, Neg, stack and
// Reshape; the angles are computed from the positions P .. P+T-1; the other
// columns stay. Heads after tokens.
// CHECK-LABEL: @interleaved
// CHECK-DAG: %[[C:.*]] = nn.constant dense<{{.*}}> : tensor<8x1xf32>
// CHECK-DAG: %[[P:.*]] = nn.position_ids : tensor<1x?xi64>
// CHECK: nn.rotary %{{.*}}, %[[C]], %{{.*}} at %[[P]] {heads = 2 : i64}
// CHECK-NEXT: {{.*}}"Reshape"
// CHECK-NEXT: return
func.func @interleaved(%x: tensor<?x?x8xf32> {dalbit.name = "x"}, %past: tensor<?x2x?x4xf32> {dalbit.name = "past_key"}) -> tensor<*xf32> {
  %w = onnx.constant dense<1.0> : tensor<8x8xf32>
  %cut = onnx.constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 0, 2]> : tensor<4xi64>
  %zero = onnx.constant dense<0> : tensor<1xi64>
  %one = onnx.constant dense<1> : tensor<1xi64>
  %two = onnx.constant dense<2> : tensor<1xi64>
  %end = onnx.constant dense<9223372036854775807> : tensor<1xi64>
  %last = onnx.constant dense<3> : tensor<1xi64>
  %i1 = onnx.constant dense<1> : tensor<i64>
  %i2 = onnx.constant dense<2> : tensor<i64>
  %frequency = onnx.constant dense<0.3> : tensor<1x1xf32>
  %sx = onnx.node "Shape"(%x) opset 13 : (tensor<?x?x8xf32>) -> tensor<*xi64>
  %sp = onnx.node "Shape"(%past) opset 13 : (tensor<?x2x?x4xf32>) -> tensor<*xi64>
  %tokens = onnx.node "Gather"(%sx, %i1) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %p = onnx.node "Gather"(%sp, %i2) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %all = onnx.node "Add"(%p, %tokens) opset 13 : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %range = onnx.node "Range"(%p, %all, %i1) opset 13 : (tensor<*xi64>, tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %f = onnx.node "Cast"(%range) opset 13 attributes {to = 1 : i64} : (tensor<*xi64>) -> tensor<*xf32>
  %column = onnx.node "Unsqueeze"(%f) opset 13 attributes {axes = array<i64: 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %angle = onnx.node "Mul"(%column, %frequency) opset 13 : (tensor<*xf32>, tensor<1x1xf32>) -> tensor<*xf32>
  %cosine = onnx.node "Cos"(%angle) opset 13 : (tensor<*xf32>) -> tensor<*xf32>
  %sine = onnx.node "Sin"(%angle) opset 13 : (tensor<*xf32>) -> tensor<*xf32>
  %c = onnx.node "Unsqueeze"(%cosine) opset 13 attributes {axes = array<i64: 0, 2>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "Unsqueeze"(%sine) opset 13 attributes {axes = array<i64: 0, 2>} : (tensor<*xf32>) -> tensor<*xf32>
  %q = onnx.node "MatMul"(%x, %w) opset 13 : (tensor<?x?x8xf32>, tensor<8x8xf32>) -> tensor<*xf32>
  %h = onnx.node "Reshape"(%q, %cut) opset 13 : (tensor<*xf32>, tensor<4xi64>) -> tensor<*xf32>
  %turned = onnx.node "Slice"(%h, %zero, %two, %last, %one) opset 13 : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %kept = onnx.node "Slice"(%h, %two, %end, %last, %one) opset 13 : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %even = onnx.node "Slice"(%turned, %zero, %end, %last, %two) opset 13 : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %odd = onnx.node "Slice"(%turned, %one, %end, %last, %two) opset 13 : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %n = onnx.node "Neg"(%odd) opset 13 : (tensor<*xf32>) -> tensor<*xf32>
  %nu = onnx.node "Unsqueeze"(%n) opset 13 attributes {axes = array<i64: -1>} : (tensor<*xf32>) -> tensor<*xf32>
  %eu = onnx.node "Unsqueeze"(%even) opset 13 attributes {axes = array<i64: -1>} : (tensor<*xf32>) -> tensor<*xf32>
  %stack = onnx.node "Concat"(%nu, %eu) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %half = onnx.node "Reshape"(%stack, %join) opset 13 : (tensor<*xf32>, tensor<4xi64>) -> tensor<*xf32>
  %tc = onnx.node "Mul"(%turned, %c) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %hs = onnx.node "Mul"(%half, %s) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %sum = onnx.node "Add"(%tc, %hs) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Concat"(%sum, %kept) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Cosines that differ within a pair turn nothing: it stays.
// CHECK-LABEL: @no_rotation
// CHECK-NOT: nn.rotary
// CHECK: "Concat"
func.func @no_rotation(%x: tensor<?x?x8xf32> {dalbit.name = "x"}, %ids: tensor<?x?xi64> {dalbit.name = "position_ids"}) -> tensor<*xf32> {
  %w = onnx.constant dense<1.0> : tensor<8x8xf32>
  %cut = onnx.constant dense<[0, 0, 4, 2]> : tensor<4xi64>
  %ct = onnx.constant dense<[[1.0, 0.5], [0.0, -0.5]]> : tensor<2x2xf32>
  %st = onnx.constant dense<0.25> : tensor<2x2xf32>
  %zero = onnx.constant dense<0> : tensor<1xi64>
  %one = onnx.constant dense<1> : tensor<1xi64>
  %two = onnx.constant dense<2> : tensor<1xi64>
  %last = onnx.constant dense<3> : tensor<1xi64>
  %q = onnx.node "MatMul"(%x, %w) opset 13 : (tensor<?x?x8xf32>, tensor<8x8xf32>) -> tensor<*xf32>
  %h = onnx.node "Reshape"(%q, %cut) opset 13 : (tensor<*xf32>, tensor<4xi64>) -> tensor<*xf32>
  %cg = onnx.node "Gather"(%ct, %ids) opset 13 attributes {axis = 0 : i64} : (tensor<2x2xf32>, tensor<?x?xi64>) -> tensor<*xf32>
  %sg = onnx.node "Gather"(%st, %ids) opset 13 attributes {axis = 0 : i64} : (tensor<2x2xf32>, tensor<?x?xi64>) -> tensor<*xf32>
  %c = onnx.node "Unsqueeze"(%cg) opset 13 attributes {axes = array<i64: 2>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "Unsqueeze"(%sg) opset 13 attributes {axes = array<i64: 2>} : (tensor<*xf32>) -> tensor<*xf32>
  %a = onnx.node "Slice"(%h, %zero, %one, %last, %one) opset 13 : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %b = onnx.node "Slice"(%h, %one, %two, %last, %one) opset 13 : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %n = onnx.node "Neg"(%b) opset 13 : (tensor<*xf32>) -> tensor<*xf32>
  %t = onnx.node "Concat"(%n, %a) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %hc = onnx.node "Mul"(%h, %c) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ts = onnx.node "Mul"(%t, %s) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Add"(%hc, %ts) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// The norm of each head moves to where the heads lie side by side.
// A single head with a dimension of its own is a head, too.
// CHECK-LABEL: @single_head_norm
// CHECK: nn.rms_norm %arg0, %{{.*}} {epsilon = 9.99999997E-7 : f32} : (tensor<?x?x4xf32>
func.func @single_head_norm(%x: tensor<?x?x4xf32> {dalbit.name = "x"}) -> tensor<?x?x1x4xf32> {
  %cut = onnx.constant dense<[0, 0, 1, 4]> : tensor<4xi64>
  %gamma = nn.constant dense<2.0> : tensor<4xf32>
  %h = onnx.node "Reshape"(%x, %cut) opset 13 : (tensor<?x?x4xf32>, tensor<4xi64>) -> tensor<?x?x1x4xf32>
  %y = nn.rms_norm %h, %gamma {epsilon = 1.0e-6 : f32} : (tensor<?x?x1x4xf32>, tensor<4xf32>) -> tensor<?x?x1x4xf32>
  return %y : tensor<?x?x1x4xf32>
}

// -----

// CHECK-LABEL: @head_norm
// CHECK: nn.rms_norm %arg0, %{{.*}} {epsilon = 9.99999997E-7 : f32, groups = 2 : i64} : (tensor<?x?x8xf32>
// CHECK-NEXT: {{.*}}"Reshape"
// CHECK-NEXT: return
func.func @head_norm(%x: tensor<?x?x8xf32> {dalbit.name = "x"}) -> tensor<?x?x2x4xf32> {
  %cut = onnx.constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %gamma = nn.constant dense<2.0> : tensor<4xf32>
  %h = onnx.node "Reshape"(%x, %cut) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
  %y = nn.rms_norm %h, %gamma {epsilon = 1.0e-6 : f32} : (tensor<?x?x2x4xf32>, tensor<4xf32>) -> tensor<?x?x2x4xf32>
  return %y : tensor<?x?x2x4xf32>
}

// -----

// A layer norm of each head, with numbers of each (Cohere), in any layout.
// CHECK-LABEL: @numbers_of_heads
// CHECK-DAG: %[[G:.*]] = nn.constant dense<[2.000000e+00, 4.000000e+00, 6.000000e+00, 8.000000e+00]> : tensor<4xf32>
// CHECK-DAG: %[[B:.*]] = nn.constant dense<[5.000000e+00, 5.000000e+00, 7.000000e+00, 7.000000e+00]> : tensor<4xf32>
// CHECK: nn.layer_norm %arg0, %[[G]], %[[B]] {epsilon = 9.99999997E-7 : f32, groups = 2 : i64} : (tensor<?x?x4xf32>
// CHECK-NEXT: {{.*}}"Reshape"
// CHECK-NEXT: {{.*}}"Transpose"
// CHECK-NEXT: return
func.func @numbers_of_heads(%x: tensor<?x?x4xf32> {dalbit.name = "x"}) -> tensor<?x2x?x2xf32> {
  %cut = onnx.constant dense<[0, 0, 2, 2]> : tensor<4xi64>
  %gamma = nn.constant dense<2.0> : tensor<2xf32>
  %each = onnx.constant dense<[[[1.0, 2.0]], [[3.0, 4.0]]]> : tensor<2x1x2xf32>
  %sum = onnx.constant dense<[[[[5.0]], [[7.0]]]]> : tensor<1x2x1x1xf32>
  %r = onnx.node "Reshape"(%x, %cut) opset 13 : (tensor<?x?x4xf32>, tensor<4xi64>) -> tensor<?x?x2x2xf32>
  %h = onnx.node "Transpose"(%r) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x2xf32>) -> tensor<?x2x?x2xf32>
  %n = nn.layer_norm %h, %gamma {epsilon = 1.0e-6 : f32} : (tensor<?x2x?x2xf32>, tensor<2xf32>) -> tensor<?x2x?x2xf32>
  %m = onnx.node "Mul"(%each, %n) opset 13 : (tensor<2x1x2xf32>, tensor<?x2x?x2xf32>) -> tensor<?x2x?x2xf32>
  %y = onnx.node "Add"(%m, %sum) opset 13 : (tensor<?x2x?x2xf32>, tensor<1x2x1x1xf32>) -> tensor<?x2x?x2xf32>
  return %y : tensor<?x2x?x2xf32>
}

// -----

// Angles that a loop repeats (repeat_interleave of TorchScript): the table that
// says how many positions there are is read by the loop's body only.
// CHECK-LABEL: @looped
// CHECK: nn.rotary %arg0, %{{.*}}, %{{.*}} at %arg1 {heads = 2 : i64, interleaved} : (tensor<?x?x8xf32>, tensor<3x2xf32>, tensor<3x2xf32>
func.func @looped(%x: tensor<?x?x8xf32> {dalbit.name = "x"}, %ids: tensor<?x?xi64> {dalbit.name = "position_ids"}) -> tensor<*xf32> {
  %cos = onnx.constant dense<[[1.0, 1.0], [0.5, 0.9], [-0.4, 0.6]]> : tensor<3x2xf32>
  %sin = onnx.constant dense<[[0.0, 0.0], [0.8, 0.1], [0.9, 0.2]]> : tensor<3x2xf32>
  %once = onnx.constant dense<1> : tensor<i64>
  %true = onnx.constant dense<true> : tensor<i1>
  %start = onnx.constant dense<0.0> : tensor<f32>
  %c:2 = onnx.node "Loop"(%once, %true, %start) opset 13 {
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %carried: tensor<f32>):
    %row = onnx.node "Gather"(%cos, %ids) opset 13 attributes {axis = 0 : i64} : (tensor<3x2xf32>, tensor<?x?xi64>) -> tensor<*xf32>
    onnx.yield %go, %carried, %row : tensor<i1>, tensor<f32>, tensor<*xf32>
  } : (tensor<i64>, tensor<i1>, tensor<f32>) -> (tensor<*xf32>, tensor<*xf32>)
  %first = onnx.constant dense<0> : tensor<1xi64>
  %two = onnx.constant dense<2> : tensor<1xi64>
  %cr = onnx.node "Squeeze"(%c#1) opset 13 attributes {axes = array<i64: 0>} : (tensor<*xf32>) -> tensor<*xf32>
  %sr = onnx.node "Gather"(%sin, %ids) opset 13 attributes {axis = 0 : i64} : (tensor<3x2xf32>, tensor<?x?xi64>) -> tensor<*xf32>
  %heads = onnx.constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %h = onnx.node "Reshape"(%x, %heads) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %cu = onnx.node "Unsqueeze"(%cr) opset 13 attributes {axes = array<i64: 2>} : (tensor<*xf32>) -> tensor<*xf32>
  %su = onnx.node "Unsqueeze"(%sr) opset 13 attributes {axes = array<i64: 2>} : (tensor<*xf32>) -> tensor<*xf32>
  %one = onnx.constant dense<1> : tensor<1xi64>
  %three = onnx.constant dense<3> : tensor<1xi64>
  %four = onnx.constant dense<4> : tensor<1xi64>
  %a = onnx.node "Slice"(%h, %first, %four, %three, %two) opset 13 : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %b = onnx.node "Slice"(%h, %one, %four, %three, %two) opset 13 : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %ac = onnx.node "Mul"(%a, %cu) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %bs = onnx.node "Mul"(%b, %su) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %bc = onnx.node "Mul"(%b, %cu) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %as = onnx.node "Mul"(%a, %su) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %l = onnx.node "Sub"(%ac, %bs) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %r = onnx.node "Add"(%bc, %as) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %lu = onnx.node "Unsqueeze"(%l) opset 13 attributes {axes = array<i64: 4>} : (tensor<*xf32>) -> tensor<*xf32>
  %ru = onnx.node "Unsqueeze"(%r) opset 13 attributes {axes = array<i64: 4>} : (tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Concat"(%lu, %ru) opset 13 attributes {axis = 4 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %flat = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %y = onnx.node "Reshape"(%p, %flat) opset 13 : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Halves of more columns than any head has.
// CHECK-LABEL: @too_wide
// CHECK-NOT: nn.rotary
func.func @too_wide(%x: tensor<?x?x8xf32> {dalbit.name = "x"}) -> tensor<*xf32> {
  %sizes = onnx.constant dense<[0, 0, 1, 5497558138896]> : tensor<4xi64>
  %zero = onnx.constant dense<0> : tensor<1xi64>
  %half = onnx.constant dense<2748779069448> : tensor<1xi64>
  %all = onnx.constant dense<9223372036854775807> : tensor<1xi64>
  %last = onnx.constant dense<3> : tensor<1xi64>
  %c = onnx.constant dense<0.5> : tensor<f32>
  %h = onnx.node "Reshape"(%x, %sizes) opset 13 : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  %a = onnx.node "Slice"(%h, %zero, %half, %last) opset 13 : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %b = onnx.node "Slice"(%h, %half, %all, %last) opset 13 : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %n = onnx.node "Neg"(%b) opset 13 : (tensor<*xf32>) -> tensor<*xf32>
  %r = onnx.node "Concat"(%n, %a) opset 13 attributes {axis = 3 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Mul"(%h, %c) opset 13 : (tensor<*xf32>, tensor<f32>) -> tensor<*xf32>
  %q = onnx.node "Mul"(%r, %c) opset 13 : (tensor<*xf32>, tensor<f32>) -> tensor<*xf32>
  %y = onnx.node "Add"(%p, %q) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Parts in a dimension that was brought to the front beside one of 1
// (W_pack of Baichuan), sizes open.
// CHECK-LABEL: @packed
// CHECK-COUNT-2: nn.linear %{{.*}} : (tensor<?x?x4xf32>, tensor<4x3xf32>) -> tensor<?x?x3xf32>
// CHECK-NOT: "Gather"
// CHECK: return
func.func @packed(%x: tensor<?x?x4xf32> {dalbit.name = "x"}) -> (tensor<*xf32>, tensor<*xf32>) {
  %w = onnx.constant dense<1.0> : tensor<4x6xf32>
  %cut = onnx.constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %zero = onnx.constant dense<0> : tensor<i64>
  %one = onnx.constant dense<1> : tensor<i64>
  %front = onnx.constant dense<0> : tensor<1xi64>
  %back = onnx.constant dense<-2> : tensor<1xi64>
  %p = onnx.node "MatMul"(%x, %w) opset 13 : (tensor<?x?x4xf32>, tensor<4x6xf32>) -> tensor<*xf32>
  %r = onnx.node "Reshape"(%p, %cut) opset 13 : (tensor<*xf32>, tensor<4xi64>) -> tensor<*xf32>
  %u = onnx.node "Unsqueeze"(%r, %front) opset 13 : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
  %t = onnx.node "Transpose"(%u) opset 13 attributes {perm = array<i64: 3, 1, 2, 0, 4>} : (tensor<*xf32>) -> tensor<*xf32>
  %s = onnx.node "Squeeze"(%t, %back) opset 13 : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
  %a = onnx.node "Gather"(%s, %zero) opset 13 attributes {axis = 0 : i64} : (tensor<*xf32>, tensor<i64>) -> tensor<*xf32>
  %b = onnx.node "Gather"(%s, %one) opset 13 attributes {axis = 0 : i64} : (tensor<*xf32>, tensor<i64>) -> tensor<*xf32>
  return %a, %b : tensor<*xf32>, tensor<*xf32>
}

// -----

// Patches of an image are turned by their places, the class token in front of
// them is not (DINOv3, EVA-02).
// CHECK-LABEL: @patches
// CHECK-DAG: %[[C:.*]] = nn.constant dense<{{\[\[}}1.000000e+00], [5.000000e-01], [2.500000e-01]]> : tensor<3x1xf32>
// CHECK-DAG: %[[S:.*]] = nn.constant dense<{{\[\[}}0.000000e+00], [7.500000e-01], [8.750000e-01]]> : tensor<3x1xf32>
// CHECK-DAG: %[[P:.*]] = nn.constant dense<{{\[\[}}0, 1, 2]]> : tensor<1x3xi64>
// CHECK: nn.rotary %{{.*}}, %[[C]], %[[S]] at %[[P]] {heads = 2 : i64} : (tensor<?x3x4xf32>
// CHECK-NOT: "Concat"
// CHECK: return
func.func @patches(%x: tensor<?x3x4xf32> {dalbit.name = "x"}) -> tensor<*xf32> {
  %w = onnx.constant dense<1.0> : tensor<4x4xf32>
  %cut = onnx.constant dense<[0, 3, 2, 2]> : tensor<4xi64>
  %ct = onnx.constant dense<[[0.5, 0.5], [0.25, 0.25]]> : tensor<2x2xf32>
  %st = onnx.constant dense<[[0.75, 0.75], [0.875, 0.875]]> : tensor<2x2xf32>
  %zero = onnx.constant dense<0> : tensor<1xi64>
  %one = onnx.constant dense<1> : tensor<1xi64>
  %tokens = onnx.constant dense<2> : tensor<1xi64>
  %end = onnx.constant dense<9223372036854775807> : tensor<1xi64>
  %last = onnx.constant dense<3> : tensor<1xi64>
  %q = onnx.node "MatMul"(%x, %w) opset 13 : (tensor<?x3x4xf32>, tensor<4x4xf32>) -> tensor<*xf32>
  %r = onnx.node "Reshape"(%q, %cut) opset 13 : (tensor<*xf32>, tensor<4xi64>) -> tensor<*xf32>
  %t = onnx.node "Transpose"(%r) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %f = onnx.node "Slice"(%t, %zero, %one, %tokens, %one) opset 13 : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %h = onnx.node "Slice"(%t, %one, %end, %tokens, %one) opset 13 : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %a = onnx.node "Slice"(%h, %zero, %one, %last, %one) opset 13 : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %b = onnx.node "Slice"(%h, %one, %end, %last, %one) opset 13 : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %n = onnx.node "Neg"(%b) opset 13 : (tensor<*xf32>) -> tensor<*xf32>
  %u = onnx.node "Concat"(%n, %a) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %hc = onnx.node "Mul"(%h, %ct) opset 13 : (tensor<*xf32>, tensor<2x2xf32>) -> tensor<*xf32>
  %us = onnx.node "Mul"(%u, %st) opset 13 : (tensor<*xf32>, tensor<2x2xf32>) -> tensor<*xf32>
  %y = onnx.node "Add"(%hc, %us) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %all = onnx.node "Concat"(%f, %y) opset 13 attributes {axis = 2 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %all : tensor<*xf32>
}
