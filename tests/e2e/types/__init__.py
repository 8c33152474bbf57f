"""Decimals, dates, times, durations, money, lists and child rows, all the way through a service."""
