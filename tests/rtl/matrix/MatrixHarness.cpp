// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/rtl/matrix/MatrixHarness.h"

#include "Vmatrix_bench___024root.h"
#include <catch2/catch.hpp>
#include <cstring>

namespace dalbit::rtltest {

MatrixHarness::MatrixHarness(MatrixSize size, unsigned seed)
    : spm(1 << 20), random(seed), size(size) {
  for (uint8_t &byte : spm)
    byte = random();
  MatrixTrace ignored;
  rtl->rst_ni = 0;
  for (int i = 0; i < 3; ++i)
    cycle(ignored, 0);
  rtl->rst_ni = 1;
  cycle(ignored, 0);
}

void MatrixHarness::cycle(MatrixTrace &trace, int now) {
  auto answer = [&](Port &port, auto &rvalid, auto &data) {
    rvalid = port.valid;
    if (port.valid)
      std::memcpy(data.data(), &spm.at(port.address / size.port * size.port),
                  size.port);
    else
      data[0] = random(); // valid with rvalid only
    port.valid = false;
  };
  answer(fill, rtl->fill_rvalid_i, rtl->fill_rdata_i);
  answer(act, rtl->act_rvalid_i, rtl->act_rdata_i);

  auto grant = [&](Port &port, bool request, int address, auto &gnt,
                   std::vector<int> &requests, std::vector<int> &grants,
                   std::vector<int> &addresses) {
    gnt = request && static_cast<int>(random() % 100) >= stallPercent;
    if (request && !port.requested)
      requests.push_back(now);
    if (request && port.requested)
      REQUIRE(address == port.address);
    if (gnt) {
      grants.push_back(now);
      addresses.push_back(address);
    }
    port = {gnt != 0, address, request && !gnt};
  };
  grant(fill, rtl->fill_req_o, rtl->fill_addr_o, rtl->fill_gnt_i,
        trace.fillRequest, trace.fillGrant, trace.fillAddress);
  grant(act, rtl->act_req_o, rtl->act_addr_o, rtl->act_gnt_i, trace.actRequest,
        trace.actGrant, trace.actAddress);

  if (vectorEntry < 0 && !vectorEntries.empty() && random() % 2)
    vectorEntry = vectorEntries[random() % vectorEntries.size()];
  rtl->acc_req_i = vectorEntry >= 0;
  rtl->acc_addr_i = std::max(vectorEntry, 0);

  rtl->clk_i = 0;
  rtl->eval();
  if (rtl->done_o)
    trace.done = now;
  if (rtl->ready_o && trace.ready < 0 && now > 0)
    trace.ready = now;
  if (rtl->error_o) {
    REQUIRE(rtl->done_o);
    trace.errorCode = rtl->error_code_o;
  }
  REQUIRE(bool(rtl->acc_rvalid_o) == (vectorAnswer >= 0));
  if (vectorAnswer >= 0 && expected)
    for (int n = 0; n < size.n; ++n)
      REQUIRE(rtl->acc_rdata_o[n] == (*expected)[vectorAnswer][n]);
  vectorAnswer = -1;
  if (rtl->acc_gnt_o) {
    ++trace.vectorReads;
    vectorAnswer = vectorEntry;
    vectorEntry = -1;
  } else if (vectorEntry >= 0) {
    ++trace.vectorWaits;
  }
  rtl->clk_i = 1;
  rtl->eval();
}

MatrixTrace MatrixHarness::run(const MatrixConfig &config) {
  REQUIRE(rtl->ready_o);
  rtl->a_addr_i = config.aAddr;
  rtl->a_row_stride_i = config.aRowStride;
  rtl->rows_i = config.rows;
  rtl->n_i = config.n;
  rtl->k_i = config.k;
  rtl->w_addr_i = config.wAddr;
  rtl->w_row_stride_i = config.wRowStride;
  rtl->w_form_i = static_cast<int>(config.form);
  rtl->w_group_i = config.group;
  rtl->cfg_acc_addr_i = config.accAddr;
  rtl->acc_stride_i = config.accStride;
  rtl->accumulate_i = config.add;

  MatrixTrace trace;
  for (int now = 0; trace.done < 0; ++now) {
    REQUIRE(now < 1000000);
    rtl->start_i = now == 0;
    cycle(trace, now);
    rtl->a_addr_i = random() & 0xffffff; // valid with start only
    rtl->rows_i = random() & 0xfff;
  }
  return trace;
}

std::vector<uint32_t> MatrixHarness::readEntry(int entry) {
  MatrixTrace ignored;
  vectorEntry = entry;
  const Accumulator *kept = std::exchange(expected, nullptr);
  std::vector<int> entries = std::exchange(vectorEntries, {});
  while (vectorAnswer < 0)
    cycle(ignored, 0);
  std::vector<uint32_t> result(size.n);
  for (int n = 0; n < size.n; ++n)
    result[n] = rtl->acc_rdata_o[n];
  cycle(ignored, 0);
  expected = kept;
  vectorEntries = entries;
  return result;
}

MatrixCounters MatrixHarness::counters() const {
  const auto *root = rtl->rootp;
  MatrixCounters c;
#define COUNTER(name) root->matrix_bench__DOT__u_unit__DOT__cnt_##name##_q
  c.macsW8 = COUNTER(macs_w8);
  c.macsW4 = COUNTER(macs_w4);
  c.macsStream = COUNTER(macs_stream);
  c.arrayActive = COUNTER(array_active);
  c.fillWords = COUNTER(fill_words);
  c.fillWeights = COUNTER(fill_weights);
  c.decodedWeights = COUNTER(decoded_weights);
  c.fillActive = COUNTER(fill_active);
  c.actReads = COUNTER(act_reads);
  c.accReads = COUNTER(acc_reads);
  c.accWrites = COUNTER(acc_writes);
#undef COUNTER
  return c;
}

} // namespace dalbit::rtltest
