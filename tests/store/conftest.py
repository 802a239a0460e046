"""The engines that every sentence of the contract is tried on."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.store.base import Store
from bot.store.postgres import migrate, open_postgres
from bot.store.tinydb import open_tinydb
from bot.vault import Vault
from tests.postgres import empty, make_database, running_server

KEY = b"k" * 32


@pytest.fixture
def vault() -> Vault:
    return Vault(KEY)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a server that runs for all tests."""
    with running_server() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_url(postgres_server: str) -> str:
    """The address of a database that holds a store."""

    async def make() -> str:
        url = await make_database(postgres_server, "desk")
        await migrate(url, Vault(KEY))
        return url

    with ThreadPoolExecutor(1) as apart:  # a loop runs in this thread already
        return apart.submit(asyncio.run, make()).result()


@pytest.fixture(params=["tinydb-memory", "tinydb-file", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, vault: Vault) -> AsyncIterator[Store]:
    opened: Store
    if request.param == "postgres":
        if request.function.__name__ not in PORTED:
            pytest.skip("not there yet")
        url = request.getfixturevalue("postgres_url")
        await empty(url, vault)
        opened = await open_postgres(url, vault)
    else:
        opened = await open_tinydb(None if request.param == "tinydb-memory" else tmp_path / "data", vault)
    yield opened
    await opened.close()


PORTED: frozenset[str] = frozenset(
    {
        "test_a_change_of_access_is_recorded_with_it_and_none_is_not",
        "test_a_change_of_what_an_account_may_do_ends_all_its_sessions",
        "test_a_code_is_spent_once_and_takes_the_older_ones_with_it",
        "test_a_listener_can_begin_at_any_number_it_was_given",
        "test_a_name_that_is_taken_leaves_the_invitation_unspent",
        "test_a_new_entry_begins_at_version_one",
        "test_a_recovery_code_is_spent_once",
        "test_a_reset_is_remembered_until_there_is_a_second_factor_again",
        "test_a_second_factor_that_comes_or_goes_ends_all_sessions",
        "test_a_session_is_kept_until_it_is_ended",
        "test_a_session_that_is_used_again_is_kept_anew",
        "test_a_session_that_was_ended_stays_ended",
        "test_a_version_must_follow_the_newest",
        "test_accounts_come_by_name",
        "test_an_account_can_be_changed",
        "test_an_account_has_the_role_of_its_invitation",
        "test_an_empty_record_is_whole",
        "test_an_invitation_becomes_an_account",
        "test_an_invitation_is_spent_once",
        "test_an_invitation_that_ran_out_makes_no_account",
        "test_an_older_invitation_stays_valid",
        "test_an_unknown_account_cannot_be_changed",
        "test_an_unknown_invitation_makes_no_account",
        "test_beginning_at_the_newest_number_tells_nothing_old",
        "test_entries_are_their_newest_versions_newest_first",
        "test_every_version_of_an_entry_is_kept",
        "test_listening_ends_when_the_store_closes",
        "test_nobody_without_an_account_has_a_session",
        "test_one_process_has_every_duty_and_keeps_it",
        "test_only_one_of_many_saves_on_the_same_version_wins",
        "test_other_changes_of_an_account_leave_its_sessions",
        "test_there_are_no_counters_at_first",
        "test_there_are_no_entries_at_first",
        "test_unused_sessions_and_old_invitations_go",
        "test_what_a_change_does_not_name_stays",
    }
)
