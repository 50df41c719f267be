from __future__ import annotations

import base64
import json
import shutil

import pytest
from model_signing import hashing, signing, verifying

from embedtune.artifacts.problems import ProblemKind
from embedtune.artifacts.signing import check_signature
from embedtune.artifacts.store import load_version
from embedtune.artifacts.trust import TrustPolicy
from embedtune.errors import ConfigError, SignatureError
from version_samples import registry_in, unsealed

TRUSTING = TrustPolicy()


@pytest.fixture(scope="module")
def published(tmp_path_factory, keys):
    """A signed version, for copying."""
    from version_samples import fill_version, version_facts

    return registry_in(tmp_path_factory.mktemp("signed")).publish(version_facts(), fill_version, keys.private)


@pytest.fixture
def version(published, tmp_path):
    shutil.copytree(published.folder, tmp_path / "embedtune-v1.0")
    return load_version(unsealed(tmp_path / "embedtune-v1.0"))


def signature_of(version):
    return version.folder / "manifest.sig"


def check(version, policy):
    return check_signature(version.folder, version.manifest, signature_of(version), policy)


def altered(version, change):
    bundle = json.loads(signature_of(version).read_text())
    change(bundle)
    signature_of(version).write_text(json.dumps(bundle))


def test_the_right_key_confirms(version, keys):
    assert check(version, keys.required) == check(version, keys.allowed) == keys.public.identity
    assert check(version, TRUSTING) == ""


def test_anybody_can_check_it_without_embedtune(version, keys):
    config = hashing.Config().set_ignored_paths(paths=["manifest.sig"], ignore_git_paths=False)
    verifier = verifying.Config().use_elliptic_key_verifier(public_key=keys.public.path).set_hashing_config(config)
    verifier.verify(version.folder, signature_of(version))
    (version.folder / ".git").mkdir()
    (version.folder / ".git" / "config").write_text("")
    with pytest.raises(ValueError, match=r"\.git/config"):
        verifier.verify(version.folder, signature_of(version))


def test_another_key_does_not_confirm(version, other_keys):
    with pytest.raises(SignatureError, match=r"embedtune-v1\.0/manifest\.sig: wrong signature .*not an allowed one"):
        check(version, other_keys.required)


def test_one_of_several_keys_is_enough(version, keys, other_keys):
    assert check(version, TrustPolicy(required=True, keys=(other_keys.public, keys.public))) == keys.public.identity


def test_an_unsigned_version_is_refused_only_where_signatures_are_required(version, keys):
    signature_of(version).unlink()
    assert check(version, keys.allowed) == ""
    with pytest.raises(SignatureError, match="there is none, and the trust policy requires one"):
        check(version, keys.required)


def test_a_policy_that_nothing_meets_is_none():
    with pytest.raises(ConfigError, match="no key is allowed"):
        TrustPolicy(required=True)


def test_other_content_is_not_confirmed(version, keys):
    (version.folder / "model" / "config.json").write_text("{}")
    with pytest.raises(SignatureError, match=r"model/config\.json"):
        check(version, keys.required)


def test_the_signature_of_another_version_does_not_serve(version, tmp_path, keys, facts, fill):
    other = registry_in(tmp_path / "other").publish(facts(), lambda f: fill(f, b"others"), keys.private)
    signature_of(version).write_bytes(signature_of(other).read_bytes())
    with pytest.raises(SignatureError, match="Signature mismatch"):
        check(version, keys.required)


def flip_signature(bundle):
    raw = bytearray(base64.b64decode(bundle["dsseEnvelope"]["signatures"][0]["sig"]))
    raw[-1] ^= 1
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(raw).decode()


def edit_payload(bundle):
    payload = base64.b64decode(bundle["dsseEnvelope"]["payload"]).replace(b"manifest.json", b"manifest.jsoN")
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()


def claim_nothing(bundle):
    bundle["verificationMaterial"]["publicKey"]["hint"] = None


def drop_key(bundle):
    del bundle["verificationMaterial"]


def no_signature(bundle):
    bundle["dsseEnvelope"]["signatures"] = []


def other_payload_type(bundle):
    bundle["dsseEnvelope"]["payloadType"] = "text/plain"


@pytest.mark.parametrize(
    "change", [flip_signature, edit_payload, claim_nothing, drop_key, no_signature, other_payload_type]
)
def test_a_changed_bundle_is_refused_in_silence(version, keys, change, capsys):
    altered(version, change)
    with pytest.raises(SignatureError, match=r"manifest\.sig: wrong signature"):
        check(version, keys.required)
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"verificationMaterial": 1}']
)
def test_what_is_no_bundle_is_refused(version, keys, content):
    signature_of(version).write_bytes(content)
    with pytest.raises(SignatureError, match=r"manifest\.sig: wrong signature"):
        check(version, keys.required)


def test_a_link_is_no_signature(version, keys, tmp_path):
    signature_of(version).rename(tmp_path / "real.sig")
    signature_of(version).symlink_to(tmp_path / "real.sig")
    with pytest.raises(SignatureError, match="symbolic link"):
        check(version, keys.required)


def test_a_signature_that_passes_files_over_is_refused(version, keys):
    """Made with the library's own defaults, or with a list of paths to ignore: a file could escape."""
    for ignored in (["manifest.sig", "model/config.json"], ["manifest.sig", "model"]):
        signature_of(version).unlink()
        config = hashing.Config().set_ignored_paths(paths=ignored)
        signer = signing.Config().use_elliptic_key_signer(private_key=keys.private.path).set_hashing_config(config)
        signer.sign(version.folder, signature_of(version))
        with pytest.raises(SignatureError, match="does not cover model/"):
            check(version, keys.required)


def test_verifying_names_the_signature(tmp_path, version, keys, other_keys):
    registry = registry_in(tmp_path, keys.required)
    assert registry.verify(version) == ()
    (problem,) = registry.verify(version, other_keys.required)
    assert (problem.path, problem.kind) == ("manifest.sig", ProblemKind.SIGNATURE)
