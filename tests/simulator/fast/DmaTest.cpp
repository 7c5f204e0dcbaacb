// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/simulator/fast/Compare.h"

namespace dalbit::fast::test {

TEST_CASE("a load takes the rtl's cycles", "[fast]") {
  auto target = GENERATE("nano", "edge", "server");
  compare(load(4096, 4, "0x0000") + "halt\n", target);
  compare(load(4096, 20000, "0x0000") + "halt\n", target);
}

TEST_CASE("what goes in and comes out takes the rtl's cycles", "[fast]") {
  auto target = GENERATE("nano", "edge", "server");
  compare(load(4096, 20000, "0x0001") + store(4096, 20000, "0x0001") + "halt\n",
          target);
  compare(load(68, 1000, "0x0001", 4) + store(68, 1000, "0x0001", 1028) +
              "halt\n",
          target);
}

TEST_CASE("loads of several tags split their counts as the rtl does",
          "[fast]") {
  std::string text;
  for (int i = 0; i < 14; ++i)
    text += "tag " + std::to_string(i * 3 + 1) + "\n" +
            load(i * 4096, 4 + i * i * 28, "0x0000", i * 2048);
  compare(text + "halt\n");
  compare(text + "halt\n", "edge");
}

TEST_CASE("loads and stores share bus and banks as in the rtl", "[fast]") {
  // The first load is stored while others land beside it in its bank.
  std::string text = load(0, 8192, "0x0003") + load(8192, 4096, "0x0000");
  for (int i = 0; i < 6; ++i) {
    text += "tag " + std::to_string(i + 1) + "\n";
    text += store(i * 1024 + 32, 1024 * (i % 3) + 96, i ? "0x0000" : "0x0001",
                  i * 4096);
    text += load(12288 + i * 1024, 2500, "0x0004", i * 2048);
  }
  compare(text + "halt\n");
  compare(text + "halt\n", "edge");
}

TEST_CASE("what joins a long load in its banks takes the rtl's cycles",
          "[fast]") {
  // 64 KiB pass over one bank and another, in which a product, a vector pass
  // and a store are already at work, while many lines of code are fetched.
  auto target = GENERATE("nano", "edge", "server");
  auto where = GENERATE(0, 60000, 126976, 200000);
  std::string text =
      "set matrix.a_addr, 65536\nset matrix.a_row_stride, 512\n"
      "set matrix.rows, 7\nset matrix.n, 150\nset matrix.k, 500\n"
      "set matrix.w_addr, 131072\nset matrix.acc_stride, 8\n"
      "set vector.rows0, 40\nset vector.rows1, 3\nset vector.cols, 96\n"
      "set vector.a_addr, 65536\nset vector.a_stride0, 128\n"
      "set vector.a_type, 0\nset vector.out_type, 0\n"
      "set vector.out_stride0, 128\nset vector.out_addr, 196608\n";
  std::string all = "go matrix, wait 0x0000, signal 0x0001\n"
                    "go vector, wait 0x0000, signal 0x0002\n";
  text += all + store(189440, 7000, "0x0000") +
          load(where / 256 * 256, 62000, "0x0004", 256) + all;
  text += load(4096, 1024, "0x0000", 512);
  for (int i = 0; i < 500; ++i)
    text += "addi r9, r9, 3\n";
  text += "tag 7\n" + all + store(189440, 7000, "0x0004", 9216) +
          "li r9, 65536\nload r10, r9, 0\nsem.wait 0x0001\n" + all;
  compare(text + "halt\n", target);
}

TEST_CASE("scalar loads and gathers wait for banks as in the rtl", "[fast]") {
  auto target = GENERATE("nano", "edge");
  std::string text =
      load(0, 8192, "0x0001") + "sem.wait 0x0001\n" + "li r9, 16\n";
  for (int i = 0; i < 12; ++i)
    text += "setr dma_in.dram_offset, r0, " + std::to_string(i * 64) + "\n" +
            load(i * 32, 32, "0x0000", i * 64);
  text += "set vector.rows0, 2\nset vector.rows1, 3\nset vector.cols, 90\n"
          "set vector.a_type, 2\nset vector.out_type, 2\n"
          "set vector.out_addr, 8192\nset vector.a_stride0, 1024\n"
          "go vector, wait 0x0000, signal 0x0000\n"
          "load r10, r9, 0\nload r11, r9, 4\nload r12, r9, 8\nnop\n"
          "load r10, r9, 0\nload r10, r9, 4096\n";
  // The list is of zeros: the output has not been written yet.
  text += "set dma_in.region, 5\nset dma_in.dram_offset, 0\n"
          "set dma_in.spm_addr, 16384\nset dma_in.bytes, 64\n"
          "go dma_in, wait 0x0000, signal 0x0001\nsem.wait 0x0001\n";
  text += "set dma_in.gather, 1\nset dma_in.rows, 9\nset dma_in.bytes, 128\n"
          "set dma_in.dram_row_stride, 128\nset dma_in.spm_row_stride, 128\n"
          "set dma_in.index_addr, 16384\nset dma_in.spm_addr, 12288\n"
          "go vector, wait 0x0000, signal 0x0000\n"
          "go dma_in, wait 0x0000, signal 0x0002\nsem.wait 0x0002\n"
          "load r10, r9, 0\n";
  compare(text + "halt\n", target);
}

} // namespace dalbit::fast::test
