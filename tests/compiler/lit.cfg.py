# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# MLIR tests: `dalbit-opt file | FileCheck file`. Run by ctest (test "lit").
import os

import lit.formats

config.name = "compiler"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = lit_config.params["output"]
config.environment["PATH"] = os.pathsep.join(
    [lit_config.params["tools"], lit_config.params["llvm"], os.environ["PATH"]])
