// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -onnx-bind-shapes -onnx-fold-shapes -raise-linear | FileCheck %s

// Output 3 is the sum that was normalised.
// CHECK-LABEL: @skip_norm
// CHECK: %[[S:.*]] = onnx.node "Add"(%arg0, %arg1)
// CHECK: %[[N:.*]] = nn.rms_norm %[[S]], %{{.*}} {epsilon = 9.99999974E-6 : f32}
// CHECK: return %[[N]], %[[S]]
func.func @skip_norm(%x: tensor<?x?x8xf32> {dalbit.name = "x"}, %z: tensor<?x?x8xf32> {dalbit.name = "z"}) -> (tensor<?x?x8xf32>, tensor<?x?x8xf32>) {
  %gamma = onnx.constant dense<2.0> : tensor<8xf32>
  %y:4 = onnx.node "SkipSimplifiedLayerNormalization"(%x, %z, %gamma) opset 1 domain "com.microsoft" attributes {epsilon = 1.0e-5 : f32} : (tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<8xf32>) -> (tensor<?x?x8xf32>, tensor<*xf32>, tensor<*xf32>, tensor<?x?x8xf32>)
  return %y#0, %y#3 : tensor<?x?x8xf32>, tensor<?x?x8xf32>
}

// -----

// CHECK-LABEL: @fast_gelu
// CHECK: nn.gelu %arg0 {approximate = "tanh"}
func.func @fast_gelu(%x: tensor<?x?x8xf32> {dalbit.name = "x"}) -> tensor<?x?x8xf32> {
  %y = onnx.node "FastGelu"(%x) opset 1 domain "com.microsoft" : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// -----

// CHECK-LABEL: @fused_gemm
// CHECK: %[[Y:.*]] = nn.linear %arg0, {{.*}} : (tensor<4x8xf32>, tensor<8x2xf32>, tensor<2xf32>)
// CHECK: onnx.node "Tanh"(%[[Y]])
// CHECK: onnx.node "FusedGemm"
func.func @fused_gemm(%x: tensor<4x8xf32> {dalbit.name = "x"}) -> (tensor<4x2xf32>, tensor<4x2xf32>) {
  %w = onnx.constant dense<2.0> : tensor<2x8xf32>
  %b = onnx.constant dense<1.0> : tensor<2xf32>
  %y = onnx.node "FusedGemm"(%x, %w, %b) opset 1 domain "com.microsoft" attributes {activation = "Tanh", alpha = 1.0 : f32, beta = 1.0 : f32, transA = 0 : i64, transB = 1 : i64} : (tensor<4x8xf32>, tensor<2x8xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  %z = onnx.node "FusedGemm"(%x, %w, %b) opset 1 domain "com.microsoft" attributes {activation = "LeakyRelu", alpha = 1.0 : f32, beta = 1.0 : f32, transA = 0 : i64, transB = 1 : i64} : (tensor<4x8xf32>, tensor<2x8xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  return %y, %z : tensor<4x2xf32>, tensor<4x2xf32>
}

// -----

// 4-bit codes, low one first, zero points of 8 if there are none.
// CHECK-LABEL: @blocks
// CHECK: %[[W:.*]] = nn.constant #onnx.codes<dense<{{\[\[}}1], [9], [0], [15]]> : tensor<4x1xui8>, scales = dense<5.000000e-01> : tensor<1x1xf32>, axis = 0, block = 16, zeros = dense<8> : tensor<1x1xui8>> : tensor<4x1xf32>
// CHECK: nn.linear %arg0, %[[W]]
func.func @blocks(%x: tensor<?x?x4xf32> {dalbit.name = "x"}) -> tensor<*xf32> {
  %codes = onnx.constant dense<[[[145, 240, 0, 0, 0, 0, 0, 0]]]> : tensor<1x1x8xui8>
  %scales = onnx.constant dense<0.5> : tensor<1xf32>
  %y = onnx.node "MatMulNBits"(%x, %codes, %scales) opset 1 domain "com.microsoft" attributes {K = 4 : i64, N = 1 : i64, bits = 4 : i64, block_size = 16 : i64} : (tensor<?x?x4xf32>, tensor<1x1x8xui8>, tensor<1xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// CHECK-LABEL: @grouped
// CHECK: %[[P:.*]] = nn.mask_positions %arg5 {fill = 0 : i64} : tensor<?x?xi64> -> tensor<?x?xi64>
// CHECK: %[[Q:.*]] = nn.rotary %arg0, {{.*}} at %[[P]] {heads = 4 : i64}
// CHECK: %[[K:.*]] = nn.rotary %arg1, {{.*}} at %[[P]] {heads = 2 : i64}
// CHECK: %[[M:.*]] = nn.key_mask %arg5
// CHECK: nn.attention %[[Q]], %[[K]], %arg2 past %arg3, %arg4 mask %[[M]] {causal = true, heads = 4 : i64, kv_heads = 2 : i64, scale = 5.000000e-01 : f32, window = 6 : i64}
func.func @grouped(%q: tensor<?x?x16xf32> {dalbit.name = "q"}, %k: tensor<?x?x8xf32> {dalbit.name = "k"}, %v: tensor<?x?x8xf32> {dalbit.name = "v"},
    %pk: tensor<?x2x?x4xf32> {dalbit.name = "past_key"}, %pv: tensor<?x2x?x4xf32> {dalbit.name = "past_value"}, %mask: tensor<?x?xi64> {dalbit.name = "attention_mask"}) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %table = onnx.constant dense<0.5> : tensor<9x2xf32>
  %axes = onnx.constant dense<1> : tensor<1xi64>
  %one = onnx.constant dense<1> : tensor<1xi64>
  %sum = onnx.node "ReduceSum"(%mask, %axes) opset 13 attributes {keepdims = 0 : i64} : (tensor<?x?xi64>, tensor<1xi64>) -> tensor<*xi64>
  %less = onnx.node "Sub"(%sum, %one) opset 13 : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %lengths = onnx.node "Cast"(%less) opset 13 attributes {to = 6 : i64} : (tensor<*xi64>) -> tensor<*xi32>
  %shape = onnx.node "Shape"(%mask) opset 13 : (tensor<?x?xi64>) -> tensor<*xi64>
  %i1 = onnx.constant dense<1> : tensor<i64>
  %keys = onnx.node "Gather"(%shape, %i1) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %most = onnx.node "Cast"(%keys) opset 13 attributes {to = 6 : i64} : (tensor<*xi64>) -> tensor<*xi32>
  %y:3 = onnx.node "GroupQueryAttention"(%q, %k, %v, %pk, %pv, %lengths, %most, %table, %table) opset 1 domain "com.microsoft" attributes {do_rotary = 1 : i64, num_heads = 4 : i64, kv_num_heads = 2 : i64, local_window_size = 6 : i64} : (tensor<?x?x16xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>, tensor<*xi32>, tensor<*xi32>, tensor<9x2xf32>, tensor<9x2xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %y#0, %y#1, %y#2 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// Numbers of keys that are inputs hide nothing; whoever runs the graph checks
// them.
// CHECK-LABEL: @lengths
// CHECK-SAME: %arg5: tensor<?xi64> {dalbit.dims = ["B"], dalbit.keys_less = 0 : i64, dalbit.keys_total, dalbit.name = "lengths"
// CHECK-NOT: nn.key_mask
// CHECK: nn.attention
func.func @lengths(%q: tensor<?x?x16xf32> {dalbit.name = "q"}, %k: tensor<?x?x8xf32> {dalbit.name = "k"}, %v: tensor<?x?x8xf32> {dalbit.name = "v"},
    %pk: tensor<?x2x?x4xf32> {dalbit.name = "past_key"}, %pv: tensor<?x2x?x4xf32> {dalbit.name = "past_value"}, %lengths: tensor<?xi64> {dalbit.name = "lengths", dalbit.dims = ["batch"]}) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %one = onnx.constant dense<1> : tensor<1xi64>
  %axes = onnx.constant dense<0> : tensor<1xi64>
  %less = onnx.node "Sub"(%lengths, %one) opset 13 : (tensor<?xi64>, tensor<1xi64>) -> tensor<*xi64>
  %most = onnx.node "ReduceMax"(%lengths, %axes) opset 18 attributes {keepdims = 0 : i64} : (tensor<?xi64>, tensor<1xi64>) -> tensor<*xi64>
  %y:3 = onnx.node "GroupQueryAttention"(%q, %k, %v, %pk, %pv, %less, %most) opset 1 domain "com.microsoft" attributes {num_heads = 4 : i64, kv_num_heads = 2 : i64} : (tensor<?x?x16xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>, tensor<*xi64>, tensor<*xi64>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %y#0, %y#1, %y#2 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// CHECK-LABEL: @scalars
// CHECK-SAME: %arg5: tensor<?x1xi32> {{{.*}}dalbit.keys_less = 1 : i64, dalbit.name = "past_seq_len"
// CHECK-SAME: %arg6: tensor<i32> {{{.*}}dalbit.keys_less = 0 : i64, dalbit.keys_total, dalbit.name
// CHECK: nn.attention
func.func @scalars(%q: tensor<?x?x16xf32> {dalbit.name = "q"}, %k: tensor<?x?x8xf32> {dalbit.name = "k"}, %v: tensor<?x?x8xf32> {dalbit.name = "v"},
    %pk: tensor<?x2x?x4xf32> {dalbit.name = "past_key"}, %pv: tensor<?x2x?x4xf32> {dalbit.name = "past_value"}, %past: tensor<?x1xi32> {dalbit.name = "past_seq_len", dalbit.dims = ["batch", 1]}, %most: tensor<i32> {dalbit.name = "total_seq_len"}) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %y:3 = onnx.node "GroupQueryAttention"(%q, %k, %v, %pk, %pv, %past, %most) opset 1 domain "com.microsoft" attributes {num_heads = 4 : i64, kv_num_heads = 2 : i64} : (tensor<?x?x16xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>, tensor<?x1xi32>, tensor<i32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %y#0, %y#1, %y#2 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// Others do not.
// CHECK-LABEL: @other_lengths
// CHECK: onnx.node "GroupQueryAttention"{{.*}} because "its seqlens_k is computed from 'lengths', but not as the ones of a mask of keys [B, P+T] or a number for each sequence"
// CHECK: onnx.node "GroupQueryAttention"{{.*}} because "its total_sequence_length is 7, not P+T; the new keys come behind the past"
func.func @other_lengths(%q: tensor<?x?x16xf32> {dalbit.name = "q"}, %k: tensor<?x?x8xf32> {dalbit.name = "k"}, %v: tensor<?x?x8xf32> {dalbit.name = "v"},
    %pk: tensor<?x2x?x4xf32> {dalbit.name = "past_key"}, %pv: tensor<?x2x?x4xf32> {dalbit.name = "past_value"}, %lengths: tensor<?xi32> {dalbit.name = "lengths", dalbit.dims = ["batch"]}) -> (tensor<*xf32>, tensor<*xf32>) {
  %twice = onnx.node "Add"(%lengths, %lengths) opset 13 : (tensor<?xi32>, tensor<?xi32>) -> tensor<*xi32>
  %most = onnx.constant dense<7> : tensor<1xi32>
  %y:3 = onnx.node "GroupQueryAttention"(%q, %k, %v, %pk, %pv, %twice, %most) opset 1 domain "com.microsoft" attributes {num_heads = 4 : i64, kv_num_heads = 2 : i64} : (tensor<?x?x16xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>, tensor<*xi32>, tensor<1xi32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  %z:3 = onnx.node "GroupQueryAttention"(%q, %k, %v, %pk, %pv, %lengths, %most) opset 1 domain "com.microsoft" attributes {num_heads = 4 : i64, kv_num_heads = 2 : i64} : (tensor<?x?x16xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>, tensor<?xi32>, tensor<1xi32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %y#0, %z#0 : tensor<*xf32>, tensor<*xf32>
}
