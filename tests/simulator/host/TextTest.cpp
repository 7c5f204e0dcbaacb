// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/host/Text.h"
#include "support/Error.h"

#include <catch2/catch.hpp>

#include <cmath>

namespace dalbit::host {

namespace {

/// Predicts 1 + the last token with logit 5, and records what it is asked.
struct Counter {
  LanguageModel model() {
    return {[this] {
              calls.push_back("reset");
              position = 0;
            },
            [this](std::span<const int32_t> tokens, bool allRows) {
              calls.push_back(std::to_string(position) + "+" +
                              std::to_string(tokens.size()));
              position += tokens.size();
              REQUIRE(position <= context);
              std::vector<std::vector<float>> rows;
              for (int32_t token : tokens) {
                rows.emplace_back(8, 0.0f);
                rows.back()[size_t(token + 1) % 8] = 5;
              }
              if (!allRows)
                rows.erase(rows.begin(), rows.end() - 1);
              return rows;
            },
            context};
  }
  uint32_t context = 8;
  size_t position = 0;
  std::vector<std::string> calls;
};

using Calls = std::vector<std::string>;

uint64_t oneByte(int32_t) { return 1; }

std::vector<LanguageModel> one(LanguageModel model) { return {model}; }

} // namespace

TEST_CASE("the first maximum wins", "[text]") {
  CHECK(greedy(std::vector<float>{1, 3, 3, 2}) == 1);
}

TEST_CASE("prefill gives the first token, each further one a step", "[text]") {
  Counter counter;
  std::vector<int32_t> prompt = {4, 5}, tokens;
  auto rows = generate(counter.model(), prompt, 3, /*allRows=*/true,
                       [&](int32_t token) { tokens.push_back(token); });
  CHECK(tokens == std::vector<int32_t>{6, 7, 0});
  CHECK(counter.calls == Calls{"0+2", "2+1", "3+1"});
  CHECK(rows.size() == 4);
  rows =
      generate(counter.model(), prompt, 2, /*allRows=*/false, [](int32_t) {});
  CHECK(rows.size() == 1);
}

TEST_CASE("windows have half a context before what counts, each token once",
          "[text]") {
  Counter counter;
  std::vector<int32_t> tokens(15);
  std::vector<uint64_t> progress;
  Evaluation result =
      evaluate(one(counter.model()), tokens, oneByte,
               [&](uint64_t done) { progress.push_back(done); });
  CHECK(result.bytes == 14);
  CHECK(progress == std::vector<uint64_t>{8, 12, 15});
  CHECK(counter.calls == Calls{"reset", "0+7", "reset", "0+7", "reset", "0+6"});
}

TEST_CASE("bits per byte are those of the softmax", "[text]") {
  Counter counter;
  std::vector<int32_t> tokens = {0, 1, 2, 2};
  double sum = std::exp(5) + 7;
  double right = std::log2(sum / std::exp(5)), wrong = std::log2(sum);
  CHECK(evaluate(one(counter.model()), tokens, oneByte, [](uint64_t) {
        }).bitsPerByte == Approx((2 * right + wrong) / 3));
}

TEST_CASE("bytes are those of the tokens that count", "[text]") {
  Counter counter;
  std::vector<int32_t> tokens = {0, 1, 2, 3};
  auto bytesOf = [](int32_t token) { return uint64_t(token) + 1; };
  Evaluation result =
      evaluate(one(counter.model()), tokens, bytesOf, [](uint64_t) {});
  CHECK(result.bytes == 2 + 3 + 4);
  double sum = std::exp(5) + 7;
  CHECK(result.bitsPerByte == Approx(3 * std::log2(sum / std::exp(5)) / 9));
}

TEST_CASE("copies of a model share the windows and change nothing", "[text]") {
  std::vector<int32_t> tokens(203);
  for (size_t i = 0; i < tokens.size(); ++i)
    tokens[i] = int32_t(i * i % 8);
  Counter alone, first, second;
  Evaluation expected =
      evaluate(one(alone.model()), tokens, oneByte, [](uint64_t) {});
  uint64_t last = 0;
  Evaluation result =
      evaluate(std::vector{first.model(), second.model()}, tokens, oneByte,
               [&](uint64_t done) { last = done; });
  CHECK(result.bytes == 202);
  CHECK(result.bitsPerByte == expected.bitsPerByte);
  CHECK(last == 203);
  CHECK(first.calls.size() + second.calls.size() == alone.calls.size());
  CHECK(alone.calls.size() == 2 * windowsOf(203, 8));
}

TEST_CASE("nothing to predict gives no bits", "[text]") {
  Counter counter;
  CHECK(evaluate(one(counter.model()), std::vector<int32_t>{3}, oneByte,
                 [](uint64_t) {})
            .bytes == 0);
  CHECK(counter.calls.empty());
  counter.context = 1;
  CHECK_THROWS_AS(evaluate(one(counter.model()), std::vector<int32_t>{3, 4},
                           oneByte, [](uint64_t) {}),
                  Error);
}

TEST_CASE("a token without a logit is refused", "[text]") {
  Counter counter;
  CHECK_THROWS_WITH(evaluate(one(counter.model()), std::vector<int32_t>{3, 8},
                             oneByte, [](uint64_t) {}),
                    "token 8 is outside the vocabulary of 8");
}

} // namespace dalbit::host
