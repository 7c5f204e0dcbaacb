// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs one program on rtl and fast and compares all that a run tells: cycles,
// every counter, their split over the tags, the DRAM's counters, the memory, or
// the error's whole text. Several runs in a row share the engines, since open
// rows and the clock carry over.

#pragma once

#include "simulator/fast/FastEngine.h"
#include "tests/simulator/verilated/Bench.h"

#include <catch2/catch.hpp>

#include <cstring>

namespace dalbit::fast::test {

using verilated::test::Bench;
using verilated::test::DataBytes;
using verilated::test::load;
using verilated::test::store;

/// "name: rtl 3, fast 4", one a line; empty if all counters are equal.
inline std::string differences(const isa::Counters &rtl,
                               const isa::Counters &fast,
                               const std::string &prefix = "") {
  std::string text;
  for (unsigned i = 0; i < isa::CounterCount; ++i)
    if (uint64_t a = isa::counter(rtl, i), b = isa::counter(fast, i); a != b)
      text += prefix + isa::counters()[i].name + ": rtl " + std::to_string(a) +
              ", fast " + std::to_string(b) + "\n";
  return text;
}

inline std::string differences(const host::StepResult &rtl,
                               const host::StepResult &fast) {
  std::string text = differences(rtl.counters, fast.counters);
  std::map<uint32_t, isa::Counters> all = rtl.byTag;
  all.insert(fast.byTag.begin(), fast.byTag.end());
  auto of = [](const host::StepResult &result, uint32_t tag) {
    auto found = result.byTag.find(tag);
    return found == result.byTag.end() ? isa::Counters{} : found->second;
  };
  for (const auto &[tag, counters] : all)
    text += differences(of(rtl, tag), of(fast, tag),
                        "tag " + std::to_string(tag) + " ");
  for (const auto &[name, value] : rtl.dram)
    if (fast.dram.at(name) != value)
      text += name + ": rtl " + std::to_string(value) + ", fast " +
              std::to_string(fast.dram.at(name)) + "\n";
  return text;
}

/// A run's result or the text of its error.
struct Ended {
  host::StepResult result;
  std::string error;
};

inline Ended runOn(host::Engine &engine, const host::Start &start) {
  Ended ended;
  try {
    ended.result = engine.run(start);
  } catch (const Error &error) {
    ended.error = error.what();
    for (const std::string &note : error.notes)
      ended.error += "\n" + note;
  }
  return ended;
}

/// Runs the program on both as often as there are starts. Returns the last
/// result of fast.
inline host::StepResult compare(Bench &rtl, Bench &fast,
                                const std::vector<host::Start> &starts) {
  auto truth = rtl.rtl();
  FastEngine engine(fast.program, fast.target, fast.memory);
  host::StepResult last;
  for (const host::Start &start : starts) {
    Ended a = runOn(*truth, start), b = runOn(engine, start);
    CHECK(a.error == b.error);
    CHECK(differences(a.result, b.result) == "");
    if (a.error.empty())
      CHECK(std::memcmp(rtl.output(), fast.output(), DataBytes) == 0);
    last = b.result;
  }
  return last;
}

inline host::StepResult compare(const std::string &assembly,
                                const std::string &target = "nano",
                                int times = 2) {
  CAPTURE(target);
  Bench rtl(assembly, target), fast(assembly, target);
  return compare(rtl, fast, std::vector<host::Start>(size_t(times)));
}

/// The error that both report.
inline std::string compareError(const std::string &assembly,
                                host::Start start = {}) {
  Bench rtl(assembly), fast(assembly);
  auto truth = rtl.rtl();
  FastEngine engine(fast.program, fast.target, fast.memory);
  std::string text = runOn(*truth, start).error;
  CHECK(runOn(engine, start).error == text);
  return text;
}

} // namespace dalbit::fast::test
