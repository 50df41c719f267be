"""Objects in S3, or in a store that speaks its protocol.

Conditional writes are S3's own (``If-None-Match: *``). Credentials, region and endpoint come from where boto3
looks for them: environment, profile, role; ``AWS_ENDPOINT_URL_S3`` names another server than Amazon's.
"""

from __future__ import annotations

import contextlib
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from embedtune.artifacts.remote.object_store import StoredObject, told
from embedtune.errors import InputError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

_TIMEOUT_SECONDS = 30
_ATTEMPTS = 4
_MOST_REMOVED = 1000  # what one request of S3 removes
_TAKEN = 412
_DISTURBED = 409  # another conditional write of the same key was under way; S3 says to try again
_TRIES = 8


class S3Objects:
    """Objects below ``s3://bucket/prefix``; see `ObjectStore` for what it answers.

    Args:
        url: The URL.

    Raises:
        InputError: It names no bucket.
        UnavailableError: boto3 is not installed.
    """

    conditional = True

    def __init__(self, url: str) -> None:
        try:
            import boto3
            from boto3.exceptions import Boto3Error
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError as error:
            raise UnavailableError(
                f"A registry on {url} needs boto3.", "Install it: pip install 'embedtune[s3]'"
            ) from error
        parts = urlsplit(url)
        if not parts.netloc:
            raise InputError(f"{url} names no bucket.", "Write it as s3://bucket/prefix.")
        self.url = url
        self._bucket, self._prefix = parts.netloc, f"{parts.path.strip('/')}/".lstrip("/")
        self._failures = (BotoCoreError, ClientError, Boto3Error, OSError)
        self._refused = ClientError
        config = Config(
            connect_timeout=_TIMEOUT_SECONDS,
            read_timeout=_TIMEOUT_SECONDS,
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        )
        with self._told("read"):
            self._client: Any = boto3.client("s3", config=config)

    def list(self, folder: str) -> tuple[StoredObject, ...]:
        """Return everything below a folder, sorted by key, with its ETag."""
        with self._told("read", folder):
            pages = self._client.get_paginator("list_objects_v2")
            listed = pages.paginate(Bucket=self._bucket, Prefix=self._prefix + folder.rstrip("/") + "/")
            return tuple(
                StoredObject(item["Key"][len(self._prefix) :], item["Size"], item["ETag"])
                for page in listed
                for item in page.get("Contents", ())
            )

    def read(self, key: str) -> bytes | None:
        """Return the content of an object, ``None`` where there is none."""
        with self._told("read", key):
            try:
                data: bytes = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)["Body"].read()
            except self._refused as error:
                if error.response["Error"]["Code"] == "NoSuchKey":
                    return None
                raise
        return data

    @contextlib.contextmanager
    def opened(self, key: str) -> Iterator[IO[bytes]]:
        """Open an object for reading."""
        with self._told("read", key):
            body = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)["Body"]
            with contextlib.closing(body):
                yield body

    def create(self, key: str, data: bytes) -> None:
        """Write an object that must not exist yet."""
        with self._told("written", key):
            for attempt in range(_TRIES):
                try:
                    self._client.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=data, IfNoneMatch="*")
                except self._refused as error:
                    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                    if status == _TAKEN:
                        raise FileExistsError(key) from error
                    if status != _DISTURBED or attempt == _TRIES - 1:
                        raise
                else:
                    return

    def put(self, key: str, data: bytes) -> None:
        """Write an object, in place of an older one if there is one."""
        with self._told("written", key):
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=data)

    def upload(self, key: str, path: Path) -> None:
        """Write a file's content as an object, in several parts if it is large."""
        with self._told("written", key):
            self._client.upload_file(str(path), self._bucket, self._prefix + key)

    def remove(self, keys: Iterable[str]) -> None:
        """Remove objects."""
        names = [{"Key": self._prefix + key} for key in keys]
        with self._told("written"):
            for start in range(0, len(names), _MOST_REMOVED):
                part = names[start : start + _MOST_REMOVED]
                answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": part, "Quiet": True})
                for failed in answer.get("Errors", ()):
                    raise InputError(
                        f"{self.url}/{failed['Key'][len(self._prefix) :]} cannot be removed: {failed['Code']}.",
                        "Check your rights in the bucket.",
                    )

    def _told(self, doing: str, key: str = "") -> AbstractContextManager[None]:
        return told(doing, f"{self.url}/{key}".rstrip("/"), self._failures)
