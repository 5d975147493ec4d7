"""From a verbatim answer to an outcome: parsing by a ladder of named rules, then mapping."""
