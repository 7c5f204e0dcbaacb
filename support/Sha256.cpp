// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "support/Sha256.h"

#include <new>
#include <openssl/evp.h>

namespace dalbit {

struct Sha256::Context {
  EVP_MD_CTX *evp = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(evp); }
};

Sha256::Sha256() : context(std::make_unique<Context>()) {
  // OpenSSL fails here only for want of memory.
  if (!context->evp || !EVP_DigestInit_ex(context->evp, EVP_sha256(), nullptr))
    throw std::bad_alloc();
}

Sha256::~Sha256() = default;

void Sha256::update(const void *data, size_t size) {
  EVP_DigestUpdate(context->evp, data, size);
}

Sha256::Digest Sha256::finish() {
  Digest digest;
  EVP_DigestFinal_ex(context->evp, digest.data(), nullptr);
  return digest;
}

std::string hex(const Sha256::Digest &digest) {
  const char *digits = "0123456789abcdef";
  std::string text;
  for (uint8_t byte : digest) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

} // namespace dalbit
