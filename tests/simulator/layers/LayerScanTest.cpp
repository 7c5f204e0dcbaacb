// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/layers/LayerScan.h"

#include "tests/simulator/verilated/Bench.h"

#include <catch2/catch.hpp>

namespace dalbit::layers::test {

namespace {

using verilated::test::Bench;

std::vector<Part> scan(const std::string &assembly) {
  Bench bench(assembly);
  functional::FunctionalEngine engine(bench.program, bench.target,
                                      bench.memory);
  LayerScan scan(bench.target);
  engine.step(&scan);
  return scan.parts(engine.run({}).counters.sequencer.instructions);
}

const std::string Compute = "go vector, wait 0x0000, signal 0x0000\n";
const std::string Copy = "go dma_in, wait 0x0000, signal 0x0000\n";

/// "1 3-7": tags, first and last instruction by place in the code.
std::string text(const Part &part) {
  std::string result;
  for (uint32_t tag : part.tags)
    result += std::to_string(tag) + " ";
  return result + std::to_string(part.pc) + "-" +
         (part.halt ? std::to_string(*part.halt) : "end");
}

std::vector<std::string> texts(const std::vector<Part> &parts) {
  std::vector<std::string> result;
  for (const Part &part : parts) {
    CHECK(part.obstacle == "");
    result.push_back(text(part));
  }
  return result;
}

using Texts = std::vector<std::string>;

} // namespace

TEST_CASE("a layer begins behind the last work of the one before", "[layers]") {
  std::vector<Part> parts = scan("tag 1\n" + Compute + // 0, 1
                                 "tag 2\n" + Copy +    // 2, 3
                                 "tag 1\n" + Compute + // 4, 5
                                 "nop\n" + Copy +      // 6, 7
                                 "tag 2\n" + Compute + // 8, 9
                                 "tag 259\n" + Compute + "halt\n");
  CHECK(texts(parts) == Texts{"1 0-6", "2 6-10", "259 10-end"});
  REQUIRE(parts.size() == 3);
  CHECK(parts[0].first == 0);
  CHECK(parts[1].first == 6);
  CHECK(parts[1].end == parts[2].first);
  CHECK(parts[2].end == 13);
}

TEST_CASE("what only copies is part of the layer around it", "[layers]") {
  std::vector<Part> parts =
      scan("tag 7\n" + Copy + "tag 1\n" + Compute + "tag 8\n" + Copy +
           "tag 2\n" + Compute + "tag 2\n" + Copy + "halt\n");
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].copies == std::set<uint32_t>{7});
  CHECK(parts[1].copies == std::set<uint32_t>{8});
  parts = scan("tag 7\n" + Copy + "halt\n");
  REQUIRE(parts.size() == 1);
  CHECK(texts(parts) == Texts{"0-end"});
  CHECK(parts[0].copies == std::set<uint32_t>{7});
  CHECK(parts[0].end == 3);
}

TEST_CASE("layers in a loop have a part a round", "[layers]") {
  std::vector<Part> parts = scan("tag 1\n" + Compute + "li r10, 3\n" + // 0-2
                                 "loop r10, +6\n" + Copy +             // 3, 4
                                 "tag 2\n" + Compute +                 // 5, 6
                                 "tag 3\n" + Compute + Copy +          // 7-9
                                 "tag 4\n" + Compute + "halt\n");
  // Behind the loop's body the part of its last layer ends in all rounds.
  CHECK(texts(parts) == Texts{"1 0-2", "2 2-7", "3 7-10", "2 4-7", "3 7-10",
                              "2 4-7", "3 7-10", "4 10-end"});
  for (size_t i = 1; i < parts.size(); ++i)
    CHECK(parts[i].first == parts[i - 1].end);
}

TEST_CASE("loops that end together are left together", "[layers]") {
  std::vector<Part> parts = scan("li r10, 2\nloop r10, +5\nloop r10, +4\n" +
                                 ("tag 2\n" + Compute) + // 3, 4
                                 "tag 3\n" + Compute +   // 5, 6
                                 "tag 4\n" + Compute + "halt\n");
  // The second time around the outer loop begins at instruction 2.
  CHECK(texts(parts) == Texts{"2 0-5", "3 5-7", "2 3-5", "3 5-7", "2 2-5",
                              "3 5-7", "2 3-5", "3 5-7", "4 7-end"});
}

TEST_CASE("a loop inside a layer stays whole", "[layers]") {
  CHECK(texts(scan("tag 1\n" + Compute + "li r10, 4\nloop r10, +3\ntag 2\n" +
                   Compute + "addi r11, r11, 1\n" + "tag 3\n" + Compute +
                   "halt\n")) == Texts{"1 0-2", "2 2-7", "3 7-end"});
}

TEST_CASE("layers between which accumulators hold values are one part",
          "[layers]") {
  const std::string product = "set matrix.rows, 4\nset matrix.n, 16\n"
                              "set matrix.k, 16\nset matrix.acc_addr, 3\n"
                              "go matrix, wait 0x0000, signal 0x0000\n";
  const std::string read = "set vector.rows0, 1\nset vector.rows1, 4\n"
                           "set vector.cols, 16\nset vector.source, 1\n"
                           "set vector.acc_addr, 3\nset vector.acc_stride1, 1\n"
                           "set vector.out_type, 3\n" +
                           Compute;
  CHECK(texts(scan("tag 1\n" + product + "tag 2\n" + Compute + "tag 3\n" +
                   read + "tag 4\nset vector.source, 0\n" + Compute +
                   "halt\n")) == Texts{"1 2 3 0-17", "4 17-end"});
  // Written again before they are read.
  CHECK(texts(scan("tag 1\n" + product + "tag 2\n" + product + read +
                   "tag 3\nset vector.source, 0\n" + Compute + "halt\n")) ==
        Texts{"1 0-6", "2 6-20", "3 20-end"});
  CHECK(texts(scan("tag 1\n" + product + "tag 2\nset matrix.accumulate, 1\n" +
                   product + "halt\n")) == Texts{"1 2 0-end"});
  std::vector<Part> parts = scan("tag 1\n" + read + "halt\n");
  REQUIRE(parts.size() == 1);
  CHECK(parts[0].obstacle == "it reads accumulators that it has not written");
}

} // namespace dalbit::layers::test
