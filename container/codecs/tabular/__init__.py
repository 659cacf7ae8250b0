"""Tables with names of columns, whose values may be anything: delivered as arrow arrays by column."""
