// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt --npu-verify-sync --split-input-file --verify-diagnostics %s

func.func @race() {
  %weights = npu.buffer "weights" at 0 region 2 : memref<64xi8, #npu.space<dram>>
  %slot = npu.buffer "slot" at 0 : memref<64xi8, #npu.space<spm>>
  %acc = npu.buffer "acc" at 0 : memref<8xi32, #npu.space<acc>>
  // expected-note@+1 {{earlier job}}
  npu.dma_in {bytes = 64 : i64, rows = 1 : i64, planes = 1 : i64} reads %weights : memref<64xi8, #npu.space<dram>> writes %slot : memref<64xi8, #npu.space<spm>> [] bases {}
  // expected-error@+1 {{races with an earlier job}}
  npu.matrix {rows = 1 : i64} reads %slot : memref<64xi8, #npu.space<spm>> writes %acc : memref<8xi32, #npu.space<acc>> [] bases {}
  return
}

// -----

func.func @ordered() {
  %weights = npu.buffer "weights" at 0 region 2 : memref<64xi8, #npu.space<dram>>
  %slot = npu.buffer "slot" at 0 : memref<64xi8, #npu.space<spm>>
  %acc = npu.buffer "acc" at 0 : memref<8xi32, #npu.space<acc>>
  npu.dma_in {bytes = 64 : i64, rows = 1 : i64, planes = 1 : i64} reads %weights : memref<64xi8, #npu.space<dram>> writes %slot : memref<64xi8, #npu.space<spm>> [] bases {} signal 2
  npu.matrix {rows = 1 : i64} reads %slot : memref<64xi8, #npu.space<spm>> writes %acc : memref<8xi32, #npu.space<acc>> [] bases {} wait 2
  return
}

// -----

func.func @deadlock() {
  %acc = npu.buffer "acc" at 0 : memref<8xi32, #npu.space<acc>>
  // expected-error@+1 {{waits for semaphore 1, which no earlier job signals: deadlock}}
  npu.matrix {rows = 1 : i64} writes %acc : memref<8xi32, #npu.space<acc>> [] bases {} wait 2
  return
}

// -----

// expected-error@+1 {{semaphore 1 is signalled 1 times more than it is waited for}}
func.func @leftover() {
  %slot = npu.buffer "slot" at 0 : memref<64xi8, #npu.space<spm>>
  npu.dma_in {bytes = 64 : i64} writes %slot : memref<64xi8, #npu.space<spm>> [] bases {} signal 2
  return
}

// -----

func.func @no_such_field() {
  // expected-error@+1 {{has no field "tokens"}}
  npu.vector {tokens = 1 : i64} [] bases {}
  return
}
