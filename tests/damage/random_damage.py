"""Damage to a file, drawn at random: what disks, editors and other programs leave behind."""

from collections.abc import Callable
from random import Random

Damage = Callable[[bytes, Random], bytes]


def emptied(_: bytes, __: Random) -> bytes:
    return b""


def cut_off(raw: bytes, draw: Random) -> bytes:
    return raw[: draw.randrange(1, len(raw))]


def bit_flipped(raw: bytes, draw: Random) -> bytes:
    place = draw.randrange(len(raw))
    return raw[:place] + bytes([raw[place] ^ 1 << draw.randrange(8)]) + raw[place + 1 :]


def bytes_inserted(raw: bytes, draw: Random) -> bytes:
    place = draw.randrange(len(raw) + 1)
    return raw[:place] + draw.randbytes(draw.randint(1, 9)) + raw[place:]


def block_zeroed(raw: bytes, draw: Random) -> bytes:
    place, length = draw.randrange(len(raw)), draw.choice([1, 16, 512, 4096])
    return (raw[:place] + bytes(length) + raw[place + length :])[: len(raw)]


def random_bytes(raw: bytes, draw: Random) -> bytes:
    return draw.randbytes(draw.randint(1, len(raw)))


RANDOM_DAMAGE: tuple[Damage, ...] = (
    emptied,
    cut_off,
    bit_flipped,
    bytes_inserted,
    block_zeroed,
    random_bytes,
)


def damages(raw: bytes, *rewritten: bytes, count: int = 200) -> list[bytes]:
    """As many damaged versions of a file; the rewritten ones are among them, and no whole one is."""
    draw = Random(len(raw))
    drawn = [RANDOM_DAMAGE[number % len(RANDOM_DAMAGE)](raw, draw) for number in range(2 * count)]
    return [*rewritten, *(version for version in drawn if version != raw)][:count]
