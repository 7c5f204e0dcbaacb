// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a part of Dalbit that is not an MLIR pass says that its input is bad.
//
// The message follows docs/messages.md: it starts small, ends without a stop
// and names file, place and cause; each note is a way out. A main prints
// "error: <message>" and "note: <note>" and exits with status 1. Bugs of ours
// are assertions, never Errors.

#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace dalbit {

class Error : public std::runtime_error {
public:
  explicit Error(const std::string &message,
                 std::vector<std::string> notes = {})
      : std::runtime_error(message), notes(std::move(notes)) {}

  /// Hints that follow the message, one line each.
  const std::vector<std::string> notes;
};

} // namespace dalbit
