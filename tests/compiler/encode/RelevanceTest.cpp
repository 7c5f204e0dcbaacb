// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/encode/Relevance.h"
#include "simulator/functional/Machine.h"
#include "simulator/fuzz/JobMaker.h"

#include <catch2/catch.hpp>

#include <cstring>

using namespace dalbit;

namespace {

constexpr uint64_t DramBytes = 1 << 20;

fuzz::Menu menuOf(const target::Target &target) {
  fuzz::Menu menu;
  for (uint32_t at = 0; at < 4; ++at)
    menu.inputs.push_back({at * 32768, 8192});
  menu.sides = menu.inputs;
  menu.outputs = {{4 * 32768, 16384}, {5 * 32768, 16384}};
  menu.indices = {{6 * 32768, 8192}};
  menu.accInput = menu.accOutput = {0, uint32_t(target.accumulatorEntries)};
  menu.loads = {isa::Region::Input};
  menu.stores = {isa::Region::Output};
  return menu;
}

/// A machine whose memories hold numbers from a seed.
struct Bench {
  explicit Bench(const target::Target &target) : machine(target, memory) {
    binary::Program program;
    program.regions = {{isa::Region::Input, DramBytes / 4},
                       {isa::Region::Output, DramBytes / 4}};
    memory.load(program);
    fuzz::Random random(3);
    for (uint64_t i = 0; i < DramBytes; ++i)
      memory.data()[i] = uint8_t(random.word());
    for (uint8_t &byte : machine.spm)
      byte = uint8_t(random.word());
    for (uint32_t at = 6 * 32768; at < 7 * 32768; at += 4) { // indices
      uint32_t index = random.below(8);
      std::memcpy(&machine.spm[at], &index, 4);
    }
    for (int32_t &entry : machine.acc)
      entry = random.wide();
    for (functional::RowScalar &row : machine.rowScalars)
      row = {random.wide(), int8_t(random.between(-8, 30))};
  }

  /// The error's text, or nothing.
  std::string run(isa::Unit unit, const isa::Configurations &fields) {
    try {
      switch (unit) {
      case isa::Unit::DmaIn:
      case isa::Unit::DmaOut:
        executeDma(machine, fields.dma(unit), unit == isa::Unit::DmaOut);
        break;
      case isa::Unit::Matrix:
        executeMatrix(machine, fields.matrix);
        break;
      case isa::Unit::Vector:
        executeVector(machine, fields.vector);
        break;
      }
    } catch (const functional::Fault &fault) {
      return fault.text;
    }
    return "";
  }

  bool operator==(const Bench &other) const {
    return machine.spm == other.machine.spm &&
           machine.acc == other.machine.acc &&
           machine.rowScalars == other.machine.rowScalars &&
           machine.table == other.machine.table &&
           !std::memcmp(memory.data(), other.memory.data(), DramBytes);
  }

  host::Memory memory{DramBytes};
  functional::Machine machine;
};

/// The fields of \p job with other numbers where they have no effect; how many
/// these are.
std::pair<isa::Configurations, int> altered(const fuzz::Job &job,
                                            const fuzz::Job &other) {
  std::span<const isa::FieldInfo> fields =
      isa::units()[unsigned(job.unit)].fields;
  auto valueOf = [&](llvm::StringRef name) -> std::optional<int64_t> {
    for (unsigned i = 0; i < fields.size(); ++i)
      if (name == fields[i].name)
        return job.fields.get(job.unit, i);
    return std::nullopt;
  };
  isa::Configurations changed = job.fields;
  int count = 0;
  for (unsigned i = 0; i < fields.size(); ++i)
    if (!encode::hasEffect(job.unit, fields[i].name, valueOf)) {
      uint32_t value = uint32_t(other.fields.get(job.unit, i));
      count += value != uint32_t(job.fields.get(job.unit, i));
      REQUIRE(changed.set(job.unit, i, value));
    }
  return {changed, count};
}

} // namespace

TEST_CASE("a field without effect may hold what another instruction left",
          "[encode]") {
  auto unit = GENERATE(isa::Unit::DmaIn, isa::Unit::DmaOut, isa::Unit::Matrix,
                       isa::Unit::Vector);
  CAPTURE(isa::units()[unsigned(unit)].name);
  target::Target target = target::loadTarget("nano");
  fuzz::Random random(11);
  fuzz::JobMaker maker(target, random);
  fuzz::Menu menu = menuOf(target);
  int changes = 0, finished = 0;
  fuzz::Job last;
  last.unit = unit;
  for (int i = 0; i < 250; ++i) {
    std::optional<fuzz::Job> job = maker.make(unit, {}, menu);
    if (!job)
      continue;
    // What a single row makes of its fields is what matters here.
    if (unit == isa::Unit::Vector && random.chance(50))
      job->fields.vector.rows1 = 1;
    if (unit == isa::Unit::Vector && random.chance(50))
      job->fields.vector.rows0 = 1;
    if (unit == isa::Unit::Matrix && random.chance(50))
      job->fields.matrix.rows = 1;
    auto [changed, count] = altered(*job, last);
    last = *job;
    Bench a(target), b(target);
    std::string error = a.run(unit, job->fields);
    finished += error.empty();
    CAPTURE(i, count);
    REQUIRE(b.run(unit, changed) == error);
    REQUIRE(a == b);
    changes += count;
  }
  CHECK(finished > 100);
  CHECK(changes > 50);
}

TEST_CASE("what is not known before the run has an effect", "[encode]") {
  auto unknown = [](llvm::StringRef) { return std::optional<int64_t>(); };
  for (isa::Unit unit : {isa::Unit::DmaIn, isa::Unit::DmaOut, isa::Unit::Matrix,
                         isa::Unit::Vector})
    for (const isa::FieldInfo &field : isa::units()[unsigned(unit)].fields) {
      CAPTURE(field.name);
      CHECK(encode::hasEffect(unit, field.name, unknown));
    }
}
