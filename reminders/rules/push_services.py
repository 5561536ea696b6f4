"""The push services notifications are handed to, and the addresses that are never called."""

from ipaddress import ip_address
from urllib.parse import urlsplit

LONGEST_ENDPOINT = 600
SERVICES: dict[str, tuple[str, ...]] = {
    "google": ("fcm.googleapis.com",),
    "mozilla": (".push.services.mozilla.com",),
    "apple": (".push.apple.com",),
    "microsoft": (".notify.windows.com",),
}
"""Hosts by service; a leading dot stands for everything below it. Chrome, Edge, Firefox and Safari use no others."""
HTTPS_PORT = 443


def service_of(endpoint: str) -> str | None:
    """Return the name of the service an endpoint belongs to; None for anything that is not https at one of the known hosts."""
    if len(endpoint) > LONGEST_ENDPOINT or not endpoint.isascii() or any(letter <= " " for letter in endpoint):
        return None
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return None
    host = (parts.hostname or "").lower()
    if parts.scheme != "https" or port not in {None, HTTPS_PORT} or parts.username is not None or parts.password is not None:
        return None
    if parts.fragment or not parts.path.strip("/"):
        return None
    for name, hosts in SERVICES.items():
        if any(host == one or (one.startswith(".") and host.endswith(one)) for one in hosts):
            return name
    return None


def is_public(address: str) -> bool:
    """Tell whether an IP address lies in the open internet: not this machine, not a private network, nothing reserved."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    teredo = getattr(found, "teredo", None)
    if teredo is not None:
        return False
    return found.is_global and not found.is_multicast and (inner is None or inner.is_global)
