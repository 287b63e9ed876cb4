"""Files in an S3-compatible bucket, by fsspec. Keys and endpoint come from AWS's own variables, as for every other tool."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

TIMEOUT_S = 20
TRIES = 4
ADVICE = (
    "see that VITRINE_ARTEFACTS_URL, AWS_ENDPOINT_URL and the AWS keys are right and the store runs"
)


class BucketAway(Exception):
    """The bucket did not do what was asked; the message says which bucket, why, and what to look at."""


class Bucket:
    """One prefix of one bucket. Every call is a request; a key is written whole or not at all."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._root = self.url.partition("://")[2]
        self._system = _file_system()

    def upload(self, file: Path, key: str) -> None:
        """Keep a file under `key`, new or again; it is young afterwards."""
        with self._told():
            try:
                self._system.put_file(str(file), self._at(key))
            except FileNotFoundError as error:  # of the bucket: s3fs says so of a missing key alike
                raise BucketAway(f"{self.url} is not there: {error}; {ADVICE}") from error

    def download(self, key: str, file: Path) -> None:
        """Write the content of `key` into a file.

        Raises:
            FileNotFoundError: there is no such key.
        """
        with self._told():
            self._system.get_file(self._at(key), str(file))

    def delete(self, key: str) -> None:
        """Delete a key; one that is gone is no error."""
        with self._told():
            try:
                self._system.rm_file(self._at(key))
            except FileNotFoundError:
                return

    def touched_at(self, key: str) -> float:
        """When the key was last written, UTC epoch seconds.

        Raises:
            FileNotFoundError: there is no such key.
        """
        with self._told():
            return _when(self._system.info(self._at(key), refresh=True))

    def listing(self) -> Iterator[tuple[str, int, float]]:
        """Every key with its size in bytes and when it was written; a thousand a request."""
        with self._told():
            try:
                found = self._system.find(self._root, detail=True)
            except FileNotFoundError:
                return
        for path, info in found.items():
            yield path.removeprefix(f"{self._root}/"), int(info["size"]), _when(info)

    def check(self) -> None:
        """Ask whether the bucket is there and may be listed.

        Raises:
            BucketAway: it is not.
        """
        with self._told():
            try:
                self._system.call_s3(
                    "list_objects_v2", Bucket=self._root.partition("/")[0], MaxKeys=1
                )
            except FileNotFoundError as error:
                raise BucketAway(f"{self.url} is not there: {error}; {ADVICE}") from error

    def _at(self, key: str) -> str:
        return f"{self._root}/{key}"

    @contextmanager
    def _told(self) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415  slow to import; a studio with a folder has no need of it

        try:
            yield
        except FileNotFoundError:
            raise
        except (OSError, BotoCoreError) as error:  # s3fs makes OSErrors of what the store answers
            raise BucketAway(f"{self.url} cannot be used: {error}; {ADVICE}") from error


@lru_cache(maxsize=4)
def bucket(url: str) -> Bucket:
    """The process's connection to a bucket."""
    return Bucket(url)


def _file_system() -> Any:
    import s3fs  # noqa: PLC0415  it takes half a second

    limits = {
        "connect_timeout": TIMEOUT_S / 4,
        "read_timeout": TIMEOUT_S,
        "retries": {"max_attempts": TRIES, "mode": "standard"},
    }
    return s3fs.S3FileSystem(
        config_kwargs=limits, use_listings_cache=False, skip_instance_cache=True
    )


def _when(info: dict[str, Any]) -> float:
    return float(info["LastModified"].timestamp())
