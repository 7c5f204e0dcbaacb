// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Layers of a big run on their own: the whole run takes its bytes from the
// functional engine and its time from the fast one, which that steers; layers
// of one step are then run again, each from the state that the functional
// engine has at its begin, on the fast engine with data and if wanted on the
// rtl. All three have to agree: time and counters of fast and rtl, bytes of
// both with the functional engine's where the layer ends.
//
// A step is a start of the program. At a layer's begin all units are quiescent
// and what is copied ahead of it in program order is there; what the whole run
// does at the same time is the difference between a layer's time alone and its
// time in the whole run.

#pragma once

#include "isa/target/Target.h"
#include "simulator/fast/FastEngine.h"
#include "simulator/functional/FunctionalEngine.h"
#include "simulator/layers/DramImage.h"
#include "simulator/layers/LayerScan.h"

#include <functional>
#include <memory>
#include <optional>

namespace dalbit::layers {

using EngineMaker = std::function<std::unique_ptr<host::Engine>(
    const binary::Program &, const target::Target &, host::Memory &)>;

struct Wanted {
  uint32_t from = 0, count = 1; ///< places in the program's table of layers
  std::optional<uint64_t> step; ///< none: the last one
  EngineMaker rtl;              ///< empty: fast alone
};

/// Throws Error, which says how many layers there are, if some do not exist.
void checkLayers(const binary::Program &program, const Wanted &wanted);

struct LayerTime {
  uint32_t layer = 0;   ///< place in the table
  uint64_t inWhole = 0; ///< cycles of the step in the whole run
  unsigned parts = 0;   ///< runs of its own; 0: not wanted
  uint64_t alone = 0;   ///< cycles in them
  bool isOnRtl = false; ///< and equal there
};

struct Sample {
  uint64_t step = 0, steps = 0;
  bool isDecode = false;
  std::vector<LayerTime> layers; ///< that run in the step, in table order
};

class Sampler : public host::Engine {
public:
  /// As FastEngine's; \p wanted has been checked.
  Sampler(const binary::Program &program, const target::Target &target,
          host::Memory &memory, Wanted wanted);

  /// A step of the whole run.
  host::StepResult run(const host::Start &start) override;
  /// After the whole run, once; memory is as before then. Throws Error if the
  /// wanted step or layers have not been run, if a layer cannot be run alone,
  /// and if engines differ: then with layer, counter and values.
  Sample sample();

private:
  struct Kept {
    uint64_t step;
    host::Start start;
    DramImage dram;
    functional::Snapshot units;
    host::StepResult whole;
  };
  /// A part with its state at the begin and what it has to leave behind.
  struct Job {
    const Part *part;
    functional::Snapshot before;
    std::vector<uint8_t> scratchpad;
    DramImage dram, dramAfter;
  };

  std::vector<Part> findParts();
  std::vector<Part> choose(std::vector<Part> parts) const;
  std::vector<Job> takeStates(const std::vector<Part> &parts);
  void runStep(functional::Stepper &stepper);
  std::map<uint32_t, uint64_t> runAlone(const Job &job,
                                        host::Memory &memory) const;
  std::string nameOf(const Part &part) const;

  const binary::Program &program;
  const target::Target target;
  host::Memory &memory;
  const Wanted wanted;
  functional::FunctionalEngine functional;
  host::RuntimeRecord values; ///< of the steps so far
  fast::FastEngine time;
  std::optional<Kept> kept;
  uint64_t steps = 0, stepInstructions = 0;
};

} // namespace dalbit::layers
