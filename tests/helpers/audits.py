"""An audit of small images, and what its page holds."""

import json
import re

import numpy as np

import jnl
from jnl.label_audit.audit import audit


def audit_of_images():
    """300 small images of three classes. 60 of them have the label of another class."""
    stream = np.random.default_rng(0)
    true = stream.integers(0, 3, 300)
    images = (80 * true[:, None, None, None] + stream.integers(0, 40, (300, 12, 12, 3))).astype(np.uint8)
    labels = np.where(np.arange(300) < 60, (true + 1) % 3, true)
    p = np.full((300, 3), 0.02)
    p[np.arange(300), true] = 0.96
    dataset = jnl.from_arrays(images, labels, class_names=["cat", "dog", "owl"])
    return audit(dataset=dataset, pred_probs=p, features=images.reshape(300, -1) - images.mean())


def embedded(path):
    (text,) = re.findall(r'id="data">(.*?)</script>', path.read_text(), re.S)
    return json.loads(text)
