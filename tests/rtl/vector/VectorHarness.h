// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The Verilated vector unit with a scratchpad, an accumulator and random
// grants around it. run() starts one instruction and returns when it is done;
// memory and row scalars are then those of the rtl. A word that is not valid is
// garbage, so nothing may depend on it.

#pragma once

#include "Vvector_unit.h"
#include "Vvector_unit___024root.h"

#include "isa/Isa.h"

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <stdexcept>
#include <vector>

namespace dalbit::rtltest {

inline constexpr unsigned PortBytes = RTL_PortBytes;

struct VectorRun {
  unsigned cycles = 0; ///< from start_i to done_o
  unsigned errors = 0; ///< pulses of error_o
  unsigned code = 0;   ///< error_code_o at the pulse
};

class VectorHarness {
public:
  VectorHarness(unsigned memoryBytes, uint64_t seed)
      : memory(memoryBytes), acc(size_t(RTL_N) * RTL_AccEntries), random(seed) {
    top = std::make_unique<Vvector_unit>(&context);
    top->rst_ni = 0;
    for (int i = 0; i < 3; ++i)
      clock();
    top->rst_ni = 1;
    clock();
  }
  ~VectorHarness() { top->final(); }

  /// Probability of a grant in a cycle in percent.
  unsigned grantPercent = 100;
  std::vector<uint8_t> memory;
  std::vector<int32_t> acc;

  /// The row scalar memory, {e8, m32}.
  uint64_t &row(unsigned index) {
    return top->rootp->vector_unit__DOT__u_rows__DOT__mem_q[index];
  }
  Vvector_unit___024root &root() { return *top->rootp; }

  VectorRun run(const isa::VectorConfiguration &configuration) {
    start(configuration);
    VectorRun result;
    for (;;) {
      clock();
      ++result.cycles;
      result.errors += top->error_o;
      if (top->error_o)
        result.code = top->error_code_o;
      if (top->done_o)
        return result;
      if (result.cycles > 1000000)
        throw std::runtime_error("no done_o after a million cycles");
    }
  }

  /// Drives start_i; the next clock() takes it.
  void start(const isa::VectorConfiguration &configuration) {
    if (!top->ready_o)
      throw std::runtime_error("the unit is not ready");
    auto words = isa::pack(configuration);
    std::memcpy(&top->cfg_i, words.data(), sizeof words);
    top->start_i = 1;
  }

  void clock() {
    top->clk_i = 0;
    top->eval();
    grant(top->vec_a_req_o, top->vec_a_gnt_i, reads);
    grant(top->vec_b_req_o, top->vec_b_gnt_i, reads);
    grant(top->vec_c_req_o, top->vec_c_gnt_i, reads);
    grant(top->vec_out_req_o, top->vec_out_gnt_i, writes);
    grant(top->acc_req_o, top->acc_gnt_i, entries);
    top->eval();
    Word a = read(top->vec_a_gnt_i, top->vec_a_addr_o);
    Word b = read(top->vec_b_gnt_i, top->vec_b_addr_o);
    Word c = read(top->vec_c_gnt_i, top->vec_c_addr_o);
    bool entryValid = top->acc_gnt_i;
    std::vector<int32_t> entry(RTL_N);
    for (unsigned i = 0; i < RTL_N; ++i)
      entry[i] = entryValid ? acc.at(size_t(top->acc_addr_o) * RTL_N + i)
                            : int32_t(random());
    if (top->vec_out_gnt_i)
      write();
    top->clk_i = 1;
    top->eval();
    top->start_i = 0;
    drive(a, top->vec_a_rvalid_i, &top->vec_a_rdata_i);
    drive(b, top->vec_b_rvalid_i, &top->vec_b_rdata_i);
    drive(c, top->vec_c_rvalid_i, &top->vec_c_rdata_i);
    top->acc_rvalid_i = entryValid;
    std::memcpy(&top->acc_rdata_i, entry.data(), RTL_N * 4);
  }

  uint64_t writes = 0, reads = 0, entries = 0; ///< granted

private:
  struct Word {
    bool valid;
    std::vector<uint8_t> bytes;
  };

  void grant(bool request, CData &granted, uint64_t &count) {
    granted = request && random() % 100 < grantPercent;
    count += granted;
  }

  Word read(bool valid, uint32_t address) {
    Word word{valid, std::vector<uint8_t>(PortBytes)};
    uint32_t base = address / PortBytes * PortBytes;
    for (unsigned i = 0; i < PortBytes; ++i)
      word.bytes[i] = valid ? memory.at(base + i) : uint8_t(random());
    return word;
  }

  template <typename Port>
  void drive(const Word &word, CData &valid, Port *data) {
    valid = word.valid;
    std::memcpy(data, word.bytes.data(), PortBytes);
  }

  void write() {
    uint32_t base = top->vec_out_addr_o / PortBytes * PortBytes;
    uint8_t data[PortBytes], enable[PortBytes / 8];
    std::memcpy(data, &top->vec_out_wdata_o, sizeof data);
    std::memcpy(enable, &top->vec_out_be_o, sizeof enable);
    for (unsigned i = 0; i < PortBytes; ++i)
      if (enable[i / 8] >> (i % 8) & 1)
        memory.at(base + i) = data[i];
  }

  VerilatedContext context;
  std::unique_ptr<Vvector_unit> top;
  std::mt19937_64 random;
};

} // namespace dalbit::rtltest
