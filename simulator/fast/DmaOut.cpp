// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Npu.h: DMA out (rtl/dma/dma_out.sv). Words are read as far as it is known
// which cycles DMA in takes; the burst's address is sent when all are there,
// and with its acceptance data, response and end are known.

#include "simulator/fast/Npu.h"

namespace dalbit::fast {

using isa::ErrorCode;
using verilated::AxiInterface;
using verilated::AxiMoment;

namespace {

/// Words of the buffer: two longest bursts, rounded up to a power of two.
uint32_t bufferWords(const Sizes &sizes) {
  return std::bit_ceil(2 * (isa::BurstBytes / sizes.portBytes + 1));
}

} // namespace

void Npu::beginOut(Cycle start, const uint32_t *config) {
  auto c = configurationOf<isa::DmaConfiguration>(config);
  out.begin(c, regionBases[c.region], sizes, /*mayGather=*/false);
  outStart = start;
  if (out.isEmpty()) {
    outEmpty = true;
    finishEmptyOut();
    return;
  }
  outActive = true;
  out.banks(sizes, outBanks);
  outValid = start + 1;
  planWords();
}

/// Takes the burst at hand for reading as soon as the reader is free and
/// buffer and list have room, if that is known already.
void Npu::planWords() {
  if (!outActive || wordAt != Never)
    return;
  uint32_t low = out.spm() & (sizes.portBytes - 1);
  uint32_t words = (low + out.bytes() - 1) / sizes.portBytes + 1;
  Cycle at = outValid;
  if (outTaken)
    at = std::max(at, writes[(outTaken - 1) % Writes].lastGrant);
  if (outTaken >= WritesToRead) {
    if (outSent + WritesToRead <= outTaken)
      return; // the list is full; its first is not sent yet
    at = std::max(at, writes[(outTaken - WritesToRead) % Writes].sent + 1);
  }
  // Bursts whose words are still in the buffer.
  uint32_t used = words, all = bufferWords(sizes);
  for (uint64_t i = outTaken; i-- > 0;) {
    Write &write = writes[i % Writes];
    used += write.words;
    if (used <= all)
      continue;
    if (i >= outAccepted)
      return; // it has not even an address
    at = std::max(at, write.popped + 1);
    break;
  }
  Write &write = writes[outTaken++ % Writes];
  write = {Never, Never,       Never,      Never,
           words, out.bytes(), out.dram(), out.isLast()};
  wordsLeft = words;
  wordAddress = out.spm();
  wordAt = at + 1;
  if (write.isLast)
    outActive = false;
  else
    out.next();
  outValid = at + 1;
}

/// The port asks in \p now.
void Npu::readWords(Cycle now) {
  Cycle final = landingFinal(now);
  for (Cycle at = now;;) {
    uint32_t run = 1;
    Cycle grant = at;
    if (sizes.isPast(wordAddress)) {
      outMark = true;
    } else {
      uint32_t bank = sizes.bankOf(wordAddress);
      grant = occupancy.nextFree<ReadingLevel>(bank, at);
      if (grant >= final) {
        wordAt = final;
        return;
      }
      uint32_t bankEnd = (bank + 1) << sizes.bankShift;
      uint32_t here = (bankEnd - 1 - wordAddress) / sizes.portBytes + 1;
      run = uint32_t(std::min<Cycle>({wordsLeft, here, final - grant}));
      run = occupancy.freeRun<ReadingLevel>(bank, grant, run);
      occupancy.mark(ReadingLevel, bank, grant, run);
      invalidate(ReadingLevel, bank, grant, now);
    }
    spans.push_back({grant, run, 0, 0, 0, false, false});
    wordAddress = (wordAddress + run * sizes.portBytes) & SpmMask;
    wordsLeft -= run;
    at = grant + run;
    lastMove = std::max(lastMove, at - 1);
    if (wordsLeft == 0)
      break;
    if (at >= final) {
      wordAt = at;
      return;
    }
  }
  Write &write = writes[outRead++ % Writes];
  write.lastGrant = spans.back().from + spans.back().count - 1;
  wordAt = Never;
  if (write.isLast) {
    outMarks[marksIn++ % 32] = outMark;
    outMark = false;
    units[DmaOut].readyFrom = write.lastGrant + 1;
    dispatchAt = std::min(dispatchAt, std::max(units[DmaOut].ableFrom(), now));
  }
  planWrite();
  planWords();
}

/// Sends the address of the next burst that has been read.
void Npu::planWrite() {
  if (writeAt != Never || outSent == outRead)
    return;
  uint64_t i = outSent++;
  Write &write = writes[i % Writes];
  write.sent = write.lastGrant + 2;
  if (i > 0)
    write.sent = std::max(write.sent, lastWrite);
  if (i >= WritesToSend)
    write.sent =
        std::max(write.sent, writes[(i - WritesToSend) % Writes].popped + 1);
  if (i >= WritesToAnswer)
    write.sent = std::max(write.sent,
                          writes[(i - WritesToAnswer) % Writes].answered + 1);
  writeAt =
      write.sent + 1 + memory.stall(AxiInterface::Write, AxiMoment::Accept, i);
}

void Npu::takeWrite(Cycle now) {
  uint64_t index = outAccepted++;
  Write &write = writes[index % Writes];
  writeAt = Never;
  lastWrite = now;
  uint32_t beatBytes = sizes.axiBytes;
  uint32_t low = uint32_t(write.dram) & (beatBytes - 1);
  uint64_t address = write.dram - low;
  uint32_t beats = (low + write.bytes - 1) / beatBytes + 1;
  uint64_t first = address & ~uint64_t(MemoryPort::RequestBytes - 1);
  uint64_t end = address + beats * beatBytes;
  Cycle written = now + 1;
  if (memory.isOutside(address, beats * beatBytes)) {
    if (outError == ErrorCode::None)
      outError = ErrorCode::AxiWrite;
  } else {
    written = memory.write(
        now, first, uint32_t((end - first - 1) / MemoryPort::RequestBytes) + 1);
  }
  written += memory.stall(AxiInterface::Write, AxiMoment::Answer, index);
  // A beat is loaded, shown, and taken in the next cycle; the next one is
  // loaded as it is taken. Stalls hold the first one.
  Cycle load = std::max(now + 1, lastData);
  Cycle dataFrom = std::max(now, lastData + 1) +
                   memory.stall(AxiInterface::Write, AxiMoment::Data, index);
  Cycle shown = std::max(load + 1, dataFrom);
  lastData = shown + beats - 1;
  write.popped = beats == 1 ? load : lastData - 1;
  write.answered = std::max({lastData, written, lastAnswer + 1});
  lastAnswer = write.answered;
  lastMove = std::max(lastMove, write.popped);
  if (spans.size() > 40)
    settleOut(now);
  uint32_t bytes0 = std::min(write.bytes, beatBytes - low);
  spans.push_back({load, 1, bytes0, 0, bytes0, true, beats == 1});
  if (beats > 1) {
    uint32_t last = write.bytes - bytes0 - (beats - 2) * beatBytes;
    spans.push_back({shown, beats - 1, beats == 2 ? last : beatBytes, beatBytes,
                     last, true, true});
  }
  if (write.isLast) {
    bool isPast = outMarks[marksOut++ % 32];
    endOut(write.answered + 1, isPast ? ErrorCode::Address : outError);
    outError = ErrorCode::None;
  }
  planWrite();
  planWords();
  finishEmptyOut();
}

void Npu::endOut(Cycle at, ErrorCode error) {
  outEnds[(outFirst + outEnded++) % ListDepth] = {at, error};
}

/// An instruction without bursts ends when the earlier ones are answered.
void Npu::finishEmptyOut() {
  if (!outEmpty || outAccepted != outTaken)
    return;
  outEmpty = false;
  Cycle finish = std::max(outStart + 1, lastAnswer + 2);
  endOut(finish + 1, out.error());
  units[DmaOut].readyFrom = finish + 1;
  dispatchAt = std::min(dispatchAt, units[DmaOut].ableFrom());
}

/// Gives the unit's tag what was counted up to \p upTo.
void Npu::settleOut(Cycle upTo) {
  isa::DmaCounters &counters = tally.of(DmaOut).dmaOut;
  size_t kept = 0;
  for (Span span : spans) {
    uint32_t here =
        uint32_t(std::clamp<Cycle>(upTo - span.from + 1, 0, span.count));
    if (here && !span.isBeat)
      counters.spmAccesses += uint64_t(here) * sizes.access64;
    for (uint32_t i = 0; i < here && span.isBeat; ++i) {
      bool isLast = i + 1 == span.count;
      counters.beats += 1;
      counters.bytes += isLast ? span.last : i ? span.each : span.first;
      counters.bursts += isLast && span.endsBurst;
    }
    if (here == span.count)
      continue;
    if (here) {
      span.from += here;
      span.count -= here;
      span.first = span.each;
    }
    spans[kept++] = span;
  }
  spans.resize(kept);
}

} // namespace dalbit::fast
