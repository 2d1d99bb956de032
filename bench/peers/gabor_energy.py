"""The built-in V1 twin in torch: contrast gain, windows of the image x filters, energies, divisive normalisation.

The computation of models/macaque-v1-gabor-energy/graph.ts, step by step, with filters, window positions and pools from
its ONNX file.
"""

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

window_classes = ("small", "medium", "large")


class GaborEnergy(nn.Module):
    """Luminance [batch, 1, height, width] -> rates [batch, 512] in spikes/s: simple cells, then complex cells."""

    def __init__(self, model_file):
        super().__init__()
        graph = onnx.load(model_file).graph
        constants = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
        scalars = (
            "background per_background gain_contrast_squared gain_at_full_contrast half_exponent half_saturation "
            "rate_scale spontaneous_rate"
        ).split()
        self.scalars = {name: float(constants[name]) for name in scalars}
        for name in ("gain_rows", "gain_columns"):
            self.register_parameter(name, nn.Parameter(torch.from_numpy(constants[name].copy())))
        # Windows are placed on the central square that passes the gain.
        (self.top, self.left), (self.bottom, self.right) = constants["central_starts"], constants["central_ends"]
        height, width = self.bottom - self.top, self.right - self.left
        pixels = torch.arange(int(height * width)).reshape(int(height), int(width))
        for name in window_classes:
            filters = torch.from_numpy(constants[f"{name}_filters"].copy())
            self.register_parameter(f"{name}_filters", nn.Parameter(filters))
            places = [(constants[f"{name}_{at}_starts"], constants[f"{name}_{at}_ends"]) for at in range(len(filters))]
            windows = [pixels[top:bottom, left:right] for (top, left), (bottom, right) in places]
            self.register_buffer(f"{name}_pixels", torch.stack([window.flatten() for window in windows]))
        for area in ("v1_simple", "v1_complex"):
            self.register_parameter(f"{area}_pool", nn.Parameter(torch.from_numpy(constants[f"{area}_pool"].copy())))

    def forward(self, luminance):
        contrast = (luminance - self.scalars["background"]) * self.scalars["per_background"]
        local = self.gain_rows @ (contrast * contrast @ self.gain_columns)
        gain = torch.sqrt(self.scalars["gain_at_full_contrast"] / (local + self.scalars["gain_contrast_squared"]))
        adapted = contrast[:, :, self.top : self.bottom, self.left : self.right] * gain
        parts = [self.window_products(adapted, name) for name in window_classes]
        simple, even, odd = (torch.cat([part[index] for part in parts], dim=1) for index in range(3))
        rectified = torch.relu(simple)
        complex_energy = even * even + odd * odd
        rates = [
            self.normalised(rectified * rectified, complex_energy @ self.v1_simple_pool),
            self.normalised(complex_energy, complex_energy @ self.v1_complex_pool),
        ]
        return torch.cat(rates, dim=1)

    def window_products(self, adapted, name):
        """Products of one class of windows with their simple, even and odd filters, each [batch, cells].

        Windows are taken by index: as slices the forward pass is as fast and the gradient slower.
        """
        indices = getattr(self, f"{name}_pixels")
        pixels = adapted.flatten(1)[:, indices.flatten()].reshape(-1, *indices.shape).transpose(0, 1)
        products = torch.bmm(pixels, getattr(self, f"{name}_filters")).transpose(0, 1)
        return [part.flatten(1) for part in products.chunk(3, dim=2)]

    def normalised(self, energy, pooled):
        exponent = self.scalars["half_exponent"]
        ratio = energy**exponent / (pooled**exponent + self.scalars["half_saturation"])
        return ratio * self.scalars["rate_scale"] + self.scalars["spontaneous_rate"]


def deviation_from_checks(network, checks_file):
    """Largest difference from the twin's golden responses, relative to the largest of them."""
    checks = np.load(checks_file)
    expected = np.concatenate([checks["output.v1_simple"], checks["output.v1_complex"]], axis=1)
    with torch.inference_mode():
        found = network(torch.from_numpy(checks["input.stimulus"])).numpy()
    return float(np.abs(found - expected).max() / np.abs(expected).max())
