// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/integer/Softmax.h"

#include "compiler/execute/integer/Rows.h"
#include "compiler/execute/integer/Rules.h"
#include "compiler/quantise/Decoder.h"

namespace dalbit::execute {

int32_t shareOf(int32_t distance) {
  const quantise::Table &table = quantise::exponentialTable();
  return interpolate(table.words.data(), distance, table.shift, table.offset);
}

Tensor softmaxInteger(Tensor x) {
  Tensor out(ElementType::I32, x.shape());
  RowsOf<int32_t> in(x), shares(out);
  for (int64_t r = 0; r < in.count; ++r) {
    int32_t maximum = *std::max_element(in[r], in[r] + in.cols);
    int64_t sum = 0;
    for (int64_t c = 0; c < in.cols; ++c) {
      shares[r][c] = shareOf(clamp32(int64_t(in[r][c]) - maximum));
      sum += shares[r][c];
    }
    Scaled share = divide(scaledOf(quantise::makePair(1)), sumOf(sum));
    for (int64_t c = 0; c < in.cols; ++c)
      shares[r][c] = requantise(shares[r][c], share, -quantise::ShareFraction);
  }
  return out;
}

} // namespace dalbit::execute
