// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "support/AtomicFile.h"
#include "support/Error.h"
#include "support/Progress.h"
#include "support/Sha256.h"
#include "support/Suggest.h"

#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <sys/resource.h>

using namespace dalbit;
namespace fs = std::filesystem;

namespace {

struct Scratch {
  fs::path path = fs::temp_directory_path() /
                  ("dalbit-support-" + std::to_string(std::random_device{}()));
  Scratch() { fs::create_directory(path); }
  ~Scratch() { fs::remove_all(path); }
};

std::string slurp(const fs::path &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

TEST_CASE("a file appears only when it is committed") {
  Scratch scratch;
  fs::path path = scratch.path / "a";
  writeFile(path, "old");
  {
    AtomicFile file(path);
    file.write("new text");
    CHECK(slurp(path) == "old");
    file.rewrite(4, "TEXT", 4);
    CHECK(file.size() == 8);
    file.commit();
  }
  CHECK(slurp(path) == "new TEXT");
  {
    AtomicFile(path).write("never committed");
  }
  CHECK(slurp(path) == "new TEXT");
  CHECK(std::distance(fs::directory_iterator(scratch.path), {}) == 1);
}

TEST_CASE("a disk that is full is an error and leaves nothing") {
  Scratch scratch;
  fs::path path = scratch.path / "a";
  // A limit on the size of files fails like a full disk.
  struct rlimit old;
  getrlimit(RLIMIT_FSIZE, &old);
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit small = old;
  small.rlim_cur = 1000;
  setrlimit(RLIMIT_FSIZE, &small);
  std::string message;
  try {
    writeFile(path, std::string(2000, 'x'));
  } catch (const Error &error) {
    message = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &old);
  CHECK(message == path.string() + ": cannot be written: File too large");
  CHECK(fs::is_empty(scratch.path));
  CHECK_THROWS_WITH(
      writeFile("/nonexistent/a", ""),
      "/nonexistent/a: cannot be written: No such file or directory");
}

TEST_CASE("SHA-256 is the standard's") {
  Sha256 hash;
  hash.update("a", 1);
  hash.update("bc", 2);
  CHECK(hex(hash.finish()) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9c"
                              "b410ff61f20015ad");
}

TEST_CASE("the nearest name is found unless none is near") {
  std::vector<std::string> names = {"lanes", "outputs", "kib"};
  CHECK(nearest("lnaes", names) == "lanes");
  CHECK(nearest("output", names) == "outputs");
  CHECK(nearest("frequency", names) == "");
  CHECK(suggest("output", names) ==
        std::vector<std::string>{"did you mean 'outputs'?"});
  CHECK(suggest("frequency", names) ==
        std::vector<std::string>{"known are lanes, outputs, kib"});
}

TEST_CASE("progress tells the time left") {
  CHECK(progressLine("decode", 0, 8, 3) == "decode 0/8");
  CHECK(progressLine("decode", 2, 8, 3) == "decode 2/8, 9 s left");
  CHECK(progressLine("decode", 1, 8, 60) == "decode 1/8, 7 min left");
}

TEST_CASE("a destination is looked at before there is anything to write") {
  Scratch scratch;
  auto says = [](auto check) -> std::string {
    try {
      check();
      return "";
    } catch (const Error &error) {
      return error.what();
    }
  };
  auto file = [&](const fs::path &path) {
    return says([&] { requireWritable(path.string()); });
  };
  auto folder = [&](const fs::path &path) {
    return says([&] { requireWritableFolder(path.string()); });
  };
  fs::path there = scratch.path / "there", none = scratch.path / "none";
  std::ofstream(there) << "x";
  CHECK(file(there) == "");
  CHECK(file(none) == "");
  CHECK_THAT(file(scratch.path), Catch::Contains("Is a directory"));
  CHECK_THAT(file(none / "a"),
             Catch::Contains("there is no folder '" + none.string() + "'"));
  CHECK_THAT(file(there / "a"), Catch::Contains("is no folder"));
  CHECK(file("/dev/null") == "");
  CHECK(folder(none / "a" / "b") == "");
  CHECK(folder(scratch.path) == "");
  CHECK_THAT(folder(there), Catch::Contains("is no folder"));
  CHECK_THAT(folder(there / "a"), Catch::Contains("is no folder"));
  CHECK(!fs::exists(none));
}

TEST_CASE("links are followed, also to what is not there yet") {
  Scratch scratch;
  fs::path target = scratch.path / "target";
  fs::create_symlink("second", scratch.path / "first");
  fs::create_symlink(target, scratch.path / "second");
  CHECK(fs::path(followLinks((scratch.path / "first").string())) == target);
  writeFile((scratch.path / "first").string(), "text");
  CHECK(slurp(target) == "text");
  CHECK(fs::is_symlink(scratch.path / "first"));
  CHECK(followLinks("/dev/stdout") == "/proc/self/fd/1");
  CHECK(followLinks(target.string()) == target.string());
  fs::create_symlink("round", scratch.path / "round");
  CHECK_THROWS_AS(writeFile((scratch.path / "round").string(), "text"), Error);
}
