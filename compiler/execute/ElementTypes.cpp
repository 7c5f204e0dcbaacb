// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/ElementTypes.h"

#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;

namespace dalbit::execute {

namespace {

/// TensorProto.DataType of each ElementType, in its order.
constexpr int onnxNumbers[] = {1,  10, 16, 11, 7, 6,  5, 3,
                               13, 12, 4,  2,  9, 22, 21};

} // namespace

std::optional<ElementType> elementOfOnnx(int dataType) {
  for (size_t i = 0; i < std::size(onnxNumbers); ++i)
    if (onnxNumbers[i] == dataType)
      return ElementType(i);
  return std::nullopt;
}

std::string onnxElementName(int dataType) {
  static const char *const names[] = {
      "undefined",      "float",      "uint8",
      "int8",           "uint16",     "int16",
      "int32",          "int64",      "string",
      "bool",           "float16",    "double",
      "uint32",         "uint64",     "complex64",
      "complex128",     "bfloat16",   "float8e4m3fn",
      "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz",
      "uint4",          "int4",       "float4e2m1",
      "float8e8m0",     "uint2",      "int2"};
  if (dataType >= 0 && dataType < int(std::size(names)))
    return names[dataType];
  return "number " + std::to_string(dataType);
}

int onnxOfElement(ElementType type) { return onnxNumbers[int(type)]; }

Type mlirOfElement(MLIRContext *context, ElementType type) {
  switch (type) {
  case ElementType::F32:
    return FloatType::getF32(context);
  case ElementType::F16:
    return FloatType::getF16(context);
  case ElementType::BF16:
    return FloatType::getBF16(context);
  case ElementType::F64:
    return FloatType::getF64(context);
  case ElementType::Bool:
    return IntegerType::get(context, 1);
  case ElementType::I4:
    return IntegerType::get(context, 4);
  case ElementType::U4:
    return IntegerType::get(context, 4, IntegerType::Unsigned);
  default:
    break;
  }
  bool isUnsigned = type >= ElementType::U64;
  return IntegerType::get(context, unsigned(elementSize(type) * 8),
                          isUnsigned ? IntegerType::Unsigned
                                     : IntegerType::Signless);
}

std::optional<ElementType> elementOfMlir(Type type) {
  for (size_t i = 0; i < std::size(onnxNumbers); ++i)
    if (mlirOfElement(type.getContext(), ElementType(i)) == type)
      return ElementType(i);
  return std::nullopt;
}

} // namespace dalbit::execute
