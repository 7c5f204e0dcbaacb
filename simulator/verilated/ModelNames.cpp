// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/verilated/ModelNames.h"

#include "isa/Isa.h"
#include "support/Error.h"

#include <algorithm>
#include <cctype>
#include <regex>
#include <vector>

namespace dalbit::verilated {

namespace {

/// "matrix" for npu_top__DOT__i_matrix__DOT__cnt_busy_q and for what is in its
/// dispatcher; "" for none.
std::string blockOf(const std::string &member) {
  auto has = [&](const std::string &instance) {
    return member.find("__DOT__i_" + instance + "__DOT__") != std::string::npos;
  };
  for (const isa::UnitInfo &unit : isa::units())
    if (has(unit.name) || has(std::string(unit.name) + "_dispatch"))
      return unit.name;
  return has("sequencer") ? "sequencer" : "";
}

std::string memberEndingIn(const std::vector<std::string> &members,
                           const std::string &end) {
  auto found = std::find_if(
      members.begin(), members.end(),
      [&](const std::string &member) { return member.ends_with(end); });
  if (found == members.end())
    throw Error("the Verilated rtl has no signal " + end,
                {"it has to be public_flat_rd in rtl/ or observed.vlt"});
  return *found;
}

} // namespace

std::string modelNames(const std::string &rootHeader) {
  std::vector<std::string> members;
  std::regex declaration("\\*/ (\\w+)(, \\d+> \\w+)?;|> (npu_top__\\w+);");
  for (std::sregex_iterator
           it(rootHeader.begin(), rootHeader.end(), declaration),
       end;
       it != end; ++it)
    members.push_back((*it)[1].matched ? (*it)[1] : (*it)[3]);

  std::string counters, units, text;
  const std::string mark = "__DOT__cnt_";
  for (const std::string &member : members) {
    size_t at = member.rfind(mark);
    if (at == std::string::npos || !member.ends_with("_q"))
      continue;
    std::string name = member.substr(at + mark.size());
    name.resize(name.size() - 2);
    std::string block = blockOf(member);
    counters += " \\\n  X(\"" + (block.empty() ? name : block + "." + name) +
                "\", " + member + ")";
  }
  for (const isa::CounterInfo &info : isa::counters())
    if (counters.find("\"" + std::string(info.name) + "\"") ==
        std::string::npos)
      throw Error("the rtl has no counter " + std::string(info.name));

  for (unsigned u = 0; u < isa::UnitCount; ++u) {
    std::string tag = memberEndingIn(members, std::string("__DOT__i_") +
                                                  isa::units()[u].name +
                                                  "_dispatch__DOT__tag_q");
    tag.resize(tag.size() - 5);
    for (const char *part : {"note_mem", "head_q", "count_q", "listed_q"})
      memberEndingIn(members, tag + part);
    units += " \\\n  X(" + std::to_string(u) + ", " + tag + ")";
  }
  text += "#define DALBIT_COUNTERS(X)" + counters + "\n";
  text += "#define DALBIT_UNITS(X)" + units + "\n";
  text += "#define DALBIT_SEMAPHORE_COUNTS " +
          memberEndingIn(members, "__DOT__i_semaphores__DOT__count_q") + "\n";
  text += "#define DALBIT_PC " +
          memberEndingIn(members, "__DOT__i_sequencer__DOT__pc") + "\n";
  for (const char *port : {"index", "scalar"}) {
    std::string valid = memberEndingIn(
        members, "npu_top__DOT__" + std::string(port) + "_rvalid");
    valid.resize(valid.size() - 6);
    for (const char *part : {"addr", "rdata"})
      memberEndingIn(members, valid + part);
    text += std::string("#define DALBIT_") +
            (*port == 'i' ? "INDEX(part) " : "SCALAR(part) ") + valid +
            "##part\n";
  }
  // Where Verilator keeps the clock's last level; other versions may not.
  const std::string clock = "__Vtrigrprev__TOP__clk_i";
  if (std::find(members.begin(), members.end(), clock) != members.end())
    text += "#define DALBIT_PREVIOUS_CLOCK " + clock + "\n";
  for (const isa::NameInfo &info : isa::registers()) {
    std::string upper = info.name;
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](unsigned char c) { return char(std::toupper(c)); });
    text +=
        "#define DALBIT_REG_" + upper + " " + std::to_string(info.value) + "\n";
  }
  return text;
}

} // namespace dalbit::verilated
