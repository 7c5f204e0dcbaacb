# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tensors in .npy files without NumPy, which the tests do not ask for."""

import array
import ast


def rows(path):
    """The rows of the float32 tensor [..., width] in the .npy file `path`."""
    with open(path, "rb") as file:
        data = file.read()
    # Version 1.0: magic, version, 16-bit length of the header, header, values.
    end = 10 + int.from_bytes(data[8:10], "little")
    header = ast.literal_eval(data[10:end].decode("ascii"))
    if data[:8] != b"\x93NUMPY\x01\x00" or header["descr"] != "<f4" or header["fortran_order"]:
        raise ValueError(f"{path}: not a float32 .npy file of version 1.0")
    values = array.array("f", data[end:])
    width = header["shape"][-1]
    return [values[i : i + width] for i in range(0, len(values), width)]


def write(path, descr, shape, data):
    """Writes `data`, the bytes of a tensor of type `descr`, as .npy."""
    header = repr({"descr": descr, "fortran_order": False, "shape": shape}).ljust(117) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + data)


def argmax(row):
    return max(range(len(row)), key=row.__getitem__)
