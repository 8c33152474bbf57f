"""The history of the schema, one file a step, each with its way back."""
