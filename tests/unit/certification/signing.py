"""Builders for tests of signatures: a signed callback, and the words said about it."""

import hmac
from base64 import b64encode

from meganodes.certification.mistakes.record import Diagnosis
from meganodes.certification.signatures import SignedCall
from meganodes.protocol.signature import secret_text, sign

KEY = bytes(range(200, 224)) + b"\xfb\xff"
SECRET = secret_text(KEY)
NOW = 1_760_000_000
BODY = (
    b'{"command":"bet","data":{"gplay_id":"7001","account":"anna","trans_guid":"mn-1",'
    b'"time_stamp":1760000000123,"round_id":"r/9","provider_id":200,"game_code":"lucky_7",'
    b'"game_type":"slot","amount":12.50,"type":1},"timestamp":"1760000000","check":"21,22,41,31"}'
)


def signed(body: bytes = BODY, *, key: bytes = KEY, timestamp: int = NOW) -> SignedCall:
    header = sign(key, "msg-1", timestamp, body)
    return SignedCall(webhook_id="msg-1", timestamp=str(timestamp), header=header, body=body)


def words(found: tuple[Diagnosis, ...]) -> str:
    assert len(found) == 1, found
    assert found[0].rule.startswith("3.1: ")
    return f"{found[0].sentence} {found[0].mend}"


def mac(key: bytes, message: bytes, kind: str = "sha256") -> bytes:
    return hmac.digest(key, message, kind)


def made(key: bytes, message: bytes) -> str:
    return b64encode(mac(key, message)).decode()
