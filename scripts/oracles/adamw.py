"""Writes what torch.optim.AdamW and the cosine schedule of transformers come to, for the tests of Optimization."""
import json
import pathlib

import torch
from transformers import get_cosine_schedule_with_warmup

torch.manual_seed(3)
parameter = torch.nn.Parameter(torch.randn(16))
start = parameter.detach().tolist()
optimizer = torch.optim.AdamW([parameter], lr=3e-3, weight_decay=0.05, foreach=False, fused=False)
schedule = get_cosine_schedule_with_warmup(optimizer, 4, 20)
gradients, rates, clipped = [], [], []
for step in range(20):
    gradient = torch.randn(16) * (1 + step % 3)
    gradients.append(gradient.tolist())
    rates.append(schedule.get_last_lr()[0])
    parameter.grad = gradient.clone()
    torch.nn.utils.clip_grad_norm_([parameter], 5.0)
    optimizer.step()
    schedule.step()
golden = {"start": start, "gradients": gradients, "rates": rates, "end": parameter.detach().tolist(), "clip": 5.0}
target = pathlib.Path(__file__).parents[2] / "Tests/OptimizationTests/Golden/adamw.json"
target.parent.mkdir(exist_ok=True)
target.write_text(json.dumps(golden))
