// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which symbol is every dimension of the inputs. Roles come from rank and
// element type, names only decide between inputs of one kind; the exported
// names of dimensions come last, because real exports name them wrongly.

#include "compiler/raise/Passes.h"

#include "compiler/raise/Graph.h"
#include "compiler/raise/SourceInputs.h"
#include "compiler/raise/SymbolicExpr.h"
#include "compiler/raise/SymbolicShapes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_BINDSHAPES
#include "compiler/raise/Passes.h.inc"

namespace {

/// Of a dimension by --shape: tables over it are still folded.
constexpr int64_t MostSize = 1 << 20;

/// Tokens of a source of which only the keys and values come in.
constexpr int64_t AssumedSource = 128;

/// A dimension as it is known so far: what the file says, and what it means.
struct Dimension {
  std::optional<int64_t> fixed; // a number in the file
  std::string name;             // or the exporter's name, perhaps empty
  std::optional<SymbolicExpr> meaning;
  bool given = false; // a number by --shape: binds its symbol everywhere
};

struct Input {
  BlockArgument argument;
  std::string name;
  SmallVector<Dimension> dims;
  bool isPast = false;
  bool isSource = false;       // of the other side of an encoder-decoder
  SmallVector<int64_t> actual; // sizes of what a run is given, or empty
};

class BindShapesPass : public impl::BindShapesBase<BindShapesPass> {
public:
  using BindShapesBase::BindShapesBase;

  void runOnOperation() override {
    inputs.clear();
    numbers.clear();
    if (getOperation().isDeclaration())
      return;
    for (BlockArgument argument : getOperation().getArguments())
      if (failed(readInput(argument)))
        return signalPassFailure();
    if (failed(applyShapes()) || failed(applyValues()))
      return signalPassFailure();
    readActual();
    markSource();
    giveRoles();
    bindSource();
    if (failed(checkSizes()))
      return signalPassFailure();
    bindFixed();
    if (failed(bindNames()))
      return signalPassFailure();
    bindActual();
    write();
  }

private:
  LogicalResult readInput(BlockArgument argument);
  LogicalResult applyShapes();
  LogicalResult applyValues();
  void readActual();
  void markSource();
  void giveRoles();
  void bindSource();
  LogicalResult checkSizes();
  void bindFixed();
  LogicalResult bindNames();
  void bindActual();
  void write();

  Input *find(StringRef name);
  InFlightDiagnostic error(const Twine &message) {
    return emitError(getOperation().getLoc(), message);
  }

  SmallVector<Input> inputs;
  std::map<Symbol, int64_t> numbers; // symbols that the file fixes
};

} // namespace

static bool contains(StringRef text, StringRef part) {
  return text.contains_insensitive(part);
}

LogicalResult BindShapesPass::readInput(BlockArgument argument) {
  func::FuncOp function = getOperation();
  unsigned index = argument.getArgNumber();
  Input input;
  input.argument = argument;
  if (auto name = function.getArgAttrOfType<StringAttr>(index, "dalbit.name"))
    input.name = name.str();
  else
    input.name = "argument " + std::to_string(index);
  RankedTensorType type = rankedType(argument);
  if (!type)
    return error("input '" + input.name +
                 "' has no rank; the model must say how many dimensions it "
                 "has");
  auto texts = function.getArgAttrOfType<ArrayAttr>(index, "dalbit.dims");
  for (int64_t i = 0; i < type.getRank(); ++i) {
    Dimension dim;
    if (!type.isDynamicDim(i))
      dim.fixed = type.getDimSize(i);
    else if (texts && i < static_cast<int64_t>(texts.size()))
      if (auto text = dyn_cast<StringAttr>(texts[i]))
        dim.name = text == "?" ? "" : text.str();
    input.dims.push_back(dim);
  }
  inputs.push_back(std::move(input));
  return success();
}

Input *BindShapesPass::find(StringRef name) {
  for (Input &input : inputs)
    if (input.name == name)
      return &input;
  return nullptr;
}

LogicalResult BindShapesPass::applyShapes() {
  for (const std::string &option : shapes) {
    auto [name, list] = StringRef(option).rsplit('=');
    Input *input = find(name);
    if (!input)
      return error("--shape " + option + ": the model has no input '" + name +
                   "'");
    SmallVector<StringRef> texts;
    list.split(texts, ',');
    if (texts.size() != input->dims.size())
      return error("--shape " + option + ": input '" + name + "' has " +
                   Twine(input->dims.size()) + " dimensions");
    for (auto [dim, text] : llvm::zip(input->dims, texts)) {
      auto expr = SymbolicExpr::parse(text);
      if (!expr || !expr->isNonNegative())
        return error("--shape " + option + ": '" + text +
                     "' is neither a size nor made of B, T and P");
      if (dim.fixed && expr->constant() != dim.fixed)
        return error("--shape " + option +
                     ": the model fixes this dimension "
                     "to " +
                     Twine(*dim.fixed));
      if (auto number = expr->constant()) {
        if (*number > MostSize)
          return error("--shape " + option + ": " + text + " is above " +
                       Twine(MostSize));
        dim.given = !dim.fixed;
        dim.fixed = *number;
      } else {
        dim.meaning = *expr;
      }
    }
  }
  return success();
}

LogicalResult BindShapesPass::applyValues() {
  for (const std::string &option : values) {
    auto [name, text] = StringRef(option).rsplit('=');
    Input *input = find(name);
    if (!input)
      return error("--set " + option + ": the model has no input '" + name +
                   "'");
    RankedTensorType type = rankedType(input->argument);
    auto element = dyn_cast<IntegerType>(type.getElementType());
    if (!element || !type.hasStaticShape())
      return error("--set " + option + ": input '" + name +
                   "' is not made of a fixed number of integers");
    int64_t number;
    if (text == "true" || text == "false")
      number = text == "true";
    else if (text.getAsInteger(10, number))
      return error("--set " + option + ": '" + text + "' is not an integer");
    OpBuilder builder(&getContext());
    builder.setInsertionPointToStart(&getOperation().getBody().front());
    TypedAttr value =
        DenseElementsAttr::get(type, builder.getIntegerAttr(element, number));
    input->argument.replaceAllUsesWith(builder.create<onnx::ConstantOp>(
        input->argument.getLoc(), value.getType(), value));
    // A given value is no input any more.
    unsigned place = input->argument.getArgNumber();
    inputs.erase(inputs.begin() + place);
    getOperation().eraseArgument(place);
  }
  return success();
}

/// True if \p user stands in a branch that is never taken.
static bool isNeverRun(Operation *user) {
  Region *region = user->getParentRegion();
  while (auto node = dyn_cast<onnx::NodeOp>(region->getParentOp())) {
    auto taken =
        node.isOnnx("If") ? integersOf(node.getInputs()[0]) : std::nullopt;
    if (taken && taken->size() == 1 &&
        region->getRegionNumber() != (taken->front() ? 0u : 1u))
      return true;
    region = node->getParentRegion();
  }
  return false;
}

/// True if branches read \p argument, but only such that are never taken: the
/// dummy past of a merged decoder.
static bool isDummy(BlockArgument argument) {
  return !argument.use_empty() && llvm::all_of(argument.getUsers(), isNeverRun);
}

/// Whether new keys come behind \p value: in a Concat or an attention of its
/// own.
static bool isContinued(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) {
    auto node = dyn_cast<onnx::NodeOp>(user);
    if (!node || node->getNumResults() == 0)
      return false;
    StringRef type = node.getOpType();
    if (type == "Cast" || type == "Identity" || type == "Transpose")
      return isContinued(node->getResult(0));
    return type == "Concat" || type.ends_with("Attention");
  });
}

void BindShapesPass::giveRoles() {
  auto isInteger = [](Input &input) {
    return isa<IntegerType>(rankedType(input.argument).getElementType());
  };
  bool hasPast = false;
  bool hasKeys = llvm::any_of(inputs, [&](Input &input) {
    return !isInteger(input) && contains(input.name, "key");
  });
  for (Input &input : inputs) {
    // Values belong to keys; others are those of pixels.
    bool cacheName = contains(input.name, "past") ||
                     contains(input.name, "cache") ||
                     contains(input.name, "key") ||
                     (hasKeys && contains(input.name, "value") &&
                      !contains(input.name, "pixel"));
    // Keys and values of layers may be one input.
    bool fixedParts =
        input.dims.size() >= 4 &&
        llvm::all_of(ArrayRef(input.dims).drop_back(4),
                     [](const Dimension &dim) { return bool(dim.fixed); });
    // [B, heads, P, size], whatever its name is.
    bool cacheUse = input.dims.size() == 4 && input.dims[1].fixed &&
                    !input.dims[2].fixed && input.dims[3].fixed &&
                    isContinued(input.argument);
    input.isPast = !isInteger(input) && fixedParts && (cacheName || cacheUse);
    hasPast |= input.isPast && !input.isSource && !isDummy(input.argument);
  }
  SymbolicExpr all = hasPast ? SymbolicExpr(Symbol::P) + SymbolicExpr(Symbol::T)
                             : SymbolicExpr(Symbol::T);
  for (Input &input : inputs) {
    // What --shape says stands.
    auto say = [&](ArrayRef<std::optional<SymbolicExpr>> meaning) {
      for (auto [dim, what] : llvm::zip(input.dims, meaning))
        if (!dim.meaning)
          dim.meaning = what;
    };
    size_t rank = input.dims.size();
    if (input.isSource) {
      say({Symbol::B});
    } else if (input.isPast) {
      // Head size comes last; if the file leaves it open nothing can follow.
      SmallVector<std::optional<SymbolicExpr>> meaning(rank, std::nullopt);
      meaning[rank - 4] = Symbol::B;
      meaning[rank - 2] = Symbol::P;
      say(meaning);
    } else if (rank == 2 && contains(input.name, "mask")) {
      say({Symbol::B, all});
    } else if (rank == 2 && isInteger(input)) {
      say({Symbol::B, Symbol::T});
    } else if (rank == 1 && isInteger(input) &&
               contains(input.name, "position")) {
      say({Symbol::T});
    } else if (rank == 3 && !isInteger(input) &&
               (!input.dims[0].fixed || input.dims[0].given ||
                !input.dims[1].fixed) &&
               input.dims[2].fixed) {
      say({Symbol::B, Symbol::T, std::nullopt});
    }
  }
  if (!hasPast)
    numbers[Symbol::P] = 0;
}

/// The length of the source is no symbol (M1): the user, the inputs at hand or
/// the file say it. Else it is assumed: that of the tokens where the source is
/// read here, a number beside a past, whose length it never has.
void BindShapesPass::bindSource() {
  auto lengthOf = [](Input &input) -> Dimension & {
    return input.dims[lengthAxis(rankedType(input.argument))];
  };
  std::optional<SymbolicExpr> length;
  for (Input &input : inputs) {
    if (!input.isSource)
      continue;
    Dimension &dim = lengthOf(input);
    int64_t axis = lengthAxis(rankedType(input.argument));
    if (dim.fixed)
      dim.meaning = SymbolicExpr(*dim.fixed);
    else if (!dim.meaning && !input.actual.empty())
      dim.meaning = SymbolicExpr(input.actual[axis]);
    if (dim.meaning && !length && !isDummy(input.argument))
      length = dim.meaning;
  }
  bool hasPast = !numbers.count(Symbol::P);
  for (Input &input : inputs) {
    if (!input.isSource || lengthOf(input).meaning)
      continue;
    if (!length) {
      length = hasPast ? SymbolicExpr(AssumedSource) : SymbolicExpr(Symbol::T);
      emitWarning(getOperation().getLoc())
          << "the length of the source, dimension "
          << lengthAxis(rankedType(input.argument)) << " of input '"
          << input.name << "', is taken to be " << length->str()
          << "; say what it is with --shape " << input.name << "=DIMS";
    }
    lengthOf(input).meaning = *length;
  }
}

/// Only a past may be empty.
LogicalResult BindShapesPass::checkSizes() {
  for (Input &input : inputs)
    for (auto [index, dim] : llvm::enumerate(input.dims))
      if (dim.given && dim.fixed == 0 &&
          !(input.isPast && index + 2 == input.dims.size()))
        return error("--shape " + input.name + ": dimension " + Twine(index) +
                     " is 0, which leaves nothing to compute; only a past may "
                     "be empty");
  return success();
}

/// Tells the two sides of an encoder-decoder apart.
void BindShapesPass::markSource() {
  SmallVector<InputFacts> facts;
  for (Input &input : inputs) {
    InputFacts fact{input.name, rankedType(input.argument), "", std::nullopt};
    int64_t axis = lengthAxis(fact.type);
    if (axis > 0) {
      fact.lengthName = input.dims[axis].name;
      fact.length = input.actual.empty() ? input.dims[axis].fixed
                                         : std::optional(input.actual[axis]);
    }
    facts.push_back(fact);
  }
  SmallVector<std::string> outputNames;
  if (getOperation().getNumResults())
    if (auto dims =
            getOperation().getResultAttrOfType<ArrayAttr>(0, "dalbit.dims"))
      for (auto dim : dims.getAsRange<StringAttr>())
        outputNames.push_back(dim.str());
  for (auto [input, isSource] :
       llvm::zip(inputs, findSource(facts, outputNames)))
    input.isSource = isSource;
}

void BindShapesPass::bindFixed() {
  // A number where a role expects a symbol binds it, unless another input
  // leaves that symbol open; sums follow once all but one of their symbols are
  // bound.
  auto isOpen = [&](Symbol symbol) {
    for (Input &input : inputs)
      for (Dimension &dim : input.dims)
        if (!dim.fixed && dim.meaning == SymbolicExpr(symbol) &&
            (!input.isSource || symbol == Symbol::B))
          return true;
    return false;
  };
  // What --shape says goes first.
  for (int round = 0; round < 3; ++round)
    for (Input &input : inputs)
      for (Dimension &dim : input.dims) {
        if (!dim.fixed || !dim.meaning || (round == 0 && !dim.given))
          continue;
        SymbolicExpr open = *dim.meaning;
        for (const auto &[symbol, number] : numbers)
          open = open.substitute(symbol, number);
        for (Symbol symbol : {Symbol::B, Symbol::T, Symbol::P}) {
          SymbolicExpr rest =
              SymbolicExpr(*dim.fixed) - (open - SymbolicExpr(symbol));
          auto number = rest.constant();
          if (number && *number >= 0 && !open.isConstant() &&
              !numbers.count(symbol) && (dim.given || !isOpen(symbol)))
            numbers[symbol] = *number;
        }
      }
  // Sizes that the roles do not explain stay what the file says.
  for (Input &input : inputs)
    for (Dimension &dim : input.dims) {
      if (dim.meaning)
        for (const auto &[symbol, number] : numbers)
          dim.meaning = dim.meaning->substitute(symbol, number);
      if (dim.fixed) {
        if (dim.meaning && dim.meaning->isConstant() &&
            dim.meaning->constant() != dim.fixed)
          emitWarning(getOperation().getLoc())
              << "input '" << input.name << "' has a dimension of "
              << *dim.fixed << " where other inputs say "
              << *dim.meaning->constant();
        dim.meaning = SymbolicExpr(*dim.fixed);
      }
    }
}

/// What an exporter's name for a dimension says, if no role does.
static std::optional<SymbolicExpr> meaningOfName(StringRef name) {
  if (auto expr = SymbolicExpr::parse(name))
    return expr;
  if (contains(name, "batch"))
    return SymbolicExpr(Symbol::B);
  if (contains(name, "total") || contains(name, "+"))
    return SymbolicExpr(Symbol::P) + SymbolicExpr(Symbol::T);
  if (contains(name, "past"))
    return SymbolicExpr(Symbol::P);
  if (contains(name, "seq") || contains(name, "len"))
    return SymbolicExpr(Symbol::T);
  return std::nullopt;
}

/// Numbers whose sizes are fixed but for how many of them there are.
static bool isRowsOf(const Input &input) {
  return input.dims.size() > 1 &&
         isa<FloatType>(getElementTypeOrSelf(input.argument.getType())) &&
         llvm::all_of(ArrayRef(input.dims).drop_front(),
                      [](const Dimension &dim) { return bool(dim.fixed); });
}

LogicalResult BindShapesPass::bindNames() {
  llvm::StringMap<SymbolicExpr> named;
  for (Input &input : inputs)
    for (Dimension &dim : input.dims) {
      if (!dim.meaning || dim.name.empty())
        continue;
      auto [entry, isNew] = named.try_emplace(dim.name, *dim.meaning);
      if (!isNew && entry->second != *dim.meaning)
        emitWarning(getOperation().getLoc())
            << "the model calls both " << entry->second.str() << " and "
            << dim.meaning->str() << " '" << dim.name << "' (input '"
            << input.name << "'); they are taken as different sizes";
    }
  for (Input &input : inputs)
    for (auto [index, dim] : llvm::enumerate(input.dims)) {
      if (dim.meaning)
        continue;
      if (auto known = named.find(dim.name);
          !dim.name.empty() && known != named.end())
        dim.meaning = known->second;
      else
        dim.meaning = meaningOfName(dim.name);
      if (dim.meaning) {
        for (const auto &[symbol, number] : numbers)
          dim.meaning = dim.meaning->substitute(symbol, number);
        continue;
      }
      if (!input.actual.empty()) {
        dim.meaning = SymbolicExpr(input.actual[index]);
        continue;
      }
      if (index == 0 && isRowsOf(input)) {
        dim.meaning = SymbolicExpr(Symbol::B);
        continue;
      }
      InFlightDiagnostic diagnostic = error(
          "input '" + input.name + "': the size of dimension " + Twine(index) +
          (dim.name.empty() ? "" : " ('" + dim.name + "')") + " is not known");
      diagnostic.attachNote() << "say it with --shape " << input.name
                              << "=DIMS, one number or expression of B, T and "
                                 "P a dimension";
      return diagnostic;
    }
  return success();
}

void BindShapesPass::readActual() {
  for (const std::string &option : actual) {
    auto [name, list] = StringRef(option).rsplit('=');
    SmallVector<StringRef> texts;
    list.split(texts, ',');
    SmallVector<int64_t> sizes;
    int64_t size;
    for (StringRef text : texts)
      if (!text.getAsInteger(10, size))
        sizes.push_back(size);
    Input *input = find(name);
    if (input && input->dims.size() == sizes.size())
      input->actual = sizes;
  }
}

/// Sizes of given inputs: the first that is a symbol alone binds it, and others
/// that say otherwise are numbers of their own.
void BindShapesPass::bindActual() {
  std::map<Symbol, int64_t> seen;
  for (Input &input : inputs)
    for (auto [i, dim] : llvm::enumerate(input.dims))
      for (Symbol symbol : {Symbol::B, Symbol::T, Symbol::P})
        if (!input.actual.empty() && dim.meaning == SymbolicExpr(symbol))
          seen.try_emplace(symbol, input.actual[i]);
  for (Input &input : inputs)
    for (auto [i, dim] : llvm::enumerate(input.dims)) {
      if (input.actual.empty() || dim.meaning->isConstant())
        continue;
      SymbolicExpr size = *dim.meaning;
      for (const auto &[symbol, number] : seen)
        size = size.substitute(symbol, number);
      int64_t own = input.actual[i];
      if (!size.isConstant() || size.constant() == own)
        continue;
      emitWarning(getOperation().getLoc())
          << "input '" << input.name << "': dimension " << i << " is " << own
          << " where " << dim.meaning->str() << " is " << *size.constant()
          << "; it is taken as a size of its own";
      dim.meaning = SymbolicExpr(own);
    }
}

void BindShapesPass::write() {
  func::FuncOp function = getOperation();
  Builder builder(&getContext());
  SmallVector<Type> types;
  for (Input &input : inputs) {
    Dims dims;
    SmallVector<Attribute> texts;
    for (Dimension &dim : input.dims) {
      dims.push_back(*dim.meaning);
      texts.push_back(builder.getStringAttr(dim.meaning->str()));
    }
    RankedTensorType type = rankedType(input.argument);
    RankedTensorType bound = tensorType(dims, type.getElementType());
    input.argument.setType(bound);
    types.push_back(bound);
    function.setArgAttr(input.argument.getArgNumber(), "dalbit.dims",
                        builder.getArrayAttr(texts));
  }
  function.setFunctionType(
      builder.getFunctionType(types, function.getFunctionType().getResults()));
  SmallVector<NamedAttribute> sizes;
  for (const auto &[symbol, number] : numbers)
    sizes.push_back(builder.getNamedAttr(SymbolicExpr(symbol).str(),
                                         builder.getI64IntegerAttr(number)));
  function->setAttr("dalbit.sizes", builder.getDictionaryAttr(sizes));
}

} // namespace dalbit::raise
