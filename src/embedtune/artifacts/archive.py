"""A version as one file: a plain tar (POSIX ustar) of which every byte follows from the version.

The manifest comes first, then the signature if there is one, then the files as the manifest lists them. Names,
sizes and contents are the version's; owner, date and mode are constants. So equal versions give equal archives,
and a reader knows each header before it reads it: whatever else stands there (a link, a device, a path that leads
out, a file twice, one more) differs from what must stand there, and is refused unread. Nothing is compressed,
because weights hardly shrink and compressors differ between releases; so nothing can blow up.
"""

from __future__ import annotations

import tarfile
from typing import IO, TYPE_CHECKING

from embedtune.artifacts.folder_check import MANIFEST_NAME, SIGNATURE_NAME
from embedtune.artifacts.manifest import manifest_to_json
from embedtune.artifacts.signing import MOST_SIGNATURE_BYTES
from embedtune.errors import FormatError, InputError

if TYPE_CHECKING:
    from embedtune.vocabulary.versions import Manifest

ARCHIVE_SUFFIX = ".tar"
MOST_MANIFEST_BYTES = 16 << 20
BLOCK = 512

_END = bytes(2 * BLOCK)
_KINDS = {
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.LNKTYPE: "a hard link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
    tarfile.DIRTYPE: "a folder",
}


def header(label: str, name: str, size: int) -> bytes:
    """Return the block that stands before a file.

    Args:
        label: The version, which is the folder that the archive unpacks to.
        name: The file's path in it.
        size: Its size in bytes.

    Raises:
        InputError: The format has no room for so long a name or so large a file.
    """
    info = tarfile.TarInfo(f"{label}/{name}")
    info.size, info.mode = size, 0o444
    try:
        return info.tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict")
    except ValueError as error:
        raise InputError(
            f"{label}/{name} does not fit into an archive: {error}.", "Copy the version's folder instead."
        ) from error


def padding(size: int) -> int:
    """Return how many zero bytes follow a file's content."""
    return -size % BLOCK


def archive_size(manifest: Manifest, signature: int) -> int:
    """Return the length of a version's archive.

    Args:
        manifest: The version's manifest.
        signature: Length of its signature, 0 without one.
    """
    contents = [len(manifest_to_json(manifest).encode()), *(entry.size for entry in manifest.files)]
    contents += [signature] if signature else []
    return sum(BLOCK + size + padding(size) for size in contents) + len(_END)


class ArchiveReader:
    """Reads what must stand in an archive, from its beginning to its end.

    Args:
        stream: The archive.
        where: Its path, for messages.
    """

    def __init__(self, stream: IO[bytes], where: str) -> None:
        self.stream = stream
        self.where = where
        self._block = b""

    def beginning(self) -> tuple[str, bytes]:
        """Return the label that all names begin with, and the manifest's text.

        Raises:
            FormatError: It does not begin with a manifest of a size that one can have.
        """
        info = self._described(self._next())
        label, _, name = info.name.partition("/")
        if name != MANIFEST_NAME or not 0 < info.size <= MOST_MANIFEST_BYTES:
            raise self.refused(f"it begins with {_told(info)}, not with a version's manifest")
        self.expect(label, MANIFEST_NAME, info.size)
        return label, self.content(info.size)

    def signature(self, label: str) -> bytes | None:
        """Return the signature, ``None`` where the next file is another.

        Raises:
            FormatError: It is far too large.
        """
        info = self._described(self._next())
        if info.name != f"{label}/{SIGNATURE_NAME}":
            return None
        if not 0 < info.size <= MOST_SIGNATURE_BYTES:
            raise self.refused(f"{info.name} is far too large, or empty")
        self.expect(label, SIGNATURE_NAME, info.size)
        return self.content(info.size)

    def expect(self, label: str, name: str, size: int) -> None:
        """Read the header of a file.

        Raises:
            FormatError: Something else stands there.
        """
        block = self._next()
        if block != header(label, name, size):
            found = _told(self._described(block))
            raise self.refused(f"{label}/{name} of {size:,} bytes must come next, and there is {found}")
        self._block = b""

    def content(self, size: int) -> bytes:
        """Return a file's content, which the caller knows to be small.

        Raises:
            FormatError: The archive ends before.
        """
        data = self.stream.read(size)
        if len(data) != size:
            raise self.refused("it ends too early")
        self.pass_over_padding(size)
        return data

    def pass_over_padding(self, size: int) -> None:
        """Read the zero bytes behind a file.

        Raises:
            FormatError: They are none.
        """
        if self.stream.read(padding(size)) != bytes(padding(size)):
            raise self.refused("something stands between its files")

    def end(self) -> None:
        """Read the end.

        Raises:
            FormatError: More follows.
        """
        if self._next() + self.stream.read(BLOCK) != _END or self.stream.read(1):
            raise self.refused("there is more in it than the manifest lists")

    def refused(self, reason: str) -> FormatError:
        """Return the error of an archive that is not as it must be."""
        return FormatError(
            f"{self.where} is not the archive of a version: {reason}.",
            "Make one with `embedtune models export`; a compressed archive must be unpacked to a plain .tar first.",
        )

    def _next(self) -> bytes:
        """Return the next block, which stays the next until a file of it was read."""
        self._block = self._block or self.stream.read(BLOCK)
        if len(self._block) != BLOCK:
            raise self.refused("it ends too early")
        return self._block

    def _described(self, block: bytes) -> tarfile.TarInfo:
        try:
            return tarfile.TarInfo.frombuf(block, "utf-8", "replace")
        except tarfile.HeaderError as error:
            raise self.refused(str(error)) from error


def write_end(stream: IO[bytes]) -> None:
    """Write what stands at the end of an archive."""
    stream.write(_END)


def _told(info: tarfile.TarInfo) -> str:
    kind = _KINDS.get(info.type, "a file" if info.isreg() else "an entry of another kind")
    return f"{kind} named {info.name!r} of {info.size:,} bytes"
