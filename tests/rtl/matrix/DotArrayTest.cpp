// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random writes of all forms and random products on both bodies of the dot
// array, compared with each other in every cycle and with plain sums.

#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

#include "Vdot_array_pair.h"
#include <algorithm>
#include <memory>
#include <random>
#include <vector>

namespace {

constexpr int channels = RTL_N, lanes = RTL_K, port = RTL_PortBytes;

enum Form { W8, W4, Rows, Columns };

template <typename Wide> void setByte(Wide &wide, int byte, uint8_t value) {
  int shift = 8 * (byte % 4);
  wide[byte / 4] = (wide[byte / 4] & ~(0xffu << shift)) |
                   (static_cast<uint32_t>(value) << shift);
}

int8_t decode(int code, uint8_t header) {
  int value = (code - (header & 15)) * ((header >> 4) + 1);
  return std::clamp(value, -128, 127);
}

class Pair {
public:
  explicit Pair(unsigned seed) : random(seed) {}

  int pick(int count) { return static_cast<int>(random() % count); }

  void cycle() {
    model->clk_i = 0;
    model->eval();
    model->clk_i = 1;
    model->eval();
    for (int n = 0; n < channels; ++n) {
      REQUIRE(model->psum_sim_o[n] == model->psum_syn_o[n]);
      if (fired)
        REQUIRE(model->psum_sim_o[n] == static_cast<uint32_t>(expected[n]));
    }
  }

  /// Drives one write of \p form at \p index; the array's bytes follow.
  void write(Form form, int bank, int index, int slot) {
    uint8_t data[port];
    for (int i = 0; i < port; ++i)
      setByte(model->data_i, i, data[i] = random());
    int unit = form == Columns ? channels : lanes;
    int byte = unit * pick(port / unit);
    model->write_i = 1;
    model->write_header_i = 0;
    model->write_bank_i = bank;
    model->write_index_i = index;
    model->write_slot_i = slot;
    model->write_byte_i = byte;
    int8_t *tile = weights[bank];
    if (form == W8)
      std::copy(data, data + port, tile + index * port);
    if (form == W4)
      for (int i = 0; i < 2 * port; ++i) {
        int at = index * 2 * port + i;
        tile[at] = decode(data[i / 2] >> (4 * (i % 2)) & 15,
                          headers[slot * channels + at / lanes]);
      }
    if (form == Rows)
      std::copy(data + byte, data + byte + lanes, tile + index * lanes);
    if (form == Columns)
      for (int n = 0; n < channels; ++n)
        tile[n * lanes + index] = data[byte + n];
  }

  void writeHeaders() {
    for (int i = 0; i < port; ++i)
      setByte(model->data_i, i, headers[i] = random());
    model->write_i = 1;
    model->write_header_i = 1;
  }

  /// Drives one product with \p bank, or none.
  void fire(bool on, int bank, bool extreme) {
    model->fire_i = on;
    model->fire_bank_i = bank;
    int valid = pick(4) ? channels : 1 + pick(channels);
    model->channels_i = valid;
    int8_t act[lanes];
    for (int k = 0; k < lanes; ++k)
      setByte(model->act_i, k, act[k] = extreme ? -128 : random());
    if (!on)
      return;
    fired = true;
    for (int n = 0; n < channels; ++n) {
      expected[n] = 0;
      for (int k = 0; k < lanes && n < valid; ++k)
        expected[n] += act[k] * weights[bank][n * lanes + k];
    }
  }

  std::unique_ptr<Vdot_array_pair> model = std::make_unique<Vdot_array_pair>();

private:
  std::mt19937 random;
  int8_t weights[2][channels * lanes];
  uint8_t headers[port];
  int32_t expected[channels];
  bool fired = false;
};

int steps(Form form) {
  switch (form) {
  case W8:
    return channels * lanes / port;
  case W4:
    return channels * lanes / port / 2;
  case Rows:
    return channels;
  default:
    return lanes;
  }
}

} // namespace

TEST_CASE("both bodies of the dot array give the same products every cycle") {
  for (Form form : {W8, W4, Rows, Columns}) {
    Pair pair(7 + form);
    pair.model->form_i = form;
    for (int tile = 0; tile < 24; ++tile) {
      int bank = tile % 2;
      if (form == W4 && tile % 3 == 0) {
        pair.writeHeaders();
        pair.fire(tile > 0 && pair.pick(2), !bank, false);
        pair.cycle();
      }
      int slot = pair.pick(port / channels);
      for (int index = 0; index < steps(form); ++index) {
        pair.write(form, bank, index, slot);
        pair.fire(tile > 0 && pair.pick(4), !bank, pair.pick(8) == 0);
        pair.cycle();
      }
      pair.model->write_i = 0;
      pair.fire(tile > 0 && pair.pick(2), bank, false);
      pair.cycle();
    }
  }
}

TEST_CASE("the largest products do not overflow") {
  Pair pair(1);
  pair.model->form_i = W8;
  for (int index = 0; index < steps(W8); ++index) {
    pair.write(W8, 0, index, 0);
    for (int i = 0; i < port / 4; ++i)
      pair.model->data_i[i] = 0x80808080;
    pair.fire(false, 0, false);
    pair.cycle();
  }
  pair.model->write_i = 0;
  pair.model->fire_i = 1;
  pair.model->channels_i = channels;
  for (int i = 0; i < lanes / 4; ++i)
    pair.model->act_i[i] = 0x80808080;
  pair.cycle();
  for (int n = 0; n < channels; ++n)
    CHECK(pair.model->psum_sim_o[n] == lanes * 16384u);
}
