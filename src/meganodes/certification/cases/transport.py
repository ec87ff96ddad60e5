"""HTTP below the callbacks: what comes before any question about money."""

from meganodes.certification.bench import Bench
from meganodes.certification.came import Came
from meganodes.certification.case import Case, Section
from meganodes.certification.cases import rules
from meganodes.certification.sending import How
from meganodes.certification.transport import Answer
from meganodes.certification.words import Guess
from meganodes.protocol.codes import ResultCode

_AT_ONCE = 20
_HTTP_OK = 200
_REDIRECTS = range(300, 400)

_NO_REPLY = Guess(
    "Nothing listens at the callback URL, something on the way does not let the request through, "
    "or the program hangs.",
    "Send the step's curl command yourself from another machine; look into the log of the backend "
    "and of the proxy before it.",
)
_STATUS = Guess(
    "The route is another one, the method POST is not allowed, a login or CSRF guard stands "
    "before it, or the program breaks with an error page.",
    "Answer every callback at this very URL with HTTP 200, also when the answer is no; take the "
    "route out of CSRF and session guards.",
)
_REDIRECT = Guess(
    "The URL is answered by a redirect, for instance to https, to another host or to a path with "
    "a slash at its end.",
    "Give the final address as callback URL; the hub follows no redirect.",
)
_UNFRAMED = Guess(
    "The reply's end is told by closing the connection, so that a cut reply looks whole.",
    "Send Content-Length with the exact number of bytes, or Transfer-Encoding: chunked.",
)
_OFF_BY_ONE = Guess(
    "Replies do not belong to their requests: a buffer or a shared variable holds the last one.",
    "Build each reply from its own request, without globals or a cache between requests.",
)


async def _answers(bench: Bench) -> None:
    came = await bench.authenticate()
    expected = "HTTP status 200 within 4 s."
    if not isinstance(came.answer, Answer) or came.is_late:
        bench.fail(came, expected, came.trouble or "", _NO_REPLY)
    status = came.answer.status
    if status != _HTTP_OK:
        guess = _REDIRECT if status in _REDIRECTS else _STATUS
        bench.fail(came, expected, f"HTTP status {status}.", guess)


async def _is_readable(bench: Bench) -> None:
    bench.expect(await bench.authenticate(), 0, *_NOES)


_NOES = (21, 22, 100)


async def _is_clean(bench: Bench) -> None:
    came = await bench.authenticate()
    bench.expect(came, 0, *_NOES)
    assert came.reply is not None, "it was read"
    notes = [note for note in came.reply.notes if not note.startswith("data.balance has")]
    if notes:
        guess = Guess(
            f"The reply is not written as the contract has it: {'; '.join(notes)}.",
            'Answer with {"result": number, "status": text, "data": object} and Content-Type: '
            "application/json, without quotes around numbers and without other keys.",
        )
        bench.fail(came, "A reply about which the hub has nothing to note.", f"{notes[0]}.", guess)


async def _is_framed(bench: Bench) -> None:
    came = await bench.balance()
    bench.expect(came, 0, *_NOES)
    assert isinstance(came.answer, Answer), "it was read"
    names = {name.lower() for name, _ in came.answer.headers}
    if not names & {b"content-length", b"transfer-encoding"}:
        text = "Neither of these headers: the reply ends where the connection is closed."
        bench.fail(came, "Content-Length or Transfer-Encoding: chunked.", text, _UNFRAMED)


async def _keeps_order(bench: Bench) -> None:
    stranger = "certification_" + bench.line.seeded.word(12)
    for _ in range(3):
        bench.expect(await bench.authenticate(), 0, guess=_OFF_BY_ONE)
        unknown = await bench.authenticate(stranger, How(title="authenticate a stranger"))
        bench.expect(unknown, ResultCode.ACCOUNT_UNKNOWN, guess=_OFF_BY_ONE)


async def _takes_new_connections(bench: Bench) -> None:
    for attempt in (1, 2, 3):
        how = How(title=f"balance over a new connection ({attempt})", new_connection=True)
        bench.expect(await bench.balance(how=how), 0)


async def _takes_many(bench: Bench) -> None:
    asked = [
        bench.authenticate(how=How(title=f"authenticate {number} of {_AT_ONCE} at once"))
        for number in range(1, _AT_ONCE + 1)
    ]
    came: list[Came] = await bench.at_once(*asked)
    for one in came:
        bench.expect(one, 0)


CASES = (
    Case(
        id="transport-01-answers",
        section=Section.TRANSPORT,
        title="a callback is answered with HTTP 200 in time",
        rule=rules.REPLY,
        run=_answers,
    ),
    Case(
        id="transport-02-readable",
        section=Section.TRANSPORT,
        title="the reply is one JSON object that a hub can read",
        rule=rules.READING,
        run=_is_readable,
        needs=("transport-01-answers",),
    ),
    Case(
        id="transport-03-clean",
        section=Section.TRANSPORT,
        title="the reply has nothing that the hub only tolerates",
        rule=rules.TOLERATED,
        run=_is_clean,
        needs=("transport-02-readable",),
    ),
    Case(
        id="transport-04-length",
        section=Section.TRANSPORT,
        title="the reply says where it ends",
        rule=rules.CONNECTION,
        run=_is_framed,
        needs=("transport-02-readable",),
    ),
    Case(
        id="transport-05-own-reply",
        section=Section.TRANSPORT,
        title="callbacks one after another on a connection get their own replies",
        rule=rules.CONNECTION,
        run=_keeps_order,
        needs=("authenticate-01-known", "authenticate-02-unknown"),
        money=True,
    ),
    Case(
        id="transport-06-new-connection",
        section=Section.TRANSPORT,
        title="a new connection is served like a kept one",
        rule=rules.NEW_CONNECTION,
        run=_takes_new_connections,
        needs=("balance-01-told",),
    ),
    Case(
        id="transport-07-many-connections",
        section=Section.TRANSPORT,
        title="twenty callbacks at once are answered in time",
        rule=rules.DEADLINES,
        run=_takes_many,
        needs=("authenticate-01-known",),
    ),
)
