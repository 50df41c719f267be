from __future__ import annotations

import pytest

from embedtune.artifacts.keys import PrivateKey, PublicKey, generate_keys
from embedtune.errors import InputError


def test_a_pair_belongs_together(tmp_path):
    private, public = generate_keys(tmp_path / "keys" / "release")
    assert (private.name, public.name) == ("release.key", "release.pub")
    assert PrivateKey.read(private).identity == PublicKey.read(public).identity
    assert PublicKey.read(public).confirms(b"text", PrivateKey.read(private).sign(b"text"))


def test_the_private_key_is_its_owners_alone(tmp_path):
    private, _ = generate_keys(tmp_path / "release")
    assert private.stat().st_mode & 0o777 == 0o600


def test_a_key_is_never_replaced(tmp_path):
    private, _ = generate_keys(tmp_path / "release")
    before = private.read_bytes()
    with pytest.raises(InputError, match=r"release\.key exists already"):
        generate_keys(tmp_path / "release")
    assert private.read_bytes() == before


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        generate_keys(tmp_path / "file" / "release")


@pytest.mark.parametrize("signature", ["", "AAAA", "not base64!", "ÄÖ"])
def test_what_is_no_signature_confirms_nothing(keys, signature):
    assert not keys.public.confirms(b"text", signature)


def test_a_signature_is_of_one_text_and_one_key(keys, other_keys):
    signature = keys.private.sign(b"text")
    assert not keys.public.confirms(b"texT", signature)
    assert not other_keys.public.confirms(b"text", signature)


@pytest.mark.parametrize("read", [PrivateKey.read, PublicKey.read])
@pytest.mark.parametrize(
    "content", [b"", b"no key", bytes(range(156, 256)), None], ids=["empty", "words", "bytes", "missing"]
)
def test_what_is_no_key_is_refused(tmp_path, read, content):
    path = tmp_path / "release.key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"release\.key"):
        read(path)


def test_the_halves_are_not_mixed_up(keys):
    with pytest.raises(InputError, match="no public key"):
        PublicKey.read(keys.private.path)
    with pytest.raises(InputError, match="no private key"):
        PrivateKey.read(keys.public.path)


def test_keys_of_other_kinds_are_refused(tmp_path):
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    for key in (ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256K1())):
        path = tmp_path / "key"
        path.write_bytes(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()))
        with pytest.raises(InputError, match="signs no version"):
            PrivateKey.read(path)
        public = key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
        path.write_bytes(public)
        with pytest.raises(InputError, match="signs no version"):
            PublicKey.read(path)


def test_an_encrypted_key_is_refused(tmp_path):
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    locked = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.BestAvailableEncryption(b"x"))
    (tmp_path / "key").write_bytes(locked)
    with pytest.raises(InputError, match="is encrypted"):
        PrivateKey.read(tmp_path / "key")
