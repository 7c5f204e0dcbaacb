// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A loaded Verilated NPU: the functions of HarnessApi.h behind a class.

#pragma once

#include "isa/target/Target.h"
#include "simulator/verilated/HarnessApi.h"

#include <string>

namespace dalbit::verilated {

class VerilatedModel {
public:
  /// Builds the target's shared object if the cache has none, loads it and
  /// resets the NPU. Throws Error.
  VerilatedModel(const target::Target &target, const DalbitHost &host);
  ~VerilatedModel();
  VerilatedModel(const VerilatedModel &) = delete;
  VerilatedModel &operator=(const VerilatedModel &) = delete;

  DalbitEnd run(const DalbitStart &start);
  /// After a run that did not end well.
  void reset();
  /// Where the counter of that name is; it is there.
  const uint64_t *counter(const std::string &name) const;

private:
  template <typename Function> Function *symbol(const char *name) const;

  std::string path;
  void *library = nullptr, *npu = nullptr;
};

} // namespace dalbit::verilated
