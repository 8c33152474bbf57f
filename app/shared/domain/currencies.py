"""Currencies: the codes of ISO 4217 and the decimals of each (its minor unit).

From the list of 2026-01-01, without metals, units of funds and codes for testing, which have no
decimals.
"""

from typing import Final

_CODES: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL "
    "GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR "
    "LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD "
    "PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC "
    "SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR "
    "ZMW ZWG",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
# Replaced since 2020. They stay, so that old amounts can be read; clients cannot send them.
_WITHDRAWN: Final = "ANG BGN CUC HRK SLL ZWL"

CURRENT: Final = {code: places for places, codes in _CODES.items() for code in codes.split()}
"""The decimals of each currency in use, by its code."""

PLACES: Final = CURRENT | dict.fromkeys(_WITHDRAWN.split(), 2)
"""The same for all currencies that an amount may have."""

MAX_PLACES: Final = max(PLACES.values())
