"""Compares Tenbin's logits with those of transformers and peft on the same files.

    check_adapter.py --base FOLDER --adapter FOLDER --inputs tensors.safetensors --logits logits.safetensors
    check_adapter.py --model FOLDER --inputs tensors.safetensors --logits logits.safetensors

`tensors.safetensors` holds `pixel_values`, `logits.safetensors` holds `logits`. Prints the largest absolute difference;
exit code 1 where it is above the tolerance.
"""

import argparse
import sys

# Torchvision's wheels on PyPI are built for another torch than the CPU one; nothing here needs it.
sys.modules.setdefault("torchvision", None)

import torch
from peft import PeftModel
from safetensors import safe_open
from safetensors.torch import load_file
from transformers import ViTForImageClassification


def adapted_model(base, adapter):
    """The base with the adapter; its head has as many classes as the adapter's."""
    with safe_open(f"{adapter}/adapter_model.safetensors", "pt") as file:
        labels = file.get_slice("base_model.model.classifier.weight").get_shape()[0]
    model = ViTForImageClassification.from_pretrained(base, num_labels=labels, ignore_mismatched_sizes=True)
    adapted = PeftModel.from_pretrained(model, adapter)
    names = {name for name, _ in adapted.named_parameters()}
    for name in load_file(f"{adapter}/adapter_model.safetensors"):
        if "lora_" in name:
            loaded = name.replace(".weight", ".default.weight")
            if loaded not in names:
                sys.exit(f"peft ignored the tensor {name}")
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
        model = ViTForImageClassification.from_pretrained(arguments.model)
    elif arguments.base and arguments.adapter:
        model = adapted_model(arguments.base, arguments.adapter)
    else:
        parser.error("expected --model, or --base and --adapter")
    model.eval()
    with torch.no_grad():
        expected = model(pixel_values=load_file(arguments.inputs)["pixel_values"]).logits
    found = load_file(arguments.logits)["logits"]
    if found.shape != expected.shape:
        sys.exit(f"logits of the shape {tuple(found.shape)}; transformers gives {tuple(expected.shape)}")
    difference = (found - expected).abs().max().item()
    print(f"{difference:.3e}")
    if not difference <= arguments.tolerance:
        sys.exit(f"the logits differ by {difference:.3e}; at most {arguments.tolerance:.0e} is allowed")


if __name__ == "__main__":
    main()
