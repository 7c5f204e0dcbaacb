// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model file without its weights.
//
// libonnx copies every tensor when it parses, and protobuf refuses messages of
// 2 GiB. So the mapped file is walked first on the level of protobuf's wire
// format (protobuf.dev/programming-guides/encoding) along
// Model.graph / Graph.initializer, Graph.node.attribute.{t,g,tensors,graphs},
// Model.functions.node.attribute likewise,
// and each raw_data above 1 KiB is left out. Its place is kept in the tensor's
// `segment` field, which the standard reserves and nobody writes: begin and
// end are then byte positions in the file.
//
// Promises: time and memory follow the size of what is left; every length is
// checked against its enclosing message. A malformed file throws
// dalbit::Error (without the file's name).

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dalbit::import {

/// raw_data of up to this many bytes stays in the message.
constexpr size_t inlineBytes = 1024;

/// The serialised ModelProto \p file without its large raw_data.
std::string skeletonOf(std::string_view file);

} // namespace dalbit::import
