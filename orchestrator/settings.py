"""Every knob, and the only reader of the environment."""

from __future__ import annotations

import os
import re
import secrets
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from tools.commands import Command, OutputFile
from tools.confined.limits import Confinement
from tools.spec import Effect

Names = Annotated[tuple[str, ...], NoDecode]


def _default_data_dir() -> Path:
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "toolpath"


#: What is shown in the place of a secret.
MASK = "•••"
#: The user and password of an address. It goes to the last @ there is: better too much is hidden.
_WHO = re.compile(r"^([a-z][a-z0-9+.-]*://)([^:/?#@]*)(:.*)?@", re.IGNORECASE)


class ApprovalSetting(BaseModel):
    """A rule for all runs: calls for which all that is named holds wait for a person's word."""

    model_config = ConfigDict(extra="forbid")

    #: A name, or a pattern such as send_*.
    tool: str | None = None
    effect: Literal["read", "idempotent", "once"] | None = None
    #: Compared with the most that one call can cost.
    usd_over: Decimal | None = None
    #: Seconds after which `default` is the answer.
    timeout: float | None = None
    default: Literal["approve", "reject"] | None = None


class McpServerSetting(BaseModel):
    """A program that speaks MCP over its standard input and output."""

    model_config = ConfigDict(extra="forbid")

    command: str
    args: tuple[str, ...] = ()
    #: Added to the few harmless variables that it inherits (PATH, HOME, USER, …).
    env: dict[str, SecretStr] = Field(default_factory=dict)
    cwd: str | None = None


class CommandFileSetting(BaseModel):
    """A file that the program leaves in its folder; the path is relative to that."""

    model_config = ConfigDict(extra="forbid")

    path: str
    media_type: str


class CommandSetting(BaseModel):
    """A program as a tool; `tools.commands.Command` says what the keys mean."""

    model_config = ConfigDict(extra="forbid")

    program: Annotated[str, Field(min_length=1)]
    description: Annotated[str, Field(min_length=1)]
    args: tuple[str, ...] = ()
    #: JSON Schemas by name; `type = "file"` with `media_types` for a file, `optional = true`.
    parameters: dict[str, dict[str, Any]] = Field(default_factory=dict)
    stdin: str | None = None
    output: Literal["text", "lines", "json"] | None = None
    output_schema: dict[str, Any] | None = None
    files: dict[str, CommandFileSetting] = Field(default_factory=dict)
    #: Exit codes of a good end, and those after which another try may help.
    success: tuple[int, ...] = (0,)
    retry: tuple[int, ...] = ()
    timeout: Annotated[float, Field(gt=0, le=86_400)] = 60.0
    #: Bytes of address space, seconds of processor time, bytes of one file: of each process it starts.
    memory: Annotated[int, Field(gt=0)] = 2 * 2**30
    cpu_seconds: Annotated[int, Field(gt=0)] = 60
    file_bytes: Annotated[int, Field(gt=0)] = 2**30
    #: Calls at once.
    concurrency: Annotated[int, Field(ge=1)] = 4
    #: Variables given to it, and those of the service that are handed on; no other one is.
    env: dict[str, SecretStr] = Field(default_factory=dict)
    pass_env: tuple[str, ...] = ()
    effect: Effect = Effect.READ
    price: Annotated[Decimal, Field(ge=0)] = Decimal(0)
    does: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)], ...] = ()
    quality: Annotated[float, Field(gt=0, le=1)] | None = None
    seconds: Annotated[float, Field(ge=0)] | None = None

    def command(self, name: str) -> Command:
        """As tools have it. Raises `ValueError` for keys that do not go together."""
        plain = {field: getattr(self, field) for field in type(self).model_fields}
        passed = {one: os.environ[one] for one in plain.pop("pass_env") if one in os.environ}
        given = {one: value.get_secret_value() for one, value in plain.pop("env").items()}
        files = {one: OutputFile(file.path, file.media_type) for one, file in plain.pop("files").items()}
        return Command(name=name, env=passed | given, files=files, **plain)


class Settings(BaseSettings):
    """Read once at start from `TOOLPATH_…` variables, then `toolpath.toml`, then these defaults.

    Lists are comma separated in variables. Times are in seconds, sizes in bytes.
    """

    model_config = SettingsConfigDict(
        env_prefix="TOOLPATH_", toml_file="toolpath.toml", extra="ignore", frozen=True
    )

    # where things are
    data_dir: Path = Field(default_factory=_default_data_dir)
    database_url: str | None = None
    broker_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000

    # who may call
    api_key: SecretStr | None = None
    #: Signs browser sessions and seals stored secrets; production refuses to start without one.
    secret_key: SecretStr | None = None
    #: What it was before: opens what was sealed then, until `toolpath secrets rotate` was run.
    secret_keys_old: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    #: Host names that requests may be addressed to, besides the loopback ones.
    allowed_hosts: Names = ()
    max_body_bytes: int = 32_000_000
    max_upload_bytes: int = 512_000_000

    # the planner's language model
    llm_base_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("TOOLPATH_LLM_BASE_URL", "OPENAI_BASE_URL", "llm_base_url"),
    )
    llm_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("TOOLPATH_LLM_API_KEY", "OPENAI_API_KEY", "llm_api_key"),
    )
    llm_model: str | None = None
    #: The registered endpoint whose replicas and fallbacks answer, in place of llm_base_url and llm_api_key.
    llm_endpoint: str | None = None
    llm_timeout: float = 60.0
    #: USD per 1,000 tokens in and out, for budgets and quotes.
    llm_price_in: float = 0.0
    llm_price_out: float = 0.0
    #: Candidate plans asked of the model; several are merged and searched as one graph.
    llm_candidates: int = 1
    llm_repairs: int = 2

    # planning
    #: Seconds for making a plan, besides those in which a model answers (llm_timeout each).
    planning_seconds: float = 30.0

    # the network
    #: Hosts and networks that may be dialled although they are private.
    net_allow: Names = ()
    net_timeout: float = 30.0
    net_max_bytes: int = 20_000_000

    # tools
    #: Python modules whose functions may be registered as tools.
    python_modules: Names = ()
    #: Those among them, and among the modules that installed packages bring, that are not trusted.
    untrusted_modules: Names = ()
    #: Limits of one call of theirs: bytes of address space and seconds of processor time of each process,
    #: seconds on the clock, processes that it may start (0: none), bytes of all that it writes.
    untrusted_memory: Annotated[int, Field(ge=2**28)] = 2**30
    untrusted_cpu_seconds: Annotated[int, Field(gt=0)] = 60
    untrusted_seconds: Annotated[float, Field(gt=0)] = 300.0
    untrusted_processes: Annotated[int, Field(ge=0)] = 0
    untrusted_output_bytes: Annotated[int, Field(gt=0)] = 2**28
    #: Programs whose tools may be imported, by name; tables [mcp_servers.NAME] in toolpath.toml.
    mcp_servers: dict[str, McpServerSetting] = Field(default_factory=dict)
    #: Programs that are tools, by name; tables [commands.NAME] in toolpath.toml.
    commands: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")], CommandSetting] = Field(
        default_factory=dict
    )
    #: Processes that run blocking tools; 0 stands for one per core, at least two.
    processes: int = 0
    #: Whether a process imports heavy libraries ahead of the first call that needs them.
    warm_up: bool = False

    # approvals
    #: Which calls of all runs wait for a person's word; tables [[approve]] in toolpath.toml.
    approve: tuple[ApprovalSetting, ...] = ()
    #: Seconds after which approvals that name none of their own are answered by their default.
    approval_timeout: Annotated[float, Field(gt=0)] | None = None
    approval_default: Literal["approve", "reject"] = "reject"

    # the runner
    queues: Names = ("default",)
    #: Steps in flight at once in one process.
    max_live: int = 256
    #: Seconds that calls in flight have when the process is told to stop; the rest is handed back.
    drain_seconds: float = 30.0
    retry_tries: int = 3
    retry_first: float = 0.5

    # how long what has ended is kept
    #: Days after which ended runs are deleted with all that belongs to them. Absent: for ever, since
    #: nobody but the operator knows what may be forgotten.
    retention_days: Annotated[float, Field(ge=0)] | None = None
    #: Labels (key:value) whose runs are kept all the same.
    retention_keep: Names = ()

    @field_validator(
        "secret_keys_old",
        "net_allow",
        "retention_keep",
        "allowed_hosts",
        "python_modules",
        "untrusted_modules",
        "queues",
        mode="before",
    )
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("commands", mode="after")
    @classmethod
    def _fitting(cls, value: dict[str, CommandSetting]) -> dict[str, CommandSetting]:
        for name, setting in value.items():
            try:
                setting.command(name)
            except ValueError as error:
                raise ValueError(f"[commands.{name}] {error}") from None
        return value

    @model_validator(mode="after")
    def _one_place_for_the_model(self) -> Settings:
        if self.llm_endpoint is not None and self.llm_model is None:
            raise ValueError("llm_endpoint: name the model too, as llm_model (TOOLPATH_LLM_MODEL)")
        return self

    @field_validator("data_dir", mode="after")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given in code wins over the environment, and that over the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def embedded(self) -> bool:
        """Whether this process rings itself, with no broker."""
        return self.broker_url is None

    @property
    def database(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.data_dir / 'toolpath.db'}"

    @property
    def artifact_dir(self) -> Path:
        """Where artifacts lie."""
        return self.data_dir / "artifacts"

    @property
    def local_key_file(self) -> Path:
        """Where the embedded service keeps the key it made."""
        return self.data_dir / "local.key"


def load(**given: Any) -> Settings:
    """The settings; `given` overrides everything, None values in it count as not given."""
    return Settings(**{name: value for name, value in given.items() if value is not None})


def confinement_of(settings: Settings) -> Confinement:
    """What a call of a function that is not trusted may take."""
    return Confinement(
        memory=settings.untrusted_memory,
        cpu_seconds=settings.untrusted_cpu_seconds,
        seconds=settings.untrusted_seconds,
        processes=settings.untrusted_processes,
        output_bytes=settings.untrusted_output_bytes,
        modules=settings.untrusted_modules,
    )


def commands_of(settings: Settings) -> dict[str, Command]:
    """The programs that are tools, by name."""
    return {name: setting.command(name) for name, setting in settings.commands.items()}


def without_secrets(settings: Settings) -> dict[str, Any]:
    """All settings as JSON, with a mask in the place of keys, of passwords in addresses, and of arguments of
    programs, which often hold some."""
    shown = settings.model_dump(mode="json", by_alias=False)
    for name in ("database_url", "broker_url", "llm_base_url"):
        shown[name] = shown[name] and _WHO.sub(_hidden, shown[name])
    for program in (*shown["mcp_servers"].values(), *shown["commands"].values()):
        program["args"] = [MASK] * len(program["args"])
    told: dict[str, Any] = _masked(settings, shown)
    return told


def _hidden(who: re.Match[str]) -> str:
    """Without the password; where there is none, the user may be a token."""
    return f"{who[1]}{who[2] + ':' if who[3] else ''}***@"


def _masked(value: Any, shown: Any) -> Any:
    """Our mask wherever `value` holds a secret."""
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, BaseModel):
        return {name: _masked(getattr(value, name), inner) for name, inner in shown.items()}
    if isinstance(value, dict):
        return {name: _masked(value[name], inner) for name, inner in shown.items()}
    if isinstance(value, tuple):
        return [_masked(*pair) for pair in zip(value, shown, strict=True)]
    return shown


def ensure_keys(settings: Settings) -> Settings:
    """The settings with both keys: the embedded service makes missing ones at its first start.

    Raises RuntimeError in production, where keys must be given.
    """
    missing = [name for name in ("api_key", "secret_key") if getattr(settings, name) is None]
    if missing and not settings.embedded:
        wanted = " and ".join(f"TOOLPATH_{name.upper()}" for name in missing)
        raise RuntimeError(f"set {wanted}: with a broker the service does not make keys of its own")
    made = {
        "api_key": lambda: _key_file(settings.local_key_file, "tp_"),
        "secret_key": lambda: _key_file(settings.data_dir / "secret.key", ""),
    }
    return settings.model_copy(update={name: SecretStr(made[name]()) for name in missing})


def read_key(settings: Settings) -> str | None:
    """The key that the command line uses: the configured one, else the local one if it was made."""
    if settings.api_key is not None:
        return settings.api_key.get_secret_value()
    try:
        return settings.local_key_file.read_text().strip()
    except FileNotFoundError:
        return None


def _key_file(path: Path, prefix: str) -> str:
    """The key in that file, made with mode 600 if there is none."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        key = prefix + secrets.token_urlsafe(32)
        file.write(key + "\n")
    return key
