// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/FloatExecutor.h"

#include "compiler/dialect/onnx/OnnxOps.h"
#include "compiler/execute/Constants.h"
#include "compiler/execute/ElementTypes.h"
#include "compiler/execute/nn/Kernels.h"
#include "compiler/execute/operators/Operator.h"

#include "support/Error.h"
#include "support/KeyLengths.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace dalbit::execute {

namespace {

using Values = llvm::DenseMap<Value, Tensor>;

/// "node '/h.0/MatMul' (MatMul, opset 17)"
std::string describe(Operation *op) {
  if (auto node = dyn_cast<onnx::NodeOp>(op))
    return "node '" + node.getNodeName().str() + "' (" +
           node.getOpType().str() + ", opset " +
           std::to_string(int64_t(node.getOpset())) + ")";
  std::string text = op->getName().getStringRef().str();
  if (auto name = dyn_cast<NameLoc>(op->getLoc()))
    text += " '" + name.getName().str() + "'";
  return text;
}

/// Computes operations of one function, one after the other.
class Interpreter {
public:
  Values values;
  std::function<void(Value, const Tensor &)> *observer = nullptr;
  const Symbols *symbols = nullptr;

  void run(Operation *op);
  std::vector<Tensor> runBody(Region &body, llvm::ArrayRef<Tensor> inputs);

  /// Drops what nobody needs any more.
  void release(llvm::ArrayRef<Value> dead) {
    for (Value value : dead)
      values.erase(value);
  }

private:
  /// A loop without end in a broken file must not hang.
  static constexpr int64_t mostBodyRuns = 1 << 17;
  int64_t bodyRuns = 0;

  const Tensor *find(Value value) const {
    auto it = values.find(value);
    return it == values.end() ? nullptr : &it->second;
  }
  void set(Operation *op, std::vector<Tensor> results);
  std::vector<Tensor> runNode(onnx::NodeOp node,
                              llvm::ArrayRef<const Tensor *> inputs);
};

void Interpreter::set(Operation *op, std::vector<Tensor> results) {
  for (auto [value, tensor] : llvm::zip(op->getResults(), results)) {
    if (observer && *observer)
      (*observer)(value, tensor);
    values[value] = std::move(tensor);
  }
}

std::vector<Tensor> Interpreter::runBody(Region &body,
                                         llvm::ArrayRef<Tensor> inputs) {
  if (++bodyRuns > mostBodyRuns)
    throw Error("loops run more than " + std::to_string(mostBodyRuns) +
                " times");
  if (inputs.size() != body.getNumArguments())
    throw Error("the subgraph has " + std::to_string(body.getNumArguments()) +
                " inputs, " + std::to_string(inputs.size()) + " are given");
  for (auto [argument, tensor] : llvm::zip(body.getArguments(), inputs))
    values[argument] = tensor;
  for (Operation &op : body.front().without_terminator())
    run(&op);
  std::vector<Tensor> results;
  for (Value value : body.front().getTerminator()->getOperands()) {
    const Tensor *tensor = find(value);
    assert(tensor && "a value of an earlier operation");
    results.push_back(*tensor);
  }
  return results;
}

std::vector<Tensor>
Interpreter::runNode(onnx::NodeOp node, llvm::ArrayRef<const Tensor *> inputs) {
  const Operator *row = findOperator(node.getDomain(), node.getOpType());
  if (!row || !row->evaluate)
    throw Error("the float executor does not know this operator",
                {"docs/onnx-support.md lists every operator"});
  DictionaryAttr attributes = node.getOnnxAttributesAttr();
  if (!attributes)
    attributes = DictionaryAttr::get(node.getContext());
  Call call(inputs, attributes, node.getNumResults());
  call.runBody = [&](unsigned index, llvm::ArrayRef<Tensor> bodyInputs) {
    return runBody(node.getBodies()[index], bodyInputs);
  };
  call.resultElement = [&](unsigned index) -> std::optional<ElementType> {
    auto type = dyn_cast<TensorType>(node->getResult(index).getType());
    return type ? elementOfMlir(type.getElementType()) : std::nullopt;
  };
  row->evaluate(call);
  return call.takeOutputs();
}

void Interpreter::run(Operation *op) {
  if (isa<onnx::NoneOp>(op))
    return;
  try {
    Attribute constant;
    if (matchPattern(op, m_Constant(&constant)))
      return set(op, {constantTensor(constant)});
    // Copies share their bytes and keep them alive if the map grows.
    llvm::SmallVector<Tensor> operands;
    llvm::SmallVector<const Tensor *> inputs;
    operands.reserve(op->getNumOperands());
    for (Value operand : op->getOperands()) {
      const Tensor *tensor = find(operand);
      if (!tensor) {
        inputs.push_back(nullptr);
        continue;
      }
      operands.push_back(*tensor);
      inputs.push_back(&operands.back());
    }
    if (auto node = dyn_cast<onnx::NodeOp>(op))
      return set(op, runNode(node, inputs));
    if (auto results = runNN(op, inputs, symbols))
      return set(op, std::move(*results));
  } catch (const Error &error) {
    throw Error(describe(op) + ": " + error.what(), error.notes);
  }
  throw Error(describe(op) + ": the float executor does not know this "
                             "operation");
}

std::vector<Port> portsOf(func::FuncOp function, bool wantInputs) {
  std::vector<Port> ports;
  FunctionType type = function.getFunctionType();
  unsigned count = wantInputs ? type.getNumInputs() : type.getNumResults();
  for (unsigned i = 0; i < count; ++i) {
    auto name =
        wantInputs ? function.getArgAttrOfType<StringAttr>(i, "dalbit.name")
                   : function.getResultAttrOfType<StringAttr>(i, "dalbit.name");
    ports.push_back({name ? name.str() : std::to_string(i),
                     wantInputs ? type.getInput(i) : type.getResult(i)});
  }
  return ports;
}

void checkInput(const Port &port, const Tensor &tensor) {
  auto type = cast<TensorType>(port.type);
  std::optional<ElementType> element = elementOfMlir(type.getElementType());
  std::string prefix = "input '" + port.name + "': ";
  if (element && *element != tensor.type())
    throw Error(prefix + "elements of type " + elementName(tensor.type()) +
                ", the model wants " + elementName(*element));
  if (!type.hasRank())
    return;
  bool fits = type.getRank() == tensor.rank();
  std::string wanted;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    bool open = type.isDynamicDim(i);
    wanted.append(i ? "," : "");
    wanted.append(open ? "?" : std::to_string(type.getDimSize(i)));
    fits = fits && (open || tensor.dim(i) == type.getDimSize(i));
  }
  if (!fits)
    throw Error(prefix + "shape " + shapeText(tensor.shape()) +
                ", the model wants [" + wanted + "]");
}

Tensor asBFloat16(const Port &port, const Tensor &tensor) {
  Type element = cast<TensorType>(port.type).getElementType();
  if (!element.isBF16() || tensor.type() != ElementType::U16)
    return tensor;
  return bfloat16OfBits(tensor);
}

/// The symbols of the function for these inputs: fixed numbers from
/// `dalbit.sizes`, the others from the sizes of inputs whose dimension is the
/// symbol alone (`dalbit.dims`). An imported module has neither.
Symbols bindSymbols(func::FuncOp function, llvm::ArrayRef<Tensor> inputs) {
  Symbols symbols;
  auto place = [&](StringRef name) -> int64_t * {
    return name == "B"   ? &symbols.batch
           : name == "T" ? &symbols.tokens
           : name == "P" ? &symbols.past
                         : nullptr;
  };
  if (auto sizes = function->getAttrOfType<DictionaryAttr>("dalbit.sizes"))
    for (NamedAttribute entry : sizes)
      if (int64_t *symbol = place(entry.getName()))
        *symbol = cast<IntegerAttr>(entry.getValue()).getInt();
  for (auto [i, tensor] : llvm::enumerate(inputs)) {
    auto dims = function.getArgAttrOfType<ArrayAttr>(i, "dalbit.dims");
    if (!dims)
      continue;
    for (auto [dim, size] : llvm::zip(dims, tensor.shape()))
      if (auto text = dyn_cast<StringAttr>(dim))
        if (int64_t *symbol = place(text))
          *symbol = size;
  }
  return symbols;
}

/// Numbers of keys that the graph's own way of adding keys presumes
/// (`dalbit.keys_less`, compiler/raise/KeyLengths.h).
void checkKeys(func::FuncOp function, unsigned index, const Tensor &tensor,
               const Symbols &symbols, const Port &port) {
  auto less = function.getArgAttrOfType<IntegerAttr>(index, "dalbit.keys_less");
  if (!less)
    return;
  Tensor numbers = tensor.cast(ElementType::F64);
  checkKeyLengths(port.name, numbers.values<double>(), symbols.past,
                  symbols.tokens, less.getInt(),
                  bool(function.getArgAttr(index, "dalbit.keys_total")));
}

} // namespace

struct FloatExecutor::State {
  std::string source; ///< the model's file, perhaps empty
  func::FuncOp function;
  std::vector<Port> inputs, outputs;
  /// Values of constants, kept between runs.
  Values constants;
  /// For each operation the values that it is the last to use.
  llvm::DenseMap<Operation *, llvm::SmallVector<Value, 2>> lastUses;
};

FloatExecutor::FloatExecutor(ModuleOp module)
    : state(std::make_unique<State>()) {
  state->function = module.lookupSymbol<func::FuncOp>("main");
  if (!state->function || state->function.isExternal())
    throw Error("the module has no function @main");
  if (auto source = module->getAttrOfType<StringAttr>("dalbit.source"))
    state->source = source.str();
  state->inputs = portsOf(state->function, true);
  state->outputs = portsOf(state->function, false);
  Block &body = state->function.getBody().front();
  auto noteLastUse = [&](Value value) {
    Operation *last = nullptr;
    for (Operation *user : value.getUsers()) {
      Operation *here = body.findAncestorOpInBlock(*user);
      if (!last || last->isBeforeInBlock(here))
        last = here;
    }
    if (last && !last->hasTrait<OpTrait::IsTerminator>())
      state->lastUses[last].push_back(value);
  };
  for (BlockArgument argument : body.getArguments())
    noteLastUse(argument);
  for (Operation &op : body)
    if (!op.hasTrait<OpTrait::ConstantLike>())
      for (Value result : op.getResults())
        noteLastUse(result);
}

FloatExecutor::~FloatExecutor() = default;

const std::vector<Port> &FloatExecutor::inputs() const { return state->inputs; }

const std::vector<Port> &FloatExecutor::outputs() const {
  return state->outputs;
}

std::vector<Tensor> FloatExecutor::run(llvm::ArrayRef<Tensor> inputs) {
  try {
    return runBody(inputs);
  } catch (const Error &error) {
    if (state->source.empty())
      throw;
    throw Error(state->source + ": " + error.what(), error.notes);
  }
}

std::vector<Tensor> FloatExecutor::runBody(llvm::ArrayRef<Tensor> inputs) {
  if (inputs.size() != state->inputs.size())
    throw Error("the model has " + std::to_string(state->inputs.size()) +
                " inputs, " + std::to_string(inputs.size()) + " were given");
  Interpreter interpreter;
  interpreter.observer = &observer;
  interpreter.values = state->constants;
  Symbols symbols = bindSymbols(state->function, inputs);
  interpreter.symbols = &symbols;
  Block &body = state->function.getBody().front();
  for (auto [port, argument, tensor] :
       llvm::zip(state->inputs, body.getArguments(), inputs)) {
    Tensor value = asBFloat16(port, tensor);
    checkInput(port, value);
    checkKeys(state->function, argument.getArgNumber(), value, symbols, port);
    interpreter.values[argument] = value;
    if (observer)
      observer(argument, value);
  }
  for (Operation &op : body.without_terminator()) {
    bool isConstant = op.hasTrait<OpTrait::ConstantLike>();
    if (isConstant && state->constants.count(op.getResult(0)))
      continue;
    interpreter.run(&op);
    if (isConstant) {
      Value value = op.getResult(0);
      state->constants[value] = interpreter.values[value];
    }
    auto dead = state->lastUses.find(&op);
    if (dead != state->lastUses.end())
      interpreter.release(dead->second);
  }
  std::vector<Tensor> results;
  for (Value value : body.getTerminator()->getOperands())
    results.push_back(interpreter.values[value]);
  return results;
}

Tensor evaluate(Value value, const llvm::DenseMap<Value, Tensor> &known) {
  Interpreter interpreter;
  interpreter.values = known;
  // Depth first with an explicit stack: graphs are thousands of nodes deep.
  llvm::SmallVector<Value> pending = {value};
  while (!pending.empty()) {
    Value wanted = pending.back();
    if (interpreter.values.count(wanted) || isa<NoneType>(wanted.getType())) {
      pending.pop_back();
      continue;
    }
    Operation *op = wanted.getDefiningOp();
    if (!op)
      throw Error("the value depends on function argument " +
                  std::to_string(cast<BlockArgument>(wanted).getArgNumber()));
    size_t before = pending.size();
    for (Value operand : op->getOperands())
      if (!interpreter.values.count(operand) &&
          !isa<NoneType>(operand.getType()))
        pending.push_back(operand);
    // Bodies use values from outside directly.
    for (Region &region : op->getRegions())
      region.walk([&](Operation *inner) {
        for (Value operand : inner->getOperands())
          if (!region.isAncestor(operand.getParentRegion()) &&
              !interpreter.values.count(operand) &&
              !isa<NoneType>(operand.getType()))
            pending.push_back(operand);
      });
    if (pending.size() != before)
      continue;
    interpreter.run(op);
    pending.pop_back();
  }
  return interpreter.values[value];
}

} // namespace dalbit::execute
