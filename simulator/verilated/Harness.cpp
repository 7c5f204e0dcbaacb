// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Clock loop and AXI memory around one Verilated NPU. Compiled together with
// the model into a shared object (ModelBuild.h); names.h is written there and
// gives the members of Verilator's class that hold counters, tags and queues.
//
// Time (T1, T5, T6). In each cycle the memory takes one burst, fetch before
// read before write, and asks the DRAM for its 64-byte requests at once. Read
// data come in order, one beat a cycle and interface, a beat not before all of
// its requests are there. Write data are taken from the cycle in which their
// address is, the response comes when all have been taken and the DRAM is done.
// A burst that passes the capacity is answered with SLVERR and not booked.
// Tests may hold bursts longer (AxiStalls.h).
// Before a run 27 cycles write the registers, after a reset 5 pass.
//
// Memory is read when a beat is delivered and written when one is taken.

#include "HarnessApi.h"
#include "Vnpu_top.h"
#include "Vnpu_top___024root.h"
#include "names.h"
#include "verilated.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace {

using dalbit::verilated::AxiInterface;
using dalbit::verilated::AxiMoment;

constexpr uint64_t BeatBytes = DALBIT_AXI_BYTES;
constexpr uint64_t RequestBytes = 64;
constexpr int SlaveError = 2; // AXI's SLVERR

/// A queue without allocation; Size is a power of two.
template <typename Entry, unsigned Size> class Ring {
public:
  bool isEmpty() const { return first == next; }
  unsigned room() const { return Size - (next - first); }
  Entry &front() { return entries[first % Size]; }
  void push(const Entry &entry) { entries[next++ % Size] = entry; }
  void pop() { ++first; }
  void clear() { first = next = 0; }

private:
  Entry entries[Size];
  unsigned first = 0, next = 0;
};

struct ReadBeat {
  int64_t ready; ///< first cycle in which it may be delivered
  uint64_t address;
  bool isLast, isError;
};

/// A write burst whose data are coming, or whose response is to come.
struct WriteBurst {
  uint64_t address;
  int64_t done;
  unsigned beatsLeft;
  bool isError;
  int64_t dataFrom; ///< cycle from which data are taken; -1: not yet seen
  uint64_t index;   ///< number of the burst
};

/// The bursts of an interface in a run, and how long the shown one is held.
struct BurstOrder {
  uint64_t index = 0;
  int64_t held = 0;
};

// More than the NPU has outstanding; a burst that does not fit has to wait.
using ReadBeats = Ring<ReadBeat, 4096>;
using WriteBursts = Ring<WriteBurst, 64>;

class Npu {
public:
  explicit Npu(const DalbitHost &host);
  void reset();
  void run(const DalbitStart &start, DalbitEnd &end);
  const DalbitCounter *counters() const { return table; }

private:
  void clock();
  void step();
  void write(uint32_t address, uint32_t data);
  uint32_t read(uint32_t address);
  bool mayTake(AxiInterface interface, bool isShown);
  void takeRead(AxiInterface interface, ReadBeats &beats, uint64_t address,
                unsigned count);
  void takeWrite();
  bool takesWriteData();
  void takeWriteData();
  void respond();
  template <typename Data>
  void deliver(ReadBeats &beats, CData &valid, Data &data, CData &response,
               CData &last);
  void tellValues();
  void readTags(bool tell);
  void look(DalbitEnd &end) const;

  DalbitHost host;
  std::unique_ptr<VerilatedContext> context;
  std::unique_ptr<Vnpu_top> top;
  int64_t cycle = 0;
  bool tellsValues = false;
  BurstOrder orders[3]; ///< by AxiInterface
  ReadBeats fetches, reads;
  WriteBursts writes;      ///< data to come
  WriteBursts completions; ///< response to come
  uint32_t tags[DalbitUnits] = {};
  DalbitCounter table[128] = {};
};

Npu::Npu(const DalbitHost &host)
    : host(host), context(std::make_unique<VerilatedContext>()),
      top(std::make_unique<Vnpu_top>(context.get())) {
  auto &root = *top->rootp;
  DalbitCounter *entry = table;
#define DALBIT_ENTRY(name, member) *entry++ = {name, &root.member};
  DALBIT_COUNTERS(DALBIT_ENTRY)
#undef DALBIT_ENTRY
  top->clk_i = 0;
  top->eval();
  reset();
}

void Npu::reset() {
  fetches.clear();
  reads.clear();
  writes.clear();
  completions.clear();
  top->f_rvalid_i = top->d_rvalid_i = top->d_bvalid_i = 0;
  top->rst_ni = 0;
  for (int i = 0; i < 4; ++i)
    clock();
  top->rst_ni = 1;
  clock();
}

/// One rising edge. Nothing in the rtl looks at the falling one; where the
/// model's memory of the last level is known it is not evaluated, as every
/// evaluation costs all that depends on inputs.
inline void Npu::clock() {
#ifdef DALBIT_PREVIOUS_CLOCK
  top->rootp->DALBIT_PREVIOUS_CLOCK = 0;
#else
  top->clk_i = 0;
  top->eval();
#endif
  top->clk_i = 1;
  top->eval();
  ++cycle;
}

void Npu::write(uint32_t address, uint32_t data) {
  top->csr_we_i = 1;
  top->csr_addr_i = address;
  top->csr_wdata_i = data;
  clock();
  top->csr_we_i = 0;
}

uint32_t Npu::read(uint32_t address) {
  top->csr_addr_i = address;
  top->eval();
  return top->csr_rdata_o;
}

/// Whether a burst that the NPU shows may be taken as far as stalls go.
inline bool Npu::mayTake(AxiInterface interface, bool isShown) {
  if (!isShown || host.stalls.percent == 0)
    return isShown;
  BurstOrder &order = orders[unsigned(interface)];
  if (order.held < host.stalls.of(interface, AxiMoment::Accept, order.index)) {
    ++order.held;
    return false;
  }
  return true;
}

void Npu::takeRead(AxiInterface interface, ReadBeats &beats, uint64_t address,
                   unsigned count) {
  uint64_t end = address + count * BeatBytes;
  bool isError = end > host.capacity;
  BurstOrder &order = orders[unsigned(interface)];
  int64_t stall = host.stalls.of(interface, AxiMoment::Data, order.index);
  order = {order.index + 1, 0};
  int64_t ready = cycle + 1;
  uint64_t request = address / RequestBytes * RequestBytes;
  for (unsigned i = 0; i < count; ++i, address += BeatBytes) {
    for (; !isError && request < address + BeatBytes; request += RequestBytes)
      ready = std::max(ready, host.access(host.self, cycle, request, false));
    beats.push({ready + stall, address, i + 1 == count, isError});
  }
}

void Npu::takeWrite() {
  unsigned count = top->d_awlen_o + 1u;
  uint64_t address = top->d_awaddr_o, end = address + count * BeatBytes;
  bool isError = end > host.capacity;
  int64_t done = cycle + 1;
  uint64_t request = address / RequestBytes * RequestBytes;
  for (; !isError && request < end; request += RequestBytes)
    done = std::max(done, host.access(host.self, cycle, request, true));
  BurstOrder &order = orders[unsigned(AxiInterface::Write)];
  done += host.stalls.of(AxiInterface::Write, AxiMoment::Answer, order.index);
  writes.push({address, done, count, isError, -1, order.index});
  order = {order.index + 1, 0};
}

/// Whether the data of the first burst with an address may be taken.
inline bool Npu::takesWriteData() {
  if (writes.isEmpty())
    return false;
  WriteBurst &burst = writes.front();
  if (burst.dataFrom < 0)
    burst.dataFrom = cycle + host.stalls.of(AxiInterface::Write,
                                            AxiMoment::Data, burst.index);
  return cycle >= burst.dataFrom;
}

void Npu::takeWriteData() {
  WriteBurst &burst = writes.front();
  if (!burst.isError) {
    auto bytes = reinterpret_cast<const uint8_t *>(&top->d_wdata_o);
    auto strobes = reinterpret_cast<const uint8_t *>(&top->d_wstrb_o);
    uint8_t *to = host.memory + burst.address;
    for (unsigned i = 0; i < BeatBytes; ++i)
      if (strobes[i / 8] >> (i % 8) & 1)
        to[i] = bytes[i];
  }
  burst.address += BeatBytes;
  if (--burst.beatsLeft == 0) {
    completions.push(burst);
    writes.pop();
  }
}

void Npu::respond() {
  top->d_bvalid_i = 0;
  if (completions.isEmpty() || completions.front().done > cycle)
    return;
  top->d_bvalid_i = 1;
  top->d_bresp_i = completions.front().isError ? SlaveError : 0;
  completions.pop();
}

template <typename Data>
inline void Npu::deliver(ReadBeats &beats, CData &valid, Data &data,
                         CData &response, CData &last) {
  valid = 0;
  if (beats.isEmpty() || beats.front().ready > cycle)
    return;
  const ReadBeat &beat = beats.front();
  valid = 1;
  last = beat.isLast;
  response = beat.isError ? SlaveError : 0;
  if (!beat.isError)
    std::memcpy(&data, host.memory + beat.address, BeatBytes);
  beats.pop();
}

/// One cycle. What the NPU asks comes out of registers, so it is there before
/// the edge.
inline void Npu::step() {
  unsigned count = top->f_arlen_o + 1u;
  // Each interface in every cycle, as a stall counts the cycles of its own.
  bool fetch =
      mayTake(AxiInterface::Fetch, top->f_arvalid_o) && fetches.room() >= count;
  bool load = mayTake(AxiInterface::Read, top->d_arvalid_o) && !fetch &&
              reads.room() >= top->d_arlen_o + 1u;
  bool store = mayTake(AxiInterface::Write, top->d_awvalid_o) && !fetch &&
               !load && writes.room() && completions.room();
  top->f_arready_i = fetch;
  top->d_arready_i = load;
  top->d_awready_i = store;
  if (fetch)
    takeRead(AxiInterface::Fetch, fetches, top->f_araddr_o, count);
  if (load)
    takeRead(AxiInterface::Read, reads, top->d_araddr_o, top->d_arlen_o + 1u);
  if (store)
    takeWrite();
  bool takesData = takesWriteData();
  top->d_wready_i = takesData;
  if (takesData && top->d_wvalid_o)
    takeWriteData();
  respond();
  deliver(fetches, top->f_rvalid_i, top->f_rdata_i, top->f_rresp_i,
          top->f_rlast_i);
  deliver(reads, top->d_rvalid_i, top->d_rdata_i, top->d_rresp_i,
          top->d_rlast_i);
  clock();
  if (tellsValues)
    tellValues();
}

/// The 32 bits at byte \p address of a scratchpad word.
template <typename Data> uint32_t wordOf(const Data &data, uint32_t address) {
  uint32_t value;
  std::memcpy(&value,
              reinterpret_cast<const uint8_t *>(&data) +
                  address % sizeof(Data) / sizeof value * sizeof value,
              sizeof value);
  return value;
}

void Npu::tellValues() {
  auto &root = *top->rootp;
  if (root.DALBIT_INDEX(rvalid))
    host.value(host.self, 1,
               wordOf(root.DALBIT_INDEX(rdata), root.DALBIT_INDEX(addr)));
  if (root.DALBIT_SCALAR(rvalid))
    host.value(host.self, 0,
               wordOf(root.DALBIT_SCALAR(rdata), root.DALBIT_SCALAR(addr)));
}

void Npu::readTags(bool tell) {
  auto &root = *top->rootp;
  auto compare = [&](unsigned unit, uint32_t tag) {
    if (tell && tag != tags[unit])
      host.retag(host.self, unit, tag);
    tags[unit] = tag;
  };
#define DALBIT_TAG(unit, prefix) compare(unit, root.prefix##tag_q);
  DALBIT_UNITS(DALBIT_TAG)
#undef DALBIT_TAG
}

void Npu::look(DalbitEnd &end) const {
  auto &root = *top->rootp;
  // An entry of note_mem is {tag, pc, signal, wait} (dispatch.sv).
#define DALBIT_QUEUE(unit, prefix)                                             \
  {                                                                            \
    const auto &head = root.prefix##note_mem[root.prefix##head_q];             \
    end.queues[unit] = {root.prefix##listed_q, root.prefix##count_q, head[1],  \
                        head[2], head[0] & 0xffff};                            \
  }
  DALBIT_UNITS(DALBIT_QUEUE)
#undef DALBIT_QUEUE
  std::memcpy(end.semaphores, &root.DALBIT_SEMAPHORE_COUNTS, DalbitSemaphores);
  end.pc = root.DALBIT_PC;
}

void Npu::run(const DalbitStart &start, DalbitEnd &end) {
  for (unsigned i = 0; i < 8; ++i) {
    write(DALBIT_REG_REGION + i * 8, uint32_t(start.regions[i]));
    write(DALBIT_REG_REGION + i * 8 + 4, uint32_t(start.regions[i] >> 32));
    write(DALBIT_REG_ARGUMENT + i * 4, start.arguments[i]);
  }
  write(DALBIT_REG_ENTRY, start.pc);
  write(DALBIT_REG_CODE_WORDS, start.codeWords);
  write(DALBIT_REG_CONTROL, 1);
  end.outcome = DalbitDone;
  tellsValues = start.tellsValues;
  std::fill(std::begin(orders), std::end(orders), BurstOrder{});
  // In the first cycle the start clears the tags.
  step();
  readTags(/*tell=*/false);
  int64_t nextCheck = cycle + DalbitCheckCycles;
  while (!top->done_o) {
    step();
    if (top->event_o)
      readTags(/*tell=*/true);
    if (cycle < nextCheck)
      continue;
    nextCheck += DalbitCheckCycles;
    if (!host.check(host.self, cycle)) {
      end.outcome = DalbitBrokenOff;
      break;
    }
  }
  end.cycle = cycle;
  look(end);
  if (end.outcome == DalbitDone && (read(DALBIT_REG_STATUS) & 4))
    end.outcome = DalbitStopped;
  end.errorCode = read(DALBIT_REG_ERROR_CODE);
  end.errorPc = read(DALBIT_REG_ERROR_PC);
  end.errorUnit = read(DALBIT_REG_ERROR_UNIT);
}

} // namespace

#define DALBIT_EXPORT extern "C" __attribute__((visibility("default")))

DALBIT_EXPORT void *dalbitCreate(const DalbitHost *host) {
  return new Npu(*host);
}
DALBIT_EXPORT void dalbitDestroy(void *npu) { delete static_cast<Npu *>(npu); }
DALBIT_EXPORT void dalbitReset(void *npu) { static_cast<Npu *>(npu)->reset(); }
DALBIT_EXPORT void dalbitRun(void *npu, const DalbitStart *start,
                             DalbitEnd *end) {
  static_cast<Npu *>(npu)->run(*start, *end);
}
DALBIT_EXPORT const DalbitCounter *dalbitCounters(void *npu) {
  return static_cast<Npu *>(npu)->counters();
}
