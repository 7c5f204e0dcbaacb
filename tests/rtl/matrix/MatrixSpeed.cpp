// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints how many cycles a second the model of the matrix unit runs alone,
// idle and with endless instructions of each form. The ports are always
// granted and read the same memory; nothing is checked (MatrixUnitTest does).

#include "Vmatrix_bench.h"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

namespace {

constexpr int n = RTL_N, k = RTL_K, port = RTL_PortBytes;

struct Load {
  const char *name;
  int form, rows;
};

void measure(const Load &load) {
  auto rtl = std::make_unique<Vmatrix_bench>();
  std::vector<uint8_t> memory(1 << 16);
  for (size_t i = 0; i < memory.size(); ++i)
    memory[i] = i * 2654435761u >> 13;
  rtl->rows_i = load.rows;
  rtl->n_i = 8 * n;
  rtl->k_i = 8 * k;
  rtl->a_row_stride_i = 8 * k;
  rtl->w_row_stride_i = 8 * k;
  rtl->w_form_i = load.form;
  rtl->w_group_i = 1;
  rtl->acc_stride_i = load.rows;

  const int cycles = 1000000;
  auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < cycles; ++i) {
    rtl->rst_ni = i > 2;
    rtl->start_i = load.rows > 0 && i > 3 && rtl->ready_o;
    auto answer = [&](auto &rvalid, auto &data, bool granted, int address) {
      rvalid = granted;
      if (granted)
        std::memcpy(data.data(), &memory[address % memory.size() / port * port],
                    port);
    };
    answer(rtl->fill_rvalid_i, rtl->fill_rdata_i, rtl->fill_gnt_i,
           rtl->w_addr_i);
    answer(rtl->act_rvalid_i, rtl->act_rdata_i, rtl->act_gnt_i, i * k);
    rtl->fill_gnt_i = rtl->fill_req_o;
    rtl->act_gnt_i = rtl->act_req_o;
    rtl->clk_i = 0;
    rtl->eval();
    rtl->clk_i = 1;
    rtl->eval();
  }
  std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
  std::printf("%-22s %8.0f kcycles/s\n", load.name,
              cycles / time.count() / 1000);
}

} // namespace

int main() {
  for (const Load &load :
       {Load{"idle", 0, 0}, Load{"w8, 1 row", 0, 1}, Load{"w4, 1 row", 1, 1},
        Load{"rows, 1 row", 2, 1}, Load{"columns, 1 row", 3, 1},
        Load{"w8, 48 rows", 0, 48}, Load{"columns, 48 rows", 3, 48}})
    measure(load);
}
