// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -onnx-bind-shapes -onnx-take-codes -onnx-fold-shapes -raise-activation -raise-linear -raise-rotary -raise-attention -raise-embedding | FileCheck %s

// Opset 23: causal, capped, key heads for several heads of queries, a past.
// CHECK-LABEL: @standard
// CHECK: nn.attention %arg0, %arg1, %arg2 past %arg3, %arg4 {causal = true, heads = 4 : i64, kv_heads = 2 : i64, scale = 5.000000e-01 : f32, softcap = 8.000000e+00 : f32}
func.func @standard(%q: tensor<?x?x16xf32> {dalbit.name = "q"}, %k: tensor<?x?x8xf32> {dalbit.name = "k"}, %v: tensor<?x?x8xf32> {dalbit.name = "v"},
    %pk: tensor<?x2x?x4xf32> {dalbit.name = "past_key"}, %pv: tensor<?x2x?x4xf32> {dalbit.name = "past_value"}) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %none = onnx.none
  %y:3 = onnx.node "Attention"(%q, %k, %v, %none, %pk, %pv) opset 23 attributes {is_causal = 1 : i64, q_num_heads = 4 : i64, kv_num_heads = 2 : i64, softcap = 8.0 : f32} : (tensor<?x?x16xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>, none, tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %y#0, %y#1, %y#2 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// A window of opset 25 is said by nobody yet: the node stays, with its name.
// CHECK-LABEL: @windowed
// CHECK: onnx.node "Attention"
func.func @windowed(%q: tensor<?x?x16xf32> {dalbit.name = "q"}) -> tensor<*xf32> {
  %y = onnx.node "Attention"(%q, %q, %q) opset 25 attributes {left_window_size = 3 : i64, q_num_heads = 4 : i64, kv_num_heads = 4 : i64} : (tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Opset 24: a cache that is written at a position of run time.
// CHECK-LABEL: @written
// CHECK: onnx.node "TensorScatter"{{.*}} because "it writes into a cache of a fixed length at a position that comes at run time; export the model with a past that grows"
// CHECK: onnx.node "Attention"{{.*}} because "its cache is filled up to a number that comes at run time
func.func @written(%q: tensor<?x2x?x4xf32> {dalbit.name = "q", dalbit.dims = ["batch", "2", "seq", "4"]}, %past: tensor<?x2x16x4xf32> {dalbit.name = "past_key", dalbit.dims = ["batch", "2", "16", "4"]},
    %at: tensor<?xi64> {dalbit.name = "write_indices", dalbit.dims = ["batch"]}, %n: tensor<?xi64> {dalbit.name = "nonpad_kv_seqlen", dalbit.dims = ["batch"]}) -> tensor<*xf32> {
  %none = onnx.none
  %k = onnx.node "TensorScatter"(%past, %q, %at) opset 24 attributes {axis = -2 : i64} : (tensor<?x2x16x4xf32>, tensor<?x2x?x4xf32>, tensor<?xi64>) -> tensor<*xf32>
  %y = onnx.node "Attention"(%q, %k, %k, %none, %none, %none, %n) opset 24 attributes {is_causal = 1 : i64} : (tensor<?x2x?x4xf32>, tensor<*xf32>, tensor<*xf32>, none, none, none, tensor<?xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// onnxruntime's: biases go to the products, the mask hides keys.
// CHECK-LABEL: @multi_head
// CHECK-DAG: %[[M:.*]] = nn.key_mask %arg1
// CHECK-DAG: %[[B:.*]] = nn.constant dense<2.000000e+00> : tensor<8xf32>
// CHECK: %[[L:.*]] = nn.linear %arg0, %{{.*}}, %[[B]]
// CHECK: nn.attention %{{.*}}, %{{.*}}, %{{.*}} mask %[[M]] {causal = true, heads = 2 : i64
func.func @multi_head(%x: tensor<?x?x8xf32> {dalbit.name = "x"}, %mask: tensor<?x?xi32> {dalbit.name = "attention_mask"}) -> tensor<*xf32> {
  %w = onnx.constant dense<0.5> : tensor<8x8xf32>
  %b = onnx.constant dense<2.0> : tensor<24xf32>
  %q = onnx.node "MatMul"(%x, %w) opset 13 : (tensor<?x?x8xf32>, tensor<8x8xf32>) -> tensor<*xf32>
  %k = onnx.node "MatMul"(%x, %w) opset 13 : (tensor<?x?x8xf32>, tensor<8x8xf32>) -> tensor<*xf32>
  %v = onnx.node "MatMul"(%x, %w) opset 13 : (tensor<?x?x8xf32>, tensor<8x8xf32>) -> tensor<*xf32>
  %y = onnx.node "MultiHeadAttention"(%q, %k, %v, %b, %mask) opset 1 domain "com.microsoft" attributes {num_heads = 2 : i64, unidirectional = 1 : i64} : (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<24xf32>, tensor<?x?xi32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Numbers of keys in the place of a mask; behind a past they count its keys.
// CHECK-LABEL: @numbers
// CHECK: %[[M:.*]] = nn.key_mask %arg1 {hidden = -1.000000e+04 : f32} : tensor<?xi32> -> tensor<?x?xf32>
// CHECK: nn.attention %{{.*}}, %{{.*}}, %{{.*}} past %arg2, %arg3 mask %[[M]] {causal = true
func.func @numbers(%x: tensor<?x?x8xf32> {dalbit.name = "x"}, %mask: tensor<?xi32> {dalbit.name = "mask_index", dalbit.dims = ["batch"]},
    %pk: tensor<?x2x?x4xf32> {dalbit.name = "past_key"}, %pv: tensor<?x2x?x4xf32> {dalbit.name = "past_value"}) -> tensor<*xf32> {
  %none = onnx.none
  %y = onnx.node "MultiHeadAttention"(%x, %x, %x, %none, %mask, %none, %pk, %pv) opset 1 domain "com.microsoft" attributes {num_heads = 2 : i64, unidirectional = 1 : i64} : (tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>, none, tensor<?xi32>, none, tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// With two numbers a sequence the second says where it begins; of five for one
// sequence the first counts.
// CHECK-LABEL: @from_to
// CHECK-DAG: %[[A:.*]] = nn.key_mask %arg1 {hidden = -1.000000e+04 : f32} : tensor<4xi32> -> tensor<2x?xf32>
// CHECK: nn.attention %arg0, %arg0, %arg0 mask %[[A]]
func.func @from_to(%x: tensor<2x?x8xf32> {dalbit.name = "x"}, %mask: tensor<4xi32> {dalbit.name = "mask_index"}) -> tensor<*xf32> {
  %none = onnx.none
  %y = onnx.node "MultiHeadAttention"(%x, %x, %x, %none, %mask) opset 1 domain "com.microsoft" attributes {num_heads = 2 : i64} : (tensor<2x?x8xf32>, tensor<2x?x8xf32>, tensor<2x?x8xf32>, none, tensor<4xi32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// CHECK-LABEL: @packed
// CHECK-DAG: %[[A:.*]] = nn.key_mask %arg1 {hidden = -1.000000e+04 : f32} : tensor<5xi32> -> tensor<1x?xf32>
// CHECK: nn.attention %arg0, %arg0, %arg0 mask %[[A]]
func.func @packed(%x: tensor<1x?x8xf32> {dalbit.name = "x"}, %mask: tensor<5xi32> {dalbit.name = "mask_index"}) -> tensor<*xf32> {
  %none = onnx.none
  %y = onnx.node "MultiHeadAttention"(%x, %x, %x, %none, %mask) opset 1 domain "com.microsoft" attributes {num_heads = 2 : i64} : (tensor<1x?x8xf32>, tensor<1x?x8xf32>, tensor<1x?x8xf32>, none, tensor<5xi32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// CHECK-LABEL: @unread_numbers
// CHECK: because "its mask has 4 numbers for 1 sequences; known are one each, two each, and three each and two"
func.func @unread_numbers(%x: tensor<1x?x8xf32> {dalbit.name = "x"}, %mask: tensor<4xi32> {dalbit.name = "mask_index"}) -> tensor<*xf32> {
  %none = onnx.none
  %y = onnx.node "MultiHeadAttention"(%x, %x, %x, %none, %mask) opset 1 domain "com.microsoft" attributes {num_heads = 2 : i64} : (tensor<1x?x8xf32>, tensor<1x?x8xf32>, tensor<1x?x8xf32>, none, tensor<4xi32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// A mask of which the ones are counted, as EmbedLayerNormalization does it.
// CHECK-LABEL: @counted
// CHECK: %[[M:.*]] = nn.key_mask %arg1 {counted, hidden = -1.000000e+04 : f32} : tensor<?x?xi32> -> tensor<?x?xf32>
// CHECK: nn.attention %{{.*}}, %{{.*}}, %{{.*}} mask %[[M]]
func.func @counted(%ids: tensor<?x?xi32> {dalbit.name = "input_ids"}, %mask: tensor<?x?xi32> {dalbit.name = "attention_mask"}) -> tensor<*xf32> {
  %none = onnx.none
  %t = onnx.constant dense<0.5> : tensor<8x6xf32>
  %g = onnx.constant dense<1.0> : tensor<6xf32>
  %w = onnx.constant dense<0.5> : tensor<6x18xf32>
  %b = onnx.constant dense<2.0> : tensor<18xf32>
  %e:2 = onnx.node "EmbedLayerNormalization"(%ids, %none, %t, %t, %none, %g, %g, %mask) opset 1 domain "com.microsoft" : (tensor<?x?xi32>, none, tensor<8x6xf32>, tensor<8x6xf32>, none, tensor<6xf32>, tensor<6xf32>, tensor<?x?xi32>) -> (tensor<*xf32>, tensor<*xi32>)
  %y = onnx.node "Attention"(%e#0, %w, %b, %e#1) opset 1 domain "com.microsoft" attributes {num_heads = 3 : i64} : (tensor<*xf32>, tensor<6x18xf32>, tensor<18xf32>, tensor<*xi32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// The projections are part of onnxruntime's Attention.
// CHECK-LABEL: @projected
// CHECK-COUNT-3: nn.linear %arg0, %{{.*}}, %{{.*}} : (tensor<?x?x6xf32>, tensor<6x6xf32>, tensor<6xf32>)
// CHECK: nn.attention {{.*}} {causal = true, heads = 3 : i64
func.func @projected(%x: tensor<?x?x6xf32> {dalbit.name = "x"}) -> tensor<*xf32> {
  %w = onnx.constant dense<0.5> : tensor<6x18xf32>
  %b = onnx.constant dense<2.0> : tensor<18xf32>
  %y = onnx.node "Attention"(%x, %w, %b) opset 1 domain "com.microsoft" attributes {num_heads = 3 : i64, unidirectional = 1 : i64} : (tensor<?x?x6xf32>, tensor<6x18xf32>, tensor<18xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Neighbours turn, and the heads are side by side before and after.
// CHECK-LABEL: @rotary
// CHECK: nn.rotary %arg0, %{{.*}} at %arg1 {heads = 2 : i64, interleaved}
func.func @rotary(%x: tensor<?x?x8xf32> {dalbit.name = "x"}, %ids: tensor<?x?xi64> {dalbit.name = "position_ids"}) -> tensor<*xf32> {
  %cos = onnx.constant dense<[[1.0, 1.0], [0.5, 0.9], [-0.4, 0.6]]> : tensor<3x2xf32>
  %sin = onnx.constant dense<[[0.0, 0.0], [0.8, 0.1], [0.9, 0.2]]> : tensor<3x2xf32>
  %y = onnx.node "RotaryEmbedding"(%x, %cos, %sin, %ids) opset 23 attributes {interleaved = 1 : i64, num_heads = 2 : i64} : (tensor<?x?x8xf32>, tensor<3x2xf32>, tensor<3x2xf32>, tensor<?x?xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// x * sigmoid(x), in onnxruntime's words and the standard's.
// CHECK-LABEL: @gates
// CHECK: %[[A:.*]] = nn.silu %arg0
// CHECK: nn.silu %[[A]]
func.func @gates(%x: tensor<?x?x8xf32> {dalbit.name = "x"}) -> tensor<*xf32> {
  %a = onnx.node "QuickGelu"(%x) opset 1 domain "com.microsoft" attributes {alpha = 1.0 : f32} : (tensor<?x?x8xf32>) -> tensor<*xf32>
  %y = onnx.node "Swish"(%a) opset 24 : (tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Two codes a byte, the low one first, zero points of 8; blocks of 2.
// CHECK-LABEL: @table
// CHECK: nn.constant #onnx.codes<dense<{{\[\[}}1, 2, 3, 4], [5, 6, 7, 8]]> : tensor<2x4xui8>, scales = dense<{{.*}}> : tensor<2x2xf32>, axis = 1, block = 2, zeros = dense<8> : tensor<2x2xui8>>
// CHECK: nn.embedding
func.func @table(%ids: tensor<?x?xi64> {dalbit.name = "input_ids"}) -> tensor<*xf32> {
  %codes = onnx.constant dense<[[33, 67], [101, 135]]> : tensor<2x2xui8>
  %scales = onnx.constant dense<[[0.5, 0.25], [1.0, 2.0]]> : tensor<2x2xf32>
  %y = onnx.node "GatherBlockQuantized"(%codes, %ids, %scales) opset 1 domain "com.microsoft" attributes {bits = 4 : i64, block_size = 2 : i64, gather_axis = 0 : i64, quantize_axis = 1 : i64} : (tensor<2x2xui8>, tensor<?x?xi64>, tensor<2x2xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// The bias of a SkipLayerNormalization belongs to the product beside it.
// CHECK-LABEL: @skip_bias
// CHECK: %[[L:.*]] = nn.linear %arg0, %{{.*}}, %{{.*}}
// CHECK: "Add"({{.*}}%[[L]]
func.func @skip_bias(%x: tensor<?x?x8xf32> {dalbit.name = "x"}) -> tensor<?x?x8xf32> {
  %w = onnx.constant dense<0.5> : tensor<8x8xf32>
  %v = onnx.constant dense<2.0> : tensor<8xf32>
  %p = onnx.node "MatMul"(%x, %w) opset 13 : (tensor<?x?x8xf32>, tensor<8x8xf32>) -> tensor<?x?x8xf32>
  %y = onnx.node "SkipLayerNormalization"(%x, %p, %v, %v, %v) opset 1 domain "com.microsoft" : (tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// -----

// Queries, keys and values in one tensor, heads outside.
// CHECK-LABEL: @packed_heads
// CHECK-COUNT-3: nn.linear %arg0
// CHECK: nn.attention %{{.*}}, %{{.*}}, %{{.*}} {causal = false, heads = 2 : i64
// CHECK-NOT: onnx.node
func.func @packed_heads(%x: tensor<?x?x8xf32> {dalbit.name = "x"}) -> tensor<*xf32> {
  %w = onnx.constant dense<0.5> : tensor<8x24xf32>
  %cut = onnx.constant dense<[0, 0, 2, 3, 4]> : tensor<5xi64>
  %all = onnx.node "MatMul"(%x, %w) opset 13 : (tensor<?x?x8xf32>, tensor<8x24xf32>) -> tensor<*xf32>
  %five = onnx.node "Reshape"(%all, %cut) opset 13 : (tensor<*xf32>, tensor<5xi64>) -> tensor<*xf32>
  %y = onnx.node "MultiHeadAttention"(%five) opset 1 domain "com.microsoft" attributes {num_heads = 2 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// A past of keys and values as one that the graph puts together, and takes
// apart again.
// CHECK-LABEL: @stacked_past
// CHECK: %[[A:.*]], %[[K:.*]], %[[V:.*]] = nn.attention {{.*}} past %arg1, %arg2 {causal = true, heads = 3 : i64
// CHECK: return %[[A]], %[[K]], %[[V]]
func.func @stacked_past(%x: tensor<?x?x6xf32> {dalbit.name = "x"}, %pk: tensor<?x3x?x2xf32> {dalbit.name = "past_key"}, %pv: tensor<?x3x?x2xf32> {dalbit.name = "past_value"}) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %w = onnx.constant dense<0.5> : tensor<6x18xf32>
  %b = onnx.constant dense<2.0> : tensor<18xf32>
  %none = onnx.none
  %i0 = onnx.constant dense<0> : tensor<i64>
  %i1 = onnx.constant dense<1> : tensor<i64>
  %uk = onnx.node "Unsqueeze"(%pk) opset 13 attributes {axes = array<i64: 0>} : (tensor<?x3x?x2xf32>) -> tensor<*xf32>
  %uv = onnx.node "Unsqueeze"(%pv) opset 13 attributes {axes = array<i64: 0>} : (tensor<?x3x?x2xf32>) -> tensor<*xf32>
  %past = onnx.node "Concat"(%uk, %uv) opset 13 attributes {axis = 0 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %y:2 = onnx.node "Attention"(%x, %w, %b, %none, %past) opset 1 domain "com.microsoft" attributes {num_heads = 3 : i64, unidirectional = 1 : i64} : (tensor<?x?x6xf32>, tensor<6x18xf32>, tensor<18xf32>, none, tensor<*xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  %k = onnx.node "Gather"(%y#1, %i0) opset 13 attributes {axis = 0 : i64} : (tensor<*xf32>, tensor<i64>) -> tensor<*xf32>
  %v = onnx.node "Gather"(%y#1, %i1) opset 13 attributes {axis = 0 : i64} : (tensor<*xf32>, tensor<i64>) -> tensor<*xf32>
  return %y#0, %k, %v : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// What the NPU has no place for stays, with the reason.
// CHECK-LABEL: @reasons
// CHECK: onnx.node "Attention"{{.*}} because "its scores are a result (qk_matmul_output)"
// CHECK: onnx.node "GroupQueryAttention"{{.*}} because "its head_sink is no constant; it needs one number a head, [4]"
func.func @reasons(%q: tensor<?x?x16xf32> {dalbit.name = "q"}, %m: tensor<?x?xi64> {dalbit.name = "attention_mask"}, %s: tensor<4xf32> {dalbit.name = "sinks"}) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %none = onnx.none
  %l = onnx.node "ReduceSum"(%m) opset 13 attributes {axes = array<i64: 1>, keepdims = 0 : i64} : (tensor<?x?xi64>) -> tensor<*xi64>
  %y:4 = onnx.node "Attention"(%q, %q, %q) opset 23 attributes {q_num_heads = 4 : i64, kv_num_heads = 4 : i64} : (tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  %z = onnx.node "GroupQueryAttention"(%q, %q, %q, %none, %none, %l, %none, %none, %none, %none, %none, %s) opset 1 domain "com.microsoft" attributes {num_heads = 4 : i64, kv_num_heads = 4 : i64} : (tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, none, none, tensor<*xi64>, none, none, none, none, none, tensor<4xf32>) -> tensor<*xf32>
  return %y#0, %y#3, %z : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// Sinks of a GroupQueryAttention: numbers of the heads, or 0.
// CHECK-LABEL: @head_sinks
// CHECK: %[[S:.*]] = nn.constant dense<[1.000000e+00, -2.000000e+00, 0.000000e+00, 3.000000e+00]> : tensor<4xf32>
// CHECK: nn.attention %arg0, %arg0, %arg0 {{.*}}sinks %[[S]] {causal = true, heads = 4 : i64, kv_heads = 4 : i64
// CHECK: %[[Z:.*]] = nn.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK: nn.attention %arg0, %arg0, %arg0 {{.*}}sinks %[[Z]] {causal = true, heads = 4 : i64, kv_heads = 4 : i64
func.func @head_sinks(%q: tensor<?x?x16xf32> {dalbit.name = "q"}, %m: tensor<?x?xi64> {dalbit.name = "attention_mask"}) -> (tensor<*xf32>, tensor<*xf32>) {
  %none = onnx.none
  %s = onnx.constant dense<[1.0, -2.0, 0.0, 3.0]> : tensor<4xf32>
  %one = onnx.constant dense<1> : tensor<1xi64>
  %n = onnx.node "ReduceSum"(%m) opset 13 attributes {axes = array<i64: 1>, keepdims = 0 : i64} : (tensor<?x?xi64>) -> tensor<*xi64>
  %l = onnx.node "Sub"(%n, %one) opset 13 : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %shape = onnx.node "Shape"(%m) opset 13 : (tensor<?x?xi64>) -> tensor<*xi64>
  %t = onnx.node "Gather"(%shape, %one) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %y = onnx.node "GroupQueryAttention"(%q, %q, %q, %none, %none, %l, %t, %none, %none, %none, %none, %s) opset 1 domain "com.microsoft" attributes {num_heads = 4 : i64, kv_num_heads = 4 : i64} : (tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, none, none, tensor<*xi64>, tensor<*xi64>, none, none, none, none, tensor<4xf32>) -> tensor<*xf32>
  %z = onnx.node "GroupQueryAttention"(%q, %q, %q, %none, %none, %l, %t) opset 1 domain "com.microsoft" attributes {num_heads = 4 : i64, kv_num_heads = 4 : i64, smooth_softmax = 1 : i64} : (tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, none, none, tensor<*xi64>, tensor<*xi64>) -> tensor<*xf32>
  return %y, %z : tensor<*xf32>, tensor<*xf32>
}

// -----

// What a GroupQueryAttention lacks is said.
// CHECK-LABEL: @lacking
// CHECK: because "its head_sink is of shape [3]; it needs one number a head, [4]"
// CHECK: because "it has no seqlens_k, which the operator requires
// CHECK: because "it has a key without a value"
// CHECK: because "it has a past key or value without the other"
// CHECK: because "it turns by positions (do_rotary), but its cos_cache is no constant matrix"
// CHECK: because "it has num_heads 4 and kv_num_heads 3"
func.func @lacking(%q: tensor<?x?x16xf32> {dalbit.name = "q"}, %m: tensor<?x?xi64> {dalbit.name = "attention_mask"}, %pk: tensor<?x4x?x4xf32> {dalbit.name = "past_key"}) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %none = onnx.none
  %s = onnx.constant dense<1.0> : tensor<3xf32>
  %one = onnx.constant dense<1> : tensor<1xi64>
  %n = onnx.node "ReduceSum"(%m) opset 13 attributes {axes = array<i64: 1>, keepdims = 0 : i64} : (tensor<?x?xi64>) -> tensor<*xi64>
  %l = onnx.node "Sub"(%n, %one) opset 13 : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %shape = onnx.node "Shape"(%m) opset 13 : (tensor<?x?xi64>) -> tensor<*xi64>
  %t = onnx.node "Gather"(%shape, %one) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %a = onnx.node "GroupQueryAttention"(%q, %q, %q, %none, %none, %l, %t, %none, %none, %none, %none, %s) opset 1 domain "com.microsoft" attributes {num_heads = 4 : i64, kv_num_heads = 4 : i64} : (tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, none, none, tensor<*xi64>, tensor<*xi64>, none, none, none, none, tensor<3xf32>) -> tensor<*xf32>
  %b = onnx.node "GroupQueryAttention"(%q, %q, %q, %none, %none, %none, %t) opset 1 domain "com.microsoft" attributes {num_heads = 4 : i64, kv_num_heads = 4 : i64} : (tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, none, none, none, tensor<*xi64>) -> tensor<*xf32>
  %c = onnx.node "GroupQueryAttention"(%q, %q, %none, %none, %none, %l, %t) opset 1 domain "com.microsoft" attributes {num_heads = 4 : i64, kv_num_heads = 4 : i64} : (tensor<?x?x16xf32>, tensor<?x?x16xf32>, none, none, none, tensor<*xi64>, tensor<*xi64>) -> tensor<*xf32>
  %d = onnx.node "GroupQueryAttention"(%q, %q, %q, %pk, %none, %l, %t) opset 1 domain "com.microsoft" attributes {num_heads = 4 : i64, kv_num_heads = 4 : i64} : (tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x4x?x4xf32>, none, tensor<*xi64>, tensor<*xi64>) -> tensor<*xf32>
  %e = onnx.node "GroupQueryAttention"(%q, %q, %q, %none, %none, %l, %t) opset 1 domain "com.microsoft" attributes {do_rotary = 1 : i64, num_heads = 4 : i64, kv_num_heads = 4 : i64} : (tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, none, none, tensor<*xi64>, tensor<*xi64>) -> tensor<*xf32>
  %f = onnx.node "GroupQueryAttention"(%q, %q, %q, %none, %none, %l, %t) opset 1 domain "com.microsoft" attributes {num_heads = 4 : i64, kv_num_heads = 3 : i64} : (tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, none, none, tensor<*xi64>, tensor<*xi64>) -> tensor<*xf32>
  return %a, %b, %c, %d, %e, %f : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}
