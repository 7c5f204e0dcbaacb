// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/rtl/matrix/MatrixModel.h"

#include <algorithm>

namespace dalbit::rtltest {

MatrixJob::MatrixJob(MatrixSize size, MatrixConfig config)
    : size(size), config(config) {
  listFill();
  for (int nTile = 0; nTile < nTiles(); ++nTile)
    for (int kTile = 0; kTile < kTiles(); ++kTile)
      for (int row = 0; row < config.rows; ++row)
        actAddresses.push_back(config.aAddr + row * config.aRowStride +
                               kTile * size.k);
}

int MatrixJob::channels(int nTile) const {
  return std::min(size.n, config.n - nTile * size.n);
}

int MatrixJob::lanes(int kTile) const {
  return std::min(size.k, config.k - kTile * size.k);
}

void MatrixJob::listFill() {
  int stream = config.wAddr; // w8, w4
  int begun = 0;             // tiles that began a group
  for (int nTile = 0; nTile < nTiles(); ++nTile) {
    for (int kTile = 0; kTile < kTiles(); ++kTile) {
      int tile = nTile * kTiles() + kTile;
      auto fetch = [&](int address, bool header) {
        fillAddresses.push_back(address);
        fillTiles.push_back(tile);
        headers.push_back(header);
      };
      if (config.form == Form::W8 || config.form == Form::W4) {
        bool w4 = config.form == Form::W4;
        if (w4 && beginsGroup(kTile) && begun++ % (size.port / size.n) == 0) {
          fetch(stream, true);
          stream += size.port;
        }
        int rowBytes = w4 ? size.k / 2 : size.k;
        int used = channels(nTile) * rowBytes;
        for (int byte = 0; byte < used; byte += size.port)
          fetch(stream + byte, false);
        stream += size.n * rowBytes;
      }
      if (config.form == Form::Rows)
        for (int n = 0; n < channels(nTile); ++n)
          fetch(config.wAddr + (nTile * size.n + n) * config.wRowStride +
                    kTile * size.k,
                false);
      if (config.form == Form::Columns)
        for (int k = 0; k < lanes(kTile); ++k)
          fetch(config.wAddr + (kTile * size.k + k) * config.wRowStride +
                    nTile * size.n,
                false);
    }
    if (config.form == Form::W4) {
      int group = tilesOfGroup();
      int padded = (kTiles() + group - 1) / group * group;
      stream += (padded - kTiles()) * size.n * size.k / 2;
    }
  }
}

void MatrixJob::place(std::vector<uint8_t> &spm, std::mt19937 &random) {
  auto byte = [&](int address) -> uint8_t & { return spm.at(address); };
  // Now and then a run of the most negative value, the largest product.
  bool extreme = random() % 8 == 0;
  auto value = [&] { return extreme ? uint8_t(0x80) : uint8_t(random()); };

  a.resize(config.rows * config.k);
  for (int row = 0; row < config.rows; ++row)
    for (int k = 0; k < config.k; ++k)
      a[row * config.k + k] = byte(config.aAddr + row * config.aRowStride + k) =
          value();

  w.resize(config.n * config.k);
  size_t word = 0;
  std::vector<uint8_t> slots; // headers not used yet
  std::vector<uint8_t> current(size.n);
  for (int nTile = 0; nTile < nTiles(); ++nTile)
    for (int kTile = 0; kTile < kTiles(); ++kTile) {
      if (config.form == Form::W4 && beginsGroup(kTile)) {
        if (slots.empty()) {
          for (int i = 0; i < size.port; ++i)
            slots.push_back(byte(fillAddresses[word] + i) = random());
          ++word;
        }
        std::copy(slots.begin(), slots.begin() + size.n, current.begin());
        slots.erase(slots.begin(), slots.begin() + size.n);
      }
      int first = word < fillAddresses.size() ? fillAddresses[word] : 0;
      for (int n = 0; n < channels(nTile); ++n)
        for (int k = 0; k < lanes(kTile); ++k) {
          int8_t &weight =
              w[(nTile * size.n + n) * config.k + kTile * size.k + k];
          switch (config.form) {
          case Form::W8:
            weight = byte(first + n * size.k + k) = value();
            break;
          case Form::W4: {
            int code = random() & 15;
            uint8_t &both = byte(first + (n * size.k + k) / 2);
            both = k % 2 ? (both & 0x0f) | code << 4 : (both & 0xf0) | code;
            int multiplier = (current[n] >> 4) + 1, zero = current[n] & 15;
            weight = std::clamp((code - zero) * multiplier, -128, 127);
            break;
          }
          case Form::Rows:
            weight =
                byte(config.wAddr + (nTile * size.n + n) * config.wRowStride +
                     kTile * size.k + k) = value();
            break;
          case Form::Columns:
            weight =
                byte(config.wAddr + (kTile * size.k + k) * config.wRowStride +
                     nTile * size.n + n) = value();
            break;
          }
        }
      int tile = nTile * kTiles() + kTile;
      while (word < fillTiles.size() && fillTiles[word] == tile)
        ++word;
    }
}

void MatrixJob::apply(Accumulator &accumulator) const {
  for (int row = 0; row < config.rows; ++row)
    for (int n = 0; n < nTiles() * size.n; ++n) {
      uint32_t &entry = accumulator.at(
          config.accAddr + n / size.n * config.accStride + row)[n % size.n];
      if (!config.add)
        entry = 0;
      for (int k = 0; k < config.k && n < config.n; ++k)
        entry += a[row * config.k + k] * w[n * config.k + k];
    }
}

void MatrixJob::count(MatrixCounters &counters) const {
  uint64_t macs = uint64_t(config.rows) * config.n * config.k;
  uint64_t fires = uint64_t(config.rows) * tiles();
  uint64_t words = fillAddresses.size();
  uint64_t headerWords = std::count(headers.begin(), headers.end(), 1);
  uint64_t weightWords = words - headerWords;
  uint64_t portWords = size.port / 64;
  counters.arrayActive += fires;
  counters.accWrites += fires;
  counters.accReads +=
      config.add ? fires : fires - uint64_t(config.rows) * nTiles();
  counters.actReads += fires * portWords;
  counters.fillWords += words * portWords;
  counters.fillActive += weightWords;
  switch (config.form) {
  case Form::W8:
    counters.macsW8 += macs;
    counters.fillWeights += weightWords * size.port;
    break;
  case Form::W4:
    counters.macsW4 += macs;
    counters.fillWeights += weightWords * size.port * 2;
    counters.decodedWeights += weightWords * size.port * 2;
    break;
  case Form::Rows:
    counters.macsStream += macs;
    counters.fillWeights += weightWords * size.k;
    break;
  case Form::Columns:
    counters.macsStream += macs;
    counters.fillWeights += weightWords * size.n;
    break;
  }
}

MatrixTiming timing(const MatrixJob &job, const std::vector<int> &fillGrant,
                    const std::vector<int> &actGrant) {
  int rows = job.config.rows;
  int fires = static_cast<int>(job.actAddresses.size());
  std::vector<int> lastWord(job.tiles());
  for (size_t word = 0; word < job.fillTiles.size(); ++word)
    lastWord[job.fillTiles[word]] = word;

  std::vector<int> fire(fires);
  for (int i = 0; i < fires; ++i) {
    int complete = fillGrant[lastWord[i / rows]] + 2;
    fire[i] = std::max(actGrant[i] + 2, complete);
    if (i > 0)
      fire[i] = std::max(fire[i], fire[i - 1] + (rows == 1 ? 2 : 1));
  }

  MatrixTiming result;
  for (size_t word = 0; word < job.fillTiles.size(); ++word) {
    int request = word == 0 ? 2 : fillGrant[word - 1] + 1;
    int tile = job.fillTiles[word];
    bool first = word == 0 || job.fillTiles[word - 1] != tile;
    if (first && tile >= 2)
      request = std::max(request, fire[(tile - 1) * rows - 1] + 1);
    result.fillRequest.push_back(request);
  }
  for (int i = 0; i < fires; ++i) {
    int request = i == 0 ? 2 : actGrant[i - 1] + 1;
    if (i >= 4)
      request = std::max(request, fire[i - 4] + 1);
    result.actRequest.push_back(request);
  }
  result.done = fire.back() + 2;
  return result;
}

} // namespace dalbit::rtltest
