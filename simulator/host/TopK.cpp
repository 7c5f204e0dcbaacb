// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/host/TopK.h"

#include "support/Error.h"
#include "support/TopK.h"

namespace dalbit::host {

HostTensor topKOf(const HostTensor &scores, const binary::Tensor &tensor) {
  size_t columns = scores.shape.empty() ? 0 : size_t(scores.shape.back());
  if (columns == 0 || tensor.limit > columns)
    throw Error("result '" + tensor.name + "': there are " +
                std::to_string(columns) + " columns in a row of '" +
                scores.name + "' to choose " + std::to_string(tensor.limit) +
                " from");
  HostTensor out{tensor.name, tensor.onnxType, scores.shape, {}};
  out.shape.pop_back();
  if (tensor.shape.size() == scores.shape.size())
    out.shape.push_back(int64_t(tensor.limit));
  bool smallest = tensor.fill == 1;
  for (size_t at = 0; at < scores.values.size(); at += columns) {
    std::span row(scores.values.data() + at, columns);
    for (int64_t column :
         topColumns(row, int64_t(tensor.limit), [&](double a, double b) {
           return smallest ? a < b : b < a;
         }))
      out.values.push_back(tensor.role == binary::Role::TopKValues
                               ? row[size_t(column)]
                               : double(column));
  }
  return out;
}

} // namespace dalbit::host
