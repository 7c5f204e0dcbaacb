// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/host/Utf8.h"

#include <catch2/catch.hpp>

#include <random>

namespace dalbit::host {

namespace {

const std::string bad = "\xef\xbf\xbd";

/// What a stream returns for each byte of \p bytes, then for the end.
std::vector<std::string> byteByByte(std::string_view bytes) {
  Utf8Stream stream;
  std::vector<std::string> parts;
  for (char byte : bytes)
    parts.push_back(stream.put({&byte, 1}));
  parts.push_back(stream.finish());
  return parts;
}

using Parts = std::vector<std::string>;

} // namespace

TEST_CASE("bytes that are no UTF-8 print as U+FFFD", "[utf8]") {
  CHECK(printable("aé\xe2\x82\xac\xf0\x9f\x98\x80") ==
        "aé\xe2\x82\xac\xf0\x9f\x98\x80");
  CHECK(printable("\xff") == bad);
  CHECK(printable("a\xc3") == "a" + bad);
  CHECK(printable("\xc0\x80") == bad + bad);           // overlong
  CHECK(printable("\xe0\x9f\xbf") == bad + bad + bad); // overlong
  CHECK(printable("\xed\xa0\x80") == bad + bad + bad); // surrogate
  CHECK(printable("\xf0\x8f\xbf\xbf") == bad + bad + bad + bad);
  CHECK(printable("\xf4\x90\x80\x80") == bad + bad + bad + bad);
  CHECK(printable("\xe2\x82z") == bad + "z");
  CHECK(printable("\xf0\x9f\x98\xf0\x9f") == bad + bad);
  CHECK(printable("").empty());
}

TEST_CASE("a character appears with its last byte", "[utf8]") {
  CHECK(byteByByte("컴a") == Parts{"", "", "컴", "a", ""});
  CHECK(byteByByte("\xf0\x9f\x98\x80") ==
        Parts{"", "", "", "\xf0\x9f\x98\x80", ""});
}

TEST_CASE("broken bytes appear as soon as they cannot be completed", "[utf8]") {
  CHECK(byteByByte("\xff") == Parts{bad, ""});
  CHECK(byteByByte("\xed\xa0") == Parts{"", bad + bad, ""});
  // The second lead begins a character, the first has none.
  CHECK(byteByByte("\xec\xec\xbb\xb4") == Parts{"", bad, "", "컴", ""});
  CHECK(byteByByte("\xec\xbbz") == Parts{"", "", bad + "z", ""});
}

TEST_CASE("what the end leaves incomplete is U+FFFD, once", "[utf8]") {
  CHECK(byteByByte("a\xec\xbb") == Parts{"a", "", "", bad});
  Utf8Stream stream;
  CHECK(stream.put("\xec").empty());
  CHECK(stream.finish() == bad);
  CHECK(stream.finish().empty());
  CHECK(stream.put("a") == "a");
}

TEST_CASE("a character may begin in one text and end in the next", "[utf8]") {
  Utf8Stream stream;
  CHECK(stream.put("글\xec\xbb") == "글");
  CHECK(stream.put("\xb4퓨") == "컴퓨");
}

TEST_CASE("where a text is cut does not matter", "[utf8]") {
  std::mt19937 random(1);
  // Mostly bytes that lead or continue, so that all kinds of damage occur.
  const std::string alphabet = "a\x80\x8f\x9f\xa0\xbf\xc2\xe0\xed\xec\xf0\xf4"
                               "\xff";
  for (int round = 0; round < 2000; ++round) {
    std::string bytes, joined;
    for (unsigned i = random() % 12; i > 0; --i)
      bytes += alphabet[random() % alphabet.size()];
    Utf8Stream stream;
    for (size_t first = 0; first < bytes.size();) {
      size_t count = 1 + random() % 4;
      joined += stream.put(std::string_view(bytes).substr(first, count));
      first += count;
    }
    joined += stream.finish();
    CAPTURE(bytes);
    REQUIRE(joined == printable(bytes));
    // It is UTF-8 now, of which nothing is broken.
    REQUIRE(printable(joined) == joined);
  }
}

} // namespace dalbit::host
