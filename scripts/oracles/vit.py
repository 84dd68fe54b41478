"""Makes the golden files of ModelsTests: a tiny random ViT of odd shapes with what transformers and peft compute on it.

    vit.py Tests/ModelsTests/Golden

- base/            the checkpoint folder, as transformers writes it
- headless/        the same backbone without head and prefix, as ViTModel writes it
- adapter/         a LoRA adapter with nonzero B, as peft writes it (names of version 5)
- golden.safetensors
    pixel_values, labels (as floats)
    logits, full.loss, full.gradient.<name on disk>
    lora.logits, lora.loss, lora.gradient.<name in the adapter>
    image, small: bytes as floats, interleaved
    <image>.resized.<resample>: bytes as floats, interleaved, as torchvision resizes
    <image>.pixels.<resample>: as ViTImageProcessor with the Pillow back end makes them
"""

import json
import shutil
import sys
from pathlib import Path

# Torchvision's wheels on PyPI are built for another torch than the CPU one; nothing here needs it.
sys.modules.setdefault("torchvision", None)

import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from PIL import Image
from safetensors.torch import save_file
from transformers import ViTConfig, ViTForImageClassification, ViTModel
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil


def randomize(parameters, scale):
    """Makes every weight, bias and norm matter."""
    for parameter in parameters:
        parameter.data += scale * torch.randn_like(parameter)


def on_disk(name):
    """The name in the checkpoint file of a parameter of version 5 of transformers."""
    for new, old in [
        ("vit.layers.", "vit.encoder.layer."),
        ("attention.q_proj", "attention.attention.query"),
        ("attention.k_proj", "attention.attention.key"),
        ("attention.v_proj", "attention.attention.value"),
        ("attention.o_proj", "attention.output.dense"),
        ("mlp.fc1", "intermediate.dense"),
        ("mlp.fc2", "output.dense"),
    ]:
        name = name.replace(new, old)
    return name


def summed_loss(model, pixels, labels):
    logits = model(pixel_values=pixels).logits
    return logits, torch.nn.functional.cross_entropy(logits, labels, reduction="sum")


def main():
    folder = Path(sys.argv[1])
    torch.manual_seed(20260101)
    configuration = ViTConfig(
        image_size=12, patch_size=4, hidden_size=24, num_attention_heads=3, num_hidden_layers=2, intermediate_size=40,
        num_labels=3)
    model = ViTForImageClassification(configuration).eval()
    randomize(model.parameters(), 0.2)
    processor = ViTImageProcessorPil(
        size={"height": 12, "width": 12}, image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225])
    for name in ["base", "headless", "adapter"]:
        shutil.rmtree(folder / name, ignore_errors=True)
    model.save_pretrained(folder / "base")
    processor.save_pretrained(folder / "base")
    backbone = ViTModel(configuration)
    backbone.load_state_dict(model.vit.state_dict(), strict=False)
    backbone.save_pretrained(folder / "headless")
    processor.save_pretrained(folder / "headless")

    golden = {}
    pixels = torch.randn(5, 3, 12, 12)
    labels = torch.tensor([0, 2, 1, 1, 0])
    golden["pixel_values"] = pixels
    golden["labels"] = labels.float()

    logits, loss = summed_loss(model, pixels, labels)
    loss.backward()
    golden["logits"] = logits.detach()
    golden["full.loss"] = loss.detach().reshape(1)
    for name, parameter in model.named_parameters():
        golden[f"full.gradient.{on_disk(name)}"] = parameter.grad.clone()

    model.zero_grad(set_to_none=True)
    lora = get_peft_model(
        model,
        LoraConfig(
            r=2, lora_alpha=5, target_modules=["q_proj", "v_proj", "fc2"], layers_to_transform=[1],
            modules_to_save=["classifier"])).eval()
    randomize((parameter for name, parameter in lora.named_parameters() if "lora_B" in name), 0.3)
    lora.save_pretrained(folder / "adapter")
    logits, loss = summed_loss(lora, pixels, labels)
    loss.backward()
    golden["lora.logits"] = logits.detach()
    golden["lora.loss"] = loss.detach().reshape(1)
    for name, parameter in lora.named_parameters():
        if parameter.requires_grad:
            plain = name.replace(".default", "").replace(".modules_to_save", "").removeprefix("base_model.model.")
            golden[f"lora.gradient.{on_disk(plain)}"] = parameter.grad.clone()

    bytes_of_image = np.random.default_rng(3).integers(0, 256, (37, 23, 3), dtype=np.uint8)
    for name, crop in [("image", bytes_of_image), ("small", bytes_of_image[:5, :7])]:
        golden[name] = torch.tensor(crop.copy()).float()
        for resample, mode in [(2, "bilinear"), (3, "bicubic")]:
            # What torchvision.transforms.v2 calls for tensors of bytes.
            planes = torch.tensor(crop.copy()).permute(2, 0, 1)[None]
            resized = torch.nn.functional.interpolate(planes, size=(12, 12), mode=mode, antialias=True)
            golden[f"{name}.resized.{resample}"] = resized[0].permute(1, 2, 0).float()
            values = processor(images=Image.fromarray(crop.copy()), resample=resample, return_tensors="pt")
            golden[f"{name}.pixels.{resample}"] = values["pixel_values"][0]

    save_file({name: tensor.contiguous() for name, tensor in golden.items()}, folder / "golden.safetensors")
    (folder / "adapter" / "README.md").unlink(missing_ok=True)
    print(json.dumps({name: list(tensor.shape) for name, tensor in sorted(golden.items())}, indent=1))


if __name__ == "__main__":
    main()
