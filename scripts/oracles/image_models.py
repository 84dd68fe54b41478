"""Makes small random ViT and Swin Transformers v2 of odd shapes with what transformers, peft and torch's AdamW compute on them.

    image_models.py OUT

For each case: OUT/<case>/model, a checkpoint folder as transformers writes it; OUT/<case>/adapter, a LoRA adapter with
nonzero B, as peft writes it; and OUT/<case>/golden.safetensors with

    pixel_values, labels (as floats)
    logits, full.loss, full.gradient.<name on disk>, full.losses
    lora.logits, lora.loss, lora.gradient.<name>, lora.losses

Losses and gradients are of the summed cross-entropy; `losses` are those before each of 20 steps of AdamW on its mean.
Everything is computed in float32 but the gradients, in float64, as those of float32 are wrong by up to 1e-4 of
themselves where scores are large. Swin's first case also has a folder `headless`, as Swinv2Model writes it.
"""

import copy
import sys
from pathlib import Path

# Torchvision's wheels on PyPI are built for another torch than the CPU one; nothing here needs it.
sys.modules.setdefault("torchvision", None)

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import Swinv2Config, Swinv2ForImageClassification, Swinv2Model, ViTConfig, ViTForImageClassification
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

from vit import on_disk

ALL = ["query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense", "downsample.reduction"]
CASES = {
    # An edge that fills no patch, and queries, keys and values without bias.
    "vit-cropped": dict(
        configuration=dict(
            image_size=14, patch_size=4, hidden_size=20, num_attention_heads=5, num_hidden_layers=3,
            intermediate_size=28, qkv_bias=False, layer_norm_eps=1e-3),
        lora=dict(target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "fc1", "fc2"])),
    # An image and patches that are not square, of one channel.
    "vit-oblong": dict(
        configuration=dict(
            image_size=[12, 20], patch_size=[6, 4], hidden_size=18, num_attention_heads=2, num_hidden_layers=2,
            intermediate_size=50, num_channels=1),
        lora=dict(target_modules=["q_proj", "v_proj"], layers_to_transform=[1])),
    # Maps of 9, 5 and 3 patches in windows of 5, 4 and 2: padded everywhere, shifted in the first stage.
    "shifted": dict(
        configuration=dict(image_size=36, patch_size=4, window_size=5, num_heads=[2, 4, 4]),
        lora=dict(target_modules=ALL)),
    # Patches that the image does not fill, windows of another size in pretraining, no bias in queries and values.
    "uneven": dict(
        configuration=dict(
            image_size=[30, 42], patch_size=[4, 5], window_size=3, num_heads=[1, 4, 2], mlp_ratio=2.5, qkv_bias=False,
            pretrained_window_sizes=[6, 6, 2], layer_norm_eps=1e-3),
        lora=dict(target_modules=["query", "value"], layers_to_transform=[1], layers_pattern="blocks")),
    # Windows larger than the maps of 4, 2 and 1 patches.
    "clipped": dict(
        configuration=dict(
            image_size=16, patch_size=4, window_size=7, num_heads=[1, 2, 8], pretrained_window_sizes=[12, 12, 6],
            drop_path_rate=0.2, num_channels=1),
        lora=dict(
            target_modules=[
                f"swinv2.encoder.layers.{stage}.{module}" for stage in [0, 1]
                for module in ["blocks.1.output.dense", "downsample.reduction"]]),
        logit_scale=4.7),
    # Scores of a hundred times a cosine, which get in the way of the mask: for logits alone, since the gradients of such
    # a model are mostly rounding.
    "torn": dict(
        configuration=dict(image_size=36, patch_size=4, window_size=5, num_heads=[4, 2, 8]),
        lora=dict(target_modules=["query"]), logit_scale=4.7),
}


def randomize(parameters, scale):
    """Makes every weight, bias and norm matter."""
    for parameter in parameters:
        parameter.data += scale * torch.randn_like(parameter)


def plain(name):
    return on_disk(name.replace(".default", "").replace(".modules_to_save", "").removeprefix("base_model.model."))


def summed_loss(model, pixels, labels):
    logits = model(pixel_values=pixels).logits
    return logits, torch.nn.functional.cross_entropy(logits, labels, reduction="sum")


def train(model, pixels, labels):
    """The summed losses before each step."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.01, foreach=False)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        _, loss = summed_loss(model, pixels, labels)
        (loss / len(labels)).backward()
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses)


def describe(golden, method, model, pixels, labels):
    logits, loss = summed_loss(model, pixels, labels)
    golden["logits" if method == "full" else f"{method}.logits"] = logits.detach()
    golden[f"{method}.loss"] = loss.detach().reshape(1)
    double = copy.deepcopy(model).double()
    summed_loss(double, pixels.double(), labels)[1].backward()
    for name, parameter in double.named_parameters():
        if parameter.requires_grad:
            golden[f"{method}.gradient.{plain(name)}"] = parameter.grad.float()
    golden[f"{method}.losses"] = train(copy.deepcopy(model), pixels, labels)


def make(folder, configuration, lora, logit_scale=None):
    if folder.name.startswith("vit"):
        configuration = ViTConfig(num_labels=3, **configuration)
        model = ViTForImageClassification(configuration).eval()
    else:
        configuration = Swinv2Config(embed_dim=8, depths=[2, 2, 1], num_labels=3, **configuration)
        model = Swinv2ForImageClassification(configuration).eval()
    randomize(model.parameters(), 0.2)
    if logit_scale:
        # Above the clamp of log 100.
        model.swinv2.encoder.layers[0].blocks[1].attention.self.logit_scale.data[0] = logit_scale
    extent = configuration.image_size
    height, width = (extent, extent) if isinstance(extent, int) else extent
    processor = ViTImageProcessorPil(
        size={"height": height, "width": width}, image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225],
        resample=3)
    model.save_pretrained(folder / "model")
    processor.save_pretrained(folder / "model")
    pixels = torch.randn(3, configuration.num_channels, height, width)
    labels = torch.tensor([0, 2, 1])
    golden = {"pixel_values": pixels, "labels": labels.float()}
    describe(golden, "full", model, pixels, labels)

    if folder.name == "shifted":
        backbone = Swinv2Model(configuration)
        backbone.load_state_dict(model.swinv2.state_dict())
        backbone.save_pretrained(folder / "headless")
        processor.save_pretrained(folder / "headless")

    adapted = get_peft_model(model, LoraConfig(r=2, lora_alpha=5, modules_to_save=["classifier"], **lora)).eval()
    # How much peft draws before this differs from version to version; the golden file must not.
    torch.manual_seed(7)
    for name, parameter in adapted.named_parameters():
        if "lora_A" in name:
            parameter.data = 0.1 * torch.randn_like(parameter)
    randomize((parameter for name, parameter in adapted.named_parameters() if "lora_B" in name), 0.3)
    adapted.save_pretrained(folder / "adapter")
    describe(golden, "lora", adapted, pixels, labels)
    save_file({name: tensor.contiguous() for name, tensor in golden.items()}, folder / "golden.safetensors")


def main():
    torch.set_num_threads(1)
    for index, (name, case) in enumerate(CASES.items()):
        torch.manual_seed(20260101 + index)
        folder = Path(sys.argv[1]) / name
        folder.mkdir(parents=True)
        make(folder, **case)


if __name__ == "__main__":
    main()
