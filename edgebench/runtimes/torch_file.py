"""What a .pt file holds, read from its zip archive: nothing in it is run, and no torch is needed."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

from edgebench.core.errors import ArtifactError
from edgebench.models.external import pickled

MOST_CODE = 256 * 2**20
"""Bytes of unpacked code and pickles that are read; a zip archive of a few bytes may unpack to any size."""
MOST_ENTRIES = 200_000
IS_CODE = (".py", ".debug_pkl")
OURS = ("torch._utils _rebuild_", "torch._tensor _rebuild_", "collections OrderedDict", "torch ", "numpy", "_codecs ")
"""Beginnings of the names that a pickle of tensors and numbers refers to."""
LEGACY = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
"""The first bytes of a file of torch.save before torch 1.6."""


def precision(path: Path) -> str:
    """Precision of a TorchScript file by the names of operators in its code; raises ArtifactError."""
    code = b"".join(_parts(path))
    if b"quantized.linear_dynamic" in code or b"quantized::linear_dynamic" in code:
        return "int8-dynamic"
    return "int8" if b"ops.quantized" in code else "fp32"


def on_cuda(path: Path) -> bool:
    """Whether a TorchScript file computes on CUDA wherever it is loaded: it was traced there, and names the device.

    Code with a branch may choose another device, so of that nothing is known. Raises ArtifactError.
    """
    code = b"".join(_parts(path))
    return b'torch.device("cuda' in code and not re.search(rb"^\s*if ", code, re.MULTILINE)


def returns(path: Path) -> str:
    """The type that a TorchScript file answers, such as `Tensor` or `Tuple[Tensor, Tensor]`; empty where unknown."""
    try:
        with zipfile.ZipFile(path) as archive:
            kept = next(entry for entry in archive.infolist() if entry.filename.endswith("/data.pkl"))
            if kept.file_size > MOST_CODE:
                return ""
            network = pickled.named(_content(archive, kept))[0].replace(" ", ".")
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, OSError,
            StopIteration, IndexError):  # fmt: skip
        return ""
    head = rb"def forward\(\w+: " + re.escape(network.encode()) + rb"\b[^)]*\) -> ([^:\n]{1,500}):"
    found = next((match for part in _parts(path) if (match := re.search(head, part))), None)
    return found[1].decode(errors="replace") if found else ""


def _parts(path: Path) -> list[bytes]:
    """The code in the archive; raises ArtifactError where it is none of TorchScript."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_ENTRIES:
                raise ArtifactError(f"{path}: not a TorchScript file: an archive of {len(entries)} files")
            if any(entry.flag_bits & 1 for entry in entries):
                raise ArtifactError(f"{path}: an encrypted archive; TorchScript files are not: save it again")
            names = [entry.filename for entry in entries]
            if not any(name.endswith("/constants.pkl") for name in names):
                _refuse(path, archive, names)
            code = [entry for entry in entries if entry.filename.endswith(IS_CODE)]
            if sum(entry.file_size for entry in code) > MOST_CODE:
                raise ArtifactError(f"{path}: its code unpacks to more than {MOST_CODE // 2**20} MiB")
            return [_content(archive, entry) for entry in code]
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        with path.open("rb") as stream:
            start = stream.read(len(LEGACY))
        if start == LEGACY:
            raise ArtifactError(_of_torch_save(path, "a file of torch.save in its old format")) from None
        if start[:1] == b"P":
            raise ArtifactError(f"{path}: a damaged or cut file: {str(error)[:100]}") from None
        raise ArtifactError(f"{path}: not a TorchScript file (those are made by torch.jit.save)") from None
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be read ({error.strerror or error})") from None


def _refuse(path: Path, archive: zipfile.ZipFile, names: list[str]) -> None:
    """Raise ArtifactError for an archive that is not TorchScript's, by what it holds."""
    kept = next((name for name in names if name.endswith("/data.pkl")), None)
    if kept is None:
        what = (
            "a program of torch.export" if any("archive_format" in n or "models/" in n for n in names) else "an archive"
        )
        raise ArtifactError(f"{path}: {what}, not a TorchScript file (those are made by torch.jit.save)")
    entry = archive.getinfo(kept)
    if entry.file_size > MOST_CODE:
        raise ArtifactError(f"{path}: its pickle unpacks to more than {MOST_CODE // 2**20} MiB")
    foreign = [name for name in pickled.named(_content(archive, entry)) if not name.startswith(OURS)]
    if foreign:
        raise ArtifactError(
            f"{path}: holds a whole pickled network ({foreign[0][:60]}); it is never unpickled, since that runs code: "
            "save model.state_dict() for --model FILE.py:build --weights, or export it: torch.jit.trace, torch.onnx"
        )
    raise ArtifactError(_of_torch_save(path, "holds a state dict"))


def _of_torch_save(path: Path, what: str) -> str:
    return f"{path}: {what}, without the network: use --model FILE.py:build --weights {path}"


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """One entry, no more of it than its header claims."""
    with archive.open(entry) as stream:
        return stream.read(entry.file_size)
