// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dalbit-opt %s -split-input-file -raise-conv -sink-moves -raise-tokens | FileCheck %s

// Patches of an image: [B, O, H, W] becomes rows again behind it.
// CHECK-LABEL: @patches
// CHECK: %[[P:.*]] = nn.rearrange %arg0 view [-1, 3, 2, 4, 2, 4] order [0, 2, 4, 1, 3, 5] : (tensor<?x3x8x8xf32>) -> tensor<?x4x48xf32>
// CHECK: %[[Y:.*]] = nn.linear %[[P]], %{{.*}}, %{{.*}} : (tensor<?x4x48xf32>, tensor<48x5xf32>, tensor<5xf32>) -> tensor<?x4x5xf32>
// CHECK: return %[[Y]]
func.func @patches(%x: tensor<?x3x8x8xf32> {dalbit.dims = ["B", "3", "8", "8"]}) -> tensor<?x4x5xf32> {
  %w = onnx.constant dense<1.0> : tensor<5x3x4x4xf32>
  %b = onnx.constant dense<1.0> : tensor<5xf32>
  %flat = onnx.constant dense<[0, 5, -1]> : tensor<3xi64>
  %c = onnx.node "Conv"(%x, %w, %b) opset 13 attributes {auto_pad = "NOTSET", dilations = array<i64: 1, 1>, group = 1 : i64, kernel_shape = array<i64: 4, 4>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 4, 4>} : (tensor<?x3x8x8xf32>, tensor<5x3x4x4xf32>, tensor<5xf32>) -> tensor<?x5x2x2xf32>
  %f = onnx.node "Reshape"(%c, %flat) opset 13 : (tensor<?x5x2x2xf32>, tensor<3xi64>) -> tensor<?x5x4xf32>
  %y = onnx.node "Transpose"(%f) opset 13 attributes {perm = array<i64: 0, 2, 1>} : (tensor<?x5x4xf32>) -> tensor<?x4x5xf32>
  return %y : tensor<?x4x5xf32>
}

// -----

// Over time: element (k, c) of a window meets weight [o, c, k].
// CHECK-LABEL: @time
// CHECK: %[[R:.*]] = nn.rearrange %arg0 view [-1, 2, 6] order [0, 2, 1]
// CHECK: %[[W:.*]] = nn.windows %[[R]] {after = 1 : i64, before = 1 : i64, size = 3 : i64, stride = 2 : i64} : (tensor<?x6x2xf32>) -> tensor<?x3x6xf32>
// CHECK: nn.constant dense<{{\[\[}}1.000000e+00], [4.000000e+00], [2.000000e+00], [5.000000e+00], [3.000000e+00], [6.000000e+00]]> : tensor<6x1xf32>
// CHECK: nn.linear %[[W]]
func.func @time(%x: tensor<?x2x6xf32> {dalbit.dims = ["B", "2", "6"]}) -> tensor<?x3x1xf32> {
  %w = onnx.constant dense<[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]> : tensor<1x2x3xf32>
  %c = onnx.node "Conv"(%x, %w) opset 13 attributes {auto_pad = "NOTSET", dilations = array<i64: 1>, group = 1 : i64, kernel_shape = array<i64: 3>, pads = array<i64: 1, 1>, strides = array<i64: 2>} : (tensor<?x2x6xf32>, tensor<1x2x3xf32>) -> tensor<?x1x3xf32>
  %y = onnx.node "Transpose"(%c) opset 13 attributes {perm = array<i64: 0, 2, 1>} : (tensor<?x1x3xf32>) -> tensor<?x3x1xf32>
  return %y : tensor<?x3x1xf32>
}

// -----

// A bias may stand behind; a number for each row is none.
// CHECK-LABEL: @bias_behind
// CHECK: %[[B:.*]] = nn.constant dense<[1.000000e+00, 2.000000e+00]>
// CHECK: %[[Y:.*]] = nn.linear %{{.*}}, %{{.*}}, %[[B]]
// CHECK: return %[[Y]]
func.func @bias_behind(%x: tensor<?x2x4xf32> {dalbit.dims = ["B", "2", "4"]}) -> tensor<?x2x2xf32> {
  %w = onnx.constant dense<1.0> : tensor<2x2x2xf32>
  %b = onnx.constant dense<[[[1.0], [2.0]]]> : tensor<1x2x1xf32>
  %c = onnx.node "Conv"(%x, %w) opset 13 attributes {auto_pad = "NOTSET", dilations = array<i64: 1>, group = 1 : i64, kernel_shape = array<i64: 2>, pads = array<i64: 0, 0>, strides = array<i64: 2>} : (tensor<?x2x4xf32>, tensor<2x2x2xf32>) -> tensor<?x2x2xf32>
  %s = onnx.node "Add"(%c, %b) opset 13 : (tensor<?x2x2xf32>, tensor<1x2x1xf32>) -> tensor<?x2x2xf32>
  %y = onnx.node "Transpose"(%s) opset 13 attributes {perm = array<i64: 0, 2, 1>} : (tensor<?x2x2xf32>) -> tensor<?x2x2xf32>
  return %y : tensor<?x2x2xf32>
}

// CHECK-LABEL: @rows_behind
// CHECK: nn.linear %{{.*}}, %{{[a-z0-9]+}} : (
// CHECK: onnx.node "Add"
func.func @rows_behind(%x: tensor<?x2x4xf32> {dalbit.dims = ["B", "2", "4"]}) -> tensor<?x2x2xf32> {
  %w = onnx.constant dense<1.0> : tensor<2x2x2xf32>
  %b = onnx.constant dense<[[[1.0, 2.0]]]> : tensor<1x1x2xf32>
  %c = onnx.node "Conv"(%x, %w) opset 13 attributes {auto_pad = "NOTSET", dilations = array<i64: 1>, group = 1 : i64, kernel_shape = array<i64: 2>, pads = array<i64: 0, 0>, strides = array<i64: 2>} : (tensor<?x2x4xf32>, tensor<2x2x2xf32>) -> tensor<?x2x2xf32>
  %s = onnx.node "Add"(%c, %b) opset 13 : (tensor<?x2x2xf32>, tensor<1x1x2xf32>) -> tensor<?x2x2xf32>
  return %s : tensor<?x2x2xf32>
}

// -----

// Groups are products of all channels with zeros in between.
// CHECK-LABEL: @groups
// CHECK: %[[R:.*]] = nn.windows %{{.*}} {after = 0 : i64, before = 0 : i64, size = 2 : i64, stride = 1 : i64}
// CHECK: %[[W:.*]] = nn.constant dense<{{\[\[}}1.000000e+00, 0.000000e+00], [2.000000e+00, 0.000000e+00], [0.000000e+00, 5.000000e+00], [0.000000e+00, 6.000000e+00], [3.000000e+00, 0.000000e+00], [4.000000e+00, 0.000000e+00], [0.000000e+00, 7.000000e+00], [0.000000e+00, 8.000000e+00]]>
// CHECK: nn.linear %[[R]], %[[W]]
func.func @groups(%x: tensor<?x4x6xf32> {dalbit.dims = ["B", "4", "6"]}) -> tensor<?x2x5xf32> {
  %w = onnx.constant dense<[[[1.0, 3.0], [2.0, 4.0]], [[5.0, 7.0], [6.0, 8.0]]]> : tensor<2x2x2xf32>
  %c = onnx.node "Conv"(%x, %w) opset 13 attributes {auto_pad = "NOTSET", dilations = array<i64: 1>, group = 2 : i64, kernel_shape = array<i64: 2>, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<?x4x6xf32>, tensor<2x2x2xf32>) -> tensor<?x2x5xf32>
  return %c : tensor<?x2x5xf32>
}

// -----

// Where that would be too much, parts of the channels have windows of their own
// (wav2vec2); the last row of an even kernel, which is cut off, is not made.
// CHECK-LABEL: @parts
// CHECK: %[[R:.*]] = nn.rearrange %arg0
// CHECK: %[[X:.*]] = nn.linear %[[R]], %{{.*}} {dalbit.moves_columns} : (tensor<?x6x768xf32>, tensor<768x48xf32>) -> tensor<?x6x48xf32>
// CHECK: %[[W:.*]] = nn.windows %[[X]] {after = 63 : i64, before = 64 : i64, size = 128 : i64, stride = 1 : i64} : (tensor<?x6x48xf32>) -> tensor<?x6x6144xf32>
// CHECK: %[[Y:.*]] = nn.linear %[[W]], %{{.*}}, %{{.*}} : (tensor<?x6x6144xf32>, tensor<6144x48xf32>, tensor<48xf32>) -> tensor<?x6x48xf32>
// CHECK: nn.linear %[[Y]], %{{.*}} {dalbit.moves_columns} : (tensor<?x6x48xf32>, tensor<48x768xf32>) -> tensor<?x6x768xf32>
// CHECK-COUNT-15: nn.add
// CHECK-NOT: onnx.node
func.func @parts(%x: tensor<?x768x6xf32> {dalbit.dims = ["B", "768", "6"]}) -> tensor<?x6x768xf32> {
  %w = onnx.constant dense<1.0> : tensor<768x48x128xf32>
  %b = onnx.constant dense<2.0> : tensor<768xf32>
  %first = onnx.constant dense<0> : tensor<1xi64>
  %last = onnx.constant dense<-1> : tensor<1xi64>
  %axis = onnx.constant dense<2> : tensor<1xi64>
  %c = onnx.node "Conv"(%x, %w, %b) opset 13 attributes {auto_pad = "NOTSET", dilations = array<i64: 1>, group = 16 : i64, kernel_shape = array<i64: 128>, pads = array<i64: 64, 64>, strides = array<i64: 1>} : (tensor<?x768x6xf32>, tensor<768x48x128xf32>, tensor<768xf32>) -> tensor<?x768x7xf32>
  %s = onnx.node "Slice"(%c, %first, %last, %axis) opset 13 : (tensor<?x768x7xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x768x6xf32>
  %y = onnx.node "Transpose"(%s) opset 13 attributes {perm = array<i64: 0, 2, 1>} : (tensor<?x768x6xf32>) -> tensor<?x6x768xf32>
  return %y : tensor<?x6x768xf32>
}

// -----

// A row that windows would have to leave out in front is cut off behind them.
// CHECK-LABEL: @cut_too_much
// CHECK: nn.windows %{{.*}} {after = 0 : i64, before = 0 : i64, size = 2 : i64, stride = 1 : i64}
// CHECK: onnx.node "Slice"
func.func @cut_too_much(%x: tensor<?x2x6xf32> {dalbit.dims = ["B", "2", "6"]}) -> tensor<?x2x4xf32> {
  %w = onnx.constant dense<1.0> : tensor<2x2x2xf32>
  %first = onnx.constant dense<1> : tensor<1xi64>
  %last = onnx.constant dense<5> : tensor<1xi64>
  %axis = onnx.constant dense<2> : tensor<1xi64>
  %c = onnx.node "Conv"(%x, %w) opset 13 attributes {group = 1 : i64} : (tensor<?x2x6xf32>, tensor<2x2x2xf32>) -> tensor<?x2x5xf32>
  %s = onnx.node "Slice"(%c, %first, %last, %axis) opset 13 : (tensor<?x2x5xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2x4xf32>
  return %s : tensor<?x2x4xf32>
}

// -----

// Groups that are none of these stay, with the reason.
// CHECK-LABEL: @wide_groups
// CHECK: onnx.node "Conv"{{.*}} because "it has 2 groups; its windows have 65536 columns, in 2 parts 32768 each, of which 12288 are possible"
// CHECK: onnx.node "Conv"{{.*}} because "it has 2 groups, and its number of channels is open"
// CHECK: onnx.node "Conv"{{.*}} because "it has 2 groups; known are groups of a convolution over time"
func.func @wide_groups(%x: tensor<?x1024x6xf32> {dalbit.dims = ["B", "1024", "6"]}, %o: tensor<?x?x6xf32> {dalbit.dims = ["B", "channels", "6"]}, %i: tensor<?x4x6x6xf32> {dalbit.dims = ["B", "4", "6", "6"]}) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %w = onnx.constant dense<1.0> : tensor<1024x512x64xf32>
  %v = onnx.constant dense<1.0> : tensor<4x2x2xf32>
  %u = onnx.constant dense<1.0> : tensor<4x2x2x2xf32>
  %c = onnx.node "Conv"(%x, %w) opset 13 attributes {group = 2 : i64, pads = array<i64: 32, 32>} : (tensor<?x1024x6xf32>, tensor<1024x512x64xf32>) -> tensor<*xf32>
  %d = onnx.node "Conv"(%o, %v) opset 13 attributes {group = 2 : i64} : (tensor<?x?x6xf32>, tensor<4x2x2xf32>) -> tensor<*xf32>
  %e = onnx.node "Conv"(%i, %u) opset 13 attributes {group = 2 : i64} : (tensor<?x4x6x6xf32>, tensor<4x2x2x2xf32>) -> tensor<*xf32>
  return %c, %d, %e : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// One stride for two dimensions, more channels than there are: not according
// to the standard.
// CHECK-LABEL: @short_strides
// CHECK-COUNT-2: "Conv"
func.func @short_strides(%x: tensor<?x3x8x8xf32> {dalbit.dims = ["B", "3", "8", "8"]}) -> (tensor<?x5x2x2xf32>, tensor<?x5x2x2xf32>) {
  %w = onnx.constant dense<1.0> : tensor<5x3x4x4xf32>
  %v = onnx.constant dense<1.0> : tensor<5x4x4x4xf32>
  %c = onnx.node "Conv"(%x, %w) opset 13 attributes {auto_pad = "NOTSET", group = 1 : i64, strides = array<i64: 4>} : (tensor<?x3x8x8xf32>, tensor<5x3x4x4xf32>) -> tensor<?x5x2x2xf32>
  %d = onnx.node "Conv"(%x, %v) opset 13 attributes {auto_pad = "NOTSET", group = 1 : i64, strides = array<i64: 4, 4>} : (tensor<?x3x8x8xf32>, tensor<5x4x4x4xf32>) -> tensor<?x5x2x2xf32>
  return %c, %d : tensor<?x5x2x2xf32>, tensor<?x5x2x2xf32>
}

// -----

// Padding that gives as many windows as strides (auto_pad), of an even kernel
// the odd zero behind or in front; a Slice at each end takes its windows away.
// CHECK-LABEL: @same
// CHECK: nn.windows %{{.*}} {after = 2 : i64, before = 1 : i64, size = 4 : i64, stride = 1 : i64}
// CHECK: nn.windows %{{.*}} {after = 1 : i64, before = 1 : i64, size = 4 : i64, stride = 2 : i64}
// CHECK: nn.windows %{{.*}} {after = 0 : i64, before = 1 : i64, size = 3 : i64, stride = 1 : i64}
// CHECK-NOT: onnx.node "Slice"
func.func @same(%x: tensor<?x2x6xf32> {dalbit.dims = ["B", "2", "6"]}) -> (tensor<?x2x6xf32>, tensor<?x2x3xf32>, tensor<?x2x5xf32>) {
  %w = onnx.constant dense<1.0> : tensor<2x2x4xf32>
  %v = onnx.constant dense<1.0> : tensor<2x2x3xf32>
  %first = onnx.constant dense<1> : tensor<1xi64>
  %last = onnx.constant dense<-2> : tensor<1xi64>
  %zero = onnx.constant dense<0> : tensor<1xi64>
  %all = onnx.constant dense<100> : tensor<1xi64>
  %axis = onnx.constant dense<2> : tensor<1xi64>
  %c = onnx.node "Conv"(%x, %w) opset 13 attributes {auto_pad = "SAME_UPPER"} : (tensor<?x2x6xf32>, tensor<2x2x4xf32>) -> tensor<?x2x6xf32>
  %d = onnx.node "Conv"(%x, %w) opset 13 attributes {auto_pad = "SAME_LOWER", strides = array<i64: 2>} : (tensor<?x2x6xf32>, tensor<2x2x4xf32>) -> tensor<?x2x3xf32>
  %e = onnx.node "Conv"(%x, %v) opset 13 attributes {pads = array<i64: 2, 2>} : (tensor<?x2x6xf32>, tensor<2x2x3xf32>) -> tensor<?x2x8xf32>
  %f = onnx.node "Slice"(%e, %first, %all, %axis) opset 13 : (tensor<?x2x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2x7xf32>
  %g = onnx.node "Slice"(%f, %zero, %last, %axis) opset 13 : (tensor<?x2x7xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2x5xf32>
  return %c, %d, %g : tensor<?x2x6xf32>, tensor<?x2x3xf32>, tensor<?x2x5xf32>
}

// -----

// Other convolutions stay, with the reason.
// CHECK-LABEL: @others
// CHECK: onnx.node "Conv"{{.*}} because "its weights are no constant"
// CHECK: onnx.node "Conv"{{.*}} because "its kernel has holes (dilations)"
// CHECK: onnx.node "Conv"{{.*}} because "known are patches of images: kernels as large as their strides, without padding"
// CHECK: onnx.node "Conv"{{.*}} because "the image is no whole number of patches: 8 by 3"
// CHECK: onnx.node "Conv"{{.*}} because "the sizes of its input are open; fix them with --shape"
func.func @others(%x: tensor<?x3x8x8xf32> {dalbit.dims = ["B", "3", "8", "8"]}, %w: tensor<5x3x2x2xf32>, %o: tensor<?x3x?x?xf32> {dalbit.dims = ["B", "3", "height", "width"]}) -> (tensor<?x5x4x4xf32>, tensor<?x5x6x6xf32>, tensor<?x5x7x7xf32>, tensor<?x5x2x2xf32>, tensor<?x5x?x?xf32>) {
  %u = onnx.constant dense<1.0> : tensor<5x3x2x2xf32>
  %v = onnx.constant dense<1.0> : tensor<5x3x3x3xf32>
  %a = onnx.node "Conv"(%x, %w) opset 13 attributes {strides = array<i64: 2, 2>} : (tensor<?x3x8x8xf32>, tensor<5x3x2x2xf32>) -> tensor<?x5x4x4xf32>
  %b = onnx.node "Conv"(%x, %u) opset 13 attributes {dilations = array<i64: 2, 2>} : (tensor<?x3x8x8xf32>, tensor<5x3x2x2xf32>) -> tensor<?x5x6x6xf32>
  %c = onnx.node "Conv"(%x, %u) opset 13 : (tensor<?x3x8x8xf32>, tensor<5x3x2x2xf32>) -> tensor<?x5x7x7xf32>
  %d = onnx.node "Conv"(%x, %v) opset 13 attributes {strides = array<i64: 3, 3>} : (tensor<?x3x8x8xf32>, tensor<5x3x3x3xf32>) -> tensor<?x5x2x2xf32>
  %e = onnx.node "Conv"(%o, %u) opset 13 attributes {strides = array<i64: 2, 2>} : (tensor<?x3x?x?xf32>, tensor<5x3x2x2xf32>) -> tensor<?x5x?x?xf32>
  return %a, %b, %c, %d, %e : tensor<?x5x4x4xf32>, tensor<?x5x6x6xf32>, tensor<?x5x7x7xf32>, tensor<?x5x2x2xf32>, tensor<?x5x?x?xf32>
}
