# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains tiny-kogpt on LibreOffice's Korean help and writes a checkpoint."""

from example import EXAMPLE
from common.training import main

if __name__ == "__main__":
    main(EXAMPLE, steps=6000)
