"""The grammar of fields, and the modules that the recipe writes."""
