"""The parts of a Word file, unpacked no further than a document can need."""

from __future__ import annotations

import mmap
import posixpath
import re
import zlib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from embedtune.corpus.readers.xml_safety import MAX_XML_BYTES, parse_xml
from embedtune.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO
    from zipfile import ZipInfo

    from lxml.etree import _Element

_OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_END_OF_DIRECTORY = re.compile(rb"PK\x05\x06")
_ZIP64_LOCATOR = b"PK\6\7"
_END_BYTES, _LOCATOR_BYTES, _MAX_COMMENT = 22, 20, 65535
_ENCRYPTED_FLAG = 1
_MAX_DIRECTORY = 4 * 1024 * 1024
_MAX_UNPACKED = 1024 * 1024 * 1024
_MAX_RATIO = 200
_FREE_RATIO_BYTES = 1024 * 1024
_DAMAGES = (BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)
_SAVE_AGAIN = "Open it in Word or LibreOffice and save it again, or leave it out."
_MAIN_PART = "word/document.xml"


@dataclass(frozen=True, slots=True)
class DocxPackage:
    """An open Word file; only the parts that are asked for are unpacked.

    Attributes:
        path: The file.
        archive: Its zip archive.
    """

    path: Path
    archive: ZipFile

    def main_part(self) -> str:
        """Return the name of the part that holds the text."""
        return self.related("", "officeDocument") or _MAIN_PART

    def related(self, part: str, kind: str) -> str | None:
        """Return the name of the first part that another refers to by a kind of relationship, such as ``styles``.

        Args:
            part: The part that refers; empty for the package.
            kind: The last word of the relationship's type.
        """
        folder, name = posixpath.split(part)
        relations = self.tree(posixpath.join(folder, "_rels", f"{name}.rels"))
        for relation in relations if relations is not None else ():
            if relation.get("Type", "").rpartition("/")[2] == kind and relation.get("TargetMode") != "External":
                target = posixpath.join("/", folder, relation.get("Target", ""))
                return posixpath.normpath(target).lstrip("/")
        return None

    def tree(self, part: str) -> _Element | None:
        """Return the root of an XML part, ``None`` if there is no such part.

        Raises:
            DocumentError: The part is encrypted, damaged, a zip bomb, or XML that is refused (see `parse_xml`).
        """
        try:
            info = self.archive.getinfo(part)
        except KeyError:
            return None
        name = f"{self.path} ({part})"
        try:
            data = self._unpacked(info)
        except _DAMAGES as error:
            raise DocumentError(f"{name} cannot be unpacked: {error}.", _SAVE_AGAIN) from error
        return parse_xml(data, name)

    def _unpacked(self, info: ZipInfo) -> bytes:
        """Unpack a part, never more than the limits allow, whatever the archive's directory says of its size."""
        if info.flag_bits & _ENCRYPTED_FLAG:
            raise DocumentError(f"{self.path} is encrypted.", "Save it without a password.")
        if info.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
            raise DocumentError(f"{self.path} is packed in a way that Word does not write.", _SAVE_AGAIN)
        limit = min(MAX_XML_BYTES, max(_FREE_RATIO_BYTES, _MAX_RATIO * info.compress_size))
        if info.file_size <= limit:
            with self.archive.open(info) as part:
                data = part.read(limit + 1)
            if len(data) <= limit:
                return data
        raise _bomb(self.path, f"{info.filename} unpacks to more than {limit >> 20} MiB")


@contextmanager
def open_docx(path: Path) -> Iterator[DocxPackage]:
    """Open a Word file after looking at its outside: what it is, and how much it claims to hold.

    Raises:
        DocumentError: The file cannot be read, is empty, encrypted, no zip archive, damaged, or
            would unpack to more than 1 GiB.
    """
    with ExitStack() as opened:
        try:
            file = opened.enter_context(path.open("rb"))
            _check_outside(path, file)
            archive = opened.enter_context(ZipFile(file))
        except (BadZipFile, NotImplementedError, ValueError) as error:
            raise DocumentError(f"{path} is damaged: {error}.", _SAVE_AGAIN) from error
        except OSError as error:
            message = f"{path} cannot be read: {error.strerror or error}."
            raise DocumentError(message, "Check the path and permissions.") from error
        if sum(info.file_size for info in archive.infolist()) > _MAX_UNPACKED:
            raise _bomb(path, f"its parts unpack to more than {_MAX_UNPACKED >> 30} GiB")
        yield DocxPackage(path, archive)


def _check_outside(path: Path, file: BinaryIO) -> None:
    size = file.seek(0, 2)
    file.seek(0)
    start = file.read(len(_OLE))
    if not start:
        raise DocumentError(f"{path} is empty (0 bytes).", "Save it again, or leave it out.")
    if start == _OLE:
        raise _ole(path, file)
    file.seek(max(0, size - _END_BYTES - _MAX_COMMENT - _LOCATOR_BYTES))
    tail = file.read()
    ends = [match.start() for match in _END_OF_DIRECTORY.finditer(tail)]
    if not start.startswith(b"PK") or not ends:
        raise DocumentError(f"{path} is not a Word document: it is no zip archive, or cut short.", _SAVE_AGAIN)
    # Every mark counts: which of several is the true one is a matter of how a program looks for it.
    if any(_claims_too_much(tail, end) for end in ends):
        raise _bomb(path, "its directory lists more parts than a document can have")


def _claims_too_much(tail: bytes, end: int) -> bool:
    """Tell whether the end of a zip archive names a directory that takes much memory to read."""
    size = int.from_bytes(tail[end + 12 : end + 16], "little")
    return size > _MAX_DIRECTORY or tail[:end][-_LOCATOR_BYTES:].startswith(_ZIP64_LOCATOR)


def _ole(path: Path, file: BinaryIO) -> DocumentError:
    """Return the error for the container that Word uses for encrypted files, and used for all before 2007."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find(_ENCRYPTED_STREAM) >= 0:
            return DocumentError(f"{path} is encrypted.", "Save it without a password.")
    return DocumentError(f"{path} is an old Word file (.doc) under another name.", "Save it as .docx.")


def _bomb(path: Path, why: str) -> DocumentError:
    return DocumentError(f"{path} looks like a zip bomb: {why}.", _SAVE_AGAIN)
