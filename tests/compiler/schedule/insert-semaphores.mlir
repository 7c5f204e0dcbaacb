// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt --npu-insert-semaphores --npu-verify-sync %s | FileCheck %s

// One wait for the load, though two jobs read it; the next load waits for the last reader.
// CHECK-LABEL: @reuse
func.func @reuse() {
  %weights = npu.buffer "weights" at 0 region 2 : memref<64xi8, #npu.space<dram>>
  %slot = npu.buffer "slot" at 0 : memref<64xi8, #npu.space<spm>>
  %a = npu.buffer "a" at 0 : memref<8xi32, #npu.space<acc>>
  %b = npu.buffer "b" at 8 : memref<8xi32, #npu.space<acc>>
  // CHECK: npu.dma_in {{.*}} signal [[LOADED:[0-9]+]]
  npu.dma_in {bytes = 64 : i64, rows = 1 : i64, planes = 1 : i64} reads %weights : memref<64xi8, #npu.space<dram>> writes %slot : memref<64xi8, #npu.space<spm>> [] bases {}
  // CHECK: npu.matrix {{.*}} wait [[LOADED]]
  // CHECK-NOT: signal
  npu.matrix {rows = 1 : i64} reads %slot : memref<64xi8, #npu.space<spm>> writes %a : memref<8xi32, #npu.space<acc>> [] bases {}
  // CHECK: npu.matrix
  // CHECK-NOT: wait
  // CHECK-SAME: signal [[READ:[0-9]+]]
  npu.matrix {rows = 1 : i64} reads %slot : memref<64xi8, #npu.space<spm>> writes %b : memref<8xi32, #npu.space<acc>> [] bases {}
  // CHECK: npu.dma_in {{.*}} wait [[READ]]
  npu.dma_in {bytes = 64 : i64, rows = 1 : i64, planes = 1 : i64} reads %weights : memref<64xi8, #npu.space<dram>> writes %slot : memref<64xi8, #npu.space<spm>> [] bases {}
  return
}
