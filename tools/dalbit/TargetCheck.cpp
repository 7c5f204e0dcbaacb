// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/dalbit/TargetCheck.h"

#include "isa/binary/Layout.h"
#include "simulator/dram/ClockRatio.h"
#include "simulator/dram/DramParameters.h"
#include "simulator/energy/Technology.h"
#include "support/Error.h"

namespace dalbit::tool {

namespace {

/// What \p check throws gets the place of the key that made it.
template <typename Check>
auto at(const target::Target &target, const char *key, Check check) {
  try {
    return check();
  } catch (const Error &error) {
    throw Error(target.origin.place(key) + key + ": " + error.what(),
                error.notes);
  }
}

} // namespace

target::Target checkedTarget(const std::string &nameOrPath) {
  target::Target target = target::loadTarget(nameOrPath);
  at(target, "dram.device", [&] { dram::loadDevice(target.dramDevice); });
  dram::DramParameters device = at(target, "dram.capacity_mib", [&] {
    return dram::loadDevice(target.dramDevice,
                            uint64_t(target.dramCapacityMib));
  });
  at(target, "clock.mhz",
     [&] { dram::ClockRatio::of(target.clockMhz, 1000 / device.clockNs); });
  at(target, "technology.default",
     [&] { energy::loadTechnology(target.technology); });
  return target;
}

void checkFits(const binary::Program &program, const target::Target &target,
               const std::string &file) {
  uint64_t needed = binary::place(program).end;
  if (needed <= target.dramBytes())
    return;
  auto mebibytes = [](uint64_t bytes) {
    return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MiB";
  };
  std::string parts;
  for (const binary::RegionEntry &region : program.regions)
    if (region.size)
      parts += (parts.empty() ? "" : ", ") +
               std::string(isa::regions()[unsigned(region.kind)].name) + " " +
               mebibytes(region.size);
  throw Error(
      target.origin.place("dram.capacity_mib") + "dram.capacity_mib = " +
          std::to_string(target.dramCapacityMib) + " is too small for " + file +
          ": the program needs " + mebibytes(needed),
      {"of these: " + parts,
       "make it larger; --max-context and --max-batch make caches (kv) and "
       "results (output) smaller, --weights w4 the weights"});
}

} // namespace dalbit::tool
