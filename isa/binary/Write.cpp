// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// writeBinary(): all places are known before the first byte is written, so that
// weights stream through once, into the file and into the hash.

#include "isa/binary/Binary.h"
#include "isa/binary/Elf.h"
#include "isa/binary/Tables.h"
#include "isa/binary/Validate.h"
#include "support/AtomicFile.h"
#include "support/Sha256.h"

#include <cstring>

namespace dalbit::binary {
namespace {

uint64_t alignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

class Writer {
public:
  Writer(const Program &program, const std::string &path)
      : program(program), file(path) {}

  void run() {
    texts[Regions] = printRegions(program);
    texts[Entries] = printEntries(program);
    texts[Tensors] = printTensors(program);
    texts[Layers] = printLayers(program);
    texts[TargetText] = program.target;
    texts[Model] = program.model;
    texts[Hash] = std::string(HashBytes, '\0');
    layOut();

    ElfHeader header{};
    header.ident = ElfIdent;
    header.type = ElfExecutable;
    header.machine = ElfMachine;
    header.version = 1;
    header.flags = FormatVersion;
    header.headerSize = sizeof(ElfHeader);
    header.sectionHeaderSize = sizeof(ElfSection);
    header.sectionHeaderCount = SectionCount + 1;
    header.nameSection = 1 + Names;
    header.sectionHeaders = tableOffset;
    append(&header, sizeof header);
    for (unsigned id = 0; id < SectionCount; ++id) {
      padTo(sections[1 + id].offset);
      auto bytes = contents(SectionId(id));
      append(bytes.data(), bytes.size());
    }
    padTo(tableOffset);
    append(sections.data(), sizeof sections);

    Sha256::Digest digest = hash.finish();
    file.rewrite(sections[1 + Hash].offset, digest.data(), digest.size());
    file.commit();
  }

private:
  std::span<const uint8_t> contents(SectionId id) {
    switch (id) {
    case Code:
      return {reinterpret_cast<const uint8_t *>(program.code.data()),
              program.code.size() * sizeof(uint64_t)};
    case Constants:
      return program.constants.span();
    case Weights:
      return program.weights.span();
    default:
      return {reinterpret_cast<const uint8_t *>(texts[id].data()),
              texts[id].size()};
    }
  }

  void layOut() {
    // A name's offset 0 is the null section's empty name.
    std::string &names = texts[Names];
    names.push_back('\0');
    for (unsigned id = 0; id < SectionCount; ++id) {
      sections[1 + id].name = names.size();
      names.append(SectionKinds[id].name,
                   std::strlen(SectionKinds[id].name) + 1);
    }
    uint64_t offset = sizeof(ElfHeader);
    for (unsigned id = 0; id < SectionCount; ++id) {
      ElfSection &section = sections[1 + id];
      const SectionKind &kind = SectionKinds[id];
      section.type = kind.type;
      section.flags = kind.flags;
      section.alignment = kind.alignment;
      section.offset = offset = alignUp(offset, kind.alignment);
      section.size = contents(SectionId(id)).size();
      offset += section.size;
    }
    tableOffset = alignUp(offset, 8);
  }

  void append(const void *data, size_t size) {
    hash.update(data, size);
    file.write(data, size);
  }

  void padTo(uint64_t offset) {
    const char zeros[64] = {};
    append(zeros, offset - file.size());
  }

  const Program &program;
  AtomicFile file;
  Sha256 hash;
  std::array<std::string, SectionCount> texts;
  std::array<ElfSection, SectionCount + 1> sections{};
  uint64_t tableOffset = 0;
};

} // namespace

void writeBinary(const Program &program, const std::string &path) {
  validate(program, path);
  Writer(program, path).run();
}

} // namespace dalbit::binary
