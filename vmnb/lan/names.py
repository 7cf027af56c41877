"""Names of the members of a network, by DNS (RFC 1035).

What is not of the network is refused, so that a guest asks its next server: nothing leads out here.
"""

import struct
from collections.abc import Collection

from dnslib import PTR, QTYPE, RCODE, RR, A, DNSRecord

from vmnb.lan.zone import Member, Zone

__all__ = ["DNS_PORT", "answer_dns"]

DNS_PORT = 53
_TTL_S = 5
_COUNTS = frozenset({(1, 0, 0, 0), (1, 0, 0, 1)})
"""Of questions and records in what a resolver asks: one, and perhaps its extensions (RFC 6891).
Of thousands, each of which refers to a long name, the parser would make a work of seconds."""


def answer_dns(query: bytes, members: Collection[Member], zone: Zone) -> bytes | None:
    """Return the answer to `query`; None where that is no question."""
    try:
        if struct.unpack_from("!4H", query, 4) not in _COUNTS:
            return None
        asked = DNSRecord.parse(query)
        if asked.header.qr:
            return None
        answer = asked.reply(ra=0, aa=1)
        answer.header.rcode = getattr(RCODE, _fill(answer, members, zone))
        return bytes(answer.pack())
    except Exception:  # noqa: BLE001 (a guest may send anything, and the parser raises anything)
        return None


def _fill(answer: DNSRecord, members: Collection[Member], zone: Zone) -> str:
    """Put in what is known of the name that is asked for, and return how the question went."""
    name = str(answer.q.qname).lower().removesuffix(".")
    for member in members:
        full_name = f"{member.host}.{zone.domain}"
        if name in (full_name, member.host):
            return _put(answer, QTYPE.A, A(str(member.address)))
        if name == member.address.reverse_pointer:
            return _put(answer, QTYPE.PTR, PTR(full_name))
    if name == zone.domain:
        return "NOERROR"
    reverse = zone.subnet[0].reverse_pointer.partition(".")[2]
    return "NXDOMAIN" if name.endswith((f".{zone.domain}", f".{reverse}")) else "REFUSED"


def _put(answer: DNSRecord, kind: int, data: A | PTR) -> str:
    if answer.q.qtype in (kind, QTYPE.ANY):
        answer.add_answer(RR(answer.q.qname, kind, rdata=data, ttl=_TTL_S))
    return "NOERROR"
