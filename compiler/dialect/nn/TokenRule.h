// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which token of a sequence a pick takes (nn.pick, qnn.pick), in one place for
// raising, both executors and the verifiers.

#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"

#include <optional>

namespace dalbit::nn {

struct TokenRule {
  /// largest: the first of the largest ids; first: the first that is `id`;
  /// before: the one in front of it; last: the last that is not `id`; shown:
  /// as many as a mask shows, less one. Where there is none: the sequence's
  /// first token, its last for before and shown.
  llvm::StringRef name = "largest";
  std::optional<int64_t> id;

  bool isShown() const { return name == "shown"; }
  /// Whether there is such a rule, and it has an id if it needs one.
  bool isValid() const {
    bool has = name == "first" || name == "before" || name == "last";
    return id ? has : name == "largest" || isShown();
  }

  /// Index into \p ids, which is not empty. The numbers of a mask are 0 for a
  /// token that it hides, else 1.
  int64_t place(llvm::ArrayRef<int64_t> ids) const {
    int64_t count = int64_t(ids.size());
    if (name == "largest")
      return llvm::max_element(ids) - ids.begin();
    if (isShown())
      return (count - 1 + llvm::count(ids, 1)) % count;
    if (name == "last") {
      int64_t place = count - 1;
      while (place > 0 && ids[size_t(place)] == *id)
        --place;
      return place;
    }
    int64_t place = (llvm::find(ids, *id) - ids.begin()) % count;
    return name == "before" ? (count - 1 + place) % count : place;
  }
};

} // namespace dalbit::nn
