"""What the house asks about a format, answered by its runtime; where a runtime does not say, the default is here.

`core.protocols.Format` describes each answer. A format whose runtime is not installed here has the defaults.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench.core import installing, registry
from edgebench.core.errors import ArtifactError, EdgeBenchError, MissingPackage, UnknownPlugin, first_line

if TYPE_CHECKING:
    from edgebench.core.contracts import Artifact
    from edgebench.core.file_facts import FileFacts, Layer, Program
    from edgebench.core.io_adapter import IOAdapter


def known() -> Iterator[tuple[str, Any]]:
    """Each format with its runtime; those that cannot be imported here are left out."""
    for name in registry.names("runtimes"):
        if (runtime := _runtime(name)) is not None:
            yield name, runtime


def _runtime(form: str) -> Any:
    try:
        return registry.runtime(form)
    except (EdgeBenchError, ImportError):
        return None


def requirements(form: str, machine: str) -> tuple[str, ...]:
    """What pip installs to run a format on an architecture; empty where nobody knows."""
    asked = getattr(_runtime(form), "requirements", None)
    return tuple(asked(machine)) if asked else ()


def unsupported(form: str, device: str, engine: str, machine: str) -> str:
    """Why no machine of an architecture can run a format, whatever is installed there; empty where one can."""
    asked = getattr(_runtime(form), "supports", None)
    return str(asked(device, engine, machine)) if asked else ""


def missing(form: str) -> str:
    """Why a format cannot run here: a package that is not installed, and what installs it; imports no package."""
    runtime, machine = _runtime(form), installing.architecture()
    if runtime is None:
        try:
            registry.runtime(form)
        except UnknownPlugin as error:
            return str(error)
        except (EdgeBenchError, ImportError) as error:
            return first_line(error)
    needed = requirements(form, machine)
    modules = getattr(runtime, "modules", [installing.distribution(one).replace("-", "_") for one in needed])
    return installing.missing(modules, needed, unsupported(form, "cpu", "", machine))


def packages() -> tuple[str, ...]:
    """Distributions whose versions decide what any format measures here."""
    found: dict[str, None] = {}
    for _, runtime in known():
        asked = getattr(runtime, "requirements", None)
        needed = map(installing.distribution, asked(installing.architecture()) if asked else ())
        found |= dict.fromkeys(getattr(runtime, "packages", needed))
    return tuple(found)


def suffixes() -> tuple[str, ...]:
    """Ends of the names of files that a user may bring."""
    return tuple(dict.fromkeys(end for _, runtime in known() for end in getattr(runtime, "suffixes", ())))


def of_file(path: Path) -> str:
    """The format of a file that a user brings; empty where its name says none.

    Of several formats with one suffix, the first whose `identify` says so has it, else the first without `identify`.
    """
    found = [(name, runtime) for name, runtime in known() if path.suffix in getattr(runtime, "suffixes", ())]
    asked = {name: getattr(runtime, "identify", None) for name, runtime in found}
    names = list(asked)
    if len(names) > 1 and path.is_file():
        silent = [name for name in names if asked[name] is None]
        names = [name for name in names if (one := asked[name]) and one(path)] or silent or names
    return names[0] if names else ""


def files(form: str, path: Path) -> tuple[Path, ...]:
    """The files of an artifact, of which `path` is the one that is loaded: itself first."""
    asked = getattr(_runtime(form), "files", None)
    return tuple(asked(path)) if asked else (path,)


def check(form: str, path: Path) -> None:
    """Raise ArtifactError where a file cannot be measured as it is, by a look at its bytes."""
    if asked := getattr(_runtime(form), "check", None):
        asked(path)


def uses_engine(form: str) -> bool:
    """Whether its quantized files run under the quantized engine of torch that a target has."""
    return bool(getattr(_runtime(form), "uses_engine", False))


def rebuilds(form: str) -> bool:
    """Whether it runs the network's own code, so that its manifest names the architecture."""
    return bool(getattr(_runtime(form), "rebuilds", False))


def ends_with(form: str) -> str:
    """What the files of a format depend on that is to be removed; empty for nothing."""
    return str(getattr(_runtime(form), "ends_with", ""))


def facts(form: str, path: Path) -> FileFacts:
    """What a file says about itself. To be called in a child. Raises ArtifactError, MissingPackage."""
    return _asked(form, path, "facts", "files of the format '{}' cannot be imported")(path)  # type: ignore[no-any-return]


def answers(form: str, path: Path, feed: IOAdapter, shapes: Sequence[Sequence[int]]) -> list[tuple[str | int, str]]:
    """The outputs for one record of zeros, (key or position, shape), of a format that declares none.

    `shapes` are those of the record and of its further inputs. To be called in a child. Raises ArtifactError.
    """
    asked = _asked(form, path, "answers", "a file of the format '{}' does not say what it answers")
    return list(asked(path, feed, shapes))


def layers(form: str, path: Path) -> list[Layer]:
    """The layers of a file that have weights, in its order. To be called in a child.

    Raises ArtifactError, MissingPackage.
    """
    asked = _asked(form, path, "layers", "weights of the format '{}' cannot be read")
    try:
        return list(asked(path))
    except ModuleNotFoundError as error:
        extra = getattr(_runtime(form), "extra", "all")
        raise MissingPackage(str(error.name), extra, f"to inspect '{path}'") from None


def program(form: str, artifact: Artifact, device: str, engine: str, threads: int) -> Program | None:
    """Lines that load an artifact and predict with it; None for a format that only EdgeBench loads."""
    asked = getattr(_runtime(form), "program", None)
    return asked(artifact, device, engine, threads) if asked else None


def _asked(form: str, path: Path, what: str, otherwise: str) -> Any:
    try:
        found = getattr(registry.runtime(form), what, None)
    except UnknownPlugin as error:
        raise ArtifactError(f"{path}: {error}") from None
    if found is None:
        raise ArtifactError(f"{path}: {otherwise.format(form)}")
    return found


def extras() -> dict[str, tuple[str, ...]]:
    """Of EdgeBench's own runtimes: each extra, with the formats whose packages it installs."""
    found: dict[str, tuple[str, ...]] = {}
    for name, runtime in known():
        own = registry.place("runtimes", name).startswith("edgebench.")
        if own and (extra := getattr(runtime, "extra", "")):
            found[extra] = (*found.get(extra, ()), name)
    return found
