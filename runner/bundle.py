"""Write the folder `wheels`: the packages for a set-up without a network, from a memory stick.

    python run.py bundle FOLDER --for windows --for macos --python 3.12 --python 3.13

fetches them for each of these systems with each of these Pythons; without options, for this machine. It runs in the
environment, because pip is there.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from runner.downloading import BundleProblem, fetch, pins_of
from runner.stamp import hash_of
from runner.wheels import NAME, PYTHONS, SYSTEMS, About, Target, read_about, this_machine

LOCK = Path(__file__).resolve().parent.parent / "requirements-lock.txt"
FETCHING = "fetching-"


def main(arguments: list[str]) -> int:
    """Write the wheels for each target that is asked for; 0 when all could be had."""
    asked = parsed(arguments)
    try:
        folder = prepared(asked.folder, LOCK)
        complete = [add(folder, target, LOCK) for target in asked.targets]
    except BundleProblem as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The folder for the packages cannot be written: {error}", file=sys.stderr)
        return 1
    megabytes = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    print(
        f"{folder} holds {megabytes:.0f} MB. Copy this folder into the folder of the course, beside run.py."
    )
    print("Then the usual command sets up the course without a network.")
    return 0 if all(complete) else 1


def parsed(arguments: list[str]) -> argparse.Namespace:
    """The folder and the targets that the arguments ask for."""
    here = this_machine()
    parser = argparse.ArgumentParser(
        prog="run.py bundle", description="Write a folder with all packages, for a set-up without a network."
    )
    parser.add_argument(
        "folder", type=Path, help=f"where to put it; the packages go into a folder {NAME} there"
    )
    parser.add_argument(
        "--for", dest="systems", action="append", choices=SYSTEMS, help="a system (several times)"
    )
    parser.add_argument(
        "--python", dest="pythons", action="append", choices=PYTHONS, help="its Python (several times)"
    )
    asked = parser.parse_args(arguments)
    if not asked.systems and not here.system:
        parser.error(
            f"this system is none of those that can be named; say --for and one of {', '.join(SYSTEMS)}"
        )
    pairs = [(s, p) for s in asked.systems or [here.system] for p in asked.pythons or [here.python]]
    asked.targets = [Target(*pair) for pair in dict.fromkeys(pairs)]
    return asked


def prepared(folder: Path, lock: Path) -> Path:
    """The folder for the wheels: new, or one that this command wrote, without what belongs to older pins.

    Raises:
        BundleProblem: when the folder holds what this command has not written.
        OSError: when it cannot be written.
    """
    folder = folder.resolve()
    folder = folder if folder.name == NAME else folder / NAME
    folder.mkdir(parents=True, exist_ok=True)
    about = read_about(folder)
    if about is None and any(folder.iterdir()):
        raise BundleProblem(f"{folder} holds what this command has not written. Name another folder.")
    if about is None or about.pins != hash_of(lock):
        About(hash_of(lock)).write(folder)
    keep_only_listed(folder)
    return folder


def keep_only_listed(folder: Path) -> None:
    """Delete the wheels that no target needs, and what a fetch left that came to a sudden end."""
    about = read_about(folder)
    listed = {name for files in (about.files if about else {}).values() for name in files}
    for path in folder.glob("*.whl"):
        if path.name not in listed:
            path.unlink()
    for rest in folder.glob(f"{FETCHING}*"):
        shutil.rmtree(rest)


def add(folder: Path, target: Target, lock: Path) -> bool:
    """Fetch the packages of one target into the folder and list them; False when some cannot be had as a wheel."""
    print(f"Fetching the packages for {target} ...", flush=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=FETCHING) as fresh:
        unavailable = fetch(Path(fresh), target, pins_of(target, lock))
        if unavailable:
            print(
                f"For {target} these packages cannot be had as a wheel: {', '.join(unavailable)}. Left out."
            )
            return False
        files = {path.name: path.stat().st_size for path in sorted(Path(fresh).iterdir())}
        for name in files:
            (Path(fresh) / name).replace(folder / name)
    about = read_about(folder) or About(hash_of(lock))
    about.files[str(target)] = files
    about.write(folder)
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
