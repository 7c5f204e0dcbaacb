// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fuzz/Generator.h"

#include <algorithm>

namespace dalbit::fuzz {

using functional::Space;
using isa::Region;
using isa::Unit;

namespace {

constexpr uint32_t PlaceBytes = 2048;

std::array<uint32_t, isa::Arguments> randomArguments(uint64_t seed) {
  Random random(seed ^ 0x5eed);
  std::array<uint32_t, isa::Arguments> arguments;
  for (uint32_t &argument : arguments)
    argument = random.chance(50) ? random.below(7) : uint32_t(random.wide());
  return arguments;
}

} // namespace

Generator::Generator(const target::Target &target, uint64_t seed)
    : target(target), random(seed), emitter(random, randomArguments(seed)),
      order(this->target, emitter, random), maker(this->target, random) {
  result.target = target;
  result.arguments = randomArguments(seed);
  result.memorySeed = random.word() >> 32;
  if (random.chance(50))
    result.dramSeed = random.word() >> 32;
  if (random.chance(40))
    result.stalls = {random.word() >> 32, uint32_t(random.between(5, 60)),
                     uint32_t(random.between(1, random.chance(20) ? 200 : 20))};
}

//===----------------------------------------------------------------------===//
// Scratchpad
//===----------------------------------------------------------------------===//

/// Pieces in the chosen banks, apart from each other and from index lists.
std::vector<Place> Generator::places(unsigned count, uint32_t bytes) {
  std::vector<Place> result;
  uint32_t perBank = target.bankBytes() / bytes;
  std::vector<uint32_t> numbers;
  for (uint32_t bank : banks)
    for (uint32_t i = 0; i < perBank; ++i)
      numbers.push_back(bank * perBank + i);
  random.shuffle(numbers);
  for (uint32_t number : numbers) {
    Place place{number * bytes, bytes};
    bool isFree = std::none_of(
        menu.indices.begin(), menu.indices.end(), [&](const Place &other) {
          return place.address < other.address + other.bytes &&
                 other.address < place.address + bytes;
        });
    if (isFree && result.size() < count)
      result.push_back(place);
  }
  return result;
}

void Generator::layOut() {
  // Few banks, so that ports meet; the borders between neighbours count too.
  uint32_t first = random.below(uint32_t(target.banks));
  banks = {first, (first + 1) % uint32_t(target.banks)};
  if (random.chance(50))
    banks.push_back(random.below(uint32_t(target.banks)));
  std::sort(banks.begin(), banks.end());
  banks.erase(std::unique(banks.begin(), banks.end()), banks.end());

  uint32_t beat = uint32_t(target.axiBytes);
  for (int i = 0; i < 2; ++i) {
    uint32_t bytes = std::max<uint32_t>(64, beat);
    uint32_t bank = random.pick(banks);
    menu.indices.push_back(
        {bank * target.bankBytes() +
             random.below(target.bankBytes() / bytes) * bytes,
         bytes});
  }
  uint32_t bytes = std::max(PlaceBytes, maker.alignment());
  std::vector<Place> found = places(uint32_t(random.between(4, 8)), bytes);
  menu.inputs = menu.sides = menu.outputs = found;
  menu.accInput = menu.accOutput = {0, uint32_t(target.accumulatorEntries)};
  menu.loads = {Region::Const, Region::Weights, Region::Kv,
                Region::Input, Region::Output,  Region::Workspace};
  menu.stores = {Region::Kv, Region::Output, Region::Workspace};
}

void Generator::remember(const Job &job) {
  for (const Range &range : rangesOf(target, job))
    if (range.isWrite && range.space != Space::Dram)
      written.push_back(range);
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

void Generator::run(const Job &job) {
  order.run(job);
  remember(job);
}

void Generator::move(Job &job) {
  Job plain = job;
  unsigned wanted = sources.empty() ? 0 : random.below(3);
  std::vector<Source> choice = sources;
  // What a load or arithmetic left, cut to what the field bears.
  if (random.chance(15)) {
    bool byOnes = random.chance(40);
    uint32_t mask = byOnes ? 3 : maker.alignment() * (1 + 2 * random.below(2));
    uint8_t reg = emitter.scratch();
    uint8_t from = emitter.scratch();
    emitter.emit(isa::makeAndI(reg, from, int32_t(mask)));
    std::optional<uint32_t> value = emitter.valueOf(from);
    emitter.know(reg, value ? std::optional(*value & mask) : std::nullopt);
    choice.push_back({reg, mask, byOnes});
    ++wanted;
  }
  for (unsigned i = 0; i < wanted; ++i) {
    const Source &source = random.pick(choice);
    std::vector<uint8_t> fields = maker.movable(job.unit, source.byOnes);
    uint8_t field = random.pick(fields);
    if (std::any_of(job.moving.begin(), job.moving.end(),
                    [&](const Moving &m) { return m.field == field; }))
      continue;
    job.moving.push_back({field, source.reg, source.most});
    isa::Configurations most = cornersOf(job).back();
    bool fits = most.get(job.unit, field) ==
                job.fields.get(job.unit, field) + int64_t(source.most);
    if (!fits || !maker.isAllowed(job, menu))
      job.moving.pop_back();
  }
}

/// The vector unit most, as it has most to show.
Unit Generator::anyUnit() {
  uint32_t dice = random.below(100);
  return dice < 20   ? Unit::DmaIn
         : dice < 38 ? Unit::DmaOut
         : dice < 64 ? Unit::Matrix
                     : Unit::Vector;
}

void Generator::job() {
  if (random.chance(4))
    return run(maker.loadIndices(emitter.present(), menu));
  if (random.chance(3))
    return run(maker.empty(anyUnit(), emitter.present()));
  std::optional<Job> made = maker.make(anyUnit(), emitter.present(), menu);
  if (!made)
    return;
  move(*made);
  run(*made);
}

/// The same go several times: a queue fills.
void Generator::burst() {
  std::optional<Job> made = maker.make(anyUnit(), emitter.present(), menu);
  if (!made)
    return;
  for (int i = random.between(2, 14); i > 0; --i)
    run(*made);
}

void Generator::load() {
  const Place &place = random.pick(menu.inputs);
  uint32_t address = place.address + random.below(PlaceBytes / 4) * 4;
  uint32_t most = 0;
  uint8_t base = random.chance(50) ? 0 : uint8_t(random.below(9));
  std::optional<uint32_t> value = emitter.valueOf(base);
  for (const Source &source : sources)
    if (!source.byOnes && random.chance(40) &&
        address + source.most < target.scratchpadBytes()) {
      base = source.reg;
      most = source.most;
      value = 0;
    }
  order.beforeLoad(address, most + 4);
  uint8_t to = emitter.scratch();
  emitter.emit(isa::makeLoad(to, base, int32_t(address - *value)));
  emitter.know(to, std::nullopt);
}

void Generator::tag() { emitter.emit(isa::makeTag(random.below(512))); }

void Generator::arithmetic() {
  for (int i = random.between(1, 4); i > 0; --i)
    emitter.arithmetic();
}

/// Many instructions: what is around them, be it a loop or a branch, is longer
/// than what the sequencer fetches ahead, or about as long as its instruction
/// buffer, which has 1024, and longer.
void Generator::stretch() {
  bool isAboutBuffer = random.chance(50);
  int count =
      isAboutBuffer ? random.between(900, 1500) : random.between(100, 700);
  while (count-- > 0)
    emitter.arithmetic();
}

void Generator::branch(unsigned depth, bool hasJobs) {
  hasJobs &= random.chance(50);
  if (hasJobs)
    order.barrier();
  auto source = [&] {
    return random.chance(30) ? uint8_t(random.below(9)) : emitter.scratch();
  };
  isa::Instruction branch;
  branch.opcode = isa::Opcode(unsigned(isa::Opcode::Beq) + random.below(5));
  if (branch.opcode != isa::Opcode::Jump) {
    branch.b = source();
    branch.c = random.chance(20) ? branch.b : source();
  }
  size_t at = emitter.emit(branch);
  Emitter::Stretch stretch = emitter.begin();
  block(depth, uint32_t(random.between(1, 2)), hasJobs);
  if (hasJobs)
    order.barrier();
  emitter.end(stretch);
  emitter.code[at].target = int32_t(emitter.code.size() - at);
}

void Generator::statement(unsigned depth, bool hasJobs) {
  uint32_t dice = random.below(100);
  if (dice < 8)
    return branch(depth, hasJobs);
  if (dice < 20 && depth < isa::LoopDepth)
    return loop(depth, hasJobs);
  if (dice < 38)
    return arithmetic();
  if (dice < 43)
    return tag();
  if (dice < 44 && depth <= 1)
    return stretch();
  if (dice < 45) {
    emitter.emit(isa::makeNop());
    return;
  }
  if (!hasJobs)
    return arithmetic();
  if (dice < 52)
    return load();
  if (dice < 55)
    return order.barrier();
  if (dice < 62)
    return burst();
  job();
}

void Generator::block(unsigned depth, unsigned statements, bool hasJobs) {
  for (unsigned i = 0; i < statements; ++i)
    statement(depth, hasJobs);
}

//===----------------------------------------------------------------------===//
// Beginning and end
//===----------------------------------------------------------------------===//

void Generator::prologue() {
  // What random instructions may read holds something.
  static const std::vector<Region> from = {Region::Input, Region::Const,
                                           Region::Weights, Region::Kv};
  for (const Place &place : menu.inputs) {
    if (random.chance(15))
      continue;
    Job job;
    job.unit = Unit::DmaIn;
    job.fields = emitter.present();
    isa::DmaConfiguration &c = job.fields.dmaIn;
    c.region = uint32_t(random.pick(from));
    c.gather = isa::DmaGather::Off;
    c.rows = c.planes = 1;
    c.bytes = place.bytes / (random.chance(50) ? 2 : 1);
    c.spmAddr = place.address;
    c.dramOffset = random.below((DataBytes - place.bytes) / 128) * 128;
    run(job);
  }
  run(maker.loadIndices(emitter.present(), menu));
  Job job;
  job.unit = Unit::Vector;
  job.fields = emitter.present();
  job.fields.vector.op = isa::VectorOp::Table;
  job.fields.vector.aAddr = menu.inputs[0].address;
  run(job);
  job.fields = emitter.present();
  isa::VectorConfiguration &c = job.fields.vector;
  c.op = isa::VectorOp::Fetch;
  c.rows0 = c.rows1 = 8;
  c.aAddr = menu.inputs.back().address;
  c.aStride0 = 4;
  c.aStride1 = 32;
  c.reduceBy = isa::By::Row;
  c.reduceRow = random.chance(50) ? 0 : uint32_t(target.rowScalars) / 2;
  run(job);
}

/// Copies a range to the output behind what programs store.
void Generator::dump(uint32_t address, uint32_t bytes, uint32_t &offset) {
  uint32_t beat = uint32_t(target.axiBytes);
  uint32_t first = address / beat * beat;
  uint32_t end = (address + bytes + beat - 1) / beat * beat;
  end = std::min(end, first + (OutputBytes - offset) / beat * beat);
  if (end <= first)
    return;
  Job job;
  job.unit = Unit::DmaOut;
  job.fields = emitter.present();
  isa::DmaConfiguration &c = job.fields.dmaOut;
  c.region = uint32_t(Region::Output);
  c.gather = isa::DmaGather::Off;
  c.rows = c.planes = 1;
  c.bytes = end - first;
  c.spmAddr = first;
  c.dramOffset = offset;
  order.run(job);
  offset += end - first;
}

void Generator::epilogue() {
  uint32_t offset = StoreBytes;
  uint32_t align = maker.alignment();
  // First what only the vector unit can bring out, through a place of its own.
  Place place = menu.outputs[0];
  Job job;
  job.unit = Unit::Vector;
  auto reset = [&] {
    job.fields = emitter.present();
    job.fields.vector = {};
    job.fields.vector.outAddr = place.address;
  };
  isa::VectorConfiguration &c = job.fields.vector;
  std::vector<Range> bytes;
  uint32_t firstEntry = UINT32_MAX, endEntry = 0;
  for (const Range &range : written) {
    if (range.space == Space::Scratchpad) {
      bytes.push_back(range);
    } else {
      firstEntry = std::min(firstEntry, uint32_t(range.first));
      endEntry = std::max(endEntry, uint32_t(range.end));
    }
  }
  // Before the places are written over.
  std::sort(bytes.begin(), bytes.end(),
            [](const Range &a, const Range &b) { return a.first < b.first; });
  for (size_t i = 0; i < bytes.size();) {
    uint64_t first = bytes[i].first, end = bytes[i].end;
    for (++i; i < bytes.size() && bytes[i].first <= end + 64; ++i)
      end = std::max(end, bytes[i].end);
    dump(uint32_t(first), uint32_t(end - first), offset);
  }
  uint32_t entryBytes = uint32_t(target.outputs) * 4;
  if (endEntry > firstEntry) {
    reset();
    uint32_t count =
        std::min(endEntry - firstEntry, std::max(1u, place.bytes / entryBytes));
    c.source = isa::VectorSource::Acc;
    c.rows0 = count;
    c.rows1 = 1;
    c.cols = uint32_t(target.outputs);
    c.accAddr = firstEntry + random.below(endEntry - firstEntry - count + 1);
    c.accStride0 = 1;
    c.rangeHi = target.outputs;
    c.outType = isa::Type::I32;
    c.outStride0 = (entryBytes + align - 1) / align * align;
    if (c.outStride0 * count > place.bytes)
      c.rows0 = place.bytes / c.outStride0;
    order.run(job);
    dump(place.address, c.outStride0 * c.rows0, offset);
  }
  for (uint32_t half : {0u, uint32_t(target.rowScalars) / 2})
    for (bool isRaw : {false, true}) {
      reset();
      c.op = isa::VectorOp::Store;
      c.scalarOp =
          isRaw ? isa::VectorScalarOp::Raw : isa::VectorScalarOp::Scale;
      c.rows0 = 40;
      c.rows1 = 1;
      c.scale1Row = half;
      c.outStride0 = 4;
      order.run(job);
      dump(place.address, 160, offset);
    }
}

Case Generator::make(std::optional<unsigned> faultNumber) {
  layOut();
  prologue();
  unsigned statements = uint32_t(random.between(6, 16));
  unsigned faultAt = faultNumber ? random.below(statements) : statements;
  for (unsigned i = 0; i < statements; ++i) {
    if (i == faultAt)
      fault(*faultNumber);
    statement(0, true);
  }
  epilogue();
  if (!lacksHalt)
    emitter.emit(isa::makeHalt());
  for (size_t pc = 0; pc < emitter.code.size(); ++pc) {
    auto word = emitter.words.find(pc);
    result.code.push_back(word != emitter.words.end()
                              ? word->second
                              : isa::encode(emitter.code[pc]));
  }
  return std::move(result);
}

} // namespace dalbit::fuzz
