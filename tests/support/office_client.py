"""A small browser for the Back Office, over a real socket: it reads forms and sends them."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie

import httpx2

_FORM = re.compile(r'<form [^>]*method="post" action="([^"]+)"[^>]*>(.*?)</form>', re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_PATIENCE_SECONDS = 60.0


@dataclass
class OfficeClient:
    """Somebody at a browser. Cookies are kept by hand: theirs are for https, which tests lack."""

    http: httpx2.AsyncClient
    cookies: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str) -> str:
        """Open a page, which must be there."""
        answer = await self._send("GET", path)
        assert answer.status_code == 200, (answer.status_code, answer.headers)
        return answer.text

    async def submit(self, page: str, action: str, **typed: str) -> httpx2.Response:
        """Fill the form of a page that goes to an address, and send it."""
        forms = dict(_FORM.findall(page))
        assert action in forms, (action, sorted(forms))
        hidden = {name: html.unescape(value) for name, value in _HIDDEN.findall(forms[action])}
        return await self._send("POST", action, hidden | typed)

    async def follow(self, answer: httpx2.Response) -> str:
        """Go where an answer leads."""
        assert answer.status_code == 303, (answer.status_code, answer.text[-2000:])
        return await self.get(answer.headers["location"])

    async def choose_password(self, link: str, password: str) -> None:
        """Follow an invitation."""
        page = await self.get(link.partition("/office/")[1] + link.partition("/office/")[2])
        answer = await self.submit(page, "/office/welcome", password=password, again=password)
        assert answer.status_code == 303, answer.text[-2000:]

    async def sign_in(self, email: str, password: str) -> None:
        """Sign in by the form, with nobody signed in before."""
        self.cookies.clear()
        page = await self.get("/office/sign-in")
        answer = await self.submit(page, "/office/sign-in", email=email, password=password)
        assert answer.status_code == 303, answer.text[-2000:]

    async def _send(
        self, method: str, path: str, fields: dict[str, str] | None = None
    ) -> httpx2.Response:
        headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if method == "POST":
            headers["origin"] = str(self.http.base_url).rstrip("/")
        answer = await self.http.request(method, path, data=fields, headers=headers)
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return answer


@asynccontextmanager
async def an_office_client(hub_url: str) -> AsyncIterator[OfficeClient]:
    """Open a browser on a hub."""
    async with httpx2.AsyncClient(base_url=hub_url, timeout=_PATIENCE_SECONDS) as http:
        yield OfficeClient(http)
