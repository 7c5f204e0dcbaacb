// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators between tensors and their shapes, and tensors made from nothing.

#include "compiler/execute/Constants.h"
#include "compiler/execute/ElementTypes.h"
#include "compiler/execute/operators/Operator.h"

#include "support/Error.h"

#include "mlir/IR/BuiltinAttributes.h"

#include <cmath>
#include <cstring>

namespace dalbit::execute {

namespace {

void evalShape(Call &call) {
  const Tensor &x = call.input(0);
  int64_t rank = x.rank();
  auto place = [&](int64_t at) {
    return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  int64_t start = place(call.integer("start"));
  int64_t end = place(call.integer("end", rank));
  int64_t count = std::max<int64_t>(0, end - start);
  call.output(0, Tensor::of<int64_t>({count}, x.shape().slice(start, count)));
}

void evalSize(Call &call) {
  call.output(0, Tensor::scalar<int64_t>(call.input(0).count()));
}

void evalConstantOfShape(Call &call) {
  llvm::SmallVector<int64_t> shape = call.input(0).integers();
  Tensor value = Tensor::scalar<float>(0);
  if (mlir::Attribute given = call.attribute("value"))
    value = constantTensor(given);
  if (value.count() != 1)
    throw Error("attribute value must have one element");
  Tensor out(value.type(), shape);
  dispatch(value.type(), [&](auto tag) {
    using T = decltype(tag);
    std::fill_n(out.data<T>(), out.count(), *value.data<T>());
  });
  call.output(0, out);
}

void evalRange(Call &call) {
  const Tensor &start = call.input(0), &limit = call.input(1),
               &delta = call.input(2);
  for (const Tensor *each : {&limit, &delta})
    if (each->type() != start.type())
      throw Error("start, limit and delta differ in type");
  for (const Tensor *each : {&start, &limit, &delta})
    if (each->count() != 1)
      throw Error("start, limit and delta must be scalars");
  dispatch(start.type(), [&](auto tag) {
    using T = decltype(tag);
    if constexpr (std::is_same_v<T, bool>) {
      throw Error("not supported for elements of type bool");
    } else {
      using C = Compute<T>;
      C first = C(*start.data<T>()), last = C(*limit.data<T>());
      C step = C(*delta.data<T>());
      if (step == C(0))
        throw Error("delta is 0");
      // max(ceil((limit - start) / delta), 0); long double holds all of int64.
      long double steps = std::ceil(
          (static_cast<long double>(last) - static_cast<long double>(first)) /
          static_cast<long double>(step));
      if (std::isnan(steps) || steps > 0x1p40L)
        throw Error("the range is too long");
      int64_t count = steps > 0 ? int64_t(steps) : 0;
      Tensor out(start.type(), {count});
      for (int64_t i = 0; i < count; ++i)
        out.data<T>()[i] = T(first + C(i) * step);
      call.output(0, out);
    }
  });
}

mlir::Type filledElement(llvm::ArrayRef<mlir::Type>,
                         mlir::DictionaryAttr attributes, unsigned) {
  if (auto value =
          mlir::dyn_cast_or_null<mlir::TypedAttr>(attributes.get("value")))
    return mlir::cast<mlir::ShapedType>(value.getType()).getElementType();
  return mlirOfElement(attributes.getContext(), ElementType::F32);
}

} // namespace

Rows shapeOperators() {
  using Kind = AttributeKind;
  return {
      {"",
       "Shape",
       {1, 13, 15, 19, 21, 23, 24, 25},
       1,
       1,
       1,
       {{"start", Kind::Int, "0", 15}, {"end", Kind::Int, nullptr, 15}},
       elementInt64,
       evalShape},
      {"",
       "Size",
       {1, 13, 19, 21, 23, 24, 25},
       1,
       1,
       1,
       {},
       elementInt64,
       evalSize},
      {"",
       "ConstantOfShape",
       {9, 20, 21, 23, 24, 25},
       1,
       1,
       1,
       {{"value", Kind::Tensor}},
       filledElement,
       evalConstantOfShape},
      {"", "Range", {11}, 3, 3, 1, {}, elementOfFirst, evalRange},
      // The importer turns it into onnx.constant.
      {"",
       "Constant",
       {1, 9, 11, 12, 13, 19, 21, 23, 24, 25},
       0,
       0,
       1,
       {{"value", Kind::Tensor},
        {"value_float", Kind::Float, nullptr, 12},
        {"value_floats", Kind::Floats, nullptr, 12},
        {"value_int", Kind::Int, nullptr, 12},
        {"value_ints", Kind::Ints, nullptr, 12}},
       filledElement,
       nullptr},
  };
}

} // namespace dalbit::execute
