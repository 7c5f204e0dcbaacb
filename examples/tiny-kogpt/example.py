# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""tiny-kogpt as the programs of ../common take it."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import model
import text
from common.checkpoint import Example

EXAMPLE = Example("tiny-kogpt", model, text)
