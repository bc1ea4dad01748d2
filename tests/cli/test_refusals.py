"""What an operator can mend is told in a sentence, with exit code 2, and nothing is changed."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from citywide.settings import CHECKOUT
from cli.conftest import OWNER, Production
from cli.operators import citywide, free_port, processes_of, refused

COMMANDS = (("up",), ("migrate",), ("tenants", "apply"), ("serve",), ("token", "bureau.officer"))
LOGIN = "citywide_bureau"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A deployment's files, which a test may spoil."""
    for folder in ("policies", "tenants"):
        shutil.copytree(CHECKOUT / folder, tmp_path / "home" / folder)
    return tmp_path / "home"


@pytest.mark.parametrize("command", ["up", "serve"])
def test_a_port_in_use_is_named(command: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        sentence = refused(citywide(command, "--port", str(port), "--data", tmp_path / "data"))
    assert sentence == (
        f"The port {port} of 127.0.0.1 is in use: stop what uses it, or choose another with --port."
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_in_the_data_folders_place_is_named(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "data").write_text("a file")
    sentence = refused(citywide(*command, "--data", tmp_path / "data"))
    assert sentence == (f"The keys' folder {tmp_path}/data/keys cannot be used: Not a directory.")


@pytest.fixture
def sealed_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that this user cannot write to, whoever this is."""
    folder = tmp_path / "sealed"
    folder.mkdir()
    if os.geteuid() != 0:
        folder.chmod(0o500)
        yield folder
        folder.chmod(0o700)
        return
    # Permissions do not stop root; the immutable attribute does, where the file system has it.
    chattr = shutil.which("chattr")
    if chattr is None or subprocess.run([chattr, "+i", folder], check=False).returncode != 0:
        pytest.skip("This user may write everywhere, and the file system has no other lock.")
    yield folder
    subprocess.run([chattr, "-i", folder], check=True)


def test_a_data_folder_that_cannot_be_written_is_named(sealed_folder: Path) -> None:
    sentence = refused(citywide("up", "--data", sealed_folder / "data", "--port", free_port()))
    assert sentence.startswith(f"The keys' folder {sealed_folder}/data/keys cannot be used: ")


@pytest.mark.parametrize(("version", "age"), [("19", "newer"), ("17", "older")])
def test_a_data_folder_of_another_postgresql_is_named(
    version: str, age: str, tmp_path: Path
) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text(f"{version}\n")
    sentence = refused(citywide("up", "--data", tmp_path, "--port", free_port()))
    assert sentence == (
        f"The data folder {tmp_path} was made by PostgreSQL {version}, {age} than the installed "
        "18: use another folder, or the citywide that made it."
    )
    assert processes_of(tmp_path) == []


async def test_a_bad_manifest_is_named_with_its_line_and_nothing_is_changed(
    production: Production, house: str, home: Path
) -> None:
    manifest = home / "tenants" / "yueqing" / "agencies" / "yixin.yaml"
    text = manifest.read_text(encoding="utf-8")
    above, amount, below = text.partition('amount: "90000.00"')
    assert amount
    manifest.write_text(f'{above}amount: "ninety thousand"{below}', encoding="utf-8")
    number = above.count("\n") + 1
    settings = {**production.settings(house), "CITYWIDE_HOME": str(home)}
    for command in (("tenants", "plan"), ("tenants", "apply"), ("up", "--port", free_port())):
        sentence = refused(citywide(*command, settings=settings))
        assert f"yueqing/agencies/yixin.yaml:{number}: agreements[0].amount: " in sentence
        assert "nothing was changed" in sentence
    owner = await asyncpg.connect(production.url, database=house)
    try:
        assert await owner.fetchval("SELECT count(*) FROM bureau") == 0
    finally:
        await owner.close()


@pytest.mark.parametrize("command", ["up", "serve"])
def test_a_bad_policy_is_named_with_its_line(command: str, home: Path, tmp_path: Path) -> None:
    policy = home / "policies" / "policy.csv"
    count = len(policy.read_text(encoding="utf-8").splitlines())
    with policy.open("a", encoding="utf-8") as file:
        file.write("p, finance, Purse, *, read, tenant, allow\n")
    arguments = (command, "--data", tmp_path / "data", "--port", free_port())
    sentence = refused(citywide(*arguments, settings={"CITYWIDE_HOME": str(home)}))
    assert sentence.startswith(f"policies/policy.csv:{count + 1}: ")
    assert "Purse.* is not in the schema." in sentence
    assert not (tmp_path / "data" / "postgres").exists()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://owner@127.0.0.1:{free}/citywide", "Connect"),
        ("postgresql://owner@no-such-host.invalid/citywide", ""),
        ("postgresql://owner@/citywide?host=/no/such/folder", "No such file"),
        ("mysql://owner@127.0.0.1/citywide", "scheme"),
        ("citywide", ""),
    ],
)
def test_a_database_that_cannot_be_reached_is_told(url: str, reason: str, tmp_path: Path) -> None:
    settings = {"DATABASE_URL": url.format(free=free_port()), "CITYWIDE_DATA": str(tmp_path)}
    # The commands of an owner and those of a deployment that is there open it by two ways.
    commands = [("token", "bureau.officer")]
    if reason == "Connect":
        commands.append(("up",))
    for command in commands:
        sentence = refused(citywide(*command, settings=settings))
        assert sentence.startswith("The database of DATABASE_URL cannot be used: ")
        assert reason in sentence
        assert "\n" not in sentence


async def test_an_owner_who_may_not_is_told(production: Production) -> None:
    name = await production.database()
    await production.administer("CREATE ROLE nobody LOGIN PASSWORD 'x'")
    wrong = production.owners(name).replace("the-owners-password", "wrong")
    nobody = production.owners(name).replace(f"{OWNER}:the-owners-password", "nobody:x")
    missing = production.owners("no_such_database")
    for url, reason in (
        (wrong, f'password authentication failed for user "{OWNER}"'),
        (nobody, "permission denied"),
        (missing, 'database "no_such_database" does not exist'),
    ):
        settings = {"DATABASE_URL": url, "CITYWIDE_DATA": str(production.data)}
        sentence = refused(citywide("migrate", settings=settings))
        assert reason in sentence
        assert "\n" not in sentence


async def test_an_owner_who_may_not_create_tables_is_told(production: Production) -> None:
    name = await production.database()
    await production.administer(f"ALTER DATABASE {name} OWNER TO postgres")
    sentence = refused(citywide("migrate", settings=production.settings(name)))
    assert "permission denied for schema public" in sentence


NEWER = (
    "The database was made by a newer citywide (its schema is at revision 9999): use that one, "
    "or another database."
)
BEHIND = (
    "The database is at revision 0001 of its schema, which is not the newest: run "
    "`citywide migrate`."
)


@pytest.mark.parametrize(("revision", "sentence"), [("9999", NEWER), ("0001", BEHIND)])
async def test_a_database_of_another_revision_is_told(
    production: Production, house: str, revision: str, sentence: str
) -> None:
    change = f"UPDATE alembic_version SET version_num = '{revision}'"
    await production.administer(change, database=house)
    settings = production.settings(house)
    for command in (("serve", "--port", free_port()), ("token", "bureau.officer")):
        assert refused(citywide(*command, settings=settings)) == sentence
    if revision == "9999":
        for owners in (("migrate",), ("up", "--port", free_port())):
            assert refused(citywide(*owners, settings=settings)) == sentence


async def test_an_empty_database_is_told(production: Production, migrated: str) -> None:
    del migrated  # its migration made the logins, which belong to the whole server
    settings = production.settings(await production.database())
    for command in (("tenants", "plan"), ("tenants", "load"), ("token", "bureau.officer")):
        sentence = refused(citywide(*command, settings=settings))
        assert sentence == "The database is empty: run `citywide migrate`."


@pytest.mark.parametrize(
    ("give", "take"),
    [
        (f"ALTER ROLE {LOGIN} BYPASSRLS", f"ALTER ROLE {LOGIN} NOBYPASSRLS"),
        (f"ALTER ROLE {LOGIN} SUPERUSER", f"ALTER ROLE {LOGIN} NOSUPERUSER"),
        (f"ALTER ROLE {LOGIN} REPLICATION", f"ALTER ROLE {LOGIN} NOREPLICATION"),
        (
            f"CREATE ROLE inspectors BYPASSRLS; GRANT inspectors TO {LOGIN}",
            "DROP ROLE inspectors",
        ),
        (f"GRANT postgres TO {LOGIN}", f"REVOKE postgres FROM {LOGIN}"),
        (f"ALTER TABLE beneficiary OWNER TO {LOGIN}", f"ALTER TABLE beneficiary OWNER TO {OWNER}"),
        (
            f"GRANT pg_execute_server_program TO {LOGIN}",
            f"REVOKE pg_execute_server_program FROM {LOGIN}",
        ),
    ],
)
async def test_a_login_that_could_bypass_row_level_security_is_refused(
    production: Production, house: str, give: str, take: str
) -> None:
    settings = production.settings(house)
    # Every way to the power is refused in one place, which both commands pass.
    commands = ("serve", "up") if "SUPERUSER" in give else ("serve",)
    await production.administer(give, database=house)
    try:
        answers = [
            refused(citywide(command, "--port", free_port(), settings=settings))
            for command in commands
        ]
    finally:
        await production.administer(take, database=house)
    for sentence in answers:
        assert sentence.startswith(
            f"The database role {LOGIN} could bypass row-level security: take "
        )


@pytest.mark.parametrize("command", COMMANDS)
async def test_another_deployments_database_is_left_alone(
    production: Production, house: str, command: tuple[str, ...], tmp_path: Path
) -> None:
    settings = {**production.settings(house), "CITYWIDE_DATA": str(tmp_path / "other")}
    sentence = refused(citywide(*command, settings=settings))
    assert "--data" in sentence
    # Whoever has the keys still comes in.
    unknown = refused(citywide("token", "nobody", settings=production.settings(house)))
    assert unknown == "Nobody is called nobody."


@pytest.mark.parametrize(
    ("jwks", "sentence"),
    [
        ("http://issuer.example/keys", "keys must be fetched with https."),
        ("/no/such/file", "there is no such file, and it is no URL."),
    ],
)
def test_an_issuers_keys_that_cannot_be_trusted_are_refused(
    jwks: str, sentence: str, tmp_path: Path
) -> None:
    settings = {"CITYWIDE_JWKS": jwks, "CITYWIDE_DATA": str(tmp_path)}
    result = citywide("up", "--port", free_port(), settings=settings)
    assert refused(result) == f"CITYWIDE_JWKS is {jwks}: {sentence}"
    assert list(tmp_path.iterdir()) == []


def test_tokens_of_an_outside_issuer_are_not_made_here(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text('{"keys": []}')
    settings = {"CITYWIDE_JWKS": str(keys), "CITYWIDE_ISSUER": "https://id.example"}
    sentence = refused(citywide("token", "bureau.officer", settings=settings))
    assert sentence == "Tokens of this deployment are issued by https://id.example, not here."


def test_a_city_that_is_not_there_is_told(tmp_path: Path) -> None:
    result = citywide("tenants", "plan", "--city", "wenzhou", "--data", tmp_path)
    assert refused(result) == f"{CHECKOUT}/tenants has no city wenzhou. It has yueqing."


async def test_a_fault_of_ours_is_one_sentence_and_exit_code_1(
    production: Production, house: str, tmp_path: Path
) -> None:
    await production.administer("ALTER TABLE member RENAME COLUMN subject TO s", database=house)
    shutil.copytree(production.data, tmp_path / "data")
    result = citywide(
        *("token", "bureau.officer", "--data", tmp_path / "data"),
        settings={**production.settings(house), "TMPDIR": "/proc"},
    )
    (report,) = (tmp_path / "data" / "faults").iterdir()
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (report.parent, report)]
    assert modes == [0o700, 0o600]
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        f"This is a fault of citywide: UndefinedColumnError. What happened is in {report}; please "
        "report it.\n"
    )
    assert "Traceback" in report.read_text(encoding="utf-8")


def test_a_home_that_may_not_be_entered_is_none() -> None:
    seen = []
    for home in ("/no/such/home", str(CHECKOUT)):
        program = "import os; from citywide.cli import _look_below_no_closed_home as f; f(); "
        program += "print(os.environ['HOME'])"
        told = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "HOME": home},
            capture_output=True,
            text=True,
            check=True,
        )
        seen.append(told.stdout.strip())
    assert seen == [os.devnull, str(CHECKOUT)]
