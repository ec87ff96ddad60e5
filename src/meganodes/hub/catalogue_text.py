"""The bytes of a catalogue file made text, or a sentence that says why they cannot be."""

from __future__ import annotations

from typing import Final

FILE_BYTES_MAX: Final = 64 * 1024 * 1024
"""The largest file that is read: some ten times a catalogue of 5,000 games in eleven languages."""

_VALUES_MAX: Final = 4_000_000
"""More separators than this no catalogue has; a file of nothing else would fill the memory."""

_BYTE_ORDER_MARKS: Final = {
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


class TextFault(ValueError):
    """The file cannot be read at all, from a line on or as a whole."""

    def __init__(self, sentence: str, line: int | None = None) -> None:
        """Say what is wrong, and in which line."""
        super().__init__(sentence)
        self.sentence = sentence
        self.line = line


def decoded(content: bytes) -> str:
    """Give the text of a file; TextFault when it is too large, not UTF-8, or holds NUL."""
    if len(content) > FILE_BYTES_MAX:
        raise TextFault(f"it has more than {FILE_BYTES_MAX} bytes: split it by providers")
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            raise TextFault(f"it is {encoding} text: save it as UTF-8")
    if sum(map(content.count, (b",", b"{", b"["))) > _VALUES_MAX:
        raise TextFault(f"it has more than {_VALUES_MAX} values: split it by providers")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = fault.object.count(b"\n", 0, fault.start) + 1
        byte = fault.object[fault.start]
        raise TextFault(f"it is not UTF-8: there is a byte 0x{byte:02x}", line) from None
    if "\0" in text:
        raise TextFault("it holds a NUL character", text.count("\n", 0, text.index("\0")) + 1)
    if not text.strip():
        raise TextFault("it is empty")
    return text
