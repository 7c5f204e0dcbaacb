// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The matrix unit against MatrixModel: random instructions of all forms,
// random stalls, tails, errors, time, counters, the vector unit's reads.

#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

#include "tests/rtl/matrix/MatrixHarness.h"

using namespace dalbit::rtltest;

namespace {

constexpr MatrixSize size{RTL_N, RTL_K, RTL_PortBytes, RTL_AccEntries};
constexpr int errAddress = 3, errIllegalConfig = 7; // isa/npu.td
constexpr int half = 1 << 19;                       // A below, weights above

int groups() { // shortest w4 group that the array allows
  int group = 0;
  while (32 << group < size.k)
    ++group;
  return group;
}

class Bench {
public:
  explicit Bench(unsigned seed)
      : rtl(size, seed),
        accumulator(size.entries, std::vector<uint32_t>(size.n)) {
    rtl.expected = nullptr;
    // Contents are not reset: give every entry a known value.
    MatrixConfig clear;
    clear.rows = size.entries;
    clear.aRowStride = size.k;
    clear.wAddr = half;
    clear.k = size.k;
    clear.n = size.n;
    run(clear);
  }

  int pick(int first, int last) {
    return first + static_cast<int>(rtl.random() % (last - first + 1));
  }

  MatrixConfig randomConfig(Form form) {
    MatrixConfig config;
    config.form = form;
    config.k = pick(0, 2) ? pick(1, 5 * size.k) : size.k * pick(1, 4);
    config.n = pick(0, 2) ? pick(1, 3 * size.n) : size.n * pick(1, 3);
    config.rows = pick(0, 2) ? pick(1, 6) : pick(1, 24);
    config.group = pick(groups(), 2);
    int padded = (config.k + size.k - 1) / size.k * size.k;
    config.aRowStride = padded + size.k * pick(0, 2);
    config.aAddr = size.k * pick(0, 40);
    int unit = form == Form::Rows      ? size.k
               : form == Form::Columns ? size.n
                                       : size.port;
    config.wAddr = half + unit * pick(0, 40);
    int across = form == Form::Columns ? config.n : config.k;
    config.wRowStride = (across + unit - 1) / unit * unit + unit * pick(0, 2);
    int tiles = (config.n + size.n - 1) / size.n;
    config.accStride = config.rows + pick(0, 3);
    config.accAddr =
        pick(0, size.entries - (tiles - 1) * config.accStride - config.rows);
    config.add = pick(0, 1);
    return config;
  }

  /// Runs an allowed instruction and checks fetches, time and counters.
  MatrixTrace run(const MatrixConfig &config) {
    MatrixJob job(size, config);
    job.place(rtl.spm, rtl.random);
    MatrixTrace trace = rtl.run(config);
    job.apply(accumulator);
    job.count(counters);
    CHECK(trace.errorCode == 0);
    CHECK(trace.fillAddress == job.fillAddresses);
    CHECK(trace.actAddress == job.actAddresses);
    MatrixTiming time = timing(job, trace.fillGrant, trace.actGrant);
    CHECK(trace.fillRequest == time.fillRequest);
    CHECK(trace.actRequest == time.actRequest);
    CHECK(trace.done == time.done);
    CHECK(trace.ready == trace.done);
    CHECK((rtl.counters() == counters));
    return trace;
  }

  void checkEntries(int first, int last) {
    for (int entry = first; entry <= last; ++entry)
      REQUIRE(rtl.readEntry(entry) == accumulator[entry]);
  }
  void checkEntries() { checkEntries(0, size.entries - 1); }

  void checkRefused(const MatrixConfig &config, int code) {
    MatrixTrace trace = rtl.run(config);
    CHECK(trace.errorCode == code);
    CHECK(trace.done == 2);
    CHECK(trace.fillRequest.empty());
    CHECK(trace.actRequest.empty());
    CHECK((rtl.counters() == counters));
  }

  MatrixHarness rtl;
  Accumulator accumulator;
  MatrixCounters counters;
};

MatrixConfig oneTile(Form form) {
  MatrixConfig config;
  config.form = form;
  config.group = groups();
  config.k = size.k;
  config.n = size.n;
  config.aRowStride = size.k;
  config.wAddr = half;
  config.wRowStride = form == Form::Columns ? size.n : size.k;
  return config;
}

} // namespace

TEST_CASE("random products of every form are exact, in time and counted") {
  for (int stalls : {0, 30, 80}) {
    Bench bench(1 + stalls);
    bench.rtl.stallPercent = stalls;
    for (int i = 0; i < 120; ++i) {
      INFO("stalls " << stalls << " job " << i);
      bench.run(bench.randomConfig(static_cast<Form>(i % 4)));
      bench.checkEntries();
    }
  }
}

TEST_CASE("one row with one word a tile does not overtake its own sum") {
  Bench bench(5);
  for (Form form : {Form::W8, Form::W4, Form::Rows, Form::Columns}) {
    MatrixConfig config = oneTile(form);
    config.n = 1;
    config.k = form == Form::Columns ? 1 : 12 * size.k;
    config.wRowStride = 12 * size.k;
    config.add = true;
    bench.run(config);
    config.rows = 2;
    config.aRowStride = 12 * size.k;
    bench.run(config);
  }
  bench.checkEntries();
}

TEST_CASE("one tile takes its words and five cycles") {
  Bench bench(6);
  for (Form form : {Form::W8, Form::W4, Form::Rows, Form::Columns}) {
    MatrixConfig config = oneTile(form);
    int words = MatrixJob(size, config).fillAddresses.size();
    CHECK(bench.run(config).done == words + 5);
  }
}

TEST_CASE("a decode step keeps the fill port busy in every cycle") {
  Bench bench(7);
  for (Form form : {Form::W8, Form::W4}) {
    MatrixConfig config = oneTile(form);
    config.k = 12 * size.k;
    config.n = 8 * size.n;
    config.accStride = 1;
    MatrixTrace trace = bench.run(config);
    size_t words = trace.fillGrant.size();
    CHECK(trace.fillGrant.back() == 2 + static_cast<int>(words) - 1);
    if (form == Form::W4 && size.k == 32)
      CHECK(words == 96 / 2 * 17);
  }
}

TEST_CASE("many rows keep the array busy in every cycle") {
  Bench bench(8);
  for (Form form : {Form::W8, Form::W4, Form::Rows, Form::Columns}) {
    MatrixConfig config = oneTile(form);
    config.rows = 80;
    config.k = 3 * size.k;
    config.aRowStride = 3 * size.k;
    config.wRowStride *= 3;
    int words = 0;
    for (int tile : MatrixJob(size, config).fillTiles)
      words += tile == 0;
    CHECK(bench.run(config).done == words + 4 + 3 * 80);
  }
  bench.checkEntries();
}

TEST_CASE("the vector unit reads the other half while the unit works") {
  Bench bench(9);
  bench.rtl.expected = &bench.accumulator;
  for (int entry = 0; entry < size.entries / 2; ++entry)
    bench.rtl.vectorEntries.push_back(entry);
  int reads = 0;
  for (int i = 0; i < 40; ++i) {
    MatrixConfig config = bench.randomConfig(static_cast<Form>(i % 4));
    config.accAddr = size.entries / 2;
    if (config.rows * 6 > size.entries / 2)
      continue;
    MatrixTrace trace = bench.run(config);
    CHECK(trace.vectorWaits == 0);
    reads += trace.vectorReads;
  }
  CHECK(reads > 100);
}

TEST_CASE("the vector unit waits while the unit reads the same half") {
  Bench bench(10);
  bench.rtl.expected = &bench.accumulator;
  bench.rtl.vectorEntries = {size.entries / 2 - 1}; // not written below
  MatrixConfig config = oneTile(Form::W8);
  config.rows = 64;
  config.add = true;
  MatrixTrace trace = bench.run(config);
  CHECK(trace.vectorWaits >= 60);
  CHECK(trace.vectorReads > 0);
}

TEST_CASE("instructions without effect are done in cycle 2") {
  Bench bench(11);
  for (int zero = 0; zero < 3; ++zero) {
    MatrixConfig config = oneTile(Form::W4);
    config.group = 3; // not looked at
    (zero == 0 ? config.rows : zero == 1 ? config.n : config.k) = 0;
    bench.checkRefused(config, 0);
  }
  bench.checkEntries();
}

TEST_CASE("what is not allowed is refused and changes nothing") {
  Bench bench(12);
  auto refuse = [&](Form form, int code, auto change) {
    MatrixConfig config = oneTile(form);
    config.rows = 4;
    change(config);
    bench.checkRefused(config, code);
  };
  using Config = MatrixConfig &;
  refuse(Form::W4, errIllegalConfig, [](Config c) { c.group = 3; });
  if (groups() > 0)
    refuse(Form::W4, errIllegalConfig, [](Config c) { c.group = 0; });
  refuse(Form::W8, errIllegalConfig, [](Config c) {
    c.n = size.n + 1;
    c.accStride = 3;
  });
  for (Form form : {Form::W8, Form::W4, Form::Rows, Form::Columns}) {
    refuse(form, errAddress, [](Config c) { c.aAddr = size.k / 2; });
    refuse(form, errAddress, [](Config c) { c.aRowStride = size.k + 1; });
    refuse(form, errAddress, [&](Config c) {
      c.wAddr += form == Form::Rows || form == Form::Columns ? size.k / 2
                                                             : size.port / 2;
    });
    refuse(form, errAddress, [](Config c) { c.accAddr = size.entries - 3; });
    refuse(form, errAddress, [](Config c) {
      c.n = 2 * size.n;
      c.accStride = size.entries - 3;
    });
    refuse(form, errAddress, [](Config c) {
      c.n = (1 << 20) - 1; // the entry's number would wrap
      c.accStride = 4095;
    });
  }
  for (Form form : {Form::Rows, Form::Columns})
    refuse(form, errAddress, [](Config c) { c.wRowStride += 1; });
  // The last entries themselves are allowed.
  MatrixConfig config = oneTile(Form::W8);
  config.rows = 4;
  config.accAddr = size.entries - 4;
  bench.run(config);
  bench.checkEntries();
}
