// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/TensorFile.h"

#include "compiler/execute/TensorProto.h"
#include "compiler/execute/operators/Broadcast.h"

#include "support/AtomicFile.h"
#include "support/Error.h"
#include "support/MappedFile.h"

#include <onnx/onnx_pb.h>

#include <charconv>
#include <cstring>
#include <string_view>

namespace dalbit::execute {

namespace {

constexpr std::string_view magic("\x93NUMPY", 6);

/// NumPy's type code of each ElementType, in its order; bf16 and 4-bit
/// integers have none.
constexpr std::string_view codes[] = {"<f4", "<f2", "",    "<f8", "<i8",
                                      "<i4", "<i2", "|i1", "<u8", "<u4",
                                      "<u2", "|u1", "|b1", "",    ""};

/// The text after `'key':` in the header, a Python dictionary literal.
std::string_view entry(std::string_view header, std::string_view key) {
  std::string quoted = "'" + std::string(key) + "'";
  size_t at = header.find(quoted);
  if (at == std::string_view::npos)
    throw Error("the .npy header has no " + quoted);
  at = header.find_first_not_of(": ", at + quoted.size());
  if (at == std::string_view::npos)
    throw Error("the .npy header is cut off");
  return header.substr(at);
}

ElementType elementOf(std::string_view header) {
  std::string_view value = entry(header, "descr");
  std::string_view code =
      value.substr(0, value.find_first_of("'\"", 1)).substr(1);
  for (size_t i = 0; i < std::size(codes); ++i)
    if (code == codes[i] && !code.empty())
      return ElementType(i);
  throw Error("elements of NumPy type '" + std::string(code) +
                  "' are not supported",
              {"supported are f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1, "
               "little-endian"});
}

Shape shapeOf(std::string_view header) {
  std::string_view text = entry(header, "shape");
  size_t end = text.find(')');
  if (text.empty() || text[0] != '(' || end == std::string_view::npos)
    throw Error("the .npy header has no valid shape");
  text = text.substr(1, end - 1);
  Shape shape;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(", "), text.size()));
    if (text.empty())
      return shape;
    int64_t dim;
    auto [rest, status] =
        std::from_chars(text.data(), text.data() + text.size(), dim);
    if (status != std::errc() || dim < 0)
      throw Error("the .npy header has no valid shape");
    shape.push_back(dim);
    text.remove_prefix(size_t(rest - text.data()));
  }
}

Tensor readNpy(std::string_view bytes) {
  if (bytes.size() < 12)
    throw Error("the .npy file is cut off");
  auto byte = [&](size_t i) { return size_t(uint8_t(bytes[i])); };
  bool wide = byte(6) >= 2;
  size_t start = wide ? 12 : 10;
  size_t length = byte(8) | byte(9) << 8;
  if (wide)
    length |= byte(10) << 16 | byte(11) << 24;
  if (length > bytes.size() - start)
    throw Error("the .npy file is cut off");
  std::string_view header = bytes.substr(start, length);
  std::string_view data = bytes.substr(start + length);
  ElementType element = elementOf(header);
  Shape shape = shapeOf(header);
  bool fortran = entry(header, "fortran_order").substr(0, 4) == "True";
  Shape stored = fortran ? Shape(shape.rbegin(), shape.rend()) : shape;
  Tensor tensor(element, stored);
  if (int64_t(data.size()) != tensor.byteCount())
    throw Error("the .npy file has " + std::to_string(data.size()) +
                " bytes of data, shape " + shapeText(shape) + " needs " +
                std::to_string(tensor.byteCount()));
  std::memcpy(tensor.raw(), data.data(), data.size());
  if (!fortran)
    return tensor;
  Shape steps = denseSteps(stored);
  return gatherStrided(tensor, shape, 0, Shape(steps.rbegin(), steps.rend()));
}

} // namespace

TensorFile readTensorFile(const std::string &path) {
  MappedFile file(path);
  std::string_view bytes(file.data(), file.size());
  try {
    if (bytes.substr(0, magic.size()) == magic)
      return {"", readNpy(bytes)};
    ::onnx::TensorProto proto;
    if (bytes.empty() || bytes.size() > size_t(INT32_MAX) ||
        !proto.ParseFromArray(bytes.data(), int(bytes.size())) ||
        !proto.has_data_type())
      throw Error("neither a .npy file nor an ONNX tensor (.pb)");
    if (proto.data_location() == ::onnx::TensorProto::EXTERNAL)
      throw Error("the tensor keeps its data in another file");
    return {proto.name(), tensorOfProto(proto)};
  } catch (const Error &error) {
    throw Error(path + ": " + error.what(), error.notes);
  }
}

void writeNpy(const std::string &path, const Tensor &tensor) {
  if (tensor.type() == ElementType::BF16)
    return writeNpy(path, tensor.cast(ElementType::F32));
  if (ElementType stored = storedAs(tensor.type()); stored != tensor.type())
    return writeNpy(path, tensor.cast(stored));
  std::string shape;
  for (int64_t dim : tensor.shape())
    shape += std::to_string(dim) + (tensor.rank() == 1 ? "," : ", ");
  if (tensor.rank() > 1)
    shape.resize(shape.size() - 2);
  std::string header = "{'descr': '";
  header.append(codes[int(tensor.type())]);
  header.append("', 'fortran_order': False, 'shape': (").append(shape);
  header.append("), }");
  // The data begins at a multiple of 64 bytes, the header ends with a newline.
  header.append((64 - (10 + header.size() + 1) % 64) % 64, ' ').append("\n");
  AtomicFile file(path);
  file.write(magic);
  const char version[] = {1, 0, char(header.size() & 0xff),
                          char(header.size() >> 8)};
  file.write(version, sizeof(version));
  file.write(header);
  file.write(tensor.raw(), size_t(tensor.byteCount()));
  file.commit();
}

} // namespace dalbit::execute
