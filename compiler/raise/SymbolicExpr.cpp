// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/SymbolicExpr.h"

#include "llvm/ADT/StringExtras.h"

using namespace dalbit::raise;

static constexpr char names[] = {'B', 'P', 'T'};

SymbolicExpr::SymbolicExpr(int64_t constant) { add({0, 0, 0}, constant); }

SymbolicExpr::SymbolicExpr(Symbol symbol) {
  Exponents exponents = {0, 0, 0};
  exponents[static_cast<size_t>(symbol)] = 1;
  add(exponents, 1);
}

void SymbolicExpr::add(const Exponents &exponents, int64_t coefficient) {
  if (coefficient == 0)
    return;
  // Unsigned, because wrap-around of absurd sizes must not be undefined.
  int64_t &term = terms[exponents];
  term = static_cast<int64_t>(static_cast<uint64_t>(term) +
                              static_cast<uint64_t>(coefficient));
  if (term == 0)
    terms.erase(exponents);
}

std::optional<SymbolicExpr> SymbolicExpr::parse(llvm::StringRef text) {
  std::string packed;
  for (char c : text)
    if (c != ' ')
      packed += c;
  llvm::StringRef rest = packed;
  if (rest.empty())
    return std::nullopt;
  SymbolicExpr sum;
  bool first = true;
  while (!rest.empty()) {
    int64_t sign = 1;
    if (rest.consume_front("-"))
      sign = -1;
    else if (!first && !rest.consume_front("+"))
      return std::nullopt;
    first = false;
    SymbolicExpr product(sign);
    do {
      int64_t number;
      if (!rest.empty() && llvm::isDigit(rest.front())) {
        if (rest.consumeInteger(10, number))
          return std::nullopt;
        product = product * SymbolicExpr(number);
      } else if (rest.consume_front("B")) {
        product = product * SymbolicExpr(Symbol::B);
      } else if (rest.consume_front("P")) {
        product = product * SymbolicExpr(Symbol::P);
      } else if (rest.consume_front("T")) {
        product = product * SymbolicExpr(Symbol::T);
      } else {
        return std::nullopt;
      }
    } while (rest.consume_front("*"));
    sum = sum + product;
  }
  return sum;
}

std::string SymbolicExpr::str() const {
  if (terms.empty())
    return "0";
  std::string text;
  for (const auto &[exponents, coefficient] : terms) {
    std::string factors;
    for (size_t i = 0; i < exponents.size(); ++i)
      for (unsigned n = 0; n < exponents[i]; ++n)
        factors += std::string(factors.empty() ? "" : "*") + names[i];
    if (coefficient >= 0 && !text.empty())
      text += "+";
    if (factors.empty())
      text += std::to_string(coefficient);
    else if (coefficient == -1)
      text += "-" + factors;
    else if (coefficient == 1)
      text += factors;
    else
      text += std::to_string(coefficient) + "*" + factors;
  }
  return text;
}

std::optional<int64_t> SymbolicExpr::constant() const {
  if (terms.empty())
    return 0;
  if (terms.size() == 1 && terms.begin()->first == Exponents{0, 0, 0})
    return terms.begin()->second;
  return std::nullopt;
}

bool SymbolicExpr::isNonNegative() const {
  // With B and T counted from 1, no negative coefficient means no negative
  // value.
  SymbolicExpr shifted =
      replace(Symbol::B, SymbolicExpr(Symbol::B) + SymbolicExpr(1))
          .replace(Symbol::T, SymbolicExpr(Symbol::T) + SymbolicExpr(1));
  for (const auto &term : shifted.terms)
    if (term.second < 0)
      return false;
  return true;
}

int64_t SymbolicExpr::evaluate(const Sizes &sizes) const {
  int64_t sum = 0;
  for (const auto &[exponents, coefficient] : terms) {
    int64_t product = coefficient;
    for (size_t i = 0; i < exponents.size(); ++i)
      for (unsigned n = 0; n < exponents[i]; ++n)
        product *= sizes.of(static_cast<Symbol>(i));
    sum += product;
  }
  return sum;
}

SymbolicExpr SymbolicExpr::replace(Symbol symbol,
                                   const SymbolicExpr &by) const {
  SymbolicExpr sum;
  for (const auto &[exponents, coefficient] : terms) {
    Exponents others = exponents;
    others[static_cast<size_t>(symbol)] = 0;
    SymbolicExpr product;
    product.add(others, coefficient);
    for (unsigned n = 0; n < exponents[static_cast<size_t>(symbol)]; ++n)
      product = product * by;
    sum = sum + product;
  }
  return sum;
}

SymbolicExpr SymbolicExpr::substitute(Symbol symbol, int64_t value) const {
  return replace(symbol, SymbolicExpr(value));
}

std::optional<SymbolicExpr>
SymbolicExpr::divideExactly(const SymbolicExpr &divisor) const {
  if (divisor.terms.empty())
    return std::nullopt;
  // Long division by the highest term; every step removes it from the rest.
  const auto &[highest, leading] = *divisor.terms.begin();
  SymbolicExpr rest = *this, quotient;
  while (!rest.terms.empty()) {
    const auto &[exponents, coefficient] = *rest.terms.begin();
    if (coefficient % leading != 0)
      return std::nullopt;
    Exponents difference;
    for (size_t i = 0; i < exponents.size(); ++i) {
      if (exponents[i] < highest[i])
        return std::nullopt;
      difference[i] = exponents[i] - highest[i];
    }
    SymbolicExpr step;
    step.add(difference, coefficient / leading);
    quotient = quotient + step;
    rest = rest - step * divisor;
  }
  return quotient;
}

SymbolicExpr SymbolicExpr::operator+(const SymbolicExpr &other) const {
  SymbolicExpr sum = *this;
  for (const auto &[exponents, coefficient] : other.terms)
    sum.add(exponents, coefficient);
  return sum;
}

SymbolicExpr SymbolicExpr::operator-(const SymbolicExpr &other) const {
  return *this + other * SymbolicExpr(-1);
}

SymbolicExpr SymbolicExpr::operator*(const SymbolicExpr &other) const {
  SymbolicExpr product;
  for (const auto &[exponents, coefficient] : terms)
    for (const auto &[factorExponents, factor] : other.terms) {
      Exponents sum;
      for (size_t i = 0; i < sum.size(); ++i)
        sum[i] = exponents[i] + factorExponents[i];
      product.add(sum, static_cast<int64_t>(static_cast<uint64_t>(coefficient) *
                                            static_cast<uint64_t>(factor)));
    }
  return product;
}
