// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "support/Suggest.h"

#include <algorithm>

namespace dalbit {
namespace {

/// Optimal string alignment distance, by three rows.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before, above(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    above[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1,
                         above[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = above;
    above = row;
  }
  return above[b.size()];
}

} // namespace

std::string nearest(std::string_view word,
                    const std::vector<std::string> &names) {
  size_t best = std::max<size_t>(2, word.size() / 3) + 1;
  std::string found;
  for (const std::string &name : names) {
    size_t edits = distance(word, name);
    if (edits < best && edits < name.size()) {
      best = edits;
      found = name;
    }
  }
  return found;
}

std::vector<std::string> suggest(std::string_view word,
                                 const std::vector<std::string> &names) {
  std::string near = nearest(word, names);
  if (!near.empty())
    return {"did you mean '" + near + "'?"};
  if (names.empty())
    return {};
  std::string all;
  for (const std::string &name : names)
    all += (all.empty() ? "" : ", ") + name;
  return {"known are " + all};
}

} // namespace dalbit
