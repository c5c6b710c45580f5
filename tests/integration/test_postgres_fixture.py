"""The PostgreSQL that the other tests trust is a real one, and each test has its own database."""

import os
from pathlib import Path

import pytest
import sqlalchemy

from tests.support.postgres import running_server

pytestmark = pytest.mark.postgres


def test_it_is_a_real_postgresql(postgres_url: str) -> None:
    engine = sqlalchemy.create_engine(postgres_url)
    with engine.begin() as connection:
        version = connection.execute(sqlalchemy.text("SHOW server_version_num")).scalar_one()
        widest = connection.execute(
            sqlalchemy.text("SELECT (2::numeric ^ 256 - 1)::numeric(78, 0)")
        ).scalar_one()
    engine.dispose()
    assert int(version) >= 160000
    assert int(widest) == 2**256 - 1


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_starts_with_an_empty_database(postgres_url: str, turn: str) -> None:
    engine = sqlalchemy.create_engine(postgres_url)
    assert sqlalchemy.inspect(engine).get_table_names() == [], turn
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE left_over (id integer)"))
    engine.dispose()


def test_the_server_ends_and_leaves_nothing_even_when_the_test_fails() -> None:
    seen: list[tuple[Path, int]] = []

    def failing_test() -> None:
        with running_server() as server:
            folder = server.socket_folder
            pid = int((folder / "data" / "postmaster.pid").read_text().split()[0])
            os.kill(pid, 0)
            seen.append((folder, pid))
            raise KeyError

    with pytest.raises(KeyError):
        failing_test()
    [(folder, pid)] = seen
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
