// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model ready to run: a binary or an ONNX file on one of the engines, behind
// one interface.

#pragma once

#include "simulator/host/Session.h"
#include "simulator/host/Text.h"
#include "simulator/layers/Sampler.h"
#include "simulator/tokenizer/Tokenizer.h"
#include "tools/dalbit/HostTensors.h"
#include "tools/dalbit/Pipeline.h"

#include <optional>

namespace dalbit::tool {

/// Cycles and counters of the steps so far, by phase.
struct Measured {
  struct Phase {
    uint64_t tokens = 0;
    isa::Counters counters;
    std::map<uint32_t, isa::Counters> byTag;
    std::map<std::string, uint64_t> dram;
    double hostSeconds = 0;
  };
  Phase prefill, decode;
  bool timed = false;
  std::map<uint32_t, uint64_t> saturated; ///< StepResult's, of all steps
};

/// What lies in the cache where a run starts past position 0.
struct CacheSource {
  std::optional<uint64_t> seed; ///< numbers from a seed
  /// Folder with one .npy a cache tensor, [batch, heads, P, size], by the name
  /// of the cache input or output, / as _: what --output writes. Without seed
  /// and folder the cache is zero.
  std::string folder;
};

class Model {
public:
  virtual ~Model() = default;
  virtual uint32_t context() const = 0;
  virtual int64_t vocabulary() const = 0;
  /// How it reads text (M4); null if the file does not say. Throws Error if it
  /// says what is not known.
  virtual std::unique_ptr<tokenizer::Tokenizer> tokenizer() const = 0;
  virtual void reset() = 0;
  virtual std::vector<std::vector<float>> run(std::span<const int32_t> tokens,
                                              bool allRows) = 0;
  /// The model once as exported, inputs by name.
  virtual std::vector<host::HostTensor>
  runOnce(const std::vector<host::HostTensor> &inputs) = 0;
  /// Types of the inputs, in no order.
  virtual std::vector<InputType> inputTypes() const = 0;
  /// Whether the model reads anything at all.
  virtual bool hasInputs() const { return true; }
  /// Whether tokens are all that it needs and logits are what it gives.
  virtual bool continuesText() const = 0;
  /// Inputs for runOnce: \p tokens as its ids, or seeded ones if there are
  /// none; seeded values for what else it needs. Throws Error if the model
  /// reads no tokens and some are given.
  virtual std::vector<host::HostTensor>
  seededInputs(std::span<const int32_t> tokens, uint64_t seed) = 0;
  /// The same on tensors as files hold them; the float engine computes on them
  /// as they are, the NPU's border takes their values as numbers.
  virtual std::vector<NamedTensor>
  runTensors(const std::vector<NamedTensor> &inputs);
  /// Cache outputs after the last run; logits are the caller's.
  virtual std::vector<host::HostTensor> cacheOutputs() = 0;
  /// Name of the logits output, for files.
  virtual std::string logitsName() const = 0;
  virtual const Measured &measured() const = 0;
  /// The token that follows a row of logits.
  virtual int32_t choose(std::span<const float> logits) {
    return host::greedy(logits);
  }
  /// What steered the runs so far, if the options asked for it.
  virtual const host::RuntimeRecord *record() const { return nullptr; }
  /// Of a run without data: "replayed" or "seeded", what steers it; else
  /// empty. There are no logits then.
  virtual std::string runTimeValues() const { return {}; }
  /// Hex digest of the memory that a program writes; empty without an NPU.
  virtual std::string digest() const { return {}; }
  /// Runs the layers that the options ask for alone, after all other runs; none
  /// if they ask for none. Throws Error, also where engines differ.
  virtual std::optional<layers::Sample> sampleLayers() { return std::nullopt; }
  virtual const binary::Program *program() const { return nullptr; }
  virtual const target::Target *target() const { return nullptr; }
  /// Starts at a position without prefilling. Throws Error.
  virtual void setPosition(uint32_t position, const CacheSource &cache) = 0;

  host::LanguageModel language();
};

/// Layers that are run alone besides.
struct LayerOptions {
  uint32_t from = 0, count = 1; ///< places in the program's table
  std::optional<uint64_t> step; ///< none: the last one
};

struct ModelOptions {
  CompileOptions compile;
  std::string engine = "functional";
  bool ignoreChecksum = false;
  int frequency = 0;       ///< MHz, 0: the target's own (T1)
  bool records = false;    ///< Model::record()
  bool timingOnly = false; ///< fast engine: computes nothing
  std::string replay;      ///< record that steers it; empty: the seed
  uint64_t seed = 1;
  std::optional<LayerOptions> layers; ///< engines fast and rtl
};

/// Opens a .dbn or .onnx file for an engine: functional, rtl or float. Throws
/// Error.
std::unique_ptr<Model> openModel(const std::string &path,
                                 const ModelOptions &options);

// The two kinds.
std::unique_ptr<Model> makeNpuModel(binary::Program program,
                                    const ModelOptions &options);
std::unique_ptr<Model> makeFloatModel(const std::string &path,
                                      const CompileOptions &options);

} // namespace dalbit::tool
