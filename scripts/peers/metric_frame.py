"""Times fairlearn's MetricFrame on what `tenbin bench metrics` resamples: one pass over all items and ten groups.

Prints one line of JSON. A resample drawn with replacement costs at least that: the drawing is not counted.
"""

import argparse
import json
import time

import numpy
from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
from sklearn.metrics import accuracy_score, brier_score_loss, f1_score, log_loss, precision_score


def binned(labels, probabilities, **_):
    """Counts, mean outcomes and mean confidences in 15 right-closed bins."""
    confidence = numpy.where(probabilities > 0.5, probabilities, 1 - probabilities)
    correct = (probabilities > 0.5) == labels
    bins = numpy.clip(numpy.ceil(confidence * 15).astype(int) - 1, 0, 14)
    counts = numpy.bincount(bins, minlength=15)
    return counts, numpy.bincount(bins, correct, 15), numpy.bincount(bins, confidence, 15)


def expected_calibration_error(labels, probabilities):
    counts, correct, confidence = binned(labels, probabilities)
    return numpy.abs(correct - confidence).sum() / counts.sum()


def debiased_squared_error(labels, probabilities):
    counts, correct, confidence = (part[binned(labels, probabilities)[0] > 1] for part in binned(labels, probabilities))
    accuracy, gap = correct / counts, (correct - confidence) / counts
    return (counts * (gap**2 - accuracy * (1 - accuracy) / (counts - 1))).sum() / counts.sum()


def signed_gap(labels, probabilities):
    counts, correct, confidence = binned(labels, probabilities)
    return (confidence - correct).sum() / counts.sum()


def of_predictions(metric):
    return lambda labels, probabilities: metric(labels, probabilities > 0.5)


METRICS = {
    "accuracy": of_predictions(accuracy_score),
    "true_positive_rate": of_predictions(true_positive_rate),
    "false_positive_rate": of_predictions(false_positive_rate),
    "selection_rate": of_predictions(selection_rate),
    "precision": of_predictions(precision_score),
    "f1": of_predictions(f1_score),
    "expected_calibration_error": expected_calibration_error,
    "debiased_squared_error": debiased_squared_error,
    "signed_gap": signed_gap,
    "negative_log_likelihood": lambda labels, probabilities: log_loss(labels, probabilities, labels=[0, 1]),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--groups", type=int, default=10)
    arguments = parser.parse_args()
    generator = numpy.random.default_rng(1)
    truth = generator.normal(size=arguments.items)
    labels = (generator.random(arguments.items) < 1 / (1 + numpy.exp(-truth))).astype(int)
    probabilities = 1 / (1 + numpy.exp(-1.3 * truth))
    groups = numpy.arange(arguments.items) % arguments.groups
    begin = time.perf_counter()
    frame = MetricFrame(metrics=METRICS, y_true=labels, y_pred=probabilities, sensitive_features=groups)
    assert frame.by_group.shape == (arguments.groups, len(METRICS)) and frame.overall.notna().all()
    print(json.dumps({"items": arguments.items, "metrics": len(METRICS), "seconds": time.perf_counter() - begin}))


if __name__ == "__main__":
    main()
