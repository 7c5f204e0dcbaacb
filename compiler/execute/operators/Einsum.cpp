// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Einsum: operands are joined two at a time by one matrix product, in which
// labels of both operands that the rest still needs are the batch, those that
// nobody needs are the contraction.

#include "compiler/execute/operators/Einsum.h"

#include "compiler/execute/operators/Broadcast.h"
#include "compiler/execute/operators/Layout.h"
#include "compiler/execute/operators/Matrix.h"
#include "compiler/execute/operators/Operator.h"

#include "support/Error.h"

namespace dalbit::execute {

namespace {

/// A tensor whose dimensions have names.
struct Named {
  std::string labels;
  Tensor tensor;
};

void checkTerm(const std::string &term) {
  std::string rest = term;
  if (size_t dots = rest.find("..."); dots != std::string::npos)
    rest.erase(dots, 3);
  for (char c : rest)
    if (!std::isalpha(static_cast<unsigned char>(c)))
      throw Error("the equation has a term '" + term + "'");
}

/// The diagonal of dimensions that have one name.
Named diagonal(Named x) {
  Shape shape, steps, dense = denseSteps(x.tensor.shape());
  std::string labels;
  for (size_t i = 0; i < x.labels.size(); ++i) {
    size_t known = labels.find(x.labels[i]);
    if (known == std::string::npos) {
      labels += x.labels[i];
      shape.push_back(x.tensor.dim(i));
      steps.push_back(dense[i]);
    } else {
      if (shape[known] != x.tensor.dim(i))
        throw Error("the equation pairs dimensions of different sizes");
      steps[known] += dense[i];
    }
  }
  if (labels == x.labels)
    return x;
  return {labels, gatherStrided(x.tensor, shape, 0, steps)};
}

Tensor ordered(const Named &x, const std::string &labels) {
  llvm::SmallVector<int64_t> order;
  for (char label : labels)
    order.push_back(int64_t(x.labels.find(label)));
  return permute(x.tensor, order);
}

bool has(const std::string &labels, char label) {
  return labels.find(label) != std::string::npos;
}

/// One product; labels outside \p needed are summed over.
Named join(Named a, Named b, const std::string &needed) {
  // A dimension of 1 beside a larger one is repeated (ellipses broadcast).
  std::string batch, contracted, left, right;
  Shape batchShape;
  int64_t sums = 1, rows = 1, columns = 1, batches = 1;
  Shape shapeA, shapeB;
  for (size_t i = 0; i < a.labels.size(); ++i) {
    char label = a.labels[i];
    int64_t size = a.tensor.dim(i);
    if (size_t j = b.labels.find(label); j != std::string::npos) {
      int64_t other = b.tensor.dim(j);
      if (size != other && size != 1 && other != 1)
        throw Error("the equation pairs dimensions of " + std::to_string(size) +
                    " and " + std::to_string(other));
      (has(needed, label) ? batch : contracted) += label;
    } else {
      // Alone and needed, or alone and summed: both are rows at first.
      left += label;
    }
  }
  for (char label : b.labels)
    if (!has(a.labels, label))
      right += label;
  auto spread = [&](Named &x, const Named &y) {
    Shape shape(x.tensor.shape());
    for (size_t i = 0; i < x.labels.size(); ++i)
      if (size_t j = y.labels.find(x.labels[i]); j != std::string::npos)
        if (shape[i] == 1)
          shape[i] = y.tensor.dim(j);
    x.tensor = broadcastTo(x.tensor, shape);
  };
  spread(a, b);
  spread(b, a);
  auto sizeIn = [](const Named &x, char label) {
    return x.tensor.dim(int64_t(x.labels.find(label)));
  };
  Shape result;
  for (char label : batch) {
    batches *= sizeIn(a, label);
    result.push_back(sizeIn(a, label));
  }
  for (char label : left) {
    rows *= sizeIn(a, label);
    result.push_back(sizeIn(a, label));
  }
  for (char label : right) {
    columns *= sizeIn(b, label);
    result.push_back(sizeIn(b, label));
  }
  for (char label : contracted)
    sums *= sizeIn(a, label);
  Tensor x =
      ordered(a, batch + left + contracted).reshaped({batches, rows, sums});
  Tensor y =
      ordered(b, batch + contracted + right).reshaped({batches, sums, columns});
  return {batch + left + right, matMul(x, y).reshaped(result)};
}

/// Sums over the labels outside \p needed: a product with ones.
Named sumOthers(const Named &x, const std::string &needed) {
  std::string kept, summed;
  Shape shape;
  int64_t rows = 1, sums = 1;
  for (size_t i = 0; i < x.labels.size(); ++i) {
    if (has(needed, x.labels[i])) {
      kept += x.labels[i];
      shape.push_back(x.tensor.dim(i));
      rows *= x.tensor.dim(i);
    } else {
      summed += x.labels[i];
      sums *= x.tensor.dim(i);
    }
  }
  if (summed.empty())
    return x;
  Tensor ones =
      broadcastTo(Tensor::scalar<float>(1).cast(x.tensor.type()), {sums, 1});
  Tensor all = ordered(x, kept + summed).reshaped({rows, sums});
  return {kept, matMul(all, ones).reshaped(shape)};
}

void evalEinsum(Call &call) {
  std::string equation;
  for (char c : call.text("equation"))
    if (c != ' ')
      equation += c;
  size_t arrow = equation.find("->");
  std::string terms = equation.substr(0, arrow), output;
  std::vector<Named> operands;
  size_t dots = 0;
  std::vector<std::string> texts;
  for (size_t at = 0; at <= terms.size();) {
    size_t end = std::min(terms.find(',', at), terms.size());
    texts.push_back(terms.substr(at, end - at));
    at = end + 1;
  }
  if (texts.size() != call.inputCount())
    throw Error("the equation has " + std::to_string(texts.size()) +
                " terms for " + std::to_string(call.inputCount()) + " inputs");
  for (unsigned i = 0; i < texts.size(); ++i) {
    const Tensor &x = call.input(i);
    checkTerm(texts[i]);
    std::optional<size_t> hidden = ellipsisDims(texts[i], size_t(x.rank()));
    if (!hidden)
      throw Error("term '" + texts[i] + "' does not fit shape " +
                  shapeText(x.shape()));
    dots = std::max(dots, *hidden);
    operands.push_back(diagonal({expandEllipsis(texts[i], *hidden), x}));
  }
  if (arrow != std::string::npos) {
    output = equation.substr(arrow + 2);
    checkTerm(output);
    output = expandEllipsis(output, dots);
  } else {
    // The ellipsis, then the labels that occur once, sorted.
    output = expandEllipsis("...", dots);
    std::string letters = terms;
    std::sort(letters.begin(), letters.end());
    for (size_t i = 0; i < letters.size(); ++i)
      if (std::isalpha(static_cast<unsigned char>(letters[i])) &&
          std::count(letters.begin(), letters.end(), letters[i]) == 1)
        output += letters[i];
  }
  Named all = operands[0];
  for (size_t i = 1; i < operands.size(); ++i) {
    std::string later = output;
    for (size_t k = i + 1; k < operands.size(); ++k)
      later += operands[k].labels;
    // What only one operand has and nobody needs goes first.
    all = sumOthers(all, later + operands[i].labels);
    Named next = sumOthers(operands[i], later + all.labels);
    all = join(all, next, later);
  }
  all = sumOthers(all, output);
  for (char label : output)
    if (!has(all.labels, label) ||
        std::count(output.begin(), output.end(), label) > 1)
      throw Error("the equation's output names a label wrongly");
  call.output(0, ordered(all, output));
}

} // namespace

std::string expandEllipsis(llvm::StringRef term, size_t dims) {
  auto [before, after] = term.split("...");
  std::string names;
  if (term.contains("..."))
    for (size_t i = dims; i-- > 0;)
      names += char('0' + i);
  return before.str() + names + after.str();
}

std::optional<size_t> ellipsisDims(llvm::StringRef term, size_t rank) {
  bool open = term.contains("...");
  size_t letters = term.size() - (open ? 3 : 0);
  if (letters > rank || (letters < rank && !open) || rank - letters > 10)
    return std::nullopt;
  return rank - letters;
}

Rows einsumOperators() {
  return {
      {"",
       "Einsum",
       {12},
       1,
       anyNumber,
       1,
       {{"equation", AttributeKind::String}},
       elementOfFirst,
       evalEinsum},
  };
}

} // namespace dalbit::execute
