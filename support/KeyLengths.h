// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inputs of onnxruntime's GroupQueryAttention that say how many keys each
// sequence has (seqlens_k, total_sequence_length): what all engines demand.

#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace dalbit {

/// Checks \p values of \p input, numbers of keys less \p less each. New keys
/// come behind all \p past that there are, so with a past they are past +
/// \p tokens - less; without one at least 1 - less, since prompts may be padded
/// at their ends. With \p isTotal the largest says tokens - less then, too.
/// Throws Error.
void checkKeyLengths(const std::string &input, std::span<const double> values,
                     int64_t past, int64_t tokens, int64_t less, bool isTotal);

} // namespace dalbit
