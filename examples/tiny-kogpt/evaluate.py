# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Bits per byte of a checkpoint of tiny-kogpt, and greedy text from it."""

from example import EXAMPLE
from common.evaluation import main

if __name__ == "__main__":
    main(EXAMPLE)
