"""Makes a PEFT folder for a ViT checkpoint as peft itself does, with random factors and a random head.

    make_adapter.py --base FOLDER --adapter FOLDER --labels 3 [--modules REGEX] [--bfloat16]

Rank-stabilized, with dropout, the classifier saved whole; `--bfloat16` stores the factors in half precision.
"""

import argparse
import sys

# Torchvision's wheels on PyPI are built for another torch than the CPU one; nothing here needs it.
sys.modules.setdefault("torchvision", None)

import torch
from peft import LoraConfig, get_peft_model
from transformers import ViTForImageClassification


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", required=True)
    parser.add_argument("--adapter", required=True)
    parser.add_argument("--labels", type=int, required=True)
    parser.add_argument("--modules", help="a regular expression; q_proj and v_proj of the second layer without it")
    parser.add_argument("--bfloat16", action="store_true")
    arguments = parser.parse_args()
    torch.manual_seed(5)
    model = ViTForImageClassification.from_pretrained(
        arguments.base, num_labels=arguments.labels, ignore_mismatched_sizes=True)
    adapted = get_peft_model(model, LoraConfig(
        r=3, lora_alpha=5, lora_dropout=0.1, use_rslora=True, init_lora_weights=False, modules_to_save=["classifier"],
        target_modules=arguments.modules or ["q_proj", "v_proj"],
        layers_to_transform=None if arguments.modules else 1, layers_pattern=None if arguments.modules else "layers"))
    if arguments.bfloat16:
        for name, parameter in adapted.named_parameters():
            if "lora_" in name:
                parameter.data = parameter.data.bfloat16()
    adapted.save_pretrained(arguments.adapter)


if __name__ == "__main__":
    main()
