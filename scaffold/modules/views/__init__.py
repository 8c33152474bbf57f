"""What the templates of the recipe ask: a module, its fields and steps, and its tests."""
