// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Clock loop and AXI memory around one Verilated NPU; compiled together with the model into a shared
// object (VerilatedBuild.cpp). Contracts T1, T5, T6: bursts are accepted one a cycle, fetch before read
// before write; each is booked in 64-byte requests when it is accepted; data come in order, one beat a
// cycle and interface.

#include "HarnessApi.h"
#include "Vnpu_top.h"
#include "Vnpu_top___024root.h"
#include "verilated.h"

#include <cstring>
#include <memory>

namespace {

constexpr int AxiBytes = DALBIT_AXI_BYTES;
constexpr int64_t RequestBytes = 64;
/// Cycles of no progress after which a program counts as hanging.
constexpr int64_t Patience = 200000;

struct Beat {
  int64_t ready;
  uint64_t address;
  bool last, error;
};

/// Read data of one interface that are on their way.
class ReadQueue {
public:
  bool empty() const { return head == tail; }
  const Beat &front() const { return beats[head & Mask]; }
  void pop() { ++head; }
  void push(const Beat &beat) { beats[tail++ & Mask] = beat; }

private:
  static constexpr unsigned Size = 8192, Mask = Size - 1;
  Beat beats[Size];
  unsigned head = 0, tail = 0;
};

struct Burst {
  uint64_t address;
  int64_t done;
  int beatsLeft;
  bool error;
};

class Npu {
public:
  explicit Npu(const DalbitHost &host) : host(host), context(std::make_unique<VerilatedContext>()) {
    top = std::make_unique<Vnpu_top>(context.get());
    top->rst_ni = 0;
    for (int i = 0; i < 4; ++i)
      clock();
    top->rst_ni = 1;
    clock();
    collect();
  }

  void run(const DalbitStart &start, DalbitEnd &end);
  const DalbitCounter *counters() const { return table; }
  void tags(uint32_t out[4]);

private:
  void collect();
  void clock() {
    top->clk_i = 0;
    top->eval();
    top->clk_i = 1;
    top->eval();
    ++cycle;
  }
  void write(uint32_t address, uint32_t data) {
    top->csr_we_i = 1;
    top->csr_addr_i = address;
    top->csr_wdata_i = data;
    clock();
    top->csr_we_i = 0;
  }
  uint32_t read(uint32_t address) {
    top->csr_addr_i = address;
    top->clk_i = 0;
    top->eval();
    return top->csr_rdata_o;
  }
  void acceptRead(ReadQueue &queue, uint64_t address, int beats, int port);
  template <typename Data> void deliver(ReadQueue &queue, CData &valid, Data &data, CData &resp, CData &last);
  void step();
  uint64_t work() const;

  DalbitHost host;
  std::unique_ptr<VerilatedContext> context;
  std::unique_ptr<Vnpu_top> top;
  int64_t cycle = 0;
  ReadQueue fetches, reads;
  // Writes in order: waiting for data, then for the DRAM.
  static constexpr unsigned Writes = 64;
  Burst bursts[Writes];
  unsigned burstHead = 0, burstData = 0, burstTail = 0;
  DalbitCounter table[128];
};

void Npu::acceptRead(ReadQueue &queue, uint64_t address, int beats, int port) {
  uint64_t end = address + uint64_t(beats) * AxiBytes;
  bool error = end > host.capacity;
  int64_t ready = cycle + 1;
  uint64_t booked = ~uint64_t(0);
  for (int i = 0; i < beats; ++i, address += AxiBytes) {
    uint64_t request = address / RequestBytes * RequestBytes;
    if (!error && request != booked) {
      // A beat wider than a request waits for the last of its requests.
      for (uint64_t at = request; at < address + AxiBytes; at += RequestBytes)
        ready = host.access(host.self, cycle, at, port);
      booked = request;
    }
    queue.push({ready, address, i + 1 == beats, error});
  }
}

template <typename Data>
void Npu::deliver(ReadQueue &queue, CData &valid, Data &data, CData &resp, CData &last) {
  valid = 0;
  if (queue.empty() || queue.front().ready > cycle)
    return;
  const Beat &beat = queue.front();
  valid = 1;
  last = beat.last;
  resp = beat.error ? 2 : 0;
  if (!beat.error)
    std::memcpy(&data, host.memory + beat.address, AxiBytes);
  queue.pop();
}

/// One cycle: the memory's answers, then the clock.
void Npu::step() {
  // What the NPU asks comes out of registers, so it is known before the edge.
  bool fetch = top->f_arvalid_o, load = top->d_arvalid_o && !fetch,
       store = top->d_awvalid_o && !fetch && !load && burstTail - burstHead < Writes;
  top->f_arready_i = fetch;
  top->d_arready_i = load;
  top->d_awready_i = store;
  if (fetch)
    acceptRead(fetches, top->f_araddr_o, top->f_arlen_o + 1, DalbitFetch);
  if (load)
    acceptRead(reads, top->d_araddr_o, top->d_arlen_o + 1, DalbitRead);
  if (store) {
    int beats = top->d_awlen_o + 1;
    uint64_t address = top->d_awaddr_o, end = address + uint64_t(beats) * AxiBytes;
    bool error = end > host.capacity;
    int64_t done = cycle + 1;
    if (!error)
      for (uint64_t at = address / RequestBytes * RequestBytes; at < end; at += RequestBytes)
        done = host.access(host.self, cycle, at, DalbitWrite);
    bursts[burstTail++ % Writes] = {address, done, beats, error};
  }
  bool hasData = burstData != burstTail;
  top->d_wready_i = hasData;
  if (hasData && top->d_wvalid_o) {
    Burst &burst = bursts[burstData % Writes];
    if (!burst.error) {
      const uint8_t *bytes = reinterpret_cast<const uint8_t *>(&top->d_wdata_o);
      uint8_t *to = host.memory + burst.address;
      const uint8_t *strobes = reinterpret_cast<const uint8_t *>(&top->d_wstrb_o);
      for (int i = 0; i < AxiBytes; ++i)
        if (strobes[i / 8] >> (i % 8) & 1)
          to[i] = bytes[i];
    }
    burst.address += AxiBytes;
    if (--burst.beatsLeft == 0)
      ++burstData;
  }
  top->d_bvalid_i = 0;
  if (burstHead != burstData && bursts[burstHead % Writes].done <= cycle) {
    top->d_bvalid_i = 1;
    top->d_bresp_i = bursts[burstHead % Writes].error ? 2 : 0;
    ++burstHead;
  }
  deliver(fetches, top->f_rvalid_i, top->f_rdata_i, top->f_rresp_i, top->f_rlast_i);
  deliver(reads, top->d_rvalid_i, top->d_rdata_i, top->d_rresp_i, top->d_rlast_i);
  clock();
}

/// Grows whenever anything moves.
uint64_t Npu::work() const {
  uint64_t sum = 0;
  for (const DalbitCounter *c = table; c->name; ++c)
    if (!std::strstr(c->name, "stall") && !std::strstr(c->name, "busy") && !std::strstr(c->name, "cycles") &&
        !std::strstr(c->name, "seq_wait"))
      sum += *c->value;
  return sum;
}

void Npu::run(const DalbitStart &start, DalbitEnd &end) {
  for (int i = 0; i < 8; ++i) {
    write(DALBIT_REG_REGION + i * 8, uint32_t(start.regions[i]));
    write(DALBIT_REG_REGION + i * 8 + 4, uint32_t(start.regions[i] >> 32));
    write(DALBIT_REG_ARGUMENT + i * 4, start.arguments[i]);
  }
  write(DALBIT_REG_ENTRY, start.pc);
  write(DALBIT_REG_CODE_WORDS, start.codeWords);
  write(DALBIT_REG_CONTROL, 1);
  for (int i = 0; i < 4; ++i)
    step();
  int64_t lastMove = cycle, nextLook = cycle + 65536;
  uint64_t lastWork = work();
  end.outcome = DalbitDone;
  while (!top->done_o) {
    step();
    if (top->event_o)
      host.event(host.self, cycle);
    if (cycle < nextLook)
      continue;
    nextLook = cycle + 65536;
    host.progress(host.self, cycle);
    uint64_t now = work();
    if (now != lastWork) {
      lastWork = now;
      lastMove = cycle;
    } else if (cycle - lastMove > Patience) {
      end.outcome = DalbitHangs;
      break;
    }
  }
  host.event(host.self, cycle);
  end.cycle = cycle;
  if (end.outcome == DalbitDone && (read(DALBIT_REG_STATUS) & 4))
    end.outcome = DalbitStopped;
  end.errorCode = read(DALBIT_REG_ERROR_CODE);
  end.errorPc = read(DALBIT_REG_ERROR_PC);
  end.errorUnit = read(DALBIT_REG_ERROR_UNIT);
  auto &root = *top->rootp;
#define DALBIT_WAITS(u, path)                                                                             \
  end.need[u] = root.path##need_o;                                                                        \
  end.want[u] = root.path##want_o;
#include "waits.inc"
#undef DALBIT_WAITS
}

void Npu::collect() {
  auto &root = *top->rootp;
  int n = 0;
#define DALBIT_COUNTER(name, member) table[n++] = {name, &root.member};
#include "counters.inc"
#undef DALBIT_COUNTER
  table[n] = {nullptr, nullptr};
}

void Npu::tags(uint32_t out[4]) {
  auto &root = *top->rootp;
#define DALBIT_TAG(unit, member) out[unit] = root.member;
#include "tags.inc"
#undef DALBIT_TAG
}

} // namespace

#define DALBIT_EXPORT extern "C" __attribute__((visibility("default")))

DALBIT_EXPORT void *dalbitCreate(const DalbitHost *host) { return new Npu(*host); }
DALBIT_EXPORT void dalbitDestroy(void *npu) { delete static_cast<Npu *>(npu); }
DALBIT_EXPORT void dalbitRun(void *npu, const DalbitStart *start, DalbitEnd *end) {
  static_cast<Npu *>(npu)->run(*start, *end);
}
DALBIT_EXPORT const DalbitCounter *dalbitCounters(void *npu) { return static_cast<Npu *>(npu)->counters(); }
DALBIT_EXPORT void dalbitTags(void *npu, uint32_t tags[4]) { static_cast<Npu *>(npu)->tags(tags); }
