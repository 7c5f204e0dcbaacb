// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/import/Skeleton.h"

#include "support/Error.h"

#include "llvm/Support/MathExtras.h"

#include <cstdint>

namespace dalbit::import {

namespace {

/// The messages on the way to a tensor. Field numbers are those of onnx.proto.
enum class Message { Model, Graph, Function, Node, Attribute, Tensor, Other };

constexpr uint32_t tensorSegment = 3, tensorRawData = 9;

Message childOf(Message parent, uint32_t field) {
  switch (parent) {
  case Message::Model:
    return field == 7    ? Message::Graph
           : field == 25 ? Message::Function
                         : Message::Other;
  case Message::Graph:
    return field == 1   ? Message::Node
           : field == 5 ? Message::Tensor
                        : Message::Other;
  case Message::Function:
    return field == 7 ? Message::Node : Message::Other;
  case Message::Node:
    return field == 5 ? Message::Attribute : Message::Other;
  case Message::Attribute:
    return field == 5 || field == 10   ? Message::Tensor
           : field == 6 || field == 11 ? Message::Graph
                                       : Message::Other;
  default:
    return Message::Other;
  }
}

void appendVarint(std::string &out, uint64_t value) {
  while (value >= 0x80) {
    out.push_back(char(value | 0x80));
    value >>= 7;
  }
  out.push_back(char(value));
}

[[noreturn]] void malformed(size_t position) {
  throw Error("not an ONNX model: the file is damaged or cut off near byte " +
              std::to_string(position));
}

/// The part that begins at \p start goes on past the end of what holds it.
[[noreturn]] void tooLong(size_t start, uint64_t end, size_t fileSize) {
  if (end <= fileSize)
    malformed(start);
  throw Error("not an ONNX model: the file is damaged or cut off: it has " +
              std::to_string(fileSize) + " bytes, what begins at byte " +
              std::to_string(start) + " ends at byte " + std::to_string(end));
}

class Scanner {
public:
  explicit Scanner(std::string_view file) : file(file) {}

  std::string copy(Message message, size_t begin, size_t end, int depth);

private:
  uint64_t varint(size_t &at, size_t end) const {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at >= end)
        malformed(at);
      uint8_t byte = uint8_t(file[at++]);
      value |= uint64_t(byte & 0x7f) << shift;
      if (byte < 0x80)
        return value;
    }
    malformed(at);
  }

  std::string_view file;
};

std::string Scanner::copy(Message message, size_t begin, size_t end,
                          int depth) {
  // An If in an If ...: models have two or three levels.
  if (depth > 64)
    throw Error("subgraphs are nested too deep");
  std::string out;
  size_t at = begin;
  while (at < end) {
    size_t start = at;
    uint64_t key = varint(at, end);
    uint32_t field = uint32_t(key >> 3);
    if (key >> 3 == 0 || key >> 3 > 0x1fffffff)
      malformed(start);
    size_t length = 0;
    switch (key & 7) {
    case 0:
      varint(at, end);
      break;
    case 1:
      length = 8;
      break;
    case 2: {
      uint64_t given = varint(at, end);
      if (given > end - at)
        tooLong(start, llvm::SaturatingAdd(uint64_t(at), given), file.size());
      length = size_t(given);
      break;
    }
    case 5:
      length = 4;
      break;
    default:
      malformed(start);
    }
    if (length > end - at)
      tooLong(start, at + length, file.size());
    size_t content = at;
    at += length;
    if ((key & 7) == 2) {
      Message child = childOf(message, field);
      if (child != Message::Other) {
        std::string inner = copy(child, content, at, depth + 1);
        appendVarint(out, key);
        appendVarint(out, inner.size());
        out += inner;
        continue;
      }
      if (message == Message::Tensor && field == tensorSegment)
        throw Error("a tensor is stored in segments, which is not supported");
      if (message == Message::Tensor && field == tensorRawData &&
          length > inlineBytes) {
        std::string segment;
        segment.push_back(1 << 3); // begin
        appendVarint(segment, content);
        segment.push_back(2 << 3); // end
        appendVarint(segment, at);
        appendVarint(out, tensorSegment << 3 | 2);
        appendVarint(out, segment.size());
        out += segment;
        continue;
      }
    }
    out.append(file.substr(start, at - start));
  }
  return out;
}

} // namespace

std::string skeletonOf(std::string_view file) {
  return Scanner(file).copy(Message::Model, 0, file.size(), 0);
}

} // namespace dalbit::import
