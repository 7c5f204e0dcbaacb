// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -onnx-bind-shapes -verify-diagnostics | FileCheck %s

// The mask, the states and the caches of an encoder have its length, whatever
// the file calls that of the past; it is no symbol.
// CHECK-LABEL: @step
// CHECK-SAME: {dalbit.dims = ["B", "128"], dalbit.name = "encoder_attention_mask"}
// CHECK-SAME: {dalbit.dims = ["B", "1"], dalbit.name = "input_ids"}
// CHECK-SAME: {dalbit.dims = ["B", "2", "P", "4"], dalbit.name = "past_key_values.0.decoder.key"}
// CHECK-SAME: {dalbit.dims = ["B", "2", "128", "4"], dalbit.name = "past_key_values.0.encoder.key"}
// expected-warning @+2 {{the length of the source, dimension 1 of input 'encoder_attention_mask', is taken to be 128; say what it is with --shape encoder_attention_mask=DIMS}}
// expected-warning @+1 {{the model calls both P and 128 'past'}}
func.func @step(%m: tensor<?x?xi64> {dalbit.name = "encoder_attention_mask", dalbit.dims = ["b", "enc"]},
                %ids: tensor<?x1xi64> {dalbit.name = "input_ids"},
                %k: tensor<?x2x?x4xf32> {dalbit.name = "past_key_values.0.decoder.key", dalbit.dims = ["b", "2", "past", "4"]},
                %e: tensor<?x2x?x4xf32> {dalbit.name = "past_key_values.0.encoder.key", dalbit.dims = ["b", "2", "past", "4"]}) {
  return
}

// -----

// Beside the tokens of a decoder everything else is the source's.
// CHECK-LABEL: @whole
// CHECK-SAME: {dalbit.dims = ["B", "T"], dalbit.name = "input_ids"}
// CHECK-SAME: {dalbit.dims = ["B", "T"], dalbit.name = "attention_mask"}
// CHECK-SAME: {dalbit.dims = ["B", "T"], dalbit.name = "decoder_input_ids"}
// expected-warning @+1 {{the length of the source, dimension 1 of input 'input_ids', is taken to be T}}
func.func @whole(%ids: tensor<?x?xi64> {dalbit.name = "input_ids", dalbit.dims = ["b", "s"]},
                 %m: tensor<?x?xi64> {dalbit.name = "attention_mask", dalbit.dims = ["b", "s"]},
                 %d: tensor<?x?xi64> {dalbit.name = "decoder_input_ids", dalbit.dims = ["b", "s"]}) {
  return
}

// -----

// A model that is an encoder has no other side.
// CHECK-LABEL: @encoder
// CHECK-SAME: {dalbit.dims = ["B", "T"], dalbit.name = "encoder_input_ids"}
func.func @encoder(%ids: tensor<?x?xi64> {dalbit.name = "encoder_input_ids"}) {
  return
}
