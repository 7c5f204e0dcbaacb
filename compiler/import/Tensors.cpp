// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/import/Tensors.h"

#include "compiler/dialect/onnx/OnnxOps.h"
#include "compiler/dialect/onnx/Weight.h"
#include "compiler/execute/Constants.h"
#include "compiler/execute/ElementTypes.h"
#include "compiler/execute/TensorProto.h"
#include "compiler/import/Skeleton.h"

#include "support/Error.h"
#include "support/MappedFile.h"

#include <onnx/onnx_pb.h>

#include <charconv>
#include <optional>

using namespace mlir;

namespace dalbit::import {

using execute::requireBytes;
using execute::TensorHeader;

namespace {

TypedAttr weight(MLIRContext *context, const TensorHeader &header,
                 const std::string &path, int64_t offset) {
  auto type = RankedTensorType::get(
      header.shape, execute::mlirOfElement(context, header.element));
  return onnx::WeightAttr::get(StringAttr::get(context, path), offset,
                               header.bytes, type);
}

int64_t externalNumber(const std::string &key, const std::string &text) {
  int64_t value = 0;
  auto [end, status] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size() || value < 0)
    throw Error("external data has " + key + " '" + text +
                "', which is no size");
  return value;
}

/// A file name inside the model's folder; the standard forbids others, and a
/// model must not be able to read any file of its user.
void requireInside(const std::string &location) {
  bool inside = !location.empty() && location[0] != '/' &&
                location.find('\0') == std::string::npos &&
                location.find('\\') == std::string::npos;
  for (size_t at = 0; at <= location.size() && inside;) {
    size_t end = std::min(location.find('/', at), location.size());
    inside = location.compare(at, end - at, "..") != 0;
    at = end + 1;
  }
  if (!inside)
    throw Error("external data '" + location +
                "' lies outside the model's folder");
}

/// 4-bit integers are unpacked when they are read: a view has whole bytes.
bool isPacked(const TensorHeader &header) {
  return execute::storedAs(header.element) != header.element;
}

TypedAttr external(MLIRContext *context, const TensorHeader &header,
                   const ::onnx::TensorProto &tensor, const ModelFile &file) {
  std::string location;
  int64_t offset = 0;
  std::optional<int64_t> length;
  for (const auto &entry : tensor.external_data()) {
    if (entry.key() == "location")
      location = entry.value();
    else if (entry.key() == "offset")
      offset = externalNumber("offset", entry.value());
    else if (entry.key() == "length")
      length = externalNumber("length", entry.value());
  }
  requireInside(location);
  requireBytes(header, length.value_or(header.bytes));
  std::string path = file.folder + location;
  const MappedFile &data =
      context->getLoadedDialect<onnx::OnnxDialect>()->mapFile(path);
  if (uint64_t(offset) > data.size() ||
      uint64_t(header.bytes) > data.size() - uint64_t(offset))
    throw Error("external data " + path + " has " +
                std::to_string(data.size()) + " bytes, the tensor needs " +
                std::to_string(header.bytes) + " at offset " +
                std::to_string(offset));
  if (header.bytes > int64_t(inlineBytes) && !isPacked(header))
    return weight(context, header, path, offset);
  return execute::denseAttribute(
      context, execute::tensorOfBytes(header, data.data() + offset));
}

} // namespace

TypedAttr tensorAttribute(MLIRContext *context,
                          const ::onnx::TensorProto &tensor,
                          const ModelFile &file) {
  TensorHeader header = execute::headerOf(tensor);
  if (tensor.data_location() == ::onnx::TensorProto::EXTERNAL)
    return external(context, header, tensor, file);
  if (tensor.has_segment()) {
    int64_t begin = tensor.segment().begin();
    requireBytes(header, tensor.segment().end() - begin);
    if (isPacked(header)) {
      const MappedFile &data =
          context->getLoadedDialect<onnx::OnnxDialect>()->mapFile(file.path);
      return execute::denseAttribute(
          context, execute::tensorOfBytes(header, data.data() + begin));
    }
    return weight(context, header, file.path, begin);
  }
  return execute::denseAttribute(context, execute::tensorOfProto(tensor));
}

} // namespace dalbit::import
