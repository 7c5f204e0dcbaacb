# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""An example of this folder, and the checkpoints of its model."""

import dataclasses
import os
import types
from pathlib import Path

import torch


@dataclasses.dataclass
class Example:
    """A model and the text it is trained on.

    `model` is a module with the class Model and its sizes CONTEXT, LAYERS, HEADS and HEAD_WIDTH;
    Model()(ids, past) returns the logits [batch, sequence, vocabulary] and per layer the keys and
    values [batch, HEADS, past + sequence, HEAD_WIDTH]. `text` is a module whose split() returns
    the training text and the held-out text, the latter being that of `text.HELDOUT_FILE`.
    """

    name: str
    model: types.ModuleType
    text: types.ModuleType

    @property
    def checkpoint(self):
        return f"/tmp/{self.name}.pt"

    @property
    def heldout(self):
        return self.text.HELDOUT_FILE

    @property
    def onnx(self):
        return Path(self.model.__file__).with_name(f"{self.name}.onnx")


def load(example, path):
    """The model in the checkpoint `path`, ready to evaluate."""
    model = example.model.Model()
    model.load_state_dict(torch.load(path, map_location="cpu")["model"])
    return model.eval()


def save(model, path, **facts):
    # Written beside and renamed, so that the checkpoint can be exported while training goes on.
    torch.save({"model": model.state_dict(), **facts}, path + ".part")
    os.replace(path + ".part", path)
