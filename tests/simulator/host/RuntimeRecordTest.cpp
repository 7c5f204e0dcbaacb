// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "isa/binary/Program.h"
#include "simulator/host/Engine.h"
#include "support/Error.h"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace dalbit::host {

namespace {

binary::Program program() {
  binary::Program program;
  program.target = "name = \"one\"";
  program.code = {1, 2, 3};
  program.regions = {{isa::Region::Code, 24}};
  return program;
}

RuntimeRecord record() {
  RuntimeRecord record;
  record.program = programDigest(program());
  record.starts = {{3, {7, 1}, {5, 0xffffffff}, {}}, {4, {1, 8}, {}, {9}}};
  record.tokens = {65, -1};
  return record;
}

/// A folder that goes with the test.
struct Folder {
  Folder() {
    char name[] = "/tmp/dalbit-record-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file() const { return path + "/r.rec"; }
  std::string read() const {
    std::ifstream stream(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  void write(const std::string &text) const {
    std::ofstream(file(), std::ios::binary) << text;
  }
  std::string path;
};

std::string errorOf(const Folder &folder,
                    const binary::Program &of = program()) {
  try {
    readRecord(folder.file(), of);
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

} // namespace

TEST_CASE("a record comes back as it was written", "[host]") {
  Folder folder;
  writeRecord(record(), folder.file());
  CHECK(readRecord(folder.file(), program()) == record());
}

TEST_CASE("no part of a damaged record is taken", "[host]") {
  Folder folder;
  writeRecord(record(), folder.file());
  std::string whole = folder.read();
  for (size_t size = 0; size < whole.size(); ++size) {
    folder.write(whole.substr(0, size));
    CAPTURE(size);
    CHECK(errorOf(folder).starts_with(folder.file() + ": "));
  }
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string other = whole;
    other[at] ^= 4;
    folder.write(other);
    CAPTURE(at);
    CHECK(errorOf(folder) != "");
  }
}

TEST_CASE("a record belongs to target, code and regions", "[host]") {
  Folder folder;
  writeRecord(record(), folder.file());
  binary::Program other = program();
  other.weights = std::vector<uint8_t>{1};
  CHECK(errorOf(folder, other) == "");
  other.code[1] = 5;
  CHECK_THAT(errorOf(folder, other), Catch::Contains("another program"));
  other = program();
  other.target = "name = \"two\"";
  CHECK_THAT(errorOf(folder, other), Catch::Contains("another program"));
  other = program();
  other.regions[0].size = 32;
  CHECK_THAT(errorOf(folder, other), Catch::Contains("another program"));
}

TEST_CASE("a replay gives the values of each start and no others", "[host]") {
  RuntimeRecord of = record();
  Replay replay(of);
  replay.begin({3, {7, 1}});
  CHECK(replay.load() == 5);
  CHECK(replay.load() == 0xffffffff);
  CHECK_THROWS_WITH(replay.load(),
                    "the record has no scalar load 3 of start 1");
  CHECK_THROWS_WITH(replay.index(), "the record has no index 1 of start 1");
  replay.begin({4, {1, 8}});
  CHECK(replay.index() == 9);
  CHECK_THROWS_WITH(replay.begin({4, {1, 9}}),
                    "the record ends before start 3 of the program");
  Replay again(of);
  CHECK_THROWS_WITH(
      again.begin({3, {6, 1}}),
      "the record has other tokens or another position at start 1 of the "
      "program");
}

} // namespace dalbit::host
