"""Facts and the changes that made them: kept together, or not at all."""
