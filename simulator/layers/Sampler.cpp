// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/layers/Sampler.h"

#include "simulator/host/Difference.h"
#include "simulator/layers/PartProgram.h"
#include "support/Error.h"
#include "support/Parallel.h"

#include <algorithm>
#include <cstring>
#include <mutex>

namespace dalbit::layers {

namespace {

constexpr uint32_t LayerMask = 0xff; ///< of a tag; above is the phase

/// Stops at the instructions where states are taken.
class Stops : public functional::Stepper {
public:
  using Take = std::function<void(const functional::FunctionalEngine &)>;

  /// \p take is called before the instruction with each number of \p at, which
  /// are in order.
  Stops(std::vector<std::pair<uint64_t, Take>> at) : at(std::move(at)) {}
  void before(const functional::FunctionalEngine &engine) override {
    for (; next < at.size() && at[next].first == engine.executed(); ++next)
      at[next].second(engine);
  }
  /// Those that were to come after the program's end.
  void finish(const functional::FunctionalEngine &engine) {
    for (; next < at.size(); ++next)
      at[next].second(engine);
  }

private:
  std::vector<std::pair<uint64_t, Take>> at;
  size_t next = 0;
};

/// Memories that hold the weights already.
class Memories {
public:
  Memories(const binary::Program &program, uint64_t capacity)
      : program(program), capacity(capacity) {}
  std::unique_ptr<host::Memory> take() {
    {
      std::lock_guard lock(mutex);
      if (!idle.empty()) {
        std::unique_ptr<host::Memory> memory = std::move(idle.back());
        idle.pop_back();
        return memory;
      }
    }
    auto memory = std::make_unique<host::Memory>(capacity);
    memory->load(program);
    return memory;
  }
  void give(std::unique_ptr<host::Memory> memory) {
    std::lock_guard lock(mutex);
    idle.push_back(std::move(memory));
  }

private:
  const binary::Program &program;
  const uint64_t capacity;
  std::mutex mutex;
  std::vector<std::unique_ptr<host::Memory>> idle;
};

std::string difference(const PartRun &rtl, const PartRun &fast) {
  static constexpr std::pair<const char *, host::StepResult PartRun::*>
      Starts[] = {{"", &PartRun::part},
                  {"restoring its state, ", &PartRun::restore},
                  {"before it, ", &PartRun::prologue},
                  {"after it, ", &PartRun::dump}};
  for (const auto &[name, start] : Starts)
    if (std::string text = host::difference(rtl.*start, fast.*start);
        !text.empty())
      return name + text;
  return "";
}

} // namespace

void checkLayers(const binary::Program &program, const Wanted &wanted) {
  size_t count = program.layers.size();
  if (count == 0)
    throw Error("--from-layer: the binary names no layers");
  if (uint64_t(wanted.from) + wanted.count > count || wanted.count == 0)
    throw Error("--from-layer " + std::to_string(wanted.from) + " --layers " +
                    std::to_string(wanted.count) + ": the program has " +
                    std::to_string(count) + " layers, 0 .. " +
                    std::to_string(count - 1),
                {"dalbit inspect lists them"});
}

Sampler::Sampler(const binary::Program &program, const target::Target &target,
                 host::Memory &memory, Wanted wanted)
    : program(program), target(target), memory(memory),
      wanted(std::move(wanted)), functional(program, target, memory),
      time(program, target, memory, fast::FastEngine::Steering{&values, 1, 1}) {
}

host::StepResult Sampler::run(const host::Start &start) {
  bool isKept = !wanted.step || *wanted.step == steps;
  if (isKept) {
    kept.reset();
    kept.emplace(
        Kept{steps, start, DramImage::of(memory), functional.snapshot(), {}});
  }
  functional.record(&values);
  stepInstructions = functional.run(start).counters.sequencer.instructions;
  functional.record(nullptr);
  if (host::RuntimeValues *copy = beginRecord(start))
    *copy = values.starts.back();
  host::StepResult result = time.run(start);
  if (isKept)
    kept->whole = result;
  ++steps;
  return result;
}

/// Runs the kept step again.
void Sampler::runStep(functional::Stepper &stepper) {
  kept->dram.writeTo(memory);
  functional.setUnits(kept->units);
  functional.step(&stepper);
  stepInstructions =
      functional.run(kept->start).counters.sequencer.instructions;
  functional.step(nullptr);
}

std::vector<Part> Sampler::findParts() {
  LayerScan scan(target);
  runStep(scan);
  return scan.parts(stepInstructions);
}

std::string Sampler::nameOf(const Part &part) const {
  std::string text;
  for (size_t i = 0; i < program.layers.size(); ++i)
    for (uint32_t tag : part.tags)
      if ((tag & LayerMask) == program.layers[i].tag)
        text += (text.empty() ? "layer " : ", ") + std::to_string(i) + " ('" +
                program.layers[i].name + "')";
  return text.empty() ? "a part without a layer" : text;
}

std::vector<Part> Sampler::choose(std::vector<Part> parts) const {
  auto isWanted = [&](uint32_t tag) {
    for (uint32_t i = 0; i < wanted.count; ++i)
      if (program.layers[wanted.from + i].tag == (tag & LayerMask))
        return true;
    return false;
  };
  auto has = [&](const auto &tags) {
    return std::any_of(tags.begin(), tags.end(), isWanted);
  };
  std::vector<Part> chosen;
  for (Part &part : parts)
    if (has(part.tags) || has(part.copies))
      chosen.push_back(std::move(part));
  if (chosen.empty())
    throw Error("step " + std::to_string(kept->step) + " does not run layer " +
                    std::to_string(wanted.from) + " ('" +
                    program.layers[wanted.from].name + "')" +
                    (wanted.count > 1 ? " or the wanted ones after it" : ""),
                {"--step chooses another one of " + std::to_string(steps)});
  for (const Part &part : chosen)
    if (!part.obstacle.empty())
      throw Error(nameOf(part) + " cannot be run alone: " + part.obstacle);
  return chosen;
}

std::vector<Sampler::Job> Sampler::takeStates(const std::vector<Part> &parts) {
  std::vector<Job> jobs(parts.size());
  std::vector<std::pair<uint64_t, Stops::Take>> stops;
  for (size_t i = 0; i < parts.size(); ++i) {
    Job &job = jobs[i];
    job.part = &parts[i];
    stops.push_back({parts[i].first,
                     [this, &job](const functional::FunctionalEngine &engine) {
                       job.before = engine.snapshot();
                       job.dram = kept->dram.changedTo(memory);
                     }});
    stops.push_back({parts[i].end,
                     [this, &job](const functional::FunctionalEngine &engine) {
                       job.scratchpad = engine.snapshot().scratchpad;
                       job.dramAfter = kept->dram.changedTo(memory);
                     }});
  }
  Stops stepper(std::move(stops));
  runStep(stepper);
  stepper.finish(functional);
  return jobs;
}

/// Cycles by tag.
std::map<uint32_t, uint64_t> Sampler::runAlone(const Job &job,
                                               host::Memory &own) const {
  PartProgram alone(program, target, *job.part, job.before);
  auto runOn = [&](const char *name, const EngineMaker &make) {
    alone.install(own);
    job.dram.writeTo(own);
    PartRun run;
    try {
      run = alone.run(*make(alone.program(), target, own));
    } catch (const Error &error) {
      throw Error(nameOf(*job.part) + " on " + name + ": " + error.what(),
                  error.notes);
    }
    std::string text = job.dramAfter.difference(own);
    std::span<const uint8_t> left = alone.scratchpad(own);
    auto at = std::mismatch(left.begin(), left.end(), job.scratchpad.begin());
    if (text.empty() && at.first != left.end())
      text = "byte " + std::to_string(at.first - left.begin()) +
             " of the scratchpad";
    if (!text.empty())
      throw Error(nameOf(*job.part) + ": " + name +
                  " and functional leave different bytes: " + text);
    uint64_t executed = run.part.counters.sequencer.instructions -
                        run.prologue.counters.sequencer.instructions;
    uint64_t expected =
        job.part->end - job.part->first + (job.part->halt ? 1 : 0);
    if (executed != expected)
      throw Error(nameOf(*job.part) + " cannot be run alone: it executes " +
                  std::to_string(executed) + " instructions instead of " +
                  std::to_string(expected));
    return run;
  };
  PartRun fast = runOn("fast", [](auto &...of) {
    return std::make_unique<fast::FastEngine>(of...);
  });
  if (wanted.rtl) {
    PartRun rtl = runOn("rtl", wanted.rtl);
    if (std::string text = difference(rtl, fast); !text.empty())
      throw Error(nameOf(*job.part) + ": rtl and fast differ: " + text);
  }
  std::map<uint32_t, uint64_t> cycles;
  for (const auto &[tag, counters] : fast.part.byTag)
    cycles[tag & LayerMask] += counters.cycles;
  if (!job.part->tags.empty())
    cycles[job.part->tags.front() & LayerMask] -= fast.prologue.counters.cycles;
  return cycles;
}

Sample Sampler::sample() {
  if (!kept)
    throw Error("--step " + std::to_string(*wanted.step) +
                ": the run's last step is " + std::to_string(steps - 1));
  DramImage after = DramImage::of(memory);
  std::vector<Part> parts = choose(findParts());
  std::vector<Job> jobs = takeStates(parts);
  after.writeTo(memory);

  Memories memories(program, memory.capacity());
  std::vector<std::map<uint32_t, uint64_t>> cycles(jobs.size());
  parallelFor(availableCores(), jobs.size(), [&](size_t i) {
    std::unique_ptr<host::Memory> own = memories.take();
    cycles[i] = runAlone(jobs[i], *own);
    memories.give(std::move(own));
  });

  Sample sample;
  sample.step = kept->step;
  sample.steps = steps;
  sample.isDecode = kept->whole.byTag.rbegin()->first > LayerMask;
  for (uint32_t i = 0; i < program.layers.size(); ++i) {
    uint32_t tag = program.layers[i].tag;
    LayerTime layer;
    layer.layer = i;
    bool hasRun = false;
    for (const auto &[of, counters] : kept->whole.byTag)
      if ((of & LayerMask) == tag) {
        hasRun = true;
        layer.inWhole += counters.cycles;
      }
    for (size_t p = 0; p < parts.size(); ++p) {
      auto isIt = [&](uint32_t other) { return (other & LayerMask) == tag; };
      const Part &part = parts[p];
      if (std::any_of(part.tags.begin(), part.tags.end(), isIt) ||
          std::any_of(part.copies.begin(), part.copies.end(), isIt)) {
        ++layer.parts;
        layer.alone += cycles[p][tag];
      }
    }
    layer.isOnRtl = layer.parts && wanted.rtl;
    if (hasRun)
      sample.layers.push_back(layer);
  }
  return sample;
}

} // namespace dalbit::layers
