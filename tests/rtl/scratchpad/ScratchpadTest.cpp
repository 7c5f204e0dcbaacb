// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The scratchpad against a model of its contract (docs/units/scratchpad.md),
// and its two bodies against each other, in every cycle of random traffic.

#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

#include "Vscratchpad.h"
#include "Vscratchpad_banks.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace {

constexpr unsigned spmBytes = RTL_SpmBytes;
constexpr unsigned banks = RTL_Banks;
constexpr unsigned portBytes = RTL_PortBytes;
constexpr unsigned ports = 10;
constexpr unsigned dmaIn = 0, vectorOut = 4;

using Word = std::array<uint8_t, portBytes>;

struct Request {
  bool valid = false;
  uint32_t address = 0;
  Word data{};
  uint64_t enables = 0;
};

bool writes(unsigned port) { return port == dmaIn || port == vectorOut; }

// What a port sees: its grant and out-of-range line in this cycle, and the read
// data that an access of the cycle before brings.
struct Answer {
  bool granted = false;
  bool past = false;
  bool valid = false;
  Word data{};
};

// The model under test behind arrays, so that both bodies share the code.
template <typename Model> class Driver {
public:
  Driver() {
    model.rst_ni = 0;
    edge();
    edge();
    model.rst_ni = 1;
  }

  std::array<Answer, ports> look(const std::array<Request, ports> &requests) {
    write(requests[0], model.dma_in_req_i, model.dma_in_addr_i,
          model.dma_in_wdata_i, model.dma_in_be_i);
    read(requests[1], model.dma_out_req_i, model.dma_out_addr_i);
    read(requests[2], model.fill_req_i, model.fill_addr_i);
    read(requests[3], model.act_req_i, model.act_addr_i);
    write(requests[4], model.vec_out_req_i, model.vec_out_addr_i,
          model.vec_out_wdata_i, model.vec_out_be_i);
    read(requests[5], model.vec_c_req_i, model.vec_c_addr_i);
    read(requests[6], model.vec_b_req_i, model.vec_b_addr_i);
    read(requests[7], model.vec_a_req_i, model.vec_a_addr_i);
    read(requests[8], model.index_req_i, model.index_addr_i);
    read(requests[9], model.scalar_req_i, model.scalar_addr_i);
    model.clk_i = 0;
    model.eval();
    std::array<Answer, ports> answers;
    answers[0].granted = model.dma_in_gnt_o;
    answers[4].granted = model.vec_out_gnt_o;
    take(answers[1], model.dma_out_gnt_o, model.dma_out_rvalid_o,
         model.dma_out_rdata_o);
    take(answers[2], model.fill_gnt_o, model.fill_rvalid_o, model.fill_rdata_o);
    take(answers[3], model.act_gnt_o, model.act_rvalid_o, model.act_rdata_o);
    take(answers[5], model.vec_c_gnt_o, model.vec_c_rvalid_o,
         model.vec_c_rdata_o);
    take(answers[6], model.vec_b_gnt_o, model.vec_b_rvalid_o,
         model.vec_b_rdata_o);
    take(answers[7], model.vec_a_gnt_o, model.vec_a_rvalid_o,
         model.vec_a_rdata_o);
    take(answers[8], model.index_gnt_o, model.index_rvalid_o,
         model.index_rdata_o);
    take(answers[9], model.scalar_gnt_o, model.scalar_rvalid_o,
         model.scalar_rdata_o);
    for (unsigned port = 0; port < ports; ++port)
      answers[port].past = (model.oob_o >> port) & 1;
    return answers;
  }

  void edge() {
    model.clk_i = 0;
    model.eval();
    model.clk_i = 1;
    model.eval();
  }

private:
  template <typename Req, typename Addr>
  static void read(const Request &request, Req &req, Addr &address) {
    req = request.valid;
    address = request.address;
  }
  template <typename Req, typename Addr, typename Data, typename Be>
  static void write(const Request &request, Req &req, Addr &address, Data &data,
                    Be &enables) {
    read(request, req, address);
    std::memcpy(&data, request.data.data(), portBytes);
    enables = request.enables;
  }
  template <typename Data>
  static void take(Answer &answer, bool granted, bool valid, const Data &data) {
    answer.granted = granted;
    answer.valid = valid;
    std::memcpy(answer.data.data(), &data, portBytes);
  }

  Model model;
};

// The contract in words: banks by high address bits, lowest port first, a
// request past the end granted at once.
class Reference {
public:
  std::array<Answer, ports> look(const std::array<Request, ports> &requests) {
    std::array<Answer, ports> answers = last;
    std::array<bool, banks> taken{};
    for (unsigned port = 0; port < ports; ++port) {
      const Request &request = requests[port];
      answers[port].past = request.valid && request.address >= spmBytes;
      answers[port].granted = answers[port].past;
      if (!request.valid || answers[port].past)
        continue;
      bool &bank = taken[request.address / (spmBytes / banks)];
      answers[port].granted = !bank;
      bank = true;
    }
    return answers;
  }

  void edge(const std::array<Request, ports> &requests,
            const std::array<Answer, ports> &answers) {
    for (unsigned port = 0; port < ports; ++port) {
      last[port] = Answer{};
      if (!answers[port].granted)
        continue;
      const Request &request = requests[port];
      uint32_t word = request.address / portBytes * portBytes;
      if (!writes(port)) {
        last[port].valid = true;
        if (!answers[port].past)
          std::memcpy(last[port].data.data(), &memory[word], portBytes);
        continue;
      }
      for (unsigned i = 0; i < portBytes && !answers[port].past; ++i)
        if ((request.enables >> i) & 1)
          memory[word + i] = request.data[i];
    }
  }

private:
  std::vector<uint8_t> memory = std::vector<uint8_t>(spmBytes);
  std::array<Answer, ports> last;
};

void compare(const std::array<Answer, ports> &got,
             const std::array<Answer, ports> &want, unsigned cycle) {
  for (unsigned port = 0; port < ports; ++port) {
    INFO("cycle " << cycle << ", port " << port);
    REQUIRE(got[port].granted == want[port].granted);
    REQUIRE(got[port].past == want[port].past);
    if (writes(port))
      continue;
    REQUIRE(got[port].valid == want[port].valid);
    if (want[port].valid)
      REQUIRE(got[port].data == want[port].data);
  }
}

struct Traffic {
  uint32_t seed;
  unsigned percent;   // cycles in which an idle port asks
  unsigned lineBytes; // addresses come from the first lineBytes of a bank
};

void run(const Traffic &traffic) {
  std::mt19937 random(traffic.seed);
  auto below = [&](uint32_t limit) { return random() % limit; };
  Driver<Vscratchpad> array;
  Driver<Vscratchpad_banks> bankwise;
  Reference reference;
  std::array<Request, ports> requests;

  // Both start with the same contents.
  for (uint32_t word = 0; word < spmBytes; word += portBytes) {
    requests[dmaIn] = {true, word, {}, ~0ull};
    for (uint8_t &byte : requests[dmaIn].data)
      byte = random();
    reference.edge(requests, reference.look(requests));
    array.look(requests);
    bankwise.look(requests);
    array.edge();
    bankwise.edge();
  }
  requests[dmaIn] = {};

  for (unsigned cycle = 0; cycle < 20000; ++cycle) {
    for (unsigned port = 0; port < ports; ++port) {
      Request &request = requests[port];
      if (request.valid || below(100) >= traffic.percent)
        continue;
      request.valid = true;
      uint32_t bank = below(banks) * (spmBytes / banks);
      request.address = bank + below(traffic.lineBytes);
      // DMA in does not write past the end more often than it must.
      if (below(64) == 0)
        request.address = spmBytes + below((1u << 24) - spmBytes);
      if (!writes(port))
        continue;
      for (uint8_t &byte : request.data)
        byte = random();
      uint64_t enables = uint64_t(random()) << 32 | random();
      request.enables = below(2) ? enables : ~0ull << below(64);
    }
    std::array<Answer, ports> want = reference.look(requests);
    compare(array.look(requests), want, cycle);
    compare(bankwise.look(requests), want, cycle);
    array.edge();
    bankwise.edge();
    reference.edge(requests, want);
    for (unsigned port = 0; port < ports; ++port)
      if (want[port].granted)
        requests[port] = {};
  }
}

} // namespace

TEST_CASE("random traffic of all ports follows the contract", "[scratchpad]") {
  run({1, 60, spmBytes / banks});
}

TEST_CASE("ports that crowd few words see each other's writes",
          "[scratchpad]") {
  run({2, 90, 2 * portBytes});
}

TEST_CASE("single accesses are granted at once", "[scratchpad]") {
  run({3, 5, spmBytes / banks});
}
