// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// readBinary(): container, checksum, tables, then validate(). Nothing is read
// before its place is known to lie inside the file.

#include "isa/binary/Binary.h"
#include "isa/binary/Elf.h"
#include "isa/binary/Tables.h"
#include "isa/binary/Validate.h"
#include "support/Error.h"
#include "support/MappedFile.h"
#include "support/Sha256.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace dalbit::binary {
namespace {

class Reader {
public:
  explicit Reader(const std::string &path)
      : path(path), file(std::make_shared<MappedFile>(path)) {}

  Program run(const ReadOptions &options) {
    readHeader();
    readSections();
    checkOverlaps();
    if (!options.ignoreChecksum)
      checkHash();

    Program program;
    std::span<const uint8_t> code = contents(Code);
    if (code.size() % sizeof(uint64_t))
      fail("section .dalbit.code has " + std::to_string(code.size()) +
           " bytes, no multiple of 8");
    program.code.resize(code.size() / sizeof(uint64_t));
    std::memcpy(program.code.data(), code.data(), code.size());
    program.constants = Bytes(file, contents(Constants));
    program.weights = Bytes(file, contents(Weights));
    readRegions(text(Regions), place(Regions), program);
    readEntries(text(Entries), place(Entries), program);
    readTensors(text(Tensors), place(Tensors), program);
    readLayers(text(Layers), place(Layers), program);
    program.target = text(TargetText);
    program.model = text(Model);
    validate(program, path);
    return program;
  }

private:
  [[noreturn]] void fail(const std::string &text,
                         std::vector<std::string> notes = {}) {
    throw Error(path + ": " + text, std::move(notes));
  }

  std::string place(SectionId id) {
    return path + ": section " + SectionKinds[id].name;
  }

  bool inside(uint64_t offset, uint64_t size) {
    return offset <= file->size() && size <= file->size() - offset;
  }

  std::span<const uint8_t> contents(SectionId id) {
    const ElfSection &section = sections[id];
    return {reinterpret_cast<const uint8_t *>(file->data()) + section.offset,
            section.size};
  }

  std::string_view text(SectionId id) {
    return {file->data() + sections[id].offset, sections[id].size};
  }

  void readHeader() {
    if (!inside(0, sizeof header) ||
        std::memcmp(file->data(), ElfIdent.data(), 4))
      fail("is no Dalbit binary",
           {"dalbit compile MODEL.onnx -o FILE.dbn makes one"});
    std::memcpy(&header, file->data(), sizeof header);
    if (header.machine != ElfMachine)
      fail("is an ELF file of another machine (" +
           std::to_string(header.machine) + ")");
    if (header.flags != FormatVersion)
      fail("has version " + std::to_string(header.flags) +
               " of the format, this program reads " +
               std::to_string(FormatVersion),
           {"compile the model again"});
    if (header.ident != ElfIdent || header.type != ElfExecutable ||
        header.version != 1 || header.entry || header.programHeaders ||
        header.headerSize != sizeof(ElfHeader) || header.programHeaderSize ||
        header.programHeaderCount ||
        header.sectionHeaderSize != sizeof(ElfSection) ||
        header.sectionHeaderCount != SectionCount + 1 ||
        header.nameSection != 1 + Names)
      fail("the ELF header is damaged");
  }

  void readSections() {
    constexpr uint64_t bytes = (SectionCount + 1) * sizeof(ElfSection);
    if (header.sectionHeaders % 8 || !inside(header.sectionHeaders, bytes))
      fail("the section table lies outside the file",
           {"the file may have been cut off"});
    std::array<ElfSection, SectionCount + 1> table;
    std::memcpy(table.data(), file->data() + header.sectionHeaders, bytes);
    ElfSection null{};
    if (std::memcmp(&table[0], &null, sizeof null))
      fail("the first section is not empty");
    std::copy(table.begin() + 1, table.end(), sections.begin());
    for (unsigned id = 0; id < SectionCount; ++id)
      checkSection(SectionId(id));
  }

  void checkSection(SectionId id) {
    const ElfSection &section = sections[id];
    const SectionKind &kind = SectionKinds[id];
    if (section.type != kind.type || section.flags != kind.flags ||
        section.address || section.link || section.info ||
        section.alignment != kind.alignment || section.entrySize ||
        section.offset % kind.alignment)
      fail("the header of section " + std::string(kind.name) + " is damaged");
    if (!inside(section.offset, section.size))
      fail("section " + std::string(kind.name) + " lies outside the file",
           {"the file may have been cut off"});
    if (id == Hash && section.size != HashBytes)
      fail("section .dalbit.hash has not 32 bytes");
  }

  /// Also checks the names, whose section is known by now to lie inside the
  /// file.
  void checkOverlaps() {
    struct Range {
      uint64_t begin, end;
    };
    std::vector<Range> ranges = {
        {0, sizeof(ElfHeader)},
        {header.sectionHeaders,
         header.sectionHeaders + (SectionCount + 1) * sizeof(ElfSection)}};
    std::string_view names = text(Names);
    for (unsigned id = 0; id < SectionCount; ++id) {
      std::string_view name = SectionKinds[id].name;
      uint64_t begin = sections[id].name;
      if (begin >= names.size() ||
          names.substr(begin, name.size() + 1) !=
              std::string_view(name.data(), name.size() + 1))
        fail("the name of section " + std::string(name) + " is damaged");
      if (sections[id].size)
        ranges.push_back(
            {sections[id].offset, sections[id].offset + sections[id].size});
    }
    std::sort(ranges.begin(), ranges.end(),
              [](const Range &a, const Range &b) { return a.begin < b.begin; });
    for (size_t i = 1; i < ranges.size(); ++i)
      if (ranges[i].begin < ranges[i - 1].end)
        fail("sections overlap");
  }

  void checkHash() {
    uint64_t begin = sections[Hash].offset, end = begin + HashBytes;
    const uint8_t zeros[HashBytes] = {};
    Sha256 hash;
    hash.update(file->data(), begin);
    hash.update(zeros, HashBytes);
    hash.update(file->data() + end, file->size() - end);
    Sha256::Digest digest = hash.finish();
    if (std::memcmp(digest.data(), file->data() + begin, HashBytes))
      fail("the checksum is wrong: the file is damaged or was edited",
           {"`dalbit run --ignore-checksum` runs it nevertheless"});
  }

  std::string path;
  std::shared_ptr<MappedFile> file;
  ElfHeader header{};
  std::array<ElfSection, SectionCount> sections{};
};

} // namespace

Program readBinary(const std::string &path, const ReadOptions &options) {
  return Reader(path).run(options);
}

bool isBinary(const std::string &path) {
  char magic[4] = {};
  // Opening a pipe would wait for a writer.
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error))
    return false;
  std::ifstream file(path, std::ios::binary);
  return file.read(magic, sizeof magic) &&
         !std::memcmp(magic, ElfIdent.data(), sizeof magic);
}

} // namespace dalbit::binary
