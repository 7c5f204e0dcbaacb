// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "isa/binary/Binary.h"
#include "isa/binary/Disassembly.h"
#include "isa/binary/Expression.h"
#include "isa/binary/Layout.h"
#include "isa/binary/Validate.h"
#include "isa/target/Target.h"
#include "support/Error.h"
#include "tests/isa/SampleProgram.h"

#include <catch2/catch.hpp>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>

using namespace dalbit;
using namespace dalbit::binary;
namespace fs = std::filesystem;

namespace {

/// A directory that is gone at the end of the test.
struct Scratch {
  fs::path path = fs::temp_directory_path() /
                  ("dalbit-binary-" + std::to_string(std::random_device{}()));
  Scratch() { fs::create_directory(path); }
  ~Scratch() { fs::remove_all(path); }
  std::string file(const char *name) const { return path / name; }
};

std::string slurp(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void dump(const std::string &path, const std::string &bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string refusal(const std::string &path, bool ignoreChecksum) {
  try {
    readBinary(path, {ignoreChecksum});
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

bool equal(std::span<const uint8_t> a, std::span<const uint8_t> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

} // namespace

TEST_CASE("a program that was written reads back as itself") {
  Scratch scratch;
  Program program = sampleProgram();
  std::string path = scratch.file("a.dbn");
  writeBinary(program, path);
  CHECK(isBinary(path));
  Program back = readBinary(path);
  CHECK(back.code == program.code);
  CHECK(equal(back.constants.span(), program.constants.span()));
  CHECK(equal(back.weights.span(), program.weights.span()));
  CHECK(back.regions == program.regions);
  CHECK(back.entries == program.entries);
  CHECK(back.tensors == program.tensors);
  CHECK(back.layers == program.layers);
  CHECK(back.limits == program.limits);
  CHECK(back.target == program.target);
  CHECK(back.model == program.model);
  CHECK(std::distance(fs::directory_iterator(scratch.path), {}) == 1);

  SECTION("and gives the same file again") {
    writeBinary(back, scratch.file("b.dbn"));
    CHECK(slurp(scratch.file("b.dbn")) == slurp(path));
  }
  SECTION("and may be written over the file that it views") {
    writeBinary(back, path);
    CHECK(readBinary(path).code == program.code);
  }
}

TEST_CASE("any flipped bit is found by the checksum") {
  Scratch scratch;
  std::string path = scratch.file("a.dbn");
  writeBinary(sampleProgram(), path);
  std::string good = slurp(path);
  std::mt19937 random(1);
  for (int i = 0; i < 1000; ++i) {
    std::string bad = good;
    bad[random() % bad.size()] ^= char(1 << random() % 8);
    dump(path, bad);
    REQUIRE(refusal(path, false).find(path) == 0);
  }
}

TEST_CASE("damaged files without a checksum are refused or valid") {
  Scratch scratch;
  std::string path = scratch.file("a.dbn");
  writeBinary(sampleProgram(), path);
  std::string good = slurp(path);
  std::mt19937 random(2);
  int refused = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string bad = good;
    unsigned count = 1 + random() % 3;
    for (unsigned k = 0; k < count; ++k) {
      // Every second flip goes into the headers.
      size_t at = random() % bad.size();
      if (random() % 2)
        at = random() % 2 ? random() % 64 : bad.size() - 1 - random() % 768;
      bad[at] = random() % 2 ? char(random()) : bad[at] ^ 1 << random() % 8;
    }
    dump(path, bad);
    try {
      Program program = readBinary(path, {true});
      validate(program, "again");
    } catch (const Error &error) {
      ++refused;
      REQUIRE(std::string(error.what()).find(path) == 0);
    }
  }
  CHECK(refused > 300);
}

TEST_CASE("a file that was cut off is refused at every length") {
  Scratch scratch;
  std::string path = scratch.file("a.dbn");
  writeBinary(sampleProgram(), path);
  std::string good = slurp(path);
  for (size_t size = 0; size < good.size(); size += size < 256 ? 1 : 37) {
    dump(path, good.substr(0, size));
    REQUIRE(refusal(path, true) != "");
  }
  CHECK(refusal(scratch.file("none.dbn"), false) != "");
}

TEST_CASE("a container that lies is refused") {
  Scratch scratch;
  std::string path = scratch.file("a.dbn");
  writeBinary(sampleProgram(), path);
  std::string good = slurp(path);
  uint64_t table;
  std::memcpy(&table, good.data() + 40, 8);
  // Byte of a section's header; code is section 1, const section 2.
  auto header = [&](unsigned section, unsigned byte) {
    return table + section * 64 + byte;
  };
  auto patched = [&](size_t at, uint64_t value, size_t bytes) {
    std::string bad = good;
    std::memcpy(bad.data() + at, &value, bytes);
    dump(path, bad);
    return refusal(path, true).substr(path.size());
  };
  CHECK(patched(0, 0, 1) == ": is no Dalbit binary");
  CHECK(patched(18, 62, 2) == ": is an ELF file of another machine (62)");
  CHECK(patched(48, 9, 4) ==
        ": has version 9 of the format, this program reads 2");
  CHECK(patched(40, ~7ull, 8) == ": the section table lies outside the file");
  CHECK(patched(60, 3, 2) == ": the ELF header is damaged");
  CHECK(patched(header(2, 24), 64, 8) == ": sections overlap");
  CHECK(patched(header(2, 24), 0, 8) == ": sections overlap");
  CHECK(patched(header(3, 32), ~0ull, 8) ==
        ": section .dalbit.weights lies outside the file");
  CHECK(patched(header(1, 24), 65, 8) ==
        ": the header of section .dalbit.code is damaged");
  CHECK(patched(header(1, 32), 79, 8) ==
        ": section .dalbit.code has 79 bytes, no multiple of 8");
  CHECK(patched(header(4, 0), ~0u, 4) ==
        ": the name of section .dalbit.regions is damaged");
  CHECK(patched(header(1, 32), 8, 8) ==
        ": region code has 80 bytes, its contents 8");
}

TEST_CASE("tables that lack a key or have one more are refused") {
  Scratch scratch;
  std::string path = scratch.file("a.dbn");
  writeBinary(sampleProgram(), path);
  std::string good = slurp(path);
  auto replaced = [&](const std::string &from, const std::string &to) {
    std::string bad = good;
    REQUIRE(from.size() == to.size());
    bad.replace(bad.find(from), from.size(), to);
    dump(path, bad);
    return refusal(path, true).substr(path.size());
  };
  CHECK(replaced("\"context\"", "\"contexT\"") ==
        ": section .dalbit.entries: limits: context is missing");
  CHECK(replaced("\"present\"", "\"nothing\"") ==
        ": section .dalbit.tensors: element 1: kind is unknown: 'nothing'");
  CHECK(replaced("\"context\": 64", "\"context\": -4") ==
        ": section .dalbit.entries: limits: context is no integer in range");
  CHECK(replaced("\"batch\": 1,\n", "\"x\":1,\"b\":1,")
            .find("limits: batch is missing") != std::string::npos);
}

TEST_CASE("writing to a place that cannot be written leaves nothing") {
  Scratch scratch;
  CHECK_THROWS_AS(writeBinary(sampleProgram(), "/nonexistent/a.dbn"), Error);
  Program bad = sampleProgram();
  bad.code[1] = 0;
  CHECK_THROWS_AS(writeBinary(bad, scratch.file("a.dbn")), Error);
  CHECK(fs::is_empty(scratch.path));
}

TEST_CASE("what a program promises is checked piece by piece") {
  auto reason = [](std::function<void(Program &)> edit) -> std::string {
    Program program = sampleProgram();
    edit(program);
    try {
      validate(program, "p");
    } catch (const Error &error) {
      return error.what();
    }
    return "";
  };
  auto code = [&](unsigned pc, const isa::Instruction &instruction) {
    return reason([&](Program &p) { p.code[pc] = encode(instruction); });
  };
  REQUIRE(reason([](Program &) {}) == "");
  CHECK(reason([](Program &p) { p.code[3] = 7; }) ==
        "p: instruction 3: unknown opcode 0x0");
  CHECK(code(2, isa::makeJump(-3)) ==
        "p: instruction 2: the target -1 is outside the code");
  CHECK(code(2, isa::makeJump(100)) ==
        "p: instruction 2: the target 102 is outside the code");
  CHECK(code(2, isa::makeLoop(1, 0)) ==
        "p: instruction 2: a loop without a body");
  CHECK(code(2, isa::makeLoop(1, 100)) ==
        "p: instruction 2: the loop's body ends past the code");
  // The sample's loop at 4 has the body 5 .. 7.
  CHECK(code(5, isa::makeLoop(1, 3)) ==
        "p: instruction 5: the loop's body ends past the body around it");
  CHECK(code(2, isa::makeJump(4)) ==
        "p: instruction 2: the branch crosses the border of a loop");
  CHECK(code(6, isa::makeJump(3)) ==
        "p: instruction 6: the branch crosses the border of a loop");
  CHECK(code(2, isa::makeJump(6)) == "");
  CHECK(code(7, isa::makeJump(-2)) == "");
  CHECK(reason([](Program &p) {
          for (unsigned i = 0; i < 5; ++i)
            p.code[i] = encode(isa::makeLoop(1, 8 - int(i)));
        }) == "p: instruction 4: loops nest deeper than 4");
  CHECK(reason([](Program &p) { p.regions.push_back(p.regions[0]); }) ==
        "p: region code is there twice");
  CHECK(reason([](Program &p) {
          p.regions[1].size += 1;
        }).find("p: region const has 301 bytes") == 0);
  CHECK(reason([](Program &p) {
          p.regions.back().size = ~0ull;
        }).find("larger than the DRAM") != std::string::npos);
  CHECK(reason([](Program &p) {
          p.regions.back().size = 1ull << 32;
        }).find("the regions need") != std::string::npos);
  CHECK(reason([](Program &p) {
          p.target = "name = 1";
        }).find("p: target:1: name is not a string") == 0);
  CHECK(reason([](Program &p) {
          p.limits.tokens = 65;
        }).find("p: limits: 65 tokens in 64") == 0);
  CHECK(reason([](Program &p) { p.entries.clear(); }) ==
        "p: there is no entry point");
  CHECK(reason([](Program &p) { p.entries[1].pc = 100; }) ==
        "p: entry 'decode': pc 100 is outside the code");
  CHECK(reason([](Program &p) { p.entries[0].arguments.resize(9, "x"); }) ==
        "p: entry 'prefill': 9 arguments, at most 8");
  CHECK(reason([](Program &p) { p.tensors[0].strides.pop_back(); }) ==
        "p: tensor 'tokens': 1 strides for 2 dimensions");
  CHECK(reason([](Program &p) { p.tensors[0].shape[1] = "T*P"; }) ==
        "p: tensor 'tokens': 'T*P' is no size");
  CHECK(reason([](Program &p) {
          p.tensors[0].strides[1] = -4;
        }).find("p: tensor 'tokens': stride -4") == 0);
  CHECK(reason([](Program &p) { p.tensors[0].offset = 4; }) ==
        "p: tensor 'tokens': ends past its region");
  CHECK(reason([](Program &p) { p.tensors[1].shape[2] = "P+T+1"; }) ==
        "p: tensor 'present': scales: ends past its region");
  CHECK(reason([](Program &p) { p.tensors[1].scaleOffset += 4; }) ==
        "p: tensor 'present': scales: ends past its region");
  CHECK(reason([](Program &p) {
          p.tensors[1].scaleStrides.pop_back();
        }).find("p: tensor 'present': 2 scale strides") == 0);
  CHECK(reason([](Program &p) { p.tensors[1].columns = {1, 0}; }) ==
        "p: tensor 'present': 2 columns do not fit its shape");
  CHECK(reason([](Program &p) { p.tensors[1].columns.assign(32, 5); }) ==
        "p: tensor 'present': column 5 is no place or used twice");
  CHECK(reason([](Program &p) {
          for (int64_t i = 0; i < 32; ++i)
            p.tensors[1].columns.push_back(i * 1000);
        }) == "p: tensor 'present': ends past its region");
  CHECK(reason([](Program &p) { p.tensors[0].source = "past"; }) ==
        "p: tensor 'tokens': source 'past' has no keys to count positions "
        "from");
  auto choose = [](const std::string &from, uint64_t limit,
                   const std::string &columns = "1", int64_t fill = 0) {
    return [=](Program &p) {
      Tensor chosen = p.tensors[0];
      chosen.kind = TensorKind::Output;
      chosen.role = Role::None;
      chosen.name = "y";
      p.tensors.push_back(chosen);
      chosen.name = "chosen";
      chosen.role = Role::TopKValues;
      chosen.source = from;
      chosen.limit = limit;
      chosen.shape.back() = columns;
      chosen.fill = fill;
      p.tensors.push_back(chosen);
    };
  };
  CHECK(reason(choose("tokens", 1)) ==
        "p: tensor 'chosen': source 'tokens' is no result to choose from");
  CHECK(reason(choose("y", 0)) ==
        "p: tensor 'chosen': is no 0 of each row of 'y'");
  CHECK(reason(choose("y", 1)) == "");
  CHECK(reason(choose("y", 1, "2")) ==
        "p: tensor 'chosen': is no 1 of each row of 'y'");
  CHECK(reason(choose("y", 1, "1", 2)) ==
        "p: tensor 'chosen': is no 1 of each row of 'y'");
  CHECK(reason([](Program &p) { p.tensors[2].alias = "nobody"; }) ==
        "p: tensor 'past': alias 'nobody' is no other tensor");
  CHECK(reason([](Program &p) { p.tensors[2].offset = 1; }) ==
        "p: tensor 'past': lies elsewhere than its alias 'present'");
  CHECK(reason([](Program &p) {
          p.layers[1].tag = p.layers[0].tag;
        }).find("p: layer 'h.0': tag 0") == 0);
  CHECK(reason([](Program &p) {
          p.layers[1].last = 100;
        }).find("outside the code") != std::string::npos);
  CHECK(reason([](Program &p) { p.model = "[]"; }) ==
        "p: model facts: are no JSON object");
  CHECK(reason([](Program &p) { p.model = std::string(1000, '['); }) ==
        "p: model facts: JSON is nested too deep");
}

TEST_CASE("sizes are sums of products of numbers and symbols") {
  Symbols symbols{5, 7, 2};
  CHECK(evaluate("12", symbols) == 12);
  CHECK(evaluate("P+T", symbols) == 12);
  CHECK(evaluate("2*B*T+1", symbols) == 21);
  for (const char *bad : {"", "+", "T*", "T*P", "T*T", "x", "-1", " T", "1e3",
                          "1099511627777", "1048576*1048577"})
    CHECK_FALSE(evaluate(bad, symbols));
}

TEST_CASE("regions lie one after the other at multiples of 4096") {
  Program program = sampleProgram();
  Placement placement = place(program);
  uint64_t end = 0;
  for (const RegionEntry &region : program.regions) {
    uint64_t base = placement.base[unsigned(region.kind)];
    CHECK(base % 4096 == 0);
    CHECK(base >= end);
    CHECK(base < end + 4096);
    end = base + region.size;
  }
  CHECK(placement.end == end);
}

TEST_CASE("disassembled code assembles to the same words") {
  Program program = sampleProgram();
  std::string text = disassemble(program);
  CHECK(isa::assemble(text, "text") == program.code);
  CHECK(text.find("; entry decode\n; layer 1 h.0 (linear)\n  loop r9, +3") !=
        std::string::npos);
  CHECK(text.find("\n    set matrix.k, 64") != std::string::npos);
}

TEST_CASE("readelf lists the sections with their alignment") {
  Scratch scratch;
  std::string path = scratch.file("a.dbn");
  writeBinary(sampleProgram(), path);
  std::string command = DALBIT_READELF " -W -h -S " + path + " > " +
                        scratch.file("out") + " 2> " + scratch.file("err");
  REQUIRE(std::system(command.c_str()) == 0);
  CHECK(slurp(scratch.file("err")) == "");
  std::string out = slurp(scratch.file("out"));
  for (const char *name :
       {".dalbit.code", ".dalbit.const", ".dalbit.weights", ".dalbit.regions",
        ".dalbit.entries", ".dalbit.tensors", ".dalbit.layers",
        ".dalbit.target", ".dalbit.model", ".dalbit.hash", ".shstrtab"})
    CHECK(out.find(name) != std::string::npos);
  size_t code = out.find(".dalbit.code");
  std::string line = out.substr(code, out.find('\n', code) - code);
  CHECK(line.substr(line.size() - 2) == "64");
}
