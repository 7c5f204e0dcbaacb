// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fuzz/Case.h"

#include "isa/Isa.h"
#include "simulator/fuzz/Random.h"
#include "support/Error.h"

#include <algorithm>
#include <cstring>
#include <sstream>

namespace dalbit::fuzz {

namespace {

/// Words of which half are numbers of any width and half pairs with a shift
/// that leaves something of a scaled value (A3).
std::vector<uint8_t> mixedWords(Random &random, uint32_t bytes) {
  std::vector<uint8_t> result(bytes);
  for (uint32_t i = 0; i < bytes; i += 4) {
    uint64_t dice = random.word();
    uint32_t word = uint32_t(dice >> 32);
    if (dice & 1)
      word = (word & 0xffff) | uint32_t(dice >> 8) % 24 << 16;
    else
      word = uint32_t(int32_t(word) >> (dice >> 1 & 31));
    std::memcpy(&result[i], &word, 4);
  }
  return result;
}

bool isBuiltin(const target::Target &target) {
  const char *text = target::builtinText(target.name);
  return text && target::loadTarget(target.name) == target;
}

} // namespace

std::vector<uint8_t> Case::contents(isa::Region region) const {
  Random random(memorySeed * isa::RegionCount + uint64_t(region));
  std::vector<uint8_t> bytes = mixedWords(
      random, region == isa::Region::Output ? OutputBytes : DataBytes);
  if (region == isa::Region::Const)
    for (uint32_t i = 0; i < IndexBytes; i += 4) {
      uint32_t index = random.below(IndexLimit);
      std::memcpy(&bytes[i], &index, 4);
    }
  return bytes;
}

binary::Program Case::program() const {
  binary::Program program;
  program.code = code;
  program.constants = contents(isa::Region::Const);
  program.weights = contents(isa::Region::Weights);
  program.regions = {
      {isa::Region::Code, code.size() * 8}, {isa::Region::Const, DataBytes},
      {isa::Region::Weights, DataBytes},    {isa::Region::Kv, DataBytes},
      {isa::Region::Input, DataBytes},      {isa::Region::Output, OutputBytes},
      {isa::Region::Workspace, DataBytes}};
  return program;
}

dram::DramParameters Case::device() const {
  dram::DramParameters device =
      dram::loadDevice(target.dramDevice, uint64_t(target.dramCapacityMib));
  if (dramSeed == 0)
    return device;
  Random random(dramSeed);
  dram::DramTiming &t = device.timing;
  // A slower part is legal wherever spacings keep their order.
  auto slower = [&](int64_t &clocks) {
    if (clocks && random.chance(60))
      clocks += random.below(uint32_t(clocks) / 2 + 2);
  };
  for (int64_t *clocks :
       {&t.activateToColumn, &t.activateToPrecharge, &t.prechargeToActivate,
        &t.prechargeToPrecharge, &t.activateOtherGroup, &t.columnOtherGroup,
        &t.readToWrite, &t.writeToReadOtherGroup, &t.readToPrecharge,
        &t.writeToPrecharge, &t.readLatency, &t.writeLatency})
    slower(*clocks);
  auto atLeast = [&](int64_t &clocks, int64_t least) {
    slower(clocks);
    clocks = std::max(clocks, least);
  };
  atLeast(t.activateToActivate, t.activateToPrecharge + t.prechargeToActivate);
  atLeast(t.activateSameGroup, t.activateOtherGroup);
  atLeast(t.columnSameGroup, t.columnOtherGroup);
  atLeast(t.writeToReadSameGroup, t.writeToReadOtherGroup);
  atLeast(t.fourActivates, t.activateOtherGroup);
  if (random.chance(70)) {
    int64_t pause = t.activateToPrecharge + t.prechargeAllToRefresh +
                    t.refreshToActivate + t.writeToPrecharge;
    t.refreshInterval =
        std::min(t.refreshInterval, 2 * pause + random.below(4000));
  } else if (random.chance(50)) {
    device.refresh = dram::RefreshMode::None;
  }
  return device;
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

std::string print(const Case &input) {
  std::ostringstream text;
  if (isBuiltin(input.target)) {
    text << ".target " << input.target.name << "\n";
  } else {
    std::istringstream toml(target::printToml(input.target));
    for (std::string line; std::getline(toml, line);)
      text << ".toml " << line << "\n";
  }
  text << ".memory " << input.memorySeed << "\n.dram " << input.dramSeed
       << "\n.stalls " << input.stalls.seed << " " << input.stalls.percent
       << " " << input.stalls.most << "\n";
  for (unsigned i = 0; i < isa::Arguments; ++i)
    if (input.arguments[i])
      text << ".argument " << i + 1 << " " << input.arguments[i] << "\n";
  for (size_t pc = 0; pc < input.code.size(); ++pc) {
    isa::Decoded decoded = isa::decode(input.code[pc]);
    std::string line = decoded ? isa::print(decoded.instruction) : "";
    if (!decoded) {
      std::ostringstream word;
      word << ".word 0x" << std::hex << input.code[pc];
      line = word.str();
    }
    line.resize(std::max<size_t>(line.size(), 44), ' ');
    text << line << " ; " << pc << "\n";
  }
  return text.str();
}

Case parse(const std::string &text, const std::string &source) {
  Case result;
  std::string toml, line;
  bool hasTarget = false;
  std::istringstream lines(text);
  for (int number = 1; std::getline(lines, line); ++number) {
    auto fail = [&](const std::string &what) {
      throw Error(source + ":" + std::to_string(number) + ": " + what);
    };
    if (line.starts_with(".toml")) {
      toml += line.substr(std::min<size_t>(line.size(), 6)) + "\n";
      continue;
    }
    line = line.substr(0, line.find(';'));
    std::istringstream words(line);
    std::string directive;
    if (!(words >> directive))
      continue;
    if (!directive.starts_with('.')) {
      isa::Decoded parsed = isa::parse(line);
      if (!parsed)
        fail(parsed.error);
      result.code.push_back(isa::encode(parsed.instruction));
      continue;
    }
    unsigned index = 0;
    std::string name;
    if (directive == ".target" && words >> name) {
      result.target = target::loadTarget(name);
      hasTarget = true;
    } else if (directive == ".memory") {
      words >> result.memorySeed;
    } else if (directive == ".dram") {
      words >> result.dramSeed;
    } else if (directive == ".stalls") {
      words >> result.stalls.seed >> result.stalls.percent >>
          result.stalls.most;
    } else if (directive == ".argument" && words >> index && index >= 1 &&
               index <= isa::Arguments) {
      words >> result.arguments[index - 1];
    } else if (directive == ".word" && words >> name) {
      try {
        result.code.push_back(std::stoull(name, nullptr, 0));
      } catch (const std::exception &) {
        fail("'" + name + "' is no number");
      }
    } else {
      fail("'" + line + "' is no directive of a fuzz case");
    }
    if (!words)
      fail("'" + line + "' lacks a number");
  }
  if (!toml.empty()) {
    result.target = target::parseTarget(toml, source);
    hasTarget = true;
  }
  if (!hasTarget)
    throw Error(source + ": names no target",
                {"a fuzz case has a line '.target NAME'"});
  if (result.code.empty())
    throw Error(source + ": has no instructions");
  return result;
}

} // namespace dalbit::fuzz
