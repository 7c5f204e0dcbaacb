// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/Constants.h"

#include "compiler/dialect/onnx/Codes.h"
#include "compiler/dialect/onnx/OnnxOps.h"
#include "compiler/dialect/onnx/Weight.h"
#include "compiler/execute/ElementTypes.h"
#include "compiler/execute/operators/Broadcast.h"

#include "support/Error.h"

#include <cstring>

using namespace mlir;

namespace dalbit::execute {

namespace {

ElementType elementOf(Type type) {
  if (std::optional<ElementType> element = elementOfMlir(type))
    return *element;
  throw Error("a constant has elements that no tensor can have");
}

Tensor weightTensor(onnx::WeightAttr weight) {
  ElementType stored = elementOf(weight.getSourceElement());
  ElementType wanted = elementOf(weight.getTensorType().getElementType());
  llvm::ArrayRef<char> bytes = onnx::weightBytes(weight);
  Tensor source(stored, weight.getSourceShape(), bytes.data(), nullptr);
  // The file gives no alignment, and its bools may be other than 0 and 1.
  bool inPlace =
      reinterpret_cast<uintptr_t>(bytes.data()) % elementSize(stored) == 0 &&
      stored != ElementType::Bool;
  if (!inPlace) {
    Tensor copy(stored, source.shape());
    std::memcpy(copy.raw(), bytes.data(), bytes.size());
    if (stored == ElementType::Bool)
      for (char &byte : llvm::MutableArrayRef<char>(
               static_cast<char *>(copy.raw()), bytes.size()))
        byte = byte != 0;
    source = copy;
  }
  if (weight.isIdentity())
    return source;
  Shape dense = denseSteps(source.shape()), steps;
  int64_t from = 0;
  for (auto [step, start] : llvm::zip(dense, weight.getStarts()))
    from += step * start;
  for (int64_t dim : weight.getPermutation())
    steps.push_back(dense[dim]);
  Tensor view =
      gatherStrided(source, weight.getTensorType().getShape(), from, steps);
  return view.cast(wanted);
}

} // namespace

Tensor constantTensor(Attribute value) {
  if (auto weight = dyn_cast<onnx::WeightAttr>(value))
    return weightTensor(weight);
  if (auto codes = dyn_cast<onnx::CodesAttr>(value)) {
    llvm::SmallVector<float> numbers;
    onnx::readCodes(codes, numbers);
    return Tensor::of<float>(codes.getTensorType().getShape(), numbers);
  }
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    throw Error("a constant of an unknown attribute kind has no value");
  ElementType type = elementOf(dense.getElementType());
  Tensor tensor(type, dense.getType().getShape());
  if (tensor.count() == 0)
    return tensor;
  if (type == ElementType::Bool) {
    bool *to = tensor.data<bool>();
    for (bool each : dense.getValues<bool>())
      *to++ = each;
    return tensor;
  }
  llvm::ArrayRef<char> raw = dense.getRawData();
  char *to = static_cast<char *>(tensor.raw());
  if (dense.isSplat()) {
    for (int64_t i = 0; i < tensor.count(); ++i)
      std::memcpy(to + i * raw.size(), raw.data(), raw.size());
    return tensor;
  }
  std::memcpy(to, raw.data(), raw.size());
  return tensor;
}

DenseElementsAttr denseAttribute(MLIRContext *context, const Tensor &tensor) {
  auto type = RankedTensorType::get(tensor.shape(),
                                    mlirOfElement(context, tensor.type()));
  if (tensor.type() == ElementType::Bool)
    return DenseElementsAttr::get(type, tensor.values<bool>());
  llvm::ArrayRef<char> raw(static_cast<const char *>(tensor.raw()),
                           size_t(tensor.byteCount()));
  return DenseElementsAttr::getFromRawBuffer(type, raw);
}

} // namespace dalbit::execute
