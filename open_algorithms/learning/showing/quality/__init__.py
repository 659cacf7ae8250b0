"""How good a model of labels is on every channel: values, charts, tables and words."""
