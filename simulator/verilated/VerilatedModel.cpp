// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/verilated/VerilatedModel.h"

#include "simulator/verilated/ModelBuild.h"
#include "support/Error.h"

#include <cassert>
#include <dlfcn.h>

namespace dalbit::verilated {

namespace {

Error unusable(const std::string &path) {
  const char *reason = dlerror();
  return Error(path + ": " + (reason ? reason : "cannot be loaded"),
               {"remove the file; it is built again"});
}

} // namespace

template <typename Function>
Function *VerilatedModel::symbol(const char *name) const {
  void *address = dlsym(library, name);
  if (!address)
    throw unusable(path);
  return reinterpret_cast<Function *>(address);
}

VerilatedModel::VerilatedModel(const target::Target &target,
                               const DalbitHost &host)
    : path(sharedObjectFor(target)) {
  // Local, as every configuration has the same names; kept, as the next engine
  // of a process mostly has the same one.
  library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library)
    throw unusable(path);
  npu = symbol<decltype(dalbitCreate)>("dalbitCreate")(&host);
}

VerilatedModel::~VerilatedModel() {
  symbol<decltype(dalbitDestroy)>("dalbitDestroy")(npu);
  dlclose(library);
}

DalbitEnd VerilatedModel::run(const DalbitStart &start) {
  DalbitEnd end{};
  symbol<decltype(dalbitRun)>("dalbitRun")(npu, &start, &end);
  return end;
}

void VerilatedModel::reset() {
  symbol<decltype(dalbitReset)>("dalbitReset")(npu);
}

const uint64_t *VerilatedModel::counter(const std::string &name) const {
  auto *counters = symbol<decltype(dalbitCounters)>("dalbitCounters");
  for (const DalbitCounter *entry = counters(npu); entry->name; ++entry)
    if (name == entry->name)
      return entry->value;
  assert(false && "names.h has every counter");
  return nullptr;
}

} // namespace dalbit::verilated
