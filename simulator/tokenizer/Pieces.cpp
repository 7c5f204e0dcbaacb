// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/tokenizer/Pieces.h"

#include "support/Error.h"

#include <nlohmann/json.hpp>
#include <unicode/normalizer2.h>
#include <unicode/regex.h>
#include <unicode/unistr.h>

#include <memory>

namespace dalbit::tokenizer {

namespace {

using Pieces = std::vector<std::string>;

/// GPT-2's rule for pieces: contractions, words, numbers and signs with the
/// space before them, and runs of white space (Radford 2019, encoder.py).
constexpr const char *Gpt2Pattern =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|"
    "\\s+(?!\\S)|\\s+";

std::string toUtf8(const icu::UnicodeString &text) {
  std::string utf8;
  text.toUTF8String(utf8);
  return utf8;
}

[[noreturn]] void unknown(const std::string &source, const std::string &what) {
  throw Error(source + ": " + what + " is not supported",
              {"use --tokens 12,7,... instead of --prompt"});
}

enum class Keep { Isolated, Removed, MergedWithPrevious, MergedWithNext };

/// Cuts at what a regular expression finds.
class Splitter {
public:
  Splitter(const std::string &regex, Keep keep, bool invert,
           const std::string &source)
      : keep(keep), invert(invert) {
    UErrorCode status = U_ZERO_ERROR;
    pattern.reset(icu::RegexPattern::compile(
        icu::UnicodeString::fromUTF8(regex), 0, status));
    if (U_FAILURE(status))
      unknown(source, "the regular expression " + regex);
  }

  Pieces operator()(const Pieces &pieces) const {
    Pieces result;
    for (const std::string &piece : pieces)
      cut(piece, result);
    return result;
  }

private:
  void cut(const std::string &piece, Pieces &result) const {
    icu::UnicodeString text = icu::UnicodeString::fromUTF8(piece);
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::RegexMatcher> matcher(pattern->matcher(text, status));
    // {begin, end, whether it separates}
    struct Part {
      int32_t begin, end;
      bool separates;
    };
    std::vector<Part> parts;
    int32_t at = 0;
    while (U_SUCCESS(status) && matcher->find(status)) {
      int32_t begin = matcher->start(status), end = matcher->end(status);
      if (begin > at)
        parts.push_back({at, begin, invert});
      if (end > begin)
        parts.push_back({begin, end, !invert});
      at = end;
    }
    if (U_FAILURE(status))
      throw Error("the tokenizer's regular expression takes too long on '" +
                  piece.substr(0, 40) + "'");
    if (at < text.length())
      parts.push_back({at, text.length(), invert});
    bool joins = false; // the next part to the one before
    for (const Part &part : parts) {
      std::string word =
          toUtf8(text.tempSubStringBetween(part.begin, part.end));
      if (part.separates && keep == Keep::Removed)
        continue;
      bool toPrevious =
          joins || (part.separates && keep == Keep::MergedWithPrevious);
      if (toPrevious && !result.empty() && &part != &parts.front())
        result.back() += word;
      else
        result.push_back(word);
      joins = part.separates && keep == Keep::MergedWithNext;
    }
  }

  std::shared_ptr<icu::RegexPattern> pattern;
  Keep keep;
  bool invert;
};

Keep keepOf(const std::string &behavior, const std::string &source) {
  if (behavior == "Isolated")
    return Keep::Isolated;
  if (behavior == "Removed")
    return Keep::Removed;
  if (behavior == "MergedWithPrevious")
    return Keep::MergedWithPrevious;
  if (behavior == "MergedWithNext")
    return Keep::MergedWithNext;
  unknown(source, "the split behaviour '" + behavior + "'");
}

/// A string that stands for itself, as a regular expression.
std::string quoted(const std::string &text) {
  std::string result;
  for (char c : text)
    result += std::string(c > 0 && !isalnum(c) ? "\\" : "") + c;
  return result;
}

Step normalForm(const icu::Normalizer2 *(*instance)(UErrorCode &)) {
  return [instance](const Pieces &pieces) {
    Pieces result;
    for (const std::string &piece : pieces) {
      UErrorCode status = U_ZERO_ERROR;
      icu::UnicodeString text = instance(status)->normalize(
          icu::UnicodeString::fromUTF8(piece), status);
      result.push_back(U_SUCCESS(status) ? toUtf8(text) : piece);
    }
    return result;
  };
}

void append(std::vector<Step> &steps, std::vector<Step> more) {
  for (Step &step : more)
    steps.push_back(std::move(step));
}

} // namespace

std::vector<Step> makeNormalizer(const nlohmann::json &description,
                                 const std::string &source) {
  std::vector<Step> steps;
  if (description.is_null())
    return steps;
  std::string type = description.value("type", "");
  if (type == "Sequence")
    for (const nlohmann::json &part : description.at("normalizers"))
      append(steps, makeNormalizer(part, source));
  else if (type == "NFC")
    steps.push_back(normalForm(icu::Normalizer2::getNFCInstance));
  else if (type == "NFKC")
    steps.push_back(normalForm(icu::Normalizer2::getNFKCInstance));
  else if (type == "NFD")
    steps.push_back(normalForm(icu::Normalizer2::getNFDInstance));
  else if (type == "NFKD")
    steps.push_back(normalForm(icu::Normalizer2::getNFKDInstance));
  else
    unknown(source, "the normalizer '" + type + "'");
  return steps;
}

std::vector<Step> makePreTokenizer(const nlohmann::json &description,
                                   const std::string &source) {
  std::vector<Step> steps;
  if (description.is_null())
    return steps;
  std::string type = description.value("type", "");
  if (type == "Sequence") {
    for (const nlohmann::json &part : description.at("pretokenizers"))
      append(steps, makePreTokenizer(part, source));
  } else if (type == "ByteLevel") {
    if (description.value("add_prefix_space", true))
      steps.push_back([](Pieces pieces) {
        for (std::string &piece : pieces)
          if (!piece.starts_with(" "))
            piece = " " + piece;
        return pieces;
      });
    if (description.value("use_regex", true))
      steps.push_back(Splitter(Gpt2Pattern, Keep::Isolated, false, source));
  } else if (type == "Split") {
    const nlohmann::json &pattern = description.at("pattern");
    steps.push_back(
        Splitter(pattern.contains("Regex")
                     ? pattern.at("Regex").get<std::string>()
                     : quoted(pattern.at("String").get<std::string>()),
                 keepOf(description.at("behavior"), source),
                 description.value("invert", false), source));
  } else if (type == "Digits") {
    steps.push_back(Splitter(
        description.value("individual_digits", false) ? "\\p{N}" : "\\p{N}+",
        Keep::Isolated, false, source));
  } else {
    unknown(source, "the pre-tokenizer '" + type + "'");
  }
  return steps;
}

} // namespace dalbit::tokenizer
