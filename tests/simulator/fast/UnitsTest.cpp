// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/simulator/fast/Compare.h"

namespace dalbit::fast::test {

namespace {

std::string
set(const std::string &unit,
    std::initializer_list<std::pair<const char *, int64_t>> fields) {
  std::string text;
  for (const auto &[name, value] : fields)
    text += "set " + unit + "." + name + ", " + std::to_string(value) + "\n";
  return text;
}

std::string go(const std::string &unit, const std::string &wait = "0x0000",
               const std::string &signal = "0x0000") {
  return "go " + unit + ", wait " + wait + ", signal " + signal + "\n";
}

/// A matrix instruction whose weights are at \p weights.
std::string matrix(int rows, int n, int k, int form, int weights,
                   int extra = 0) {
  return set("matrix", {{"a_addr", 0},
                        {"a_row_stride", 256},
                        {"rows", rows},
                        {"n", n},
                        {"k", k},
                        {"w_addr", weights},
                        {"w_row_stride", 128},
                        {"w_form", form},
                        {"w_group", 2},
                        {"acc_addr", extra},
                        {"acc_stride", rows}});
}

} // namespace

TEST_CASE("products in all forms take the rtl's cycles", "[fast]") {
  auto target = GENERATE("nano", "edge", "server");
  std::string text = load(0, 32768, "0x0001");
  bool isFirst = true;
  for (int form : {0, 1, 2, 3})
    for (int rows : {1, 2, 3, 4, 7, 20})
      for (auto [n, k] : {std::pair{128, 128}, {40, 72}, {5, 3}, {70, 128}}) {
        if (n * rows > 128 * 16)
          continue;
        text += "tag " + std::to_string(form * 9 + rows) + "\n" +
                matrix(rows, n, k, form, 8192);
        text += "set matrix.accumulate, " + std::to_string(rows % 2) + "\n";
        text += go("matrix", isFirst ? "0x0001" : "0x0000");
        isFirst = false;
      }
  compare(text + "halt\n", target, 1);
}

TEST_CASE("weights and activations in one bank take the rtl's cycles",
          "[fast]") {
  auto target = GENERATE("nano", "edge");
  for (int form : {0, 1, 2, 3})
    for (int rows : {1, 3, 9})
      compare(load(0, 8192, "0x0001") + matrix(rows, 64, 96, form, 4096) +
                  go("matrix", "0x0001") +
                  matrix(rows, 64, 96, form, 4096, 16) + go("matrix") +
                  "halt\n",
              target, 1);
}

TEST_CASE("weights that land beside those in use take the rtl's cycles",
          "[fast]") {
  auto target = GENERATE("nano", "edge");
  for (int form : {0, 2, 3})
    for (int rows : {1, 8}) {
      std::string text = load(0, 16384, "0x0003");
      for (int i = 0; i < 3; ++i) {
        text += matrix(rows, 64, 128, form, 4096, i * 32);
        text += go("matrix", i ? "0x0000" : "0x0001", "0x0004");
        text += load(16384 + i * 4096, 4000 + i * 8, i ? "0x0000" : "0x0010");
      }
      compare(text + "sem.wait 0x0010\nhalt\n", target, 1);
    }
}

namespace {

/// A stream over int32 rows at \p a to \p out.
std::string
vector(int rows0, int rows1, int cols, int a, int out,
       std::initializer_list<std::pair<const char *, int64_t>> more) {
  return set("vector", {{"op", 0},
                        {"rows0", rows0},
                        {"rows1", rows1},
                        {"cols", cols},
                        {"source", 0},
                        {"a_type", 2},
                        {"a_addr", a},
                        {"a_stride0", 512},
                        {"a_stride1", 1024},
                        {"out_type", 2},
                        {"out_addr", out},
                        {"out_stride0", 512},
                        {"out_stride1", 1024},
                        {"scale1", 0},
                        {"scale2", 0},
                        {"add", 0},
                        {"add_c", 0},
                        {"multiply", 0},
                        {"table", 0},
                        {"reduce", 0},
                        {"range_hi", 100},
                        {"range_hi_step", 0}}) +
         set("vector", more) + go("vector");
}

} // namespace

TEST_CASE("vector instructions take the rtl's cycles", "[fast]") {
  auto target = GENERATE("nano", "edge", "server");
  std::string text = load(0, 65536, "0x0001") + "sem.wait 0x0001\n";
  int n = 0;
  for (int cols : {1, 16, 33, 100})
    for (auto [rows0, rows1] : {std::pair{1, 1}, {3, 2}, {1, 5}}) {
      text += "tag " + std::to_string(++n) + "\n";
      text += vector(rows0, rows1, cols, 0, 131072, {});
      text += vector(rows0, rows1, cols, 0, 8192, {}); // one bank
      text += vector(rows0, rows1, cols, 0, 0, {{"reduce", 3}});
      text += vector(rows0, rows1, cols, 0, 8192,
                     {{"out_type", 3},
                      {"reduce", 1},
                      {"range_lo", 5},
                      {"range_hi_step", -7}});
      text += vector(rows0, rows1, cols, 0, 8192,
                     {{"a_type", 0},
                      {"out_type", 0},
                      {"add", 3},
                      {"c_type", 1},
                      {"c_addr", 16384},
                      {"c_stride0", 256},
                      {"c_stride1", 1024}});
      text += vector(rows0, rows1, cols, 0, 4096,
                     {{"a_type", 1},
                      {"out_type", 1},
                      {"scale1", 3},
                      {"b_type", 2},
                      {"b_addr", 32768},
                      {"add_c", 1},
                      {"c_type", 0},
                      {"c_addr", 2048},
                      {"multiply", 1}});
      text += vector(rows0, rows1, cols, 0, 65536,
                     {{"source", 1},
                      {"acc_addr", 4},
                      {"acc_stride0", 8},
                      {"acc_stride1", 16},
                      {"acc_tile_stride", 1},
                      {"add_c", 2}});
    }
  compare(text + "halt\n", target, 1);
}

TEST_CASE("operations on row scalars take the rtl's cycles", "[fast]") {
  auto target = GENERATE("nano", "edge", "server");
  std::string text = load(0, 8192, "0x0001") + "sem.wait 0x0001\n" +
                     set("vector", {{"rows0", 3},
                                    {"rows1", 5},
                                    {"op", 4},
                                    {"a_addr", 64},
                                    {"a_stride0", 4},
                                    {"a_stride1", 100}}) +
                     go("vector");
  for (int op = 0; op < 7; ++op)
    text += "tag " + std::to_string(op) + "\n" +
            set("vector", {{"op", 1}, {"scalar_op", op}, {"reduce_row", 20}}) +
            go("vector");
  text += set("vector", {{"op", 3},
                         {"out_addr", 512},
                         {"out_stride0", 4},
                         {"out_stride1", 64}}) +
          go("vector");
  text += set("vector", {{"op", 3},
                         {"out_addr", 512},
                         {"out_stride0", 64},
                         {"out_stride1", 1024}}) +
          go("vector");
  text += set("vector", {{"op", 2}, {"a_addr", 64}}) + go("vector");
  text += set("vector", {{"op", 0}, {"cols", 0}}) + go("vector");
  compare(text + "halt\n", target, 1);
}

TEST_CASE("vector and matrix unit share banks and accumulator as in the rtl",
          "[fast]") {
  auto target = GENERATE("nano", "edge");
  for (int gap : {0, 3, 17, 40}) {
    std::string text = load(0, 32768, "0x0001") + "sem.wait 0x0001\n";
    for (int i = 0; i < 4; ++i) {
      text += matrix(i % 2 ? 1 : 6, 64, 128, i, 8192);
      text += "set matrix.accumulate, 1\n" + go("matrix");
      for (int j = 0; j < gap; ++j)
        text += "nop\n";
      text += vector(2, 2, 64, 1024 + i * 2048, 16384, {});
      text += vector(2, 2, 64, 1024, 16384,
                     {{"source", 1},
                      {"acc_addr", i * 32},
                      {"acc_stride0", 8},
                      {"acc_stride1", 16},
                      {"acc_tile_stride", 1}});
      text += load(24576, 1500, "0x0000");
    }
    compare(text + "halt\n", target, 1);
  }
}

} // namespace dalbit::fast::test
