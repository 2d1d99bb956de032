"""Turns a torch.nn.Module into a Twinscope twin package. One file; needs PyTorch, onnx and NumPy.

    from twin_export import export_twin
    package = export_twin(module, manifest, "my-twin", units=units, card=card, licence=licence)

writes the folder my-twin/ and the archive my-twin.twin, which holds the same files. `twinscope twins import my-twin.twin`
takes either. docs/sharing-a-twin.md walks through it and explains every field of the manifest.
"""

from __future__ import annotations

import contextlib
import copy
import difflib
import hashlib
import io
import json
import math
import pathlib
import re
import shutil
import struct
import tempfile
import warnings
import zlib
from dataclasses import dataclass, field

import numpy as np
import onnx
import torch

__all__ = ["ExportError", "ExportWarning", "TwinPackage", "export_twin"]


class ExportError(ValueError):
    """Why nothing was written, in a sentence."""


class ExportWarning(UserWarning):
    """What was written all the same, and should be known."""


@dataclass
class TwinPackage:
    folder: pathlib.Path
    archive: pathlib.Path
    sha256: str
    """Identity of the package: what `twinscope twins show` prints, and what a plan pins. Publish it with the package."""
    manifest: dict
    """The content of twin.json."""
    notes: list[str] = field(default_factory=list)
    """Every warning, in a sentence."""


def export_twin(
    module: torch.nn.Module,
    manifest: dict,
    out: str | pathlib.Path,
    *,
    example: np.ndarray | torch.Tensor | None = None,
    units: list[dict] | None = None,
    card: dict[str, str] | str | None = None,
    licence: str | None = None,
    tolerance: float = 1e-4,
    opset: int = 18,
    exporter: str = "torchscript",
    check_graph: bool = True,
    external_data: bool = False,
    replace: bool = False,
    seed: int = 0,
) -> TwinPackage:
    """Writes `module` as a twin package, whole or not at all, after checking what an importer checks.

    module: takes pictures (n × channels × size × size, or n × size × size × channels, float32, encoded as the manifest
        says) and returns one tensor of n × units per output of the manifest: a tensor, a tuple or list in the manifest's
        order, or a dict by tensor name. It is copied, put into evaluation mode and turned to float32; yours is left alone.
    manifest: the fields of twin.json, without `format` and `files`. Left out are filled in: axes of inputs and outputs,
        units of areas, capabilities, and licences ("NOASSERTION", with a warning). `commitments` name layers as the module
        does ("core.4"); the graph gets tensors of these names.
    out: the folder to write; the archive beside it is called out + ".twin".
    example: one or two pictures as the graph takes them, stored as the golden checks with the responses they give. Left
        out: two noise pictures of `seed`, where the manifest gives the input's axes.
    units: one dict per unit, in output order within each area: unit (id), area, and where known x_deg, y_deg, size_deg;
        other keys become columns of their own. Left out: no units.csv, and units are called u0, u1 …
    card: sections by heading (Intended use, Training data, Evaluation, Limits, Licence, Citation) or the whole text. What
        is left out is said to be not stated.
    licence: text of the licence of the weights, for LICENSE.
    tolerance: largest |difference| from the golden responses that another machine may show, as a part of the largest one.
    opset: 11 to 22, as far as the exporter goes (TorchScript: to 20; dynamo: from 18).
    exporter: "torchscript" traces the module once, so that branches and loops are those of one run; "dynamo" is PyTorch's
        newer exporter and needs onnxscript.
    check_graph: run the graph with onnx's own evaluator and compare; slow for a large network.
    external_data: keep weights in model.onnx.data beside the graph. Needed from 2 GiB on.
    replace: put the new package in the place of an earlier export, which is kept until the new one is whole.

    Raises ExportError with the reason; nothing was written then, and the package of an earlier export is as it was.
    """
    notes: list[str] = []
    if not isinstance(module, torch.nn.Module):
        raise _refused(f"the module is a {type(module).__name__}, not a torch.nn.Module")
    if opset not in range(11, 23):
        raise _refused(f"opset is {opset}; Twinscope reads 11 to 22")
    if not (isinstance(tolerance, float) and 0 < tolerance < 1):
        raise _refused(f"tolerance is {tolerance!r}; it must be a number between 0 and 1, such as 1e-4")
    with _files_told():
        folder, archive = _places(pathlib.Path(out), replace)
    manifest = _complete(manifest, opset, notes)
    frozen = _frozen(module, notes)

    pictures = _golden_pictures(manifest["inputs"][0], example, seed)
    probe = np.concatenate([pictures, np.flip(pictures, 2)])
    responses = _responses(frozen, manifest, probe)
    _check_sizes(manifest, responses)
    golden = _check_reliable(frozen, manifest, probe, responses, tolerance, notes)
    table = None if units is None else _unit_table(manifest, units, notes)

    with _files_told():
        model = _export(frozen, manifest, probe, opset, exporter)
    if check_graph:
        _check_graph(model, manifest, probe, responses, tolerance, notes)

    n = len(pictures)
    checks = {f"input.{manifest['inputs'][0]['tensor']}.npy": _npy(pictures)}
    for tensor, values in golden.items():
        checks[f"output.{tensor}.npy"] = _npy(values[:n])
        checks[f"tolerance.{tensor}.npy"] = _npy(np.array([tolerance]))
    with _files_told():
        files = _model_files(model, external_data)
    if table is not None:
        files["units.csv"] = table.encode()
    files["checks.npz"] = _zip(checks)
    files["card.md"] = _card(manifest, card, n, notes).encode()
    files["LICENSE"] = _licence(manifest, licence, notes).encode()
    manifest["files"] = {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
    text = (_json(manifest, indent=2) + "\n").encode()
    with _files_told():
        _write(folder, archive, {"twin.json": text, **files})
    for note in notes:
        warnings.warn(note, ExportWarning, stacklevel=2)
    hashes = {**manifest["files"], "twin.json": hashlib.sha256(text).hexdigest()}
    sha256 = hashlib.sha256(_json(hashes, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    return TwinPackage(folder, archive, sha256, manifest, notes)


def _refused(why: str, instead: str = "Correct it and export again.") -> ExportError:
    return ExportError(f"This twin cannot be exported: {why}. Nothing was written. {instead}")


@contextlib.contextmanager
def _files_told():
    """Turns what the system says of files into a refusal."""
    try:
        yield
    except OSError as error:
        where = "" if error.filename is None else f" ({error.filename})"
        raise _refused(
            f"a file could not be read or written: {error.strerror or error}{where}",
            "A package of an earlier export is as it was. Make room or permit writing, or choose another place, and export again.",
        ) from error


def _json(value: object, **options: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, **options)
    except (TypeError, ValueError) as error:
        raise _refused(f"the manifest holds what JSON cannot: {error}") from error


# What twin.json may hold: the schema of main/contract/twins.ts. A check takes a value and its place and returns the value.

_REQUIRED = object()
_LEFT_OUT = object()


def _text(value, where):
    if not isinstance(value, str):
        raise _refused(f"{where} must be text, not {value!r}")
    return value


def _some_text(value, where):
    if not _text(value, where).strip():
        raise _refused(f"{where} is empty")
    return value


def _pattern(pattern, words):
    def check(value, where):
        if not re.fullmatch(pattern, _text(value, where)):
            raise _refused(f"{where} is {value!r}; it must be {words}")
        return value

    return check


def _flag(value, where):
    if not isinstance(value, (bool, np.bool_)):
        raise _refused(f"{where} must be True or False, not {value!r}")
    return bool(value)


def _number(fits=lambda value: True, words="a finite number", kinds=(int, float, np.integer, np.floating)):
    def check(value, where):
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, kinds) or not math.isfinite(value) or not fits(value):
            raise _refused(f"{where} is {value!r}; it must be {words}")
        return value.item() if isinstance(value, np.generic) else value

    return check


def _one_of(*choices):
    def check(value, where):
        if value not in choices:
            raise _refused(f"{where} is {value!r}; it must be one of {', '.join(map(repr, choices))}")
        return choices[choices.index(value)]

    return check


def _list_of(item, least=0, most=None):
    def check(value, where):
        if not isinstance(value, (list, tuple)) or len(value) < least or (most is not None and len(value) > most):
            size = f"{least}" if least == most else f"at least {least}" if most is None else f"{least} to {most}"
            raise _refused(f"{where} must be a list of {size}, not {value!r}")
        return [item(each, f"{where}[{at}]") for at, each in enumerate(value)]

    return check


def _object(**fields):
    """Fields are (check, default). Unknown keys are kept, as importers keep them, unless they look like a slip."""

    def check(value, where):
        if not isinstance(value, dict):
            raise _refused(f"{where} must be a dict, not {value!r}")
        result = {}
        for key in value:
            near = difflib.get_close_matches(str(key), fields, 1, 0.75)
            if key not in fields and near:
                raise _refused(f"{where} has no field {key!r}; the nearest is {near[0]!r}")
        for key, (inside, default) in fields.items():
            given = value.get(key, default)
            if given is _REQUIRED:
                raise _refused(f"{where} lacks the field {key!r}")
            if given is not _LEFT_OUT:
                result[key] = inside(copy.deepcopy(given), f"{where}[{key!r}]")
        return {**result, **{key: copy.deepcopy(each) for key, each in value.items() if key not in fields}}

    return check


# Golden checks are a zip file of entries named after tensors.
_tensor = _pattern(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}", "letters, digits, '.', '_' and '-', a letter first")
_whole = _number(lambda value: value > 0, "a positive whole number", (int, np.integer))
# As JavaScript holds them exactly.
_integer = _number(lambda value: abs(value) < 2**53, "a whole number", (int, np.integer))
_positive = _number(lambda value: value > 0, "a number above 0")
_texts = _list_of(_text)
_size = lambda value, where: None if value is None else _whole(value, where)  # noqa: E731
_pair = _list_of(_number(), 2, 2)
_axes = _list_of(_object(name=(_text, _REQUIRED), size=(_size, _REQUIRED)), 1)

_manifest = _object(
    format=(_one_of(1), 1),
    id=(_pattern(r"[a-z0-9][a-z0-9-]{1,63}", "2 to 64 lower-case letters, digits and hyphens"), _REQUIRED),
    version=(_pattern(r"[0-9]+\.[0-9]+\.[0-9]+", "three numbers, such as 1.0.0"), _REQUIRED),
    title=(_some_text, _REQUIRED),
    summary=(_some_text, _REQUIRED),
    authors=(_texts, []),
    references=(_list_of(_object(text=(_text, _REQUIRED), doi=(_text, _LEFT_OUT))), []),
    source=(_object(url=(_text, _LEFT_OUT), revision=(_text, _LEFT_OUT)), _LEFT_OUT),
    licences=(_object(code=(_text, _LEFT_OUT), weights=(_text, _LEFT_OUT), data=(_text, _LEFT_OUT)), {}),
    commercialUse=(_flag, _LEFT_OUT),
    species=(_some_text, _REQUIRED),
    subjects=(_texts, []),
    modality=(_some_text, _REQUIRED),
    recording=(_some_text, _REQUIRED),
    responseUnits=(_some_text, _REQUIRED),
    areas=(
        _list_of(
            _object(
                name=(_some_text, _REQUIRED),
                label=(_some_text, _LEFT_OUT),
                atlas=(_text, _LEFT_OUT),
                hemisphere=(_text, _LEFT_OUT),
                units=(_whole, _LEFT_OUT),
                colourOf=(_text, _LEFT_OUT),
            ),
            1,
        ),
        _REQUIRED,
    ),
    inputs=(
        _list_of(
            _object(
                tensor=(_tensor, _REQUIRED),
                role=(_one_of("stimulus"), "stimulus"),
                axes=(_axes, _LEFT_OUT),
                dtype=(_one_of("float32"), "float32"),
                range=(_pair, _REQUIRED),
                encoding=(_one_of("srgb", "linear", "grey-linear"), _REQUIRED),
                mean=(_list_of(_number(), 1), _LEFT_OUT),
                std=(_list_of(_positive, 1), _LEFT_OUT),
                fieldOfViewDeg=(_positive, _REQUIRED),
                background=(_number(lambda value: 0 <= value <= 1, "a number from 0 to 1"), 0.5),
            ),
            1,
            1,
        ),
        _REQUIRED,
    ),
    outputs=(
        _list_of(
            _object(tensor=(_tensor, _REQUIRED), area=(_text, _REQUIRED), layer=(_text, _LEFT_OUT), axes=(_axes, _LEFT_OUT)), 1
        ),
        _REQUIRED,
    ),
    commitments=(
        _list_of(_object(layer=(_some_text, _REQUIRED), area=(_text, _REQUIRED), basis=(_some_text, _REQUIRED))),
        [],
    ),
    capabilities=(
        _object(
            inputGradient=(_one_of("derived", "none"), "derived"),
            deterministic=(_flag, True),
            opset=(_whole, _LEFT_OUT),
            memoryMiB=(_positive, _LEFT_OUT),
        ),
        {},
    ),
    performance=(
        _list_of(
            _object(
                metric=(_text, _REQUIRED),
                raw=(_number(), _REQUIRED),
                ceiling=(_number(), _LEFT_OUT),
                ceilingEstimator=(_text, _LEFT_OUT),
                n=(_integer, _LEFT_OUT),
                dataSet=(_text, _REQUIRED),
            )
        ),
        _LEFT_OUT,
    ),
    validity=(
        _object(
            domains=(_texts, []),
            knownFailures=(_texts, []),
            tested=(
                _object(
                    stimuli=(_texts, _REQUIRED),
                    spatialFrequencyCpd=(_pair, _LEFT_OUT),
                    temporalFrequencyHz=(_pair, _LEFT_OUT),
                    contrast=(_pair, _LEFT_OUT),
                ),
                _LEFT_OUT,
            ),
            acceptance=(
                _list_of(
                    _object(
                        check=(_text, _REQUIRED),
                        published=(_text, _REQUIRED),
                        source=(_text, _REQUIRED),
                        measured=(_text, _REQUIRED),
                        tolerance=(_text, _REQUIRED),
                        passed=(_flag, _REQUIRED),
                        n=(_integer, _REQUIRED),
                    )
                ),
                _LEFT_OUT,
            ),
        ),
        {},
    ),
)
_SPDX = re.compile(r"[A-Za-z0-9.+:-]+( (AND|OR|WITH) [A-Za-z0-9.+:-]+)*")


def _complete(given: dict, opset: int, notes: list[str]) -> dict:
    """The manifest, checked as a whole, with everything that does not depend on running the module."""
    if isinstance(given, dict) and "files" in given:
        raise _refused("manifest['files'] is given", "Leave it out: the exporter writes the hashes.")
    manifest = _manifest(given, "manifest")
    manifest["capabilities"].setdefault("opset", opset)
    if manifest["capabilities"]["opset"] != opset:
        raise _refused(f"the manifest says opset {manifest['capabilities']['opset']}, and the graph is written in {opset}")
    names = [area["name"] for area in manifest["areas"]]
    tensors = [each["tensor"].lower() for each in manifest["inputs"] + manifest["outputs"]]
    for what, each in (("area", names), ("tensor", tensors)):
        twice = next((name for at, name in enumerate(each) if name in each[:at]), None)
        if twice is not None:
            raise _refused(f"the {what} {twice!r} is declared twice")
    for area in manifest["areas"]:
        area.setdefault("label", area["name"])
        served = [output["tensor"] for output in manifest["outputs"] if output["area"] == area["name"]]
        if len(served) != 1:
            raise _refused(f"the area {area['name']!r} needs exactly one output and has {len(served)}")
    for output in manifest["outputs"]:
        if output["area"] not in names:
            raise _refused(f"the output {output['tensor']!r} belongs to {output['area']!r}, which is no area")
    low, high = manifest["inputs"][0]["range"]
    if high <= low:
        raise _refused(f"the input's range is [{low}, {high}]; white must lie above black")
    _complete_licences(manifest, notes)
    order = [*_ORDER, *(key for key in manifest if key not in _ORDER)]
    return {key: manifest[key] for key in order if key in manifest}


# As the format lists them; `files` is filled in at the end.
_ORDER = (
    "format id version title summary authors references source licences commercialUse files species subjects modality "
    "recording responseUnits areas inputs outputs commitments capabilities performance validity"
).split()


def _complete_licences(manifest: dict, notes: list[str]) -> None:
    manifest["files"] = {}
    licences = manifest["licences"]
    for what in ("code", "weights", "data"):
        if what not in licences:
            licences[what] = "NOASSERTION"
            notes.append(f"No licence of the {what} was given; the package says so (NOASSERTION).")
        elif not _SPDX.fullmatch(licences[what].replace("(", "").replace(")", "")):
            raise _refused(
                f"the licence of the {what} is {licences[what]!r}, which is no SPDX expression",
                "Write its identifier from https://spdx.org/licenses, such as CC-BY-4.0; NONE where there are no data.",
            )
    if "commercialUse" not in manifest:
        manifest["commercialUse"] = False
        notes.append("Nothing was said about commercial use; the package says that it is not allowed.")
    if manifest["commercialUse"]:
        against = next((name for name in licences.values() if "-NC" in name.upper()), None)
        if against is not None:
            raise _refused(f"commercialUse is True, and the licence {against} does not allow it")
        if licences["weights"] in ("NOASSERTION", "NONE"):
            raise _refused("commercialUse is True, and no licence of the weights allows it")


def _frozen(module: torch.nn.Module, notes: list[str]) -> torch.nn.Module:
    """A copy on the CPU, in evaluation mode and float32."""
    try:
        frozen = copy.deepcopy(module).cpu()
    except Exception as error:
        raise _refused(f"the module cannot be copied: {error}", "Detach it from graphs and hooks first.") from error
    named = [*frozen.named_parameters(), *frozen.named_buffers()]
    for name, values in named:
        if values.is_floating_point() and bool(torch.isnan(values).any()):
            raise _refused(f"{name} holds NaN")
    for name, values in frozen.named_parameters():
        if values.is_floating_point() and not bool(torch.isfinite(values).all()):
            raise _refused(f"{name} holds values that are not finite")
    other = sorted({str(values.dtype) for _, values in named if values.is_floating_point() and values.dtype != torch.float32})
    if other:
        notes.append(f"Weights were turned from {', '.join(other)} to float32; the golden responses are those of float32.")
    frozen = frozen.float().eval().requires_grad_(False)
    for part in frozen.modules():
        # A layer that works in place would change the values of the layer before it, which may be committed to an area.
        if isinstance(getattr(part, "inplace", None), bool):
            part.inplace = False
    return frozen


def _picture_axes(axes: list[dict]) -> tuple[int, int, bool] | None:
    """Size, channels and whether channels stand last, as Twinscope reads the axes; None for anything but square pictures."""
    if len(axes) != 4:
        return None
    _, second, third, fourth = (axis["size"] for axis in axes)
    first = (third, second, False) if second and third and third == fourth else None
    last = (second, fourth, True) if second and fourth and second == third else None
    if first and last and re.fullmatch(r"c|ch|channels?|colou?rs?", axes[3]["name"], re.IGNORECASE):
        return last
    return first or last


def _golden_pictures(entry: dict, example: object, seed: int) -> np.ndarray:
    """One or two pictures as the graph takes them; fills in the axes of the input."""
    given = None if example is None else _example(example)
    if "axes" not in entry:
        if given is None:
            raise _refused(f"neither the axes of the input {entry['tensor']!r} nor an example are given")
        first = given.shape[1] in (1, 3) and given.shape[2] == given.shape[3]
        names = ("batch", "channel", "height", "width") if first else ("batch", "height", "width", "channel")
        entry["axes"] = [{"name": name, "size": size} for name, size in zip(names, (None, *given.shape[1:]))]
    axes = entry["axes"]
    sizes = [axis["size"] for axis in axes]
    layout = _picture_axes(axes)
    if layout is None or layout[1] not in (1, 3) or sizes[0] is not None:
        raise _refused(
            f"the input {entry['tensor']!r} has the axes {sizes}; Twinscope feeds square pictures of one or three channels",
            "The axes are batch (size None), channels, height and width, or channels last.",
        )
    _, channels, last = layout
    shape = (channels,) if last else (channels, 1, 1)
    low, high = entry["range"]
    moments = {}
    for name, otherwise in (("mean", 0.0), ("std", 1.0)):
        values = entry.get(name, [otherwise])
        if len(values) not in (1, channels):
            raise _refused(f"the input's {name} has {len(values)} values for {channels} channels")
        moments[name] = np.broadcast_to(np.array(values, np.float64), (channels,)).reshape(shape)
    black, white = ((value - moments["mean"]) / moments["std"] for value in (low, high))
    if given is None:
        return np.ascontiguousarray(black + _noise(sizes[1:], layout, entry, seed) * (white - black), np.float32)
    if list(given.shape[1:]) != sizes[1:]:
        raise _refused(f"the example is {given.shape[1:]} for each picture, and the manifest makes the input {sizes[1:]}")
    slack = 1e-3 * (white - black)
    if ((given < black - slack) | (given > white + slack)).any():
        raise _refused(
            f"the example holds values from {given.min():.4g} to {given.max():.4g}, and with this range, mean and std black is "
            f"{black.min():.4g} and white {white.max():.4g}",
            "Give pictures as the module takes them, or correct range, mean and std.",
        )
    return given


def _example(example: object) -> np.ndarray:
    values = example.detach().cpu().numpy() if isinstance(example, torch.Tensor) else np.asarray(example)
    if values.ndim != 4 or len(values) not in (1, 2) or values.dtype.kind != "f":
        raise _refused(f"the example is {values.dtype} of {values.shape}; it must be one or two pictures of floats, batch first")
    if not np.isfinite(values).all():
        raise _refused("the example holds NaN or infinities")
    return np.ascontiguousarray(values, np.float32)


def _noise(sizes: list[int], layout: tuple[int, int, bool], entry: dict, seed: int) -> np.ndarray:
    """Two pictures between black (0) and white (1): coarse noise of full contrast, fine noise around the middle."""
    size, channels, last = layout
    random = np.random.Generator(np.random.PCG64(seed))
    drawn = 1 if entry["encoding"] == "grey-linear" else channels
    block = max(1, size // 16)
    cells = -(-size // block)
    coarse = random.random((drawn, cells, cells)).repeat(block, 1).repeat(block, 2)[:, :size, :size]
    fine = 0.5 + 0.3 * (random.random((drawn, size, size)) - 0.5)
    pictures = np.stack([np.broadcast_to(each, (channels, size, size)) for each in (coarse, fine)])
    return np.moveaxis(pictures, 1, 3) if last else pictures


def _responses(module: torch.nn.Module, manifest: dict, pictures: np.ndarray) -> dict[str, np.ndarray]:
    """The module's responses by tensor name; refuses what an output may not be."""
    try:
        with torch.no_grad():
            results = _in_order(module(torch.from_numpy(pictures)), [each["tensor"] for each in manifest["outputs"]])
    except ExportError:
        raise
    except Exception as error:
        shape = " × ".join(map(str, pictures.shape))
        raise _refused(f"the module fails on pictures of {shape}: {type(error).__name__}: {error}") from error
    responses = {}
    for output, result in zip(manifest["outputs"], results):
        name = output["tensor"]
        if not isinstance(result, torch.Tensor):
            raise _refused(f"the output {name!r} is a {type(result).__name__}, not a tensor")
        if result.dim() != 2 or len(result) != len(pictures):
            raise _refused(
                f"the output {name!r} is {' × '.join(map(str, result.shape))} for {len(pictures)} pictures; it must be pictures × units",
                "A map of features becomes units with .flatten(1).",
            )
        if result.dtype != torch.float32:
            raise _refused(f"the output {name!r} is {result.dtype}; it must be float32")
        if not bool(torch.isfinite(result).all()):
            unit = int((~torch.isfinite(result)).any(0).nonzero()[0])
            raise _refused(f"the output {name!r} is not finite for a golden picture, first in unit {unit}")
        responses[name] = np.ascontiguousarray(result.numpy())
    return responses


def _in_order(result: object, names: list[str]) -> list:
    if isinstance(result, dict):
        if set(result) != set(names):
            raise _refused(f"the module returns {sorted(map(str, result))}, and the manifest's outputs are {sorted(names)}")
        return [result[name] for name in names]
    results = list(result) if isinstance(result, (tuple, list)) else [result]
    if len(results) != len(names):
        raise _refused(f"the module returns {len(results)} tensors, and the manifest has {len(names)} outputs")
    return results


def _check_sizes(manifest: dict, responses: dict[str, np.ndarray]) -> None:
    """Fills in the axes of the outputs and the units of the areas, or refuses others than the module has."""
    areas = {area["name"]: area for area in manifest["areas"]}
    for output in manifest["outputs"]:
        units = responses[output["tensor"]].shape[1]
        area = areas[output["area"]]
        if area.setdefault("units", units) != units:
            raise _refused(f"the area {area['name']!r} has {area['units']} units, and its output {output['tensor']!r} gives {units}")
        axes = output.setdefault("axes", [{"name": "batch", "size": None}, {"name": "unit", "size": units}])
        if [axis["size"] for axis in axes] != [None, units]:
            raise _refused(f"the output {output['tensor']!r} has the axes {[axis['size'] for axis in axes]}, not [None, {units}]")
    for at, area in enumerate(manifest["areas"]):
        keys = ["name", "label", "atlas", "hemisphere", "units", "colourOf"]
        manifest["areas"][at] = {key: area[key] for key in [*keys, *(key for key in area if key not in keys)] if key in area}


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    """Largest |difference| as a part of the largest |value|, as Twinscope compares golden responses."""
    scale = float(np.abs(one).max())
    difference = float(np.abs(one.astype(np.float64) - other).max())
    return difference / scale if scale > 0 else difference


def _check_reliable(
    module: torch.nn.Module, manifest: dict, probe: np.ndarray, responses: dict, tolerance: float, notes: list[str]
) -> dict[str, np.ndarray]:
    """Golden responses must be those of the picture alone, the same every time, and say something.

    Returns them as the module gives them in float64, rounded to float32, which is the same on every processor; in float32
    the last bits are those of this one.
    """
    for name, again in _responses(module, manifest, probe).items():
        if not np.array_equal(again, responses[name]):
            raise _refused(f"the output {name!r} is another one when the same pictures are shown again", "Take the noise out of it.")
    for name, alone in _responses(module, manifest, probe[:1]).items():
        if _apart(responses[name][:1], alone) > tolerance:
            raise _refused(f"the output {name!r} for a picture depends on the other pictures of its batch")
    for name, values in responses.items():
        if np.ptp(values, axis=0).max() == 0:
            raise _refused(
                f"the output {name!r} is the same for every golden picture, which would prove nothing",
                "Give an example that drives it.",
            )
    try:
        with torch.no_grad():
            exact = copy.deepcopy(module).double()(torch.from_numpy(probe).double())
        exact = _in_order(exact, list(responses))
        golden = {name: each.double().numpy() for name, each in zip(responses, exact)}
        rounding = {name: _apart(responses[name], each) for name, each in golden.items()}
    except Exception:
        notes.append("The module does not run in float64, so its rounding in float32 is not known.")
        return responses
    for name, error in rounding.items():
        # Half, since the other machine rounds too.
        if not error <= tolerance / 2:
            raise _refused(
                f"the output {name!r} is off by {error:.1e} in float32, from rounding alone; other machines would miss {tolerance:.0e}",
                "Scale the module's inner values, or state a larger tolerance.",
            )
    return golden


def _unit_table(manifest: dict, units: list[dict], notes: list[str]) -> str:
    """units.csv (RFC 4180, LF)."""
    own = ["unit", "area", "x_deg", "y_deg", "size_deg"]
    if not isinstance(units, (list, tuple)) or not all(isinstance(row, dict) for row in units):
        raise _refused("units must be a list of dicts, one for each unit")
    extras = list(dict.fromkeys(str(key).strip() for row in units for key in row if key not in own))
    counts = {area["name"]: 0 for area in manifest["areas"]}
    seen = set()
    reach = manifest["inputs"][0]["fieldOfViewDeg"] / 2
    outside = 0
    lines = [",".join(map(_cell, [*own, *extras]))]
    for at, row in enumerate(units):
        where = f"units[{at}]"
        for key in ("unit", "area"):
            if key not in row:
                raise _refused(f"{where} has no {key!r}")
        unit, area = str(row["unit"]), row["area"]
        if area not in counts:
            raise _refused(f"{where} names the area {area!r}, which the manifest does not have")
        if not unit.strip() or unit != unit.strip() or not unit.isprintable():
            raise _refused(f"{where} has the id {unit!r}, which a plan could not name")
        if (area, unit) in seen:
            raise _refused(f"the unit id {unit!r} stands twice in the area {area!r}")
        seen.add((area, unit))
        counts[area] += 1
        for key, value in row.items():
            place = f"{where}[{key!r}]"
            if value is None or (key not in own and isinstance(value, str)) or key in ("unit", "area"):
                continue
            (_positive if key == "size_deg" else _number())(value, place)
        if any(row.get(key) is not None and abs(row[key]) > reach for key in ("x_deg", "y_deg")):
            outside += 1
        lines.append(",".join(_cell(row.get(key)) for key in [*own, *extras]))
    for area in manifest["areas"]:
        if counts[area["name"]] != area["units"]:
            raise _refused(f"the area {area['name']!r} has {area['units']} units, and the table lists {counts[area['name']]}")
    if outside:
        notes.append(f"{outside} of {len(units)} units lie outside the field of view of ±{reach:g}°.")
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    text = "" if value is None else repr(value.item() if isinstance(value, np.generic) else value)
    if isinstance(value, str):
        text = str(value)
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",\r\n]', text) else text


class _Exported(torch.nn.Module):
    """The module with its outputs in the manifest's order and the values of the committed layers behind them."""

    def __init__(self, module: torch.nn.Module, names: list[str], layers: list[str]) -> None:
        super().__init__()
        self.module = module
        self._names = names
        self._layers = layers
        self._values: dict[str, object] = {}
        parts = dict(module.named_modules())
        for layer in layers:
            if layer not in parts:
                near = difflib.get_close_matches(layer, parts, 1)
                raise _refused(f"the module has no layer {layer!r}" + (f"; the nearest is {near[0]!r}" if near else ""))
            parts[layer].register_forward_hook(lambda _module, _inputs, value, layer=layer: self._values.update({layer: value}))

    def forward(self, pictures: torch.Tensor) -> tuple:
        self._values.clear()
        outputs = _in_order(self.module(pictures), self._names)
        for layer in self._layers:
            if not isinstance(self._values.get(layer), torch.Tensor):
                raise _refused(f"the layer {layer!r} is not run, or gives something else than one tensor")
        return (*outputs, *(self._values[layer] for layer in self._layers))


def _export(frozen: torch.nn.Module, manifest: dict, probe: np.ndarray, opset: int, exporter: str) -> onnx.ModelProto:
    """The graph: open batch, named outputs, committed layers as named tensors, nothing of the machine that made it."""
    entry = manifest["inputs"][0]
    names = [output["tensor"] for output in manifest["outputs"]]
    layers = list(dict.fromkeys(commitment["layer"] for commitment in manifest["commitments"]))
    taken = next((layer for layer in layers if layer in [*names, entry["tensor"]]), None)
    if taken is not None:
        raise _refused(f"a committed layer and a tensor of the manifest are both called {taken!r}", "Rename the tensor.")
    wrapped = _Exported(frozen, names, layers).eval()
    options: dict = {"input_names": [entry["tensor"]], "output_names": [*names, *layers], "opset_version": opset, "verbose": False}
    if exporter == "torchscript":
        axes = {name: {0: "batch"} for name in [entry["tensor"], *names, *layers]}
        options.update(dynamo=False, dynamic_axes=axes)
    elif exporter == "dynamo":
        options.update(dynamo=True, dynamic_shapes=({0: torch.export.Dim("batch", min=1)},), external_data=False)
    else:
        raise _refused(f"there is no exporter {exporter!r}; there are 'torchscript' and 'dynamo'")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "model.onnx")
        try:
            with warnings.catch_warnings(), torch.no_grad():
                warnings.simplefilter("ignore")
                torch.onnx.export(wrapped, (torch.from_numpy(probe),), str(path), **options)
        except (ExportError, OSError):
            raise
        except Exception as error:
            if isinstance(error, ModuleNotFoundError):
                raise _refused(f"the {exporter} exporter needs {error.name}", f"pip install {error.name}") from error
            other = "dynamo" if exporter == "torchscript" else "torchscript"
            reason = str(error).strip().split("\n")[0]
            raise _refused(f"PyTorch's {exporter} exporter fails: {reason}", f'Try exporter="{other}".') from error
        model = onnx.load(path)
    _tidy(model.graph)
    for function in model.functions:
        _tidy(function)
    for name in ("doc_string", "metadata_props"):
        model.ClearField(name)
    model.graph.name = manifest["id"]
    inner = [value for value in model.graph.output if value.name in layers]
    for value in inner:
        model.graph.output.remove(value)
    model.graph.value_info.extend(inner)
    _check_interface(model, manifest, opset)
    return model


def _tidy(graph: object) -> None:
    """Without notes of the exporter, which hold paths of the author's machine."""
    fields = ("node", "input", "output", "value_info", "initializer")
    for part in [graph, *(each for name in fields for each in getattr(graph, name, []))]:
        for name in ("doc_string", "metadata_props"):
            # A function's inputs are plain names.
            if name in getattr(getattr(part, "DESCRIPTOR", None), "fields_by_name", ()):
                part.ClearField(name)
    for node in graph.node:
        for attribute in node.attribute:
            attribute.ClearField("doc_string")
            for inside in [*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs]:
                _tidy(inside)


def _check_interface(model: onnx.ModelProto, manifest: dict, opset: int) -> None:
    entry = manifest["inputs"][0]
    weights = {weight.name for weight in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    if [value.name for value in inputs] != [entry["tensor"]]:
        raise _refused(f"the graph has the inputs {[value.name for value in inputs]}, not {entry['tensor']!r} alone")
    shape = inputs[0].type.tensor_type.shape.dim
    sizes = [dim.dim_value if dim.HasField("dim_value") else None for dim in shape]
    if sizes != [axis["size"] for axis in entry["axes"]]:
        raise _refused(f"the graph's input is {sizes}; the exporter has fixed the batch or another size")
    written = {each.domain: each.version for each in model.opset_import}
    if written.get("", written.get("ai.onnx")) != opset:
        raise _refused(f"the exporter wrote opset {written.get('')} instead of {opset}", "Ask for that one.")
    local = {function.domain for function in model.functions}
    foreign = next((node for node in model.graph.node if node.domain not in {"", "ai.onnx", *local}), None)
    if foreign is not None:
        raise _refused(f"the graph has the operator {foreign.op_type} of {foreign.domain}, which is not ONNX's own")
    outputs = {value.name: value for value in model.graph.output}
    for output in manifest["outputs"]:
        tensor = outputs[output["tensor"]].type.tensor_type
        if tensor.elem_type != onnx.TensorProto.FLOAT:
            raise _refused(f"the graph's output {output['tensor']!r} is not float32")
        del tensor.shape.dim[:]
        tensor.shape.dim.add().dim_param = "batch"
        tensor.shape.dim.add().dim_value = output["axes"][1]["size"]


def _check_graph(
    model: onnx.ModelProto, manifest: dict, probe: np.ndarray, responses: dict, tolerance: float, notes: list[str]
) -> None:
    """Runs the graph with onnx's own evaluator, with one picture and with all."""
    from onnx.reference import ReferenceEvaluator

    name = manifest["inputs"][0]["tensor"]
    for pictures in (probe[:1], probe):
        try:
            with np.errstate(all="ignore"):
                results = ReferenceEvaluator(model).run(list(responses), {name: pictures})
        except Exception as error:
            notes.append(f"The graph could not be run with onnx's evaluator ({type(error).__name__}: {error}). Verify it in Twinscope.")
            return
        for (tensor, expected), result in zip(responses.items(), results):
            expected = expected[: len(pictures)]
            if result.shape != expected.shape or not _apart(expected, result) <= tolerance:
                raise _refused(
                    f"the exported graph gives other responses than the module for {len(pictures)} pictures, in the output {tensor!r}",
                    'The trace may have fixed a size or a branch. Try exporter="dynamo".',
                )


def _model_files(model: onnx.ModelProto, external_data: bool) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "model.onnx")
        try:
            if external_data:
                location = "model.onnx.data"
                onnx.save(model, path, save_as_external_data=True, location=location, size_threshold=1024)
            else:
                onnx.save(model, path)
            onnx.checker.check_model(str(path), full_check=True)
        except onnx.checker.ValidationError as error:
            raise _refused(f"onnx refuses the graph: {str(error).strip().splitlines()[0]}") from error
        except ValueError as error:
            raise _refused("the graph is larger than 2 GiB", "Pass external_data=True.") from error
        return {file.name: file.read_bytes() for file in sorted(pathlib.Path(folder).iterdir())}


_SECTIONS = ("Intended use", "Training data", "Evaluation", "Limits", "Licence", "Citation")


def _card(manifest: dict, card: dict[str, str] | str | None, pictures: int, notes: list[str]) -> str:
    if isinstance(card, str):
        missing = [name for name in _SECTIONS if not re.search(rf"^## {name}\s*$", card, re.MULTILINE)]
        if missing or not card.startswith("---\n"):
            what = f"the sections {', '.join(missing)}" if missing else "the YAML front matter"
            raise _refused(f"the card lacks {what}", "Pass a dict of sections to have the rest written.")
        return card if card.endswith("\n") else card + "\n"
    sections = dict(card or {})
    for name, text in sections.items():
        near = difflib.get_close_matches(str(name), _SECTIONS, 1, 0.5)
        if name not in _SECTIONS:
            raise _refused(f"the card has no section {name!r}" + (f"; the nearest is {near[0]!r}" if near else ""))
        _some_text(text, f"card[{name!r}]")
    licences = manifest["licences"]
    stated = {
        "Limits": "\n".join(f"- {failure}" for failure in manifest["validity"]["knownFailures"]),
        "Licence": "Code {code}, weights {weights}, data {data}".format(**licences)
        + (". Commercial use is allowed." if manifest["commercialUse"] else ". Commercial use is not allowed.")
        + (" NOASSERTION: the author has stated none." if "NOASSERTION" in licences.values() else ""),
        "Citation": "\n".join(
            f"- {each['text']}" + (f" https://doi.org/{each['doi']}" if "doi" in each else "") for each in manifest["references"]
        ),
    }
    silent = []
    body = []
    for name in _SECTIONS:
        text = sections.get(name) or stated.get(name)
        if not text:
            silent.append(name)
            text = "Not stated by the author."
        if name == "Evaluation":
            text = f"{text.strip()}\n\n`checks.npz` holds {'one stimulus' if pictures == 1 else f'{pictures} stimuli'} with the responses they must give."
        body.append(f"## {name}\n\n{text.strip()}\n")
    if silent:
        notes.append(f"The card says nothing about: {', '.join(silent)}.")
    known = licences["weights"] not in ("NOASSERTION", "NONE")
    species = [] if manifest["species"] == "none" else [manifest["species"]]
    tags = ["neuroscience", "digital-twin", *species, *(area["name"] for area in manifest["areas"])]
    front = [f"license: {licences['weights'].lower() if known else 'unknown'}", "library_name: onnx", "pipeline_tag: other", "tags:"]
    front += [f"  - {json.dumps(tag, ensure_ascii=False)}" for tag in tags]
    return "\n".join(["---", *front, "---", "", f"# {manifest['title']}", "", manifest["summary"], "", *body])


def _licence(manifest: dict, text: str | None, notes: list[str]) -> str:
    if text is not None:
        text = _some_text(text, "licence")
        return text if text.endswith("\n") else text + "\n"
    stated = manifest["licences"]["weights"]
    notes.append("No text of the licence was given; LICENSE says so.")
    if stated in ("NOASSERTION", "NONE"):
        return "The author has stated no licence for these weights. Without one, nobody may copy, change or use them; ask the author.\n"
    return f"The author states the licence {stated} (https://spdx.org/licenses/) for these weights and has not included its text.\n"


def _npy(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(values, "<f4"), version=(1, 0))
    return buffer.getvalue()


def _zip(files: dict[str, bytes], seal: bool = False) -> bytes:
    """A zip file whose bytes follow from its content alone: stored, without times and modes, as Twinscope writes packages.

    seal: the comment states the SHA-256 of every byte before it, so that one changed byte is noticed.
    """
    parts, directory, at = [], [], 0
    for name, content in files.items():
        path = name.encode()
        described = struct.pack("<4HH3I2H", 20, 0x0800, 0, 0, 0x0021, zlib.crc32(content), len(content), len(content), len(path), 0)
        directory.append(b"PK\x01\x02" + struct.pack("<H", 20) + described + struct.pack("<3H2I", 0, 0, 0, 0, at) + path)
        parts += [b"PK\x03\x04" + described + path, content]
        at += 30 + len(path) + len(content)
    words = b"twinscope package, sealed with sha256 "
    listed = b"".join(directory)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, len(files), len(files), len(listed), at, len(words) + 64 if seal else 0)
    whole = b"".join([*parts, listed, end])
    return whole + words + hashlib.sha256(whole).hexdigest().encode() if seal else whole


def _places(out: pathlib.Path, replace: bool) -> tuple[pathlib.Path, pathlib.Path]:
    folder = out.with_suffix("") if out.suffix == ".twin" else out
    archive = folder.with_name(folder.name + ".twin")
    if not folder.absolute().parent.is_dir():
        raise _refused(f"there is no folder {folder.absolute().parent}", "Make it, or choose another place.")
    taken = next((path for path in (folder, archive) if path.exists()), None)
    if taken is not None and not replace:
        raise _refused(f"{taken} is there already", "Choose another place, or pass replace=True.")
    if archive.is_dir():
        raise _refused(f"{archive} is a folder, not the archive of an earlier export", "Choose another place.")
    if folder.exists():
        own = {"twin.json", "model.onnx", "model.onnx.data", "units.csv", "checks.npz", "card.md", "LICENSE"}
        found = {file.name for file in folder.iterdir()} if folder.is_dir() else set()
        if "twin.json" not in found or found - own:
            raise _refused(f"{folder} holds something else than a package of an earlier export", "Choose another place.")
    return folder, archive


def _write(folder: pathlib.Path, archive: pathlib.Path, files: dict[str, bytes]) -> None:
    """Under temporary names beside its place first: what is there is whole, and the earlier package or the new one."""
    if sum(map(len, files.values())) > 2**32 - 2**20:
        raise _refused("the package is larger than 4 GiB, which an archive does not hold")
    staging = pathlib.Path(tempfile.mkdtemp(prefix=".twin-export-", dir=folder.absolute().parent))
    swapped = False
    try:
        made = staging / "package"
        made.mkdir()
        for name, content in files.items():
            (made / name).write_bytes(content)
        sealed = staging / "package.twin"
        sealed.write_bytes(_zip(files, seal=True))
        _swap([(made, folder), (sealed, archive)], staging)
        swapped = True
    finally:
        if swapped or not any(staging.glob("before-*")):
            shutil.rmtree(staging, ignore_errors=True)


def _swap(changes: list[tuple[pathlib.Path, pathlib.Path]], aside: pathlib.Path) -> None:
    """Renames each made file or folder to its place, and what was there to before-… in `aside`; all of them, or none."""
    moved = []
    try:
        for made, place in changes:
            for source, target in ((place, aside / f"before-{place.name}"), (made, place)):
                if source.exists():
                    source.rename(target)
                    moved.append((source, target))
    except BaseException:
        try:
            for source, target in reversed(moved):
                target.rename(source)
        except OSError as error:
            raise ExportError(
                f"This twin cannot be exported, and the package of the earlier export could not be put back: {error}. It is kept "
                f"in {aside}, under names that begin with before-. Move it back and export again."
            ) from error
        raise
