"""A convolutional core with a Gaussian readout and random weights, exported as a twin. Run it beside twin_export.py."""

import math

import torch
from torch import nn

from twin_export import export_twin

SIZE_PX = 32
FIELD_DEG = 2.0
UNITS = 12


def fixed(values: torch.Tensor) -> torch.Tensor:
    """float64 to float32 by way of nine decimals: processors differ in the last bits, and so would the package's hash."""
    return torch.round(values, decimals=9).float()


class ConvReadout(nn.Module):
    """Contrast pictures (n × 1 × 32 × 32) to responses (n × 12)."""

    def __init__(self, centres_deg: torch.Tensor, sigma_deg: float) -> None:
        super().__init__()
        self.core = nn.Sequential(nn.Conv2d(1, 8, 7, padding=3, bias=False), nn.Softplus(), nn.AvgPool2d(2))
        self.core[0].weight = nn.Parameter(fixed(0.5 * torch.randn(8, 1, 7, 7, dtype=torch.float64)))
        # Degrees of the cells of the 16 × 16 feature map: x to the right, y up.
        cells = (torch.arange(16, dtype=torch.float64) + 0.5) / 16 * FIELD_DEG - FIELD_DEG / 2
        x, y = cells.repeat(16), -cells.repeat_interleave(16)
        distance = (x[:, None] - centres_deg[:, 0]) ** 2 + (y[:, None] - centres_deg[:, 1]) ** 2
        mask = torch.exp(-distance / (2 * sigma_deg**2))
        self.register_buffer("mask", fixed(mask / mask.sum(0)))
        # Zero-sum, so that a blank drives all units alike.
        weights = torch.randn(8, UNITS, dtype=torch.float64)
        self.weights = nn.Parameter(fixed(weights - weights.mean(0)))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        features = self.core(pictures).flatten(2) @ self.mask
        return nn.functional.softplus(4 * (features * self.weights).sum(1))


torch.manual_seed(1)
angles = torch.arange(UNITS, dtype=torch.float64) * (2 * math.pi / UNITS)
centres = 0.5 * torch.stack([torch.cos(angles), torch.sin(angles)], 1)
sigma_deg = 0.2
module = ConvReadout(centres, sigma_deg)

manifest = {
    "id": "example-conv-readout",
    "version": "1.0.0",
    "title": "Example: convolution and readout with random weights",
    "summary": "Twelve units 0.5° around fixation, with random filters. They model nothing; they show how a twin is shared.",
    "authors": ["Ada Example"],
    "references": [{"text": "Example, A. (2026). How to share a twin."}],
    "source": {"url": "https://example.org/conv-readout", "revision": "v1.0.0"},
    "licences": {"code": "MIT", "weights": "MIT", "data": "NONE"},
    "commercialUse": True,
    "species": "none",
    "modality": "vision, static luminance images",
    "recording": "none: random weights",
    "responseUnits": "arbitrary",
    "areas": [{"name": "V1", "label": "Random units", "colourOf": "V1"}],
    "inputs": [
        {
            "tensor": "picture",
            "axes": [
                {"name": "batch", "size": None},
                {"name": "channel", "size": 1},
                {"name": "height", "size": SIZE_PX},
                {"name": "width", "size": SIZE_PX},
            ],
            # The module gets (luminance - 0.5) / 0.5: from -1 for black to 1 for white.
            "range": [0, 1],
            "encoding": "grey-linear",
            "mean": [0.5],
            "std": [0.5],
            "fieldOfViewDeg": FIELD_DEG,
            "background": 0.5,
        }
    ],
    "outputs": [{"tensor": "responses", "area": "V1", "layer": "readout"}],
    "commitments": [{"layer": "core.1", "area": "V1", "basis": "none: the layer before the readout, for illustration"}],
    "validity": {
        "domains": ["static achromatic pictures of 2° × 2°"],
        "knownFailures": ["The weights are random: no response says anything about a brain."],
    },
}

units = [
    {
        "unit": f"r{index:02}",
        "area": "V1",
        "x_deg": round(centres[index, 0].item(), 4),
        "y_deg": round(centres[index, 1].item(), 4),
        "size_deg": 4 * sigma_deg,
        "ring_angle_deg": 360 * index / UNITS,
    }
    for index in range(UNITS)
]

card = {
    "Intended use": "Trying out how a twin is exported, imported, verified and driven. Not for science.",
    "Training data": "None. Weights are random (PyTorch's generator, seed 1).",
    "Evaluation": "None against recordings.",
}

licence = """MIT License

Copyright (c) 2026 Ada Example

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""

package = export_twin(module, manifest, "example-conv-readout", units=units, card=card, licence=licence, replace=True)
print(f"{package.archive}, hash {package.sha256}")
