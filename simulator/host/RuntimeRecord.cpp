// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/host/RuntimeRecord.h"

#include "isa/binary/Program.h"
#include "simulator/host/Engine.h"
#include "support/AtomicFile.h"
#include "support/Error.h"
#include "support/MappedFile.h"

#include <bit>
#include <cstring>

namespace dalbit::host {

namespace {

static_assert(std::endian::native == std::endian::little);

constexpr char Magic[8] = {'D', 'A', 'L', 'B', 'I', 'T', 'R', 'V'};
constexpr uint32_t Version = 1;

class Writer {
public:
  template <typename T> void add(const T &value) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes.append(reinterpret_cast<const char *>(&value), sizeof value);
  }
  template <typename T> void addList(const std::vector<T> &list) {
    add(uint64_t(list.size()));
    bytes.append(reinterpret_cast<const char *>(list.data()),
                 list.size() * sizeof(T));
  }
  const std::string &text() const { return bytes; }

private:
  std::string bytes;
};

Sha256::Digest digestOf(const char *bytes, size_t size) {
  Sha256 hash;
  hash.update(bytes, size);
  return hash.finish();
}

class Reader {
public:
  explicit Reader(const std::string &path) : file(path) {
    if (file.size() < sizeof Magic ||
        std::memcmp(file.data(), Magic, sizeof Magic) != 0)
      fail("not a record of run-time values",
           "dalbit run --record FILE writes one");
    if (file.size() < sizeof Magic + sizeof Version + sizeof(Sha256::Digest))
      damaged();
    at = sizeof Magic;
    end = file.size() - sizeof(Sha256::Digest);
    if (take<uint32_t>() != Version)
      fail("a record of another version", Again);
    Sha256::Digest digest = digestOf(file.data(), end);
    if (std::memcmp(digest.data(), file.data() + end, digest.size()) != 0)
      damaged();
  }

  template <typename T> T take() {
    T value;
    copy(&value, sizeof value);
    return value;
  }
  template <typename T> std::vector<T> takeList() {
    auto count = take<uint64_t>();
    if (count > (end - at) / sizeof(T))
      damaged();
    std::vector<T> list(count);
    copy(list.data(), count * sizeof(T));
    return list;
  }
  bool isAtEnd() const { return at == end; }
  [[noreturn]] void damaged() const {
    fail("the record is cut off or damaged", Again);
  }
  [[noreturn]] void fail(const std::string &what, const char *note) const {
    throw Error(file.path() + ": " + what, {note});
  }

private:
  static constexpr const char *Again = "write it again with --record";

  void copy(void *to, size_t count) {
    if (count > end - at)
      damaged();
    std::memcpy(to, file.data() + at, count);
    at += count;
  }

  MappedFile file;
  size_t at = 0, end = 0;
};

} // namespace

Sha256::Digest programDigest(const binary::Program &program) {
  Sha256 hash;
  hash.update(program.target.data(), program.target.size());
  hash.update(program.code.data(), program.code.size() * sizeof(uint64_t));
  for (const binary::RegionEntry &region : program.regions) {
    uint64_t facts[] = {uint64_t(region.kind), region.size};
    hash.update(facts, sizeof facts);
  }
  return hash.finish();
}

void writeRecord(const RuntimeRecord &record, const std::string &path) {
  Writer writer;
  writer.add(Magic);
  writer.add(Version);
  writer.add(record.program);
  writer.add(uint64_t(record.starts.size()));
  for (const RuntimeValues &start : record.starts) {
    writer.add(start.pc);
    writer.add(start.arguments);
    writer.addList(start.loads);
    writer.addList(start.indices);
  }
  writer.addList(record.tokens);
  std::string text = writer.text();
  Sha256::Digest digest = digestOf(text.data(), text.size());
  text.append(reinterpret_cast<const char *>(digest.data()), digest.size());
  writeFile(path, text);
}

RuntimeRecord readRecord(const std::string &path,
                         const binary::Program &program) {
  Reader reader(path);
  RuntimeRecord record;
  record.program = reader.take<Sha256::Digest>();
  if (record.program != programDigest(program))
    reader.fail("a record of another program",
                "replay it with the binary, or the model and options, that "
                "were recorded");
  auto count = reader.take<uint64_t>();
  for (uint64_t i = 0; i < count; ++i) {
    RuntimeValues start;
    start.pc = reader.take<uint32_t>();
    start.arguments = reader.take<decltype(start.arguments)>();
    start.loads = reader.takeList<uint32_t>();
    start.indices = reader.takeList<uint32_t>();
    record.starts.push_back(std::move(start));
  }
  record.tokens = reader.takeList<int32_t>();
  if (!reader.isAtEnd())
    reader.damaged();
  return record;
}

namespace {

[[noreturn]] void misfit(const std::string &how) {
  throw Error("the record " + how,
              {"replay with the prompt and the options of the recorded run"});
}

} // namespace

void Replay::begin(const Start &start) {
  std::string number = std::to_string(started + 1);
  if (started == record.starts.size())
    misfit("ends before start " + number + " of the program");
  const RuntimeValues &values = record.starts[started++];
  if (values.pc != start.pc || values.arguments != start.arguments)
    misfit("has other tokens or another position at start " + number +
           " of the program");
  loadAt = indexAt = 0;
}

uint32_t Replay::next(std::vector<uint32_t> RuntimeValues::*list, size_t &at,
                      const char *what) {
  const std::vector<uint32_t> &values = record.starts[started - 1].*list;
  if (at == values.size())
    misfit("has no " + std::string(what) + " " + std::to_string(at + 1) +
           " of start " + std::to_string(started));
  return values[at++];
}

} // namespace dalbit::host
