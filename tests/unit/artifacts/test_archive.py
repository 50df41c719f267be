from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.artifacts.exporting import export_version
from embedtune.artifacts.importing import import_version
from embedtune.artifacts.manifest import build_manifest, manifest_to_json
from embedtune.artifacts.trust import TrustPolicy
from embedtune.artifacts.verified_copy import verified_copy
from embedtune.errors import (
    EmbedtuneError,
    FormatError,
    InputError,
    SignatureError,
    VerificationError,
    VersionExistsError,
)
from version_samples import fill_version, registry_in, version_facts

TRUSTING = TrustPolicy()


def exported(folder, key=None, fill=fill_version, name="v.tar"):
    """Publish a version and export it; returns the version and its archive."""
    version = registry_in(folder).publish(version_facts(), fill, key)
    export_version(version, folder / name, TRUSTING, folder / "cache")
    return version, folder / name


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A version and its archive."""
    return exported(tmp_path_factory.mktemp("whole"))


def members(archive):
    """Return (description, content) of everything in an archive."""
    with tarfile.open(archive) as opened:
        return [(info, opened.extractfile(info).read()) for info in opened.getmembers()]


def packed(path, parts, form=tarfile.USTAR_FORMAT):
    """Write an archive of (description, content) as anybody could."""
    with tarfile.open(path, "w", format=form) as opened:
        for info, content in parts:
            opened.addfile(info, io.BytesIO(content))
    # only as many zero blocks at the end as an export has
    path.write_bytes(path.read_bytes().rstrip(b"\0"))
    data = path.read_bytes()
    path.write_bytes(data + bytes(-len(data) % 512) + bytes(1024))
    return path


def entry(path, content=b"", **changes):
    info = tarfile.TarInfo(f"embedtune-v1.0/{path}")
    info.size, info.mode = len(content), 0o444
    for field, value in changes.items():
        setattr(info, field, value)
    return info, content


def taken_in(archive, folder, policy=TRUSTING):
    return import_version(registry_in(folder), archive, policy)


def assert_nothing_came(folder):
    registry = registry_in(folder)
    assert registry.list() == ()
    assert registry.history.entries() == ()
    assert [
        path for path in folder.rglob("*") if path.is_file() and path.suffix != "" and "v.tar" not in path.name
    ] == []


def test_a_version_comes_back_as_it_was(whole, tmp_path):
    version, archive = whole
    came = taken_in(archive, tmp_path)
    assert came.manifest == version.manifest
    registry = registry_in(tmp_path)
    assert registry.verify(came) == ()
    assert [str(e.deed.action) for e in registry.history.entries()] == ["imported"]
    assert (came.folder / "manifest.json").read_bytes() == (version.folder / "manifest.json").read_bytes()
    with pytest.raises(VersionExistsError):
        taken_in(archive, tmp_path)


def test_equal_versions_give_equal_bytes(whole, tmp_path):
    version, archive = whole
    again = tmp_path / "again.tar"
    export_version(version, again, TRUSTING, tmp_path / "cache")
    assert again.read_bytes() == archive.read_bytes()
    _, elsewhere = exported(tmp_path)
    assert elsewhere.read_bytes() == archive.read_bytes()


def test_any_tar_program_reads_it(whole):
    version, archive = whole
    found = {info.name: content for info, content in members(archive)}
    listed = {f"embedtune-v1.0/{e.path}": (version.folder / e.path).read_bytes() for e in version.manifest.files}
    assert found == {"embedtune-v1.0/manifest.json": manifest_to_json(version.manifest).encode(), **listed}


def test_the_signature_goes_along(tmp_path, keys, other_keys):
    _, archive = exported(tmp_path, keys.private)
    (tmp_path / "a").mkdir()
    came = taken_in(archive, tmp_path / "a", keys.required)
    assert registry_in(tmp_path / "a", keys.required).verify(came) == ()
    (tmp_path / "b").mkdir()
    with pytest.raises(SignatureError, match="not an allowed one"):
        taken_in(archive, tmp_path / "b", other_keys.required)
    assert_nothing_came(tmp_path / "b")


def test_an_unsigned_one_is_refused_where_signatures_are_required(whole, tmp_path, keys):
    with pytest.raises(SignatureError, match="there is none"):
        taken_in(whole[1], tmp_path, keys.required)
    assert_nothing_came(tmp_path)


LINK = {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}
EVIL = {
    "path traversal": (entry("../../evil.json", b"{}"), "a file named 'embedtune-v1.0/../../evil.json'"),
    "absolute path": (entry("x", b"{}", name="/etc/evil.json"), "a file named '/etc/evil.json'"),
    "symbolic link": (entry("model/config.json", **LINK), "a symbolic link named"),
    "hard link": (entry("model/config.json", type=tarfile.LNKTYPE, linkname="manifest.json"), "a hard link named"),
    "device": (entry("model/config.json", type=tarfile.CHRTYPE), "a device named"),
    "block device": (entry("model/config.json", type=tarfile.BLKTYPE), "a device named"),
    "pipe": (entry("model/config.json", type=tarfile.FIFOTYPE), "a pipe named"),
    "folder": (entry("model", type=tarfile.DIRTYPE), "a folder named"),
    "case twin": (entry("model/CONFIG.json", b"{}"), "a file named 'embedtune-v1.0/model/CONFIG.json'"),
    "unlisted": (entry("model/extra.json", b"{}"), "a file named 'embedtune-v1.0/model/extra.json'"),
    "pickle": (entry("model/weights.bin", b"\x80\x04"), "a file named 'embedtune-v1.0/model/weights.bin'"),
    "hidden": (entry(".git/config", b"x"), "a file named 'embedtune-v1.0/.git/config'"),
    "executable": (entry("model/1_Pooling/config.json", b"{}", mode=0o755), "a file named"),
    "bomb": (entry("model/1_Pooling/config.json", size=(8 << 30) - 1), "of 8,589,934,591 bytes"),
}


@pytest.mark.parametrize("kind", EVIL)
def test_whatever_else_stands_in_it_is_refused(whole, tmp_path, kind):
    (info, content), told = EVIL[kind]
    manifest, first, *rest = members(whole[1])
    if kind == "bomb":
        first = (info, b"")
        data = b"".join(i.tobuf(tarfile.USTAR_FORMAT) + c + bytes(-len(c) % 512) for i, c in (manifest, first))
        whole_data = whole[1].read_bytes()
        evil = tmp_path / "v.tar"
        evil.write_bytes(data + whole_data[len(data) :])
    else:
        evil = packed(tmp_path / "v.tar", [manifest, (info, content), first, *rest])
        fitted(evil, whole[1])
    with pytest.raises(FormatError) as caught:
        taken_in(evil, tmp_path)
    assert told in caught.value.message
    assert_nothing_came(tmp_path)


def fitted(evil, good):
    """Give an archive the length that its manifest asks for, so that more than its length must be looked at."""
    length = good.stat().st_size
    evil.write_bytes(evil.read_bytes()[:length].ljust(length, b"\0"))


def test_a_file_twice_in_another_order_or_missing_is_refused(whole, tmp_path):
    manifest, first, second, *rest = members(whole[1])
    for parts in ([first, first, *rest], [second, first, *rest], [first, *rest]):
        evil = packed(tmp_path / "v.tar", [manifest, *parts])
        fitted(evil, whole[1])
        with pytest.raises(FormatError, match="must come next"):
            taken_in(evil, tmp_path)
    assert_nothing_came(tmp_path)


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_extensions_of_the_format_are_refused(whole, tmp_path, form):
    """Their headers have a length of their own, which a reader would have to believe."""
    manifest, first, *rest = members(whole[1])
    first[0].name = "embedtune-v1.0/" + "x/" * 150
    evil = packed(tmp_path / "v.tar", [manifest, first, *rest], form)
    fitted(evil, whole[1])
    with pytest.raises(FormatError, match="must come next"):
        taken_in(evil, tmp_path)


def test_every_length_but_its_own_is_refused(whole, tmp_path):
    data = whole[1].read_bytes()
    for content in (data + bytes(512), data + b"x", data[:-1], data[:-1024], data[:700], data[:100], b""):
        (tmp_path / "v.tar").write_bytes(content)
        with pytest.raises(FormatError):
            taken_in(tmp_path / "v.tar", tmp_path)
    assert_nothing_came(tmp_path)


def test_what_is_no_archive_is_refused(tmp_path):
    for content in (b"\x1f\x8b\x08" + bytes(600), b"PK\x03\x04" + bytes(600), bytes(2000), b"x" * 2000):
        (tmp_path / "v.tar").write_bytes(content)
        with pytest.raises(FormatError, match=r"plain \.tar"):
            taken_in(tmp_path / "v.tar", tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        taken_in(tmp_path / "nowhere.tar", tmp_path)
    (tmp_path / "folder.tar").mkdir()
    with pytest.raises(InputError):
        taken_in(tmp_path / "folder.tar", tmp_path)


@given(position=st.integers(0, 1 << 30), bit=st.integers(0, 7))
def test_no_flipped_bit_goes_unnoticed(whole, tmp_path_factory, position, bit):
    data = bytearray(whole[1].read_bytes())
    data[position % len(data)] ^= 1 << bit
    folder = tmp_path_factory.mktemp("flipped")
    (folder / "v.tar").write_bytes(data)
    with pytest.raises(EmbedtuneError) as caught:
        taken_in(folder / "v.tar", folder)
    assert isinstance(caught.value, FormatError | VerificationError)
    assert registry_in(folder).list() == ()


def test_a_model_that_could_run_code_is_not_imported(tmp_path):
    """Its manifest lists it, so everything in the archive is as its maker meant it."""
    made = tmp_path / "made"
    made.mkdir()
    fill_version(made)
    manifest = build_manifest(made, version_facts())
    (made / "model" / "modules.json").write_text('[{"type": "evil.Module", "path": ""}]')
    manifest = build_manifest(made, version_facts())
    parts = [entry("manifest.json", manifest_to_json(manifest).encode())]
    parts += [entry(item.path, (made / item.path).read_bytes()) for item in manifest.files]
    with pytest.raises(InputError, match=r"evil\.Module"):
        taken_in(packed(tmp_path / "v.tar", parts), tmp_path)
    assert registry_in(tmp_path).list() == ()


@given(
    st.dictionaries(
        st.from_regex(r"[a-z0-9äöü]{1,12}(/[a-zA-Z0-9_]{1,30}){0,2}\.(json|txt)", fullmatch=True),
        st.binary(max_size=1200),
        max_size=4,
    )
)
def test_whatever_a_version_holds_comes_back(tmp_path_factory, files):
    folder, there = tmp_path_factory.mktemp("from"), tmp_path_factory.mktemp("to")

    def fill(place):
        fill_version(place)
        for name, content in files.items():
            (place / "more" / name).parent.mkdir(parents=True, exist_ok=True)
            (place / "more" / name).write_bytes(b"." + content)

    try:
        version, archive = exported(folder, fill=fill)
    except (FileExistsError, NotADirectoryError, IsADirectoryError, InputError):
        return
    came = taken_in(archive, there)
    assert came.manifest == version.manifest
    assert registry_in(there).verify(came) == ()


def test_an_archive_is_never_replaced_and_a_tampered_version_not_exported(whole, tmp_path):
    version, archive = whole
    with pytest.raises(InputError, match="exists already"):
        export_version(version, archive, TRUSTING, tmp_path / "cache")
    with pytest.raises(InputError, match=r"does not end in \.tar"):
        export_version(version, tmp_path / "v.tar.gz", TRUSTING, tmp_path / "cache")
    other = registry_in(tmp_path).publish(version_facts(), fill_version)
    (other.folder / "model" / "config.json").chmod(0o644)
    (other.folder / "model" / "config.json").write_text("{}")
    with pytest.raises(VerificationError):
        export_version(other, tmp_path / "v.tar", TRUSTING, tmp_path / "cache")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "models"]
    assert verified_copy(version, tmp_path / "cache").is_dir()
