"""Makes random Llama and Mistral checkpoints with what transformers and peft compute on them, for LlamaTests.

    language_models.py OUT

Each case is a folder OUT/<case> with
- model/      a classifier's checkpoint, language/ a language model's, as transformers writes them (one case in shards)
- adapter/    a LoRA adapter of the classifier with nonzero B, language-adapter/ one of the language model, by peft
- golden.safetensors
    <side>.input_ids, <side>.attention_mask   padded on the side `left` or `right`
    <side>.logits [texts, labels], <side>.language.logits [texts, tokens, vocabulary]
    labels, full.loss, full.gradient.<name>, lora.logits, lora.loss, lora.gradient.<name>    right side, summed losses
    full.losses, lora.losses                  the loss before each of 20 AdamW steps
    language.loss, language.gradient.<name>, language.lora.loss, language.lora.gradient.<name>, language.targets
    continuation, continuation.prompts        greedy tokens of the left side's prompts, −1 after the end
"""

import json
import sys
from pathlib import Path

# Torchvision's wheels on PyPI are built for another torch than the CPU one; nothing here needs it.
sys.modules.setdefault("torchvision", None)

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import (
    LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification, MistralConfig, MistralForCausalLM,
    MistralForSequenceClassification)

SHAPES = {
    "llama": dict(
        kind="llama", vocab_size=67, hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0}),
    "llama-grouped": dict(
        kind="llama", vocab_size=101, hidden_size=30, intermediate_size=52, num_hidden_layers=3, num_attention_heads=6,
        num_key_value_heads=2, head_dim=8, tie_word_embeddings=True, attention_bias=True, mlp_bias=True,
        rms_norm_eps=1e-5, rope_parameters={"rope_type": "linear", "rope_theta": 500.0, "factor": 2.0}),
    "mistral": dict(
        kind="mistral", vocab_size=59, hidden_size=32, intermediate_size=44, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=1, sliding_window=4, rope_parameters={"rope_type": "default", "rope_theta": 1e6}),
}
LENGTHS = [9, 3, 7, 1, 6]
LABELS = [0, 2, 1, 1, 0]
PADDING = 5
STEPS = dict(lr=1e-3, weight_decay=0.01)


def randomize(parameters, scale):
    """Makes every weight, bias and norm matter."""
    for parameter in parameters:
        parameter.data += scale * torch.randn_like(parameter)


def padded(texts, side):
    length = max(len(text) for text in texts)
    ids, mask = [], []
    for text in texts:
        fill = length - len(text)
        ids.append([PADDING] * fill + text if side == "left" else text + [PADDING] * fill)
        mask.append([0] * fill + [1] * len(text) if side == "left" else [1] * len(text) + [0] * fill)
    return torch.tensor(ids), torch.tensor(mask)


def plain(name):
    """The name of a parameter without what peft adds."""
    return name.replace(".default", "").replace(".modules_to_save", "").replace(".base_layer", "").removeprefix(
        "base_model.model.")


def classifier_loss(model, ids, mask, labels):
    logits = model(input_ids=ids, attention_mask=mask).logits
    return logits, torch.nn.functional.cross_entropy(logits, labels, reduction="sum")


def language_loss(model, ids, mask):
    """The summed loss of every token of a text but its first."""
    logits = model(input_ids=ids, attention_mask=mask).logits
    targets = mask[:, 1:].bool() & mask[:, :-1].bool()
    return torch.nn.functional.cross_entropy(logits[:, :-1][targets], ids[:, 1:][targets], reduction="sum")


def gradients(golden, prefix, model, loss):
    model.zero_grad(set_to_none=True)
    loss.backward()
    golden[f"{prefix}.loss"] = loss.detach().reshape(1)
    for name, parameter in model.named_parameters():
        if parameter.requires_grad and parameter.grad is not None:
            golden[f"{prefix}.gradient.{plain(name)}"] = parameter.grad.clone()


def train(model, ids, mask, labels):
    """The mean loss before each of 20 steps."""
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], **STEPS)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = classifier_loss(model, ids, mask, labels)[1] / len(labels)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    return torch.tensor(losses)


def adapted(model, task):
    lora = get_peft_model(
        model,
        LoraConfig(
            r=3, lora_alpha=5, target_modules=["q_proj", "v_proj", "down_proj", "gate_proj"], task_type=task,
            modules_to_save=["score"] if task == "SEQ_CLS" else None)).eval()
    randomize((parameter for name, parameter in lora.named_parameters() if "lora_B" in name), 0.2)
    return lora


def make(folder, shape):
    kind = shape.pop("kind")
    configuration_class, classifier_class, language_class = {
        "llama": (LlamaConfig, LlamaForSequenceClassification, LlamaForCausalLM),
        "mistral": (MistralConfig, MistralForSequenceClassification, MistralForCausalLM),
    }[kind]
    configuration = configuration_class(
        num_labels=3, pad_token_id=PADDING, max_position_embeddings=64, eos_token_id=2, bos_token_id=1,
        attn_implementation="eager", **shape)
    golden = {"labels": torch.tensor(LABELS)}
    texts = [torch.randint(6, configuration.vocab_size, (length,)).tolist() for length in LENGTHS]
    classifier = classifier_class(configuration).eval()
    language = language_class(configuration).eval()
    # Outputs of some size, so that a wrong angle or mask shows.
    randomize(classifier.parameters(), 0.3)
    randomize(language.parameters(), 0.3)
    classifier.save_pretrained(folder / "model", max_shard_size="20KB" if kind == "mistral" else "1GB")
    language.save_pretrained(folder / "language")
    labels = golden["labels"]
    for side in ["left", "right"]:
        ids, mask = padded(texts, side)
        golden[f"{side}.input_ids"], golden[f"{side}.attention_mask"] = ids, mask
        with torch.no_grad():
            golden[f"{side}.logits"] = classifier(input_ids=ids, attention_mask=mask).logits
            golden[f"{side}.language.logits"] = language(input_ids=ids, attention_mask=mask).logits
    gradients(golden, "full", classifier, classifier_loss(classifier, ids, mask, labels)[1])
    gradients(golden, "language", language, language_loss(language, ids, mask))
    golden["language.targets"] = torch.tensor([sum(length - 1 for length in LENGTHS)])

    left, left_mask = padded(texts, "left")
    prompts = left_mask.shape[1]
    generated = language.generate(
        input_ids=left, attention_mask=left_mask, max_new_tokens=12, do_sample=False, pad_token_id=PADDING)[:, prompts:]
    for row in generated:
        ends = (row == 2).nonzero()
        if len(ends):
            row[ends[0, 0] + 1:] = -1
    golden["continuation"] = generated

    language_adapter = adapted(language, "CAUSAL_LM")
    language_adapter.save_pretrained(folder / "language-adapter")
    gradients(golden, "language.lora", language_adapter, language_loss(language_adapter, ids, mask))

    lora = adapted(classifier_class.from_pretrained(folder / "model", attn_implementation="eager"), "SEQ_CLS")
    lora.save_pretrained(folder / "adapter")
    logits, loss = classifier_loss(lora, ids, mask, labels)
    golden["lora.logits"] = logits.detach()
    gradients(golden, "lora", lora, loss)
    golden["lora.losses"] = train(lora, ids, mask, labels)
    golden["full.losses"] = train(classifier, ids, mask, labels)
    save_file({name: tensor.contiguous() for name, tensor in golden.items()}, folder / "golden.safetensors")


def main():
    torch.manual_seed(20261124)
    out = Path(sys.argv[1])
    for case, shape in SHAPES.items():
        (out / case).mkdir(parents=True)
        make(out / case, dict(shape))
    print(json.dumps(sorted(SHAPES)))


if __name__ == "__main__":
    main()
