"""Writes the softmax outputs of a real network as a CSV of predictions.

Usage: .python/bin/python scripts/oracles/cifar_calibration.py NETWORK.npz OUTPUT.csv
"""

import sys

import numpy as np


def main():
    archive = np.load(sys.argv[1])
    predictions, labels = archive["predictions"].astype(np.float64), archive["ground_truth"].astype(int).ravel()
    with open(sys.argv[2], "w") as output:
        output.write("item,label," + ",".join(f"probability_{c}" for c in range(predictions.shape[1])) + "\n")
        for item, (row, label) in enumerate(zip(predictions, labels)):
            output.write(f"{item},{label}," + ",".join(repr(float(p)) for p in row) + "\n")


if __name__ == "__main__":
    main()
