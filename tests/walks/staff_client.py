"""A member of staff without a browser: forms fetched and sent over HTTP, cookies kept."""

import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import aiohttp

PASSWORD = "a long walk by the river"


@dataclass(frozen=True)
class StaffClient:
    """Somebody signed in, who speaks to the process at `address`."""

    client: aiohttp.ClientSession
    address: str
    name: str
    cookies: dict[str, str]

    def at(self, address: str) -> "StaffClient":
        """Return the same session, at another process."""
        return replace(self, address=address)

    async def get(self, path: str) -> str:
        """Return a page, wherever it leads to on this process."""
        async with self.client.get(self.address + path, headers=self._headers()) as response:
            return await response.text()

    async def status(self, path: str) -> int:
        async with self.client.get(
            self.address + path, headers=self._headers(), allow_redirects=False
        ) as response:
            return response.status

    async def post(self, path: str, **fields: str) -> str:
        """Send a form of this session; return where it leads."""
        csrf = field(await self.get("/staff/account"), "csrf")
        async with self.client.post(
            self.address + path, data={"csrf": csrf, **fields}, headers=self._headers(), allow_redirects=False
        ) as response:
            assert response.status == 303, (path, response.status, await response.text())
            return response.headers["Location"]

    async def answer(self, reference: str, text: str) -> None:
        """Find, open, take and answer a situation, as its page has it."""
        async with self.client.get(
            f"{self.address}/staff/find?reference={reference}", headers=self._headers(), allow_redirects=False
        ) as response:
            path = response.headers["Location"]
        await self.post(f"{path}/open", then="claim")
        page = await self.get(path)
        assert 'name="text"' in page, "the page shows the words and the form, whichever process has it"
        assert "notice=answered" in await self.post(f"{path}/answer", text=text, seen=field(page, "seen"))

    def stream(self) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """Listen to what an open page is told."""
        return self.client.get(self.address + "/staff/stream", headers=self._headers())

    async def sign_in_again(self) -> "StaffClient":
        """Return another session of the same account."""
        return await _signed_in(self.client, self.address, "/staff/sign-in", self.name, "sign in")

    def _headers(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}


def field(page: str, name: str) -> str:
    """Return the value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


async def _signed_in(
    client: aiohttp.ClientSession, address: str, path: str, name: str, why: str
) -> StaffClient:
    async with client.get(address + path) as response:
        assert response.status == 200, why
        page = await response.text()
        cookies = {key: morsel.value for key, morsel in response.cookies.items()}
    form = {"form_token": field(page, "form_token"), "name": name, "password": PASSWORD, "language": "en"}
    sent = {"Cookie": "; ".join(f"{key}={value}" for key, value in cookies.items())}
    async with client.post(address + path, data=form, headers=sent, allow_redirects=False) as response:
        assert response.status == 303, (why, response.status, await response.text())
        cookies |= {key: morsel.value for key, morsel in response.cookies.items()}
    return StaffClient(client, address, name, cookies)


@asynccontextmanager
async def join(link: str, name: str) -> AsyncIterator[StaffClient]:
    """Make an account by a one-time link."""
    parts = urlsplit(link)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:
        yield await _signed_in(client, f"{parts.scheme}://{parts.netloc}", parts.path, name, "join")
