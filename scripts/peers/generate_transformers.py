"""Times transformers' greedy generation from a checkpoint folder on the prompts of `tenbin bench generate`.

Prints one line of JSON: the median seconds of a repetition and the tokens made after each prompt.
"""

import argparse
import json
import statistics
import time

import torch
import transformers


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--prompts", required=True, help="a JSON file: token ids, a list a prompt, all equally long")
    parser.add_argument("--tokens", type=int, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    transformers.utils.logging.disable_progress_bar()
    model = transformers.AutoModelForCausalLM.from_pretrained(arguments.model, dtype=torch.float32).eval()
    with open(arguments.prompts, encoding="utf-8") as file:
        prompts = torch.tensor(json.load(file))
    seconds = []
    for repetition in range(arguments.repetitions + 1):
        start = time.perf_counter()
        with torch.inference_mode():
            made = model.generate(
                prompts, attention_mask=torch.ones_like(prompts), do_sample=False, max_new_tokens=arguments.tokens,
                min_new_tokens=arguments.tokens, pad_token_id=0, eos_token_id=None)
        # The first time is a rehearsal.
        if repetition > 0:
            seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": statistics.median(seconds), "tokens": made[:, prompts.shape[1]:].tolist()}))


if __name__ == "__main__":
    main()
