// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s | dalbit-opt | FileCheck %s
// RUN: dalbit-opt %s -canonicalize | FileCheck %s --check-prefix=FOLD

// What is printed can be read again and prints the same.

// CHECK-LABEL: func.func @main
// FOLD-LABEL: func.func @main
func.func @main(%ids: tensor<?x?xi64>, %seen: tensor<?x?xi64>,
                %pk: tensor<?x2x?x4xf32>, %pv: tensor<?x2x?x4xf32>)
    -> (tensor<?x?x8xf32>, tensor<?x2x?x4xf32>) {
  // CHECK: nn.constant dense<1.000000e+00> : tensor<8xf32>
  %one = nn.constant dense<1.0> : tensor<8xf32>
  // CHECK: nn.constant #onnx.weight<"w.bin", offset = 0, length = 256
  %w = nn.constant #onnx.weight<"w.bin", offset = 0, length = 256, element = f32, shape = [8, 8], starts = [0, 0], sizes = [8, 8], permutation = [1, 0]> : tensor<8x8xf32>
  // CHECK: nn.position_ids : tensor<1x?xi64>
  %p = nn.position_ids : tensor<1x?xi64>
  // CHECK: nn.embedding %{{.*}}, %{{.*}} : (tensor<8x8xf32>, tensor<?x?xi64>) -> tensor<?x?x8xf32>
  %a = nn.embedding %w, %ids : (tensor<8x8xf32>, tensor<?x?xi64>) -> tensor<?x?x8xf32>
  %b = nn.embedding %w, %p : (tensor<8x8xf32>, tensor<1x?xi64>) -> tensor<1x?x8xf32>
  // CHECK: nn.add %{{.*}}, %{{.*}} : (tensor<?x?x8xf32>, tensor<1x?x8xf32>) -> tensor<?x?x8xf32>
  %c = nn.add %a, %b : (tensor<?x?x8xf32>, tensor<1x?x8xf32>) -> tensor<?x?x8xf32>
  // CHECK: nn.layer_norm %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 9.99999974E-6 : f32}
  %d = nn.layer_norm %c, %one, %one {epsilon = 1.0e-5 : f32} : (tensor<?x?x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
  // CHECK: nn.layer_norm %{{.*}}, %{{[0-9a-z]*}} {epsilon
  %e = nn.layer_norm %d, %one {epsilon = 0.0 : f32} : (tensor<?x?x8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
  // CHECK: nn.linear %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x?x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
  %f = nn.linear %e, %w, %one : (tensor<?x?x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
  // CHECK: nn.linear %{{.*}}, %{{.*}} : (tensor<?x?x8xf32>, tensor<8x8xf32>) -> tensor<?x?x8xf32>
  %g = nn.linear %f, %w : (tensor<?x?x8xf32>, tensor<8x8xf32>) -> tensor<?x?x8xf32>
  // CHECK: nn.key_mask %{{.*}} : tensor<?x?xi64> -> tensor<?x?xf32>
  %m = nn.key_mask %seen : tensor<?x?xi64> -> tensor<?x?xf32>
  // CHECK: nn.key_mask %{{.*}} {hidden = -1.000000e+04 : f32}
  %n = nn.key_mask %seen {hidden = -1.0e4 : f32} : tensor<?x?xi64> -> tensor<?x?xf32>
  // CHECK: nn.key_mask %{{.*}} {counted} : tensor<?x?xi64> -> tensor<?x?xf32>
  %counted = nn.key_mask %seen {counted} : tensor<?x?xi64> -> tensor<?x?xf32>
  // CHECK: nn.attention %{{.*}}, %{{.*}}, %{{.*}} past %{{.*}}, %{{.*}} mask %{{.*}} {causal = true, heads = 2 : i64, kv_heads = 2 : i64, scale = 5.000000e-01 : f32}
  %o:3 = nn.attention %g, %f, %e past %pk, %pv mask %m {causal = true, heads = 2 : i64, kv_heads = 2 : i64, scale = 0.5 : f32} : (tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>, tensor<?x?xf32>) -> (tensor<?x?x8xf32>, tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>)
  // CHECK: nn.gelu %{{.*}} {approximate = "tanh"} : tensor<?x?x8xf32>
  %q = nn.gelu %o#0 {approximate = "tanh"} : tensor<?x?x8xf32>
  %r = nn.silu %q : tensor<?x?x8xf32>
  %s = nn.relu %r : tensor<?x?x8xf32>
  %t = nn.tanh %s : tensor<?x?x8xf32>
  %u = nn.sigmoid %t : tensor<?x?x8xf32>
  // FOLD-NOT: nn.scale
  // FOLD: nn.mul
  %v = nn.scale %u {factor = 1.0 : f32} : tensor<?x?x8xf32>
  // CHECK: nn.mul
  %y = nn.mul %v, %u : (tensor<?x?x8xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  return %y, %o#1 : tensor<?x?x8xf32>, tensor<?x2x?x4xf32>
}

// CHECK-LABEL: func.func @decoder
func.func @decoder(%x: tensor<?x?x8xf32>, %g: tensor<4xf32>, %c: tensor<9x2xf32>, %m: tensor<?x?xi64>) -> tensor<?x?x8xf32> {
  // CHECK: nn.rms_norm %{{.*}}, %{{.*}} {epsilon = 1.000000e+00 : f32, groups = 2 : i64}
  %n = nn.rms_norm %x, %g {epsilon = 1.0 : f32, groups = 2 : i64} : (tensor<?x?x8xf32>, tensor<4xf32>) -> tensor<?x?x8xf32>
  // CHECK: nn.mask_positions %{{.*}} {fill = 1 : i64} : tensor<?x?xi64> -> tensor<?x?xi64>
  %i = nn.mask_positions %m {fill = 1 : i64} : tensor<?x?xi64> -> tensor<?x?xi64>
  // CHECK: nn.rotary %{{.*}}, %{{.*}}, %{{.*}} at %{{.*}} {heads = 2 : i64, interleaved}
  %r = nn.rotary %n, %c, %c at %i {heads = 2 : i64, interleaved} : (tensor<?x?x8xf32>, tensor<9x2xf32>, tensor<9x2xf32>, tensor<?x?xi64>) -> tensor<?x?x8xf32>
  // CHECK: nn.attention {{.*}}softcap = 5.000000e+00 : f32, window = 3 : i64
  %o:3 = nn.attention %r, %r, %x {causal = true, heads = 2 : i64, kv_heads = 2 : i64, scale = 0.5 : f32, softcap = 5.0 : f32, window = 3 : i64} : (tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>) -> (tensor<?x?x8xf32>, tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>)
  return %o#0 : tensor<?x?x8xf32>
}
