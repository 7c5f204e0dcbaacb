// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/dalbit/ModelTokenizer.h"

#include "support/Error.h"
#include "support/MappedFile.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>

namespace fs = std::filesystem;

namespace dalbit::tool {

namespace {

/// Of the model table with all else in it (docs/binary.md: 16 MiB).
constexpr size_t MostBytes = 15 << 20;

} // namespace

std::string tokenizerFile(const std::string &model) {
  fs::path path = fs::path(model).parent_path() / "tokenizer.json";
  if (!fs::is_regular_file(path))
    return "";
  MappedFile file(path.string());
  // Without the file's white space.
  nlohmann::json parsed;
  try {
    parsed = nlohmann::json::parse(file.data(), file.data() + file.size());
  } catch (const nlohmann::json::parse_error &error) {
    size_t before = std::min(error.byte ? error.byte - 1 : 0, file.size());
    auto line = 1 + std::count(file.data(), file.data() + before, '\n');
    throw Error(path.string() + ":" + std::to_string(line) +
                    ": is no JSON from byte " + std::to_string(before) + " on",
                {"mend it or move it away; --tokens works without"});
  }
  std::string text = parsed.dump();
  if (text.size() > MostBytes)
    throw Error(path.string() + ": has " + std::to_string(text.size()) +
                    " bytes, more than the " + std::to_string(MostBytes) +
                    " that fit into a binary",
                {"move it away; --tokens works without"});
  return text;
}

void embedTokenizer(binary::Program &program, const std::string &model) {
  nlohmann::json facts = nlohmann::json::parse(program.model);
  if (!facts.value("tokenizer", "").empty())
    return;
  std::string text = tokenizerFile(model);
  if (text.empty())
    return;
  facts["tokenizer_json"] = text;
  program.model = facts.dump();
}

std::unique_ptr<tokenizer::Tokenizer> makeTokenizer(const std::string &name,
                                                    const std::string &json,
                                                    const std::string &source) {
  if (name == "bytes")
    return tokenizer::makeBytes();
  if (!name.empty())
    throw Error(source + ": its metadata names the tokenizer '" + name +
                    "', which is not known",
                {"known is bytes; or put a tokenizer.json beside the model"});
  if (json.empty())
    return nullptr;
  return tokenizer::makeBpe(json, source + ", tokenizer.json");
}

} // namespace dalbit::tool
