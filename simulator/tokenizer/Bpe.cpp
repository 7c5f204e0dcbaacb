// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/tokenizer/ByteLevel.h"
#include "simulator/tokenizer/Pieces.h"
#include "simulator/tokenizer/Tokenizer.h"

#include "support/Error.h"

#include <nlohmann/json.hpp>
#include <unicode/unistr.h>

#include <algorithm>
#include <set>
#include <unordered_map>

namespace dalbit::tokenizer {

namespace {

using nlohmann::json;

class Bytes : public Tokenizer {
public:
  std::vector<int32_t> encode(std::string_view text) const override {
    std::vector<int32_t> tokens;
    for (char c : text)
      tokens.push_back(uint8_t(c));
    return tokens;
  }
  std::string bytesOf(int32_t token) const override {
    return token >= 0 && token < 256 ? std::string(1, char(token)) : "";
  }
};

class Bpe : public Tokenizer {
public:
  Bpe(const json &file, const std::string &source) : source(source) {
    readModel(file.at("model"));
    for (const json &token : file.value("added_tokens", json::array()))
      readAdded(token);
    // The longest is looked for first.
    std::stable_sort(added.begin(), added.end(),
                     [](const Added &a, const Added &b) {
                       return a.text.size() > b.text.size();
                     });
    normalizer = makeNormalizer(file.value("normalizer", json()), source);
    preTokenizer =
        makePreTokenizer(file.value("pre_tokenizer", json()), source);
    readTemplate(file.value("post_processor", json()));
  }

  std::vector<int32_t> encode(std::string_view text) const override;
  std::string bytesOf(int32_t token) const override {
    auto word = words.find(token);
    if (word == words.end())
      return "";
    return special.count(token) ? word->second : bytesOfNames(word->second);
  }

private:
  struct Added {
    std::string text;
    int32_t id;
  };

  [[noreturn]] void refuse(const std::string &what) const {
    throw Error(source + ": " + what,
                {"use --tokens 12,7,... instead of --prompt"});
  }
  void readModel(const json &model);
  void readAdded(const json &token);
  void readTemplate(const json &processor);
  /// Joins the pieces of \p text, which has no added token.
  void encodePlain(const std::string &text, std::vector<int32_t> &ids) const;
  void encodePiece(const std::string &names, std::vector<int32_t> &ids) const;
  int32_t idOf(const std::string &word) const {
    auto found = ids.find(word);
    if (found == ids.end())
      refuse("the vocabulary has no '" + word + "'");
    return found->second;
  }

  std::string source;
  std::unordered_map<std::string, int32_t> ids;
  std::unordered_map<int32_t, std::string> words;
  std::unordered_map<std::string, int32_t> ranks; ///< by "left right"
  std::set<int32_t> special; ///< added tokens: their text is as it is
  std::vector<Added> added;
  std::vector<Step> normalizer, preTokenizer;
  std::vector<int32_t> before; ///< begins every text
  bool ignoresMerges = false;
};

void Bpe::readModel(const json &model) {
  std::string type = model.value("type", "BPE");
  if (type != "BPE")
    refuse("a tokenizer of type " + type + " is not supported, only BPE is");
  if (model.value("byte_fallback", false))
    refuse("BPE over characters with byte fallback is not supported, only "
           "byte-level BPE is");
  ignoresMerges = model.value("ignore_merges", false);
  for (const auto &[word, id] : model.at("vocab").items()) {
    ids[word] = id.get<int32_t>();
    words[id.get<int32_t>()] = word;
  }
  int32_t rank = 0;
  for (const json &merge : model.at("merges"))
    ranks.try_emplace(merge.is_string() ? merge.get<std::string>()
                                        : merge.at(0).get<std::string>() + " " +
                                              merge.at(1).get<std::string>(),
                      rank++);
}

void Bpe::readAdded(const json &token) {
  Added entry{token.at("content").get<std::string>(),
              token.at("id").get<int32_t>()};
  words[entry.id] = entry.text;
  special.insert(entry.id);
  if (!entry.text.empty())
    added.push_back(entry);
}

/// What begins a text.
void Bpe::readTemplate(const json &processor) {
  if (processor.is_null())
    return;
  std::string type = processor.value("type", "");
  if (type == "Sequence") {
    for (const json &part : processor.at("processors"))
      readTemplate(part);
  } else if (type == "TemplateProcessing") {
    bool isPast = false;
    for (const json &part : processor.at("single")) {
      if (part.contains("Sequence")) {
        isPast = true;
        continue;
      }
      std::string name = part.at("SpecialToken").at("id");
      for (const json &id : processor.at("special_tokens").at(name).at("ids"))
        // What ends a text would end a prompt that is to be continued.
        if (!isPast)
          before.push_back(id.get<int32_t>());
    }
  } else if (type != "ByteLevel") {
    refuse("the post-processor '" + type + "' is not supported");
  }
}

std::vector<int32_t> Bpe::encode(std::string_view text) const {
  icu::UnicodeString unicode = icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), int32_t(text.size())));
  std::string back;
  unicode.toUTF8String(back);
  if (back != text)
    throw Error("the prompt is not UTF-8");
  std::vector<int32_t> result = before;
  std::string plain;
  while (!text.empty()) {
    auto found =
        std::find_if(added.begin(), added.end(), [&](const Added &token) {
          return text.starts_with(token.text);
        });
    if (found == added.end()) {
      plain += text.front();
      text.remove_prefix(1);
      continue;
    }
    encodePlain(plain, result);
    plain.clear();
    result.push_back(found->id);
    text.remove_prefix(found->text.size());
  }
  encodePlain(plain, result);
  return result;
}

void Bpe::encodePlain(const std::string &text,
                      std::vector<int32_t> &result) const {
  if (text.empty())
    return;
  std::vector<std::string> pieces{text};
  for (const Step &step : normalizer)
    pieces = step(pieces);
  for (const Step &step : preTokenizer)
    pieces = step(pieces);
  for (const std::string &piece : pieces)
    encodePiece(namesOfBytes(piece), result);
}

void Bpe::encodePiece(const std::string &names,
                      std::vector<int32_t> &result) const {
  if (auto whole = ids.find(names); ignoresMerges && whole != ids.end()) {
    result.push_back(whole->second);
    return;
  }
  // One part a byte; names are one or two bytes of UTF-8.
  std::vector<std::string> parts;
  for (size_t at = 0; at < names.size();) {
    size_t length = uint8_t(names[at]) < 0x80 ? 1 : 2;
    parts.push_back(names.substr(at, length));
    at += length;
  }
  // The pair that was learnt first is joined first, leftmost of equals.
  while (parts.size() > 1) {
    size_t best = parts.size();
    int32_t lowest = INT32_MAX;
    for (size_t i = 0; i + 1 < parts.size(); ++i)
      if (auto rank = ranks.find(parts[i] + " " + parts[i + 1]);
          rank != ranks.end() && rank->second < lowest) {
        lowest = rank->second;
        best = i;
      }
    if (best == parts.size())
      break;
    parts[best] += parts[best + 1];
    parts.erase(parts.begin() + long(best) + 1);
  }
  for (const std::string &part : parts)
    result.push_back(idOf(part));
}

} // namespace

std::unique_ptr<Tokenizer> makeBytes() { return std::make_unique<Bytes>(); }

std::unique_ptr<Tokenizer> makeBpe(std::string_view text,
                                   const std::string &source) {
  try {
    return std::make_unique<Bpe>(json::parse(text), source);
  } catch (const json::exception &error) {
    throw Error(source + ": is no tokenizer.json: " + error.what(),
                {"use --tokens 12,7,... instead of --prompt"});
  }
}

} // namespace dalbit::tokenizer
