// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// GELU and SiLU. The graph around a Tanh, Erf or Sigmoid is read as a
// polynomial in x (what the activation is of) and t (the function's result):
//   gelu tanh   t = tanh(c x + 0.044715 c x^3), c = sqrt(2/pi);  x/2 + x t/2
//   gelu erf    t = erf(x / sqrt(2));                            x/2 + x t/2
//   silu        t = sigmoid(x);                                  x t
//   quick gelu  t = sigmoid(1.702 x);                            x t
// (Hendrycks and Gimpel, arXiv 1606.08415.)

#include "compiler/raise/Passes.h"

#include "compiler/raise/Graph.h"
#include "llvm/ADT/SetVector.h"

#include <cmath>
#include <map>

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_RAISEACTIVATION
#include "compiler/raise/Passes.h.inc"

namespace {

/// Sum of coefficient * x^i * t^j, by (i, j). At most degree 6.
class Polynomial {
public:
  static Polynomial constant(double number) { return {{{{0, 0}, number}}}; }
  static Polynomial x() { return {{{{1, 0}, 1.0}}}; }
  static Polynomial t() { return {{{{0, 1}, 1.0}}}; }

  Polynomial operator+(const Polynomial &other) const {
    Polynomial sum = *this;
    for (auto [power, coefficient] : other.terms)
      sum.terms[power] += coefficient;
    return sum;
  }
  std::optional<Polynomial> operator*(const Polynomial &other) const {
    Polynomial product;
    for (auto [p, a] : terms)
      for (auto [q, b] : other.terms) {
        std::pair<int, int> power = {p.first + q.first, p.second + q.second};
        if (power.first + power.second > 6)
          return std::nullopt;
        product.terms[power] += a * b;
      }
    return product;
  }
  std::optional<double> number() const {
    for (auto [power, coefficient] : terms)
      if (power != std::pair<int, int>{0, 0} && coefficient != 0)
        return std::nullopt;
    auto found = terms.find({0, 0});
    return found == terms.end() ? 0.0 : found->second;
  }
  /// Coefficients equal to a part in 10^3: exporters round constants to half
  /// and some write 0.7978845608 as 0.79788.
  bool isCloseTo(const Polynomial &other) const {
    Polynomial difference = *this + *(other * constant(-1));
    for (auto [power, coefficient] : difference.terms) {
      auto found = other.terms.find(power);
      double size = found == other.terms.end() ? 0.0 : std::abs(found->second);
      if (!(std::abs(coefficient) <= 1e-3 * size + 1e-7))
        return false;
    }
    return true;
  }

  std::map<std::pair<int, int>, double> terms;
};

class RaiseActivationPass
    : public impl::RaiseActivationBase<RaiseActivationPass> {
public:
  void runOnOperation() override;
};

} // namespace

using MaybePolynomial = std::optional<Polynomial>;

/// \p value as a polynomial in \p x and \p t, or nothing.
static MaybePolynomial polynomialOf(Value value, Value x, Value t,
                                    int depth = 0) {
  if (value == x)
    return Polynomial::x();
  if (value == t)
    return Polynomial::t();
  if (auto number = scalarOf(value))
    return Polynomial::constant(*number);
  onnx::NodeOp node = nodeOf(value);
  if (!node || depth > 10)
    return std::nullopt;
  StringRef type = node.getOpType();
  auto operand = [&](unsigned index) {
    return polynomialOf(node.getInputs()[index], x, t, depth + 1);
  };
  if (type == "Neg") {
    auto a = operand(0);
    return a ? *a * Polynomial::constant(-1) : std::nullopt;
  }
  if (type != "Add" && type != "Sub" && type != "Mul" && type != "Div" &&
      type != "Pow")
    return std::nullopt;
  auto a = operand(0), b = a ? operand(1) : std::nullopt;
  if (!a || !b)
    return std::nullopt;
  if (type == "Add")
    return *a + *b;
  if (type == "Mul")
    return *a * *b;
  if (type == "Sub") {
    auto negative = *b * Polynomial::constant(-1);
    return *a + *negative;
  }
  auto number = b->number();
  if (!number)
    return std::nullopt;
  if (type == "Div")
    return *number == 0 ? std::nullopt : *a * Polynomial::constant(1 / *number);
  if (*number != 1 && *number != 2 && *number != 3)
    return std::nullopt;
  MaybePolynomial power = a;
  for (int i = 1; i < *number && power; ++i)
    power = *power * *a;
  return power;
}

/// What the argument of the function may be a polynomial of, nearest first.
static SmallVector<Value> candidates(Value argument) {
  llvm::SetVector<Value> seen;
  seen.insert(argument);
  for (size_t i = 0; i < seen.size() && seen.size() < 24; ++i)
    if (onnx::NodeOp node = nodeOf(seen[i]))
      if (llvm::is_contained({"Add", "Sub", "Mul", "Div", "Pow", "Neg"},
                             node.getOpType()))
        for (Value operand : node.getInputs())
          if (!constantOf(operand))
            seen.insert(operand);
  return SmallVector<Value>(seen.begin(), seen.end());
}

/// The first value after \p t that is \p wanted, a polynomial in x and t.
static Value findResult(Value x, Value t, const Polynomial &wanted) {
  llvm::SetVector<Value> seen;
  seen.insert(t);
  for (size_t i = 0; i < seen.size() && seen.size() < 24; ++i) {
    MaybePolynomial polynomial = polynomialOf(seen[i], x, t);
    if (!polynomial)
      continue;
    if (polynomial->isCloseTo(wanted))
      return seen[i];
    for (Operation *user : seen[i].getUsers())
      if (onnx::NodeOp node = dyn_cast<onnx::NodeOp>(user);
          node && node->getNumResults() == 1)
        seen.insert(node->getResult(0));
  }
  return {};
}

static void raiseFunction(onnx::NodeOp node) {
  Value t = node->getResult(0), argument = node.getInputs()[0];
  StringRef type = node.getOpType();
  double c = type == "Tanh"  ? std::sqrt(2 / M_PI)
             : type == "Erf" ? std::sqrt(0.5)
                             : 1;
  // The same function with another factor in front of x.
  bool quick = false;
  Polynomial inner = *(Polynomial::x() * Polynomial::constant(c));
  if (type == "Tanh")
    inner.terms[{3, 0}] = 0.044715 * c;
  Polynomial xt = *(Polynomial::x() * Polynomial::t());
  Polynomial outer = xt;
  if (type != "Sigmoid")
    outer = *((xt + Polynomial::x()) * Polynomial::constant(0.5));
  for (Value x : candidates(argument)) {
    MaybePolynomial polynomial = polynomialOf(argument, x, Value());
    if (!polynomial)
      continue;
    quick =
        type == "Sigmoid" &&
        polynomial->isCloseTo(*(Polynomial::x() * Polynomial::constant(1.702)));
    if (!quick && !polynomial->isCloseTo(inner))
      continue;
    Value result = findResult(x, t, outer);
    if (!result || !isFloat32(x) || !rankedType(x) ||
        result.getType() != x.getType())
      continue;
    OpBuilder builder(result.getDefiningOp());
    Location loc = result.getLoc();
    Value raised;
    if (type == "Sigmoid" && !quick)
      raised = builder.create<nn::SiluOp>(loc, x.getType(), x);
    else
      raised = builder.create<nn::GeluOp>(
          loc, x.getType(), x,
          builder.getStringAttr(quick            ? "sigmoid"
                                : type == "Tanh" ? "tanh"
                                                 : "none"));
    result.replaceAllUsesWith(raised);
    return;
  }
}

static void raiseGelu(onnx::NodeOp node) {
  Value x = node.getInputs()[0];
  if (!isFloat32(x) || !rankedType(x))
    return;
  OpBuilder builder(node);
  StringRef kind = node.getOnnxString("approximate").value_or("none");
  node->getResult(0).replaceAllUsesWith(builder.create<nn::GeluOp>(
      node.getLoc(), x.getType(), x, builder.getStringAttr(kind)));
}

void RaiseActivationPass::runOnOperation() {
  func::FuncOp function = getOperation();
  SmallVector<onnx::NodeOp> nodes;
  for (auto node : function.getOps<onnx::NodeOp>())
    nodes.push_back(node);
  for (onnx::NodeOp node : nodes) {
    if (node.isOnnx("Tanh") || node.isOnnx("Erf") || node.isOnnx("Sigmoid"))
      raiseFunction(node);
    else if (node.isOnnx("Gelu"))
      raiseGelu(node);
  }
  eraseDead(function);
}

} // namespace dalbit::raise
