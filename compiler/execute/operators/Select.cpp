// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that choose between elements: Where, Clip.

#include "compiler/execute/operators/Broadcast.h"
#include "compiler/execute/operators/Operator.h"

#include "support/Error.h"

namespace dalbit::execute {

namespace {

template <typename Word>
void where(const Tensor &condition, const Tensor &a, const Tensor &b,
           Tensor &out) {
  const bool *c = condition.data<bool>();
  const Word *x = static_cast<const Word *>(a.raw());
  const Word *y = static_cast<const Word *>(b.raw());
  Word *to = static_cast<Word *>(out.raw());
  Shape shape(out.shape());
  forEachRow<3>(
      shape,
      {broadcastSteps(condition.shape(), shape),
       broadcastSteps(a.shape(), shape), broadcastSteps(b.shape(), shape)},
      [&](int64_t n, std::array<int64_t, 3> at, std::array<int64_t, 3> step) {
        for (int64_t i = 0; i < n; ++i)
          to[i] = c[at[0] + i * step[0]] ? x[at[1] + i * step[1]]
                                         : y[at[2] + i * step[2]];
        to += n;
      });
}

void evalWhere(Call &call) {
  const Tensor &condition = call.input(0), &a = call.input(1),
               &b = call.input(2);
  if (condition.type() != ElementType::Bool || a.type() != b.type())
    throw Error(std::string("needs a bool condition and two inputs of one "
                            "type, found ") +
                elementName(condition.type()) + ", " + elementName(a.type()) +
                " and " + elementName(b.type()));
  Tensor out(a.type(),
             broadcastShape({condition.shape(), a.shape(), b.shape()}));
  switch (elementSize(a.type())) {
  case 1:
    where<uint8_t>(condition, a, b, out);
    break;
  case 2:
    where<uint16_t>(condition, a, b, out);
    break;
  case 4:
    where<uint32_t>(condition, a, b, out);
    break;
  default:
    where<uint64_t>(condition, a, b, out);
  }
  call.output(0, out);
}

void evalClip(Call &call) {
  const Tensor &x = call.input(0);
  const Tensor *low = call.optional(1), *high = call.optional(2);
  for (const Tensor *bound : {low, high})
    if (bound && (bound->count() != 1 || bound->type() != x.type()))
      throw Error("a bound must be one element of the input's type");
  Tensor out(x.type(), x.shape());
  dispatch(x.type(), [&](auto tag) {
    using T = decltype(tag);
    using C = Compute<T>;
    const T *from = x.data<T>();
    T *to = out.data<T>();
    C least = low ? C(*low->data<T>()) : C(0);
    C most = high ? C(*high->data<T>()) : C(0);
    for (int64_t i = 0, n = x.count(); i < n; ++i) {
      C value = C(from[i]);
      // If min > max, everything becomes max.
      if (low && value < least)
        value = least;
      if (high && value > most)
        value = most;
      to[i] = T(value);
    }
  });
  call.output(0, out);
}

} // namespace

Rows selectOperators() {
  return {
      {"", "Where", {9, 16}, 3, 3, 1, {}, elementOfSecond, evalWhere},
      {"",
       "Clip",
       {6, 11, 12, 13},
       1,
       3,
       1,
       {{"min", AttributeKind::Float, nullptr, 1, 10},
        {"max", AttributeKind::Float, nullptr, 1, 10}},
       elementOfFirst,
       evalClip},
  };
}

} // namespace dalbit::execute
