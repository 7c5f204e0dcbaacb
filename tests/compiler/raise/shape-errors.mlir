// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -onnx-bind-shapes -verify-diagnostics

// expected-error @+2 {{input 'frames': the size of dimension 1 ('n') is not known}}
// expected-note @+1 {{say it with --shape frames=DIMS}}
func.func @open(%x: tensor<1x?xf32> {dalbit.name = "frames", dalbit.dims = ["1", "n"]}) {
  return
}

// -----

// Rows whose number is open are as many as a batch has.
func.func @rows(%x: tensor<?x4xf32> {dalbit.name = "frames", dalbit.dims = ["?", "4"]}) {
  return
}

// -----

// expected-error @+1 {{input 'frames' has no rank}}
func.func @unranked(%x: tensor<*xf32> {dalbit.name = "frames"}) {
  return
}

// -----

// expected-warning @+1 {{the model calls both T and P+T 'sequence'}}
func.func @wrong_name(%ids: tensor<?x?xi64> {dalbit.name = "input_ids", dalbit.dims = ["batch", "sequence"]},
                      %mask: tensor<?x?xi64> {dalbit.name = "attention_mask", dalbit.dims = ["batch", "sequence"]},
                      %past: tensor<?x2x?x4xf32> {dalbit.name = "past_key"}) {
  return
}
