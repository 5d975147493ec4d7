"""From an answer in free text to the class whose name a text encoder finds nearest."""
