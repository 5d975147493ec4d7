"""The rules of the checker: small functions that give findings, each with a code that stays."""
