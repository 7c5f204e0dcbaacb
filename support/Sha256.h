// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// SHA-256 of a stream of bytes (FIPS 180-4), by OpenSSL.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace dalbit {

class Sha256 {
public:
  using Digest = std::array<uint8_t, 32>;

  Sha256();
  ~Sha256();
  void update(const void *data, size_t size);
  /// The digest of all bytes so far; ends the stream.
  Digest finish();

private:
  struct Context;
  std::unique_ptr<Context> context;
};

/// 64 lower-case digits.
std::string hex(const Sha256::Digest &digest);

} // namespace dalbit
