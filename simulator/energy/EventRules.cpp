// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/energy/EventRules.h"

#include <algorithm>
#include <set>

namespace dalbit::energy {

namespace {

constexpr ActivityRule Activities[] = {
    {"matrix.macs_w8", "mac_w8", "matrix"},
    {"matrix.macs_w4", "mac_w4", "matrix"},
    {"matrix.macs_stream", "mac_stream", "matrix"},
    {"matrix.array_active", "array_clock", "matrix", Times::Positions},
    {"matrix.fill_weights", "fill_weight", "matrix"},
    {"matrix.fill_active", "fill_clock", "matrix", Times::PortBytes},
    {"matrix.decoded_weights", "decode_weight", "matrix"},
    {"matrix.fill_words", "spm_read", "scratchpad"},
    {"matrix.act_reads", "spm_read", "scratchpad"},
    {"matrix.acc_reads", "acc_read", "accumulator"},
    {"matrix.acc_writes", "acc_write", "accumulator"},
    {"vector.load_ops", "vector_load", "vector"},
    {"vector.scale_ops", "vector_scale", "vector"},
    {"vector.add_ops", "vector_add", "vector"},
    {"vector.table_ops", "vector_table", "vector"},
    {"vector.multiply_ops", "vector_multiply", "vector"},
    {"vector.write_ops", "vector_write", "vector"},
    {"vector.reduce_ops", "vector_reduce", "vector"},
    {"vector.scalar_ops", "vector_scalar", "vector"},
    {"vector.lanes_active", "vector_clock", "vector", Times::Lanes},
    {"vector.acc_reads", "acc_read", "accumulator"},
    {"vector.spm_reads", "spm_read", "scratchpad"},
    {"vector.spm_writes", "spm_write", "scratchpad"},
    {"dma_in.bytes", "dma_byte", "dma"},
    {"dma_in.beats", "dma_beat", "dma"},
    {"dma_in.spm_accesses", "spm_write", "scratchpad"},
    {"dma_out.bytes", "dma_byte", "dma"},
    {"dma_out.beats", "dma_beat", "dma"},
    {"dma_out.spm_accesses", "spm_read", "scratchpad"},
    {"sequencer.instructions", "instruction", "sequencer"},
    {"sequencer.fetch_bytes", "fetch_byte", "sequencer"},
};

constexpr IdleRule Idles[] = {
    {"matrix.array_active", "array_idle", "matrix", Times::Positions},
    {"vector.lanes_active", "vector_idle", "vector", Times::Lanes},
    {nullptr, "always_on", "clock"},
};

constexpr const char *MemoryEvents[] = {"spm_read", "spm_write", "acc_read",
                                        "acc_write"};

} // namespace

std::span<const ActivityRule> activityRules() { return Activities; }
std::span<const IdleRule> idleRules() { return Idles; }

bool isMemoryEvent(const std::string &event) {
  return std::find(std::begin(MemoryEvents), std::end(MemoryEvents), event) !=
         std::end(MemoryEvents);
}

std::vector<std::string> technologyEvents() {
  std::set<std::string> names = {"wire_bit_mm"};
  for (const ActivityRule &rule : Activities)
    if (!isMemoryEvent(rule.event))
      names.insert(rule.event);
  for (const IdleRule &rule : Idles)
    names.insert(rule.event);
  return {names.begin(), names.end()};
}

} // namespace dalbit::energy
