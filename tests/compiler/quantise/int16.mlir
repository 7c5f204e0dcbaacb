// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -nn-to-qnn="int16=up" | FileCheck %s
// RUN: not dalbit-opt %s -nn-to-qnn="int16=up,other" 2>&1 | FileCheck %s --check-prefix=NAME
// One layer of two on the same rows takes them in 16 bits (A2).

// CHECK: %[[C:.*]], %[[S:.*]] = qnn.quantize %[[X:.*]] {fraction = 16 : i64} : (tensor<?x?x4xi32>) -> (tensor<?x?x4xi8>, tensor<?x?xi32>)
// CHECK: qnn.linear %[[C]], %[[S]] {
// CHECK: %[[H:.*]], %[[HS:.*]], %[[L:.*]]:2 = qnn.quantize %[[X]] {fraction = 16 : i64}
// CHECK: qnn.linear %[[H]], %[[HS]] low %[[L]]#0, %[[L]]#1 {
// NAME: --int16 other: no linear layer comes from a node of this name
func.func @main(%x: tensor<?x?x4xf32>) -> (tensor<?x?x4xf32>, tensor<?x?x4xf32>) {
  %w = nn.constant dense<0.5> : tensor<4x4xf32>
  %a = nn.linear %x, %w : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32> loc("gate")
  %b = nn.linear %x, %w : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32> loc("up")
  return %a, %b : tensor<?x?x4xf32>, tensor<?x?x4xf32>
}

// What only moves columns loses nothing, whatever weights are asked for.
// RUN: dalbit-opt %s -nn-to-qnn="int16=up weights=w4" | FileCheck %s --check-prefix=MOVES
// MOVES-LABEL: @moves
// MOVES: %[[H:.*]], %[[HS:.*]], %[[L:.*]]:2 = qnn.quantize
// MOVES: qnn.linear %[[H]], %[[HS]] low %[[L]]#0, %[[L]]#1 {form = "w8"
func.func @moves(%x: tensor<?x?x4xf32>) -> tensor<?x?x2xf32> {
  %w = nn.constant dense<[[0.0, 1.0], [0.0, 0.0], [1.0, 0.0], [0.0, 0.0]]> : tensor<4x2xf32>
  %a = nn.linear %x, %w {dalbit.moves_columns} : (tensor<?x?x4xf32>, tensor<4x2xf32>) -> tensor<?x?x2xf32>
  return %a : tensor<?x?x2xf32>
}
