"""Settings: environment variables with the prefix VITRINE_. One machine needs none of them."""

from __future__ import annotations

import os
import re
import secrets
import socket
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from backend import addresses, allowing, logins
from backend.addresses import LOOPBACK as LOOPBACK  # the app asks us for it


class CannotStart(Exception):
    """Why a process of the studio cannot do its work, for the person who started it."""


class Settings(BaseSettings):
    """Read once a process; every field is `VITRINE_<NAME>` in the environment."""

    model_config = SettingsConfigDict(env_prefix="VITRINE_", extra="ignore", frozen=True)

    data_dir: Path = Field(
        Path("data"), description="Folder of the database, artefacts and uploads."
    )
    db_url: str = Field("", description="Database URL; empty is SQLite in the data folder.")
    broker_url: str = Field(
        "filesystem://", description="Celery broker; filesystem:// is embedded in the data folder."
    )
    artefacts_url: str = Field(
        "",
        description="Where files of runs are kept: s3://bucket/prefix, or file:///folder that every machine mounts; "
        "empty is the data folder.",
    )
    copies_gb: float = Field(
        50.0,
        gt=0,
        description="Room for copies of files that are kept in a bucket, in GB; a day's are always kept.",
    )
    bucket_wait_s: float = Field(
        300.0,
        ge=0,
        description="Seconds a run waits for a bucket that is away, or refuses, before it fails.",
    )
    queues: str = Field(
        "",
        description="Queues that the workers of this machine serve besides their own: a100,large.",
    )
    host: str = Field("127.0.0.1", description="Address the web server binds.")
    port: int = Field(7860, ge=1, le=65535, description="Port the web server binds.")
    root_path: str = Field("", description="Path prefix set by a reverse proxy, such as /vitrine.")
    auth: Literal["none", "token", "proxy"] = Field(
        "none",
        description="Who gets in: everybody on this machine (none), who has a token, or whom a proxy names.",
    )
    login_days: int = Field(
        14, ge=1, le=365, description="Days after which a browser must log in again."
    )
    proxy_user_header: str = Field(
        "X-Forwarded-User", description="Header in which a proxy names who asks."
    )
    proxy_from: str = Field(
        "127.0.0.1,::1",
        description="Addresses and networks of proxies whose headers are believed, separated by commas.",
    )
    proxy_role: Literal["viewer", "editor", "none"] = Field(
        "viewer", description="Role of people whom a proxy names and who have no account."
    )
    allow_open: bool = Field(
        False, description="Bind an address other machines reach, without a login."
    )
    public_url: str = Field(
        "",
        description="Address by which others reach the studio, for links that leave it: https://vitrine.example.org; "
        "empty is this machine's.",
    )
    studio: str = Field(
        "",
        description="Address of the studio that commands such as `vitrine run` ask; empty is this machine's.",
    )
    token: str = Field("", description="Says to that studio who asks.")
    allowed_hosts: str = Field(
        "",
        description="Names besides the loopback's that browsers may address us by, separated by commas; * is any.",
    )
    secret: str = Field("", description="Signs share links; empty makes one in the data folder.")
    devices: str = Field("auto", description="auto, cpu, or GPU numbers such as 0,1.")
    workers: int = Field(1, ge=1, le=64, description="Workers for the CPU.")
    threads: int = Field(
        0, ge=0, le=512, description="CPU threads a worker computes with; 0 shares the cores out."
    )
    lease_s: float = Field(
        30.0, gt=0, description="Seconds without a sign after which a worker is lost."
    )
    heartbeat_s: float = Field(5.0, gt=0, description="Seconds between a worker's signs of life.")
    report_s: float = Field(
        0.25,
        gt=0,
        le=5,
        description="Seconds between a busy worker's writes of what its run reports; longer spares the database.",
    )
    reaper_s: float = Field(2.0, gt=0, description="Seconds between looks for lost runs.")
    cancel_grace_s: float = Field(
        20.0,
        ge=0,
        description="Seconds a method has to honour a cancel before its worker is ended.",
    )
    max_attempts: int = Field(3, ge=1, le=20, description="Tries a run gets when workers are lost.")
    poll_s: float = Field(0.1, gt=0, description="Seconds between looks at the embedded broker.")
    max_upload_mb: int = Field(200, ge=1, description="Largest upload, in MB.")
    shared_mb: int = Field(
        4000,
        ge=0,
        description="Size up to which features are kept for later runs, in MB, while no run is active.",
    )
    quota_gb: float = Field(
        0.0,
        ge=0,
        description="Room for runs, uploads and the database, in GB; at 90 % pages say so, at 100 % nothing new is taken. 0 is no bound.",
    )
    retention_days: float = Field(
        0.0,
        ge=0,
        description="Days after which a run that ended is deleted; 0 keeps runs for ever.",
    )
    archived_days: float = Field(
        0.0, ge=0, description="Days after which an archived run is deleted; 0 keeps them for ever."
    )
    fold_days: float = Field(
        0.0,
        ge=0,
        description="Days after which the curves of a run that ended are packed into one file; 0 leaves them in the database.",
    )
    share_days_max: int = Field(
        90, ge=1, le=3650, description="Longest life of a share link, in days."
    )
    demo: bool = Field(
        True, description="Queue a few small runs, the welcome tour, when the database is new."
    )
    webhooks: str = Field(
        "",
        description="URLs that are told when a run ends, separated by commas; set for `vitrine web` or `up`.",
    )
    webhook_hosts: str = Field(
        "",
        description="Hosts that webhooks may go to: hooks.example.org,host:8443; a network such as 10.1.0.0/16 allows "
        "private addresses.",
    )
    webhook_secret: str = Field(
        "", description="Signs webhooks; empty is what `vitrine webhooks secret` prints."
    )
    models_dir: Path | None = Field(None, description="Folder offered when choosing a model.")
    models_allowed: str = Field(
        "",
        description="Models of a hub and folders that may be named where others reach the studio: owner/name, owner/*, "
        "/folder, separated by commas; * is any.",
    )
    offline: bool = Field(False, description="Never reach for a model hub.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="How much the processes say; DEBUG also serves the REST documentation."
    )

    @model_validator(mode="after")
    def _belong_together(self) -> Settings:
        if self.lease_s < 3 * self.heartbeat_s:
            raise ValueError(
                f"VITRINE_LEASE_S is {self.lease_s:g} and VITRINE_HEARTBEAT_S {self.heartbeat_s:g}: "
                "a lease must last at least three heartbeats, or a busy worker is taken for lost"
            )
        addresses.check(self.db_url, self.broker_url, self.artefacts_url)
        allowing.check(self.webhook_urls, self.webhook_hosts)
        logins.check(self.auth, self.host, self.allow_open, self.proxy_user_header, self.proxy_from)
        return self

    @field_validator("studio", "public_url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        if not re.fullmatch(r"(https?://[^/?#@\s]+(/[^?#\s]*)?)?", url):
            raise ValueError(f"an address such as http://host:7860 is allowed, got {url!r:.80}")
        return url.rstrip("/")

    @field_validator("queues")
    @classmethod
    def _are_names(cls, queues: str) -> str:
        if not re.fullmatch(r"([a-z0-9-]{1,32}(,[a-z0-9-]{1,32})*)?", queues):
            raise ValueError(
                f"names such as a100,large are allowed: small letters, digits and hyphens, separated by commas; got {queues!r}"
            )
        return queues

    @property
    def root(self) -> Path:
        """The data folder, absolute."""
        return self.data_dir.expanduser().resolve()

    @property
    def database_url(self) -> str:
        return self.db_url or f"sqlite:///{self.root / 'vitrine.db'}"

    @property
    def embedded_broker(self) -> bool:
        return self.broker_url.startswith("filesystem")

    @property
    def artefacts_dir(self) -> Path:
        """The folder of files: the artefacts themselves, or this machine's copies of those in a bucket."""
        if self.bucket_url:
            return self.root / "copies"
        return Path(addresses.folder_of(self.artefacts_url) or self.root / "artefacts")

    @property
    def bucket_url(self) -> str:
        """The bucket that files are kept in; empty where a folder has them."""
        return self.artefacts_url if self.artefacts_url.startswith("s3:") else ""

    @property
    def artefacts_place(self) -> str:
        """Where files are kept, said so that two processes with the same place share them."""
        return self.artefacts_url.rstrip("/") or f"{socket.gethostname()}:{self.artefacts_dir}"

    @property
    def shared_dir(self) -> Path:
        """What runs on this machine keep for later ones and can compute again."""
        return self.root / "shared"

    @property
    def broker_dir(self) -> Path:
        return self.root / "broker"

    @property
    def reachable(self) -> bool:
        """Whether others than the people of this machine reach the studio, as far as its settings tell."""
        return self.host not in LOOPBACK or bool(self.allowed_hosts) or self.auth != "none"

    @property
    def private(self) -> tuple[Path, ...]:
        """What in the data folder no page gives out by its path; beside them lie files on their way in."""
        names = ("secret", "vitrine.db", "vitrine.db-wal", "vitrine.db-shm", "supervisor.lock")
        files = tuple(self.root / name for name in names)
        return (*files, self.artefacts_dir, self.shared_dir, self.broker_dir)

    @property
    def address(self) -> str:
        """What a person types to reach the studio from this machine."""
        shown = "localhost" if self.host in (*LOOPBACK, "0.0.0.0", "::") else self.host
        return f"http://{shown}:{self.port}{self.root_path}"

    @property
    def webhook_urls(self) -> list[str]:
        return list(dict.fromkeys(re.findall(r"[^,\s]+", self.webhooks)))

    @property
    def public(self) -> str:
        """What links that leave the studio begin with."""
        return self.public_url or self.address

    def signing_secret(self) -> str:
        """The secret that signs share links: the given one, else one made at the first start (mode 0600)."""
        if self.secret:
            return self.secret
        path = self.root / "secret"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent)  # mode 0600
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(32))
            with suppress(FileExistsError):  # another process was first: its secret holds
                os.link(temporary, path)
            os.unlink(temporary)
        return path.read_text()

    def is_proxy(self, address: str) -> bool:
        """Whether what comes from an address is a proxy's, whose headers are believed."""
        return logins.is_among(address, logins.networks(self.proxy_from))

    def shown(self, name: str) -> str:
        """The value of a setting with passwords left out."""
        value = getattr(self, name)
        if name == "secret":
            return "set" if value else "from the data folder"
        if name in ("token", "webhook_secret"):
            return "set" if value else ""
        if name == "webhooks":  # a path may be a secret
            return ", ".join(urlsplit(url).netloc for url in self.webhook_urls)
        return addresses.without_password(value) if name.endswith("_url") and value else str(value)


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The process's settings.

    Raises:
        pydantic.ValidationError: a variable is out of range, or two of them do not go together.
    """
    return Settings()
