"""Recreate recorded results: `python -m recipes NAME`."""

import argparse
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pandas as pd

from recipes import (
    anomalies,
    cifar10,
    denoising,
    denoising_pulses,
    digit_codes,
    digits,
    extrapolation,
    gates,
    holding,
    linear_codes,
    long_records,
    memory,
    outlook,
    playgrounds,
    pretraining,
    pulses,
    rectified,
    regimes,
    series,
    series_codes,
    tracks,
    variational,
    writers,
)

__all__ = ["PACKAGES", "RECIPES", "SUMS", "header", "main", "note", "parser", "write"]

FOLDER = Path(__file__).parents[1] / "lectures_lib" / "recorded"
# One for each recorded file: cd lectures_lib/recorded && sha256sum --check ../../recipes/SHA256SUMS
SUMS = Path(__file__).with_name("SHA256SUMS")
PACKAGES = ("keras", "tensorflow", "numpy", "scikit-learn")
RECIPES = {
    recipe.__name__: recipe
    for recipe in (
        digit_codes.autoencoder_errors,
        anomalies.anomaly_digits,
        anomalies.anomaly_pulses,
        digit_codes.digit_code_choices,
        digit_codes.digit_codes,
        digits.digits_batch_size,
        digits.digits_choice,
        digits.digits_grid,
        digits.digits_learning_curves,
        digits.digits_seeds,
        cifar10.cifar10_base,
        cifar10.cifar10_calibration,
        cifar10.cifar10_confusion,
        cifar10.cifar10_disturbed,
        cifar10.cifar10_history,
        cifar10.cifar10_lecture,
        cifar10.cifar10_noise,
        cifar10.cifar10_patches,
        cifar10.cifar10_residual,
        cifar10.cifar10_runs,
        cifar10.cifar10_transfer,
        memory.memory_again,
        memory.memory_epochs,
        memory.memory_slopes,
        memory.memory_tasks,
        series.motion_horizon,
        series.sine_networks,
        series_codes.series_codes,
        long_records.sine_intervals,
        long_records.sine_records,
        extrapolation.extrapolation_couplings,
        extrapolation.extrapolation_forms,
        extrapolation.extrapolation_grid,
        extrapolation.extrapolation_runs,
        denoising.denoising_digits,
        denoising.denoising_filters,
        denoising.denoising_shuffled,
        denoising.sparsity_runs,
        denoising.sparsity_strokes,
        denoising_pulses.denoising_pulses,
        gates.gated_frozen,
        gates.gated_runs,
        gates.gated_seeds,
        holding.holding_networks,
        holding.unit_limits,
        linear_codes.linear_codes,
        outlook.outlook_padding,
        outlook.outlook_recall,
        outlook.outlook_smoothing,
        playgrounds.playground_digits,
        playgrounds.playground_gates,
        pretraining.convolutional_maps,
        pretraining.few_labels,
        pretraining.map_errors,
        pretraining.pretrained_encoder,
        rectified.rectified_networks,
        regimes.regime_curves,
        regimes.regime_networks,
        regimes.regime_runs,
        pulses.pulse_networks,
        pulses.pulse_rates,
        tracks.track_angles,
        variational.variational_beta,
        variational.variational_drawn,
        variational.variational_evidence,
        variational.variational_ising,
        variational.variational_networks,
        variational.variational_pictures,
        variational.variational_samples,
        writers.digits_writers,
    )
}


def header(name):
    """Return the comment lines that begin the file `name`.

    >>> header("digits_seeds").splitlines()[0]
    '# python -m recipes digits_seeds'
    """
    versions = (f"{package} {_version(package)}" for package in PACKAGES)
    lines = (f"python -m recipes {name}", RECIPES[name].__doc__, ", ".join(versions))
    return "".join(f"# {line}\n" for line in lines)


def _version(package):
    """Return the version of a package, for TensorFlow also of its CPU build."""
    try:
        return version(package)
    except PackageNotFoundError:
        return version(f"{package}-cpu")


def parser():
    """Return the parser of the command line.

    >>> parser().parse_args(["digits_seeds"]).name
    'digits_seeds'
    """
    result = argparse.ArgumentParser(prog="python -m recipes")
    result.add_argument("name", choices=[*RECIPES, "all"], help="the result to recreate")
    result.add_argument("--folder", type=Path, default=FOLDER, help="where to write")
    return result


def main(arguments=None):
    """Recreate the results that the command line names, and print where they are."""
    chosen = parser().parse_args(arguments)
    for name in RECIPES if chosen.name == "all" else [chosen.name]:
        path = write(name, RECIPES[name](), folder=chosen.folder)
        if chosen.folder == FOLDER:
            note(path)
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


def write(name, result, *, folder):
    """Write a table as a CSV file with a header, a list of weights as `.npz`; return the path."""
    if isinstance(result, pd.DataFrame):
        path = folder / f"{name}.csv"
        table = result.to_csv(index=False, float_format="%.5g", na_rep="nan")
        path.write_text(header(name) + table, encoding="utf-8")
    else:
        path = folder / f"{name}.npz"
        np.savez_compressed(path, *result, header=header(name))
    return path


def note(path):
    """Write the SHA-256 of a recorded file into `SUMS`, and leave those of all others."""
    lines = SUMS.read_text(encoding="utf-8").splitlines()
    others = [line for line in lines if not line.endswith(f"  {path.name}")]
    own = f"{sha256(path.read_bytes()).hexdigest()}  {path.name}"
    ordered = sorted([*others, own], key=lambda line: line.split()[1])
    SUMS.write_text("".join(f"{line}\n" for line in ordered), encoding="utf-8")


if __name__ == "__main__":
    main()
