"""Which number to call in an emergency, by country.

Sources: European Commission, "112: the single European emergency number" (all EU members, also Iceland, Liechtenstein, Norway,
Switzerland); Singapore Civil Defence Force (995, ambulance and fire); GOV.UK "999 and 112"; FCC "911" (United States, Canada by the CRTC);
Triple Zero Awareness Working Group (Australia); New Zealand Police "111". 112 is answered or redirected on mobile networks elsewhere
too (3GPP TS 22.101, clause 10.1), hence the fallback; a clinic can set its own number.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinics.models import Clinic

FALLBACK = "112"
NUMBERS: dict[str, str] = {"SG": "995", "GB": "999", "US": "911", "CA": "911", "AU": "000", "NZ": "111"}
COUNTRIES: dict[str, str | Promise] = {
    "AU": _("Australia"),
    "AT": _("Austria"),
    "BE": _("Belgium"),
    "BG": _("Bulgaria"),
    "CA": _("Canada"),
    "HR": _("Croatia"),
    "CY": _("Cyprus"),
    "CZ": _("Czechia"),
    "DK": _("Denmark"),
    "EE": _("Estonia"),
    "FI": _("Finland"),
    "FR": _("France"),
    "DE": _("Germany"),
    "GR": _("Greece"),
    "HU": _("Hungary"),
    "IS": _("Iceland"),
    "IE": _("Ireland"),
    "IT": _("Italy"),
    "LV": _("Latvia"),
    "LI": _("Liechtenstein"),
    "LT": _("Lithuania"),
    "LU": _("Luxembourg"),
    "MT": _("Malta"),
    "NL": _("Netherlands"),
    "NZ": _("New Zealand"),
    "NO": _("Norway"),
    "PL": _("Poland"),
    "PT": _("Portugal"),
    "RO": _("Romania"),
    "SG": _("Singapore"),
    "SK": _("Slovakia"),
    "SI": _("Slovenia"),
    "ES": _("Spain"),
    "SE": _("Sweden"),
    "CH": _("Switzerland"),
    "GB": _("United Kingdom"),
    "US": _("United States"),
}


def number_in(country: str) -> str:
    """Return the number of a country (two letters); 112 where the table has no other."""
    return NUMBERS.get(country.upper(), FALLBACK)


def number_for(clinic: Clinic | None) -> str:
    """Return the number this clinic's patients are shown: its own, else its country's; 112 without a clinic."""
    if clinic is None:
        return FALLBACK
    return clinic.emergency_number or number_in(clinic.country)
