// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/tokenizer/ByteLevel.h"
#include "simulator/tokenizer/Pieces.h"
#include "simulator/tokenizer/Tokenizer.h"
#include "support/Error.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace dalbit;
using namespace dalbit::tokenizer;
using nlohmann::json;

namespace {

using Pieces = std::vector<std::string>;
using Ids = std::vector<int32_t>;

/// All bytes (id is the byte), then what \p merges make, in order.
json tokenizerOf(const std::vector<std::string> &merges) {
  json vocabulary;
  for (int byte = 0; byte < 256; ++byte)
    vocabulary[namesOfBytes(std::string(1, char(byte)))] = byte;
  int next = 256;
  for (std::string merge : merges) {
    merge.erase(merge.find(' '), 1);
    vocabulary[merge] = next++;
  }
  return {
      {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", merges}}},
      {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}}}};
}

std::string decode(const Tokenizer &tokenizer, const Ids &ids) {
  std::string text;
  for (int32_t id : ids)
    text += tokenizer.bytesOf(id);
  return text;
}

Pieces split(const json &description, const std::string &text) {
  Pieces pieces{text};
  for (const Step &step : makePreTokenizer(description, "test"))
    pieces = step(pieces);
  return pieces;
}

} // namespace

TEST_CASE("a byte is a token", "[tokenizer]") {
  CHECK(makeBytes()->encode("a\xff") == Ids{97, 255});
  CHECK(makeBytes()->bytesOf(255) == "\xff");
  CHECK(makeBytes()->bytesOf(256).empty());
}

TEST_CASE("names of bytes", "[tokenizer]") {
  CHECK(namesOfBytes(" a\n") == "ĠaĊ");
  std::string all;
  for (int byte = 0; byte < 256; ++byte)
    all += char(byte);
  CHECK(bytesOfNames(namesOfBytes(all)) == all);
}

TEST_CASE("pairs are joined in the order in which they were learnt",
          "[tokenizer]") {
  auto bpe = makeBpe(
      tokenizerOf({"h e", "l l", "he ll", "hell o", "Ġ w", "o r", "Ġw or"})
          .dump(),
      "test");
  CHECK(bpe->encode("hello world") == Ids{259, 262, 'l', 'd'});
  // "l l" before "he l", though that is further left.
  CHECK(bpe->encode("hellx") == Ids{258, 'x'});
  // Nothing joins over a border of pieces: " w" is one, "ll" of "l l" is not.
  CHECK(bpe->encode("l l") == Ids{'l', ' ', 'l'});
  std::string text = "hello 세계\xf0\x9f\x98\x80\n\n  w";
  CHECK(decode(*bpe, bpe->encode(text)) == text);
  CHECK(bpe->bytesOf(100000).empty());
  CHECK_THROWS_AS(bpe->encode("\xff"), Error);
}

TEST_CASE("GPT-2's pieces", "[tokenizer]") {
  json rule = {{"type", "ByteLevel"}, {"add_prefix_space", false}};
  CHECK(split(rule, "It's 2 o'clock,  isn't it?\n") ==
        Pieces{"It", "'s", " 2", " o", "'", "clock", ",", " ", " isn", "'t",
               " it", "?", "\n"});
  CHECK(split(rule, "안녕 세계12") == Pieces{"안녕", " 세계", "12"});
  rule["add_prefix_space"] = true;
  CHECK(split(rule, "a b") == Pieces{" a", " b"});
}

TEST_CASE("sequences of rules, as Llama 3 and Qwen have them", "[tokenizer]") {
  json rule = {{"type", "Sequence"},
               {"pretokenizers",
                {{{"type", "Split"},
                  {"pattern",
                   {{"Regex", "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| "
                              "?[^\\s\\p{L}\\p{N}]+|\\s+"}}},
                  {"behavior", "Isolated"},
                  {"invert", false}},
                 {{"type", "ByteLevel"},
                  {"add_prefix_space", false},
                  {"use_regex", false}}}}};
  CHECK(split(rule, "x 12345!") == Pieces{"x", " ", "123", "45", "!"});
  json digits = {{"type", "Digits"}, {"individual_digits", true}};
  CHECK(split(digits, "a12") == Pieces{"a", "1", "2"});
  auto behaves = [](const char *behavior) {
    return split({{"type", "Split"},
                  {"pattern", {{"String", "-"}}},
                  {"behavior", behavior}},
                 "a-b-c");
  };
  CHECK(behaves("Isolated") == Pieces{"a", "-", "b", "-", "c"});
  CHECK(behaves("Removed") == Pieces{"a", "b", "c"});
  CHECK(behaves("MergedWithPrevious") == Pieces{"a-", "b-", "c"});
  CHECK(behaves("MergedWithNext") == Pieces{"a", "-b", "-c"});
}

TEST_CASE("added tokens, beginnings and normal forms", "[tokenizer]") {
  json file = tokenizerOf({"a b"});
  file["added_tokens"] = {{{"id", 300}, {"content", "<|end|>"}},
                          {{"id", 301}, {"content", "<|begin|>"}}};
  file["post_processor"] = {
      {"type", "TemplateProcessing"},
      {"single",
       {{{"SpecialToken", {{"id", "<|begin|>"}, {"type_id", 0}}}},
        {{"Sequence", {{"id", "A"}, {"type_id", 0}}}},
        {{"SpecialToken", {{"id", "<|end|>"}, {"type_id", 0}}}}}},
      {"special_tokens",
       {{"<|begin|>", {{"id", "<|begin|>"}, {"ids", {301}}}},
        {"<|end|>", {{"id", "<|end|>"}, {"ids", {300}}}}}}};
  file["normalizer"] = {{"type", "NFC"}};
  auto bpe = makeBpe(file.dump(), "test");
  CHECK(bpe->encode("ab<|end|>ab") == Ids{301, 256, 300, 256});
  CHECK(bpe->bytesOf(300) == "<|end|>");
  // e and a combining acute accent become one character.
  CHECK(decode(*bpe, bpe->encode("e\xcc\x81")) == "<|begin|>\xc3\xa9");
}

TEST_CASE("what is not byte-level BPE is refused by name", "[tokenizer]") {
  json file = tokenizerOf({});
  file["model"]["type"] = "Unigram";
  CHECK_THROWS_WITH(makeBpe(file.dump(), "t.json"),
                    Catch::Contains("t.json") && Catch::Contains("Unigram"));
  file = tokenizerOf({});
  file["model"]["byte_fallback"] = true;
  CHECK_THROWS_WITH(makeBpe(file.dump(), "t"), Catch::Contains("fallback"));
  file = tokenizerOf({});
  file["pre_tokenizer"] = {{"type", "Metaspace"}};
  CHECK_THROWS_WITH(makeBpe(file.dump(), "t"), Catch::Contains("Metaspace"));
  CHECK_THROWS_WITH(makeBpe("{]", "t"), Catch::Contains("no tokenizer.json"));
  CHECK_THROWS_WITH(makeBpe("{}", "t"), Catch::Contains("no tokenizer.json"));
}
