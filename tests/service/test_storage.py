from datetime import datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from ivr.errors import InvalidInput
from ivr.storage.session import Database
from ivr.storage.tables import AuditRow, Base
from tests.conftest import NOON


@pytest.fixture
def db(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/deep/t.db")
    database.upgrade()
    yield database
    database.close()


def test_the_migrations_make_exactly_the_tables_of_the_code(db):
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_upgrading_twice_changes_nothing(db):
    db.upgrade()


def test_an_error_undoes_the_whole_transaction(db):
    def broken():
        with db.write() as session:
            session.add(AuditRow(at=NOON, who="a", what="b", data={}))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    with db.read() as session:
        assert session.query(AuditRow).count() == 0


def test_times_come_back_aware_and_naive_ones_are_refused(db):
    with db.write() as session:
        session.add(AuditRow(at=NOON, who="a", what="b", data={}))
    with db.read() as session:
        assert session.query(AuditRow).one().at == NOON
    with pytest.raises(Exception, match="aware"), db.write() as session:
        session.add(AuditRow(at=datetime(2026, 1, 1), who="a", what="b", data={}))  # noqa: DTZ001


def test_a_bad_database_url_is_named():
    with pytest.raises(InvalidInput, match="IVR_DATABASE_URL"):
        Database("nonsense")
