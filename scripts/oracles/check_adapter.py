"""Compares Tenbin's logits with those of transformers and peft on the same files.

    check_adapter.py --base FOLDER --adapter FOLDER --inputs tensors.safetensors --logits logits.safetensors
    check_adapter.py --model FOLDER --inputs tensors.safetensors --logits logits.safetensors

`tensors.safetensors` holds `pixel_values`, or `input_ids` and `attention_mask`; `logits.safetensors` holds `logits`. The
classes are those that the folders' config.json name. Prints the largest absolute difference over images, or over the
tokens of texts; exit code 1 where it is above the tolerance.
"""

import argparse
import json
import sys
from pathlib import Path

# Torchvision's wheels on PyPI are built for another torch than the CPU one; nothing here needs it.
sys.modules.setdefault("torchvision", None)

import torch
import transformers
from peft import PeftModel
from safetensors.torch import load_file


def model_class(folder):
    return getattr(transformers, json.loads((Path(folder) / "config.json").read_text())["architectures"][0])


def adapted_model(base, adapter):
    """The base with the adapter; class and labels are those of a config.json beside the adapter, else the base's."""
    folder = adapter if (Path(adapter) / "config.json").exists() else base
    configuration = transformers.AutoConfig.from_pretrained(folder)
    if folder == base:
        heads = [t for name, t in load_file(f"{adapter}/adapter_model.safetensors").items() if ".classifier.w" in name]
        configuration.num_labels = heads[0].shape[0] if heads else configuration.num_labels
    model = model_class(folder).from_pretrained(
        base, config=configuration, ignore_mismatched_sizes=True, dtype=torch.float32)
    adapted = PeftModel.from_pretrained(model, adapter)
    loaded = {name for name, _ in adapted.named_parameters() if "lora_" in name}
    written = {
        name.replace(".weight", ".default.weight") for name in load_file(f"{adapter}/adapter_model.safetensors")
        if "lora_" in name}
    if loaded != written:
        sys.exit(f"peft ignored {sorted(written - loaded)} and adapted {sorted(loaded - written)} besides")
    return adapted


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base")
    parser.add_argument("--adapter")
    parser.add_argument("--model")
    parser.add_argument("--inputs", required=True)
    parser.add_argument("--logits", required=True)
    parser.add_argument("--tolerance", type=float, default=1e-4)
    arguments = parser.parse_args()
    if arguments.model:
        model = model_class(arguments.model).from_pretrained(arguments.model, dtype=torch.float32)
    elif arguments.base and arguments.adapter:
        model = adapted_model(arguments.base, arguments.adapter)
    else:
        parser.error("expected --model, or --base and --adapter")
    model.eval()
    inputs = load_file(arguments.inputs)
    with torch.no_grad():
        expected = model(**inputs).logits
    found = load_file(arguments.logits)["logits"]
    if found.shape != expected.shape:
        sys.exit(f"logits of the shape {tuple(found.shape)}; transformers gives {tuple(expected.shape)}")
    difference = (found - expected).abs()
    if difference.dim() == 3:
        difference = difference[inputs["attention_mask"].bool()]
    difference = difference.max().item()
    print(f"{difference:.3e}")
    if not difference <= arguments.tolerance:
        sys.exit(f"the logits differ by {difference:.3e}; at most {arguments.tolerance:.0e} is allowed")


if __name__ == "__main__":
    main()
