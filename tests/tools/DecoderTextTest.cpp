// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The text of a decoder that keeps no cache (input_ids to logits): the command
// on the float engine against loops in double that know nothing of it. The
// engine has to read all tokens anew for each that it adds.
//
// Then a decoder with caches (GPT) whose file returns more than logits and
// caches: the text is that of the file as it is, or an error.
//
// usage: dalbit-decoder-text-test DALBIT GPT

#include "tests/compiler/import/ModelBuilder.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <random>
#include <string>
#include <vector>

using namespace dalbit;
using namespace dalbit::test;

namespace {

constexpr int Vocabulary = 256, Size = 16, Context = 40;
/// What a masked score gets; of letters' logits over all others.
constexpr float Masked = -1e9f, Letters = 50;

using Matrix = std::vector<std::vector<double>>;

/// One layer of attention with a residual, biases left out.
struct Decoder {
  Matrix tokens, positions, query, key, value, head;
  std::vector<double> bias; ///< of the head: letters and the space come first

  explicit Decoder(unsigned seed) : random(seed) {
    tokens = matrix(Vocabulary, Size, 1);
    positions = matrix(Context, Size, 1);
    for (Matrix *weight : {&query, &key, &value})
      *weight = matrix(Size, Size, 0.7);
    head = matrix(Size, Vocabulary, 1);
    for (int token = 0; token < Vocabulary; ++token)
      bias.push_back((token >= 'a' && token <= 'z') || token == ' ' ? Letters
                                                                    : 0);
  }

  /// Logits of the last of \p ids.
  std::vector<double> logits(const std::string &ids) const {
    Matrix x;
    for (size_t i = 0; i < ids.size(); ++i) {
      x.push_back(tokens[uint8_t(ids[i])]);
      for (int d = 0; d < Size; ++d)
        x[i][d] += positions[i][d];
    }
    std::vector<double> q = times(x.back(), query), shares, y = x.back();
    double sum = 0;
    for (const std::vector<double> &row : x) {
      std::vector<double> k = times(row, key);
      double score = 0;
      for (int d = 0; d < Size; ++d)
        score += q[d] * k[d];
      shares.push_back(std::exp(score / std::sqrt(double(Size))));
      sum += shares.back();
    }
    for (size_t i = 0; i < x.size(); ++i) {
      std::vector<double> v = times(x[i], value);
      for (int d = 0; d < Size; ++d)
        y[d] += shares[i] / sum * v[d];
    }
    std::vector<double> logits = times(y, head);
    for (int token = 0; token < Vocabulary; ++token)
      logits[token] += bias[token];
    return logits;
  }

private:
  Matrix matrix(int rows, int cols, double scale) {
    Matrix result(rows, std::vector<double>(cols));
    for (std::vector<double> &row : result)
      for (double &x : row)
        // Few enough bits that a float holds it.
        x = scale * (double(random() % 257) - 128) / 128;
    return result;
  }
  static std::vector<double> times(const std::vector<double> &row,
                                   const Matrix &weight) {
    std::vector<double> out(weight[0].size());
    for (size_t i = 0; i < row.size(); ++i)
      for (size_t j = 0; j < out.size(); ++j)
        out[j] += row[i] * weight[i][j];
    return out;
  }

  std::mt19937 random;
};

execute::Tensor tensorOf(const Matrix &matrix) {
  std::vector<float> values;
  for (const std::vector<double> &row : matrix)
    values.insert(values.end(), row.begin(), row.end());
  return execute::Tensor::of<float>(
      {int64_t(matrix.size()), int64_t(matrix[0].size())}, values);
}

/// As exporters write it without caches: the mask from the shape of the ids.
std::string onnxOf(const Decoder &decoder) {
  ModelBuilder model(14);
  auto scalar = [](float value) {
    return execute::Tensor::of<float>({}, {value});
  };
  auto list = [](std::vector<int64_t> values) {
    return execute::Tensor::of<int64_t>({int64_t(values.size())}, values);
  };
  model.input("input_ids", {"batch", "sequence"}, ::onnx::TensorProto::INT64);
  for (auto [name, matrix] : {std::pair("tokens", &decoder.tokens),
                              {"positions", &decoder.positions},
                              {"query", &decoder.query},
                              {"key", &decoder.key},
                              {"value", &decoder.value},
                              {"head", &decoder.head}})
    model.initializer(name, tensorOf(*matrix));
  model.initializer("bias",
                    execute::Tensor::of<float>(
                        {Vocabulary}, std::vector<float>(decoder.bias.begin(),
                                                         decoder.bias.end())));
  model.initializer("scale", scalar(1 / std::sqrt(float(Size))));
  model.initializer("hidden", scalar(Masked));
  model.initializer("zero", execute::Tensor::of<int64_t>({}, {0}));
  model.initializer("one", execute::Tensor::of<int64_t>({}, {1}));
  model.initializer("zeros", list({0}));
  model.node("Gather", {"tokens", "input_ids"}, {"embedded"});
  model.node("Shape", {"input_ids"}, {"shape"});
  model.node("Gather", {"shape", "one"}, {"length"});
  model.node("Range", {"zero", "length", "one"}, {"places"});
  model.node("Gather", {"positions", "places"}, {"place"});
  model.node("Add", {"embedded", "place"}, {"x"});
  for (std::string part : {"query", "key", "value"})
    model.node("MatMul", {"x", part}, {part + "s"});
  setInts(model.node("Transpose", {"keys"}, {"turned"}), "perm", {0, 2, 1});
  model.node("MatMul", {"querys", "turned"}, {"scores"});
  model.node("Mul", {"scores", "scale"}, {"scaled"});
  model.node("Unsqueeze", {"length", "zeros"}, {"lengths"});
  setInt(model.node("Concat", {"lengths", "lengths"}, {"square"}), "axis", 0);
  model.node("Expand", {"hidden", "square"}, {"full"});
  setInt(model.node("Trilu", {"full", "one"}, {"mask"}), "upper", 1);
  model.node("Add", {"scaled", "mask"}, {"masked"});
  setInt(model.node("Softmax", {"masked"}, {"shares"}), "axis", -1);
  model.node("MatMul", {"shares", "values"}, {"seen"});
  model.node("Add", {"x", "seen"}, {"y"});
  model.node("MatMul", {"y", "head"}, {"products"});
  model.node("Add", {"products", "bias"}, {"logits"});
  model.output("logits");
  auto *metadata = model.model.add_metadata_props();
  metadata->set_key("dalbit.tokenizer");
  metadata->set_value("bytes");
  return model.bytes();
}

/// \p prompt and \p count tokens more, each the likeliest; empty if two are
/// nearly as likely, so that rounding could decide.
std::string continued(const Decoder &decoder, std::string text, int count) {
  for (int i = 0; i < count; ++i) {
    std::vector<double> logits = decoder.logits(text);
    auto best = std::max_element(logits.begin(), logits.end());
    for (const double &other : logits)
      if (&other != &*best && *best - other < 1e-3)
        return "";
    text += char(best - logits.begin());
  }
  return text;
}

/// What the command prints on both streams, "failed: " in front if it fails.
std::string outputOf(const std::string &command) {
  std::string text;
  FILE *pipe = popen((command + " 2>&1").c_str(), "r");
  char buffer[256];
  while (pipe && std::fgets(buffer, sizeof buffer, pipe))
    text += buffer;
  return pipe && pclose(pipe) == 0 ? text : "failed: " + text;
}

/// Results besides logits and caches: ArgMax in front of all, scores behind.
/// How many texts differ from that of \p gpt.
int differing(const std::string &dalbit, const std::string &gpt,
              TemporaryFolder &folder) {
  ::onnx::ModelProto model;
  std::ifstream file(gpt, std::ios::binary);
  if (!model.ParseFromIstream(&file))
    return 1;
  auto textOf = [&](const std::string &path, const std::string &options = "") {
    return outputOf(dalbit + " run " + path +
                    " --engine float --prompt 'In the ' --generate 8" +
                    options);
  };
  std::string expected = textOf(gpt);
  std::string names, scores;
  for (const auto &output : model.graph().output())
    names += (names.empty() ? "" : ",") + output.name();
  for (const auto &node : model.graph().node())
    if (node.op_type() == "Softmax" && scores.empty())
      scores = node.output(0);

  ::onnx::ModelProto chooses = model;
  auto *node = chooses.mutable_graph()->add_node();
  node->set_op_type("ArgMax");
  node->add_input("logits");
  node->add_output("next");
  auto *axis = node->add_attribute();
  axis->set_name("axis");
  axis->set_type(::onnx::AttributeProto::INT);
  axis->set_i(-1);
  auto *outputs = chooses.mutable_graph()->mutable_output();
  auto *next = outputs->Add();
  next->set_name("next");
  next->mutable_type()->mutable_tensor_type()->set_elem_type(
      ::onnx::TensorProto::INT64);
  for (int i = outputs->size() - 1; i > 0; --i)
    outputs->SwapElements(i, i - 1);

  ::onnx::ModelProto attends = model;
  auto *more = attends.mutable_graph()->add_output();
  more->set_name(scores);
  more->mutable_type()->mutable_tensor_type()->set_elem_type(
      ::onnx::TensorProto::FLOAT);

  std::string first = folder.write("next.onnx", chooses.SerializeAsString()),
              last = folder.write("scores.onnx", attends.SerializeAsString());
  int failed = 0;
  auto expect = [&](const std::string &got, bool fits) {
    if (!fits)
      std::printf("'%s', expected '%s'\n", got.c_str(), expected.c_str());
    failed += !fits;
  };
  std::string text = textOf(first);
  expect(text, text == expected && text.find("In the ") == 0);
  text = textOf(last);
  expect(text, text.find("failed: ") == 0 &&
                   text.find("has 8 caches and 9 results that could be their "
                             "successors") != std::string::npos);
  text = textOf(last, " --results " + names);
  expect(text, text == expected);
  return failed;
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 3)
    return 2;
  TemporaryFolder folder;
  int failed = differing(argv[1], argv[2], folder), tried = 0;
  for (unsigned seed = 1; seed <= 4; ++seed) {
    Decoder decoder(seed);
    std::string path = folder.write("decoder.onnx", onnxOf(decoder));
    for (std::string prompt : {"a", "In the beginning"}) {
      std::string expected = continued(decoder, prompt, 20);
      if (expected.empty())
        continue;
      ++tried;
      std::string got =
          outputOf(std::string(argv[1]) + " run " + path +
                   " --engine float --prompt '" + prompt + "' --generate 20");
      if (got == expected + "\n")
        continue;
      ++failed;
      std::printf("seed %u: '%s'\nexpected '%s'\n", seed, got.c_str(),
                  expected.c_str());
    }
  }
  std::printf("%d of %d texts differ\n", failed, tried);
  return failed || tried < 4;
}
