// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/dalbit/Pipeline.h"

#include "compiler/dialect/nn/NNOps.h"
#include "compiler/dialect/npu/NPUOps.h"
#include "compiler/dialect/onnx/OnnxOps.h"
#include "compiler/dialect/qnn/QNNOps.h"
#include "compiler/encode/BuildProgram.h"
#include "compiler/import/Import.h"
#include "compiler/quantise/NNToQNN.h"
#include "compiler/raise/Graph.h"
#include "compiler/raise/Raise.h"
#include "compiler/raise/Steering.h"
#include "compiler/schedule/Schedule.h"
#include "isa/binary/Binary.h"
#include "isa/binary/Disassembly.h"
#include "support/Error.h"
#include "tools/dalbit/ModelTokenizer.h"
#include "tools/dalbit/TargetCheck.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/OperationSupport.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdio>
#include <mutex>
#include <set>

using namespace mlir;

namespace dalbit::tool {

namespace {

/// Says it once, though a command may read a model several times.
void warn(const std::string &text) {
  static std::mutex mutex;
  static std::set<std::string> said;
  std::lock_guard lock(mutex);
  if (said.insert(text).second)
    std::fprintf(stderr, "warning: %s\n", text.c_str());
}

/// The place that a user knows: the ONNX node, not a line of ours.
std::string placeOf(Location loc) {
  std::string name;
  loc->walk([&](Location part) {
    if (auto named = dyn_cast<NameLoc>(part)) {
      name = named.getName().getValue().str();
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return name;
}

std::string textOf(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  OpPrintingFlags flags;
  // Whole, so that dalbit-opt goes on from the text.
  flags.printLargeElementsAttrWithHex(16);
  module.print(stream, flags);
  stream << "\n";
  return text;
}

/// Positions of angles that a graph computes, unless --max-context says.
constexpr int64_t DefaultContext = 2048;

/// The largest P + T of given inputs (NAME=DIMS), 0 if they do not say.
int64_t actualContext(ModuleOp module, const std::vector<std::string> &actual) {
  int64_t tokens = 0, past = 0;
  for (auto function : module.getOps<func::FuncOp>())
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      auto name = function.getArgAttrOfType<StringAttr>(i, "dalbit.name");
      auto dims = function.getArgAttrOfType<ArrayAttr>(i, "dalbit.dims");
      for (const std::string &entry : actual) {
        auto [input, list] = StringRef(entry).rsplit('=');
        SmallVector<StringRef> sizes;
        list.split(sizes, ',');
        if (!name || !dims || input != name || sizes.size() != dims.size())
          continue;
        for (auto [dim, size] : llvm::zip(dims, sizes)) {
          int64_t number = 0;
          (void)size.getAsInteger(10, number);
          if (cast<StringAttr>(dim).getValue() == "T")
            tokens = std::max(tokens, number);
          if (cast<StringAttr>(dim).getValue() == "P")
            past = std::max(past, number);
        }
      }
    }
  // Nothing that grows was given.
  if (past + tokens == 0)
    return 0;
  // What the file fixes: steps of one token.
  for (auto function : module.getOps<func::FuncOp>())
    if (auto sizes = function->getAttrOfType<DictionaryAttr>("dalbit.sizes")) {
      if (auto fixed = sizes.getAs<IntegerAttr>("T"))
        tokens = std::max(tokens, fixed.getInt());
      if (auto fixed = sizes.getAs<IntegerAttr>("P"))
        past = std::max(past, fixed.getInt());
    }
  return past + tokens;
}

/// Rows of the smallest table of positions, what given inputs need, or 2048.
int64_t defaultContext(ModuleOp module,
                       const std::vector<std::string> &actual) {
  int64_t rows = 0;
  auto atMost = [&](Value table) {
    int64_t size = cast<ShapedType>(table.getType()).getDimSize(0);
    rows = rows ? std::min(rows, size) : size;
  };
  auto isPositions = [](Value ids) {
    auto argument = dyn_cast<BlockArgument>(ids);
    if (!argument)
      return bool(ids.getDefiningOp<nn::PositionIdsOp>());
    auto function = cast<func::FuncOp>(argument.getOwner()->getParentOp());
    auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(),
                                                      "dalbit.name");
    return name && name.getValue().contains_insensitive("position");
  };
  module.walk([&](nn::EmbeddingOp op) {
    if (isPositions(op.getIds()))
      atMost(op.getTable());
  });
  module.walk([&](nn::RotaryOp op) { atMost(op.getCos()); });
  if (rows)
    return rows;
  // A graph of fixed sizes has no other context.
  for (auto function : module.getOps<func::FuncOp>())
    if (auto sizes = function->getAttrOfType<DictionaryAttr>("dalbit.sizes"))
      if (auto tokens = sizes.getAs<IntegerAttr>("T"))
        if (auto past = sizes.getAs<IntegerAttr>("P"))
          return tokens.getInt() + past.getInt();
  // Without tokens nothing grows.
  bool grows = false;
  for (auto function : module.getOps<func::FuncOp>())
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      if (auto dims = function.getArgAttrOfType<ArrayAttr>(i, "dalbit.dims"))
        for (Attribute dim : dims)
          grows |= cast<StringAttr>(dim).getValue().contains('T') ||
                   cast<StringAttr>(dim).getValue().contains('P');
  if (!grows)
    return 1;
  if (int64_t given = actualContext(module, actual))
    return given;
  std::fprintf(stderr, "note: the model has no position table; --max-context "
                       "is taken as 2048\n");
  return DefaultContext;
}

} // namespace

Compiler::Compiler() : mlir(std::make_unique<MLIRContext>()) {
  mlir->loadDialect<arith::ArithDialect, func::FuncDialect,
                    memref::MemRefDialect, scf::SCFDialect, onnx::OnnxDialect,
                    nn::NNDialect, qnn::QNNDialect, npu::NPUDialect>();
  mlir->disableMultithreading();
  // An operation of ours says nothing to somebody with an ONNX file.
  mlir->printOpOnDiagnostic(false);
  mlir->getDiagEngine().registerHandler([this](Diagnostic &diagnostic) {
    std::string text = diagnostic.str(),
                place = placeOf(diagnostic.getLocation());
    // What belongs to no node has the file as its place; `fail` names it.
    if (!place.empty() && place != source &&
        text.find("'" + place + "'") == std::string::npos)
      text = "node '" + place + "': " + text;
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      errors.push_back(text);
    else if (diagnostic.getSeverity() == DiagnosticSeverity::Warning)
      warn(text);
    else if (diagnostic.getSeverity() != DiagnosticSeverity::Remark)
      notes.push_back(text);
    for (Diagnostic &note : diagnostic.getNotes())
      notes.push_back(note.str());
    return success();
  });
}

Compiler::~Compiler() = default;

void Compiler::fail(const std::string &fallback) {
  std::string message = errors.empty() ? fallback : errors.front();
  if (message.find(source) == std::string::npos)
    message = source + ": " + message;
  std::vector<std::string> hints = notes;
  errors.clear();
  notes.clear();
  throw Error(message, hints);
}

/// Leaves the results \p names of @main, in the file's order, and what they
/// need.
static void keepResults(ModuleOp module, const std::vector<std::string> &names,
                        const std::string &source) {
  func::FuncOp function = *module.getOps<func::FuncOp>().begin();
  auto end = function.getBody().front().getTerminator();
  SmallVector<Value> values;
  SmallVector<DictionaryAttr> attributes;
  std::string known;
  for (OpOperand &result : end->getOpOperands()) {
    unsigned index = result.getOperandNumber();
    std::string name =
        function.getResultAttrOfType<StringAttr>(index, "dalbit.name").str();
    known += (known.empty() ? "" : ", ") + name;
    if (!llvm::is_contained(names, name))
      continue;
    values.push_back(result.get());
    attributes.push_back(function.getResultAttrDict(index));
  }
  for (const std::string &name : names)
    if (llvm::none_of(attributes, [&](DictionaryAttr attrs) {
          return attrs.getAs<StringAttr>("dalbit.name") == name;
        }))
      throw Error(source + ": has no result '" + name + "'",
                  {"its results are " + known});
  end->setOperands(values);
  function.setType(FunctionType::get(
      module.getContext(), function.getFunctionType().getInputs(),
      llvm::to_vector(ValueRange(values).getTypes())));
  function.setAllResultAttrs(attributes);
  raise::eraseDead(function);
}

OwningOpRef<ModuleOp> Compiler::import(const std::string &path,
                                       const CompileOptions &options) {
  source = path;
  if (binary::isBinary(path))
    throw Error(path + ": is a compiled binary, no ONNX model",
                {"run, eval, compare and inspect take binaries; compile and "
                 "verify begin with the model"});
  FailureOr<OwningOpRef<ModuleOp>> module = import::importOnnx(*mlir, path);
  if (failed(module))
    fail(path + ": cannot be imported");
  if (!options.results.empty())
    keepResults(**module, options.results, path);
  return std::move(*module);
}

void Compiler::raise(ModuleOp module, const CompileOptions &options) {
  raise::RaiseOptions raiseOptions;
  raiseOptions.shapes = options.shapes;
  raiseOptions.values = options.values;
  raiseOptions.actual = options.actual;
  raiseOptions.context =
      options.maxContext ? options.maxContext : DefaultContext;
  raiseOptions.report = false;
  if (failed(raise::raiseToNN(module, raiseOptions)))
    fail("the graph cannot be raised");
}

/// A program is for one value of what decides which branch runs.
void Compiler::requireSteered(ModuleOp module) {
  std::vector<std::string> names = raise::steeringInputs(module);
  if (names.empty())
    return;
  std::string way;
  for (const std::string &name : names)
    way += " --set " + name + "=VALUE";
  notes = {"compile it once for each value that is wanted:" + way +
           " (0 and 1 for booleans; merged decoders: 0 for the first step, 1 "
           "for steps with a past)"};
  errors = {"input '" + names.front() +
            "' decides by its value what the model computes, and none is "
            "given"};
  fail("");
}

void Compiler::quantise(ModuleOp module, const CompileOptions &options) {
  quantise::Options quantiseOptions;
  quantiseOptions.weights = options.weights;
  quantiseOptions.int16 = options.int16;
  if (failed(quantise::convertToQNN(module, quantiseOptions)))
    fail(source + ": cannot be quantised");
}

binary::Program Compiler::compile(const std::string &path,
                                  const CompileOptions &options,
                                  std::string *emitted) {
  if (options.weights != "w8" && options.weights != "w4")
    throw Error("--weights " + options.weights + ": unknown weight form",
                {"known are w8 and w4"});
  // What a run would miss only at its end, too.
  target::Target target = checkedTarget(options.target);
  auto emit = [&](const char *step, auto text) {
    if (options.emit != step)
      return false;
    *emitted = text();
    return true;
  };
  OwningOpRef<ModuleOp> module = import(path, options);
  if (emit("onnx", [&] { return textOf(*module); }))
    return {};
  raise(*module, options);
  if (options.emit != "nn")
    requireSteered(*module);
  if (emit("nn", [&] { return textOf(*module); }))
    return {};
  schedule::Options scheduleOptions;
  scheduleOptions.machine = schedule::machineOf(target);
  scheduleOptions.maxContext = options.maxContext
                                   ? options.maxContext
                                   : defaultContext(*module, options.actual);
  int64_t needed =
      options.maxContext ? 0 : actualContext(*module, options.actual);
  quantise(*module, options);
  if (emit("qnn", [&] { return textOf(*module); }))
    return {};
  scheduleOptions.maxBatch = options.maxBatch ? options.maxBatch : 4;
  FailureOr<schedule::Schedule> schedule =
      schedule::schedule(*module, scheduleOptions);
  // A table of positions may be longer than the target can hold and the inputs
  // at hand want (M2).
  if (failed(schedule) && needed && needed < scheduleOptions.maxContext) {
    errors.clear();
    notes.clear();
    scheduleOptions.maxContext = needed;
    schedule = schedule::schedule(*module, scheduleOptions);
  }
  // Logits of a large vocabulary for four sequences may be more than all else.
  if (succeeded(schedule) && !options.maxBatch &&
      uint64_t(schedule->plan.bytes()) > target.dramBytes()) {
    scheduleOptions.maxBatch = 1;
    schedule = schedule::schedule(*module, scheduleOptions);
  }
  if (failed(schedule))
    fail(path + ": does not fit target " + target.name);
  if (!options.maxBatch &&
      uint64_t(schedule->plan.kvBytesPerSequence) * 4 > target.dramBytes() / 8)
    schedule->plan.options.maxBatch = 1;
  if (emit("npu", [&] { return textOf(*schedule->module); }))
    return {};
  FailureOr<binary::Program> program =
      encode::buildProgram(*module, *schedule, target);
  if (failed(program))
    fail(path + ": cannot be encoded");
  checkFits(*program, target, path);
  if (emit("asm", [&] { return binary::disassemble(*program); }))
    return {};
  embedTokenizer(*program, path);
  // What was assumed (M2), each thing once.
  std::set<std::string> said;
  for (const std::string &note : notes)
    if (said.insert(note).second)
      std::fprintf(stderr, "note: %s\n", note.c_str());
  return std::move(*program);
}

} // namespace dalbit::tool
