// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A size that may depend on the three symbols that stay open until run time:
// B (batch), T (new tokens) and P (length of the past). A polynomial with
// integer coefficients, so that B*T (tokens of all sequences in one dimension)
// has its place; sizes themselves are almost always linear.
//
// Two expressions are equal exactly if they are equal for all B, T, P, and the
// text form is unique: "P+T", "B*T", "64".
//
// Left out: quotients that leave a rest, minima, comparisons beyond sign.

#pragma once

#include "llvm/ADT/StringRef.h"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace dalbit::raise {

enum class Symbol { B = 0, P = 1, T = 2 };

/// Numbers for the symbols.
struct Sizes {
  int64_t batch = 1;
  int64_t tokens = 1;
  int64_t past = 0;

  int64_t of(Symbol symbol) const {
    return symbol == Symbol::B ? batch : symbol == Symbol::P ? past : tokens;
  }
  bool operator==(const Sizes &other) const = default;
};

class SymbolicExpr {
public:
  SymbolicExpr(int64_t constant = 0);
  SymbolicExpr(Symbol symbol);

  /// Reads sums of products of numbers and B, T, P ("P+T", "2*T - 1"), or
  /// nothing if the text is something else.
  static std::optional<SymbolicExpr> parse(llvm::StringRef text);

  std::string str() const;
  std::optional<int64_t> constant() const;
  bool isConstant() const { return constant().has_value(); }

  /// True if the value is >= 0 for all B >= 1, T >= 1, P >= 0. False means
  /// "not known".
  bool isNonNegative() const;

  int64_t evaluate(const Sizes &sizes) const;
  /// The expression with a number in the place of \p symbol.
  SymbolicExpr substitute(Symbol symbol, int64_t value) const;
  /// The quotient, if the division leaves no rest for any B, T, P.
  std::optional<SymbolicExpr> divideExactly(const SymbolicExpr &divisor) const;

  SymbolicExpr operator+(const SymbolicExpr &other) const;
  SymbolicExpr operator-(const SymbolicExpr &other) const;
  SymbolicExpr operator*(const SymbolicExpr &other) const;
  bool operator==(const SymbolicExpr &other) const = default;

private:
  using Exponents = std::array<uint8_t, 3>; // of B, P, T
  void add(const Exponents &exponents, int64_t coefficient);
  SymbolicExpr replace(Symbol symbol, const SymbolicExpr &by) const;

  /// Coefficients that are not zero, highest exponents first.
  std::map<Exponents, int64_t, std::greater<>> terms;
};

} // namespace dalbit::raise
