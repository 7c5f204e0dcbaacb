# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Exports a checkpoint of tiny-kogpt to ONNX, with a key-value cache, and checks the result."""

from example import EXAMPLE
from common.exporting import main

if __name__ == "__main__":
    main(EXAMPLE)
