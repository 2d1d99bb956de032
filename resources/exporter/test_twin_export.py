"""What the exporter refuses and what it writes. Run in this folder with: python -m unittest"""

import copy
import errno
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import warnings
import zipfile
from unittest import mock

import numpy as np
import onnx
import torch
from torch import nn

from twin_export import ExportError, ExportWarning, export_twin

SIZE = 8


def core(channels=1, units=5):
    torch.manual_seed(2)
    return nn.Sequential(
        nn.Conv2d(channels, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Flatten(1), nn.Linear(4 * 36, units)
    )


def manifest(**change):
    axes = [{"name": name, "size": size} for name, size in (("batch", None), ("channel", 1), ("height", SIZE), ("width", SIZE))]
    entry = {"tensor": "x", "axes": axes, "range": [0, 1], "encoding": "grey-linear", "fieldOfViewDeg": 2.0}
    return {
        "id": "small",
        "version": "1.0.0",
        "title": "Small",
        "summary": "For tests.",
        "licences": {"code": "MIT", "weights": "CC-BY-NC-4.0", "data": "NONE"},
        "commercialUse": False,
        "species": "none",
        "modality": "vision",
        "recording": "none",
        "responseUnits": "arbitrary",
        "areas": [{"name": "V1"}],
        "inputs": [entry],
        "outputs": [{"tensor": "y", "area": "V1"}],
        **change,
    }


def entry(**change):
    return {"inputs": [{**manifest()["inputs"][0], **change}]}


class Lambda(nn.Module):
    def __init__(self, work):
        super().__init__()
        self.inner = core()
        self.work = work

    def forward(self, x):
        return self.work(self, x)


def table(count=5, area="V1"):
    return [{"unit": f"u{at}", "area": area} for at in range(count)]


class Case(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        self.out = self.folder / "small"

    def export(self, module=None, change=None, **options):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExportWarning)
            return export_twin(module or core(), manifest(**(change or {})), self.out, **options)

    def refuses(self, words, module=None, change=None, **options):
        with self.assertRaisesRegex(ExportError, words):
            self.export(module, change, **options)
        self.assertEqual(list(self.folder.iterdir()), [])


class Refusals(Case):
    def test_manifest(self):
        for words, change in (
            ("'id'.* lower-case", {"id": "My Twin"}),
            ("three numbers", {"version": "1.0"}),
            ("no field 'licenses'; the nearest is 'licences'", {"licenses": {}}),
            ("'commercialUse'.* True or False", {"commercialUse": "no"}),
            ("CC-BY-NC-4.0 does not allow it", {"commercialUse": True}),
            ("no SPDX expression", {"licences": {"weights": "MIT License"}}),
            ("'format'", {"format": 2}),
            ("'files'", {"files": {}}),
            ("title.* empty", {"title": " "}),
            ("a list of at least 1", {"areas": []}),
            ("the area 'V1' is declared twice", {"areas": [{"name": "V1"}, {"name": "V1"}]}),
            ("'V4' needs exactly one output and has 0", {"areas": [{"name": "V1"}, {"name": "V4"}]}),
            ("'V2', which is no area", {"outputs": [{"tensor": "y", "area": "V1"}, {"tensor": "z", "area": "V2"}]}),
            ("the tensor 'x' is declared twice", {"outputs": [{"tensor": "X", "area": "V1"}]}),
            ("letters, digits", {"outputs": [{"tensor": "a/b", "area": "V1"}]}),
            ("has 6 units, and its output 'y' gives 5", {"areas": [{"name": "V1", "units": 6}]}),
            ("'fieldOfViewDeg'.* above 0", entry(fieldOfViewDeg=float("nan"))),
            ("white must lie above black", entry(range=[1, 0])),
            ("one of 'srgb'", entry(encoding="rgb")),
            ("'role'", entry(role="behaviour")),
            ("'dtype'", entry(dtype="float16")),
            ("mean has 3 values for 1 channels", entry(mean=[0.1, 0.2, 0.3])),
            ("a number above 0", entry(std=[0])),
            ("square pictures", entry(axes=[{"name": name, "size": size} for name, size in zip("nchw", (None, 1, 8, 9))])),
            ("square pictures", entry(axes=[{"name": name, "size": size} for name, size in zip("nchw", (None, 2, 8, 8))])),
            ("square pictures", entry(axes=[{"name": name, "size": size} for name, size in zip("nchw", (4, 1, 8, 8))])),
            ("fails on pictures of 4 × 3 × 8 × 8", entry(axes=[{"name": n, "size": s} for n, s in zip("nchw", (None, 3, 8, 8))])),
            ("says opset 17", {"capabilities": {"opset": 17}}),
            ("what JSON cannot", {"extra": float("nan")}),
            ("no layer '3x'", {"commitments": [{"layer": "3x", "area": "V1", "basis": "none"}]}),
        ):
            with self.subTest(words):
                self.refuses(words, change=change)

    def test_what_a_twin_was_tested_with_and_showed(self):
        score = {"metric": "correlation", "raw": 0.5, "dataSet": "held-out videos"}
        shown = {"check": "c", "published": "p", "source": "s", "measured": "m", "tolerance": "t", "passed": True, "n": 9}
        tested = {"stimuli": ["grating"]}
        for words, change in (
            ("manifest['performance'] must be a list of at least 0, not {}", {"performance": {}}),
            ("manifest['performance'][0] lacks the field 'dataSet'", {"performance": [{"metric": "r", "raw": 0.5}]}),
            ("manifest['performance'][1]['raw'] is nan; it must be a finite number", {"performance": [score, {**score, "raw": float("nan")}]}),
            ("manifest['performance'][0]['ceiling'] is '0.7'; it must be a finite number", {"performance": [{**score, "ceiling": "0.7"}]}),
            ("manifest['performance'][0]['n'] is 1.5; it must be a whole number", {"performance": [{**score, "n": 1.5}]}),
            ("has no field 'dataset'; the nearest is 'dataSet'", {"performance": [{"metric": "r", "raw": 1, "dataset": "x"}]}),
            ("manifest['validity']['tested'] must be a dict, not ['grating']", {"validity": {"tested": ["grating"]}}),
            ("manifest['validity']['tested'] lacks the field 'stimuli'", {"validity": {"tested": {"contrast": [0, 1]}}}),
            ("manifest['validity']['tested']['contrast'] must be a list of 2, not 0.5", {"validity": {"tested": {**tested, "contrast": 0.5}}}),
            ("['spatialFrequencyCpd'][1] is '8'; it must be a finite number", {"validity": {"tested": {**tested, "spatialFrequencyCpd": [1, "8"]}}}),
            ("has no field 'temporalFrequencyHZ'; the nearest", {"validity": {"tested": {**tested, "temporalFrequencyHZ": [1, 8]}}}),
            ("['stimuli'] must be a list of at least 0, not 'grating'", {"validity": {"tested": {"stimuli": "grating"}}}),
            ("['acceptance'][0]['published'] must be text, not 0.61", {"validity": {"acceptance": [{**shown, "published": 0.61}]}}),
            ("['acceptance'][0]['passed'] must be True or False, not 'yes'", {"validity": {"acceptance": [{**shown, "passed": "yes"}]}}),
            ("['acceptance'][1] lacks the field 'n'", {"validity": {"acceptance": [shown, {k: v for k, v in shown.items() if k != "n"}]}}),
        ):
            with self.subTest(words):
                self.refuses(re.escape(words), change=change)
        validity = {"tested": {**tested, "contrast": (np.float64(0.05), 1)}, "acceptance": [{**shown, "passed": np.bool_(False)}]}
        stored = self.export(change={"performance": [{**score, "n": np.int64(7)}], "validity": validity}).manifest
        self.assertEqual(stored["performance"], [{**score, "n": 7}])
        self.assertEqual(stored["validity"]["tested"], {"stimuli": ["grating"], "contrast": [0.05, 1]})
        self.assertEqual(stored["validity"]["acceptance"], [{**shown, "passed": False}])

    def test_module(self):
        bad = core()
        with torch.no_grad():
            bad[5].bias[2] = float("nan")
        self.refuses("5.bias holds NaN", bad)
        with torch.no_grad():
            bad[5].bias[2] = float("inf")
        self.refuses("5.bias holds values that are not finite", bad)
        self.refuses("not a torch.nn.Module", lambda x: x)
        for words, work in (
            ("not finite for a golden picture, first in unit 3", lambda self, x: torch.where(torch.arange(5) == 3, torch.nan, self.inner(x))),
            ("it must be pictures × units", lambda self, x: self.inner[0](x)),
            ("depends on the other pictures", lambda self, x: self.inner(x) - self.inner(x).mean(0)),
            ("another one when the same pictures", lambda self, x: self.inner(x) + torch.rand(len(x), 5)),
            ("the same for every golden picture", lambda self, x: 0 * self.inner(x)),
            ("is torch.float64", lambda self, x: self.inner(x).double()),
            ("is a str", lambda self, x: "responses"),
            ("returns 2 tensors", lambda self, x: (self.inner(x), self.inner(x))),
            (r"returns \['z'\]", lambda self, x: {"z": self.inner(x)}),
            ("from rounding alone", lambda self, x: self.inner(x) * 1e-2 + 1e4 - 1e4),
            ("gives other responses than the module for 1 picture", lambda self, x: torch.from_numpy(self.inner(x).numpy()) + 0 * self.inner(x)),
        ):
            with self.subTest(words):
                self.refuses(words, Lambda(work))

    def test_example(self):
        good = np.random.default_rng(1).random((2, 1, SIZE, SIZE)).astype("float32")
        self.refuses("NaN or infinities", example=np.full_like(good, np.nan))
        self.refuses("one or two pictures", example=np.concatenate([good, good]))
        self.refuses("one or two pictures", example=good[0])
        self.refuses("holds values from .* to", example=255 * good)
        self.refuses("the manifest makes the input", example=good[..., :-1, :-1])
        self.refuses("neither the axes", change={"inputs": [{k: v for k, v in manifest()["inputs"][0].items() if k != "axes"}]})

    def test_units(self):
        for words, units in (
            ("'u1' stands twice", [*table(4), {"unit": "u1", "area": "V1"}]),
            ("the table lists 4", table(4)),
            ("the area 'V9'", table(5, "V9")),
            ("has no 'unit'", [{"area": "V1"}]),
            ("a finite number", [{**row, "x_deg": float("nan")} for row in table()]),
            ("a finite number", [{**row, "x_deg": "left"} for row in table()]),
            ("above 0", [{**row, "size_deg": 0} for row in table()]),
            ("a plan could not name", [{**row, "unit": " "} for row in table()]),
            ("a list of dicts", "u0,u1"),
        ):
            with self.subTest(words):
                self.refuses(words, units=units)

    def test_card_and_options(self):
        self.refuses("no section 'License'; the nearest is 'Licence'", card={"License": "MIT"})
        self.refuses("lacks the sections Intended use", card="---\nlicense: mit\n---\n")
        self.refuses("licence is empty", licence="")
        self.refuses("opset is 10", opset=10)
        self.refuses("tolerance is 1", tolerance=1)
        self.refuses("no exporter 'jax'", exporter="jax")

    def test_nothing_is_overwritten(self):
        self.export()
        with self.assertRaisesRegex(ExportError, "there already"):
            self.export()
        self.export(replace=True)
        (self.out / "notes.txt").write_text("mine")
        with self.assertRaisesRegex(ExportError, "something else"):
            self.export(replace=True)
        self.assertEqual(sorted(file.name for file in self.folder.iterdir()), ["small", "small.twin"])


class Failures(Case):
    """The system refuses one step after the other."""

    def holds(self):
        return {str(file.relative_to(self.folder)): file.read_bytes() for file in self.folder.rglob("*") if file.is_file()}

    def fails_at(self, method, at, times=1):
        """Patches pathlib.Path so that the calls of `method` from the `at`-th on are refused, `times` of them."""
        real, calls = getattr(pathlib.Path, method), iter(range(1000))

        def work(path, *arguments):
            if next(calls) in range(at, at + times):
                raise OSError(errno.ENOSPC, "No space left on device", str(path))
            return real(path, *arguments)

        return mock.patch.object(pathlib.Path, method, work)

    def test_the_earlier_package_outlives_every_failure(self):
        self.export(change={"title": "Earlier"})
        before = self.holds()
        self.assertEqual(len(before), 6)
        # Five files and the archive; twice the earlier one aside and the new one to its place.
        for method, steps in (("write_bytes", 6), ("mkdir", 1), ("rename", 4)):
            for at in range(steps):
                with self.subTest(method, at=at), self.fails_at(method, at):
                    words = "No space left on device .*Nothing was written. A package of an earlier export is as it was"
                    with self.assertRaisesRegex(ExportError, words):
                        self.export(change={"title": "Later"}, replace=True)
                self.assertEqual(self.holds(), before)
        self.export(change={"title": "Later"}, replace=True)
        after = self.holds()
        self.assertEqual(set(after), set(before))
        self.assertIn(b'"title": "Later"', after["small/twin.json"])

    def test_what_cannot_be_put_back_is_kept(self):
        self.export()
        before = self.holds()
        with self.fails_at("rename", 3, times=2), self.assertRaisesRegex(ExportError, "could not be put back.* kept in .*before-"):
            self.export(change={"title": "Later"}, replace=True)
        (staging,) = self.folder.glob(".twin-export-*")
        self.assertEqual((staging / "before-small.twin").read_bytes(), before["small.twin"])
        self.assertEqual((staging / "before-small" / "twin.json").read_bytes(), before["small/twin.json"])

    def test_files_of_the_export_itself(self):
        with mock.patch("tempfile.tempdir", str(self.folder / "none")):
            self.refuses("a file could not be read or written: No such file or directory .*none")
        (self.folder / "small.twin").mkdir()
        with self.assertRaisesRegex(ExportError, "is a folder, not the archive"):
            self.export(replace=True)
        (self.folder / "file").write_text("")
        self.out = self.folder / "file" / "small"
        with self.assertRaisesRegex(ExportError, "there is no folder"):
            self.export()
        self.out = self.folder / ("long" * 100)
        with self.assertRaisesRegex(ExportError, "could not be read or written: File name too long"):
            self.export()


class Packages(Case):
    def test_files_hashes_and_archive(self):
        given = core().train().double()
        before = copy.deepcopy(given.state_dict())
        package = self.export(given, units=table())
        self.assertTrue(given.training)
        self.assertTrue(all(torch.equal(values, before[name]) for name, values in given.state_dict().items()))
        self.assertIn("torch.float64", " ".join(package.notes))
        stored = json.loads((self.out / "twin.json").read_text("utf-8"))
        names = {file.name for file in self.out.iterdir()}
        self.assertEqual(names, {"twin.json", *stored["files"]})
        for name, sha256 in stored["files"].items():
            self.assertEqual(hashlib.sha256((self.out / name).read_bytes()).hexdigest(), sha256)
        with zipfile.ZipFile(package.archive) as archive:
            self.assertIsNone(archive.testzip())
            self.assertEqual(archive.namelist(), ["twin.json", *stored["files"]])
            for name in archive.namelist():
                self.assertEqual(archive.read(name), (self.out / name).read_bytes())
        words = b"twinscope package, sealed with sha256 "
        body, seal = package.archive.read_bytes().split(words)
        self.assertEqual(hashlib.sha256(body).hexdigest().encode(), seal)
        model = onnx.load(self.out / "model.onnx")
        self.assertTrue(all(each.data_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.INT64) for each in model.graph.initializer))
        self.assertNotIn(b".py", (self.out / "model.onnx").read_bytes())

    def test_equal_exports_are_equal_to_the_byte(self):
        first = self.export(units=table()).archive.read_bytes()
        self.assertEqual(self.export(units=table(), replace=True).archive.read_bytes(), first)

    def test_golden_checks(self):
        package = self.export(Lambda(lambda self, x: {"z": self.inner(x).tanh(), "y": self.inner(x)}), {
            "areas": [{"name": "V1"}, {"name": "V4"}],
            "outputs": [{"tensor": "y", "area": "V1"}, {"tensor": "z", "area": "V4"}],
        })
        checks = np.load(self.out / "checks.npz")
        self.assertEqual(set(checks), {"input.x", "output.y", "tolerance.y", "output.z", "tolerance.z"})
        with torch.no_grad():
            expected = core().eval()(torch.from_numpy(checks["input.x"])).numpy()
        np.testing.assert_allclose(checks["output.y"], expected, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(checks["output.z"], np.tanh(expected), rtol=1e-6, atol=1e-6)
        self.assertEqual(package.manifest["areas"][1]["units"], 5)

    def test_colour_channels_last_and_committed_layers(self):
        last = Lambda(lambda self, x: self.inner(x.permute(0, 3, 1, 2)))
        last.inner = core(3)
        picture = np.random.default_rng(1).normal(0, 0.3, (1, SIZE, SIZE, 3)).astype("float32")
        change = entry(encoding="srgb", mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])
        del change["inputs"][0]["axes"]
        change["commitments"] = [{"layer": "inner.1", "area": "V1", "basis": "a data set"}]
        package = self.export(last, change, example=picture)
        self.assertEqual([axis["name"] for axis in package.manifest["inputs"][0]["axes"]], ["batch", "height", "width", "channel"])
        graph = onnx.load(self.out / "model.onnx").graph
        self.assertIn("inner.1", {name for node in graph.node for name in node.output})
        self.assertEqual([value.name for value in graph.output], ["y"])

    def test_what_is_not_stated_is_said(self):
        given = manifest()
        del given["licences"], given["commercialUse"]
        with self.assertWarns(ExportWarning):
            package = export_twin(core(), given, self.out)
        self.assertEqual(package.manifest["licences"], dict.fromkeys(("code", "weights", "data"), "NOASSERTION"))
        self.assertFalse(package.manifest["commercialUse"])
        self.assertIn("stated no licence", (self.out / "LICENSE").read_text("utf-8"))
        card = (self.out / "card.md").read_text("utf-8")
        self.assertIn("license: unknown", card)
        self.assertIn("## Training data\n\nNot stated by the author.", card)

    def test_external_weights_and_the_other_exporter(self):
        package = self.export(external_data=True)
        self.assertIn("model.onnx.data", package.manifest["files"])
        onnx.load(self.out / "model.onnx")
        self.export(exporter="dynamo", replace=True)
        self.assertNotIn(b".py", (self.out / "model.onnx").read_bytes())

    def test_the_example_is_the_same_on_every_processor(self):
        here = pathlib.Path(__file__).parent
        archives = []
        plain = {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"}
        for at, setting in enumerate(({}, plain)):
            work = self.folder / str(at)
            work.mkdir()
            for name in ("example.py", "twin_export.py"):
                shutil.copy(here / name, work)
            subprocess.run([sys.executable, "example.py"], cwd=work, env={**os.environ, **setting}, check=True, capture_output=True)
            archives.append(work / "example-conv-readout.twin")
        self.assertEqual(archives[0].read_bytes(), archives[1].read_bytes())
        # The graph's other bytes are those of the versions of PyTorch and onnx.
        with zipfile.ZipFile(archives[0]) as made, zipfile.ZipFile(here / "fixtures" / archives[0].name) as stored:
            for name in ("units.csv", "checks.npz", "card.md", "LICENSE"):
                self.assertEqual(made.read(name), stored.read(name), name)
            weights = [
                {weight.name: weight.raw_data for weight in onnx.load_from_string(archive.read("model.onnx")).graph.initializer}
                for archive in (made, stored)
            ]
            self.assertEqual(*weights)


if __name__ == "__main__":
    unittest.main()
