"""Label sets: for every image the classes that count as right, read from the formats in use."""
