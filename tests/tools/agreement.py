# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How often the functional engine ranks the same byte first as the float engine does.

Under teacher forcing, over windows of the whole context that are spread evenly over a text. Only
positions count at which the float model is sure by a margin: elsewhere either byte is as good.
Fails if fewer agree than --least, or if int8 costs more bits per byte than --most allows.
"""

import argparse
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import npy


def logits(dalbit, engine, file, window, directory):
    tokens = ",".join(map(str, window))
    command = [dalbit, "run", file, "--engine", engine, "--tokens", tokens, "--output", directory]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return npy.rows(Path(directory) / "logits.npy")


def margin(row):
    """How far the first byte is above the second in nat: the softmax's denominator cancels."""
    second, first = sorted(row)[-2:]
    return first - second


def bits(row, byte):
    top = max(row)
    return (top - row[byte] + math.log(sum(math.exp(x - top) for x in row))) / math.log(2)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dalbit", help="the program")
    parser.add_argument("model", help="ONNX model whose tokens are bytes")
    parser.add_argument("text", type=Path, help="text that it was not trained on")
    parser.add_argument("--target", default="edge", help="of the functional engine")
    parser.add_argument("--context", type=int, default=256, help="bytes of a window")
    parser.add_argument("--windows", type=int, default=64, help="how many, spread over the text")
    parser.add_argument("--margin", type=float, default=0.05, help="of the float model, in nat")
    parser.add_argument("--least", type=float, default=98.0, help="per cent that must agree")
    parser.add_argument("--most", type=float, default=1.0, help="per cent of bits that int8 may cost")
    arguments = parser.parse_args()

    text = arguments.text.read_bytes()
    last = len(text) - arguments.context - 1
    count = min(arguments.windows, last // arguments.context + 1)
    if count < 1:
        parser.error(f"{arguments.text} is shorter than a window and one byte")
    sure = agreeing = positions = 0
    cost = {"float": 0.0, "functional": 0.0}
    with tempfile.TemporaryDirectory() as work:
        binary = f"{work}/model.dbn"
        compile_it = [arguments.dalbit, "compile", arguments.model, "-o", binary]
        subprocess.run([*compile_it, "--target", arguments.target], check=True)
        for index in range(count):
            first = index * last // max(count - 1, 1)
            window = text[first : first + arguments.context]
            exact = logits(arguments.dalbit, "float", arguments.model, window, f"{work}/float")
            int8 = logits(arguments.dalbit, "functional", binary, window, f"{work}/int8")
            for i, (a, b) in enumerate(zip(exact, int8, strict=True)):
                positions += 1
                following = text[first + i + 1]
                cost["float"] += bits(a, following)
                cost["functional"] += bits(b, following)
                if margin(a) > arguments.margin:
                    sure += 1
                    agreeing += npy.argmax(a) == npy.argmax(b)
    agreement = 100.0 * agreeing / max(sure, 1)
    increase = 100.0 * (cost["functional"] / cost["float"] - 1.0)
    print(
        f"{agreeing} of {sure} positions agree: {agreement:.2f} % "
        f"({positions} positions, margin above {arguments.margin} nat at {sure})"
    )
    print(
        f"bits per byte: float {cost['float'] / positions:.4f}, "
        f"functional {cost['functional'] / positions:.4f}, {increase:+.2f} %"
    )
    sys.exit(agreement < arguments.least or increase > arguments.most)


if __name__ == "__main__":
    main()
