"""The networks of the speed table in eager PyTorch: images per second of a forward pass and of an input gradient.

    python bench/peers/torch_peer.py --network resnet50 --batch 8 --threads 2 --rounds 5

needs torch, torchvision (resnet50), timm (vit-s16) and onnx (macaque-v1-gabor-energy, read from the built twin). Prints
one line of JSON. Weights are frozen, so a gradient is responses plus the vector-Jacobian product with respect to the
images: what Twinscope's gradient does. Forward passes run in inference mode. Each round times both, one after the
other and each after a rest; the figures are medians over the rounds, after one that warms up.

With --blocks it is the peer of `npm run bench engine`: it prints a line once it is warm, then reads a number of rounds
per line of its input and answers with the milliseconds of each, so that its blocks and Twinscope's can take turns.

Exit codes: 0, 1 (the network does not give the twin's own reference responses), 2 (bad usage), 3 (a package or the
built twin is missing).
"""

import argparse
import importlib
import json
import os
import statistics
import sys
import time

missing_package = 3


def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 on")
    return value


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--network", required=True, choices=["resnet50", "vit-s16", "macaque-v1-gabor-energy"])
    parser.add_argument("--batch", type=positive, default=8, help="images per batch (8)")
    parser.add_argument("--threads", type=positive, default=2, help="threads of one operator (2)")
    parser.add_argument("--rounds", type=positive, default=5, help="rounds after the first, which warms up (5)")
    parser.add_argument("--rest-ms", type=positive, default=20, help="before everything that is timed (20)")
    parser.add_argument("--blocks", action="store_true", help="time a block for every number of rounds on the input")
    parser.add_argument("--twin", metavar="FOLDER", help="folder of the built V1 twin (dist/twins/ of this repository)")
    return parser.parse_args()


def require(package):
    try:
        return importlib.import_module(package)
    except ImportError as error:
        print(
            f"{package} cannot be loaded by {sys.executable}: {error}. Nothing was measured. Install it there "
            "(pip install torch torchvision timm onnx), or name another Python in TWINSCOPE_PEER_PYTHON.",
            file=sys.stderr,
        )
        raise SystemExit(missing_package) from None


def twin_folder(options):
    repository = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    folder = options.twin or os.path.join(repository, "dist", "twins", "macaque-v1-gabor-energy")
    if not os.path.exists(os.path.join(folder, "model.onnx")):
        print("The V1 twin is not built. Nothing was measured. Run `npm run build`, or name --twin.", file=sys.stderr)
        raise SystemExit(missing_package)
    return folder


def build(options, torch):
    """The network and the sizes of one image."""
    torch.manual_seed(1)
    if options.network == "resnet50":
        return require("torchvision").models.resnet50(weights=None), (3, 224, 224)
    if options.network == "vit-s16":
        return require("timm").create_model("vit_small_patch16_224", pretrained=False), (3, 224, 224)
    require("onnx")
    import gabor_energy

    folder = twin_folder(options)
    network = gabor_energy.GaborEnergy(os.path.join(folder, "model.onnx"))
    deviation = gabor_energy.deviation_from_checks(network, os.path.join(folder, "checks.npz"))
    if not deviation < 1e-4:
        print(f"The responses are {deviation:.2g} off the twin's own. Nothing was measured.", file=sys.stderr)
        raise SystemExit(1)
    return network, (1, 224, 224)


def steps(options, torch):
    """What a round times, by name."""
    network, sizes = build(options, torch)
    network.eval().requires_grad_(False)
    images = torch.rand((options.batch, *sizes))
    with torch.inference_mode():
        example = network(images)
    cotangents = torch.rand(example.shape)

    def forward():
        with torch.inference_mode():
            return network(images)

    def gradient():
        stimulus = images.detach().requires_grad_(True)
        responses = network(stimulus)
        return torch.autograd.grad(responses, stimulus, cotangents)[0]

    return {"forward": forward, "gradient": gradient}


def time_block(tasks, rounds, rest_ms):
    """Milliseconds of every task, once per round in turn."""
    times = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            time.sleep(rest_ms / 1000)
            started = time.perf_counter()
            task()
            times[name].append(1000 * (time.perf_counter() - started))
    return times


def answer_blocks(tasks, options, torch):
    print(json.dumps({"torch": torch.__version__}), flush=True)
    for line in sys.stdin:
        print(json.dumps(time_block(tasks, int(line), options.rest_ms)), flush=True)


def summary(tasks, options, torch):
    times = time_block(tasks, options.rounds, options.rest_ms)

    def images_per_second(name):
        return 1000 * options.batch / statistics.median(times[name])

    return {
        "network": options.network,
        "torch": torch.__version__,
        "batch": options.batch,
        "threads": options.threads,
        "rounds": options.rounds,
        "forwardImagesPerSecond": images_per_second("forward"),
        "gradientImagesPerSecond": images_per_second("gradient"),
    }


def main():
    options = read_options()
    torch = require("torch")
    torch.set_num_threads(options.threads)
    torch.set_num_interop_threads(1)
    tasks = steps(options, torch)
    time_block(tasks, 1, options.rest_ms)
    if options.blocks:
        answer_blocks(tasks, options, torch)
    else:
        print(json.dumps(summary(tasks, options, torch)))


if __name__ == "__main__":
    main()
